"""Images (n, 784) straightened by their moments, moved a little, and read in nine positions (notebook 09)."""

import numpy as np

import digitnet_helpers as dn

_MIDDLE = 13.5  # of 28 rows or columns, counted from 0
_SPREAD = {"rows": 5.47, "columns": 3.41}  # the mean spreads of the ink of straightened digits, in pixels
# Training moves on a scale at which people's own digits differ: rotation in radians, shear in columns per row, scale
# as a logarithm, the others in pixels.
MOVES = {"rotation": 0.05, "shear": 0.05, "scale": 0.035, "shift": 0.35, "elastic": 0.5}


def _check_images(X):
    if not isinstance(X, np.ndarray) or X.dtype not in (np.float32, np.float64):
        kind = getattr(X, "dtype", type(X).__name__)
        raise TypeError(f"X is {kind}; expected float pixels from 0 to 1: divide 0-255 pixels by 255 as a float")
    if X.ndim != 2 or X.shape[1] != 784:
        raise ValueError(f"X has shape {X.shape}; expected (n, 784), one image per row")
    if X.size and not (X.min() >= -10 and X.max() <= 10):
        raise ValueError(f"X runs from {X.min()} to {X.max()}; expected finite pixels from about 0 to 1: divide by 255")


def straighten(X, size=True):
    """Return images (n, 784) centred, sheared upright and scaled to one size by the moments of their ink.

    The centre of mass goes to the middle, a shear takes the covariance of rows and columns to 0, the height is
    scaled to one vertical spread, the width by the square root of what its spread would need; `size=False` leaves
    height and width as they are. The result has the dtype of `X`. An image without ink is returned as it is.
    Raises TypeError or ValueError when X is not of that kind. Source: the image moments of Hu (1962).
    """
    _check_images(X)
    out = X.copy()
    for start in range(0, len(X), 500):  # blocks that stay in the processor's cache
        block = out[start : start + 500]
        inked = block.sum(axis=1) > 0
        block[inked] = _straighten(block[inked].reshape(-1, 28, 28), size)
    return out


def _straighten(images, size):
    n, dtype = len(images), images.dtype
    k = np.arange(28, dtype=dtype)
    by_row, by_column = images.sum(axis=2), images.sum(axis=1)
    mass = by_row.sum(axis=1)
    row, column = by_row @ k / mass, by_column @ k / mass  # the centre of mass
    dr, dc = k - row[:, None], k - column[:, None]
    var_r, var_c = (by_row * dr**2).sum(axis=1) / mass, (by_column * dc**2).sum(axis=1) / mass
    cov = ((images @ dc[:, :, None])[:, :, 0] * dr).sum(axis=1) / mass
    var_r = np.maximum(var_r, 0.5)  # a dot or a level line has no height to divide by
    slant = cov / var_r
    var_upright = np.maximum(var_c - slant * cov, 0.25)
    stretch_r, stretch_c = np.ones((2, n), dtype)
    if size:
        stretch_r = np.sqrt(var_r) / dtype.type(_SPREAD["rows"])
        stretch_c = np.sqrt(np.sqrt(var_upright) / dtype.type(_SPREAD["columns"]))
    # Where each pixel of the result comes from: the row depends on the row alone, so rows are interpolated first.
    step = k - dtype.type(_MIDDLE)
    from_row = stretch_r[:, None] * step
    padded = np.zeros((n, 30, 30), dtype)
    padded[:, 1:-1, 1:-1] = images
    which = np.arange(n)[:, None]
    r, weight = _cell(from_row + row[:, None])
    rows = padded[which, r]
    rows += weight[:, :, None] * (padded[which, r + 1] - rows)  # (n, 28, 30)
    from_column = (column[:, None] + slant[:, None] * from_row)[:, :, None] + stretch_c[:, None, None] * step
    c, weight = _cell(from_column)
    c += 30 * np.arange(28 * n).reshape(n, 28, 1)
    left = rows.ravel().take(c)
    return (left + weight * (rows.ravel().take(c + 1) - left)).reshape(n, 784)


def _cell(place):
    """Split places, in pixels of an image with a border of one zero, into the cell's number and the share beyond it."""
    place = np.clip(place + 1, 0, 29)
    cell = np.minimum(place.astype(np.intp), 28)  # the last place of all is the end of a cell, not the start of one
    return cell, place - cell.astype(place.dtype)


