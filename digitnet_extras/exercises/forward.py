"""Checks of the exercises in notebook 03."""

import numpy as np

import digitnet_helpers as dn

from .common import exercise


@exercise("3.1")
def xor(params):
    assert isinstance(params, (list, tuple)) and len(params) == 2, "expected two layers: [(W1, b1), (W2, b2)]"
    params = [tuple(np.asarray(V, float) for V in pair) for pair in params]
    (W1, b1), (W2, b2) = params
    shapes = W1.shape, b1.shape, W2.shape, b2.shape
    assert shapes == ((2, 2), (2,), (2, 1), (1,)), f"the shapes are {shapes}; expected (2, 2), (2,), (2, 1) and (1,)"
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    outputs = (np.maximum(corners @ W1 + b1, 0) @ W2 + b2).ravel()
    for corner, output, truth in zip(corners, outputs, (0, 1, 1, 0)):
        assert abs(output - truth) < 1e-6, f"at {corner[0]:g}, {corner[1]:g} the output is {output:g}; expected {truth}"


@exercise("3.2")
def leaky_variance(function):
    rng = np.random.default_rng(0)
    z, W = rng.standard_normal((1000, 400)), rng.standard_normal((400, 1000))
    for slope in (0.0, 0.1, 0.5, 1.0):
        variance = function(400, slope)
        assert np.ndim(variance) == 0 and variance > 0, f"expected a positive number, not {variance!r}"
        size = ((np.where(z > 0, z, slope * z) @ W) ** 2).mean() * variance
        right = 2 / (1 + slope**2) / 400
        assert abs(variance / right - 1) < 1e-6, (
            f"with slope {slope:g} and 400 inputs a mean square of 1 becomes {size:.2f}: what of the negative half?"
        )
    assert np.isclose(function(50, 0.3) * 50, function(7, 0.3) * 7), "the variance must fall as 1 / fan_in"


@exercise("3.3")
def rescale(function):
    rng = np.random.default_rng(1)
    X = rng.random((20, 30))
    for sizes in ((30, 8, 10), (30, 8, 6, 10)):
        params = [(W, b + 0.1 * rng.standard_normal(b.shape)) for W, b in dn.init_params(sizes, 2, np.float64)]
        before = [(W.copy(), b.copy()) for W, b in params]
        P = dn.predict_proba(params, X)
        for c in (0.1, 3.0):
            new = function(params, c)
            assert all((V == U).all() for one, two in zip(params, before) for V, U in zip(one, two)), (
                "the given parameters were changed; make new arrays"
            )
            assert np.allclose(new[0][0], c * params[0][0]), f"the new W1 must be {c:g} times the old one"
            assert np.allclose(dn.predict_proba(new, X), P), (
                f"with c = {c:g} in {len(sizes) - 1} layers the probabilities change: think of b1, and of who reads A1"
            )
