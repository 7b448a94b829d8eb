"""Training against plain loops, and what must not be lost when it ends early."""

import math

import numpy as np
import pytest

import digitnet_helpers as helpers

SIZES = (784, 6, 5, 10)


def plain_training(params, X, y, epochs, batch_size, update, seed=0):
    """The rule of the notebooks, one batch after the other. `update(t, gradient, state)` gives the step of an array."""
    params = [[W.copy(), b.copy()] for W, b in params]
    states = [[{}, {}] for _ in params]
    rng, t, costs, hits = np.random.default_rng(seed), 0, [], []
    for _ in range(epochs):
        order = rng.permutation(len(X)) if batch_size < len(X) else np.arange(len(X))
        cost, right = 0.0, 0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            right += (helpers.predict(params, X[rows]) == y[rows]).sum()
            J, gradients = helpers.loss_and_gradients(params, X[rows], y[rows])
            cost, t = cost + J * len(rows), t + 1
            for pair, gradient_pair, state_pair in zip(params, gradients, states):
                for k in (0, 1):
                    pair[k] -= update(t, gradient_pair[k], state_pair[k])
        costs.append(cost / len(X))
        hits.append(right / len(X))
    return params, costs, hits


def sgd(rate):
    return lambda t, g, state: rate * g


def momentum(rate):
    def update(t, g, state):
        state["v"] = 0.9 * state.get("v", 0) + g
        return rate * state["v"]

    return update


def adam(rate):
    def update(t, g, state):
        state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
        state["v"] = 0.999 * state.get("v", 0) + 0.001 * g**2
        return rate * (state["m"] / (1 - 0.9**t)) / (np.sqrt(state["v"] / (1 - 0.999**t)) + 1e-8)

    return update


def assert_same(params, expected, rtol=1e-9):
    for pair, expected_pair in zip(params, expected):
        for array, expected_array in zip(pair, expected_pair):
            np.testing.assert_allclose(array, expected_array, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "rule", "rate"), [("sgd", sgd, 0.3), ("momentum", momentum, 0.02), ("adam", adam, 0.003)]
)
@pytest.mark.parametrize("batch_size", [None, 300, 1000, 100, 64])
def test_training_is_the_plain_rule(few, name, rule, rate, batch_size):
    X, y = few
    params = helpers.init_params(SIZES, dtype=np.float64)
    trained, history = helpers.train(
        params, X, y, epochs=3, batch_size=batch_size, optimizer=name, learning_rate=rate, seed=7, progress=False
    )
    expected, costs, hits = plain_training(params, X, y, 3, min(batch_size or 300, 300), rule(rate), seed=7)
    assert_same(trained, expected)
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-9)
    np.testing.assert_allclose(history["accuracy"], hits)


@pytest.mark.parametrize(
    ("name", "rule", "rate"), [("sgd", sgd, 0.1), ("momentum", momentum, 0.05), ("adam", adam, 1e-3)]
)
def test_learning_rate_unless_told_otherwise(few, name, rule, rate):
    X, y = few
    params = helpers.init_params(SIZES, dtype=np.float64)
    trained, _ = helpers.train(params, X, y, epochs=2, optimizer=name, progress=False)
    assert_same(trained, plain_training(params, X, y, 2, 300, rule(rate))[0])


def test_plain_full_batch_gradient_descent_unless_told_otherwise(few):
    X, y = few
    params = helpers.init_params(SIZES, dtype=np.float64)
    trained, history = helpers.train(params, X, y, epochs=1, progress=False)
    cost, gradients = helpers.loss_and_gradients(params, X, y)
    assert_same(trained, [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(params, gradients)])
    assert history["cost"][0] == pytest.approx(cost, rel=1e-12)


def test_float32_stays_float32_and_follows_float64(mnist):
    X, y = mnist.X_train[:2000], mnist.y_train[:2000]
    trained, history = helpers.train(helpers.init_params(SIZES), X, y, epochs=5, progress=False)
    assert {array.dtype for pair in trained for array in pair} == {np.dtype(np.float32)}
    wide = [(W.astype(np.float64), b.astype(np.float64)) for W, b in helpers.init_params(SIZES)]
    _, expected = helpers.train(wide, X.astype(np.float64), y, epochs=5, progress=False)
    np.testing.assert_allclose(history["cost"], expected["cost"], rtol=1e-5)


