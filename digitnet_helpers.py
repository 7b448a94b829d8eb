"""The Digitnet network: what the notebooks derive, as they derive it.

Rows are examples, columns are features. Parameters are a list of `(W, b)` pairs, one per layer, `W` of shape
(fan_in, fan_out) and `b` of shape (fan_out,), all float32 or all float64. "eq. 4.7" points into notebook 04.
Besides its docstring and at most one line that checks its input, every function of the network and every optimizer
stands in its notebook word for word. The checks come last.
"""

import contextlib
import hashlib
import json
import math
import os
import struct
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE if (HERE / "data").is_dir() else HERE / "digitnet_extras"  # an installed copy keeps its data in there
MODELS = Path(os.environ.get("DIGITNET_MODELS", ROOT / "models"))
IN_BROWSER = sys.platform == "emscripten"  # Python in a web page has no threads

# ----------------------------------------------------------------------------------------------------------- data

MNIST_MD5 = {  # of the four files as they were published, see data/README.md
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}


class Mnist(NamedTuple):
    """The 70,000 digits: pixels float32 from 0 to 1, labels int64 from 0 to 9."""

    X_train: np.ndarray  # (60000, 784)
    y_train: np.ndarray  # (60000,)
    X_test: np.ndarray  # (10000, 784)
    y_test: np.ndarray  # (10000,)


def load_mnist(source="bundled"):
    """Return MNIST as `Mnist(X_train, y_train, X_test, y_test)`, each array checked against its published MD5.

    "bundled" reads data/mnist.npz; "keras" takes the same digits from `keras.datasets.mnist`, which downloads them.
    Raises FileNotFoundError, ConnectionError, or ValueError for a damaged file. Source: LeCun et al. (1998).
    """
    if source not in ("bundled", "keras"):
        raise ValueError(f"source is {source!r}; expected 'bundled' or 'keras'")
    where, cure = ROOT / "data" / "mnist.npz", "Restore it with `git checkout data/mnist.npz`"
    if source == "bundled" and not where.is_file():
        raise FileNotFoundError(f"{where} is missing. {cure}")
    if source == "keras":
        where, cure = "Keras's copy of MNIST", "load_mnist() reads the bundled copy"
    arrays = []
    try:
        found = dict(np.load(where, allow_pickle=False)) if source == "bundled" else _from_keras()
        for name, published in MNIST_MD5.items():
            array = np.ascontiguousarray(found.pop(name))
            digest = hashlib.md5(struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape))
            digest.update(array)
            if array.dtype != np.uint8 or digest.hexdigest() != published:
                raise ValueError(f"{name} has the MD5 {digest.hexdigest()}, and was published with {published}")
            arrays.append(array.reshape(-1, 784) / np.float32(255) if array.ndim == 3 else array.astype(np.int64))
    except (ConnectionError, ImportError):
        raise
    except Exception as error:  # a damaged file fails in a dozen ways, and the cure is the same
        raise ValueError(f"{where} is damaged ({type(error).__name__}: {error}). {cure}") from error
    return Mnist(*arrays)


def _from_keras():
    os.environ.setdefault("KERAS_BACKEND", "jax")  # unset, Keras looks for TensorFlow
    from keras.datasets import mnist

    try:
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when its download fails
        raise ConnectionError("Keras could not download MNIST; load_mnist() reads the bundled copy") from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def validation_split(X, y, n_validation=10_000, seed=0):
    """Return `(X_train, y_train, X_val, y_val)`: `n_validation` rows drawn at random, the rest for training."""
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y) or not isinstance(n_validation, (int, np.integer)) or not 0 < n_validation < len(X):
        raise ValueError(f"cannot take {n_validation} validation rows from {len(X)} images with {len(y)} labels")
    order = np.random.default_rng(seed).permutation(len(X))
    held_out, kept = np.sort(order[:n_validation]), np.sort(order[n_validation:])
    return X[kept], y[kept], X[held_out], y[held_out]


# ---------------------------------------------------------------------------------------- the network (02, 03, 04)


