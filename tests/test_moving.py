"""Images straightened by their moments, moved at random, and read more than once."""

import numpy as np
import pytest

import digitnet_helpers as helpers


def moments(X):
    images, k = X.reshape(-1, 28, 28).astype(float), np.arange(28)
    mass = images.sum(axis=(1, 2))
    row, column = images.sum(axis=2) @ k / mass, images.sum(axis=1) @ k / mass
    dr, dc = k - row[:, None], k - column[:, None]
    var_r = np.einsum("nuv,nu->n", images, dr**2) / mass
    return row, column, var_r, np.einsum("nuv,nu,nv->n", images, dr, dc) / mass


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_straightened_digits_are_centred_upright_and_of_one_height(mnist, dtype):
    S = helpers.straighten(mnist.X_train[:300].astype(dtype))
    row, column, var_r, cov = moments(S)
    assert S.dtype == dtype and S.shape == (300, 784) and S.min() >= 0 and S.max() <= 1
    assert np.abs(row - 13.5).max() < 0.25 and np.abs(column - 13.5).max() < 0.25
    assert np.abs(cov / var_r).max() < 0.05
    assert np.abs(np.sqrt(var_r) - 5.47).max() < 0.2


def test_straightening_twice_changes_little(mnist):
    once = helpers.straighten(mnist.X_train[:100])
    assert np.abs(helpers.straighten(once) - once).mean() < 0.02


def test_without_size_the_height_stays(few):
    _, _, before, _ = moments(few[0])
    _, _, after, cov = moments(helpers.straighten(few[0], size=False))
    assert np.abs(np.sqrt(after) - np.sqrt(before)).max() < 0.1 and np.abs(cov / after).max() < 0.05


def test_a_slanted_digit_is_straightened_to_the_upright_one(few):
    u, v = np.divmod(np.arange(784.0), 28)
    slanted = helpers._resample(few[0][:50], u, v + 0.3 * (u - 13.5))
    assert np.abs(helpers.straighten(slanted) - helpers.straighten(few[0][:50])).mean() < 0.02


@pytest.mark.parametrize("picture", ["nothing", "dot", "level line", "upright line", "everything"])
def test_odd_images_stay_finite(picture):
    image = np.zeros((28, 28))
    place = {"dot": (5, 20), "level line": (9, slice(3, 25)), "upright line": (slice(3, 25), 9)}
    if picture != "nothing":
        image[place.get(picture, slice(None))] = 1
    S = helpers.straighten(image.reshape(1, 784))
    assert np.isfinite(S).all() and S.min() >= 0 and S.max() <= 1
    assert (S.sum() > 0) == (picture != "nothing")


def test_straighten_leaves_its_argument_alone_and_takes_no_images(few):
    X = few[0][:5].copy()
    helpers.straighten(X)
    assert np.array_equal(X, few[0][:5]) and helpers.straighten(X[:0]).shape == (0, 784)


@pytest.mark.parametrize("count", [7, 2500])
def test_moves_are_drawn_from_the_generator_alone(mnist, count):
    X = mnist.X_train[:count]
    first, again, other = (helpers.move_images(X, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.dtype == X.dtype and first.shape == X.shape
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert 0.005 < np.abs(first - X).mean() < 0.1
    assert first.min() >= 0 and first.max() <= 1.0001


def test_moves_of_size_zero_change_nothing(few):
    still = helpers.move_images(few[0], np.random.default_rng(0), 0, 0, 0, 0, 0)
    np.testing.assert_allclose(still, few[0], atol=1e-12)


def test_the_sizes_are_standard_deviations():
    rows, columns = helpers.random_moves(3000, np.random.default_rng(0), elastic=0.7)
    u, v = np.divmod(np.arange(784), 28)
    assert (rows - u).std() == pytest.approx(0.7, rel=0.05) and (columns - v).std() == pytest.approx(0.7, rel=0.05)
    rows, _ = helpers.random_moves(3000, np.random.default_rng(0), shift=0.4)
    assert (rows - u)[:, 0].std() == pytest.approx(0.4, rel=0.05)


def test_reading_nine_copies_is_the_mean_of_reading_each(few):
    params = helpers.init_params(dtype=np.float64)
    u, v = np.divmod(np.arange(784.0), 28)
    shifts = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    copies = [helpers._resample(few[0], u - a, v - b) for a, b in shifts]
    expected = np.mean([helpers.predict_proba(params, copy) for copy in copies], axis=0)
    np.testing.assert_allclose(helpers.predict_moved(params, few[0], distance=1), expected, atol=1e-12)
    shifted = copies[-1].reshape(-1, 28, 28)[:, 1:, 1:]
    np.testing.assert_allclose(shifted, few[0].reshape(-1, 28, 28)[:, :-1, :-1], atol=1e-12)


@pytest.mark.parametrize(
    ("X", "error"),
    [
        (np.zeros((2, 784), int), TypeError),
        (np.zeros((2, 28, 28)), ValueError),
        (np.full((1, 784), np.nan), ValueError),
        ([[0.0] * 784], TypeError),
    ],
)  # fmt: skip
def test_what_is_no_image_is_named(X, error):
    for function in (helpers.straighten, lambda X: helpers.move_images(X, np.random.default_rng(0))):
        with pytest.raises(error, match="expected"):
            function(X)