def test_given_parameters_are_never_changed(few):
    params = helpers.init_params(SIZES, dtype=np.float64)
    before = [(W.copy(), b.copy()) for W, b in params]
    trained, _ = helpers.train(params, *few, epochs=2, progress=False)
    for pair, copy, new in zip(params, before, trained):
        for a, b, c in zip(pair, copy, new):
            np.testing.assert_array_equal(a, b)
            assert not np.shares_memory(a, c)


def test_same_seed_same_result(few):
    params = helpers.init_params(SIZES, dtype=np.float64)
    runs = [
        helpers.train(params, *few, epochs=2, batch_size=32, optimizer="adam", seed=seed, progress=False)
        for seed in (4, 4, 5)
    ]
    for name in ("cost", "accuracy"):
        np.testing.assert_array_equal(runs[0][1][name], runs[1][1][name])
    np.testing.assert_array_equal(runs[0][0][0][0], runs[1][0][0][0])
    assert (runs[0][0][0][0] != runs[2][0][0][0]).any()


def test_history_counts_and_validation(few):
    X, y = few
    params = helpers.init_params(SIZES, dtype=np.float64)
    trained, history = helpers.train(
        params,
        X[:200],
        y[:200],
        epochs=4,
        batch_size=50,
        learning_rate=0.2,
        validation=(X[200:], y[200:]),
        progress=False,
    )
    assert set(history) == {"cost", "accuracy", "val_cost", "val_accuracy", "seconds", "stopped"}
    assert all(len(history[name]) == 4 for name in history if name != "stopped")
    assert history["stopped"] == "finished"
    assert (np.diff(history["seconds"]) > 0).all()
    expected = helpers.cross_entropy(helpers.predict_proba(trained, X[200:]), y[200:])
    assert history["val_cost"][-1] == pytest.approx(expected)
    assert history["val_accuracy"][-1] == helpers.accuracy(trained, X[200:], y[200:])
    without, _ = helpers.train(params, X[:200], y[:200], epochs=4, batch_size=50, learning_rate=0.2, progress=False)
    assert_same(trained, without, rtol=0)


def test_twenty_images_are_learned_by_heart(few):
    X, y = few[0][:20], few[1][:20]
    params, history = helpers.train(
        helpers.init_params(dtype=np.float64), X, y, epochs=300, optimizer="adam", learning_rate=0.01, progress=False
    )
    assert helpers.accuracy(params, X, y) == 1.0
    assert history["cost"][0] == pytest.approx(math.log(10), rel=0.15)
    assert history["cost"][-1] < 0.01


def test_real_digits_are_learned(mnist):
    params, _ = helpers.train(
        helpers.init_params(), mnist.X_train, mnist.y_train,
        epochs=2, batch_size=128, optimizer="adam", learning_rate=0.003, progress=False,
    )  # fmt: skip
    assert helpers.accuracy(params, mnist.X_test, mnist.y_test) > 0.93


def test_divergence_stops_and_keeps_what_was_learned(mnist):
    X, y, params = mnist.X_train[:300], mnist.y_train[:300], helpers.init_params(SIZES)
    message = r"diverged in epoch \d+.*smaller learning_rate, such as 2\.5e\+19"
    with pytest.raises(FloatingPointError, match=message) as caught:
        helpers.train(params, X, y, epochs=200, optimizer="momentum", learning_rate=1e20, progress=False)
    epoch = int(str(caught.value).split("epoch ")[1].split(":")[0])
    history = caught.value.history
    assert epoch > 1 and len(history["cost"]) == epoch - 1 and np.isfinite(history["cost"]).all()
    assert history["stopped"] == "diverged"
    assert all(np.isfinite(array).all() for pair in caught.value.params for array in pair)
    helpers.accuracy(caught.value.params, X, y)


def interrupt_after(monkeypatch, calls):
    right, count = helpers._mean_gradient, [0]

    def interrupted(*arguments):
        count[0] += 1
        if count[0] > calls:
            raise KeyboardInterrupt
        return right(*arguments)

    monkeypatch.setattr(helpers, "_mean_gradient", interrupted)