def init_params(layer_sizes=(784, 25, 15, 10), seed=0, dtype=np.float32):
    """Return He-initialised parameters: W normal with variance 2 / fan_in (eq. 3.7), b zero.

    Raises ValueError for sizes that make no network, TypeError for another dtype. Source: He et al. (2015), eq. 10.
    """
    layer_sizes = _check_sizes(layer_sizes, dtype)
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
    """Return e^z / sum(e^z) along the last axis of the logits `Z`, (classes,) or (n, classes) (eq. 2.2, 2.23).

    Raises TypeError unless Z holds real numbers, ValueError where they are not finite.
    """
    Z = _check_logits(Z)
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def cross_entropy(P, y):
    """Return the mean of -log P[r, y[r]] in nats (eq. 2.4), from probabilities (n, classes) and labels (n,).

    A probability that was rounded to 0 counts as the smallest normal number of its dtype, and the cost stays finite.
    Raises TypeError or ValueError for what are no probabilities or no labels.
    """
    P, y = _check_probabilities(P, y)
    return float(-np.log(P[np.arange(len(y)), y] + np.finfo(P.dtype).tiny).mean())


def forward(params, X):
    """Return `(A, P)`: the activations [X, A1, A2, ...] up to the last hidden layer, and the probabilities (eq. 3.4).

    Raises TypeError or ValueError that names what does not fit, as every function does that takes `params`.
    """
    params, X = _check(params, X)
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
    params, X, y = _check(params, X, y)
    return float((predict(params, X) == y).mean())


