"""Training against plain loops, and what must not be lost when it ends early."""

import math
import os
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import threadpoolctl

import digitnet_helpers as helpers

SIZES = (784, 6, 5, 10)


def plain_gradients(params, X, y):
    """Cost, correct rows and gradients as the notebooks write them: one line of NumPy for each equation."""
    Y = np.eye(params[-1][0].shape[1])[y] if y.ndim == 1 else y
    inputs = [X]
    for W, b in params:
        Z = inputs[-1] @ W + b
        inputs.append(np.maximum(Z, 0))
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    gradients, dZ = [], (P - Y) / len(X)
    for layer in reversed(range(len(params))):
        gradients.insert(0, (inputs[layer].T @ dZ, dZ.sum(axis=0)))
        dZ = dZ @ params[layer][0].T * (inputs[layer] > 0)
    return -(Y * np.log(P)).sum() / len(X), (P.argmax(axis=1) == Y.argmax(axis=1)).sum(), gradients


def plain_training(params, X, y, epochs, batch_size, update, seed=0, rate=None, decay=0.0, augment=None):
    """The rule of the notebooks, one batch after the other. `update(t, gradient, state)` gives the step of an array.

    With a schedule `rate(progress)`, that step is of rate 1.
    """
    params = [[W.copy(), b.copy()] for W, b in params]
    states = [[{}, {}] for _ in params]
    rng, t, costs, hits, given = np.random.default_rng(seed), 0, [], [], (X, y)
    steps = -(-len(X) // batch_size)
    for _ in range(epochs):
        X, y = augment(*given, rng) if augment else given
        order = rng.permutation(len(X)) if batch_size < len(X) else np.arange(len(X))
        cost, right = 0.0, 0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            J, hit, gradients = plain_gradients(params, X[rows], y[rows])
            scale = rate(t / (epochs * steps)) if rate else 1
            cost, right, t = cost + J * len(rows), right + hit, t + 1
            for pair, gradient_pair, state_pair in zip(params, gradients, states):
                pair[0] -= scale * decay * pair[0]
                for k in (0, 1):
                    pair[k] -= scale * update(t, gradient_pair[k], state_pair[k])
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


def assert_identical(params, expected):
    for pair, expected_pair in zip(params, expected):
        for array, expected_array in zip(pair, expected_pair):
            np.testing.assert_array_equal(array, expected_array)


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


@pytest.mark.parametrize("sizes", [(784, 10), (784, 25, 10), (784, 25, 15, 10), (784, 90, 12, 9, 10)])
@pytest.mark.parametrize("block_rows", [16, 70])
@pytest.mark.parametrize("batch_size", [None, 200, 70, 16, 9])
def test_rows_are_shared_out_blocked_and_gathered_without_loss(few, monkeypatch, sizes, block_rows, batch_size):
    # Blocks so small that 300 rows are several for every thread, the last ones and the last batches ragged.
    monkeypatch.setattr(helpers, "_BLOCK_ROWS", block_rows)
    X, y = few
    params = helpers.init_params(sizes, dtype=np.float64)
    settings = {"epochs": 2, "batch_size": batch_size, "optimizer": "adam", "seed": 3, "progress": False}
    trained, history = helpers.train(params, X, y, **settings)
    expected, costs, hits = plain_training(params, X, y, 2, batch_size or 300, adam(0.001), seed=3)
    assert_same(trained, expected, rtol=1e-7)
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-9)
    np.testing.assert_allclose(history["accuracy"], hits)


def test_a_small_rest_of_large_batches_is_its_own_rows(few, monkeypatch):
    monkeypatch.setattr(helpers, "_BLOCK_ROWS", 150)  # 200 rows are shared out, the remaining 100 are one block
    params = helpers.init_params((784, 10), dtype=np.float64)
    trained, history = helpers.train(params, *few, epochs=2, batch_size=200, seed=3, progress=False)
    expected, costs, _ = plain_training(params, *few, 2, 200, sgd(0.1), seed=3)
    assert_same(trained, expected)
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-9)


