"""What digitnet_helpers asks of its input: each check says what was wrong, what is expected, and the cure.

Every check stands here once, and returns its input as the arrays that the mathematics wants: lists, pandas, JAX arrays
and memory maps are welcome, and what cannot be right raises TypeError or ValueError.
"""

import contextlib
import json
import math
import threading

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


_thread = threading.local()


def trusting():
    """Whether this thread works on what has been checked already."""
    return getattr(_thread, "trusting", False)


@contextlib.contextmanager
def trusted():
    """In here, in this thread, nothing is checked again, and infinities pass without a warning."""
    before, _thread.trusting = trusting(), True
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _thread.trusting = before


def need(right, error, message):
    if not right:
        raise error(message)


def array(name, values):
    """`values` as an array of numbers in this machine's byte order."""
    cure = "fill it, or drop the masked rows"
    need(
        not isinstance(values, np.ma.MaskedArray), TypeError, f"{name} is a masked array; expected a plain one: {cure}"
    )
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} is no array ({error}); expected rows of equal length") from None
    need(array.dtype.kind in "iuf", TypeError, f"{name} is {array.dtype} {array.shape}; expected an array of numbers")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def data(params, X, y=None, dtype=None, names=("X", "y"), trust=True):
    """Return `params`, `X` and, if given, `y` as arrays that fit each other."""
    if trust and trusting():
        return (params, X) if y is None else (params, X, y)
    params, name, bare = network(params), names[0], isinstance(X, (list, tuple))
    W1, X = params[0][0], array(name, X)
    X = X.astype(W1.dtype) if bare and X.dtype.kind == "f" else X  # a list has no dtype of its own
    found = f"{name} is {X.dtype} {X.shape}; expected"
    need(
        dtype in (None, W1.dtype), TypeError, f"params are {W1.dtype}; expected float64: init_params(..., dtype=float)"
    )
    need(X.dtype in FLOATS, TypeError, f"{found} {W1.dtype} pixels from 0 to 1: divide 0-255 pixels by 255")
    need(X.dtype == W1.dtype, TypeError, f"{found} {W1.dtype}, as the parameters are: convert one with .astype")
    fits = X.ndim == 2 and X.shape[1] == len(W1) and len(X) > 0
    need(fits, ValueError, f"{found} (n, {len(W1)}), one row for each of at least one example: use X.reshape")
    low, high = X.min(), X.max()  # NaN, if there is one, comes out of both
    fits = low >= -10 and high <= 10
    need(fits, ValueError, f"{name} runs from {low} to {high}; expected pixels from 0 to 1: divide by 255, drop NaN")
    return (params, X) if y is None else (params, X, labels(names[1], y, len(X), params[-1][1].size))


def network(params):
    pairs = isinstance(params, (list, tuple)) and all(isinstance(p, (list, tuple)) and len(p) == 2 for p in params)
    need(pairs and params, TypeError, "params must be a list of (W, b), one pair a layer, as init_params() returns it")
    params = [(array(f"W{k}", W), array(f"b{k}", b)) for k, (W, b) in enumerate(params, start=1)]
    width, first = None, params[0][0].dtype
    for k, (W, b) in enumerate(params, start=1):
        same = first in FLOATS and W.dtype == b.dtype == first
        need(same, TypeError, f"W{k} is {W.dtype}, b{k} {b.dtype}; expected float32 or float64 in all, use .astype")
        fits = W.ndim == 2 and W.size > 0 and b.shape == W.shape[1:] and width in (None, len(W))
        shape = f"({width or 'fan_in'}, fan_out) and (fan_out,)"
        need(fits, ValueError, f"W{k} has shape {W.shape}, b{k} {b.shape}; expected {shape}: see init_params()")
        finite = np.isfinite(W).all() and np.isfinite(b).all()
        need(finite, ValueError, f"W{k} or b{k} holds NaN or infinity; start again from init_params() or a saved model")
        width = W.shape[1]
    return params


