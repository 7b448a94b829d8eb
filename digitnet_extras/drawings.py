"""Drawings and pictures as people make them, on their way to the network.

A drawing (h, w), a picture file or a photograph becomes 784 pixels by MNIST's convention; `read_digit` reads it with
the best model.
"""

import io
import math
from pathlib import Path

import numpy as np

import digitnet_helpers as dn

from .images import predict_moved, straighten
from .photos import cleaned, threshold

# ---------------------------------------------------------------------------------------------------------------
# Drawings
# ---------------------------------------------------------------------------------------------------------------


def normalize_drawing(image):
    """Bring any drawing (h, w), bright on dark or dark on bright, to MNIST's convention: (784,) float32 in [0, 1].

    The ink is fitted into a 20x20 box with its proportions kept, and placed in 28x28 with its centre of mass in the
    middle. A ground that is grey, noisy or lit from one side is taken away first, and strokes far thinner or thicker
    than MNIST's are brought near to them; what is larger than a pad is first freed from specks, ruled lines, shadows
    and the table around the sheet. Raises TypeError when `image` is no array of real numbers, ValueError when it is
    not two-dimensional, holds NaN or infinity, shows no ink, or more than a digit.
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
            "the drawing is empty: nothing in it stands out from its ground. Draw a digit with a broad pen"
        )
    ink = _crop(_ink(cleaned(image)))
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
    edge = threshold(sample)
    if not (sample > edge).any() or np.mean(ink > edge) < 0.001:  # a tiny drawing falls between the samples
        edge = threshold(ink)
    ground = sample[sample <= edge]
    level = np.median(ground)
    # Noise that was cut off at black leaves part of the ground exactly black: the brighter rest tells its spread.
    cut_off = np.percentile(ground, 25) == ground.min()
    spread = np.percentile(np.abs(ground - level), 75 if cut_off else 50)
    # A noisy picture has pixels that are brighter than its ink.
    contrast = np.percentile(ink[ink > edge], 80 if spread > 0.005 else 100) - level
    floor = min(4 * spread / contrast, 0.4)  # 2.7 standard deviations of normal noise
    ink = np.clip(((ink - level) / contrast - floor) / (1 - floor), 0, 1)
    if floor > 0.05 and min(ink.shape) >= 56:  # single bright pixels are noise, not ink
        speckled = Image.fromarray((255 * ink).astype(np.uint8))
        ink = np.asarray(speckled.filter(ImageFilter.MedianFilter(3)), np.float32) / 255
    return ink


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
        ground = rest <= max(min(threshold(rest), np.median(rest) + 4 * spread + 1e-6), rest.min())
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


# ---------------------------------------------------------------------------------------------------------------
# Files
# ---------------------------------------------------------------------------------------------------------------

_MOST = 1600  # pixels on the longer side of a picture that is kept
_ORIENTATION = 0x0112  # the EXIF entry that tells how the camera was held


def _is_picture(source):
    from PIL import Image

    return isinstance(source, Image.Image)


def drawing_from_file(source):
    """Return a picture as a drawing (h, w) uint8, ink bright on a darker ground, for `normalize_drawing`.

    `source` is a path, a file's content as bytes, an open file, a picture of Pillow's or an array (h, w), (h, w, 3)
    or (h, w, 4), in PNG, JPEG or another format that Pillow reads. Large pictures are made smaller as they are read,
    and photographs freed from what is not the digit. Raises FileNotFoundError when there is no such file, ValueError
    when it is no picture, has more than 50 million pixels, or does not show one digit.
    """
    from PIL import Image

    if isinstance(source, (list, tuple, np.ndarray)):
        gray = np.asarray(source)
        if gray.ndim == 3 and gray.shape[2] in (3, 4) and gray.dtype == np.uint8:
            gray = _gray(Image.fromarray(gray))
        if gray.ndim != 2 or 0 in gray.shape or gray.dtype.kind not in "biuf" or not np.isfinite(gray).all():
            raise ValueError(f"expected an array (height, width) of finite numbers, not {gray.dtype} {gray.shape}")
    elif _is_picture(source):
        gray = _gray(source)
    else:
        gray = _opened_file(source)
    drawing = cleaned(gray)
    if drawing.dtype == np.uint8:
        return drawing
    low, high = float(drawing.min()), float(drawing.max())
    return np.rint(255 * ((drawing - low) / ((high - low) or 1))).astype(np.uint8)


def _opened_file(source):
    from PIL import Image

    if hasattr(source, "read"):
        source = source.read()
    if isinstance(source, (bytes, bytearray, memoryview)):
        file = io.BytesIO(source)
    elif isinstance(source, (str, Path)):
        file = io.BytesIO(Path(source).read_bytes())
    else:
        raise TypeError(f"expected a path, bytes, an open file or a picture, not {type(source).__name__}")
    too_large = ValueError("the picture has more than 50 million pixels; make it smaller")
    try:
        with Image.open(file) as picture:
            if picture.format == "EPS":
                raise ValueError("a program, which Pillow would have Ghostscript run")
            if picture.width * picture.height > 50e6:
                raise too_large
            picture.draft(None, (_MOST, _MOST))  # a JPEG can be unpacked at an eighth of its size
            return _gray(picture)
    except Exception as error:  # a damaged picture can fail in a dozen ways; the cure is the same
        if error is too_large:
            raise
        raise ValueError(
            f"the file is no picture that can be read ({type(error).__name__}). Choose a PNG or JPEG file"
        ) from error


def _gray(picture):
    """A picture of Pillow's as (h, w) uint8, the right way up: any mode, transparent or not, of any size."""
    from PIL import Image, ImageOps

    turn = picture.getexif().get(_ORIENTATION, 1)
    if picture.mode[0] in "IF":  # 16 or 32 bits of grey
        values = np.nan_to_num(np.asarray(picture).astype(np.float32))
        low, most = min(0, values.min()), values.max()
        high = 1 if most <= 1 else 255 if most <= 255 else 65535 if picture.mode[:2] == "I;" else most
        picture = Image.fromarray((255 * ((values - low) / (high - low))).clip(0, 255).astype(np.uint8))
    elif picture.mode in ("P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode == "1":
        picture = picture.convert("L")
    if max(picture.size) > _MOST:
        picture = picture.reduce(math.ceil(max(picture.size) / _MOST))
    if "A" in picture.getbands() or "a" in picture.getbands():
        picture = picture.convert("RGBA")
        for paper in ("white", "black"):  # white ink on a transparent ground shows on black alone
            page = Image.alpha_composite(Image.new("RGBA", picture.size, paper), picture).convert("L")
            if page.getextrema()[0] < page.getextrema()[1]:
                break
        picture = page
    picture = Image.fromarray(np.asarray(picture.convert("L")))
    picture.getexif()[_ORIENTATION] = turn
    return np.asarray(ImageOps.exif_transpose(picture))


# ---------------------------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------------------------


def best_model():
    """Return `(params, metadata)` of the best model in models/: that of notebook 09, else that of notebook 05."""
    best, first = dn.MODELS / "digitnet-best.npz", dn.MODELS / "digitnet.npz"
    return dn.load_model(best if best.is_file() else first)


def see_digit(image, metadata):
    """Return any drawing (h, w) as the network of this `metadata` wants to see it, (784,) float32.

    That is `normalize_drawing`, and `straighten` for a network that was trained on straightened digits.
    """
    x = normalize_drawing(image)
    return straighten(x[None])[0] if metadata.get("preprocessing") == "moments" else x


def read_digit(image, model=None):
    """Return the probabilities (10,) of the digits 0 to 9 for any drawing (h, w).

    `image` is an array or whatever `drawing_from_file` takes.
    `model` is a pair (params, metadata) as `load_model` returns it; None takes the best one in models/.
    Raises as `normalize_drawing`, `drawing_from_file` and `load_model`.
    """
    if model is None:
        model = best_model()
    if not (isinstance(model, (list, tuple)) and len(model) == 2 and isinstance(model[1], dict)):
        raise TypeError("model must be a pair (params, metadata), as load_model() returns it")
    params, metadata = model
    if isinstance(image, (str, Path, bytes, bytearray, memoryview)) or hasattr(image, "read") or _is_picture(image):
        image = drawing_from_file(image)
    return read_seen(see_digit(image, metadata), params, metadata)


def read_seen(x, params, metadata):
    """Return the probabilities (10,) for one picture (784,) that is already as the network wants to see it."""
    X = x[None].astype(params[0][0].dtype)
    return (predict_moved if metadata.get("moved_copies") else dn.predict_proba)(params, X)[0]