def test_adam_is_the_plain_rule_over_hundreds_of_updates(few):
    X, y = few[0][:20], few[1][:20]
    params = helpers.init_params((784, 10), dtype=np.float64)
    trained, _ = helpers.train(params, X, y, epochs=300, optimizer="adam", progress=False)
    assert_same(trained, plain_training(params, X, y, 300, 20, adam(0.001))[0], rtol=1e-7)


@pytest.mark.parametrize(("dtype", "small"), [(np.float32, 1e-34), (np.float64, 1e-300)])
def test_adam_forgets_what_is_too_small_for_quick_arithmetic(dtype, small):
    adam, w = helpers._Adam(2, dtype), np.zeros(2, dtype)
    for t in range(1, 130):
        adam.step(w, np.array([1, small], dtype), 1e-3)
        m, s = adam.moments
        assert m[0] > 0 < s[0] and (m[1] > 0) == (t != 128), t


def test_the_first_of_two_equal_classes_is_the_prediction(few):
    params = [(np.zeros((784, 10)), np.zeros(10))]
    _, history = helpers.train(params, *few, epochs=1, progress=False)
    assert history["accuracy"][0] == helpers.accuracy(params, *few) == (few[1] == 0).mean()


def test_the_number_of_cores_changes_nothing(mnist, monkeypatch):
    X, y, runs = mnist.X_train[:5000], mnist.y_train[:5000], []
    for cores in (1, 2, 64):
        monkeypatch.setattr(helpers.os, "cpu_count", lambda cores=cores: cores)
        for batch_size in (None, 2500, 128):
            runs.append(helpers.train(
                helpers.init_params(), X, y, epochs=2, batch_size=batch_size, optimizer="adam", progress=False
            )[0])  # fmt: skip
    for k in range(3):
        assert_identical(runs[k], runs[k + 3])
        assert_identical(runs[k], runs[k + 6])


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [None, 64])
def test_nothing_is_computed_in_another_dtype(few, monkeypatch, dtype, batch_size):
    right = helpers._Share.block

    def checked(self, params, X, y, n, gradients):
        result = right(self, params, X, y, n, gradients)
        As, dZs, _, ones = self.arrays[len(X)]
        arrays = [X, ones, *As, *dZs, *(array for pair in [*params, *(gradients or [])] for array in pair)]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}
        return result

    monkeypatch.setattr(helpers._Share, "block", checked)
    params, X = helpers.init_params(SIZES, dtype=dtype), few[0].astype(dtype)
    for optimizer in helpers.OPTIMIZERS:
        settings = {"epochs": 1, "batch_size": batch_size, "optimizer": optimizer, "validation": (X, few[1])}
        for state in helpers.training(params, X, few[1], **settings):
            assert {moment.dtype for moment in state.optimizer.moments} <= {np.dtype(dtype)}
        trained, _ = helpers.train(params, X, few[1], **settings, progress=False)
        assert all(array.dtype == dtype and array.flags.c_contiguous for pair in trained for array in pair)


def test_seconds_count_from_the_start(few):
    params, before = helpers.init_params(SIZES, dtype=np.float64), time.perf_counter()
    _, history = helpers.train(params, *few, epochs=2, progress=False)
    assert 0 < history["seconds"][0] < history["seconds"][1] <= time.perf_counter() - before


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
    assert_identical(trained, without)


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
    message = r"diverged in epoch \d+.*smaller learning_rate, such as 0\.05;"
    with pytest.raises(FloatingPointError, match=message) as caught:
        helpers.train(params, X, y, epochs=200, optimizer="momentum", learning_rate=1e20, progress=False)
    epoch = int(str(caught.value).split("epoch ")[1].split(":")[0])
    history = caught.value.history
    assert epoch > 1 and len(history["cost"]) == epoch - 1 and np.isfinite(history["cost"]).all()
    assert history["stopped"] == "diverged"
    assert all(np.isfinite(array).all() for pair in caught.value.params for array in pair)
    helpers.accuracy(caught.value.params, X, y)