def backward(params, A, P, y):
    """Return the gradients [(dW1, db1), ...] of the mean cross-entropy, from what `forward` found (eq. 4.14 to 4.20).

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
    params, X, y = _check(params, X, y)
    A, P = forward(params, X)
    return cross_entropy(P, y), backward(params, A, P, y)


def gradient_check(params, X, y, gradients=None, step=1e-5, entries=100, seed=0):
    """Compare gradients with centred differences (eq. 4.22): {"W1": the worst relative error, "b1": ...}.

    `gradients` are those of `loss_and_gradients` unless given; at most `entries` of each array are drawn. An error is
    relative to the larger of the two values, or to 1% of the array's largest gradient if that is more. Below 1e-6 the
    gradient is right, above 1e-3 it is wrong. `params` and `X` must be float64: rounding hides the difference in float32.
    """
    params, X, y = _check(params, X, y, dtype=np.float64)
    if gradients is None:
        _, gradients = loss_and_gradients(params, X, y)
    params = [(W.copy(), b.copy()) for W, b in params]
    rng, worst = np.random.default_rng(seed), {}
    for k, (pair, gradient_pair) in enumerate(zip(params, gradients), start=1):
        for letter, V, dV in zip("Wb", pair, gradient_pair):
            floor, errors = max(np.abs(dV).max() / 100, 1e-300), []
            for entry in rng.permutation(V.size)[:entries]:
                value, cost = V.flat[entry], {}
                for side in (+1, -1):
                    V.flat[entry] = value + side * step
                    cost[side] = cross_entropy(predict_proba(params, X), y)
                V.flat[entry] = value
                numeric, exact = (cost[+1] - cost[-1]) / (2 * step), dV.flat[entry]
                errors.append(abs(numeric - exact) / max(abs(numeric), abs(exact), floor))
            worst[f"{letter}{k}"] = float(max(errors))
    return worst


# --------------------------------------------------------------------------------------------------- training (05)


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
    """Return a learning rate for `train`: a function of the progress 0 < t < 1 of the training.

    It rises to `peak` in the first part `warmup`, then falls to 0 along half a cosine. Raises ValueError. Source:
    Loshchilov and Hutter (2017), eq. 5, without restarts.
    """
    if not (0 < peak < math.inf and 0 <= warmup < 1):
        raise ValueError(f"peak is {peak} and warmup {warmup}; expected a positive peak and a warmup from 0 to below 1")
    return lambda t: peak * (t / warmup if t < warmup else (1 + math.cos(math.pi * (t - warmup) / (1 - warmup))) / 2)


def train(params, X, y, *, epochs, progress=True, **settings):
    """Train a copy of `params` and return `(params, history)`; keywords as in `training`, and `progress` for a bar.

    `history` has one entry for each finished epoch: "cost" (nats) and "accuracy" of the training examples, each
    measured just before its update; after the epoch "val_cost" and "val_accuracy", if `validation` is given, and
    "seconds". history["stopped"] is "finished", or "interrupted" after the stop button, which returns what was learned.
    """
    from tqdm.auto import tqdm

    updates, state = training(params, X, y, epochs=epochs, **settings), None
    # A hundred moves at most: each is a message to the notebook, and a queue of them takes only so many.
    bar = tqdm(total=epochs, unit="epoch", disable=not progress, miniters=max(1, epochs // 100), mininterval=0)
    try:
        with one_blas_thread(), _quiet():
            for state in updates:
                if state.step == 0:
                    bar.set_postfix_str(f"cost {state.history['cost'][-1]:.4f}", refresh=False)
                    bar.update()
    except KeyboardInterrupt:
        if state is None:
            raise
        state.history["stopped"] = "interrupted"
        print(f"Interrupted after {state.epoch} of {epochs} epochs: here is what was learned.")
    finally:
        bar.close()
    return state.params, state.history


def training(params, X, y, *, epochs, batch_size=None, optimizer="sgd", learning_rate=None, weight_decay=0.0,
             validation=None, augment=None, seed=0):  # fmt: skip
    """Train a copy of `params` on `X` and labels `y`, one update at a time: a generator, for pages that stay alive.

    epochs, batch_size  passes over the examples; examples per update (None: all of them, full-batch gradient descent)
    optimizer           "sgd", "momentum" or "adam"
    learning_rate       a number (None: 0.1, 0.05 or 0.001, by optimizer), or a function of the progress 0 < t < 1
    weight_decay        each update first takes rate * weight_decay * W off each W (Loshchilov and Hutter, 2019)
    validation          a pair (X_val, y_val), measured after every epoch, never trained on
    augment             a function (X, y, rng) -> (X, y) of as many rows, called for every epoch; it must not change X

    After every update it yields one object: `params`, which the next update changes in place; `history` of the finished
    epochs; `epoch` of `epochs`, and `step` of `steps` within the epoch under way (0 when one has just ended).
    Raises TypeError or ValueError at once for what does not fit, and FloatingPointError when the training diverges: the
    error tells the epoch, and carries the `params` before it and the `history`. Same seed, same result.
    """
    params, X, y = _check(params, X, y)
    if validation is not None:
        _, *validation = _check(params, *validation, names=("X_val", "y_val"))
    size = len(X) if batch_size is None else batch_size
    _check_settings(epochs, size, optimizer, learning_rate, weight_decay, augment)
    size = min(int(size), len(X))
    step, usual_rate = OPTIMIZERS[optimizer]
    rate = learning_rate if callable(learning_rate) else lambda t: learning_rate or usual_rate
    w, moments, rng = to_vector(params), {}, np.random.default_rng(seed)
    state = SimpleNamespace(
        epoch=0, epochs=int(epochs), step=0, steps=math.ceil(len(X) / size), params=to_params(w, params)
    )
    names = ["cost", "accuracy", *(["val_cost", "val_accuracy"] if validation else []), "seconds"]
    state.history = {name: np.zeros(0) for name in names} | {"stopped": "running"}

    def updates():
        start, total = time.perf_counter(), state.epochs * state.steps
        while state.epoch < state.epochs:
            X_now, y_now = _augmented(augment, params, X, y, rng) if augment else (X, y)
            order = rng.permutation(len(X)) if size < len(X) else None
            before, cost, right = w.copy(), 0.0, 0.0
            for first in range(0, len(X), size):
                rows = None if order is None else order[first : first + size]
                now = float(rate((state.epoch * state.steps + state.step + 1) / (total + 1)))
                J, share, g = _mean(state.params, X_now, y_now, rows)
                if weight_decay:
                    for W, _ in state.params:
                        W *= 1 - now * weight_decay
                step(w, g, moments, now)
                weight = min(size, len(X) - first) / len(X)
                cost, right = cost + weight * J, right + weight * share
                state.step = (state.step + 1) % state.steps
                if state.step:
                    yield state
            if not (math.isfinite(cost) and np.isfinite(w).all()):
                raise _divergence(state, to_params(before, params), min(now / 4, usual_rate))
            found = [cost, right, *(_mean(state.params, *validation, back=False)[:2] if validation else ())]
            for name, value in zip(names, [*found, time.perf_counter() - start]):
                state.history[name] = np.append(state.history[name], value)
            state.epoch += 1
            if state.epoch == state.epochs:
                state.history["stopped"] = "finished"
            yield state

    return _one_at_a_time(updates())


def _one_at_a_time(updates):
    """Between two updates no limit is set and no thread waits: the next one may never be asked for."""
    state = True
    while state:
        if getattr(_trusted, "here", False):  # within `train`
            state = next(updates, None)
        else:
            with one_blas_thread(), _quiet():
                state = next(updates, None)
        if state:
            yield state


BLOCK, SHARES = 1024, 8  # rows whose activations stay in the processor's cache; parts that threads work on


def _block(params, X, y, rows, back):
    """Return the mean cost, accuracy and gradient (a vector) over `rows`, row numbers or a slice."""
    X, y = (X[rows], y[rows]) if isinstance(rows, slice) else (X.take(rows, axis=0), y[rows])
    A, P = forward(params, X)
    right = np.count_nonzero(P.argmax(axis=1) == y) / len(y)
    return cross_entropy(P, y), right, to_vector(backward(params, A, P, y)) if back else 0


def _mean(params, X, y, rows=None, back=True):
    """The same over any number of rows, block by block: the mean of the blocks' means, by their sizes (eq. 5.4).

    The blocks do not depend on the number of cores, and so neither does the sum. `rows` None are all.
    """
    n = len(y) if rows is None else len(rows)
    if n <= BLOCK:
        return _block(params, X, y, slice(None) if rows is None else rows, back)

    def share(first, last):
        cuts = [*range(first, last, BLOCK), last]
        with _quiet():
            return _weighted(
                (stop - start, _block(params, X, y, slice(start, stop) if rows is None else rows[start:stop], back))
                for start, stop in zip(cuts, cuts[1:])
            )

    cuts = [n * k // SHARES for k in range(SHARES + 1)]
    with ThreadPoolExecutor(min(SHARES, os.cpu_count() or 1)) as pool:
        found = list((map if IN_BROWSER else pool.map)(share, cuts, cuts[1:]))
    return _weighted((stop - start, part) for start, stop, part in zip(cuts, cuts[1:], found))


def _weighted(parts):
    """Return the mean of (rows, (cost, accuracy, gradient)), ... by their rows."""
    total, sums = 0, [0, 0, 0]
    for rows, values in parts:
        total += rows
        sums = [one + rows * value for one, value in zip(sums, values)]
    return [one / total for one in sums]


@contextlib.contextmanager
def _quiet():
    """What runs in here, in this thread, was checked when the training began; its infinities are looked for later."""
    before, _trusted.here = getattr(_trusted, "here", False), True
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _trusted.here = before


@contextlib.contextmanager
def one_blas_thread():
    """One thread for each matrix product: the rows are what is shared out.

    Two threads of BLAS on matrices this narrow gain nothing on an idle machine, and lose a factor of seven and more
    as soon as another process wants a core. Trainings may overlap: the first sets the limit, the last lifts it.
    """
    if IN_BROWSER:
        yield
        return
    import threadpoolctl

    with _limit.lock:
        _limit.users += 1
        if _limit.users == 1:
            _limit.pools = _limit.pools or threadpoolctl.ThreadpoolController()
            _let_this_thread_set_limits(threadpoolctl)
            _limit.set = _limit.pools.limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _limit.lock:
            _limit.users -= 1
            if _limit.users == 0:
                _let_this_thread_set_limits(threadpoolctl)
                _limit.set.restore_original_limits()


def _let_this_thread_set_limits(threadpoolctl):
    """From 3.7 on, threadpoolctl heeds the first thread that set a limit, and ignores all others in silence."""
    release = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if release:
        release(force=True)


_limit = SimpleNamespace(lock=threading.Lock(), users=0, pools=None, set=None)


def _augmented(augment, params, X, y, rng):
    """Return what `augment` makes of read-only views of X and y, checked like the training's own data."""
    given = X.view(), y.view()
    for array in given:
        array.flags.writeable = False
    made = augment(*given, rng)
    if not (isinstance(made, tuple) and len(made) == 2 and np.shape(made[0]) == X.shape):
        raise ValueError(f"augment returned something else than (X, y) with X of shape {X.shape}, as it was given")
    return _check(params, *made, names=("augment's X", "augment's y"))[1:]


