"""Teaching a trained network the hand of one person, and digits drawn from strokes, as people write them."""

import math

import numpy as np

import digitnet_helpers as dn

from .drawings import normalize_drawing
from .images import move_images, straighten

COPIES = 100  # slightly moved copies of each drawing
PASSES, UPDATES, RATE = 5, 20, 0.002  # passes over all examples, updates a pass, Adam's learning rate


def quick_network(X, y, seed=0):
    """Return a network like the pad's, trained in seconds: float64 parameters, for images that are straightened first.

    `X` (n, 784) are raw digits, `y` their labels; 20,000 of them give about 97%. Raises as `train`.
    """
    S = straighten(np.asarray(X, float))
    rate = dn.cosine_schedule(0.005)
    return dn.train(
        dn.init_params(seed=seed, dtype=float), S, y, epochs=8, batch_size=100, optimizer="adam", learning_rate=rate,
        seed=seed, progress=False,
    )[0]  # fmt: skip


def teach(params, images, labels, mix=None, seed=0):
    """Return a copy of `params` that was taught the `images` (k, 784) with their `labels` (k,), in under a second.

    The images are as the network is used to see them (MNIST's convention, straightened for a network that wants it).
    Each becomes a hundred slightly moved copies, fewer from 20 drawings on. `mix=(X, y)`, some thousand digits that
    the network knows, are learned beside them, so that it does not forget what it could read; None leaves them out.
    The training is `train` of notebook 05, with as many updates either way; the same seed gives the same network.
    Raises ValueError without images, and TypeError or ValueError as `train` for what does not fit.
    """
    dtype = params[0][0].dtype
    X, y = np.asarray(images, dtype), np.asarray(labels)
    if X.ndim != 2 or len(X) == 0 or y.shape != X.shape[:1]:
        raise ValueError(f"{X.shape} images have {y.shape} labels; expected (k, 784) and (k,), at least one of each")
    copies = max(10, min(COPIES, 2000 // len(X)))
    X, y = move_images(np.repeat(X, copies, axis=0), np.random.default_rng(seed)), np.repeat(y, copies)
    if mix is not None:
        X, y = np.concatenate([X, np.asarray(mix[0], dtype)]), np.concatenate([y, mix[1]])
    size = -(-len(X) // UPDATES)
    return dn.train(
        params, X, y, epochs=PASSES, batch_size=size, optimizer="adam", learning_rate=RATE, seed=seed, progress=False
    )[0]


# ---------------------------------------------------------------------------------------------------------------
# Digits from strokes
# ---------------------------------------------------------------------------------------------------------------


def arc(x, y, width, height, start, end):
    """Points on an ellipse about (x, y), from angle `start` to `end` in degrees: 0 is right, 90 is up."""
    angles = np.radians(np.linspace(start, end, max(2, math.ceil(abs(end - start) / 30) + 1)))
    return [(x + width / 2 * np.cos(a), y - height / 2 * np.sin(a)) for a in angles]


# {name: (label, strokes)}; a stroke is a list of points (x right, y down) from 0 to 1 on a square sheet, drawn as a
# smooth curve through them that turns a corner where a point stands twice.
SHAPES = {
    "0": (0, [arc(0.5, 0.5, 0.42, 0.70, 90, 460)]),
    "0 narrow": (0, [arc(0.5, 0.5, 0.28, 0.72, 80, 445)]),
    "0 with a slash": (0, [arc(0.5, 0.5, 0.44, 0.70, 90, 455), [(0.68, 0.20), (0.32, 0.80)]]),
    "0 with a loop": (
        0,
        [[(0.62, 0.13), (0.50, 0.18), *arc(0.5, 0.52, 0.42, 0.66, 110, 430), (0.45, 0.2), (0.58, 0.3)]],
    ),
    "0 open": (0, [arc(0.5, 0.5, 0.42, 0.70, 70, 405)]),
    "1": (1, [[(0.5, 0.14), (0.5, 0.86)]]),
    "1 with a flag": (1, [[(0.30, 0.36), (0.54, 0.14), (0.54, 0.14), (0.54, 0.86)]]),
    "1 with a steep flag": (1, [[(0.36, 0.36), (0.54, 0.14), (0.54, 0.14), (0.54, 0.86)]]),
    "1 with a long flag": (1, [[(0.28, 0.48), (0.56, 0.14), (0.56, 0.14), (0.56, 0.86)]]),
    "1 with a short flag": (1, [[(0.42, 0.25), (0.53, 0.14), (0.53, 0.14), (0.53, 0.86)]]),
    "1 with a curved flag": (1, [[(0.33, 0.38), (0.46, 0.30), (0.56, 0.14), (0.56, 0.14), (0.54, 0.86)]]),
    "1 with flag and base": (
        1,
        [[(0.36, 0.30), (0.52, 0.14), (0.52, 0.14), (0.52, 0.86)], [(0.34, 0.86), (0.70, 0.86)]],
    ),
    "2": (2, [[(0.30, 0.32), *arc(0.49, 0.33, 0.36, 0.36, 130, -30), (0.30, 0.84), (0.30, 0.84), (0.72, 0.84)]]),
    "2 with a loop": (
        2,
        [[(0.30, 0.30), *arc(0.50, 0.32, 0.36, 0.36, 130, -30), (0.50, 0.66), (0.34, 0.84), (0.27, 0.77), (0.36, 0.72),
          (0.54, 0.82), (0.74, 0.80)]],
    ),
    "2 like a Z": (2, [[(0.30, 0.20), (0.68, 0.18), (0.68, 0.18), (0.30, 0.84), (0.30, 0.84), (0.72, 0.82)]]),
    "3": (3, [[*arc(0.47, 0.33, 0.36, 0.34, 140, -90), *arc(0.47, 0.68, 0.42, 0.38, 90, -140)]]),
    "3 with a flat top": (
        3,
        [[(0.30, 0.16), (0.68, 0.16), (0.68, 0.16), (0.46, 0.44), (0.46, 0.44),
          *arc(0.46, 0.64, 0.44, 0.42, 70, -150)]],
    ),
    "3 pointed": (
        3,
        [[*arc(0.48, 0.32, 0.34, 0.32, 150, -70), (0.42, 0.50), (0.42, 0.50), *arc(0.48, 0.68, 0.40, 0.36, 80, -150)]],
    ),
    "4 open": (
        4,
        [[(0.36, 0.16), (0.30, 0.54), (0.30, 0.54), (0.74, 0.54)], [(0.62, 0.30), (0.60, 0.86)]],
    ),
    "4 open and square": (
        4,
        [[(0.32, 0.16), (0.32, 0.50), (0.32, 0.50), (0.66, 0.50)], [(0.66, 0.14), (0.66, 0.86)]],
    ),
    "4 closed": (
        4,
        [[(0.58, 0.86), (0.58, 0.14), (0.58, 0.14), (0.26, 0.62), (0.26, 0.62), (0.76, 0.62)]],
    ),
    "4 like a lightning": (
        4,
        [[(0.46, 0.14), (0.28, 0.58), (0.28, 0.58), (0.76, 0.56)], [(0.58, 0.40), (0.54, 0.88)]],
    ),
    "5": (
        5,
        [[(0.68, 0.16), (0.36, 0.16), (0.36, 0.16), (0.34, 0.46), (0.34, 0.46),
          *arc(0.47, 0.64, 0.42, 0.42, 110, -140)]],
    ),
    "5 with a bar on top": (
        5,
        [[(0.38, 0.18), (0.36, 0.46), (0.36, 0.46), *arc(0.46, 0.64, 0.40, 0.42, 100, -140)],
         [(0.38, 0.17), (0.72, 0.15)]],
    ),
    "5 like an S": (
        5,
        [[(0.66, 0.18), (0.46, 0.17), (0.35, 0.28), (0.42, 0.43), (0.58, 0.52), (0.64, 0.68), (0.52, 0.83),
          (0.32, 0.82)]],
    ),
    "6": (6, [[(0.60, 0.14), (0.40, 0.38), *arc(0.50, 0.66, 0.36, 0.40, 175, 520)]]),
    "6 straight": (6, [[(0.56, 0.14), (0.42, 0.40), *arc(0.49, 0.68, 0.30, 0.34, 170, 530)]]),
    "6 curled": (6, [[(0.66, 0.24), (0.54, 0.15), (0.40, 0.30), *arc(0.50, 0.66, 0.36, 0.38, 180, 540)]]),
    "7": (7, [[(0.30, 0.18), (0.70, 0.18), (0.70, 0.18), (0.44, 0.86)]]),
    "7 with a bar": (7, [[(0.30, 0.18), (0.70, 0.18), (0.70, 0.18), (0.44, 0.86)], [(0.38, 0.52), (0.70, 0.50)]]),
    "7 with a serif": (
        7,
        [[(0.30, 0.30), (0.30, 0.17), (0.30, 0.17), (0.70, 0.17), (0.70, 0.17), (0.46, 0.86)]],
    ),
    "7 with bar and serif": (
        7,
        [[(0.29, 0.28), (0.31, 0.17), (0.31, 0.17), (0.70, 0.17), (0.70, 0.17), (0.45, 0.86)],
         [(0.36, 0.52), (0.70, 0.50)]],
    ),
    "7 curved": (
        7,
        [[(0.29, 0.22), (0.44, 0.17), (0.70, 0.18), (0.70, 0.18), (0.56, 0.42), (0.47, 0.64), (0.46, 0.86)]],
    ),
    "8": (
        8,
        [[(0.64, 0.22), *arc(0.49, 0.32, 0.32, 0.34, 60, 250), (0.56, 0.53), *arc(0.49, 0.68, 0.38, 0.36, 45, -230),
          (0.56, 0.46), (0.64, 0.24)]],
    ),
    "8 of two rings": (8, [arc(0.5, 0.32, 0.30, 0.34, 270, -90), arc(0.5, 0.67, 0.38, 0.36, 90, 450)]),
    "8 open on top": (
        8,
        [[(0.66, 0.16), (0.52, 0.18), (0.36, 0.28), (0.46, 0.44), (0.62, 0.60), (0.60, 0.80), (0.44, 0.86),
          (0.34, 0.74), (0.44, 0.56), (0.60, 0.42), (0.70, 0.22)]],
    ),
    "9 with a straight leg": (9, [[*arc(0.48, 0.33, 0.34, 0.36, 20, 370), (0.65, 0.33), (0.65, 0.33), (0.62, 0.86)]]),
    "9 with a slanted leg": (9, [[*arc(0.50, 0.33, 0.34, 0.36, 20, 370), (0.66, 0.34), (0.58, 0.62), (0.44, 0.86)]]),
    "9 with a curled leg": (
        9,
        [[*arc(0.49, 0.33, 0.34, 0.36, 20, 370), (0.66, 0.60), (0.60, 0.80), (0.46, 0.86), (0.34, 0.78)]],
    ),
    "9 like a g": (
        9,
        [[(0.64, 0.20), *arc(0.47, 0.33, 0.34, 0.34, 40, 330), (0.64, 0.20), (0.64, 0.20), (0.65, 0.70), (0.54, 0.86),
          (0.36, 0.80)]],
    ),
}  # fmt: skip
FLAGGED_ONE = SHAPES["1 with a flag"][1]


def vary(strokes, rng, much=1.0):
    """Return `strokes` as another hand would draw them: turned, slanted, stretched, every point a little elsewhere."""
    turn, slant = much * np.array([0.06, 0.10]) * rng.standard_normal(2)
    tall, wide = np.exp(much * np.array([0.06, 0.12]) * rng.standard_normal(2))
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos * wide, sin * wide], [slant - sin, cos * tall]])
    varied = []
    for stroke in strokes:
        points, same = np.asarray(stroke, float), [False]
        same += [tuple(a) == tuple(b) for a, b in zip(stroke, stroke[1:])]
        moves = much * 0.02 * rng.standard_normal(points.shape)
        for k in np.flatnonzero(same):
            moves[k] = moves[k - 1]  # a corner stays one
        varied.append([tuple(point) for point in (points - 0.5) @ matrix + 0.5 + moves])
    return varied


