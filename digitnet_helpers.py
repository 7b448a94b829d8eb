"""Helpers of the Digitnet notebooks: everything here was derived in a notebook before it was moved here.

The blocks stand in the order in which the series needs them, and each uses only the ones above it: data, checks, the
network's mathematics, files, training, baselines, saving, reading, figures. Mathematics and training need NumPy alone
(and, around it, tqdm for a progress bar and threadpoolctl for the use of several cores). What makes a picture ready
for the network stands in digitnet_images.py.

Rows are examples, columns are features: `n` examples, 784 pixels, 10 classes. Parameters are a list of `(W, b)`
pairs, one per layer, `W` of shape (fan_in, fan_out) and `b` of shape (fan_out,), all float32 or all float64.
Equation numbers such as "eq. 4.7" point into the notebook whose number comes first.
"""

import contextlib
import hashlib
import json
import math
import os
import struct
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitnet_images import (  # noqa: F401  notebooks import them from here
    MOVES,
    _check_images,
    _resample,
    drawing_from_file,
    move_images,
    normalize_drawing,
    random_moves,
    straighten,
)

ROOT = Path(__file__).resolve().parent
DATA_FILE = ROOT / "data" / "mnist.npz"
# Another folder for saved models may be named, as the tests do to leave the committed ones alone.
MODELS = Path(os.environ.get("DIGITNET_MODELS", ROOT / "models"))

# ---------------------------------------------------------------------------------------------------------------
# Data
# ---------------------------------------------------------------------------------------------------------------

# MD5 of the four files as they were published, header and bytes. They are checked against the arrays and not the
# archive, so that every copy of the same digits passes, however it was packed.
MNIST_MD5 = {
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}


class Mnist(NamedTuple):
    """The 70,000 digits: pixels float32 in [0, 1], labels int64 from 0 to 9."""

    X_train: np.ndarray  # (60000, 784)
    y_train: np.ndarray  # (60000,)
    X_test: np.ndarray  # (10000, 784)
    y_test: np.ndarray  # (10000,)


def load_mnist(source="bundled"):
    """Return the MNIST digits as `Mnist(X_train, y_train, X_test, y_test)`, checked against the published MD5s.

    `source="bundled"` reads data/mnist.npz and needs no network; `source="keras"` goes through
    `keras.datasets.mnist.load_data` and gives the same arrays.

    Raises FileNotFoundError when the bundled file is missing, ValueError when it is damaged or the digits are not
    MNIST's, ConnectionError when Keras cannot download, ImportError when Keras cannot be imported.
    Source: LeCun, Bottou, Bengio and Haffner (1998), see data/README.md.
    """
    if source == "bundled":
        arrays, where, cure = _read_bundled(), DATA_FILE, "Restore the file with `git checkout data/mnist.npz`"
    elif source == "keras":
        arrays, where = _read_through_keras(), "the digits that Keras has downloaded"
        cure = "Delete mnist.npz from its folder of datasets, or use the bundled copy, load_mnist()"
    else:
        raise ValueError(f"source is {source!r}; expected 'bundled' or 'keras'")
    for name, published in MNIST_MD5.items():
        found = _idx_md5(arrays[name])
        if found != published:
            raise ValueError(f"{where}: {name} is not MNIST's (MD5 {found}, published {published}). {cure}")
    X_train, X_test = (
        np.divide(arrays[name].reshape(-1, 784), np.float32(255), dtype=np.float32) for name in ("x_train", "x_test")
    )
    return Mnist(X_train, arrays["y_train"].astype(np.int64), X_test, arrays["y_test"].astype(np.int64))


def _read_bundled():
    if not DATA_FILE.is_file():
        raise FileNotFoundError(
            f"{DATA_FILE} is missing. Restore it with `git checkout data/mnist.npz`, "
            "or build it as tools/build_mnist.py says"
        )
    try:
        arrays = _read_npz(DATA_FILE)
        return {name: arrays[name] for name in MNIST_MD5}
    except Exception as error:  # a damaged zip can fail in a dozen ways; the cure is the same
        raise ValueError(
            f"{DATA_FILE} is damaged ({type(error).__name__}: {error}). Restore it with `git checkout data/mnist.npz`"
        ) from error