@pytest.mark.parametrize("usual, advice", [(0.1, r"0\.1;"), (1e300, r"3\.1e\+200;")])
def test_divergence_advises_a_quarter_of_the_rate_or_the_usual_one(few, monkeypatch, usual, advice):
    monkeypatch.setitem(helpers.OPTIMIZERS, "sgd", (helpers._GradientDescent, usual))
    with pytest.raises(FloatingPointError, match=f"epoch 2:.*such as {advice}"):
        helpers.train(
            helpers.init_params(SIZES, dtype=np.float64), *few, epochs=4, progress=False,
            learning_rate=lambda t: 1e201 * (1 + t),
        )  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("block_rows", [2048, 16])  # in one thread, in several
def test_divergence_warns_in_no_thread(monkeypatch, block_rows):
    monkeypatch.setattr(helpers, "_BLOCK_ROWS", block_rows)
    X, y = np.random.default_rng(0).random((300, 784), np.float32), np.arange(300) % 10
    with pytest.raises(FloatingPointError, match="epoch 2"):
        helpers.train(helpers.init_params(SIZES), X, y, epochs=9, learning_rate=1e20, progress=False)


def interrupt_after(monkeypatch, calls):
    right, count = helpers._MeanGradient.__call__, [0]

    def interrupted(*arguments, **keywords):
        count[0] += 1
        if count[0] > calls:
            raise KeyboardInterrupt
        return right(*arguments, **keywords)

    monkeypatch.setattr(helpers._MeanGradient, "__call__", interrupted)


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


@pytest.mark.parametrize(("epoch", "epochs", "each"), [(0, 1, 1), (3, 20, 1), (7, 250, 2)])
def test_progress_bar_counts_epochs_from_where_a_training_goes_on(monkeypatch, epoch, epochs, each):
    monkeypatch.setattr("tqdm.auto.tqdm", lambda **settings: settings)
    for progress in (True, False):
        assert helpers._progress_bar(SimpleNamespace(epoch=epoch, epochs=epochs), progress) == {
            "initial": epoch, "total": epochs, "unit": "epoch", "disable": not progress,
            "miniters": each, "mininterval": 0, "maxinterval": math.inf,
        }  # fmt: skip


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
        ({"weight_decay": -0.1}, "weight_decay is -0.1; expected a number of at least 0"),
        ({"weight_decay": math.nan}, "weight_decay is nan"),
        ({"weight_decay": math.inf}, "weight_decay is inf"),
        ({"weight_decay": "some"}, "weight_decay is 'some'"),
        ({"optimizer": "magic"}, "'sgd', 'momentum', 'adam'"),
    ],
)
def test_impossible_settings_are_named(few, setting, message):
    with pytest.raises(ValueError, match=message):
        helpers.train(
            helpers.init_params(SIZES, dtype=np.float64), *few, **({"epochs": 1, "progress": False} | setting)
        )


# --- one update at a time ----------------------------------------------------------------------------------------


def test_training_tells_how_far_it_is_and_ends_where_train_does(few):
    params = helpers.init_params(SIZES, dtype=np.float64)
    settings = {"epochs": 2, "batch_size": 128, "optimizer": "momentum", "validation": few}
    seen = []
    for state in helpers.training(params, *few, **settings):
        seen.append((state.epoch, state.step, state.steps, state.epochs, len(state.history["val_cost"])))
        assert [W.shape for W, _ in state.params] == [W.shape for W, _ in params]
    assert [row[:2] for row in seen] == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0)]
    assert {row[2:4] for row in seen} == {(3, 2)} and [row[4] for row in seen] == [0, 0, 1, 1, 1, 2]
    trained, history = helpers.train(params, *few, **settings, progress=False)
    assert_identical(state.params, trained)
    np.testing.assert_array_equal(state.history["cost"], history["cost"])
    assert state.history["stopped"] == history["stopped"] == "finished"


