"""Any drawing is brought to MNIST's convention, and MNIST's own digits are left as they are."""

import io

import numpy as np
import pytest
from PIL import Image

import digitnet_helpers as dn
from digitnet_extras import drawings as dr
from digitnet_extras import images as im


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist.X_test[:200].reshape(-1, 28, 28), mnist.y_test[:200]


def centre_of_mass(picture):
    picture = picture.reshape(28, 28)
    return picture.sum(axis=1) @ np.arange(28) / picture.sum(), picture.sum(axis=0) @ np.arange(28) / picture.sum()


def test_mnists_digits_are_left_as_they_are(digits):
    # A few have a faint edge that is cut off, which can move them by one pixel; one in a hundred has strokes so thin
    # or thick that they are changed.
    moved = sum(np.abs(dr.normalize_drawing(digit).reshape(28, 28) - digit).max() > 0.1 for digit in digits[0])
    assert moved <= 6


@pytest.mark.parametrize("place", [(0, 0), (50, 7), (7, 50), (31, 31)])
def test_place_does_not_matter(digits, place):
    for digit in digits[0][:20]:
        canvas = np.zeros((90, 90), np.float32)
        canvas[place[0] : place[0] + 28, place[1] : place[1] + 28] = digit
        np.testing.assert_array_equal(dr.normalize_drawing(canvas), dr.normalize_drawing(digit))


@pytest.mark.parametrize("factor", [2, 5, 11])
def test_size_matters_little(digits, factor):
    for digit in digits[0][:20]:
        large = np.kron(digit, np.ones((factor, factor)))
        assert np.abs(dr.normalize_drawing(large) - digit.ravel()).mean() < 0.05


@pytest.mark.parametrize(("scale", "ground"), [(255, 0), (1, 0.3), (100, -50), (1e-6, 0)])
def test_brightness_and_ground_do_not_matter(digits, scale, ground):
    digit = digits[0][0]
    np.testing.assert_allclose(
        dr.normalize_drawing(digit * scale + ground), dr.normalize_drawing(digit), atol=1e-3
    )


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float64])
def test_dtypes(digits, dtype):
    drawing = np.rint(digits[0][0]).astype(dtype)
    picture = dr.normalize_drawing(drawing)
    assert picture.shape == (784,) and picture.dtype == np.float32
    assert picture.min() == 0 and picture.max() == 1


def test_unsigned_pixels_do_not_wrap_around():
    drawing = np.full((40, 40), 100, np.uint8)
    drawing[10:30, 18:22] = 250
    drawing[0, 0] = 0
    assert (dr.normalize_drawing(drawing) > 0.5).sum() == 20 * 4


def frame(height, width, stroke):
    """The outline of a box, drawn with strokes of the given width."""
    box = np.ones((height, width))
    box[stroke:-stroke, stroke:-stroke] = 0
    return box


@pytest.mark.parametrize("shape", [(40, 4), (4, 40), (40, 30), (30, 40), (300, 200)])
def test_ink_fits_a_box_of_20_with_its_proportions(shape):
    drawing = np.zeros((400, 400))
    drawing[20 : 20 + shape[0], 30 : 30 + shape[1]] = frame(*shape, max(shape) // 8)
    picture = dr.normalize_drawing(drawing).reshape(28, 28)
    rows, columns = (np.flatnonzero((picture > 0.5).any(axis=axis)) for axis in (1, 0))
    expected = [max(1, round(20 * length / max(shape))) for length in shape]
    assert [len(rows), len(columns)] == expected
    # A symmetric frame has its centre of mass in its middle: MNIST's 14, counted from 0, to half a pixel.
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5


def likeness(picture, digit):
    """How alike two pictures are, 1 for the same: the cosine between them."""
    return float(picture @ digit / np.linalg.norm(picture) / np.linalg.norm(digit))


def enlarged(digit, side):
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)).clip(0, 1)


def on_a_slope(picture):
    return 0.4 + 0.45 * picture + 0.15 * np.linspace(-1, 1, len(picture))[:, None]


def with_noise(picture):
    return 100 + 60 * picture + np.random.default_rng(0).normal(0, 6, picture.shape)


def with_noise_on_black(picture):
    noisy = 255 * picture + np.random.default_rng(0).normal(0, 30, picture.shape)
    return noisy.clip(0, 255).astype(np.uint8)  # half of the noise is cut off


