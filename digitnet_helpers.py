"""The Digitnet network: what the notebooks derive, as they derive it.

Rows are examples, columns are features. Parameters are a list of `(W, b)` pairs, one for each layer, `W` of shape
(fan_in, fan_out) and `b` of shape (fan_out,), all float32 or all float64. "eq. 4.7" points into notebook 04. But for
docstrings and one line that checks its input (digitnet_checks.py), what is derived stands there word for word.
"""

import collections
import contextlib
import hashlib
import json
import math
import os
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import digitnet_checks as checks

ROOT = Path(__file__).resolve().parent
ROOT = ROOT if (ROOT / "data").is_dir() else ROOT / "digitnet_extras"  # an installed copy keeps its files in there
MODELS = Path(os.environ.get("DIGITNET_MODELS", ROOT / "models"))
IN_BROWSER = sys.platform == "emscripten"  # Python in a web page has no threads

Mnist = collections.namedtuple("Mnist", "X_train y_train X_test y_test")  # (n, 784) float32 from 0 to 1; (n,) intp
MNIST_MD5 = {  # of the four files as they were published, see data/README.md
    "x_train": "6bbc9ace898e44ae57da46a324031adb", "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea", "y_test": "27ae3e4e09519cfbb04c329615203637",
}  # fmt: skip


def load_mnist():
    """Return MNIST as `Mnist(X_train, y_train, X_test, y_test)`. Raises FileNotFoundError, ValueError if damaged."""
    file, arrays = ROOT / "data" / "mnist.npz", []
    checks.need(file.is_file(), FileNotFoundError, f"{file} is missing. Restore it with `git checkout data/mnist.npz`")
    try:
        with np.load(file, allow_pickle=False) as archive:
            for name, published in MNIST_MD5.items():
                array = archive[name]
                header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
                digest = hashlib.md5(header + array.tobytes()).hexdigest()
                checks.need(digest == published, ValueError, f"the MD5 of {name} is not the published one")
                arrays.append(array.reshape(-1, 784) / np.float32(255) if array.ndim == 3 else array.astype(np.intp))
    except Exception as error:  # a damaged file fails in a dozen ways, and the cure is the same
        raise ValueError(f"{file} is damaged ({error}). Restore it with `git checkout data/mnist.npz`") from error
    return Mnist(*arrays)


def validation_split(X, y, n_validation=10_000, seed=0):
    """Return `(X_train, y_train, X_val, y_val)`: `n_validation` rows drawn at random, the rest for training."""
    X, y = np.asarray(X), np.asarray(y)
    fits = len(X) == len(y) and isinstance(n_validation, (int, np.integer)) and 0 < n_validation < len(X)
    checks.need(fits, ValueError, f"cannot take {n_validation} validation rows of {len(X)} images with {len(y)} labels")
    order = np.random.default_rng(seed).permutation(len(X))
    held_out, kept = np.sort(order[:n_validation]), np.sort(order[n_validation:])
    return X[kept], y[kept], X[held_out], y[held_out]


# --- the network (notebooks 02 to 04) ---


def init_params(layer_sizes=(784, 25, 15, 10), seed=0, dtype=np.float32):
    """Return He-initialised parameters: W normal with variance 2 / fan_in (eq. 3.7), b zero.

    Raises ValueError for sizes that make no network, TypeError for another dtype. Source: He et al. (2015), eq. 10.
    """
    layer_sizes = checks.sizes(layer_sizes, dtype)
    rng = np.random.default_rng(seed)
    params = []
    for fan_in, fan_out in zip(layer_sizes, layer_sizes[1:]):
        W = rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)
        params.append((W.astype(dtype), np.zeros(fan_out, dtype)))
    return params


def relu(Z):
    """Return max(Z, 0), element by element (eq. 3.3)."""
    return np.maximum(Z, 0)


def softmax(Z):
    """Return e^z / sum(e^z) along the last axis of the logits `Z`, (classes,) or (n, classes) (eq. 2.1, 2.15).

    Raises TypeError unless Z holds real numbers, ValueError where they are not finite.
    """
    Z = checks.logits(Z)
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def cross_entropy(P, y):
    """Return the mean of -log P[r, y[r]] in nats (eq. 2.5), from probabilities (n, classes) and labels (n,).

    The smallest normal number is added to p, so that the cost stays finite where p was rounded to 0.
    """
    P, y = checks.probabilities(P, y)
    return float(-np.log(P[np.arange(len(y)), y] + np.finfo(P.dtype).tiny).mean())


def forward(params, X):
    """Return `(A, P)`: the activations [X, A1, A2, ...] up to the last hidden layer, and the probabilities (eq. 3.4).

    Raises TypeError or ValueError that names what does not fit, as every function does that takes `params`.
    """
    params, X = checks.data(params, X)
    A = [X]
    for W, b in params[:-1]:
        A.append(relu(A[-1] @ W + b))
    W, b = params[-1]
    return A, softmax(A[-1] @ W + b)