def test_the_parameters_of_a_training_under_way_are_live(few):
    params = helpers.init_params(SIZES, dtype=np.float64)
    updates = helpers.training(params, *few, epochs=9)
    state = next(updates)
    assert state.history["stopped"] == "running"
    W1 = state.params[0][0]
    before = W1.copy()
    assert (next(updates).params[0][0] == W1).all() and (before != W1).any()


def test_what_does_not_fit_is_said_at_once(few):
    with pytest.raises(ValueError, match="epochs is 0"):
        helpers.training(helpers.init_params(SIZES, dtype=np.float64), *few, epochs=0)


def blas_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def test_closing_a_training_gives_its_threads_back(few):
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        params, threads = helpers.init_params(SIZES, dtype=np.float64), threading.active_count()
        first, second = (helpers.training(params, *few, epochs=9, batch_size=16) for _ in range(2))
        next(first), next(second)
        assert blas_threads() == {1} and threading.active_count() > threads
        first.close()  # not in the order of a stack: the second still needs its single thread
        next(second)
        assert blas_threads() == {1}
        second.close()
        assert blas_threads() == {2} and threading.active_count() == threads


def test_the_page_keeps_its_floating_point_warnings(few):
    updates = helpers.training(helpers.init_params(SIZES, dtype=np.float64), *few, epochs=9)
    before = np.geterr()
    next(updates)
    assert np.geterr() == before


# --- schedule, decay, augmentation, soft targets -----------------------------------------------------------------


@pytest.mark.parametrize(("name", "rule"), [("sgd", sgd), ("momentum", momentum), ("adam", adam)])
def test_schedule_decay_and_augmentation_are_the_plain_rule(few, name, rule):
    def jitter(X, y, rng):
        return X * rng.uniform(0.5, 1, (len(X), 1)), y

    X, y = few
    params = [(W, b + 0.1) for W, b in helpers.init_params(SIZES, dtype=np.float64)]
    rate = helpers.cosine_schedule(0.01, warmup=0.1)
    trained, history = helpers.train(
        params, X, y, epochs=3, batch_size=64, optimizer=name, learning_rate=rate, weight_decay=0.5, augment=jitter,
        progress=False,
    )  # fmt: skip
    expected, costs, _ = plain_training(params, X, y, 3, 64, rule(1), rate=rate, decay=0.5, augment=jitter)
    assert_same(trained, expected)
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-9)


def test_weights_decay_and_biases_do_not(few):
    # A label for every class, in equal parts, and no ink: the gradient of W is 0, that of b at b = 0 too.
    params = [(np.ones((784, 10)), np.zeros(10))]
    trained, _ = helpers.train(
        params, np.zeros((10, 784)), np.arange(10), epochs=2, learning_rate=0.1, weight_decay=0.5, progress=False
    )
    np.testing.assert_allclose(trained[0][0], 0.95**2)
    np.testing.assert_allclose(trained[0][1], 0, atol=1e-15)


def test_cosine_schedule_by_hand():
    rate = helpers.cosine_schedule(0.8, warmup=0.2)
    assert [rate(t) for t in (0, 0.05, 0.1, 0.2)] == pytest.approx([0, 0.2, 0.4, 0.8])
    assert rate(0.6) == pytest.approx(0.4) and rate(0.4) == pytest.approx(0.4 * (1 + math.sqrt(0.5)))
    assert 0 < rate(0.999) < 1e-4
    assert helpers.cosine_schedule(0.8, warmup=0)(0) == 0.8


@pytest.mark.parametrize(("peak", "warmup"), [(0, 0.1), (-1, 0.1), (math.nan, 0), (math.inf, 0), (1, 1), (1, -0.1)])
def test_cosine_schedule_refuses_what_it_cannot_follow(peak, warmup):
    with pytest.raises(ValueError, match="positive peak"):
        helpers.cosine_schedule(peak, warmup)