def in_a_corner(picture):
    canvas = np.zeros((1000, 1000), np.float32)
    canvas[-len(picture) :, : len(picture)] = picture
    return canvas


def cut_to_its_ink(picture):
    rows, columns = (np.flatnonzero((picture > 0.3).any(axis=axis)) for axis in (1, 0))
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("side", [60, 200])
@pytest.mark.parametrize(
    "disturb", [on_a_slope, with_noise, with_noise_on_black, in_a_corner, cut_to_its_ink, lambda x: 0.5 + 0.2 * x]
)
def test_ground_noise_and_place_are_taken_away(digits, side, disturb):
    alike = [
        likeness(dr.normalize_drawing(disturb(enlarged(digit, side))), dr.normalize_drawing(digit))
        for digit in digits[0][:15]
    ]
    assert np.mean(alike) > 0.9


def test_other_resolutions_are_read(digits):
    for side, least in [(8, 0.7), (12, 0.85), (400, 0.9)]:
        how = Image.Resampling.BOX if side < 28 else Image.Resampling.BICUBIC
        drawings = [np.asarray(Image.fromarray(digit).resize((side, side), how)) for digit in digits[0][:100]]
        read = [dr.read_digit(drawing).argmax() for drawing in drawings]
        assert np.mean(read == digits[1][:100]) > least, side


def test_a_drawing_of_4000_pixels_and_a_hairline_on_it():
    drawing = np.zeros((4000, 4000), np.uint8)
    drawing[200:3800, 2000:2004] = 255  # a one, 0.02 pixels wide when it is fitted into the box
    picture = dr.normalize_drawing(drawing).reshape(28, 28)
    assert 1 <= picture[10:18].sum(axis=1).mean() <= 3  # MNIST's strokes are as wide as that
    assert dr.read_digit(drawing).argmax() == 1


def test_a_blot_is_thinned_but_not_lost():
    drawing = np.zeros((100, 100))
    drawing[20:80, 30:70] = 1
    picture = dr.normalize_drawing(drawing)
    assert picture.max() == 1 and picture.sum() > 20


def test_centre_of_mass_and_not_the_box_is_in_the_middle():
    drawing = np.zeros((100, 100))
    drawing[10:90, 40:44] = 1  # a tall stem with a foot
    drawing[80:90, 20:64] = 1
    picture = dr.normalize_drawing(drawing)
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5
    rows = np.flatnonzero(picture.reshape(28, 28).any(axis=1))
    assert len(rows) == 20 and rows[0] < 3  # a box in the middle would begin at 4


@pytest.mark.parametrize("turned", [False, True])
def test_the_box_stays_within_the_picture(turned):
    drawing = np.zeros((200, 200))
    drawing[0, 0] = 0.2
    drawing[150:, 150:] = 1  # the centre of mass is far out in a corner of the box
    picture = dr.normalize_drawing(drawing[::-1, ::-1] if turned else drawing).reshape(28, 28)
    assert picture.shape == (28, 28) and picture.max() == 1
    rows = np.flatnonzero(picture.any(axis=1))
    assert (rows[0], rows[-1]) == ((8, 27) if turned else (0, 19))


def test_the_brightest_pixel_of_a_picture_is_1():
    drawing = 0.6 * np.pad(frame(100, 80, 12), 20)
    drawing[25, 60] = 1  # is lost among its neighbours when they become one pixel
    assert dr.normalize_drawing(drawing).max() == 1


# --- the steps of it, each on a picture whose answer is known ------------------------------------------------------


