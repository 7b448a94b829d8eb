"""Any drawing is brought to MNIST's convention, and MNIST's own digits are left as they are."""

import numpy as np
import pytest

import digitnet_helpers as helpers


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist.X_test[:200].reshape(-1, 28, 28), mnist.y_test[:200]


def centre_of_mass(picture):
    picture = picture.reshape(28, 28)
    return picture.sum(axis=1) @ np.arange(28) / picture.sum(), picture.sum(axis=0) @ np.arange(28) / picture.sum()


def test_mnists_digits_are_left_as_they_are(digits):
    # A few have a faint edge that is cut off, which can move them by one pixel.
    moved = sum(np.abs(helpers.normalize_drawing(digit).reshape(28, 28) - digit).max() > 0.1 for digit in digits[0])
    assert moved <= 2


@pytest.mark.parametrize("place", [(0, 0), (50, 7), (7, 50), (31, 31)])
def test_place_does_not_matter(digits, place):
    for digit in digits[0][:20]:
        canvas = np.zeros((90, 90), np.float32)
        canvas[place[0] : place[0] + 28, place[1] : place[1] + 28] = digit
        np.testing.assert_array_equal(helpers.normalize_drawing(canvas), helpers.normalize_drawing(digit))


@pytest.mark.parametrize("factor", [2, 5, 11])
def test_size_matters_little(digits, factor):
    for digit in digits[0][:20]:
        large = np.kron(digit, np.ones((factor, factor)))
        assert np.abs(helpers.normalize_drawing(large) - digit.ravel()).mean() < 0.05


@pytest.mark.parametrize(("scale", "ground"), [(255, 0), (1, 0.3), (100, -50), (1e-6, 0)])
def test_brightness_and_ground_do_not_matter(digits, scale, ground):
    digit = digits[0][0]
    np.testing.assert_allclose(
        helpers.normalize_drawing(digit * scale + ground), helpers.normalize_drawing(digit), atol=1e-3
    )


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float64])
def test_dtypes(digits, dtype):
    drawing = np.rint(digits[0][0]).astype(dtype)
    picture = helpers.normalize_drawing(drawing)
    assert picture.shape == (784,) and picture.dtype == np.float32
    assert picture.min() == 0 and picture.max() == 1


def test_unsigned_pixels_do_not_wrap_around():
    drawing = np.full((40, 40), 100, np.uint8)
    drawing[10:30, 18:22] = 250
    drawing[0, 0] = 0
    assert (helpers.normalize_drawing(drawing) > 0.5).sum() == 20 * 4


@pytest.mark.parametrize("shape", [(40, 4), (4, 40), (8, 8), (1, 60), (300, 200)])
def test_ink_fits_a_box_of_20_with_its_proportions(shape):
    drawing = np.zeros((400, 400))
    drawing[20 : 20 + shape[0], 30 : 30 + shape[1]] = 1
    picture = helpers.normalize_drawing(drawing).reshape(28, 28)
    rows, columns = (np.flatnonzero((picture > 0.5).any(axis=axis)) for axis in (1, 0))
    expected = [max(1, round(20 * length / max(shape))) for length in shape]
    assert [len(rows), len(columns)] == expected
    # A symmetric bar has its centre of mass in its middle: MNIST's 14, counted from 0, to half a pixel.
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5


def test_centre_of_mass_and_not_the_box_is_in_the_middle():
    drawing = np.zeros((100, 100))
    drawing[10:90, 40:44] = 1  # a tall stem with a foot
    drawing[80:90, 20:64] = 1
    picture = helpers.normalize_drawing(drawing)
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5
    rows = np.flatnonzero(picture.reshape(28, 28).any(axis=1))
    assert len(rows) == 20 and rows[0] < 3  # a box in the middle would begin at 4


def test_the_box_stays_within_the_picture():
    drawing = np.zeros((200, 200))
    drawing[0, 0] = 0.2
    drawing[150:, 150:] = 1  # the centre of mass is far out in a corner of the box
    picture = helpers.normalize_drawing(drawing).reshape(28, 28)
    assert picture.shape == (28, 28) and picture.max() == 1


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
        helpers.normalize_drawing(drawing)


def test_read_digit_reads_digits(digits):
    images, labels = digits
    probabilities = np.array([helpers.read_digit(np.pad(image, 9) * 255) for image in images])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9


def test_read_digit_takes_the_best_model_there_is(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(helpers, "MODELS", tmp_path)
    with pytest.raises(FileNotFoundError, match="05-training"):
        helpers.read_digit(digits[0][0])
    sure_of = lambda digit: [(np.zeros((784, 10)), np.where(np.arange(10) == digit, 9.0, 0))]  # noqa: E731
    helpers.save_model(tmp_path / "digitnet.npz", sure_of(3))
    assert helpers.read_digit(digits[0][0]).argmax() == 3
    helpers.save_model(tmp_path / "digitnet-best.npz", sure_of(8))
    assert helpers.read_digit(digits[0][0]).argmax() == 8
