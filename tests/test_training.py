"""Training, against the plain loop that it stands for; interruptions, divergence, abandonment."""

import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import digitnet_helpers as dn

TRAIN = {"epochs": 3, "progress": False}


def same(params, others):
    return all(np.array_equal(V, U) for pair, other in zip(params, others) for V, U in zip(pair, other))


def close(params, others, **tolerance):
    for pair, other in zip(params, others):
        for V, U in zip(pair, other):
            np.testing.assert_allclose(V, U, **tolerance)


def plain_loop(params, X, y, epochs, batch_size, formula, rate, decay=0.0, seed=0):
    """The loop of notebook 05, array by array, with the optimizer as its formula on one array."""
    params = [[W.copy(), b.copy()] for W, b in params]
    states, rng, costs = {}, np.random.default_rng(seed), []
    steps = -(-len(X) // batch_size)
    for epoch in range(epochs):
        order = rng.permutation(len(X)) if batch_size < len(X) else np.arange(len(X))
        total = 0.0
        for step in range(steps):
            rows = order[step * batch_size : (step + 1) * batch_size]
            J, gradients = dn.loss_and_gradients([tuple(pair) for pair in params], X[rows], y[rows])
            total += J * len(rows) / len(X)
            now = rate((epoch * steps + step + 1) / (epochs * steps + 1))
            for k, (pair, gradient_pair) in enumerate(zip(params, gradients)):
                pair[0] *= 1 - now * decay
                for which in (0, 1):
                    pair[which] += formula(gradient_pair[which], states.setdefault((k, which), {}), now)
        costs.append(total)
    return params, costs


def sgd(g, state, rate):
    return -rate * g


def momentum(g, state, rate):
    state["v"] = 0.9 * state.get("v", 0) + g
    return -rate * state["v"]


def adam(g, state, rate):
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["s"] = 0.999 * state.get("s", 0) + 0.001 * g * g
    return -rate * (state["m"] / (1 - 0.9**t)) / (np.sqrt(state["s"] / (1 - 0.999**t)) + 1e-8)


FORMULAS = {"sgd": (sgd, 0.1), "momentum": (momentum, 0.05), "adam": (adam, 0.001)}


@pytest.mark.parametrize("optimizer", FORMULAS)
@pytest.mark.parametrize("batch_size", [7, 40])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_train_is_the_plain_loop(small, optimizer, batch_size, decay):
    params, X, y = small
    formula, usual = FORMULAS[optimizer]
    expected, costs = plain_loop(params, X, y, 3, batch_size, formula, lambda t: usual, decay)
    found, history = dn.train(params, X, y, **TRAIN, batch_size=batch_size, optimizer=optimizer, weight_decay=decay)
    close(found, expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-10)
    assert history["stopped"] == "finished" and len(history["seconds"]) == 3


def test_a_schedule_is_asked_for_the_progress_and_obeyed(small):
    params, X, y = small
    asked = []

    def rate(t):
        asked.append(t)
        return 0.3 * (1 - t)

    found, _ = dn.train(params, X, y, **TRAIN, batch_size=20, learning_rate=rate)
    np.testing.assert_allclose(asked, np.arange(1, 7) / 7)
    expected, _ = plain_loop(params, X, y, 3, 20, sgd, lambda t: 0.3 * (1 - t))
    close(found, expected, rtol=1e-10, atol=1e-13)


def test_the_cosine_schedule_rises_falls_and_never_wastes_an_update(small):
    rate = dn.cosine_schedule(0.4, warmup=0.25)
    np.testing.assert_allclose([rate(t) for t in (0.125, 0.25, 0.625, 1.0)], [0.2, 0.4, 0.2, 0.0], atol=1e-15)
    assert dn.cosine_schedule(0.4, warmup=0)(0.5) == pytest.approx(0.2)
    params, X, y = small
    one, _ = dn.train(params, X, y, epochs=1, learning_rate=dn.cosine_schedule(0.4), progress=False)
    assert not np.array_equal(one[0][0], params[0][0])


def test_many_rows_in_blocks_are_the_mean_over_all(mnist):
    X, y = mnist.X_train[:10_300].astype(float), mnist.y_train[:10_300]
    params = dn.init_params(seed=1, dtype=float)
    J, gradients = dn.loss_and_gradients(params, X, y)
    found, history = dn.train(params, X, y, epochs=1, learning_rate=0.1, progress=False)
    assert history["cost"][0] == pytest.approx(J, rel=1e-12)
    assert history["accuracy"][0] == pytest.approx(dn.accuracy(params, X, y), abs=1e-12)
    close(found, [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(params, gradients)], atol=1e-13)
    rows = dn.train(params, X, y, epochs=1, batch_size=9_000, progress=False)[0]
    close(rows, plain_loop(params, X, y, 1, 9_000, sgd, lambda t: 0.1)[0], atol=1e-13)


def test_same_seed_same_result_whatever_the_number_of_cores(mnist, monkeypatch):
    X, y = mnist.X_train[:5_000], mnist.y_train[:5_000]
    settings = {"epochs": 2, "batch_size": 2_500, "optimizer": "adam", "progress": False}
    found = []
    for cores in (1, 2, 7):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(dn.train(dn.init_params(), X, y, **settings)[0])
    monkeypatch.setattr(dn, "IN_BROWSER", True)  # where there are no threads at all
    with threadpool_limits(1):
        found.append(dn.train(dn.init_params(), X, y, **settings)[0])
    assert all(same(found[0], others) for others in found[1:])
    assert not same(found[0], dn.train(dn.init_params(), X, y, **settings, seed=1)[0])


def test_what_was_given_stays_as_it_was(small):
    params, X, y = small
    before = [V.copy() for pair in params for V in pair] + [X.copy(), y.copy()]
    dn.train(params, X, y, **TRAIN, batch_size=7, optimizer="adam", weight_decay=0.1, validation=(X, y))
    assert all(np.array_equal(a, b) for a, b in zip(before, [V for pair in params for V in pair] + [X, y]))


def test_validation_is_measured_after_the_epoch(small):
    params, X, y = small
    found, history = dn.train(params, X[:30], y[:30], **TRAIN, validation=(X[30:], y[30:]))
    assert history["val_accuracy"][-1] == dn.accuracy(found, X[30:], y[30:])
    assert history["val_cost"][-1] == pytest.approx(dn.cross_entropy(dn.predict_proba(found, X[30:]), y[30:]))
    assert history["seconds"][0] > 0 and (np.diff(history["seconds"]) > 0).all()


def test_augment_is_called_every_epoch_and_cannot_change_the_callers_images(small):
    params, X, y = small
    draws = []

    def shift(X, y, rng):
        draws.append(rng.random())
        return X + 0.01, y

    found, _ = dn.train(params, X, y, **TRAIN, augment=shift)
    expected, _ = dn.train(params, X + 0.01, y, **TRAIN)
    close(found, expected, rtol=1e-10)
    assert len(set(draws)) == 3

    def in_place(X, y, rng):
        X += 1
        return X, y

    before = X.copy()
    with pytest.raises(ValueError, match="read-only"):
        dn.train(params, X, y, **TRAIN, augment=in_place)
    assert np.array_equal(X, before)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda X, y: X, "must return"),
        (lambda X, y: (X[:3], y), "must return"),
        (lambda X, y: (255 * X, y), "divide"),
        (lambda X, y: (X * np.nan, y), "NaN"),
        (lambda X, y: (X.astype(np.float32), y), "float32"),
        (lambda X, y: (X, y + 9), "labels"),
    ],
)
def test_what_augment_returns_is_checked(small, made, message):
    params, X, y = small
    with pytest.raises((ValueError, TypeError), match=message):
        dn.train(params, X, y, **TRAIN, augment=lambda X, y, rng: made(X, y))