def draw(strokes, rng=None, width=0.08, jitter=0.5, size=112):
    """Draw `strokes` (one of SHAPES, for example) as the pad's pen would: (size, size) uint8, bright ink on black.

    `width` is the pen's, as a share of the side. With a generator `rng`, every call draws them a little differently:
    `jitter` is how much (see `vary`), and the pen's width varies along. Without one they are drawn as they are.
    """
    from PIL import Image, ImageDraw

    if rng is not None:
        strokes = vary(strokes, rng, jitter)
        width *= np.exp(0.2 * jitter * rng.standard_normal())
    fine = 4 * size  # drawn large and made smaller: soft edges
    sheet = Image.new("L", (fine, fine))
    pen, radius = ImageDraw.Draw(sheet), width * fine / 2
    for stroke in strokes:
        points = fine * _smooth(stroke)
        pen.line([tuple(point) for point in points], fill=255, width=max(1, round(2 * radius)))
        for x, y in points:  # round ends and joints
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet.reduce(4))


def written(count, rng, names=None):
    """Return `count` digits from as many hands: (count, 784) float32 by MNIST's convention, and their labels (count,).

    Each is one of `names` in SHAPES (None: of all of them), varied, and drawn with a pen of its own.
    """
    names = list(SHAPES if names is None else names)
    chosen = [SHAPES[names[k]] for k in rng.integers(len(names), size=count)]
    drawn = (draw(vary(strokes, rng), rng, width=rng.uniform(0.05, 0.11)) for _, strokes in chosen)
    X = np.array([normalize_drawing(drawing) for drawing in drawn], np.float32).reshape(count, 784)
    return X, np.array([label for label, _ in chosen], int)


def _smooth(stroke, pieces=8):
    """Points on Catmull-Rom curves through those of a stroke, from corner to corner: a corner is a point twice."""
    points = np.asarray(stroke, float)
    if len(points) > 2:
        corners = 1 + np.flatnonzero((points[1:] == points[:-1]).all(axis=1))
        return np.concatenate([_curve(part, pieces) for part in np.split(points, corners)])
    return points


def _curve(points, pieces):
    padded = np.concatenate([points[:1], points, points[-1:]])
    a, b, c, d = (padded[k : k + len(points) - 1, None] for k in range(4))
    t = np.linspace(0, 1, pieces, endpoint=False)[:, None]
    curve = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])