def predict_proba(params, X):
    """Return the probabilities of the classes, (n, classes)."""
    return forward(params, X)[1]


def predict(params, X):
    """Return the most probable label of every row, (n,)."""
    return forward(params, X)[1].argmax(axis=1)


def accuracy(params, X, y):
    """Return the share of rows whose predicted label is `y`, from 0 to 1."""
    params, X, y = checks.data(params, X, y)
    return float((predict(params, X) == y).mean())


def backward(params, A, P, y):
    """Return the gradients [(dW1, db1), ...] of the mean cross-entropy, from what `forward` found (eq. 4.4 to 4.9).

    A[k] > 0 is where the ReLU that made it was on.
    """
    dZ = P.copy()
    dZ[np.arange(len(y)), y] -= 1
    dZ /= len(y)
    gradients = []
    for k in reversed(range(len(params))):
        gradients.insert(0, (A[k].T @ dZ, dZ.sum(axis=0)))
        if k > 0:
            dZ = (dZ @ params[k][0].T) * (A[k] > 0)
    return gradients


def loss_and_gradients(params, X, y):
    """Return the mean cross-entropy in nats and its gradients [(dW1, db1), ...], in the shapes of `params`."""
    params, X, y = checks.data(params, X, y)
    A, P = forward(params, X)
    return cross_entropy(P, y), backward(params, A, P, y)


def gradient_check(params, X, y, gradients=None, step=1e-5, entries=100, seed=0):
    """Compare gradients with centred differences (eq. 4.10): {"W1": the worst relative error, "b1": ...}.

    `gradients` are those of `loss_and_gradients` unless given; of each array at most `entries` are drawn. An error is
    relative to the larger of the two values, or to 1% of the array's largest gradient if that is more: below 1e-6 the
    gradient is right, above 1e-3 wrong. Raises TypeError unless all is float64: float32's rounding hides the answer.
    """
    params, X, y = checks.data(params, X, y, dtype=np.float64)
    if gradients is None:
        _, gradients = loss_and_gradients(params, X, y)
    params = [(W.copy(), b.copy()) for W, b in params]
    rng, worst = np.random.default_rng(seed), {}
    for k, pairs in enumerate(zip(params, gradients), start=1):
        for letter, V, dV in zip("Wb", *pairs):
            picked, numeric = rng.permutation(V.size)[:entries], []
            for entry in picked:
                value, J = V.flat[entry], []
                for moved in (value + step, value - step):
                    V.flat[entry] = moved
                    J.append(cross_entropy(predict_proba(params, X), y))
                V.flat[entry] = value
                numeric.append((J[0] - J[1]) / (2 * step))
            exact, most = dV.flat[picked], np.abs(dV).max() + 1e-300
            size = np.maximum(np.abs(numeric), np.abs(exact))
            error = np.abs(numeric - exact) / np.maximum(size, most / 100)
            worst[f"{letter}{k}"] = float(error.max())
    return worst


# --- training (notebook 05) ---


def to_vector(params):
    """Return all parameters (or gradients) as one new vector w."""
    return np.concatenate([V.ravel() for pair in params for V in pair])


def to_params(w, like):
    """Return the vector `w` as (W, b) pairs in the shapes of `like`. They are views: a changed `w` changes them."""
    pairs, start = [], 0
    for W, b in like:
        middle, end = start + W.size, start + W.size + b.size
        pairs.append((w[start:middle].reshape(W.shape), w[middle:end]))
        start = end
    return pairs


def sgd(w, g, state, rate):
    """Change `w` in place by a step of gradient descent (eq. 5.3)."""
    w -= rate * g


def momentum(w, g, state, rate, beta=0.9):
    """Change `w` in place by a step with momentum (eq. 5.13); `state` keeps the velocity. Source: Polyak (1964)."""
    state["v"] = beta * state.get("v", 0) + g
    w -= rate * state["v"]