@pytest.mark.parametrize("rate", [1e30, lambda t: 1e30 * t])
def test_divergence_names_the_epoch_and_a_rate_and_keeps_what_came_before(small, rate):
    params, X, y = [(W.astype(np.float32), b.astype(np.float32)) for W, b in small[0]], small[1].astype("f4"), small[2]
    with pytest.raises(FloatingPointError, match=r"epoch \d+.*such as 0\.1") as caught:
        dn.train(params, X, y, epochs=200, learning_rate=rate, progress=False)
    epochs = len(caught.value.history["cost"])
    assert caught.value.history["stopped"] == "diverged" and epochs < 200
    assert all(np.isfinite(V).all() for pair in caught.value.params for V in pair)


def test_an_interruption_keeps_what_was_learned(small, capsys):
    params, X, y = small
    calls = []

    def rate(t):
        calls.append(t)
        if len(calls) == 9:  # in the middle of the third epoch
            raise KeyboardInterrupt
        return 0.1

    found, history = dn.train(params, X, y, epochs=10, batch_size=10, learning_rate=rate, progress=False)
    assert history["stopped"] == "interrupted" and len(history["cost"]) == 2
    expected, _ = plain_loop(params, X, y, 2, 10, sgd, lambda t: 0.1)
    close(found, expected, rtol=1e-10)
    assert "2 of 10 epochs" in capsys.readouterr().out


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    """So that a limit which was not lifted is seen, also where there is usually one."""
    with threadpool_limits(2):
        yield