def strokes(height, width):
    """Ink from 0 to 1 with a soft edge, far from the border, on a ground that is most of the picture."""
    picture = np.zeros((height, width))
    rows, columns = slice(height // 4, height // 2), slice(width // 3, width // 3 + 8)
    picture[rows, columns] = 1
    picture[height // 2, columns] = 0.6
    return picture


@pytest.mark.parametrize("shape", [(30, 31), (40, 90), (90, 40), (700, 1300), (1300, 700)])
@pytest.mark.parametrize(("dark", "bright"), [(0, 1), (-3, -2.5), (200, 255), (-1.7e308, 1.7e308)])
def test_ink_is_1_and_its_ground_0(shape, dark, bright):
    expected = strokes(*shape)
    ink = dr._ink(dark * (1 - expected) + bright * expected)
    np.testing.assert_allclose(ink, expected, atol=1e-5)
    assert ink.dtype == np.float32 and ink.min() == 0 and ink.max() == 1


@pytest.mark.parametrize("side", [50, 56])
def test_the_floor_is_27_standard_deviations_of_the_noise(side):
    rng = np.random.default_rng(0)
    pictures = [strokes(side, side) + rng.normal(0, 0.05, (side, side)) for _ in range(60)]
    ink = np.array([dr._ink(picture) for picture in pictures])
    ground, drawn = (ink[:, strokes(side, side) == value] for value in (0, 1))
    # 0.35% of normal noise lies beyond; from 56 pixels on, single bright pixels go as well.
    assert 0.0025 < (ground > 0).mean() < 0.006 if side < 56 else (ground > 0).mean() < 0.0005
    assert 0.9 < drawn.mean() < 1 and ink.max() == 1


def test_noise_that_is_cut_off_at_black_is_measured_by_the_rest():
    rng = np.random.default_rng(0)
    pictures = [(strokes(50, 50) + rng.normal(0, 0.05, (50, 50))).clip(0) for _ in range(60)]
    ink = np.array([dr._ink(picture) for picture in pictures])
    assert 0.002 < (ink[:, strokes(50, 50) == 0] > 0).mean() < 0.006


def test_noise_is_not_let_take_more_than_two_fifths():
    rng = np.random.default_rng(0)
    ink = dr._ink(strokes(50, 50) + rng.uniform(-1, 1, (50, 50)))
    assert ink[strokes(50, 50) == 1].mean() > 0.7 > 0.4 > ink[strokes(50, 50) == 0].mean()


def test_a_tiny_drawing_between_the_samples_is_found():
    picture = np.zeros((2000, 2000))
    picture[1001:1003, 1001:1003] = 1  # one pixel in three of each direction is looked at first
    picture[1002, 1002] = 0.4
    np.testing.assert_array_equal(dr._ink(picture)[1001:1003, 1001:1003], np.float32([[1, 1], [1, 0.4]]))


@pytest.mark.parametrize("shape", [(60, 100), (100, 60)])
@pytest.mark.parametrize(("down", "right"), [(0.004, 0.0), (0.0, -0.004), (0.002, -0.002), (0.0, 0.0)])
def test_the_slope_of_the_ground_is_found(shape, down, right):
    u, v = np.mgrid[: shape[0], : shape[1]]
    noise = np.random.default_rng(0).normal(0, 0.002, shape)
    slope = dr._slope((0.2 + down * u + right * v + 0.5 * strokes(*shape) + noise).astype(np.float32))
    assert np.abs(slope - (down * u + right * v)).max() < 0.004
    assert (down or right) or np.array_equal(slope, 0)  # a level ground is left alone


def test_ink_on_one_side_is_not_taken_for_a_slope():
    u, v = np.mgrid[:60, :100]
    picture = 0.1 + 0.003 * u + 0.5 * ((v >= 60) & (u > 10) & (u < 50))
    picture += np.random.default_rng(0).normal(0, 0.002, picture.shape)
    assert np.abs(dr._slope(picture.astype(np.float32)) - 0.003 * u).max() < 0.002


def test_a_slope_is_measured_from_32_pixels_on():
    u, v = np.mgrid[:32, :32]
    ink = dr._ink(0.5 * strokes(32, 32) + 0.01 * u + 0.02 * v)
    np.testing.assert_allclose(ink, strokes(32, 32), atol=1e-5)


@pytest.mark.parametrize("few", [False, True])
def test_the_threshold_is_otsus(few):
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(1, 0.3, 3000), rng.normal(3, 0.4, 500)])
    values = values[[10, 3000]] if few else values
    edges = np.linspace(values.min(), values.max(), 257)[1:-1]
    parted = [(values[values < edge], values[values >= edge]) for edge in edges]
    between = [len(a) * len(b) * (a.mean() - b.mean()) ** 2 for a, b in parted]
    threshold = dr._threshold(values)
    # The bins' middles stand for the values in them, so that a neighbour may come out first.
    assert np.abs(edges - threshold).argmin() == pytest.approx(np.argmax(between), abs=1)
    assert np.isclose(edges, threshold, atol=1e-12).any()


