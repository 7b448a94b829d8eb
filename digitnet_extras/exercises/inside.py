"""Checks of the exercises in notebook 07."""

import numpy as np

import digitnet_helpers as dn

from .common import exercise


def _small(seed, sizes=(6, 5, 4, 3)):
    """A small network with biases, and images for it, so that some units are off."""
    rng = np.random.default_rng(seed)
    net = [(W, rng.normal(scale=0.3, size=b.shape)) for W, b in dn.init_params(sizes, seed, np.float64)]
    return net, rng.uniform(size=(7, sizes[0]))


def _logits(net, X, hold=None):
    (W1, b1), (W2, b2), (W3, b3) = net
    A1 = np.maximum(X @ W1 + b1, 0)
    if hold is not None:
        A1[:, hold[0]] = hold[1]
    return np.maximum(A1 @ W2 + b2, 0) @ W3 + b3


def _gradient(net, x, v):
    (W1, b1), (W2, b2), (W3, _) = net
    z1 = x @ W1 + b1
    z2 = np.maximum(z1, 0) @ W2 + b2
    return W1 @ ((W2 @ ((W3 @ v) * (z2 > 0))) * (z1 > 0))


@exercise("7.1")
def without_unit(function):
    for seed, j, value in ((1, 0, 0.0), (2, 4, 1.5), (3, 2, -1.0)):
        net, X = _small(seed)
        kept = [(W.copy(), b.copy()) for W, b in net]
        small = function(net, j, value)
        assert small is not None and len(small) == 3, "return a list of three pairs (W, b)"
        shapes = [W.shape for W, _ in small], [b.shape for _, b in small]
        wanted = [(6, 4), (4, 4), (4, 3)], [(4,), (4,), (3,)]
        assert shapes == wanted, f"expected weights and biases of the shapes {wanted}, yours are {shapes}"
        same = all(np.array_equal(a, b) for pair in zip(net, kept) for a, b in zip(*pair))
        assert same, "the old parameters were changed; make new arrays"
        error = np.abs(_logits(small, X) - _logits(net, X, (j, value))).max()
        assert error < 1e-9, f"with unit {j} held at {value} the logits differ by up to {error:.2g}"


@exercise("7.2")
def contrast(function):
    for seed, k, rival in ((1, 0, 2), (4, 1, 0), (5, 2, 1)):
        net, X = _small(seed)
        for x in X[:3]:
            given = np.asarray(function(net, x, k, rival))
            assert given.shape == (6,), f"one number for each pixel, shape {x.shape}; yours has {given.shape}"
            wanted = _gradient(net, x, np.eye(3)[k] - np.eye(3)[rival])
            hint = " (it is turned: k and rival changed places)" if np.allclose(given, -wanted) else ""
            assert np.allclose(given, wanted, atol=1e-9), f"differs from the slope of log p_k − log p_rival{hint}"
        assert np.allclose(function(net, X[0], k, k), 0), "a class against itself has no slope"


@exercise("7.3")
def integrated_gradients(function):
    for seed, k, steps in ((1, 0, 1), (2, 2, 2), (5, 1, 7)):
        net, X = _small(seed)
        x = X[0]
        given = np.asarray(function(net, x, k, steps))
        assert given.shape == (6,), f"one number for each pixel, shape {x.shape}; yours has {given.shape}"
        middles = (np.arange(steps) + 0.5) / steps
        wanted = x * np.mean([_gradient(net, t * x, np.eye(3)[k]) for t in middles], axis=0)
        assert np.allclose(given, wanted, atol=1e-9), f"with steps = {steps}, t takes the values {middles.round(3)}"
    net, X = _small(3)
    ends = _logits(net, np.stack([0 * X[1], X[1]]))[:, 1]
    total = np.sum(function(net, X[1], 1, 4000))
    assert abs(total - (ends[1] - ends[0])) < 0.01, f"the sum is {total:.3f}, not z(x) − z(0) = {ends[1] - ends[0]:.3f}"