def test_training_tells_where_it_is_and_holds_nothing_between_updates(small, two_blas_threads):
    params, X, y = small
    usual, threads = blas_threads(), threading.active_count()
    places = [(s.epoch, s.step) for s in dn.training(params, X, y, epochs=2, batch_size=16)]
    assert places == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0)]
    updates = dn.training(params, X, y, epochs=5, batch_size=16)
    next(updates)
    assert blas_threads() == usual and threading.active_count() == threads
    with np.errstate(all="raise"):
        next(updates)
    with pytest.raises(TypeError):  # input is checked as ever, beside a training under way
        dn.predict(params, X.astype(np.float32))
    del updates
    gc.collect()
    assert blas_threads() == usual and threading.active_count() == threads


def test_trainings_in_several_threads_leave_the_limit_as_it_was(mnist, two_blas_threads):
    usual = blas_threads()

    def one(seed):
        X, y = mnist.X_train[:3_000], mnist.y_train[:3_000]
        return dn.train(dn.init_params(seed=seed), X, y, epochs=3, batch_size=64, progress=False)[0]

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(one, [1, 1, 1]))
    assert same(found[0], found[1]) and same(found[0], found[2])
    assert blas_threads() == usual


@pytest.mark.slow
def test_an_abandoned_training_says_nothing_at_exit():
    source = (
        "import numpy as np, digitnet_helpers as dn\n"
        "X = np.random.default_rng(0).random((3000, 4)); y = np.arange(3000) % 3\n"
        "updates = dn.training(dn.init_params((4, 3), dtype=float), X, y, epochs=9)\n"
        "next(updates)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_progress_bar_moves_a_hundred_times_at_most(small, monkeypatch):
    import tqdm.auto

    params, X, y = small
    moves = []

    class Bar(tqdm.auto.tqdm):
        def display(self, *args, **kwargs):
            moves.append(self.n)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    dn.train(params, X, y, epochs=1000)
    assert moves[-1] == 1000 and len(moves) <= 103


@pytest.mark.slow
def test_reads_digits_after_a_short_training(mnist):
    _, history = dn.train(
        dn.init_params(), mnist.X_train[:6_000], mnist.y_train[:6_000], epochs=4, batch_size=64, optimizer="adam",
        learning_rate=0.003, progress=False, validation=(mnist.X_train[50_000:52_000], mnist.y_train[50_000:52_000]),
    )  # fmt: skip
    assert history["val_accuracy"][-1] > 0.88
    assert history["cost"][-1] < history["cost"][0] / 2