def test_interruption_returns_what_was_learned(few, monkeypatch, capsys):
    X, y = few
    params = helpers.init_params(SIZES, dtype=np.float64)
    expected, _, _ = plain_training(params, X, y, 3, 300, sgd(0.1))
    interrupt_after(monkeypatch, 3)
    trained, history = helpers.train(params, X, y, epochs=50, progress=False)
    assert history["stopped"] == "interrupted" and len(history["cost"]) == 3
    assert_same(trained, expected)
    assert "Interrupted in epoch 4 of 50" in capsys.readouterr().out


def test_interruption_between_validation_and_training_leaves_whole_epochs(few, monkeypatch):
    interrupt_after(monkeypatch, 5)  # the third epoch's validation
    params = helpers.init_params(SIZES, dtype=np.float64)
    _, history = helpers.train(params, *few, epochs=50, validation=few, progress=False)
    assert {len(history[name]) for name in ("cost", "accuracy", "val_cost", "val_accuracy", "seconds")} == {2}


def test_progress_bar_shows_the_cost_so_far(few, capsys):
    params = helpers.init_params(SIZES, dtype=np.float64)
    _, history = helpers.train(params, *few, epochs=2)
    shown = capsys.readouterr()
    assert f"cost {history['cost'][-1]:.4f}" in shown.err and "2/2" in shown.err
    helpers.train(params, *few, epochs=2, progress=False)
    shown = capsys.readouterr()
    assert shown.err == shown.out == ""


def test_progress_bar_moves_a_hundred_times_at_most(few, capsys):
    params = helpers.init_params((784, 10), dtype=np.float64)
    helpers.train(params, few[0][:20], few[1][:20], epochs=700)
    shown = capsys.readouterr().err
    assert 90 < shown.count("\r") < 110 and "700/700" in shown


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": -3}, "epochs is -3"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"epochs": True}, "epochs is True"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 2.0}, "batch_size is 2.0"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"learning_rate": -0.1}, "expected a positive number, such as 0.1"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"learning_rate": math.inf}, "learning_rate is inf"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"optimizer": "magic"}, "'sgd', 'momentum', 'adam'"),
    ],
)
def test_impossible_settings_are_named(few, setting, message):
    with pytest.raises(ValueError, match=message):
        helpers.train(
            helpers.init_params(SIZES, dtype=np.float64), *few, **({"epochs": 1, "progress": False} | setting)
        )


def test_baselines_by_hand():
    # Two pixels, two classes that occur: class 1 is bright on the left, class 4 on the right and brighter overall.
    X_train = np.array([[0.4, 0.0], [0.6, 0.0], [0.5, 0.0], [0.0, 0.9], [0.0, 0.7], *np.eye(8, 2) * 0 + 10.0])
    y_train = np.array([1, 1, 1, 4, 4, 0, 2, 3, 5, 6, 7, 8, 9])
    X_eval = np.array([[0.5, 0.1], [0.1, 0.6], [0.79, 0.0], [0.0, 0.45]])
    y_eval = np.array([1, 4, 1, 4])
    rungs = helpers.baseline_accuracies(X_train, y_train, X_eval, y_eval)
    assert list(rungs) == ["chance", "darkness", "nearest mean", "softmax regression"]
    assert rungs["chance"] == 0.5
    assert rungs["nearest mean"] == 1.0
    # Mean brightness 0.3, 0.35, 0.395, 0.225 against 0.25 for class 1 and 0.4 for class 4.
    assert rungs["darkness"] == 0.5


def test_baselines_on_real_digits(mnist):
    rungs = helpers.baseline_accuracies(mnist.X_train, mnist.y_train, mnist.X_test, mnist.y_test)
    assert rungs["chance"] == (mnist.y_test == 1).mean()
    assert rungs["darkness"] == pytest.approx(0.223, abs=0.002)
    assert rungs["nearest mean"] == pytest.approx(0.8203, abs=5e-4)
    assert rungs["softmax regression"] == pytest.approx(0.924, abs=0.005)