@pytest.mark.parametrize("batch_size", [None, 64])
def test_soft_targets_are_the_plain_rule(few, batch_size):
    X, y = few
    Y = 0.9 * np.eye(10)[y] + 0.01
    params = helpers.init_params(SIZES, dtype=np.float64)
    trained, history = helpers.train(
        params, X, Y, epochs=3, batch_size=batch_size, learning_rate=0.1, validation=(X, Y), progress=False
    )
    expected, costs, hits = plain_training(params, X, Y, 3, batch_size or 300, sgd(0.1))
    assert_same(trained, expected)
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-9)
    np.testing.assert_allclose(history["accuracy"], hits)
    assert history["val_accuracy"][-1] == helpers.accuracy(trained, X, y)


def test_augmentation_may_turn_labels_into_soft_targets(few):
    params = helpers.init_params(SIZES, dtype=np.float64)
    settings = {"epochs": 2, "batch_size": 100, "progress": False}
    hard, _ = helpers.train(params, *few, **settings)
    soft, _ = helpers.train(params, *few, **settings, augment=lambda X, y, rng: (X, np.eye(10)[y]))
    assert_same(soft, hard)


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda X, y: X, ValueError, r"augment must return \(X, y\)"),
        (lambda X, y: (X.tolist(), y), ValueError, r"augment must return \(X, y\) with X of shape \(300, 784\)"),
        (lambda X, y: (X[:9], y[:9]), ValueError, r"augment must return \(X, y\) with X of shape \(300, 784\)"),
        (lambda X, y: (X.astype(np.float32), y), TypeError, "augment returned X as float32; expected float64"),
        (lambda X, y: (X, y + 1), ValueError, "labels from 1 to 10"),
        (lambda X, y: (X, np.eye(10)[y] * 2), ValueError, "every row summing to 1"),
    ],
)
def test_a_wrong_augmentation_is_named(few, made, error, message):
    with pytest.raises(error, match=message):
        helpers.train(
            helpers.init_params(SIZES, dtype=np.float64), *few, epochs=1, progress=False,
            augment=lambda X, y, rng: made(X, y),
        )  # fmt: skip


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_a_wrong_rate_of_a_schedule_is_named(few, rate):
    with pytest.raises(ValueError, match=r"learning_rate gave .* at t = 0.5"):
        helpers.train(
            helpers.init_params(SIZES, dtype=np.float64), *few, epochs=2, progress=False,
            learning_rate=lambda t: 0.1 if t < 0.5 else rate,
        )  # fmt: skip


# --- checkpoints -------------------------------------------------------------------------------------------------


def scaled(X, y, rng):
    return X * rng.uniform(0.5, 1, (len(X), 1)), y


RECIPES = [
    {"optimizer": name, "learning_rate": rate, **more}
    for name in ("sgd", "momentum", "adam")
    for rate, more in (
        (None, {}),
        (helpers.cosine_schedule(0.01), {"batch_size": 64, "augment": scaled, "weight_decay": 0.1}),
    )
]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("updates", [1, 7, 12])
def test_a_resumed_training_is_the_straight_one_bit_for_bit(few, tmp_path, recipe, updates):
    settings = {"epochs": 5, "validation": few, "seed": 2, **recipe}
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    straight, history = helpers.train(params, *few, **settings, progress=False)
    broken = helpers.training(params, *few, **settings, checkpoint=path)
    for _ in zip(range(updates), broken):
        pass
    broken.close()
    resumed, resumed_history = helpers.train(params, *few, **settings, checkpoint=path, progress=False)
    assert_identical(resumed, straight)
    for name in ("cost", "accuracy", "val_cost", "val_accuracy"):
        np.testing.assert_array_equal(resumed_history[name], history[name])
    assert (np.diff(resumed_history["seconds"]) > 0).all() and resumed_history["stopped"] == "finished"
    assert os.listdir(tmp_path) == ["training.npz"]