def _divergence(state, before, rate):
    state.history["stopped"] = "diverged"
    error = FloatingPointError(
        f"training diverged in epoch {state.epoch + 1}: the cost or a parameter is no longer a finite number. Try a "
        f"smaller learning_rate, such as {rate:.2g}; the error's .params and .history hold what came before"
    )
    error.params, error.history = before, state.history
    return error


# ----------------------------------------------------------------------------------------------------------- models


def save_model(path, params, **metadata):
    """Write `params` and `metadata` (what JSON holds) to one .npz file, whole or not at all.

    Raises TypeError or ValueError for parameters or metadata that `load_model` would refuse, OSError.
    """
    params, path = _check_params(params), Path(path)
    try:
        text = json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"metadata must be what JSON holds (text, numbers, lists, dicts): {error}") from error
    arrays = {f"{letter}{k}": V for k, pair in enumerate(params, start=1) for letter, V in zip("Wb", pair)}
    beside = path.with_name(f"{path.name[:40]}.{uuid.uuid4().hex}.part")
    try:
        with open(beside, "xb") as file:
            np.savez(file, metadata=np.array(text), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load_model(path):
    """Return `(params, metadata)` from a file that `save_model` wrote. Pickled content is never opened.

    Raises FileNotFoundError, and ValueError for a file that is damaged or holds no network.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model at {path}. Notebook 05-training makes models/digitnet.npz")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
        metadata = json.loads(str(arrays.pop("metadata")[()]))
        params = [(arrays[f"W{k}"], arrays[f"b{k}"]) for k in range(1, len(arrays) // 2 + 1)]
        if 2 * len(params) != len(arrays) or not isinstance(metadata, dict):
            raise ValueError("it holds more than W1, b1, ... and metadata")
        return _check_params(params), metadata
    except Exception as error:  # a damaged file fails in a dozen ways, and the cure is the same
        raise ValueError(
            f"{path} is no model that can be used ({type(error).__name__}: {error}). Restore it with `git checkout`, "
            "or run notebook 05-training again"
        ) from error


# --------------------------------------------------------------------------- checks: what, expected, what to do

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_trusted = threading.local()  # a thread that works on what has been checked does not check it again


def _array(name, values):
    """`values` as an array in this machine's byte order."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; expected a plain one: fill it, or drop the masked rows, first")
    array = np.asarray(values)
    if array.dtype.kind not in "iufb":
        raise TypeError(f"{name} is {array.dtype} {array.shape}; expected numbers in rows of equal length")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _check(params, X, y=None, dtype=None, names=("X", "y")):
    """Return params, X and (if given) y as arrays that fit each other."""
    if getattr(_trusted, "here", False):
        return (params, X) if y is None else (params, X, y)
    params, name = _check_params(params), names[0]
    W1, (fan_in, _), bare = params[0][0], params[0][0].shape, isinstance(X, (list, tuple))
    if dtype and W1.dtype != dtype:
        raise TypeError(f"params are {W1.dtype}; expected float64: make them with init_params(..., dtype=np.float64)")
    X = _array(name, X)
    if X.dtype.kind == "f" and bare:
        X = X.astype(W1.dtype)  # a list has no dtype of its own
    if X.dtype not in FLOATS:
        raise TypeError(f"{name} is {X.dtype}; expected {W1.dtype} pixels from 0 to 1: divide 0-255 pixels by 255")
    if X.dtype != W1.dtype:
        raise TypeError(
            f"{name} is {X.dtype}, the parameters are {W1.dtype}: convert one with .astype({W1.dtype.name!r})"
        )
    if X.ndim != 2 or X.shape[1] != fan_in or len(X) == 0:
        raise ValueError(
            f"{name} has shape {X.shape}; expected (n, {fan_in}), one row for each of at least one example"
        )
    low, high = X.min(), X.max()
    if not (low >= -10 and high <= 10):  # also where one is NaN
        raise ValueError(
            f"{name} runs from {low} to {high}; expected pixels from about 0 to 1: divide by 255, drop NaN"
        )
    return (params, X) if y is None else (params, X, _check_y(names[1], y, len(X), params[-1][1].size))


def _check_params(params):
    if (
        not isinstance(params, (list, tuple))
        or not params
        or not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in params)
    ):
        raise TypeError("params must be a list of pairs (W, b), one for each layer, as init_params() returns it")
    params = [(_array(f"W{k}", W), _array(f"b{k}", b)) for k, (W, b) in enumerate(params, start=1)]
    width, first = None, params[0][0].dtype
    for k, (W, b) in enumerate(params, start=1):
        for name, V in ((f"W{k}", W), (f"b{k}", b)):
            if V.dtype not in FLOATS or V.dtype != first:
                raise TypeError(f"{name} is {V.dtype}, W1 is {first}; expected all float32 or all float64: use .astype")
            if not np.isfinite(V).all():
                raise ValueError(f"{name} holds NaN or infinity; start again from init_params() or a saved model")
        if W.ndim != 2 or W.size == 0 or b.shape != W.shape[1:] or W.shape[0] != (width or W.shape[0]):
            raise ValueError(f"W{k} has shape {W.shape}, b{k} {b.shape}; expected ({width or 'fan_in'}, m) and (m,)")
        width = W.shape[1]
    return params