def adam(w, g, state, rate, beta1=0.9, beta2=0.999):
    """Change `w` in place by a step of Adam (eq. 5.15 to 5.17). Source: Kingma and Ba (2015), algorithm 1."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    s = state["s"] = beta2 * state.get("s", 0) + (1 - beta2) * g**2
    w -= rate * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + 1e-8)


OPTIMIZERS = {"sgd": (sgd, 0.1), "momentum": (momentum, 0.05), "adam": (adam, 0.001)}  # with their usual rates


def cosine_schedule(peak, warmup=0.02):
    """Return a rate for `train`: up to `peak` in the part `warmup`, then down a cosine (Loshchilov & Hutter, 2017)."""
    right, expected = 0 < peak < math.inf and 0 <= warmup < 1, "a positive peak and 0 <= warmup < 1"
    checks.need(right, ValueError, f"peak is {peak}, warmup {warmup}; expected {expected}")
    return lambda t: peak * (t / warmup if t < warmup else (1 + math.cos(math.pi * (t - warmup) / (1 - warmup))) / 2)


def train(params, X, y, *, epochs, progress=True, **settings):
    """Train a copy of `params` and return `(params, history)`; keywords as in `training`, and `progress` for a bar.

    `history` has one entry for each finished epoch: "cost" (nats) and "accuracy" of the training examples, measured
    before each update; "val_cost" and "val_accuracy" after the epoch, if `validation` is given; "seconds".
    history["stopped"] is "finished", or "interrupted" after the stop button, which returns what was learned so far.
    """
    from tqdm.auto import tqdm

    updates, state = training(params, X, y, epochs=epochs, **settings), None
    # A hundred moves at most: each is a message to the notebook, and a queue of them takes only so many.
    bar = tqdm(total=epochs, unit="epoch", disable=not progress, miniters=max(1, epochs // 100), mininterval=0)
    try:
        with _working(), bar:
            for state in updates:
                if state.step == 0:
                    bar.set_postfix_str(f"cost {state.history['cost'][-1]:.4f}", refresh=False)
                    bar.update()
    except KeyboardInterrupt:
        if state is None:
            raise
        state.history["stopped"] = "interrupted"
        print(f"Interrupted after {state.epoch} of {epochs} epochs: here is what was learned.")
    return state.params, state.history


def training(
    params, X, y, *, epochs, batch_size=None, optimizer="sgd", learning_rate=None, weight_decay=0.0, validation=None,
    augment=None, seed=0,
):  # fmt: skip
    """Train a copy of `params` on `X` and labels `y`, one update at a time: a generator, for pages that stay alive.

    epochs, batch_size  passes over the examples; examples an update (None: all of them, full-batch gradient descent)
    optimizer           "sgd", "momentum" or "adam"
    learning_rate       a number (None: 0.1, 0.05 or 0.001, by optimizer), or a function of the progress 0 < t < 1
    weight_decay        each update first takes rate * weight_decay * W off each W (Loshchilov and Hutter, 2019)
    validation          a pair (X_val, y_val), measured after every epoch, never trained on
    augment             a function (X, y, rng) -> (X, y) of as many rows, called for every epoch; its X is read-only

    After every update it yields one object: `params`, which the next update changes in place; `history` of the finished
    epochs; `epoch` of `epochs`, and `step` of `steps` in the epoch under way (0 when one has just ended).
    Raises TypeError or ValueError at once for what does not fit, and FloatingPointError when the training diverges,
    with the `params` before that epoch and the `history`. Same seed, same result.
    """
    params, X, y = checks.data(params, X, y)
    X, y = X.view(), y.view()
    X.flags.writeable = y.flags.writeable = False  # so that `augment` cannot change the caller's own
    validation = validation and checks.data(params, *validation, names=("X_val", "y_val"))[1:]
    size = len(X) if batch_size is None else batch_size
    checks.settings(epochs, size, optimizer, learning_rate, weight_decay, augment, OPTIMIZERS)
    size, (step, usual) = min(int(size), len(X)), OPTIMIZERS[optimizer]
    rate = learning_rate if callable(learning_rate) else lambda t: learning_rate or usual
    w, moments, rng = to_vector(params), {}, np.random.default_rng(seed)
    state = SimpleNamespace(epoch=0, epochs=int(epochs), step=0, steps=math.ceil(len(X) / size))
    names = ["cost", "accuracy", *(["val_cost", "val_accuracy"] if validation else []), "seconds"]
    state.params, state.history = to_params(w, params), {name: np.zeros(0) for name in names} | {"stopped": "running"}

    def updates():
        start, total = time.perf_counter(), state.epochs * state.steps
        while state.epoch < state.epochs:
            X_now, y_now = checks.augmented(augment, params, X, y, rng) if augment else (X, y)
            order = rng.permutation(len(X)) if size < len(X) else None
            before, sums = w.copy(), np.zeros(2)
            for first in range(0, len(X), size):
                rows = slice(first, first + size) if order is None else order[first : first + size]
                now = float(rate((state.epoch * state.steps + state.step + 1) / (total + 1)))
                *found, g = _mean(state.params, X_now, y_now, rows)
                for W, _ in state.params if weight_decay else ():
                    W *= 1 - now * weight_decay
                step(w, g, moments, now)
                sums += np.array(found) * min(size, len(X) - first) / len(X)
                state.step = (state.step + 1) % state.steps
                if state.step:
                    yield state
            if not (np.isfinite(sums).all() and np.isfinite(w).all()):
                raise checks.divergence(state, to_params(before, params), min(now / 4, usual))
            found = [*sums, *(_mean(state.params, *validation, slice(None), back=False)[:2] if validation else ())]
            found.append(time.perf_counter() - start)
            for name, value in zip(names, found):
                state.history[name] = np.append(state.history[name], value)
            state.epoch += 1
            state.history["stopped"] = "running" if state.epoch < state.epochs else "finished"
            yield state

    def one_at_a_time(updates):
        while True:  # between two updates nothing is held, since the next one may never be asked for
            with contextlib.nullcontext() if checks.trusting() else _working():  # within `train` it is held for all
                if next(updates, None) is None:
                    return
            yield state

    return one_at_a_time(updates())


BLOCK, SHARES = 1024, 8  # rows whose activations stay in the processor's cache; what the pool of threads works off


def _mean(params, X, y, rows, back=True):
    """Return the mean cost, accuracy and gradient (a vector) over `rows`, a slice or row numbers.

    Many rows are taken in blocks by a pool of threads: the mean is that of the blocks, weighted by their sizes
    (eq. 5.4). The blocks do not depend on the number of cores, and so neither does the sum.
    """
    n = len(y[rows])
    if n <= BLOCK:
        X, y = (X[rows], y[rows]) if isinstance(rows, slice) else (X.take(rows, axis=0), y[rows])
        A, P = forward(params, X)
        right = np.count_nonzero(P.argmax(axis=1) == y) / n
        return cross_entropy(P, y), right, to_vector(backward(params, A, P, y)) if back else 0

    def share(first, last):
        sums = [0, 0, 0]
        with checks.trusted():
            for start in range(first, last, BLOCK):
                stop = min(start + BLOCK, last)
                block = slice(start, stop) if isinstance(rows, slice) else rows[start:stop]
                found = _mean(params, X, y, block, back)
                sums = [one + (stop - start) / n * value for one, value in zip(sums, found)]
        return sums

    cuts = [n * k // SHARES for k in range(SHARES + 1)]
    with ThreadPoolExecutor(min(SHARES, os.cpu_count() or 1)) as pool:
        return [sum(parts) for parts in zip(*(map if IN_BROWSER else pool.map)(share, cuts, cuts[1:]))]


_blas = SimpleNamespace(lock=threading.Lock(), users=0, pools=None, usual=[])


@contextlib.contextmanager
def _working():
    """The data has been checked, and each matrix product gets one thread: it is the rows that are shared out.

    Two threads of BLAS on matrices this narrow gain little on an idle machine and lose a factor of seven on a busy one.
    """
    with checks.trusted():
        _limit_blas(+1)
        try:
            yield
        finally:
            _limit_blas(-1)


def _limit_blas(change):
    """Trainings may overlap: the first one sets the limit, the last one lifts it."""
    with _blas.lock:
        _blas.users += change
        if _blas.users == (change > 0) and not IN_BROWSER:
            import threadpoolctl as tp

            _blas.pools = _blas.pools or tp.ThreadpoolController().select(user_api="blas").lib_controllers
            _blas.usual = [pool.num_threads for pool in _blas.pools] if change > 0 else _blas.usual
            # From 3.7 on, threadpoolctl heeds the first thread that set a limit, and ignores all others in silence.
            getattr(tp.OpenBLASController, "clear_controlling_thread", lambda force: None)(force=True)
            for pool, usual in zip(_blas.pools, _blas.usual):
                pool.set_num_threads(1 if change > 0 else usual)


# --- models ---


def save_model(path, params, **metadata):
    """Write `params` and `metadata` (what JSON holds) to one .npz file, whole or not at all."""
    params, text, path = checks.network(params), checks.as_json(metadata), Path(path)
    arrays = {f"{letter}{k}": V for k, pair in enumerate(params, start=1) for letter, V in zip("Wb", pair)}
    beside = path.with_name(f"{path.name[:40]}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            np.savez(file, metadata=np.array(text), **arrays)
            file.flush(), os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load_model(path):
    """Return `(params, metadata)` from such a file. Raises FileNotFoundError, or ValueError where it is damaged."""
    checks.need(Path(path).is_file(), FileNotFoundError, f"no model at {path}; notebook 05-training makes digitnet.npz")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
        metadata = json.loads(str(arrays.pop("metadata")[()]))
        params = [(arrays.pop(f"W{k}"), arrays.pop(f"b{k}")) for k in range(1, len(arrays) // 2 + 1)]
        checks.need(not arrays and isinstance(metadata, dict), ValueError, "it holds more than a network")
        return checks.network(params), metadata
    except Exception as error:  # a damaged file fails in a dozen ways, and the cure is the same
        cure = "restore it with `git checkout`, or run notebook 05-training again"
        raise ValueError(f"{path} is no model that can be used ({type(error).__name__}: {error}): {cure}") from error
