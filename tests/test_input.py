"""What is welcome, and what cannot be right: each check once, in one table, and once that every function checks."""

import numpy as np
import pytest

import digitnet_helpers as dn

PARAMS = dn.init_params((6, 5, 4), seed=0)
RNG = np.random.default_rng(0)
X, Y = RNG.random((9, 6), dtype=np.float32), RNG.integers(0, 4, 9)


def with_nan(array):
    array = array.copy()
    array.flat[0] = np.nan
    return array


W1, B1 = PARAMS[0]
BAD = {  # name: (params, X, y, error, what its message must say)
    "X of 0-255 bytes": (PARAMS, (255 * X).astype(np.uint8), Y, TypeError, r"X is uint8.*divide"),
    "X of 0-255 floats": (PARAMS, 255 * X, Y, ValueError, r"X runs from .*divide by 255"),
    "X in float64": (PARAMS, X.astype(float), Y, TypeError, r"X is float64.*float32.*astype"),
    "X in float16": (PARAMS, X.astype(np.float16), Y, TypeError, r"X is float16"),
    "X with NaN": (PARAMS, with_nan(X), Y, ValueError, r"X runs from nan.*NaN"),
    "X with infinity": (PARAMS, np.full_like(X, np.inf), Y, ValueError, r"X runs from inf"),
    "X of another width": (PARAMS, X[:, :5], Y, ValueError, r"X is .*\(9, 5\).*\(n, 6\)"),
    "X of one row": (PARAMS, X[0], Y[:1], ValueError, r"\(6,\).*\(n, 6\).*reshape"),
    "X empty": (PARAMS, X[:0], Y[:0], ValueError, r"at least one"),
    "X masked": (PARAMS, np.ma.masked_array(X, X > 0.5), Y, TypeError, r"X is a masked array.*fill"),
    "X of text": (PARAMS, X.astype(str), Y, TypeError, r"X is <U.*numbers"),
    "X nothing": (PARAMS, None, Y, TypeError, r"X is object"),
    "X ragged": (PARAMS, [[0.0] * 6, [0.0] * 5], Y, ValueError, r"X is no array.*equal length"),
    "y of floats": (PARAMS, X, Y.astype(float), TypeError, r"y is float64.*astype\(int\)"),
    "y one-hot": (PARAMS, X, np.eye(4, dtype=int)[Y], ValueError, r"one-hot.*argmax"),
    "y too short": (PARAMS, X, Y[:5], ValueError, r"y has shape \(5,\); expected \(9,\)"),
    "y above": (PARAMS, X, Y + 1, ValueError, r"labels from .* to 4.*0 to 3"),
    "y below": (PARAMS, X, Y - 4, ValueError, r"labels from -"),
    "y masked": (PARAMS, X, np.ma.masked_array(Y, Y < 1), TypeError, r"y is a masked array"),
    "params a dict": ({"W1": W1}, X, Y, TypeError, r"list of \(W, b\)"),
    "params empty": ([], X, Y, TypeError, r"init_params"),
    "params in two dtypes": ([(W1, B1.astype(float)), PARAMS[1]], X, Y, TypeError, r"b1 float64.*astype"),
    "params that do not follow": ([PARAMS[0], PARAMS[0]], X, Y, ValueError, r"W2 has shape \(6, 5\).*\(5, fan_out\)"),
    "params with NaN": ([(with_nan(W1), B1), PARAMS[1]], X, Y, ValueError, r"W1 or b1 holds NaN"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_an_error_that_says_what_to_do(name):
    params, images, labels, error, message = BAD[name]
    with pytest.raises(error, match=message):
        dn.loss_and_gradients(params, images, labels)


FUNCTIONS = {
    "forward": lambda p, X, y: dn.forward(p, X),
    "predict_proba": lambda p, X, y: dn.predict_proba(p, X),
    "predict": lambda p, X, y: dn.predict(p, X),
    "accuracy": dn.accuracy,
    "loss_and_gradients": dn.loss_and_gradients,
    "gradient_check": dn.gradient_check,
    "train": lambda p, X, y: dn.train(p, X, y, epochs=1, progress=False),
    "training": lambda p, X, y: dn.training(p, X, y, epochs=1),
    "train, validation": lambda p, X, y: dn.train(
        PARAMS, globals()["X"], Y, epochs=1, progress=False, validation=(X, y)
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_checks(name):
    with pytest.raises((TypeError, ValueError)):
        FUNCTIONS[name](PARAMS, 255 * X, Y)
    if name not in ("forward", "predict_proba", "predict"):
        with pytest.raises((TypeError, ValueError)):
            FUNCTIONS[name](PARAMS, X, Y + 1)


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"epochs": True}, "epochs is True"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": "64"}, "batch_size is '64'"),
        ({"optimizer": "sdg"}, "expected one of 'sgd', 'momentum', 'adam'"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"learning_rate": -0.1}, "positive"),
        ({"learning_rate": np.nan}, "learning_rate is nan"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"weight_decay": -1}, "weight_decay is -1"),
        ({"augment": 3}, "augment is 3"),
        ({"validation": (X, Y + 1)}, "y_val holds labels"),
        ({"validation": (255 * X, Y)}, "X_val runs"),
    ],
)
def test_bad_settings_are_refused_at_once(setting, error):
    with pytest.raises((ValueError, TypeError), match=error):
        dn.training(PARAMS, X, Y, **({"epochs": 1} | setting))