def test_a_line_is_thickened_and_a_beam_thinned():
    for width, expected in [(2, 2.0), (30, 3.5)]:
        drawing = np.zeros((120, 120))
        drawing[10:110, 40 : 40 + width] = 1
        picture = dr.normalize_drawing(drawing).reshape(28, 28)
        assert picture.sum(axis=1)[10:18].mean() == pytest.approx(expected, abs=0.5)


def test_a_slope_is_steep_enough_by_its_whole_height_and_width():
    u, v = np.mgrid[:60, :200]
    for down, right, steep in [(0.0002, 0.0, False), (0.0, 0.00015, True), (0.0002, -0.00005, True)]:
        slope = dr._slope((0.2 + down * u + right * v).astype(np.float32))
        np.testing.assert_allclose(slope, steep * (down * u + right * v), atol=1e-5)


@pytest.mark.parametrize("brightness", [1, 0.5])
@pytest.mark.parametrize(("pixels", "side"), [(1, 12), (2, 14), (-1, 8), (-4, 2), (-9, 2)])
def test_strokes_grow_and_shrink_by_pixels_on_every_side(brightness, pixels, side):
    thickened = dr._thickened(np.full((10, 10), brightness, np.float32), pixels)
    np.testing.assert_array_equal(thickened, np.ones((side, side), np.float32))  # never to nothing
    assert thickened.dtype == np.float32


def test_a_stroke_is_measured_and_grown_into_its_range():
    line, square = np.ones((40, 2)), np.ones((12, 12))
    assert dr._stroke_width(line) == pytest.approx(2 * 80 / (84 * np.pi / 4))
    assert dr._stroke_width(square) == pytest.approx(2 * 144 / (48 * np.pi / 4))
    assert [dr._growth(width) for width in (1.5, 3, 5)] == [0, 0, 0]
    for width, aim in [(0.2, 2.0), (1.4, 2.0), (5.1, 3.5), (8.0, 3.5)]:
        grown = dr._growth(width) / 4  # in MNIST's pixels
        # Fitted into the box again, it is what was aimed at, to what one pixel of the fine picture makes.
        assert (width + 2 * grown) * 20 / (20 + 2 * grown) == pytest.approx(aim, abs=0.25)


# --- what is no drawing, and reading ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawing", "error", "message"),
    [
        (np.zeros((28, 28)), ValueError, "drawing is empty"),
        (np.ones((28, 28)), ValueError, "drawing is empty"),
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


def test_read_digit_reads_digits(digits):
    images, labels = digits
    probabilities = np.array([dr.read_digit(np.pad(image, 9) * 255) for image in images])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9


def test_read_digit_takes_the_best_model_there_is(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(dn, "MODELS", tmp_path)
    with pytest.raises(FileNotFoundError, match="05-training"):
        dr.read_digit(digits[0][0])
    sure_of = lambda digit: [(np.zeros((784, 10)), np.where(np.arange(10) == digit, 9.0, 0))]  # noqa: E731
    dn.save_model(tmp_path / "digitnet.npz", sure_of(3))
    assert dr.read_digit(digits[0][0]).argmax() == 3
    dn.save_model(tmp_path / "digitnet-best.npz", sure_of(8))
    assert dr.read_digit(digits[0][0]).argmax() == 8


def test_a_network_reads_what_its_metadata_say(digits):
    x = dr.normalize_drawing(digits[0][0])
    np.testing.assert_array_equal(dr.see_digit(digits[0][0], {}), x)
    np.testing.assert_array_equal(dr.see_digit(digits[0][0], {"preprocessing": "none"}), x)
    upright = dr.see_digit(digits[0][0], {"preprocessing": "moments"})
    np.testing.assert_array_equal(upright, im.straighten(x[None])[0])
    assert not np.array_equal(upright, x)
    params = dn.init_params(seed=1, dtype=np.float64)
    once, nine = (function(params, x[None].astype(float))[0] for function in (dn.predict_proba, im.predict_moved))
    np.testing.assert_array_equal(dr.read_seen(x, params, {}), once)
    np.testing.assert_array_equal(dr.read_seen(x, params, {"moved_copies": 0}), once)
    np.testing.assert_array_equal(dr.read_seen(x, params, {"moved_copies": 9}), nine)
    both = {"preprocessing": "moments", "moved_copies": 9}
    expected = im.predict_moved(params, upright[None].astype(float))[0]
    np.testing.assert_array_equal(dr.read_digit(digits[0][0], (params, both)), expected)
    assert not np.array_equal(once, nine) and not np.array_equal(expected, nine)


# --- pictures from files -------------------------------------------------------------------------------------------


def saved(picture, kind="PNG", mode="L"):
    file = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(file, format=kind)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "L"), ("PNG", "RGB"), ("JPEG", "L"), ("JPEG", "RGB"), ("PNG", "P")])
