"""The network's mathematics against independent references: SciPy, JAX's automatic differentiation, hand arithmetic."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import digitnet_helpers as helpers

finite_logits = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=2, max_side=12), elements=st.floats(-1e3, 1e3)
)


@pytest.fixture(scope="module", autouse=True)
def float64_in_jax():
    with jax.enable_x64(True):
        yield


def reference_cost(params, X, y):
    A = X
    for W, b in params[:-1]:
        A = jax.nn.relu(A @ W + b)
    log_p = jax.nn.log_softmax(A @ params[-1][0] + params[-1][1])
    return -log_p[jnp.arange(len(y)), y].mean()


def random_problem(layer_sizes, n, seed, dtype=np.float64):
    """Parameters with biases, examples and labels. No pre-activation is exactly 0, where ReLU has no derivative."""
    rng = np.random.default_rng(seed)
    params = [(W, rng.normal(0, 0.3, b.shape).astype(dtype)) for W, b in helpers.init_params(layer_sizes, seed, dtype)]
    X = rng.random((n, layer_sizes[0])).astype(dtype)
    return params, X, rng.integers(layer_sizes[-1], size=n)


# --- softmax, relu, cross-entropy --------------------------------------------------------------------------------


@given(finite_logits)
def test_softmax_is_scipys_and_sums_to_one(Z):
    P = helpers.softmax(Z)
    np.testing.assert_allclose(P, scipy.special.softmax(Z, axis=-1), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(P.sum(axis=-1), 1, rtol=1e-12)


@given(finite_logits, st.floats(-1e3, 1e3))
def test_softmax_ignores_a_common_shift(Z, shift):
    np.testing.assert_allclose(helpers.softmax(Z + shift), helpers.softmax(Z), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_survives_huge_logits_in_its_dtype(dtype):
    huge = np.finfo(dtype).max / 2
    P = helpers.softmax(np.array([[huge, 0, -huge], [0, 0, 0]], dtype))
    assert P.dtype == dtype
    np.testing.assert_allclose(P, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)


@pytest.mark.parametrize("Z", [np.array([1.0, np.nan]), np.array([np.inf, 0]), np.zeros((2, 0)), np.float64(3)])
def test_softmax_refuses_what_has_no_softmax(Z):
    with pytest.raises(ValueError, match="logits must be"):
        helpers.softmax(Z)


def test_relu():
    Z = np.array([[-1.5, 0.0, 2.5]], np.float32)
    np.testing.assert_array_equal(helpers.relu(Z), np.array([[0, 0, 2.5]], np.float32))
    assert helpers.relu(Z).dtype == np.float32


@given(st.integers(1, 6), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_cross_entropy_is_logsumexp_minus_the_right_logit(n, classes, seed):
    rng = np.random.default_rng(seed)
    Z, y = rng.normal(0, 3, (n, classes)), rng.integers(classes, size=n)
    expected = (scipy.special.logsumexp(Z, axis=1) - Z[np.arange(n), y]).mean()
    assert helpers.cross_entropy(helpers.softmax(Z), y) == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_by_hand():
    P = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    assert helpers.cross_entropy(P, np.array([0, 2])) == pytest.approx((np.log(2) - np.log(0.8)) / 2)
    assert helpers.cross_entropy(np.full((4, 10), 0.1), np.arange(4)) == pytest.approx(np.log(10))


def test_cross_entropy_adds_up_in_float64():
    P = np.tile(np.array([[0.1, 0.9]], np.float32), (10_001, 1))
    one = float(-np.log(P[0, 0]))
    assert helpers.cross_entropy(P, np.zeros(len(P), int)) == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_stays_finite_at_probability_zero(dtype):
    cost = helpers.cross_entropy(np.array([[1, 0]], dtype), np.array([1]))
    assert cost == pytest.approx(-np.log(np.finfo(dtype).tiny), rel=1e-6)


@pytest.mark.parametrize(
    ("P", "y", "error", "message"),
    [
        ([[0.5, 0.5]], np.array([0]), TypeError, "P is list"),
        (np.array([[1, 0]]), np.array([0]), TypeError, "P is int64"),
        (np.array([0.5, 0.5]), np.array([0]), ValueError, "P has shape"),
        (np.zeros((0, 3)), np.zeros(0, int), ValueError, "P has shape"),
        (np.array([[0.5, 0.6]]), np.array([0]), ValueError, "summing to 1"),
        (np.array([[1.5, -0.5]]), np.array([0]), ValueError, "none negative"),
        (np.array([[np.nan, 0.5]]), np.array([0]), ValueError, "none negative"),
        (np.array([[0.5, 0.5]]), np.array([2]), ValueError, "expected 0 to 1"),
        (np.array([[0.5, 0.5]]), np.array([-1]), ValueError, "expected 0 to 1"),
        (np.array([[0.5, 0.5]]), np.array([0.0]), TypeError, "integer labels"),
        (np.array([[0.5, 0.5]]), np.array([0, 1]), ValueError, "one label per example"),
    ],
)
def test_cross_entropy_names_what_does_not_fit(P, y, error, message):
    with pytest.raises(error, match=message):
        helpers.cross_entropy(P, y)


# --- initialisation, forward pass --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_init_params_has_hes_variance_and_zero_biases(dtype):
    params = helpers.init_params((784, 400, 300, 10), seed=5, dtype=dtype)
    for (W, b), fan_in, fan_out in zip(params, (784, 400, 300), (400, 300, 10)):
        assert W.shape == (fan_in, fan_out) and b.shape == (fan_out,)
        assert W.dtype == b.dtype == dtype
        assert not b.any()
        spread = 4 / np.sqrt(2 * W.size)  # four standard errors of a standard deviation
        assert W.std() == pytest.approx(np.sqrt(2 / fan_in), rel=spread)
        assert abs(W.mean()) < 4 * np.sqrt(2 / fan_in / W.size)


def test_init_params_defaults_and_seed():
    params = helpers.init_params()
    assert [W.shape for W, _ in params] == [(784, 25), (25, 15), (15, 10)]
    assert sum(W.size + b.size for W, b in params) == 20_175
    assert params[0][0].dtype == np.float32
    assert (params[0][0] == helpers.init_params(seed=0)[0][0]).all()
    assert (params[0][0] != helpers.init_params(seed=1)[0][0]).any()


@pytest.mark.parametrize("sizes", [(784,), (), (784, 0, 10), (784, -5, 10), (784, 2.5, 10)])
def test_init_params_refuses_impossible_sizes(sizes):
    with pytest.raises(ValueError, match="two or more whole numbers"):
        helpers.init_params(sizes)


def test_init_params_refuses_other_dtypes():
    with pytest.raises(TypeError, match="expected float32 or float64"):
        helpers.init_params(dtype=np.int32)


TINY = [
    (np.array([[1.0, -1.0], [2.0, 0.5]]), np.array([0.5, -1.0])),
    (np.array([[1.0, 0.0], [-1.0, 2.0]]), np.array([0.0, 1.0])),
]


def test_forward_by_hand():
    layers = helpers.forward(TINY, np.array([[1.0, 1.0], [-1.0, 4.0]]))
    np.testing.assert_allclose(layers["Z1"], [[3.5, -1.5], [7.5, 2.0]])
    np.testing.assert_allclose(layers["A1"], [[3.5, 0.0], [7.5, 2.0]])
    np.testing.assert_allclose(layers["Z2"], [[3.5, 1.0], [5.5, 5.0]])
    np.testing.assert_allclose(layers["P"][:, 0], [1 / (1 + np.exp(-2.5)), 1 / (1 + np.exp(-0.5))])
    assert list(layers) == ["Z1", "A1", "Z2", "P"]


def test_forward_of_the_network_names_every_layer(few):
    layers = helpers.forward(helpers.init_params(dtype=np.float64), few[0])
    assert [(name, array.shape) for name, array in layers.items()] == [
        ("Z1", (300, 25)), ("A1", (300, 25)), ("Z2", (300, 15)), ("A2", (300, 15)), ("Z3", (300, 10)), ("P", (300, 10)),
    ]  # fmt: skip


def test_predictions_and_accuracy_by_hand():
    X = np.array([[1.0, 1.0], [-1.0, -1.0]])
    np.testing.assert_array_equal(helpers.predict(TINY, X), [0, 1])
    np.testing.assert_array_equal(helpers.predict_proba(TINY, X), helpers.forward(TINY, X)["P"])
    assert helpers.accuracy(TINY, X, np.array([0, 0])) == 0.5
    assert helpers.accuracy(TINY, X, np.array([0, 1])) == 1.0


# --- gradients ---------------------------------------------------------------------------------------------------


def assert_same_gradients(ours, theirs, rtol=1e-9):
    for our_pair, their_pair in zip(ours, theirs):
        for a, b in zip(our_pair, their_pair):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize(
    ("layer_sizes", "n"), [((784, 25, 15, 10), 40), ((6, 3), 7), ((5, 4, 4, 3, 2), 1), ((12, 8, 10), 2500)]
)
def test_gradients_are_those_of_automatic_differentiation(layer_sizes, n):
    params, X, y = random_problem(layer_sizes, n, seed=n)
    cost, gradients = helpers.loss_and_gradients(params, X, y)
    expected_cost, expected = jax.jit(jax.value_and_grad(reference_cost))(params, X, y)
    assert cost == pytest.approx(float(expected_cost), rel=1e-11)
    assert_same_gradients(gradients, expected)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(2, 6), st.integers(1, 9), st.integers(0, 2**32 - 1)
)
def test_gradients_are_centred_differences(hidden, classes, n, seed):
    params, X, y = random_problem((*hidden, classes), n, seed)
    _, gradients = helpers.loss_and_gradients(params, X, y)
    rng, h = np.random.default_rng(seed), 1e-6
    for layer in range(len(params)):
        for which in (0, 1):
            direction = rng.normal(size=params[layer][which].shape)
            costs = []
            for step in (h, -h):
                moved = [list(pair) for pair in params]
                moved[layer][which] = params[layer][which] + step * direction
                costs.append(helpers.cross_entropy(helpers.predict_proba(moved, X), y))
            numeric = (costs[0] - costs[1]) / (2 * h)
            assert (gradients[layer][which] * direction).sum() == pytest.approx(numeric, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 2500])
def test_gradients_do_not_depend_on_how_the_rows_are_blocked(n, monkeypatch):
    monkeypatch.setattr(helpers, "_BLOCK_ROWS", 8)
    params, X, y = random_problem((12, 8, 6, 10), n, seed=n)
    cost, gradients = helpers.loss_and_gradients(params, X, y)
    rows = [helpers.loss_and_gradients(params, X[i : i + 1], y[i : i + 1]) for i in range(n)]
    assert cost == pytest.approx(np.mean([one for one, _ in rows]), rel=1e-12)
    mean = [[np.mean([g[layer][which] for _, g in rows], axis=0) for which in (0, 1)] for layer in range(3)]
    assert_same_gradients(gradients, mean, rtol=1e-10)


def test_gradients_in_float32_are_those_in_float64(mnist):
    params, X, y = random_problem((784, 25, 15, 10), 1, 0, np.float32)
    X, y = mnist.X_train[:1500], mnist.y_train[:1500]
    cost, gradients = helpers.loss_and_gradients(params, X, y)
    wide = [(W.astype(np.float64), b.astype(np.float64)) for W, b in params]
    expected_cost, expected = helpers.loss_and_gradients(wide, X.astype(np.float64), y)
    assert isinstance(cost, float) and cost == pytest.approx(expected_cost, rel=1e-6)
    for ours, theirs in zip(gradients, expected):
        for a, b in zip(ours, theirs):
            assert a.dtype == np.float32 and a.shape == b.shape
            assert np.abs(a - b).max() < 1e-5 * np.abs(b).max()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64])
def test_labels_may_be_integers_of_any_kind(few, dtype):
    params = helpers.init_params(dtype=np.float64)
    cost, gradients = helpers.loss_and_gradients(params, few[0], few[1].astype(dtype))
    expected_cost, expected = helpers.loss_and_gradients(params, *few)
    assert cost == expected_cost
    assert_same_gradients(gradients, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_for_soft_targets_are_those_of_automatic_differentiation(dtype):
    params, X, _ = random_problem((20, 8, 6, 5), 700, 3, dtype)
    Y = np.random.default_rng(3).dirichlet(np.ones(5), len(X)).astype(dtype)

    def soft_cost(params):
        A = X
        for W, b in params[:-1]:
            A = jax.nn.relu(A @ W + b)
        return -(Y * jax.nn.log_softmax(A @ params[-1][0] + params[-1][1])).sum(axis=1).mean()

    cost, gradients = helpers.loss_and_gradients(params, X, Y)
    expected_cost, expected = jax.value_and_grad(soft_cost)(params)
    exact = dtype == np.float64
    assert cost == pytest.approx(float(expected_cost), rel=1e-12 if exact else 1e-5)
    for ours, theirs in zip(gradients, expected):
        for a, b in zip(ours, theirs):
            np.testing.assert_allclose(a, b, rtol=1e-9 if exact else 1e-3, atol=1e-12 if exact else 1e-6)


def test_labels_are_the_soft_targets_that_are_certain(few):
    params = helpers.init_params(dtype=np.float64)
    hard, soft = (helpers.loss_and_gradients(params, few[0], y) for y in (few[1], np.eye(10)[few[1]]))
    assert hard[0] == pytest.approx(soft[0], rel=1e-12)
    assert_same_gradients(hard[1], soft[1])
    worst = helpers.gradient_check(params, few[0][:20], np.full((20, 10), 0.1), entries=20)
    assert max(worst.values()) < 1e-6


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda Y: Y[:4], r"y is float64 \(4, 2\); expected probabilities float64 \(5, 2\), or labels"),
        (lambda Y: Y[:, :1], r"y is float64 \(5, 1\)"),
        (lambda Y: Y.astype(np.float32), "y is float32"),
        (lambda Y: 2 * Y, "every row summing to 1"),
        (lambda Y: Y + [[0.5, -0.5]], "none negative"),
        (lambda Y: Y * np.nan, "every row summing to 1"),
    ],
)
@pytest.mark.parametrize("function", [helpers.loss_and_gradients, lambda *a: helpers.train(*a, epochs=1)])
def test_bad_soft_targets_are_named(function, bad, message):
    with pytest.raises(ValueError, match=message):
        function(PARAMS, X, bad(np.eye(2)[Y]))


def test_relus_derivative_at_zero_is_zero():
    onwards = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, -1.0]])
    labels = np.array([0, 0, 0, 1])
    for bias, learns in ((0.0, False), (1e-9, True)):
        params = [(np.zeros((2, 3)), np.full(3, bias)), (onwards, np.zeros(2))]
        _, ((dW1, db1), _) = helpers.loss_and_gradients(params, np.ones((4, 2)), labels)
        assert dW1.any() == db1.any() == learns


def test_cost_is_right_where_probabilities_underflow():
    params = [(np.array([[4000.0, -4000.0]]), np.zeros(2))]
    cost, ((dW, db),) = helpers.loss_and_gradients(params, np.array([[1.0]]), np.array([1]))
    assert cost == 8000.0
    np.testing.assert_allclose(dW, [[1, -1]])
    np.testing.assert_allclose(db, [1, -1])


def test_cost_is_the_cross_entropy_of_the_forward_pass(few):
    X, y = few
    params = helpers.init_params(dtype=np.float64)
    cost, _ = helpers.loss_and_gradients(params, X, y)
    assert cost == pytest.approx(helpers.cross_entropy(helpers.predict_proba(params, X), y), rel=1e-12)


def test_nothing_that_is_passed_in_is_changed(few):
    X, y = few[0][:20].copy(), few[1][:20].copy()
    params = helpers.init_params(dtype=np.float64)
    copies = [array.copy() for array in (X, y, *[a for pair in params for a in pair])]
    for array in (X, y, *[a for pair in params for a in pair]):
        array.flags.writeable = False
    helpers.loss_and_gradients(params, X, y)
    helpers.gradient_check(params, X, y, entries=2)
    helpers.accuracy(params, X, y)
    for array, copy in zip((X, y, *[a for pair in params for a in pair]), copies):
        np.testing.assert_array_equal(array, copy)


def test_gradient_check_passes_on_every_array(few):
    X, y = few[0][:40], few[1][:40]
    worst = helpers.gradient_check(helpers.init_params(seed=1, dtype=np.float64), X, y)
    assert list(worst) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert max(worst.values()) < 1e-6


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("which", [0, 1])
def test_gradient_check_finds_a_wrong_array(few, monkeypatch, layer, which):
    right = helpers.loss_and_gradients

    def wrong(params, X, y):
        cost, gradients = right(params, X, y)
        gradients[layer][which][...] *= 1.01
        return cost, gradients

    monkeypatch.setattr(helpers, "loss_and_gradients", wrong)
    worst = helpers.gradient_check(helpers.init_params(dtype=np.float64), few[0][:30], few[1][:30], entries=30)
    bad = f"{'Wb'[which]}{layer + 1}"
    assert 5e-3 < worst.pop(bad) < 2e-2
    assert max(worst.values()) < 1e-6


def test_gradient_check_takes_its_step_and_entries(few, monkeypatch):
    X, y = few[0][:5], few[1][:5]
    params = helpers.init_params((784, 3, 10), dtype=np.float64)
    calls = []
    right = helpers.loss_and_gradients
    monkeypatch.setattr(helpers, "loss_and_gradients", lambda *a: calls.append(1) or right(*a))
    helpers.gradient_check(params, X, y, entries=2)
    assert len(calls) == 1 + 2 * (2 + 2 + 2 + 2)
    fine, coarse = (helpers.gradient_check(params, X, y, step=step)["W2"] for step in (1e-5, 1e-2))
    assert fine < coarse / 100
    seeds = [helpers.gradient_check(params, X, y, entries=1, seed=seed) for seed in (0, 0, 1)]
    assert seeds[0] == seeds[1] != seeds[2]


@pytest.mark.parametrize(("factor", "error"), [(0, 1), (0.5, 0.5), (2, 0.5), (-1, 2)])
def test_gradient_check_counts_an_error_relative_to_the_larger_value(few, monkeypatch, factor, error):
    right = helpers.loss_and_gradients

    def wrong(params, X, y):
        cost, gradients = right(params, X, y)
        for pair in gradients:
            for gradient in pair:
                gradient *= factor
        return cost, gradients

    monkeypatch.setattr(helpers, "loss_and_gradients", wrong)
    worst = helpers.gradient_check(helpers.init_params((784, 10), dtype=np.float64), few[0][:30], few[1][:30])
    assert worst["b1"] == pytest.approx(error, rel=1e-5)


def test_gradient_check_takes_a_hundred_entries_of_seed_0(few, monkeypatch):
    params, given = helpers.init_params((784, 3, 10), dtype=np.float64), (few[0][:5], few[1][:5])
    usual = helpers.gradient_check(params, *given)
    assert usual == helpers.gradient_check(params, *given, step=1e-5, entries=100, seed=0)
    right, calls = helpers.loss_and_gradients, []
    monkeypatch.setattr(helpers, "loss_and_gradients", lambda *a: calls.append(1) or right(*a))
    helpers.gradient_check(params, *given)
    assert len(calls) == 1 + 2 * (100 + 3 + 30 + 10)


def test_gradient_check_by_hand():
    # One weight, two classes: J = log(1 + e^(w_other - w_right)), so dJ/dw_right = -1/2 at w = 0.
    params = [(np.zeros((1, 2)), np.zeros(2))]
    worst = helpers.gradient_check(params, np.array([[1.0]]), np.array([0]), step=1e-4)
    assert 0 < worst["W1"] < 1e-8 and 0 < worst["b1"] < 1e-8


@pytest.mark.parametrize(("keywords"), [{"step": 0}, {"step": 1}, {"step": -1e-5}, {"entries": 0}])
def test_gradient_check_refuses_impossible_settings(few, keywords):
    with pytest.raises(ValueError, match="step"):
        helpers.gradient_check(helpers.init_params(dtype=np.float64), few[0][:2], few[1][:2], **keywords)


def test_gradient_check_needs_float64(mnist):
    with pytest.raises(TypeError, match="needs float64"):
        helpers.gradient_check(helpers.init_params(), mnist.X_train[:2], mnist.y_train[:2])


# --- what a reader may pass in by mistake ------------------------------------------------------------------------

PARAMS = helpers.init_params((4, 3, 2), dtype=np.float64)
X, Y = np.full((5, 4), 0.5), np.array([0, 1, 0, 1, 0])


def changed(layer, which, array):
    params = [list(pair) for pair in PARAMS]
    params[layer][which] = array
    return params


BAD_PARAMS = [
    (None, TypeError, "list of"),
    ([], TypeError, "list of"),
    (PARAMS[0], TypeError, "must be a pair"),
    ([(PARAMS[0][0],)], TypeError, "must be a pair"),
    (changed(0, 0, [[1.0]]), TypeError, "W1 is list"),
    (changed(1, 1, np.zeros(2, int)), TypeError, "b2 is int64"),
    (changed(1, 0, PARAMS[1][0].astype(np.float32)), TypeError, "W2 is float32, W1 is float64"),
    (changed(0, 1, np.zeros(4)), ValueError, r"layer 1 has W1 \(4, 3\) and b1 \(4,\)"),
    (changed(0, 1, np.zeros((1, 3))), ValueError, "layer 1 has"),
    (changed(1, 0, np.zeros((4, 2))), ValueError, r"layer 2 .* expected \(3, fan_out\)"),
    (changed(0, 0, np.zeros(4)), ValueError, "layer 1 has"),
    (changed(0, 0, np.zeros((4, 3, 1))), ValueError, "layer 1 has"),
    ([(np.zeros((4, 0)), np.zeros(0))], ValueError, "layer 1 has"),
    (changed(1, 0, np.full((3, 2), np.nan)), ValueError, "layer 2 of params holds NaN"),
    (changed(0, 1, np.full(3, np.inf)), ValueError, "layer 1 of params holds NaN"),
]
BAD_X = [
    (X.tolist(), TypeError, "X is list"),
    (np.ones((5, 4), np.uint8), TypeError, "X is uint8.*divide"),
    (X.astype(np.float32), TypeError, "X is float32, the parameters are float64"),
    (X[:, :3], ValueError, r"X has shape \(5, 3\); expected \(n, 4\)"),
    (X[0], ValueError, "X has shape"),
    (X[:0], ValueError, "X is empty"),
    (X * 510, ValueError, "255.0.*divide by 255"),
    (-X * 510, ValueError, "divide by 255"),
    (X * 20.2, ValueError, "divide by 255"),
    (-X * 20.2, ValueError, "divide by 255"),
    (np.where(np.eye(5, 4), np.nan, X), ValueError, "nan"),
    (np.where(np.eye(5, 4), np.inf, X), ValueError, "inf"),
]
BAD_Y = [
    (Y.tolist(), TypeError, "y is list"),
    (Y.astype(float), TypeError, "y is float64"),
    (Y[:4], ValueError, r"y has shape \(4,\); expected \(5,\)"),
    (Y[:, None], ValueError, "y has shape"),
    (Y + 1, ValueError, "labels from 1 to 2; expected 0 to 1"),
    (Y - 1, ValueError, "labels from -1 to 0"),
]
TAKES_X = [
    helpers.forward,
    helpers.predict_proba,
    helpers.predict,
    lambda params, X: helpers.accuracy(params, X, Y),
    lambda params, X: helpers.loss_and_gradients(params, X, Y),
    lambda params, X: helpers.gradient_check(params, X, Y),
    lambda params, X: helpers.train(params, X, Y, epochs=1, progress=False),
    lambda params, X: helpers.train(PARAMS, np.ones((5, 4)), Y, epochs=1, progress=False, validation=(X, Y)),
]
TAKES_Y = [
    helpers.accuracy,
    helpers.loss_and_gradients,
    helpers.gradient_check,
    lambda params, X, y: helpers.train(params, X, y, epochs=1, progress=False),
    lambda params, X, y: helpers.train(PARAMS, X, Y, epochs=1, progress=False, validation=(X, y)),
]


@pytest.mark.parametrize(("params", "error", "message"), BAD_PARAMS)
@pytest.mark.parametrize("function", TAKES_X[:-1])
def test_bad_parameters_are_named(function, params, error, message):
    with pytest.raises(error, match=message):
        function(params, X)


@pytest.mark.parametrize(("bad", "error", "message"), BAD_X)
@pytest.mark.parametrize("function", TAKES_X)
def test_bad_examples_are_named(function, bad, error, message):
    with pytest.raises(error, match=message):
        function(PARAMS, bad)


@pytest.mark.parametrize(("bad", "error", "message"), BAD_Y)
@pytest.mark.parametrize("function", TAKES_Y)
def test_bad_labels_are_named(function, bad, error, message):
    with pytest.raises(error, match=message):
        function(PARAMS, X, bad)


@pytest.mark.parametrize("row", [0, 511, 512, 513, 1023, 1024, 1025, 1499])
def test_no_row_is_overlooked(row):
    wide = np.full((1500, 4), 0.5)
    wide[row, 2] = np.nan
    with pytest.raises(ValueError, match="nan"):
        helpers.predict(PARAMS, wide)


def test_values_to_the_very_limits_are_taken():
    wide = np.array([[-10.0, 10.0, 0.0, 1.0]])
    assert np.isfinite(helpers.predict_proba(PARAMS, wide)).all()
    helpers.loss_and_gradients(PARAMS, wide, np.array([1], np.uint8))
