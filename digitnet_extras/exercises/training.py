"""Checks of the exercises in notebook 05."""

import numpy as np

from .common import exercise


@exercise("5.1")
def _limit(answer):
    """The largest stable rate of momentum with beta = 0.5 where the largest curvature is 8."""
    value = float(answer)
    assert abs(value - 2 / 8) > 1e-9, "that is the limit without momentum; eq. 5.14 has the one with it"
    assert abs(value - 2 * 1.9 / 8) > 1e-9, "here beta is 0.5, not 0.9"
    assert value > 0 and abs(value - 2 * 1.5 / 8) < 1e-6, "put the curvature 8 and beta 0.5 into eq. 5.14"


@exercise("5.2")
def _rmsprop(rmsprop):
    rng = np.random.default_rng(5)
    for rate, beta2 in ((0.1, 0.999), (0.02, 0.9), (0.3, 0.5)):
        w, state, s = rng.standard_normal(4), {}, np.zeros(4)
        truth = w.copy()
        for t in range(1, 6):
            g = rng.standard_normal(4) * 10.0 ** np.arange(-2, 2)
            s = beta2 * s + (1 - beta2) * g**2
            bare = truth - rate * g / (np.sqrt(s) + 1e-8)
            truth = truth - rate * g / (np.sqrt(s / (1 - beta2**t)) + 1e-8)
            before, seen = w.copy(), g.copy()
            rmsprop(w, g, state, rate, beta2)
            assert np.array_equal(g, seen), "the gradient g must stay as it was"
            assert not np.array_equal(w, before), "w has not changed: `w -= ...` changes it in place, `w = w - ...` not"
            assert not (t == 1 and np.allclose(w, bare, atol=1e-9)), (
                "the bias correction is missing: divide s by 1 - beta2**t"
            )
            assert np.allclose(w, truth, rtol=1e-6, atol=1e-7), (
                f"after step {t}, w should be {truth.round(4)}, is {w.round(4)}"
            )


@exercise("5.3")
def _early_stop(early_stop):
    dip = [3.0, 2.0, 1.0, 1.5, 1.2, 0.5]
    cases = [
        (dip, 2, 3),
        (dip, 3, 6),
        (dip[::-1], 1, 1),
        ([1.0], 5, 1),
        ([2.0] * 3, 9, 1),
        ([2.0, 3.0, 2.0, 1.0], 2, 1),
    ]
    for costs, patience, best in cases:
        found = early_stop(list(costs), patience)
        assert found == best, f"costs {costs} with patience {patience}: epoch {best}, not {found}"
