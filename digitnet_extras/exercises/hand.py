"""Checks of notebook 08's exercises."""

import numpy as np

import digitnet_helpers as dn

from .common import exercise


@exercise("8.1")
def bright_ink(function):
    for shape, where in (((9, 9), 4), ((7, 12), slice(2, 5))):
        V = np.zeros(shape, int)
        V[2:6, where] = 255
        dim = 40 + V // 4
        touching = V.copy()
        touching[:, where] = 255
        for drawing, wanted, hint in (
            (V, V, "a drawing with bright ink stays as it is"),
            (255 - V, V, "a drawing with dark ink is turned round: 255 - gray"),
            (dim, dim, "a gray background that is darker than the ink stays as it is"),
            (
                140 - dim,
                115 + dim,
                "a dim picture too: compare the border with the picture's own darkest and brightest",
            ),
            (touching, touching, "ink may touch the border: take the border's median"),
            (255 - touching, touching, "dark ink may touch the border: take the border's median"),
        ):
            found = function(drawing.copy())
            assert np.shape(found) == shape and np.array_equal(found, wanted), hint


@exercise("8.2")
def push_towards(function):
    rng = np.random.default_rng(82)
    for sizes, k, eps in (((6, 5, 4, 3), 2, 0.1), ((5, 3), 0, 0.3)):
        params = dn.init_params(sizes, seed=1, dtype=np.float64)
        X = rng.uniform(0.1, 0.9, size=(4, sizes[0])).round(2)
        X[0] = np.arange(sizes[0]) % 2  # pixels at both limits
        found, y, before = np.asarray(function(params, X.copy(), k, eps)), np.full(1, k), X.copy()
        assert found.shape == X.shape, "return images in the shape of X"
        assert found.min() >= 0 and found.max() <= 1, "pixels stay within 0 and 1: np.clip"
        for r, i in np.ndindex(X.shape):
            step = 1e-5 * np.eye(sizes[0])[[i]]
            up, down = (dn.cross_entropy(dn.predict_proba(params, before[[r]] + s * step), y) for s in (1, -1))
            best = np.clip(before[r, i] - eps * np.sign(up - down), 0, 1)
            hint = "the cost of label k must fall: a minus" if found[r, i] > best else "every pixel moves by all of eps"
            assert abs(found[r, i] - best) < 1e-9, f"image {r}, pixel {i}: {hint}"


@exercise("8.3")
def limit_class(function):
    rng, changed = np.random.default_rng(83), 0
    for seed in range(6):
        params = [(W, rng.normal(size=b.shape)) for W, b in dn.init_params((20, 12, 8, 5), seed, np.float64)]
        for x in rng.uniform(size=(10, 20)):
            A = 1e7 * x
            for W, b in params[:-1]:
                A = np.maximum(A @ W + b, 0)
            logits = A @ params[-1][0] + params[-1][1]
            if np.diff(np.sort(logits)[-2:])[0] < 1e3:  # two classes grow at one rate
                continue
            found = function(params, x)
            assert np.ndim(found) == 0, "return one class, an int"
            assert int(found) == logits.argmax(), (
                "not the class that wins when the picture is ten million times brighter"
            )
            changed += int(found) != dn.predict(params, x[None])[0]
    assert changed > 0, "for some pictures the limit is another class than that of the picture itself"