def move_images(X, rng, rotation=0.05, shear=0.05, scale=0.035, shift=0.35, elastic=0.5):
    """Return the images `X` (n, 784), each a little rotated, sheared, scaled, shifted and bent at random.

    The numbers are standard deviations: `rotation` in radians, `shear` in columns per row, `scale` of the logarithm of
    height and of width, `shift` in pixels to each side, `elastic` in pixels for a smooth field of displacements. `rng`
    is a NumPy generator. From 2,000 images on, random groups of up to 64 share one move, which makes it fast: 60,000
    images take about half a second. The result has the dtype of `X`. Raises TypeError or ValueError when X is not of
    that kind.
    """
    _check_images(X)
    n, group = len(X), max(1, min(64, len(X) // 1000))
    moves = random_moves(-(-n // group), rng, rotation, shear, scale, shift, elastic)
    order = rng.permutation(n) if group > 1 else np.arange(n)
    out = np.empty_like(X)
    for number, (rows, columns) in enumerate(zip(*moves)):
        members = order[number * group : (number + 1) * group]
        out[members] = _resample(X[members], rows, columns)
    return out


def random_moves(count, rng, rotation=0.0, shear=0.0, scale=0.0, shift=0.0, elastic=0.0):
    """Return `(rows, columns)`, each (count, 784): where in the source every pixel of a moved image comes from.

    The arguments are those of `move_images`.
    """
    if not hasattr(rng, "standard_normal"):
        raise TypeError(f"rng is {rng!r}; expected a generator, such as np.random.default_rng(0)")
    sizes = {"rotation": rotation, "shear": shear, "scale": scale, "shift": shift, "elastic": elastic}
    for name, size in sizes.items():
        if not 0 <= size <= 100:
            raise ValueError(f"{name} is {size}; expected a standard deviation, from 0 to 100")
    step = np.arange(28) - _MIDDLE
    angle, slant = rotation * rng.standard_normal(count), shear * rng.standard_normal(count)
    tall, wide = np.exp(scale * rng.standard_normal((2, count)))
    shifts = shift * rng.standard_normal((2, count, 1, 1)) + _MIDDLE
    # A stretch and a shear, then a rotation: [[cos, -sin], [sin, cos]] @ [[tall, 0], [slant, wide]].
    cos, sin = np.cos(angle), np.sin(angle)
    matrices = np.array([[cos * tall - sin * slant, -sin * wide], [sin * tall + cos * slant, cos * wide]])
    u, v = step[:, None], step[None, :]
    places = matrices[:, 0, :, None, None] * u + matrices[:, 1, :, None, None] * v + shifts
    if elastic:
        # A sum of nine by nine broad bumps with random heights, scaled to spread 1 at every pixel.
        bumps = np.exp(-((step[:, None] - np.linspace(-16, 16, 9)) ** 2) / (2 * 4.0**2))
        bumps /= np.sqrt((bumps**2).sum(axis=1, keepdims=True))
        places += elastic * (bumps @ rng.standard_normal((2, count, 9, 9)) @ bumps.T)
    return places.reshape(2, count, 784)


def _resample(X, rows, columns):
    """All images of X (m, 784) seen through one map: pixel k comes from (rows[k], columns[k]), bilinear."""
    padded = np.zeros((30, 30, len(X)), X.dtype)  # one image per column, so that one index serves all of them
    padded[1:-1, 1:-1] = X.T.reshape(28, 28, len(X))
    padded = padded.reshape(900, len(X))
    (r, down), (c, right) = _cell(rows), _cell(columns)
    down, right, corner = down.astype(X.dtype)[:, None], right.astype(X.dtype)[:, None], 30 * r + c
    moved, one = np.zeros((784, len(X)), X.dtype), np.empty((784, len(X)), X.dtype)
    for below, weight in ((0, 1 - down), (30, down)):
        for beside, share in ((0, 1 - right), (1, right)):
            padded.take(corner + (below + beside), axis=0, out=one, mode="clip")  # "raise" would copy
            one *= weight * share
            moved += one
    return moved.T


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
            total = total + dn.predict_proba(params, _resample(X, rows - down, columns - right))
    return total / 9
