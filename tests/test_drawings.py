"""Any drawing or photograph is brought to MNIST's convention, and MNIST's own digits are left as they are."""

import contextlib
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

import digitnet_helpers as dn
from digitnet_extras import drawings as dr
from digitnet_extras import images as im

FIRST = 30_000  # training digits from here on: the test set is opened in 06 and 09 only


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist.X_train[FIRST : FIRST + 200].reshape(-1, 28, 28), mnist.y_train[FIRST : FIRST + 200]


def enlarged(digit, side):
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)).clip(0, 1)


def likeness(picture, digit):
    """How alike two pictures are, 1 for the same: the cosine between them."""
    return float(picture @ digit / np.linalg.norm(picture) / np.linalg.norm(digit))


def centre_of_mass(picture):
    picture = picture.reshape(28, 28)
    return picture.sum(axis=1) @ np.arange(28) / picture.sum(), picture.sum(axis=0) @ np.arange(28) / picture.sum()


# --- drawings ------------------------------------------------------------------------------------------------------


def test_mnists_digits_are_left_as_they_are(digits):
    moved = sum(np.abs(dr.normalize_drawing(digit).reshape(28, 28) - digit).max() > 0.1 for digit in digits[0])
    assert moved <= 6  # a faint edge that is cut off, or strokes far too thin or thick


@pytest.mark.parametrize("place", [(0, 0), (50, 7), (31, 31)])
def test_place_brightness_and_ground_do_not_matter(digits, place):
    for digit in digits[0][:20]:
        canvas = np.zeros((90, 90), np.float32)
        canvas[place[0] : place[0] + 28, place[1] : place[1] + 28] = digit
        expected = dr.normalize_drawing(digit)
        np.testing.assert_array_equal(dr.normalize_drawing(canvas), expected)
        for other in (255 * canvas, 0.3 + canvas, -50 + 100 * canvas, 1 - canvas):  # the last is dark on bright
            np.testing.assert_allclose(dr.normalize_drawing(other), expected, atol=1e-3)


@pytest.mark.parametrize("side", [56, 112, 308, pytest.param(900, marks=pytest.mark.slow)])
def test_size_matters_little(digits, side):
    pairs = [(dr.normalize_drawing(enlarged(digit, side)), dr.normalize_drawing(digit)) for digit in digits[0][:15]]
    assert np.mean([likeness(*pair) for pair in pairs]) > 0.9


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float64])
def test_dtypes(digits, dtype):
    picture = dr.normalize_drawing(np.rint(digits[0][0]).astype(dtype))
    assert picture.shape == (784,) and picture.dtype == np.float32
    assert picture.min() == 0 and picture.max() == 1


@pytest.mark.parametrize("shape", [(40, 4), (4, 40), (40, 30), (300, 200)])
def test_ink_fits_a_box_of_20_with_its_proportions(shape):
    stroke = max(shape) // 8
    drawing = np.zeros((400, 400))
    drawing[20 : 20 + shape[0], 30 : 30 + shape[1]] = 1
    drawing[20 + stroke : 20 + shape[0] - stroke, 30 + stroke : 30 + shape[1] - stroke] = 0
    picture = dr.normalize_drawing(drawing).reshape(28, 28)
    rows, columns = (np.flatnonzero((picture > 0.5).any(axis=axis)) for axis in (1, 0))
    assert [len(rows), len(columns)] == [max(1, round(20 * length / max(shape))) for length in shape]
    # A symmetric frame has its centre of mass in its middle: MNIST's 14, counted from 0, to half a pixel.
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5


def test_centre_of_mass_and_not_the_box_is_in_the_middle():
    drawing = np.zeros((100, 100))
    drawing[10:90, 40:44] = 1  # a tall stem with a foot
    drawing[80:90, 20:64] = 1
    picture = dr.normalize_drawing(drawing)
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5
    rows = np.flatnonzero(picture.reshape(28, 28).any(axis=1))
    assert len(rows) == 20 and rows[0] < 3  # a box in the middle would begin at 4