def test_an_interrupted_training_resumes(few, tmp_path, monkeypatch, capsys):
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    settings = {"epochs": 4, "batch_size": 100, "optimizer": "adam", "progress": False}
    straight, _ = helpers.train(params, *few, **settings)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 8)
        _, history = helpers.train(params, *few, **settings, checkpoint=path)
    assert history["stopped"] == "interrupted" and "Interrupted in epoch 3 of 4" in capsys.readouterr().out
    resumed, _ = helpers.train(params, *few, **settings, checkpoint=path)
    assert_identical(resumed, straight)


def test_a_finished_checkpoint_gives_its_result_and_takes_more_epochs(few, tmp_path):
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    settings = {"batch_size": 100, "optimizer": "adam", "progress": False}
    first, _ = helpers.train(params, *few, epochs=2, **settings, checkpoint=path)
    again, history = helpers.train(params, *few, epochs=2, **settings, checkpoint=path)
    assert_identical(again, first)
    assert len(history["cost"]) == 2 and history["stopped"] == "finished"
    more, _ = helpers.train(params, *few, epochs=5, **settings, checkpoint=path)
    assert_identical(more, helpers.train(params, *few, epochs=5, **settings)[0])
    with pytest.raises(ValueError, match=r"of 5 epochs, more than 3.*delete the file"):
        helpers.train(params, *few, epochs=3, **settings, checkpoint=path)


def test_a_long_training_is_saved_on_the_way(few, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(helpers.time, "monotonic", lambda: now[0])
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    for state in helpers.training(params, *few, epochs=4, checkpoint=path):
        assert path.exists() == (state.epoch > 2)
        now[0] += 3  # seconds


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("batch_size", {"batch_size": 50}),
        ("optimizer", {"optimizer": "momentum"}),
        ("learning_rate", {"learning_rate": 0.02}),
        ("learning_rate", {"learning_rate": helpers.cosine_schedule(0.01)}),
        ("weight_decay", {"weight_decay": 0.1}),
        ("augment", {"augment": scaled}),
        ("seed", {"seed": 1}),
        ("params", {"params": helpers.init_params(SIZES, 1, np.float64)}),
        ("params", {"params": helpers.init_params((784, 5, 10), 0, np.float64)}),
        ("params", {"params": [(W, b + 0.1) for W, b in helpers.init_params(SIZES, dtype=np.float64)]}),
        ("X", {"X": lambda X: np.where(np.arange(784) == 300, 0.5, X)}),
        ("y", {"y": lambda y: np.where(np.arange(300) == 7, 0, y)}),
        ("validation", {"validation": (np.ones((1, 784)), np.array([1]))}),
    ],
)
def test_a_checkpoint_of_another_training_is_refused_by_name(few, tmp_path, name, change):
    path = tmp_path / "training.npz"
    settings = {
        "params": helpers.init_params(SIZES, dtype=np.float64), "X": few[0], "y": few[1], "epochs": 1,
        "batch_size": 100, "learning_rate": 0.01, "progress": False, "checkpoint": path,
    }  # fmt: skip
    helpers.train(**settings)
    before = path.read_bytes()
    change = {k: v(settings[k]) if k in "Xy" else v for k, v in change.items()}
    with pytest.raises(ValueError, match=f"another {name}.*give the same {name}, or delete the file"):
        helpers.train(**(settings | change))
    assert path.read_bytes() == before


class Scaling:
    def __call__(self, X, y, rng):
        return scaled(X, y, rng)


class Leaving:
    def __call__(self, X, y, rng):
        return X, y


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("augment", scaled, lambda X, y, rng: (X, y)),
        ("augment", Scaling(), scaled),
        ("augment", Scaling(), Leaving()),
        ("learning_rate", helpers.cosine_schedule(0.1, warmup=0.1), helpers.cosine_schedule(0.1, warmup=0.2)),
    ],
)
def test_a_checkpoint_tells_functions_apart(few, tmp_path, name, before, after):
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    for _ in range(2):
        helpers.train(params, *few, epochs=1, **{name: before}, checkpoint=path, progress=False)
    with pytest.raises(ValueError, match=f"another {name}"):
        helpers.train(params, *few, epochs=1, **{name: after}, checkpoint=path, progress=False)