def labels(name, y, n, classes):
    y = array(name, y)
    hot = y.ndim == 2 and y.shape == (n, classes)
    need(not hot, ValueError, f"{name} has shape {y.shape}, as if one-hot; expected labels ({n},): y.argmax(axis=1)")
    need(y.dtype.kind in "iu", TypeError, f"{name} is {y.dtype}; expected whole numbers: use .astype(int)")
    need(y.shape == (n,), ValueError, f"{name} has shape {y.shape}; expected ({n},), one label for each example")
    found = f"{name} holds labels from {y.min()} to {y.max()}"
    need(y.min() >= 0 and y.max() < classes, ValueError, f"{found}; expected 0 to {classes - 1}: drop the others")
    return y.astype(np.intp, copy=False)


def logits(Z):
    if trusting():
        return Z
    Z = array("Z", Z)
    fits = Z.ndim > 0 and Z.size > 0 and np.isfinite(Z).all()
    need(fits, ValueError, f"logits {Z.shape} must be finite, one row or more; infinities come from too large a step")
    return Z if Z.dtype in FLOATS else Z.astype(np.float64)


def probabilities(P, y):
    if trusting():
        return P, y
    P = array("P", P)
    fits = P.ndim == 2 and P.size > 0 and P.min() >= 0 and np.abs(P.sum(axis=1) - 1).max() < 1e-3
    need(fits, ValueError, f"P {P.shape} holds no probabilities; expected rows that sum to 1: use softmax first")
    return P, labels("y", y, *P.shape)


def sizes(sizes, dtype):
    sizes = list(sizes) if np.iterable(sizes) else []
    fits = len(sizes) >= 2 and all(isinstance(size, (int, np.integer)) and size >= 1 for size in sizes)
    need(fits, ValueError, f"layer_sizes is {sizes}; expected two or more whole numbers of at least 1")
    need(np.dtype(dtype) in FLOATS, TypeError, f"dtype is {np.dtype(dtype)}; expected float32 or float64")
    return sizes


def settings(epochs, batch_size, optimizer, learning_rate, weight_decay, augment, optimizers):
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool) and count >= 1
        need(whole, ValueError, f"{name} is {count!r}; expected a whole number of at least 1")
    known = isinstance(optimizer, str) and optimizer in optimizers
    need(known, ValueError, f"optimizer is {optimizer!r}; expected one of {', '.join(map(repr, optimizers))}")
    if learning_rate is not None and not callable(learning_rate):
        right = isinstance(learning_rate, (int, float, np.number)) and 0 < learning_rate < math.inf
        need(right, ValueError, f"learning_rate is {learning_rate!r}; expected a positive number, or a function")
    right = isinstance(weight_decay, (int, float, np.number)) and 0 <= weight_decay < math.inf
    need(right, ValueError, f"weight_decay is {weight_decay!r}; expected a number of at least 0, such as 0.1")
    need(augment is None or callable(augment), TypeError, f"augment is {augment!r}; expected a function")


def augmented(augment, params, X, y, rng):
    """What `augment` makes of X and y, checked like the training's own data."""
    made = augment(X, y, rng)
    fits = isinstance(made, tuple) and len(made) == 2 and np.shape(made[0]) == X.shape
    need(fits, ValueError, f"augment must return (X, y) with X of shape {X.shape}, as it was given")
    return data(params, *made, names=("augment's X", "augment's y"), trust=False)[1:]


def divergence(state, before, rate):
    """The error of a training that diverged: it carries what came before."""
    error = FloatingPointError(
        f"training diverged in epoch {state.epoch + 1}: the cost or a parameter is no longer finite. Try a smaller "
        f"learning_rate, such as {rate:.2g}; the error's .params and .history hold what came before"
    )
    error.params, error.history = before, state.history | {"stopped": "diverged"}
    return error


def as_json(metadata):
    try:
        return json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"metadata must be what JSON holds (text, numbers, lists, dicts): {error}") from error
