"""The network's mathematics, against automatic differentiation, SciPy, finite differences and algebra."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax as scipy_softmax

import digitnet_helpers as dn

logits = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-1e4, 1e4))


@given(logits)
def test_softmax_is_scipys_and_ignores_a_shift(Z):
    P = dn.softmax(Z)
    np.testing.assert_allclose(P, scipy_softmax(Z, axis=-1), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(P.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(dn.softmax(Z + 7.0), P, rtol=1e-9, atol=1e-300)


def test_softmax_of_one_row_of_integers_and_of_float32():
    np.testing.assert_allclose(dn.softmax([0, 300, -300]), [0, 1, 0], atol=1e-100)
    assert dn.softmax(np.array([3.0, 4.0], np.float32)).dtype == np.float32


def test_cross_entropy_is_the_mean_of_minus_log_p_and_finite_at_zero():
    P = np.array([[0.9, 0.05, 0.05], [0.3, 0.5, 0.2], [0.1, 0.7, 0.2]])
    assert dn.cross_entropy(P, [0, 1, 0]) == pytest.approx(-np.log([0.9, 0.5, 0.1]).mean(), rel=1e-14)
    sure = np.array([[1.0, 0.0]], np.float32)
    assert dn.cross_entropy(sure, [1]) == pytest.approx(-np.log(np.finfo(np.float32).tiny), rel=1e-6)


def test_forward_is_each_layer_by_hand(small):
    params, X, _ = small
    (W1, b1), (W2, b2), (W3, b3) = params
    A1 = np.maximum(X @ W1 + b1, 0)
    A2 = np.maximum(A1 @ W2 + b2, 0)
    A, P = dn.forward(params, X)
    for found, expected in zip((*A, P), (X, A1, A2, scipy_softmax(A2 @ W3 + b3, axis=1))):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert len(A) == 3
    np.testing.assert_array_equal(dn.predict(params, X), P.argmax(axis=1))
    assert dn.accuracy(params, X, P.argmax(axis=1)) == 1.0


@pytest.mark.parametrize("sizes", [(784, 25, 15, 10), (784, 10), (784, 7, 6, 5, 10)])
def test_gradients_are_those_of_automatic_differentiation(few, sizes):
    os.environ["JAX_PLATFORMS"] = "cpu"
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    X, y = few
    params = [(W, b + 0.1) for W, b in dn.init_params(sizes, seed=1, dtype=float)]

    def cost(params):
        A = X
        for W, b in params[:-1]:
            A = jax.nn.relu(A @ W + b)
        W, b = params[-1]
        return -jax.nn.log_softmax(A @ W + b)[jax.numpy.arange(len(y)), y].mean()

    J, gradients = dn.loss_and_gradients(params, X, y)
    J_jax, gradients_jax = jax.value_and_grad(cost)(params)
    assert pytest.approx(float(J_jax), abs=1e-12) == J
    for pair, pair_jax in zip(gradients, gradients_jax):
        for dV, dV_jax in zip(pair, pair_jax):
            np.testing.assert_allclose(dV, dV_jax, atol=1e-12, rtol=0)


def test_gradients_keep_dtype_and_shapes_and_change_nothing(small):
    params, X, y = small
    params = [(W.astype(np.float32), b.astype(np.float32)) for W, b in params]
    X = X.astype(np.float32)
    before = [V.copy() for pair in params for V in pair], X.copy()
    _, gradients = dn.loss_and_gradients(params, X, y)
    for pair, gradient_pair in zip(params, gradients):
        for V, dV in zip(pair, gradient_pair):
            assert dV.shape == V.shape and dV.dtype == np.float32
    after = [V for pair in params for V in pair]
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after)) and np.array_equal(before[1], X)


def test_gradient_check_passes_the_right_one_and_finds_planted_bugs(small):
    params, X, y = small
    assert max(dn.gradient_check(params, X, y).values()) < 1e-6
    _, gradients = dn.loss_and_gradients(params, X, y)

    def change(layer, which, factor):
        bad = [list(pair) for pair in gradients]
        bad[layer][which] = bad[layer][which] * factor
        return dn.gradient_check(params, X, y, bad)

    names = ["W1", "b1", "W2", "b2", "W3", "b3"]
    for k, name in enumerate(names):
        worst = change(k // 2, k % 2, 1.01)
        assert worst[name] > 5e-3
        assert all(error < 1e-6 for other, error in worst.items() if other != name)


def test_init_has_hes_variance_zero_biases_and_a_seed():
    (W1, b1), (W2, b2) = dn.init_params((500, 400, 300), seed=4, dtype=float)
    for W, fan_in in ((W1, 500), (W2, 400)):
        assert W.var() == pytest.approx(2 / fan_in, rel=5 * np.sqrt(2 / W.size))  # five standard errors of a variance
        assert abs(W.mean()) < 5 * np.sqrt(2 / fan_in / W.size)
    assert not b1.any() and not b2.any()
    again = dn.init_params((500, 400, 300), seed=4, dtype=float)
    assert np.array_equal(again[0][0], W1) and not np.array_equal(dn.init_params((500, 400, 300))[0][0], W1)
    assert dn.init_params()[0][0].dtype == np.float32 and sum(W.size + b.size for W, b in dn.init_params()) == 20175


@settings(max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.integers(0, 99))
def test_a_vector_and_its_parameters_are_the_same_memory(sizes, seed):
    params = dn.init_params(sizes, seed=seed, dtype=float)
    w = dn.to_vector(params)
    views = dn.to_params(w, params)
    for (W, b), (V, c) in zip(params, views):
        assert np.array_equal(W, V) and np.array_equal(b, c)
    w += 1
    assert all(np.array_equal(W + 1, V) for (W, _), (V, _) in zip(params, views))