def _read_npz(path):
    """The arrays of a .npz file. Pickled ones are refused, and those that are larger than the file lets expect."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        members = archive.zip.infolist()
        size = sum(member.file_size for member in members)
        if size > max(2**28, os.fstat(file.fileno()).st_size):  # our own files are not compressed, or much smaller
            raise ValueError(f"it would unpack to {size:,} bytes")
        file.seek(-22 - len(archive.zip.comment), os.SEEK_END)  # the last record of a zip counts its members
        if len(members) != int.from_bytes(file.read(12)[10:], "little"):
            raise ValueError("its directory is damaged")
        for member in members:
            with archive.zip.open(member) as part:
                one = np.lib.format.read_magic(part) == (1, 0)
                read_header = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
                shape, _, dtype = read_header(part)
            if math.prod(shape) * dtype.itemsize > member.file_size:  # NumPy would reserve it all
                raise ValueError(f"{member.filename} announces an array of shape {shape}, and does not hold it")
        return {name: archive[name] for name in archive.files}


def _read_through_keras():
    os.environ.setdefault("KERAS_BACKEND", "jax")  # unset, Keras looks for TensorFlow
    from keras.datasets import mnist

    try:
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when its download fails
        raise ConnectionError(
            "Keras could not download MNIST; the bundled copy, load_mnist(), is the default and needs no network"
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _idx_md5(array):
    """MD5 of `array` (uint8) as the IDX file that it was published in: a magic number, the lengths, the bytes."""
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    if array.dtype != np.uint8:
        return f"none, dtype {array.dtype}"
    return hashlib.md5(header + array.tobytes(), usedforsecurity=False).hexdigest()


def validation_split(X, y, n_validation=10_000, seed=0):
    """Return `(X_train, y_train, X_val, y_val)`: `n_validation` rows drawn at random, the rest for training.

    Raises ValueError when `n_validation` leaves nothing on one side or X and y differ in length.
    """
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y) or not isinstance(n_validation, (int, np.integer)) or not 0 < n_validation < len(X):
        raise ValueError(f"cannot take {n_validation} validation rows from {len(X)} images with {len(y)} labels")
    order = np.random.default_rng(seed).permutation(len(X))
    held_out, kept = np.sort(order[:n_validation]), np.sort(order[n_validation:])
    return X[kept], y[kept], X[held_out], y[held_out]


# ---------------------------------------------------------------------------------------------------------------
# Checks of what a reader passes in: each message says what was wrong, what was expected and what to do
# ---------------------------------------------------------------------------------------------------------------

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_NUMBERS = (int, float, np.integer, np.floating)
_QUIET = {"over": "ignore", "invalid": "ignore"}  # for those who look for infinities in the result


def _check_params(params):
    if not isinstance(params, (list, tuple)) or not params:
        raise TypeError("params must be a list of (W, b) pairs, as init_params() returns it")
    width = None
    for layer, pair in enumerate(params, start=1):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError(f"layer {layer} of params must be a pair (W, b), as init_params() returns it")
        W, b = pair
        for name, array in ((f"W{layer}", W), (f"b{layer}", b)):
            if not isinstance(array, np.ndarray) or array.dtype not in _FLOATS:
                kind = getattr(array, "dtype", type(array).__name__)
                raise TypeError(f"{name} is {kind}; expected a float32 or float64 array")
            if array.dtype != params[0][0].dtype:
                raise TypeError(f"{name} is {array.dtype}, W1 is {params[0][0].dtype}; convert one with .astype")
        if W.ndim != 2 or 0 in W.shape or b.shape != W.shape[1:] or (width is not None and W.shape[0] != width):
            raise ValueError(
                f"layer {layer} has W{layer} {W.shape} and b{layer} {b.shape}; expected ({width or 'fan_in'}, fan_out) "
                "and (fan_out,), each layer's fan_in the fan_out of the layer before"
            )
        if not (np.isfinite(W).all() and np.isfinite(b).all()):
            raise ValueError(f"layer {layer} of params holds NaN or infinity; start again from init_params()")
        width = W.shape[1]


def _check_X(params, X):
    W1 = params[0][0]
    if not isinstance(X, np.ndarray) or X.dtype not in _FLOATS:
        kind = getattr(X, "dtype", type(X).__name__)
        raise TypeError(f"X is {kind}; expected {W1.dtype} pixels from 0 to 1: divide 0-255 pixels by 255 as a float")
    if X.dtype != W1.dtype:
        raise TypeError(f"X is {X.dtype}, the parameters are {W1.dtype}; convert one with .astype({W1.dtype.name!r})")
    if X.ndim != 2 or X.shape[1] != W1.shape[0]:
        raise ValueError(f"X has shape {X.shape}; expected (n, {W1.shape[0]}), one row per example")
    if len(X) == 0:
        raise ValueError("X is empty; expected at least one example")
    # In blocks that stay in the processor's cache for both. NaN, if there is one, comes out of min and max.
    extremes = [(block.min(), block.max()) for block in (X[k : k + 512] for k in range(0, len(X), 512))]
    low, high = np.min(extremes), np.max(extremes)
    if not (low >= -10 and high <= 10):
        raise ValueError(f"X runs from {low} to {high}; expected finite pixels from about 0 to 1: divide by 255")


def _check_y(y, n, classes):
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iu":
        raise TypeError(f"y is {getattr(y, 'dtype', type(y).__name__)}; expected an array of integer labels")
    if y.shape != (n,):
        raise ValueError(f"y has shape {y.shape}; expected ({n},), one label per example")
    if n and not (y.min() >= 0 and y.max() < classes):
        raise ValueError(f"y holds labels from {y.min()} to {y.max()}; expected 0 to {classes - 1}")


def _check_targets(y, X, classes):
    """What training takes: integer labels (n,), or in X's dtype one probability for every class, (n, classes)."""
    if not (isinstance(y, np.ndarray) and y.dtype.kind == "f" and y.ndim == 2):
        return _check_y(y, len(X), classes)
    if y.dtype != X.dtype or y.shape != (len(X), classes):
        raise ValueError(f"y is {y.dtype} {y.shape}; expected probabilities {X.dtype} {len(X), classes}, or labels")
    if not (y.min() >= 0 and y.max() <= 2 and np.abs(y.sum(axis=1) - 1).max() < 1e-3):
        raise ValueError("y must hold labels, or probabilities: none negative, every row summing to 1")


# ---------------------------------------------------------------------------------------------------------------
# The network's mathematics (notebooks 02, 03 and 04)
# ---------------------------------------------------------------------------------------------------------------


def init_params(layer_sizes=(784, 25, 15, 10), seed=0, dtype=np.float32):
    """Return He-initialised parameters: W normal with variance 2 / fan_in (eq. 3.7), b zero.

    `layer_sizes` counts units from the input to the output: (784, 25, 15, 10) has three layers of parameters.
    Raises ValueError for fewer than two sizes or a size below 1, TypeError for a dtype other than float32 or float64.
    Source: He, Zhang, Ren and Sun (2015), eq. 10.
    """
    sizes = list(layer_sizes) if np.iterable(layer_sizes) else []
    if len(sizes) < 2 or not all(isinstance(size, (int, np.integer)) and size >= 1 for size in sizes):
        raise ValueError(f"layer_sizes is {layer_sizes}; expected two or more whole numbers of at least 1")
    if np.dtype(dtype) not in _FLOATS:
        raise TypeError(f"dtype is {np.dtype(dtype)}; expected float32 or float64")
    rng = np.random.default_rng(seed)
    return [
        ((rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype(dtype), np.zeros(fan_out, dtype))
        for fan_in, fan_out in zip(sizes, sizes[1:])
    ]


def relu(Z):
    """Return max(Z, 0) element by element (eq. 3.3), in Z's shape and dtype."""
    return np.maximum(Z, 0)


def softmax(Z):
    """Return e^z / sum(e^z) along the last axis (eq. 2.2), shifted by the maximum (eq. 2.23).

    `Z` are logits of shape (classes,) or (n, classes); the result has the same shape and sums to 1 along its last axis.
    Raises TypeError when Z is no array of real numbers, ValueError when it is empty, or holds NaN or infinity.
    """
    Z = np.asarray(Z)
    if Z.dtype.kind not in "iuf":
        raise TypeError(f"logits are {Z.dtype}; expected an array of numbers")
    if Z.dtype.kind != "f":
        Z = Z.astype(np.float64)  # a difference of small integers would wrap around
    if Z.ndim == 0 or Z.size == 0 or not np.isfinite(Z).all():
        raise ValueError(
            "logits must be one row or more of finite numbers; NaN or infinity comes from a step too large"
        )
    with np.errstate(over="ignore"):  # the difference of the largest numbers is -infinity, and its power 0
        E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def cross_entropy(P, y):
    """Return the mean of -log P[r, y[r]] over the examples, in nats (eq. 2.4), as a float.

    `P` are probabilities (n, classes), `y` integer labels (n,). A probability that was rounded to 0 counts as the
    smallest normal number of P's dtype, so that the cost stays finite.
    Raises TypeError or ValueError for shapes, labels or probabilities that are not so.
    """
    if not isinstance(P, np.ndarray) or P.dtype not in _FLOATS:
        raise TypeError(f"P is {getattr(P, 'dtype', type(P).__name__)}; expected a float32 or float64 array")
    if P.ndim != 2 or 0 in P.shape:
        raise ValueError(f"P has shape {P.shape}; expected (n, classes) with at least one example")
    if not (P.min() >= 0 and P.max() <= 2 and np.abs(P.sum(axis=1) - 1).max() < 1e-3):
        raise ValueError(
            "P must hold probabilities: none negative, every row summing to 1; pass logits to softmax first"
        )
    _check_y(y, *P.shape)
    p_y = P[np.arange(len(y)), y]
    return float(-np.log(np.maximum(p_y, np.finfo(P.dtype).tiny)).mean(dtype=np.float64))


def forward(params, X):
    """Return every layer's pre-activation and activation as a dict (eq. 3.1 to 3.4).

    For the three layers of 784-25-15-10: Z1, A1 (n, 25), Z2, A2 (n, 15), Z3 and P (n, 10). `P` always is the last
    layer's softmax. `X` is (n, fan_in) in the parameters' dtype.
    Raises TypeError or ValueError that names what does not fit.
    """
    _check_params(params)
    _check_X(params, X)
    layers, A = {}, X
    for number, (W, b) in enumerate(params, start=1):
        with np.errstate(**_QUIET):  # softmax refuses infinities
            layers[f"Z{number}"] = Z = A @ W + b
        if number < len(params):
            layers[f"A{number}"] = A = relu(Z)
    layers["P"] = softmax(Z)
    return layers


def predict_proba(params, X):
    """Return the probabilities of the classes, (n, classes), each row summing to 1. Raises as `forward`."""
    return forward(params, X)["P"]


def predict(params, X):
    """Return the most probable label of every row, (n,) int64. Raises as `forward`."""
    return predict_proba(params, X).argmax(axis=1)


def accuracy(params, X, y):
    """Return the share of rows whose predicted label is `y`, a float from 0 to 1. Raises as `forward`."""
    predicted = predict(params, X)
    _check_y(y, len(X), params[-1][0].shape[1])
    return float((predicted == y).mean())


# A sum over examples may be taken block by block: 2,048 images (6 MB in float32) are still in the processor's cache
# when the backward pass needs them again. More examples than that are dealt out in eight shares, always eight so that
# every machine adds in the same order: they keep up to eight cores busy, and fewer evenly busy.
_BLOCK_ROWS, _SHARES = 2048, 8


def loss_and_gradients(params, X, y):
    """Return the mean cross-entropy in nats, a float, and its gradients [(dW1, db1), ...] in the shapes of `params`.

    `X` is (n, fan_in) in the parameters' dtype. `y` are integer labels (n,), or probabilities (n, classes) in that
    dtype whose rows sum to 1: the cost then is the mean of -sum_j y_j log p_j. The cost is taken from the logits
    (eq. 2.24), the gradients are eq. 4.14 to 4.20.
    Raises TypeError or ValueError that names what does not fit.
    """
    _check_params(params)
    _check_X(params, X)
    _check_targets(y, X, params[-1][0].shape[1])
    mean = _MeanGradient(params)
    X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)  # sums over another order in memory round otherwise
    with np.errstate(**_QUIET):
        cost, _ = mean(_views(_flatten(params), params), X, y)
    return cost, _views(mean.gradient, params)