def _check_y(name, y, n, classes):
    y = _array(name, y)
    if y.ndim == 2 and y.shape == (n, classes):
        raise ValueError(f"{name} has shape {y.shape}, as if one-hot; expected labels ({n},): use y.argmax(axis=1)")
    if y.dtype.kind not in "iu":
        raise TypeError(f"{name} is {y.dtype}; expected whole numbers: use .astype(int)")
    if y.shape != (n,):
        raise ValueError(f"{name} has shape {y.shape}; expected ({n},), one label for each example")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"{name} holds labels from {y.min()} to {y.max()}; expected 0 to {classes - 1}: drop the others"
        )
    return y.astype(np.intp, copy=False)


def _check_logits(Z):
    if getattr(_trusted, "here", False):
        return Z
    Z = _array("Z", Z)
    if Z.ndim == 0 or Z.size == 0 or not np.isfinite(Z).all():
        raise ValueError(
            f"logits {Z.shape} must be finite, in one row or more; NaN or infinity comes from too large a step"
        )
    return Z if Z.dtype in FLOATS else Z.astype(np.float64)


def _check_probabilities(P, y):
    if getattr(_trusted, "here", False):
        return P, y
    P = _array("P", P)
    if P.ndim != 2 or P.size == 0 or not (P.min() >= 0 and np.abs(P.sum(axis=1) - 1).max() < 1e-3):
        raise ValueError(
            f"P {P.shape} holds no probabilities; expected rows (n, classes) that sum to 1: use softmax first"
        )
    return P, _check_y("y", y, *P.shape)


