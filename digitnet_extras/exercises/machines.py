"""Checks of the exercises in notebook 11."""

import numpy as np

from .common import exercise


@exercise("11.1")
def updates_worth_the_data(function):
    for n, pixels, sizes, workers, itemsize in (
        (12_000, 784, (784, 25, 15, 10), 2, 8),
        (450_000, 784, (784, 25, 15, 10), 2, 8),
        (1_000, 100, (100, 10), 1, 4),
        (50, 3, (3, 1), 4, 4),
        (8, 2, (2, 1), 1, 8),
    ):
        numbers = sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(sizes, sizes[1:]))
        wanted = -(-n * pixels // (2 * workers * numbers * itemsize))
        answer = function(n, sizes, workers, itemsize)
        case = f"{n:,} images, layers {sizes}, {workers} workers, {itemsize} bytes a number"
        assert isinstance(answer, (int, np.integer)), f"return a whole number, not {answer!r}"
        assert answer != wanted * 2, f"{case}: parameters go out, and gradients come back"
        assert answer == wanted, f"{case}: {wanted}, yours {answer}. Weights and biases, out and back, every worker?"


@exercise("11.2")
def combine_moments(function):
    values = np.random.default_rng(0).normal(3, 2, size=50)
    values[:20] += 5  # so that the means of shards differ
    for cuts in ([], [25], [1, 2, 40], [10, 30]):
        shards = np.split(values, cuts)
        parts = [(len(v), v.mean(), v.var()) for v in shards]
        answer = function(parts)
        assert isinstance(answer, tuple) and len(answer) == 3, "return the triple (n, mean, variance)"
        n, mean, variance = answer
        sizes = ", ".join(str(len(v)) for v in shards)
        assert n == 50, f"there are 50 numbers, not {n}"
        assert np.isclose(mean, values.mean(), rtol=1e-9), (
            f"shards of {sizes}: the mean is {values.mean():.4f}, not {mean:.4f}"
        )
        assert np.isclose(variance, values.var(), rtol=1e-9), (
            f"shards of {sizes}: the variance is {values.var():.4f}, yours {variance:.4f}; the means differ too"
        )


@exercise("11.3")
def best_workers(function):
    cases = [(1.0, 9, 1.0, 5), (1.0, 9, 1.0, 2), (1e-6, 10, 1e-3, 8), (1.0, 6, 1.0, 9), (10e-6, 60_000, 3e-3, 99)]
    cases += [(gamma, batch, 1.0, 40) for gamma in (1, 0.31) for batch in range(1, 60)]
    for gamma, batch, tau, available in cases:
        times = [gamma * batch / K + tau * K for K in range(1, available + 1)]
        wanted = int(np.argmin(np.round(times, 12))) + 1
        answer = function(gamma, batch, tau, available)
        case = f"gamma {gamma:g}, batch {batch}, tau {tau:g}, {available} available"
        assert answer == wanted, f"{case}: {wanted}, yours {answer}"