def test_a_schedule_is_never_asked_beyond_its_range(few, tmp_path):
    def rate(t):
        assert 0 <= t < 1
        return 0.1

    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    for _ in range(2):  # trained, and read from its checkpoint
        helpers.train(params, *few, epochs=1, learning_rate=rate, checkpoint=path, progress=False)


def test_a_schedule_is_over_all_epochs(few, tmp_path):
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    settings = {"learning_rate": helpers.cosine_schedule(0.1), "checkpoint": path, "progress": False}
    helpers.train(params, *few, epochs=2, **settings)
    with pytest.raises(ValueError, match=r"another epochs \(2 there, 3 here\)"):
        helpers.train(params, *few, epochs=3, **settings)


@pytest.mark.parametrize("damage", [lambda old: old[:200], lambda old: b"", lambda old: b"no zip" + old[6:], "model"])
def test_a_damaged_checkpoint_is_refused(few, tmp_path, damage):
    params, path = helpers.init_params(SIZES, dtype=np.float64), tmp_path / "training.npz"
    if damage == "model":
        helpers.save_model(path, params)
    else:
        helpers.train(params, *few, epochs=1, checkpoint=path, progress=False)
        path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"no checkpoint that can be used.*delete the file"):
        helpers.train(params, *few, epochs=2, checkpoint=path, progress=False)
    assert path.read_bytes() == before


def test_a_folder_that_is_missing_is_said_before_the_training(few, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        helpers.training(
            helpers.init_params(SIZES, dtype=np.float64), *few, epochs=1, checkpoint=tmp_path / "nowhere" / "t.npz"
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


def test_baselines_are_the_plain_rules(mnist, capfd):
    X, y, X_eval, y_eval = mnist.X_train[:2000], mnist.y_train[:2000], mnist.X_test[:500], mnist.y_test[:500]
    rungs = helpers.baseline_accuracies(X, y, X_eval, y_eval)
    means = [X[y == digit].mean(axis=0) for digit in range(10)]
    nearest = [np.argmin([((x - mean) ** 2).sum() for mean in means]) for x in X_eval]
    darkness = [np.argmin([abs(x.mean() - mean.mean()) for mean in means]) for x in X_eval]
    commonest = np.bincount(y).argmax()
    assert rungs["nearest mean"] == (nearest == y_eval).mean()
    assert rungs["darkness"] == (darkness == y_eval).mean()
    assert rungs["chance"] == (commonest == y_eval).mean()
    assert 0.75 < rungs["softmax regression"] < 0.9
    assert capfd.readouterr().err == ""


def test_softmax_regression_is_a_network_without_hidden_layers(few):
    X, y = few
    recipe = {"epochs": 5, "batch_size": 128, "optimizer": "adam", "learning_rate": 0.002, "progress": False}
    regression, _ = helpers.train(helpers.init_params((784, 10), dtype=np.float64), X, y, **recipe)
    for halves in (slice(0, 150), slice(150, 300)):  # two figures, which another recipe seldom gives by chance
        rungs = helpers.baseline_accuracies(X, y, X[halves], y[halves])
        assert rungs["softmax regression"] == helpers.accuracy(regression, X[halves], y[halves])


def test_baselines_on_real_digits(mnist):
    rungs = helpers.baseline_accuracies(mnist.X_train, mnist.y_train, mnist.X_test, mnist.y_test)
    assert rungs["chance"] == (mnist.y_test == 1).mean()
    assert rungs["darkness"] == pytest.approx(0.223, abs=0.002)
    assert rungs["nearest mean"] == pytest.approx(0.8203, abs=5e-4)
    assert rungs["softmax regression"] == pytest.approx(0.924, abs=0.005)