def _check_sizes(layer_sizes, dtype):
    sizes = list(layer_sizes) if np.iterable(layer_sizes) else []
    if len(sizes) < 2 or not all(isinstance(size, (int, np.integer)) and size >= 1 for size in sizes):
        raise ValueError(f"layer_sizes is {layer_sizes}; expected two or more whole numbers of at least 1")
    if np.dtype(dtype) not in FLOATS:
        raise TypeError(f"dtype is {np.dtype(dtype)}; expected float32 or float64")
    return sizes


def _check_settings(epochs, batch_size, optimizer, learning_rate, weight_decay, augment):
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
            raise ValueError(f"{name} is {count!r}; expected a whole number of at least 1")
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer is {optimizer!r}; expected one of {', '.join(map(repr, OPTIMIZERS))}")
    for name, number, least in (
        ("learning_rate", learning_rate, "above 0"),
        ("weight_decay", weight_decay, "of 0 or more"),
    ):
        if number is None or (name == "learning_rate" and callable(number)):
            continue
        if (
            not isinstance(number, (int, float, np.number))
            or not 0 <= number < math.inf
            or (number == 0 and "above" in least)
        ):
            raise ValueError(f"{name} is {number!r}; expected a finite number {least}")
    if augment is not None and not callable(augment):
        raise TypeError(f"augment is {augment!r}; expected a function (X, y, rng) -> (X, y)")