def test_other_functions_refuse_what_is_not_theirs():
    for call, error in [
        (lambda: dn.init_params((784,)), "layer_sizes"),
        (lambda: dn.init_params((784, 0, 10)), "layer_sizes"),
        (lambda: dn.init_params(784), "layer_sizes"),
        (lambda: dn.init_params(dtype=np.float16), "float16"),
        (lambda: dn.softmax([np.nan, 1.0]), "finite"),
        (lambda: dn.softmax([]), "finite"),
        (lambda: dn.softmax(["a"]), "numbers"),
        (lambda: dn.cross_entropy(np.array([[2.0, -1.0]]), [0]), "softmax first"),
        (lambda: dn.cross_entropy(np.array([[0.5, 0.5]]), [2]), "labels"),
        (lambda: dn.gradient_check(PARAMS, X, Y), "float64"),
        (lambda: dn.cosine_schedule(0), "peak"),
        (lambda: dn.cosine_schedule(1, warmup=1), "warmup"),
        (lambda: dn.validation_split(X, Y, 9), "validation rows"),
        (lambda: dn.validation_split(X, Y[:3], 2), "validation rows"),
        (lambda: dn.save_model("x.npz", [], a=1), "init_params"),
        (lambda: dn.save_model("x.npz", PARAMS, a=object()), "JSON"),
    ]:
        with pytest.raises((ValueError, TypeError), match=error):
            call()


def test_array_likes_are_welcome(tmp_path):
    J, gradients = dn.loss_and_gradients(PARAMS, X, Y)
    on_disk = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=X.shape)
    on_disk[:] = X
    welcome = {
        "lists": (X.tolist(), Y.tolist()),
        "big-endian": (X.astype(">f4"), Y.astype(">i2")),
        "bytes as labels": (X, Y.astype(np.uint8)),
        "a memory map": (on_disk, Y),
        "not contiguous": (np.repeat(X, 2, axis=1)[:, ::2], np.repeat(Y, 2)[::2]),
    }
    for name, (images, labels) in welcome.items():
        cost, found = dn.loss_and_gradients(PARAMS, images, labels)
        assert cost == pytest.approx(J, rel=1e-6), name
        np.testing.assert_allclose(found[0][0], gradients[0][0], atol=1e-7)
    _, history = dn.train(PARAMS, X.tolist(), Y.tolist(), epochs=1, batch_size=np.uint8(4), progress=False)
    assert len(history["cost"]) == 1


def test_jax_arrays_are_welcome():
    jnp = pytest.importorskip("jax.numpy")
    params = [(jnp.asarray(W), jnp.asarray(b)) for W, b in PARAMS]
    assert dn.accuracy(params, jnp.asarray(X), jnp.asarray(Y)) == dn.accuracy(PARAMS, X, Y)


def test_the_split_holds_out_rows_once_and_repeats():
    rows = np.arange(50)
    X_train, y_train, X_val, y_val = dn.validation_split(rows[:, None], rows, 20)
    assert sorted([*y_train, *y_val]) == list(rows) and len(y_val) == 20
    assert np.array_equal(X_train[:, 0], y_train) and np.array_equal(X_val[:, 0], y_val)
    assert np.array_equal(dn.validation_split(rows, rows, 20)[3], y_val)
    assert len(dn.validation_split(np.zeros((10_002, 1)), np.zeros(10_002, int))[3]) == 10_000
    assert not np.array_equal(dn.validation_split(rows, rows, 20, seed=1)[3], y_val)
