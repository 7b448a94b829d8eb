"""Pictures on their way to the network: any drawing brought to MNIST's convention, digits straightened and moved.

NumPy alone, with Pillow for reading, resizing and filtering pictures. Nothing here knows of networks: the helper
module imports these functions, and notebooks import them from there. Pictures are single drawings (h, w), or images
(n, 784), rows of 28x28 pixels from 0 to 1.
"""

import io
import math
from pathlib import Path

import numpy as np

# ---------------------------------------------------------------------------------------------------------------
# Drawings
# ---------------------------------------------------------------------------------------------------------------


def normalize_drawing(image):
    """Bring any drawing (h, w), ink bright on a darker ground, to MNIST's convention: (784,) float32 in [0, 1].

    The ink is fitted into a 20x20 box with its proportions kept, and placed in 28x28 with its centre of mass in the
    middle. A ground that is grey, noisy or lit from one side is taken away first, and strokes far thinner or thicker
    than MNIST's are brought near to them. Raises TypeError when `image` is no array of real numbers, ValueError when
    it is not two-dimensional, holds NaN or infinity, or shows no ink.
    Source of the convention: LeCun's description of MNIST, see data/README.md.
    """
    image = np.asarray(image)
    if image.dtype.kind not in "biuf":
        raise TypeError(f"the drawing is {image.dtype}; expected an array of numbers")
    if image.ndim != 2 or 0 in image.shape:
        raise ValueError(f"the drawing has shape {image.shape}; expected (height, width), one number per pixel")
    low, high = float(image.min()), float(image.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the drawing holds NaN or infinity; expected finite brightnesses")
    if low == high:
        raise ValueError(
            "the drawing is empty: nothing in it is brighter than its ground. Draw with bright ink on dark"
        )
    ink = _crop(_ink(image))
    fine = _resized(ink, 4 * _BOX)  # fine enough to measure a stroke, and to change it
    grow = _growth(_stroke_width(fine) / 4)
    small = _resized(_thickened(fine, grow) if grow else ink, _BOX)
    # The box moves by whole pixels and stays within the picture. MNIST's own centres of mass lie between 13.5 and
    # 14.5, counted in pixels from 0: the centre that it rounds to is 14.
    height, width = small.shape
    mass = small.sum()
    middle = (small.sum(axis=1) @ np.arange(height) / mass, small.sum(axis=0) @ np.arange(width) / mass)
    top, left = (int(np.clip(round(14 - m), 0, 28 - length)) for m, length in zip(middle, (height, width)))
    picture = np.zeros((28, 28), np.float32)
    picture[top : top + height, left : left + width] = small / small.max()
    return picture.reshape(784)


_BOX = 20  # pixels that MNIST's digits were fitted into


def _ink(image):
    """The drawing as float32 from 0, its ground, to 1, its ink, whatever brightness, slope and noise they had."""
    from PIL import Image, ImageFilter

    low, high = float(image.min()), float(image.max())
    if high - low == math.inf:  # the largest numbers that there are, of both signs
        image, low, high = image / 2, low / 2, high / 2
    ink = ((image.astype(np.float64) - low) / (high - low)).astype(np.float32)
    if min(ink.shape) >= 32:  # a smaller picture holds too little ground to measure its slope
        ink -= _slope(ink)
    sample = ink[:: max(1, ink.shape[0] // 512), :: max(1, ink.shape[1] // 512)]
    threshold = _threshold(sample)
    if not (sample > threshold).any() or np.mean(ink > threshold) < 0.001:  # a tiny drawing falls between the samples
        threshold = _threshold(ink)
    ground = sample[sample <= threshold]
    level = np.median(ground)
    # Noise that was cut off at black leaves part of the ground exactly black: the brighter rest tells its spread.
    cut_off = np.percentile(ground, 25) == ground.min()
    spread = np.percentile(np.abs(ground - level), 75 if cut_off else 50)
    # A noisy picture has pixels that are brighter than its ink.
    contrast = np.percentile(ink[ink > threshold], 80 if spread > 0.005 else 100) - level
    floor = min(4 * spread / contrast, 0.4)  # 2.7 standard deviations of normal noise
    ink = np.clip(((ink - level) / contrast - floor) / (1 - floor), 0, 1)
    if floor > 0.05 and min(ink.shape) >= 56:  # single bright pixels are noise, not ink
        speckled = Image.fromarray((255 * ink).astype(np.uint8))
        ink = np.asarray(speckled.filter(ImageFilter.MedianFilter(3)), np.float32) / 255
    return ink


def _threshold(values):
    """The brightness that parts ink from ground best: largest variance between the two. Source: Otsu (1979)."""
    if values.min() == values.max():
        return values.min()
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[1:] + edges[:-1]) / 2
    below, moment = np.cumsum(counts)[:-1], np.cumsum(counts * centres)[:-1]
    total, mean = counts.sum(), (counts * centres).sum() / counts.sum()
    return edges[1:-1][np.argmax((mean * below - moment) ** 2 / (below * (total - below)))]


def _slope(ink):
    """The plane that the ground lies in, 0 where it is level: fitted to what is not ink, a few times over."""
    step = math.ceil(max(ink.shape) / 40)  # some 1,600 places tell a plane well enough
    values = ink[::step, ::step]
    if np.median(values) == values.min():  # most of it has the same darkness: a drawing, not a photograph
        return np.float32(0)
    y, x = np.mgrid[: values.shape[0], : values.shape[1]] * float(step)
    columns = np.stack([y.ravel(), x.ravel(), np.ones(y.size)], axis=1)
    ground = np.ones(y.size, bool)
    for _ in range(5):
        down, right, level = np.linalg.lstsq(columns[ground], values.ravel()[ground], rcond=None)[0]
        rest = values.ravel() - columns @ (down, right, level)
        spread = np.median(np.abs(rest - np.median(rest)))
        ground = rest <= max(min(_threshold(rest), np.median(rest) + 4 * spread + 1e-6), rest.min())
    if abs(down) * ink.shape[0] + abs(right) * ink.shape[1] < 0.02:
        return np.float32(0)
    rows, columns = np.arange(ink.shape[0], dtype=np.float32), np.arange(ink.shape[1], dtype=np.float32)
    return np.float32(down) * rows[:, None] + np.float32(right) * columns


def _crop(ink):
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(ink, box):
    """`ink` with its longer side `box` pixels, as float32 from 0 to 1."""
    from PIL import Image

    scale = box / max(ink.shape)
    height, width = (max(1, round(scale * length)) for length in ink.shape)
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)


def _stroke_width(ink):
    """The mean width of the strokes in pixels: twice their area over their outline, which is as long on both sides."""
    edged = np.pad(ink, 1)
    steps = np.abs(np.diff(edged, axis=0)).sum() + np.abs(np.diff(edged, axis=1)).sum()
    return 2 * ink.sum() / (steps * np.pi / 4)  # steps along rows and columns are 4 / pi too long on average


def _growth(width):
    """How many pixels, of four in one of MNIST's, strokes of this `width` are to grow on each side.

    99% of MNIST's own lie between 1.5 and 5 and are left alone. A drawing that has grown or shrunk is fitted into the
    box again: a growth of d pixels on each side makes strokes of (width + 2d) * 20 / (20 + 2d).
    """
    aim = 2.0 if width < 1.5 else 3.5 if width > 5 else width
    return round(4 * (aim - width) * _BOX / 2 / (_BOX - aim))


def _thickened(ink, pixels):
    """`ink` with `pixels` more on every side of its strokes, or fewer where negative, as far as something is left."""
    from PIL import Image, ImageFilter

    picture = Image.fromarray((255 * np.pad(ink / ink.max(), abs(pixels))).astype(np.uint8))
    for _ in range(abs(pixels)):
        changed = picture.filter(ImageFilter.MaxFilter(3) if pixels > 0 else ImageFilter.MinFilter(3))
        if np.asarray(changed).max() < 128:
            break
        picture = changed
    return _crop(np.asarray(picture, np.float32) / 255)


def drawing_from_file(source):
    """Return the picture in a file as a drawing (h, w) uint8, ink bright on a darker ground, for `normalize_drawing`.

    `source` is a path, or a file's content as bytes, in PNG, JPEG or another format that Pillow reads. Dark ink on a
    light ground is turned round. Raises FileNotFoundError when there is no such file, ValueError when it is no picture
    or has more than 50 million pixels.
    """
    from PIL import Image, ImageOps

    if not isinstance(source, (bytes, bytearray, memoryview)):
        source = Path(source).read_bytes()
    too_large = ValueError("the picture has more than 50 million pixels; make it smaller")
    try:
        with Image.open(io.BytesIO(source)) as picture:
            if picture.format == "EPS":
                raise ValueError("a program, which Pillow would have Ghostscript run")
            if picture.width * picture.height > 50e6:
                raise too_large
            picture = ImageOps.exif_transpose(picture)
            if picture.mode.startswith("I"):  # 16 bits of grey
                picture = Image.fromarray((np.asarray(picture) / 256).clip(0, 255).astype(np.uint8))
            if "A" in picture.getbands() or "transparency" in picture.info:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            gray = np.asarray(picture.convert("L"))
    except Exception as error:  # a damaged picture can fail in a dozen ways; the cure is the same
        if error is too_large:
            raise
        raise ValueError(
            f"the file is no picture that can be read ({type(error).__name__}). Choose a PNG or JPEG file"
        ) from error
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    light_ground = gray.min() < gray.max() and np.median(border) > _threshold(gray)  # what the border shows is ground
    return 255 - gray if light_ground else gray


# ---------------------------------------------------------------------------------------------------------------
# Moving images: straightened, slightly changed, read more than once (notebook 09)
# ---------------------------------------------------------------------------------------------------------------

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
