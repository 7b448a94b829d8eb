"""Checks of the exercises in notebook 06."""

import math

import numpy as np

from .common import exercise


@exercise("6.1")
def clean_run(answer):
    """digits_without_mistake(low, t=1.96): the least n for which Wilson's lower end at n of n right is `low`."""
    for low, t in ((0.9, 1.96), (0.99, 1.96), (0.5, 1.96), (0.99, 2.576), (0.9987, 1.96)):
        found, expected = answer(low, t), math.ceil(t**2 * low / (1 - low))
        assert found is not None, "the function returns nothing"
        assert found != t**2 * low / (1 - low), "n is a whole number: round up"
        assert found == expected, f"for low = {low} and t = {t} it takes {expected} digits, not {found}"
    assert answer(0.99) == 381, "t is 1.96 unless it is given"


@exercise("6.2")
def clustered(answer):
    """se_of_writers(correct, writer): the clustered standard error for groups of any size."""
    rng = np.random.default_rng(0)
    for case, (writers, n) in enumerate(((2, 12), (30, 400), (60, 60))):
        writer = rng.integers(0, writers, n) * 7 + 3 if case < 2 else rng.permutation(n)
        correct = rng.random(n) < np.where(writer % 2, 0.9, 0.6)
        names = np.unique(writer)
        sums = np.array([(correct[writer == name] - correct.mean()).sum() for name in names])
        B, raw = len(names), np.sqrt((sums**2).sum()) / n
        found = float(answer(correct, writer))
        assert not np.isclose(found, raw), "nearly: multiply the sum of squares by B/(B − 1)"
        assert not np.isclose(found, raw * B / (B - 1)), "the factor B/(B − 1) belongs under the root"
        hint = "add up c_r − a for each writer, square these sums, add them, then root and 1/n"
        assert np.isclose(found, raw * np.sqrt(B / (B - 1))), hint


@exercise("6.3")
def equal_counts(answer):
    """ece_equal_count(q, correct, bins): the calibration error over bins of equal count."""
    q, c = np.array([0.9, 0.6, 0.8, 0.7]), np.array([True, False, False, True])
    assert np.isclose(answer(q, c, 1), 0.25), "one bin holds all: |2 − 3| / 4"
    assert np.isclose(answer(q, c, 2), 0.25), "two bins: (|1 − 1.3| + |1 − 1.7|) / 4. Are they sorted by confidence?"
    assert np.isclose(answer(q, c, 4), 0.45), "four bins of one digit each: the mean of |c − q|"
    assert np.isclose(answer(q[:3], c[:3], 2), 0.5), "three digits in two bins: np.array_split makes two and one"
    rng = np.random.default_rng(0)
    q = rng.random(503)
    c = rng.random(503) < q**2
    order = np.argsort(q, kind="stable")
    truth = sum(abs(part.sum()) for part in np.array_split((c - q)[order], 10)) / 503
    assert np.isclose(answer(q, c, 10), truth), "not right on 503 digits in ten bins"
