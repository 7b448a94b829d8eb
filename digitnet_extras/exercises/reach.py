"""Checks of the exercises in notebook 09."""

import numpy as np

from .common import exercise


@exercise("9.1")
def _falling_rate(answer):
    """The variance after 1,000 steps at the rates 1/k, with curvature and noise of 1."""
    value, V = float(answer), 0.0
    for k in range(1, 1001):
        V = (1 - 1 / k) ** 2 * V + 1 / k**2
    assert not np.isclose(value, V / 2, rtol=0.01), "eq. 9.2 is for a constant rate (and halves V); here it falls"
    assert not np.isclose(value, 1e-6, rtol=0.01), "the last kick is not alone: the earlier ones have left something"
    assert not np.isclose(value, V**0.5, rtol=0.01), "that is its standard deviation"
    assert abs(value - V) < 1e-6, "k * w_k is (k - 1) * w_(k-1) less one kick: what is 1,000 * w_1000, then?"


@exercise("9.2")
def _axis(axis):
    cases = [(2.0, 1.0, 0.0, 0.0), (1.0, 2.0, 0.0, np.pi / 2), (1.0, 1.0, 0.5, np.pi / 4), (1.0, 1.0, -0.5, -np.pi / 4)]
    for var_r, var_c, cov, truth in cases:
        found = axis(var_r, var_c, cov)
        assert found is not None, "return the angle"
        assert np.isclose(np.sin(found - truth), 0, atol=1e-9), f"for {var_r}, {var_c}, {cov} it is {truth:.3f}"
    theta = np.linspace(-np.pi / 2, np.pi / 2, 20001)
    u, v = np.cos(theta), np.sin(theta)
    for var_r, var_c, cov in [(3.0, 1.0, 0.7), (1.0, 3.0, 0.4), (2.0, 2.5, -1.1), (1.0, 1.7, -0.2)]:
        best = theta[(var_r * u * u + 2 * cov * u * v + var_c * v * v).argmax()]
        found = axis(var_r, var_c, cov)
        assert abs(np.sin(found - best)) < 1e-3, f"for {var_r}, {var_c}, {cov} the variance is largest at {best:.3f}"


@exercise("9.3")
def _fold_scale(fold_scale):
    import digitnet_helpers as dn

    rng = np.random.default_rng(0)
    params = dn.init_params((6, 5, 4), seed=1, dtype=np.float64)
    params[0] = (params[0][0], rng.random(5))
    X, mean = rng.random((7, 6)), rng.random(6)
    before = [(W.copy(), b.copy()) for W, b in params]
    for scale in (np.ones(6), rng.random(6) + 0.5):
        folded = fold_scale(params, mean, scale)
        same = all(np.array_equal(V, U) for pair, old in zip(params, before) for V, U in zip(pair, old))
        assert same, "params must stay as they were"
        assert folded is not None and len(folded) == 2, "two layers go in, two come out"
        assert np.allclose(dn.predict_proba(folded, X), dn.predict_proba(params, (X - mean) / scale)), (
            "the probabilities differ from those of (X - mean) / scale; did the mean meet the new W1?"
        )