@pytest.mark.parametrize("dark_on_light", [False, True])
def test_a_file_is_read_as_its_pixels_are(digits, kind, mode, dark_on_light):
    for digit in digits[0][:10]:
        pixels = np.rint(255 * enlarged(np.pad(digit, 6), 200)).astype(np.uint8)
        drawing = dr.drawing_from_file(saved(255 - pixels if dark_on_light else pixels, kind, mode))
        assert drawing.shape == (200, 200) and drawing.dtype == np.uint8
        assert np.abs(drawing.astype(int) - pixels).max() <= (0 if kind == "PNG" else 40)
        assert likeness(dr.normalize_drawing(drawing), dr.normalize_drawing(pixels)) > 0.98


def test_black_ink_on_a_transparent_ground(tmp_path):
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[10:50, 27:33, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "one.png")
    drawing = dr.drawing_from_file(tmp_path / "one.png")
    assert drawing[30, 30] == 255 and drawing[0, 0] == 0


def test_sixteen_bits_of_grey():
    pixels = np.zeros((60, 60), np.uint16)
    pixels[10:50, 27:33] = 65535
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    drawing = dr.drawing_from_file(file.getvalue())
    assert drawing[30, 30] == 255 and drawing[0, 0] == 0


def test_sixteen_bits_keep_their_greys():
    values = np.arange(60 * 60).reshape(60, 60)[:, ::-1] % 256 * 257
    values[0] = values[-1] = values[:, 0] = values[:, -1] = 0
    file = io.BytesIO()
    Image.fromarray(values.astype(np.uint16)).save(file, format="PNG")
    np.testing.assert_array_equal(dr.drawing_from_file(file.getvalue()), values // 257)


def test_a_transparent_colour_is_paper():
    for mode in ("L", "P"):
        pixels = np.full((60, 60), 9, np.uint8)  # nearly black, and declared transparent
        pixels[10:50, 27:33] = 0
        picture = Image.fromarray(pixels).convert(mode)
        file = io.BytesIO()
        picture.save(file, format="PNG", transparency=picture.getpixel((0, 0)))
        drawing = dr.drawing_from_file(file.getvalue())
        assert drawing[30, 30] == 255 and drawing[0, 0] == 0


@pytest.mark.parametrize("turned", [False, True])
def test_the_outermost_pixels_tell_the_ground(turned):
    pixels = np.zeros((20, 60), np.uint8)
    pixels[[0, -1]] = 255  # the two long sides alone show the paper
    drawing = dr.drawing_from_file(saved(pixels.T if turned else pixels))
    np.testing.assert_array_equal(drawing, 255 - (pixels.T if turned else pixels))


def test_a_picture_of_one_brightness_is_not_turned_round():
    assert set(dr.drawing_from_file(saved(np.full((9, 9), 200, np.uint8))).flat) == {200}


def test_50_million_pixels_are_allowed():
    file = io.BytesIO()
    Image.new("L", (10_000, 5_000)).save(file, format="PNG", compress_level=1)
    assert dr.drawing_from_file(file.getvalue()).shape == (5_000, 10_000)
    Image.new("1", (8000, 8000)).save(file := io.BytesIO(), format="PNG")
    with pytest.raises(ValueError, match=r"^the picture has more than 50 million pixels; make it smaller$"):
        dr.drawing_from_file(file.getvalue())


def test_what_is_no_picture_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        dr.drawing_from_file(tmp_path / "none.png")
    picture = saved(np.eye(60, dtype=np.uint8) * 255)
    for content in (b"", b"not a picture", picture[: len(picture) // 2]):
        with pytest.raises(ValueError, match="Choose a PNG or JPEG file"):
            dr.drawing_from_file(content)