@pytest.mark.parametrize("side", [60, 200])
@pytest.mark.parametrize("disturb", ["slope", "noise", "noise on black", "corner", "cut"])
def test_ground_noise_and_place_are_taken_away(digits, side, disturb):
    rng, alike = np.random.default_rng(0), []
    for digit in digits[0][:12]:
        picture = enlarged(digit, side)
        rows, columns = (np.flatnonzero((picture > 0.3).any(axis=axis)) for axis in (1, 0))
        other = {
            "slope": 0.4 + 0.45 * picture + 0.15 * np.linspace(-1, 1, side)[:, None],
            "noise": 100 + 60 * picture + rng.normal(0, 6, picture.shape),
            "noise on black": (255 * picture + rng.normal(0, 30, picture.shape)).clip(0, 255).astype(np.uint8),
            "corner": np.pad(picture, ((700, 0), (0, 700))),
            "cut": picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1],
        }[disturb]
        alike.append(likeness(dr.normalize_drawing(other), dr.normalize_drawing(digit)))
    assert np.mean(alike) > 0.9


def test_a_hairline_is_thickened():
    drawing = np.zeros((2000, 2000), np.uint8)
    drawing[100:1900, 1000:1002] = 255
    picture = dr.normalize_drawing(drawing).reshape(28, 28)
    assert 1 <= picture[10:18].sum(axis=1).mean() <= 3  # MNIST's strokes are as wide as that
    assert dr.read_digit(drawing).argmax() == 1


@pytest.mark.parametrize(
    ("drawing", "error", "message"),
    [
        (np.zeros((28, 28)), ValueError, "drawing is empty"),
        (np.ones((300, 300)), ValueError, "drawing is empty"),
        (np.zeros(784), ValueError, r"shape \(784,\); expected \(height, width\)"),
        (np.zeros((28, 28, 3)), ValueError, "expected"),
        (np.zeros((0, 28)), ValueError, "expected"),
        (np.where(np.eye(28), np.nan, 0), ValueError, "NaN or infinity"),
        (np.where(np.eye(28), np.inf, 0), ValueError, "NaN or infinity"),
        (np.eye(28) * 1j, TypeError, "complex128"),
        ("a drawing", TypeError, "expected an array of numbers"),
    ],
)
def test_what_is_no_drawing_is_named(drawing, error, message):
    with pytest.raises(error, match=message):
        dr.normalize_drawing(drawing)


# --- photographs: the goals of drawings as people make them --------------------------------------------------------