def _flatten(params):
    """All parameters in one new vector, so that an optimizer is one line for all of them; each W by columns."""
    parts = [part for W, b in params for part in (W.T.ravel(), b)]
    return np.concatenate(parts, out=_zeros((sum(part.size for part in parts),), parts[0].dtype))


def _zeros(shape, dtype):
    """Zeros that begin on a line of the processor's cache: arithmetic on them is up to twice as fast."""
    size, line = math.prod(shape), 64 // np.dtype(dtype).itemsize
    vector = np.zeros(size + line, dtype)
    first = -vector.__array_interface__["data"][0] % 64 // vector.itemsize
    return vector[first : first + size].reshape(shape)


def _views(flat, params):
    """The vector `flat` as (W, b) pairs in the shapes of `params`; they share its memory."""
    pairs, start = [], 0
    for W, b in params:
        middle, end = start + W.size, start + W.size + b.size
        pairs.append((flat[start:middle].reshape(W.shape[::-1]).T, flat[middle:end]))
        start = end
    return pairs


class _MeanGradient:
    """Mean cost and gradient over rows of X, block by block, in arrays that are made once and used for every call.

    `gradient`, one vector, holds what the last call found. A `pool` of threads shares the work on many rows.
    """

    def __init__(self, params, pool=None):
        self.shares, self.pool = [_Share(params)], pool
        self.gradient = self.shares[0].sum

    def __call__(self, params, X, y, rows=None, backward=True):
        """Return (mean cost, correct rows) over all rows of X, or over those that the array `rows` numbers."""
        n = len(X) if rows is None else len(rows)
        if n <= _BLOCK_ROWS:
            cost, correct = self.shares[0].add_up(params, X, y, rows, 0, n, n, backward)
            return cost / n, correct
        bounds = [n * k // _SHARES for k in range(_SHARES + 1)]
        self.shares += [_Share(params) for _ in range(_SHARES - len(self.shares))]

        def add_up(k):
            return self.shares[k].add_up(params, X, y, rows, bounds[k], bounds[k + 1], n, backward)

        costs, corrects = zip(*(self.pool.map if self.pool else map)(add_up, range(_SHARES)))
        if backward:
            for share in self.shares[1:]:
                self.gradient += share.sum
        return sum(costs) / n, sum(corrects)


class _Share:
    """What one thread needs to add up the gradients of some blocks."""

    def __init__(self, params):
        self.sum, self.part = (_flatten(params) for _ in range(2))
        self.sum_views, self.part_views = _views(self.sum, params), _views(self.part, params)
        self.arrays = {}

    def add_up(self, params, X, y, rows, start, stop, n, backward):
        """Return cost and correct rows from `start` to `stop`; their share in the mean gradient over n is in `sum`."""
        cost, correct = 0.0, 0
        for first in range(start, stop, _BLOCK_ROWS):
            block = slice(first, min(first + _BLOCK_ROWS, stop))
            if rows is not None:
                block = rows[block]  # X[block] then copies the rows, in the thread that needs them
            gradients = (self.sum_views if first == start else self.part_views) if backward else None
            block_cost, block_correct = self.block(params, X[block], y[block], n, gradients)
            cost, correct = cost + block_cost, correct + block_correct
            if backward and first > start:
                self.sum += self.part
        return cost, correct

    def block(self, params, X, y, n, gradients):
        """Write these rows' share in the gradients of a mean over n; return (summed cost, correct rows).

        Every example is a column here: sums over the 10 classes then run along the memory, several times as fast.
        """
        m = len(X)
        if m not in self.arrays:
            As, dZs = ([_zeros((b.size, m), X.dtype) for _, b in params] for _ in range(2))
            self.arrays[m] = As, dZs, np.arange(m), np.ones(m, X.dtype)
        As, dZs, columns, ones = self.arrays[m]
        inputs = [X.T, *As[:-1]]
        for (W, b), A, Z in zip(params, inputs, As):  # forward, eq. 3.1 to 3.3
            _product(W.T, A, out=Z)
            Z += b[:, None]
            if Z is not As[-1]:
                np.maximum(Z, 0, out=Z)  # from here the activation A, which is positive where Z was
        labels = y if y.ndim == 1 else y.argmax(axis=1)
        at_label = np.multiply(labels, m, dtype=np.intp) + columns  # of Z and P, counted along the memory
        Z -= Z.max(axis=0)
        P = np.exp(Z, out=dZs[-1])
        total = P.sum(axis=0)
        right = Z.reshape(-1)[at_label]
        greatest = Z == 0
        if np.count_nonzero(greatest) == m:
            correct = np.count_nonzero(right == 0)
        else:  # equals among the greatest: the first of them is the prediction
            correct = np.count_nonzero(greatest.argmax(axis=0) == labels)
        if y.ndim == 2:
            right = (y.T * Z).sum(axis=0)
        cost = float((np.log(total) - right) @ ones)  # eq. 2.24
        if gradients is None:
            return cost, correct
        P /= total
        if y.ndim == 1:
            P.reshape(-1)[at_label] -= 1
        else:
            P -= y.T
        dZ = np.multiply(P, 1 / n, out=P)  # (p - y) / n, eq. 4.14
        for layer in reversed(range(len(params))):  # backward, eq. 4.15 to 4.20
            dW, db = gradients[layer]
            _product(dZ, inputs[layer].T, out=dW.T)
            np.matmul(dZ, ones, out=db)  # the sum over the examples, as a product: faster than .sum(axis=1)
            if layer:
                dA = np.matmul(params[layer][0], dZ, out=dZs[layer - 1])
                dZ = np.multiply(dA, inputs[layer] > 0, out=dA)
        return cost, correct


def _product(A, B, out):
    """out = A @ B for an A of few rows.

    OpenBLAS copies the factors of a product into an order of its own, unless the product takes less than a million
    multiplications. For factors as narrow as ours the copy takes half of the time, so that a larger product is made
    of as many columns of B at a time as stay below the million, if that is enough of them to be worth it.
    """
    columns = 10**6 // A.size // 16 * 16
    if not 48 <= columns < B.shape[1]:
        np.matmul(A, B, out=out)
        return
    whole = B.shape[1] // columns * columns
    stacks = [M[:, :whole].reshape(len(M), -1, columns).transpose(1, 0, 2) for M in (B, out)]
    np.matmul(A, stacks[0], out=stacks[1])
    if whole < B.shape[1]:
        np.matmul(A, B[:, whole:], out=out[:, whole:])


def gradient_check(params, X, y, step=1e-5, entries=100, seed=0):
    """Compare `loss_and_gradients` with centred differences (eq. 4.22); return the worst relative error per array.

    Returns a dict such as {"W1": 2e-9, "b1": ...}. From every array at most `entries` entries are drawn with `seed`.
    A difference is taken relative to the larger of the two values, or to a hundredth of the array's largest gradient
    where both are smaller. Below about 1e-6 the gradient is right; above about 1e-3 it is wrong.
    `params` and `X` must be float64: rounding in float32 drowns the difference. Raises TypeError or ValueError.
    """
    _check_params(params)
    if params[0][0].dtype != np.float64:
        raise TypeError("gradient_check needs float64 parameters and X: init_params(..., dtype=np.float64)")
    if not 0 < step < 1 or not isinstance(entries, (int, np.integer)) or entries < 1:
        raise ValueError(f"step is {step} and entries {entries}; expected a step between 0 and 1, at least one entry")
    _, gradients = loss_and_gradients(params, X, y)
    params = [(W.copy(), b.copy()) for W, b in params]
    rng = np.random.default_rng(seed)
    worst = {}
    for layer, (pair, gradient_pair) in enumerate(zip(params, gradients), start=1):
        for letter, array, gradient in zip("Wb", pair, gradient_pair):
            floor = max(np.abs(gradient).max() / 100, np.finfo(float).tiny)
            errors = []
            for entry in rng.permutation(array.size)[:entries]:
                index = np.unravel_index(entry, array.shape)
                numeric = _centred_difference(params, X, y, array, index, step)
                scale = max(abs(numeric), abs(gradient[index]), floor)
                errors.append(abs(numeric - gradient[index]) / scale)
            worst[f"{letter}{layer}"] = float(max(errors))
    return worst


def _centred_difference(params, X, y, array, index, step):
    """(J(w + step) - J(w - step)) / (2 step) for the one entry `index` of `array`, which is one of `params`."""
    value = array[index]
    array[index] = value + step
    above, _ = loss_and_gradients(params, X, y)
    array[index] = value - step
    below, _ = loss_and_gradients(params, X, y)
    array[index] = value
    return (above - below) / (2 * step)


# ---------------------------------------------------------------------------------------------------------------
# Files, written whole or not at all
# ---------------------------------------------------------------------------------------------------------------


def _write_npz(path, arrays):
    """Write the arrays beside `path` and put the file in its place, so that a crash leaves the old one as it was."""
    beside = path.with_name(f"{path.name[:40]}.{uuid.uuid4().hex}.part")  # a file's name has 255 bytes at most
    try:
        with open(beside, "xb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


# ---------------------------------------------------------------------------------------------------------------
# Training (notebook 05)
# ---------------------------------------------------------------------------------------------------------------


class _GradientDescent:
    """w <- w - rate * gradient (eq. 5.3). Every optimizer may write over the gradient."""

    kept = 0  # vectors that it keeps from one update to the next

    def __init__(self, size, dtype):
        self.moments, self.t = [_zeros((size,), dtype) for _ in range(self.kept)], 0

    def step(self, w, gradient, rate):
        w -= np.multiply(gradient, rate, out=gradient)


class _Momentum(_GradientDescent):
    """v <- 0.9 v + gradient, w <- w - rate * v (eq. 5.13). Source: Polyak (1964)."""

    kept = 1

    def step(self, w, gradient, rate):
        (v,) = self.moments
        v *= 0.9
        v += gradient
        w -= np.multiply(v, rate, out=gradient)


class _Adam(_GradientDescent):
    """Running means of the gradient and of its square, corrected for their start at 0 (eq. 5.15 to 5.17).

    m and s are kept without their factors 1 - 0.9 and 1 - 0.999, which one number makes up for at the end.
    Source: Kingma and Ba (2015), algorithm 1, with its constants 0.9, 0.999 and 1e-8.
    """

    kept = 2

    def step(self, w, gradient, rate):
        self.t += 1
        m, s = self.moments
        m *= 0.9
        m += gradient
        s *= 0.999
        s += np.multiply(gradient, gradient, out=gradient)
        root = math.sqrt((1 - 0.999) / (1 - 0.999**self.t))  # sqrt(s_hat) = root * sqrt(s)
        step = np.sqrt(s, out=gradient)
        step += 1e-8 / root
        np.divide(m, step, out=step)
        step *= rate * (1 - 0.9) / (1 - 0.9**self.t) / root
        w -= step
        if self.t % 128 == 0:  # arithmetic on numbers close to the smallest that there are is forty times as slow
            for moment in self.moments:
                moment[np.abs(moment) < np.finfo(w.dtype).tiny / np.finfo(w.dtype).eps] = 0


# Each optimizer with the learning rate that it takes unless told otherwise.
OPTIMIZERS = {"sgd": (_GradientDescent, 0.1), "momentum": (_Momentum, 0.05), "adam": (_Adam, 0.001)}


def cosine_schedule(peak, warmup=0.02):
    """Return a learning rate for `train`: a function of the progress t of the whole training, from 0 to 1.

    It rises in a straight line from 0 to `peak` during the first part `warmup` of the training, then falls to 0 along
    half a cosine. Raises ValueError unless peak is positive and 0 <= warmup < 1.
    Source: Loshchilov and Hutter (2017), SGDR, eq. 5, without restarts.
    """
    if not (0 < peak < math.inf and 0 <= warmup < 1):
        raise ValueError(f"peak is {peak} and warmup {warmup}; expected a positive peak and a warmup from 0 to below 1")

    def rate(t):
        if t < warmup:
            return peak * t / warmup
        return peak * (1 + math.cos(math.pi * (t - warmup) / (1 - warmup))) / 2

    return rate


def train(
    params,
    X,
    y,
    *,
    epochs,
    batch_size=None,
    optimizer="sgd",
    learning_rate=None,
    weight_decay=0.0,
    validation=None,
    augment=None,
    checkpoint=None,
    seed=0,
    progress=True,
):
    """Train a copy of `params` on `X` (n, fan_in) and labels `y` (n,), and return `(params, history)`.

    epochs         passes over all examples, at least 1
    batch_size     examples per update; None takes all of them (full-batch gradient descent)
    optimizer      "sgd" (w - rate * gradient), "momentum" or "adam"
    learning_rate  a positive number; None takes the optimizer's own: 0.1, 0.05 and 0.001 in the order above; or a
                   function of the progress t of the whole training, 0 <= t < 1, such as `cosine_schedule` returns
    weight_decay   every update first takes rate * weight_decay * W off each W, apart from the gradient (decoupled:
                   Loshchilov and Hutter, 2019); biases do not decay
    validation     a pair (X_val, y_val) to be measured after every epoch; never trained on
    augment        a function (X, y, rng) -> (X, y), called with the given examples at the start of every epoch, whose
                   result the epoch trains on; as many rows, in the same dtype. It draws from `rng` only
    checkpoint     a file that keeps the training's state. If it exists, training goes on from there, and gives bit
                   for bit what it would have given without the interruption. It is written at the end of an epoch,
                   not more often than every five seconds, and when the training ends or is interrupted
    seed           draws the order of the examples; same seed, same result
    progress       a bar with the cost so far

    Instead of labels, `y` may hold probabilities (n, classes), see `loss_and_gradients`; accuracy then counts the
    rows whose most probable class is found.

    `history` is a dict of arrays with one entry per finished epoch: "cost" (nats) and "accuracy" of the training
    examples, each measured just before the update that it led to; "val_cost" and "val_accuracy" after the epoch's
    last update, if `validation` was given; "seconds" since the start. history["stopped"] is "finished", or
    "interrupted" after a KeyboardInterrupt (the stop button), which returns what was learned so far.

    Raises TypeError or ValueError that names what does not fit, and FloatingPointError when the training diverges:
    the error says in which epoch, and carries the `params` before it and the `history`.
    """
    state = _Training(
        params, X, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, learning_rate=learning_rate,
        weight_decay=weight_decay, validation=validation, augment=augment, checkpoint=checkpoint, seed=seed,
    )  # fmt: skip
    bar = _progress_bar(state, progress)
    try:
        with contextlib.closing(state.run()) as updates:
            for _ in updates:
                if state.step == 0:
                    bar.set_postfix_str(f"cost {state.lists['cost'][-1]:.4f}", refresh=False)
                    bar.update()
    except KeyboardInterrupt:
        state.stopped = "interrupted"
        print(f"Interrupted in epoch {state.epoch + 1} of {epochs}: here are the parameters and the history so far.")
    finally:
        bar.close()
    return _by_rows(state.params), state.history


def training(params, X, y, *, epochs, **settings):
    """Train as `train` does, with the same keywords but for `progress`, one update at a time: a generator.

    After every update it yields the same object, which tells how far the training is: `epoch` and `epochs`, the
    finished epochs and those asked for; `step` and `steps`, the updates done in the epoch under way (0 when one has
    just ended) and those that an epoch has; `params`, the parameters (W, b) as they are now, which the next update
    changes in place; `history` of the finished epochs, as `train` returns it. Closing the generator ends the training
    and its threads. Raises as `train`: what does not fit at once, a divergence on the way.
    """
    return _Training(params, X, y, epochs=epochs, **settings).run()


class _Training:
    """The state of a training, which `training` yields after every update."""

    def __init__(
        self, params, X, y, *, epochs, batch_size=None, optimizer="sgd", learning_rate=None, weight_decay=0.0,
        validation=None, augment=None, checkpoint=None, seed=0,
    ):  # fmt: skip
        _check_params(params)
        if validation is not None and not (isinstance(validation, (list, tuple)) and len(validation) == 2):
            raise TypeError("validation must be a pair (X_val, y_val), as validation_split() returns it")
        if augment and not callable(augment):
            raise TypeError(f"augment is {augment!r}; expected a function (X, y, rng) -> (X, y)")
        self.classes = params[-1][0].shape[1]
        for images, labels in [(X, y)] + ([validation] if validation else []):
            _check_X(params, images)
            _check_targets(labels, images, self.classes)
        for name, count in (("epochs", epochs), ("batch_size", len(X) if batch_size is None else batch_size)):
            if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
                raise ValueError(f"{name} is {count!r}; expected a whole number of at least 1")
        if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {optimizer!r}; expected one of {', '.join(map(repr, OPTIMIZERS))}")
        make_optimizer, usual_rate = OPTIMIZERS[optimizer]
        rate = usual_rate if learning_rate is None else learning_rate
        if not callable(rate) and not (isinstance(rate, _NUMBERS) and 0 < rate < math.inf):
            raise ValueError(
                f"learning_rate is {rate!r}; expected a positive number, such as {usual_rate}, or a function"
            )
        if not (isinstance(weight_decay, _NUMBERS) and 0 <= weight_decay < math.inf):
            raise ValueError(f"weight_decay is {weight_decay!r}; expected a number of at least 0, such as 0.1")
        self.epochs, self.epoch, self.step = int(epochs), 0, 0
        self.batch_size = min(batch_size or len(X), len(X))
        self.steps = math.ceil(len(X) / self.batch_size)
        self.data = np.ascontiguousarray(X), np.ascontiguousarray(y)  # see loss_and_gradients
        self.validation, self.augment = validation and [np.ascontiguousarray(part) for part in validation], augment
        self.rate = rate if callable(rate) else lambda t: rate
        self.usual_rate = usual_rate
        self.decay = float(weight_decay)
        self.flat = _flatten(params)
        self.params = _views(self.flat, params)
        self.optimizer = make_optimizer(self.flat.size, self.flat.dtype)
        self.rng = np.random.default_rng(seed)
        names = ["cost", "accuracy", "seconds"] + (["val_cost", "val_accuracy"] if validation else [])
        self.lists, self.stopped = {name: [] for name in names}, "running"
        self.file = None
        if checkpoint is not None:
            settings = {
                "batch_size": self.batch_size,
                "optimizer": optimizer,
                "learning_rate": [float(rate(k / 64)) for k in range(64)] if callable(rate) else float(rate),
                "epochs": self.epochs if callable(rate) else None,  # a schedule spans them all, a number takes more
                "weight_decay": self.decay,
                "augment": augment and getattr(augment, "__qualname__", type(augment).__name__),
                "seed": self.rng.bit_generator.state,
                "params": _fingerprint(self.flat, *(W for W, _ in params)),
                "X": _fingerprint(X),
                "y": _fingerprint(y),
                "validation": validation and _fingerprint(*validation),
            }
            self.file = _Checkpoint(checkpoint, settings)
            self.file.resume(self)

    @property
    def history(self):
        """The history of the finished epochs, as `train` returns it."""
        length = min(map(len, self.lists.values()))  # an interruption may fall between two of the lists
        return {name: np.array(values[:length]) for name, values in self.lists.items()} | {"stopped": self.stopped}

    def run(self):
        """Yield this object after every update."""
        start = time.perf_counter() - (self.lists["seconds"] or [0])[-1]
        try:
            with _cores() as pool:
                mean = _MeanGradient(self.params, pool)
                while self.epoch < self.epochs:
                    yield from self._run_epoch(mean, start)
            self.stopped = "finished"
        finally:
            if self.file:
                self.file.write()

    def _run_epoch(self, mean, start):
        X, y = self._augmented() if self.augment else self.data
        n, before, cost, correct = len(X), self.flat.copy(), 0.0, 0
        for X_part, y_part, rows in _batches(X, y, self.batch_size, self.rng, mean.pool):
            if self.step:
                yield self
            size = len(X_part) if rows is None else len(rows)
            with np.errstate(**_QUIET):
                batch_cost, batch_correct = mean(self.params, X_part, y_part, rows)
                self._update(mean.gradient)
            cost, correct = cost + batch_cost * size / n, correct + batch_correct
            self.step += 1
        if not (math.isfinite(cost) and np.isfinite(self.flat).all()):
            raise self._divergence(before)
        found = {"cost": cost, "accuracy": correct / n}
        if self.validation:
            X_val, y_val = self.validation
            with np.errstate(**_QUIET):
                found["val_cost"], val_correct = mean(self.params, X_val, y_val, backward=False)
            found["val_accuracy"] = val_correct / len(X_val)
        found["seconds"] = time.perf_counter() - start
        for name, value in found.items():
            self.lists[name].append(value)
        self.epoch, self.step = self.epoch + 1, 0
        if self.file:
            self.file.keep(self)
        yield self

    def _update(self, gradient):
        """One step of the optimizer, after the decay of the weights."""
        t = (self.epoch + self.step / self.steps) / self.epochs
        rate = float(self.rate(t))
        if not 0 <= rate < math.inf:
            raise ValueError(f"learning_rate gave {rate!r} at t = {t:.3g}; expected a number of at least 0")
        if self.decay:
            for W, _ in self.params:
                W *= 1 - rate * self.decay
        self.optimizer.step(self.flat, gradient, rate)

    def _augmented(self):
        X, y = self.data
        made = self.augment(X, y, self.rng)
        if not (isinstance(made, tuple) and len(made) == 2 and getattr(made[0], "shape", None) == X.shape):
            raise ValueError(f"augment must return (X, y) with X of shape {X.shape}, as it was given")
        if made[0].dtype != X.dtype:
            raise TypeError(f"augment returned X as {made[0].dtype}; expected {X.dtype}, as it was given")
        _check_targets(made[1], X, self.classes)
        return made

    def _divergence(self, before):
        self.stopped, rate = "diverged", min(self.rate(self.epoch / self.epochs) / 4, self.usual_rate)
        error = FloatingPointError(
            f"training diverged in epoch {self.epoch + 1}: the cost or a parameter is no longer a finite number. Try "
            f"a smaller learning_rate, such as {rate:.2g}; the error's .params and .history hold what came before"
        )
        error.params, error.history = _by_rows(_views(before, self.params)), self.history
        return error


def _by_rows(params):
    """Copies of the parameters, each W by rows as NumPy's own arrays are."""
    return [(W.copy(order="C"), b.copy()) for W, b in params]


def _batches(X, y, batch_size, rng, pool):
    """Yield (X, y, rows) for every update of an epoch: the batch is X[rows], or all of X where rows is None.

    Small batches are copied together by another thread, about two thousand rows ahead of the training.
    """
    n = len(X)
    if batch_size == n:
        yield X, y, None
        return
    order = rng.permutation(n)
    if batch_size > _BLOCK_ROWS:
        for start in range(0, n, batch_size):
            yield X, y, order[start : start + batch_size]
        return
    chunk = _BLOCK_ROWS // batch_size * batch_size
    parts = [order[start : start + chunk] for start in range(0, n, chunk)]
    copies = [(_zeros((chunk, X.shape[1]), X.dtype), np.empty((chunk, *y.shape[1:]), y.dtype)) for _ in range(2)]

    def copy(k):
        return [  # the indices are in range: "clip" only keeps NumPy from copying twice
            np.take(array, parts[k], axis=0, out=out[: len(parts[k])], mode="clip")
            for array, out in zip((X, y), copies[k % 2])
        ]

    ahead = pool.submit(copy, 0)
    for k in range(len(parts)):
        X_part, y_part = ahead.result()
        if k + 1 < len(parts):
            ahead = pool.submit(copy, k + 1)
        for start in range(0, len(y_part), batch_size):
            yield X_part[start : start + batch_size], y_part[start : start + batch_size], None


_single = {"trainings": 0, "lock": threading.Lock()}


@contextlib.contextmanager
def _cores():
    """A pool of threads that each multiply matrices alone.

    NumPy's matrix products would otherwise spread over all cores themselves, which for matrices as narrow as these
    gains little on an idle machine and loses a factor of ten on a busy one. Several trainings may be under way in
    turns: the first sets the limit, the last lifts it.
    """
    from threadpoolctl import threadpool_limits

    with _single["lock"]:
        _single["trainings"] += 1
        if _single["trainings"] == 1:
            _let_this_thread_set_limits()
            _single["limits"] = threadpool_limits(1, user_api="blas")
    try:
        threads = min(_SHARES, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, initializer=lambda: np.seterr(**_QUIET)) as pool:
            yield pool
    finally:
        with _single["lock"]:
            _single["trainings"] -= 1
            if not _single["trainings"]:
                _let_this_thread_set_limits()
                _single["limits"].restore_original_limits()


def _let_this_thread_set_limits():
    """Newer versions of threadpoolctl heed the first thread that set a limit, and ignore all others in silence."""
    import threadpoolctl

    release = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if release:
        release(force=True)


def _progress_bar(state, progress):
    from tqdm.auto import tqdm

    # A hundred updates at most, however long the training takes: each sends messages to the notebook, and where they
    # are not read until the cell has ended (as in a test), a queue takes only so many.
    hundredth = max(1, state.epochs // 100)
    return tqdm(
        initial=state.epoch, total=state.epochs, unit="epoch", disable=not progress,
        miniters=hundredth, mininterval=0, maxinterval=math.inf,
    )  # fmt: skip


class _Checkpoint:
    """The file from which an interrupted training goes on."""

    def __init__(self, path, settings):
        self.path, self.settings = Path(path), settings
        self.kept, self.written = None, time.monotonic()
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {self.path.parent} for the checkpoint; make it first")

    def keep(self, state):
        """Take down the state at the end of an epoch, and write it to the file every five seconds."""
        record = {
            "settings": self.settings,
            "epoch": state.epoch,
            "t": state.optimizer.t,
            "rng": state.rng.bit_generator.state,
        }
        self.kept = {
            "record": np.array(json.dumps(record)),
            "flat": state.flat.copy(),
            "moments": np.array(state.optimizer.moments),
            **{name: np.array(values) for name, values in state.lists.items()},
        }
        if time.monotonic() > self.written + 5:
            self.write()

    def write(self):
        """Write what was kept and is not yet in the file."""
        if self.kept:
            _write_npz(self.path, self.kept)
            self.kept, self.written = None, time.monotonic()

    def resume(self, state):
        """Put `state` where the file left it, if there is one. Raises ValueError when it is of another training."""
        if not self.path.exists():
            return
        afresh = "or delete the file, or name another, to start afresh"
        try:
            saved = _read_npz(self.path)
            record = json.loads(str(saved["record"][()]))
            for name, here in self.settings.items():
                there = record["settings"][name]
                if there != here:
                    values = f" ({there!r} there, {here!r} here)" if len(repr(here)) < 30 else ""
                    raise _OtherTraining(f"with another {name}{values}: give the same {name}, {afresh}")
            if record["epoch"] > state.epochs:
                raise _OtherTraining(f"of {record['epoch']} epochs, more than {state.epochs}: ask for more, {afresh}")
            expected = {"flat": state.flat, "moments": np.array(state.optimizer.moments)}
            expected |= {name: np.zeros(record["epoch"]) for name in state.lists}
            for name, array in expected.items():
                if (saved[name].dtype, saved[name].shape) != (array.dtype, array.shape):
                    raise ValueError(f"{name} is {saved[name].dtype} {saved[name].shape}")
            lists = {name: saved[name].tolist() for name in state.lists}
            state.flat[:] = saved["flat"]
            for moment, values in zip(state.optimizer.moments, saved["moments"]):
                moment[:] = values
            state.epoch, state.lists, state.optimizer.t = record["epoch"], lists, int(record["t"])
            state.rng.bit_generator.state = record["rng"]
        except _OtherTraining as error:
            raise ValueError(f"{self.path} is the checkpoint of a training {error}") from None
        except Exception as error:  # a damaged zip can fail in a dozen ways; the cure is the same
            raise ValueError(
                f"{self.path} is no checkpoint that can be used ({type(error).__name__}: {error}). "
                f"Put a good copy in its place, {afresh}"
            ) from error


class _OtherTraining(Exception):
    """A checkpoint is whole, but of a training with other settings."""


def _fingerprint(*arrays):
    """A digest of the arrays' shapes, dtypes and contents."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


# ---------------------------------------------------------------------------------------------------------------
# Baselines (notebook 01): the ladder that the network has to climb
# ---------------------------------------------------------------------------------------------------------------


def baseline_accuracies(X_train, y_train, X_eval, y_eval):
    """Return the accuracies on `X_eval` of the baselines learned from `X_train`, as {name: share}, least first.

    "chance" always answers the commonest training label; "darkness" the label whose mean brightness is nearest;
    "nearest mean" the label whose mean image is nearest; "softmax regression" is a network without hidden layers,
    trained for five epochs. Pixels (n, 784) in one float dtype, labels (n,). Raises as `train`.
    """
    if not isinstance(X_train, np.ndarray) or X_train.ndim != 2:
        raise TypeError(f"X_train is {type(X_train).__name__} {np.shape(X_train)}; expected an array (n, pixels)")
    params = init_params((X_train.shape[1], 10), dtype=X_train.dtype)
    recipe = {"epochs": 5, "batch_size": 128, "optimizer": "adam", "learning_rate": 0.002, "progress": False}
    regression, _ = train(params, X_train, y_train, **recipe)
    learned = accuracy(regression, X_eval, y_eval)
    digits = np.unique(y_train)  # a digit without a training image has no mean
    means = np.stack([X_train[y_train == digit].mean(axis=0, dtype=np.float64) for digit in digits])
    # |x - m|^2 = |x|^2 - 2 x.m + |m|^2, and |x|^2 is the same for every m: it can be left out of a comparison.
    nearest = ((means**2).sum(axis=1) - 2 * X_eval @ means.T).argmin(axis=1)
    darkness = np.abs(X_eval.mean(axis=1)[:, None] - means.mean(axis=1)).argmin(axis=1)
    return {
        "chance": float((np.bincount(y_train).argmax() == y_eval).mean()),
        "darkness": float((digits[darkness] == y_eval).mean()),
        "nearest mean": float((digits[nearest] == y_eval).mean()),
        "softmax regression": learned,
    }


# ---------------------------------------------------------------------------------------------------------------
# Saving
# ---------------------------------------------------------------------------------------------------------------


def save_model(path, params, **metadata):
    """Write `params` and `metadata` (anything that JSON holds) to one .npz file, whole or not at all.

    The file is written beside `path` and then takes its place, so that a crash leaves the old one as it was.
    Raises as `_check_params` for parameters that no `load_model` would take, TypeError for metadata that is not JSON,
    OSError when the folder cannot be written.
    """
    _check_params(params)
    path = Path(path)
    try:
        text = json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"metadata must be what JSON holds (text, numbers, lists, dicts): {error}") from error
    arrays = {f"{letter}{k}": array for k, pair in enumerate(params, start=1) for letter, array in zip("Wb", pair)}
    _write_npz(path, {"metadata": np.array(text), **arrays})


def load_model(path):
    """Return `(params, metadata)` from a file that `save_model` wrote. Pickled content is never opened.

    Raises FileNotFoundError when there is no such file, and ValueError when it is damaged or holds anything but
    finite parameters whose shapes follow each other.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model at {path}. Notebook 05-training makes models/digitnet.npz")
    try:
        arrays = _read_npz(path)
        metadata = json.loads(str(arrays.pop("metadata")[()]))
        layers = range(1, len(arrays) // 2 + 1)
        params = [(arrays.pop(f"W{layer}"), arrays.pop(f"b{layer}")) for layer in layers]
        if arrays or not isinstance(metadata, dict):
            raise ValueError(f"it holds more than W1, b1, ... and metadata: {', '.join(arrays) or metadata}")
        _check_params(params)
    except Exception as error:  # a damaged zip can fail in a dozen ways; the cure is the same
        raise ValueError(
            f"{path} is no model that can be used ({type(error).__name__}: {error}). "
            f"Restore it with `git checkout`, or run notebook 05-training again"
        ) from error
    return params, metadata


# ---------------------------------------------------------------------------------------------------------------
# Reading: the best model, and any drawing (notebooks 08 and 09)
# ---------------------------------------------------------------------------------------------------------------


def predict_moved(params, X, distance=0.5):
    """Return the mean of the probabilities for nine copies of `X`: shifted by -distance, 0 and distance pixels
    down and to the right. Raises as `predict_proba`.
    """
    _check_images(X)
    if not abs(distance) <= 28:
        raise ValueError(f"distance is {distance}; expected a number of pixels, 28 at most")
    total = 0
    rows, columns = np.divmod(np.arange(784.0), 28)
    for down in (-distance, 0, distance):
        for right in (-distance, 0, distance):
            total = total + predict_proba(params, _resample(X, rows - down, columns - right))
    return total / 9


def best_model():
    """Return `(params, metadata)` of the best model in models/: that of notebook 09, else that of notebook 05."""
    best, first = MODELS / "digitnet-best.npz", MODELS / "digitnet.npz"
    return load_model(best if best.is_file() else first)


def see_digit(image, metadata):
    """Return any drawing (h, w) as the network of this `metadata` wants to see it, (784,) float32.

    That is `normalize_drawing`, and `straighten` for a network that was trained on straightened digits.
    """
    x = normalize_drawing(image)
    return straighten(x[None])[0] if metadata.get("preprocessing") == "moments" else x


def read_digit(image, model=None):
    """Return the probabilities (10,) of the digits 0 to 9 for any drawing (h, w).

    `model` is a pair (params, metadata) as `load_model` returns it; None takes the best one in models/.
    Raises as `normalize_drawing` and `load_model`.
    """
    if model is None:
        model = best_model()
    if not (isinstance(model, (list, tuple)) and len(model) == 2 and isinstance(model[1], dict)):
        raise TypeError("model must be a pair (params, metadata), as load_model() returns it")
    params, metadata = model
    _check_params(params)
    return read_seen(see_digit(image, metadata), params, metadata)


def read_seen(x, params, metadata):
    """Return the probabilities (10,) for one picture (784,) that is already as the network wants to see it."""
    X = x[None].astype(params[0][0].dtype)
    return (predict_moved if metadata.get("moved_copies") else predict_proba)(params, X)[0]


# ---------------------------------------------------------------------------------------------------------------
# Figures
# ---------------------------------------------------------------------------------------------------------------

# One visual language: colours that people with any colour vision tell apart (Okabe and Ito, 2008), each with a line
# style of its own; cividis for magnitudes.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def use_style():
    """Set matplotlib's defaults to those of the series: one size, one set of colours, no frame on the right and top."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.figsize": (7, 3.6),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.prop_cycle": mpl.cycler(color=COLORS, linestyle=LINE_STYLES),
            "image.cmap": "cividis",
            "legend.frameon": False,
        }
    )


def show(fig, alt, digits=3):
    """Put `fig` on the page with its alternative text `alt`, and close it.

    The page gets the picture; readers' tools find `alt` in the output's image/png metadata; its text/plain is a
    digest of what was drawn, rounded to `digits` digits, so that a comparison of outputs notices changed data.
    Raises ValueError when `alt` is empty.
    """
    import base64
    import io

    import matplotlib.pyplot as plt
    from IPython.display import display

    if not (isinstance(alt, str) and alt.strip()):
        raise ValueError("alt is empty; say in a sentence what the figure shows")
    png = io.BytesIO()
    fig.savefig(png, format="png", metadata={"Software": None})
    text = _digest(fig, digits)
    plt.close(fig)
    data = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": text}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)


def _digest(fig, digits):
    """What a figure draws, in words: titles, labels, texts, and a row of numbers per line, image and set of bars."""
    rows = [f"figure: {fig.get_suptitle() or 'no title over all'}"]
    for ax in fig.axes:
        labels = [ax.get_title(loc) for loc in ("left", "center")] + [ax.get_xlabel(), ax.get_ylabel()]
        rows.append("axes: " + " | ".join(label for label in labels if label))
        rows += [f"  text {text.get_text()!r}" for text in ax.texts]
        for line in ax.lines:
            x, y = (np.asarray(values, float) for values in line.get_data())
            rows.append(f"  line {_label(line)}x {_numbers(x, digits)}, y {_numbers(y, digits)}")
        rows += [f"  image {_label(image)}{_numbers(image.get_array(), digits)}" for image in ax.images]
        for marks in ax.collections:
            points = marks.get_offsets() if len(marks.get_offsets()) > 1 else _vertices(marks)
            rows.append(f"  marks {_label(marks)}{_numbers(points, digits)}")
        for bars in ax.containers:
            boxes = [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in bars if hasattr(p, "get_width")]
            if boxes:
                rows.append(f"  bars {_label(bars)}{_numbers(boxes, digits)}")
    return "\n".join(rows)


def _label(artist):
    label = str(artist.get_label())
    return "" if label.startswith("_") else f"{label!r} "


def _vertices(marks):
    return np.concatenate([path.vertices for path in marks.get_paths()] or [np.zeros((0, 2))])


def _numbers(values, digits):
    """Count, least, greatest, mean, and a mean weighted from -1 (first) to 1 (last), which notices a changed order.

    All are rounded to `digits` digits of the largest of them, so that a value near 0 does not show its rounding noise.
    """
    values = np.ma.masked_invalid(np.ma.asarray(values, float)).ravel()
    finite = values.compressed()
    if not finite.size:
        return f"{values.size} numbers, none finite"
    ramp = (np.linspace(-1, 1, values.size) * values).mean()
    summary = np.array([finite.min(), finite.max(), finite.mean(), ramp])
    largest = np.abs(summary).max()
    decimals = digits - 1 - math.floor(math.log10(largest)) if largest > 0 else 0
    least, greatest, mean, ramp = (f"{value:.10g}" for value in np.round(summary, decimals) + 0.0)
    return f"{values.size} numbers from {least} to {greatest}, mean {mean}, order {ramp}"


def plot_digits(images, titles, columns=8, wrong=()):
    """Draw images (k, 784) in a grid, each under its title; those whose index is in `wrong` are marked with ✗.

    Returns the figure, for `show`. Raises ValueError when the numbers of images and titles differ.
    """
    import matplotlib.pyplot as plt

    if len(images) != len(titles) or len(images) == 0:
        raise ValueError(f"{len(images)} images have {len(titles)} titles; expected one title for each of at least one")
    if columns < 1:
        raise ValueError(f"columns is {columns}; expected at least 1")
    images = [np.reshape(image, (28, 28)) for image in images]
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    fig, axes = plt.subplots(rows, columns, figsize=(0.9 * columns, 1.2 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (ax, image, title) in enumerate(zip(axes.flat, images, titles)):
        ax.imshow(image, vmin=0, vmax=1)
        color = COLORS[1] if k in wrong else "black"
        ax.set_title(f"{title} ✗" if k in wrong else str(title), loc="center", fontsize=9, color=color)
    return fig


def plot_cost(histories, ax=None, xlabel="epoch"):
    """Draw the cost by epoch of one history, or of several as {label: history}; returns the axes.

    A history that has validation costs shows them as a second curve.
    """
    import matplotlib.pyplot as plt

    ax = ax or plt.subplots()[1]
    if "cost" in histories:
        histories = {"training cost": histories}
    for label, history in histories.items():
        ax.plot(np.arange(1, len(history["cost"]) + 1), history["cost"], label=label)
        if "val_cost" in history:
            val_label = "validation cost" if label == "training cost" else f"{label}, validation"
            ax.plot(np.arange(1, len(history["cost"]) + 1), history["val_cost"], label=val_label)
    ax.set(xlabel=xlabel, ylabel="cost J (nats)")
    ax.legend()
    return ax


def plot_ladder(rungs, ax=None):
    """Draw the ladder of accuracies, {name: share from 0 to 1}, a bar and a figure for each; returns the axes.

    The last rung, the one that the notebook has just climbed, is hatched. Raises ValueError when there is none.
    """
    import matplotlib.pyplot as plt

    if not rungs:
        raise ValueError("rungs is empty; expected {name: share} with at least one")
    ax = ax or plt.subplots(figsize=(7, 0.6 + 0.38 * len(rungs)))[1]
    bars = ax.barh(list(rungs), [100 * share for share in rungs.values()], color=COLORS[5])
    bars[-1].set(hatch="//", edgecolor="black")
    ax.bar_label(bars, fmt="%.0f%%", padding=3)
    ax.set(xlabel="accuracy (%)", xlim=(0, 108))
    ax.invert_yaxis()
    return ax
