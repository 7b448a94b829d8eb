"""Checks of the exercises in notebook 04."""

from functools import partial

import numpy as np

import digitnet_helpers as dn

from .common import exercise

NAMES = ("dW1", "db1", "dW2", "db2")


def _tanh_cost(params, X, y):
    (W1, b1), (W2, b2) = params
    return dn.cross_entropy(dn.softmax(np.tanh(X @ W1 + b1) @ W2 + b2), y)


def _relu_cost(params, X, y):
    return dn.cross_entropy(dn.predict_proba(params, X), y)


@exercise("4.1")
def tanh_gradients(answer):
    """answer(params, X, y) returns [(dW1, db1), (dW2, db2)] of a network with one hidden layer of tanh."""
    rng = np.random.default_rng(41)
    for n, sizes in ((6, (5, 4, 3)), (1, (3, 3, 3)), (3, (3, 3, 3))):
        params = [(W, b + 0.1) for W, b in dn.init_params(sizes, seed=n, dtype=np.float64)]
        X, y = rng.uniform(size=(n, sizes[0])), rng.integers(3, size=n)
        found = answer([(W.copy(), b.copy()) for W, b in params], X.copy(), y.copy())
        assert found is not None, "it returned nothing"
        arrays, values = [V for pair in params for V in pair], [dV for pair in found for dV in pair]
        for name, V, dV in zip(NAMES, arrays, values):
            assert np.shape(dV) == V.shape, f"{name} has shape {np.shape(dV)}; expected {V.shape}"
            numeric = np.zeros(V.shape)
            for entry in range(V.size):
                numeric.flat[entry] = _slope(partial(_tanh_cost, params, X, y), V, entry)
            assert np.allclose(dV, numeric, rtol=1e-5, atol=1e-8), f"{name} is not what the cost says, with n = {n}"


@exercise("4.2")
def gradient_of_pixels(answer):
    """answer(params, X, y) returns dX, for a ReLU network of any depth."""
    rng = np.random.default_rng(42)
    for n, sizes in ((4, (6, 5, 4, 3)), (3, (5, 5, 5, 5)), (2, (4, 3))):
        params = dn.init_params(sizes, seed=n, dtype=np.float64)
        X, y = rng.uniform(-1, 1, size=(n, sizes[0])), rng.integers(3, size=n)
        dX = answer([(W.copy(), b.copy()) for W, b in params], X.copy(), y.copy())
        assert np.shape(dX) == X.shape, f"dX has shape {np.shape(dX)}; expected {X.shape}"
        for entry in range(X.size):
            numeric = _slope(partial(_relu_cost, params, X, y), X, entry)
            row, pixel = divmod(entry, X.shape[1])
            assert np.isclose(dX[row, pixel], numeric, rtol=1e-5, atol=1e-8), f"dX[{row}, {pixel}] is wrong for {sizes}"


@exercise("4.3")
def wrong_ones(answer):
    """answer(candidates, params, X, y) returns the positions of the wrong gradients."""
    params = dn.init_params((6, 5, 3), dtype=np.float64)
    before = dn.to_vector(params)
    X, y = np.linspace(0, 1, 30).reshape(5, 6), np.arange(5) % 3
    right, sign, small = _scaled(1), _scaled(-1), _scaled(0.98, 1, 1)
    for trio in ([right] * 3, [right, sign, right], [small, right, sign], [small] * 3):
        expected = [k for k in range(3) if trio[k] is not right]
        found = [int(k) for k in answer(trio, params, X, y)]
        assert np.allclose(dn.to_vector(params), before, rtol=0, atol=1e-12), "params were changed"
        assert found == expected, f"found {found}, where {expected} are wrong"


def _scaled(factor, layer=0, part=0):
    def candidate(params, X, y):
        _, gradients = dn.loss_and_gradients(params, X, y)
        gradients[layer][part][:] *= factor
        return gradients

    return candidate


def _slope(cost, V, entry, step=1e-5):
    value, costs = V.flat[entry], []
    for moved in (value + step, value - step):
        V.flat[entry] = moved
        costs.append(cost())
    V.flat[entry] = value
    return (costs[0] - costs[1]) / (2 * step)