def photograph(kind, picture, seed):
    """A photograph (h, w) uint8, 200 to 600 pixels a side, of `picture` (28, 28) drawn on paper."""
    rng = np.random.default_rng(seed)
    side = int(rng.integers(200, 601))
    rough = enlarged(rng.random((side // 8, side // 8), np.float32), side)
    page = 0.83 + 0.04 * rough + rng.normal(0, 0.012, (side, side))
    y, x = np.mgrid[:side, :side] / side
    tilt = np.tan(np.deg2rad(rng.uniform(-3, 3)))
    if kind in ("lined", "squared"):
        gap, width = rng.uniform(0.06, 0.14), rng.uniform(0.8, 2) / side
        line = (y + tilt * x) % gap < width
        line |= ((x - tilt * y) % gap < width) & (kind == "squared")
        page = page * (1 - rng.uniform(0.15, 0.4) * line)
    share = rng.uniform(0.35, 0.55) if kind == "dark table" else rng.uniform(0.5, 0.95)
    size = int(share * side)
    top, left = (side - size) // 2 + rng.integers(-side // 50, side // 50 + 1, 2)
    ink = np.zeros((side, side))
    ink[top : top + size, left : left + size] = ((enlarged(picture, size) - 0.25) / 0.4).clip(0, 1)
    if kind == "dark table":
        sheet = np.abs(np.stack([x + tilt * y, y - tilt * x]) - 0.5).max(axis=0) < rng.uniform(0.35, 0.42)
        page = np.where(sheet, page, page - rng.uniform(0.5, 0.7))
    page = page * (1 - ink * (rng.uniform(0.2, 0.3) if kind == "faint pencil" else rng.uniform(0.65, 0.85)))
    if kind == "hard shadow":
        turn = rng.uniform(0, 2 * np.pi)
        page = page * np.where(np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5) > 0.05, rng.uniform(0.4, 0.6), 1)
    if kind == "speck":
        page[np.hypot(y - 0.95, x - rng.choice([0.05, 0.95])) < rng.uniform(0.01, 0.025)] = 0.25
    return (255 * page).clip(0, 255).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["plain", "lined", "squared", "dark table", "hard shadow", "speck", "faint pencil", "chalk"]
)
def test_photographs_are_read(digits, kind):
    model, right = dr.best_model(), 0
    for seed, (digit, label) in enumerate(zip(digits[0][:20], digits[1])):
        photo = photograph(kind, digit, seed)
        with contextlib.suppress(ValueError):  # refused
            right += dr.read_digit(255 - photo if kind == "chalk" else photo, model).argmax() == label
    assert right >= (19 if kind == "plain" else 18)


@pytest.mark.parametrize(
    ("kind", "message"), [("two", "two pieces of ink side by side"), ("blot", "is a blot"), ("empty", "page is empty")]
)
@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_one_digit_is_refused(digits, kind, message, seed):
    y, x = np.mgrid[:28, :28] - 13.5
    picture = {
        "two": np.hypot(y / 1.6, np.abs(x) - 7) - 4,  # 0 beside 0
        "blot": np.hypot(x, y) - 6.5 - np.sin(3 * np.arctan2(y, x)),
        "empty": np.ones((28, 28)),
    }[kind]
    picture = (np.abs(picture) < 1.2) if kind == "two" else picture < 0
    for name in ("plain", "squared", "hard shadow"):
        photo = photograph(name, picture.astype(np.float32), seed)
        # What is left of a line may be taken for something else: an empty squared page is refused, in other words.
        with pytest.raises(ValueError, match="." if (name, kind) == ("squared", "empty") else message):
            dr.read_digit(photo)


@pytest.mark.parametrize("frame", [[(60, 30, 60, 260), (60, 260, 380, 260)], [(60, 30, 380, 260)]])
def test_a_chart_is_refused(frame):
    picture = Image.new("RGB", (420, 300), "white")
    pen = ImageDraw.Draw(picture)
    for corners in frame:
        (pen.line if len(frame) > 1 else pen.rectangle)(corners, **{"fill" if len(frame) > 1 else "outline": "black"})
    for k in range(7):
        pen.text((60 + 50 * k, 265), f"{2.5 * k}", fill="black")
    pen.line([(60 + 40 * k, 150 + 90 * np.sin(k)) for k in range(9)], fill="blue", width=2)
    with pytest.raises(ValueError, match="a page or a chart"):
        dr.read_digit(picture)


# --- files ---------------------------------------------------------------------------------------------------------


def saved(picture, kind="PNG", **options):
    picture.save(file := io.BytesIO(), format=kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("dark_on_bright", [False, True])
def test_every_kind_of_picture_is_read_as_its_pixels_are(digits, dark_on_bright, tmp_path):
    pixels = np.rint(255 * enlarged(np.pad(digits[0][0], 6), 200)).astype(np.uint8)
    given = 255 - pixels if dark_on_bright else pixels
    gray = Image.fromarray(given)
    (tmp_path / "digit.png").write_bytes(saved(gray))
    turned = Image.fromarray(np.rot90(given).copy())
    turned.getexif()[0x0112] = 6  # the camera was held upright: turn by 90 degrees to the right
    colour = Image.new("L", gray.size, 0 if dark_on_bright else 255)  # ink on nothing
    clear = Image.merge("RGBA", [colour] * 3 + [Image.fromarray(pixels)])
    sources = {
        "array": given, "colours": np.stack([given] * 3, axis=2), "picture": gray, "RGB": gray.convert("RGB"),
        "path": tmp_path / "digit.png", "name": str(tmp_path / "digit.png"), "bytes": saved(gray),
        "file": io.BytesIO(saved(gray)), "palette": saved(gray.convert("P")), "JPEG": saved(gray, "JPEG", quality=95),
        "CMYK": saved(gray.convert("CMYK"), "TIFF"), "LA": saved(gray.convert("LA")), "EXIF": turned,
        "EXIF file": saved(turned, "JPEG", exif=turned.getexif(), quality=95), "transparent": clear,
        "16 bits": saved(Image.fromarray(given.astype(np.uint16) * 257)),
        "32 bits": saved(Image.fromarray(given.astype(np.int32)), "TIFF"),
        "shares": saved(Image.fromarray(given.astype(np.float32) / 255), "TIFF"),
    }  # fmt: skip
    for name, source in sources.items():
        drawing = dr.drawing_from_file(source)
        assert drawing.shape == (200, 200) and drawing.dtype == np.uint8, name
        assert np.abs(drawing.astype(int) - pixels).max() <= (25 if name in ("JPEG", "EXIF file") else 1), name


@pytest.mark.slow
def test_large_pictures_are_made_smaller(digits):
    large = Image.fromarray(np.rint(255 * enlarged(digits[0][0], 5000)).astype(np.uint8))
    for kind in ("JPEG", "PNG"):
        drawing = dr.drawing_from_file(saved(large, kind))
        assert max(drawing.shape) <= 1600
        assert likeness(dr.normalize_drawing(drawing), dr.normalize_drawing(digits[0][0])) > 0.93
    with pytest.raises(ValueError, match=r"^the picture has more than 50 million pixels; make it smaller$"):
        dr.drawing_from_file(saved(Image.new("1", (8000, 8000))))


def test_what_is_no_picture_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        dr.drawing_from_file(tmp_path / "none.png")
    picture = saved(Image.fromarray(np.eye(60, dtype=np.uint8) * 255))
    for content in (b"", b"not a picture", picture[: len(picture) // 2]):
        with pytest.raises(ValueError, match="Choose a PNG or JPEG file"):
            dr.drawing_from_file(content)
    with pytest.raises(TypeError, match="expected a path, bytes, an open file or a picture"):
        dr.drawing_from_file(7)


# --- reading -------------------------------------------------------------------------------------------------------


def test_read_digit_takes_the_best_model_there_is(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(dn, "MODELS", tmp_path)
    with pytest.raises(FileNotFoundError, match="05-training"):
        dr.read_digit(digits[0][0])
    for name, answer in (("digitnet", 3), ("digitnet-best", 8)):
        dn.save_model(tmp_path / f"{name}.npz", [(np.zeros((784, 10)), np.where(np.arange(10) == answer, 9.0, 0))])
        assert dr.read_digit(digits[0][0]).argmax() == answer


def test_a_network_reads_what_its_metadata_say(digits):
    x = dr.normalize_drawing(digits[0][0])
    np.testing.assert_array_equal(dr.see_digit(digits[0][0], {}), x)
    upright = dr.see_digit(digits[0][0], {"preprocessing": "moments"})
    np.testing.assert_array_equal(upright, im.straighten(x[None])[0])
    params = dn.init_params(seed=1, dtype=np.float64)
    once, nine = (function(params, x[None].astype(float))[0] for function in (dn.predict_proba, im.predict_moved))
    np.testing.assert_array_equal(dr.read_seen(x, params, {}), once)
    np.testing.assert_array_equal(dr.read_seen(x, params, {"moved_copies": 9}), nine)
    expected = im.predict_moved(params, upright[None].astype(float))[0]
    both = {"preprocessing": "moments", "moved_copies": 9}
    np.testing.assert_array_equal(dr.read_digit(digits[0][0], (params, both)), expected)
    assert not np.array_equal(upright, x) and not np.array_equal(once, nine)
