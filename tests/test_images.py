"""Images straightened by their moments, moved at random, and read more than once."""

import numpy as np
import pytest

import digitnet_helpers as dn
from digitnet_extras import images as im


def moments(X):
    images, k = X.reshape(-1, 28, 28).astype(float), np.arange(28)
    mass = images.sum(axis=(1, 2))
    row, column = images.sum(axis=2) @ k / mass, images.sum(axis=1) @ k / mass
    dr, dc = k - row[:, None], k - column[:, None]
    var_r = np.einsum("nuv,nu->n", images, dr**2) / mass
    return row, column, var_r, np.einsum("nuv,nu,nv->n", images, dr, dc) / mass


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_straightened_digits_are_centred_upright_and_of_one_height(mnist, dtype):
    S = im.straighten(mnist.X_train[:300].astype(dtype))
    row, column, var_r, cov = moments(S)
    assert S.dtype == dtype and S.shape == (300, 784) and S.min() >= 0 and S.max() <= 1
    assert np.abs(row - 13.5).max() < 0.25 and np.abs(column - 13.5).max() < 0.25
    assert np.abs(cov / var_r).max() < 0.05
    assert np.abs(np.sqrt(var_r) - 5.47).max() < 0.2


def at(image, row, column):
    """The brightness (bilinear) of an image (28, 28), dark all around, at one place between its pixels."""
    r, c = int(np.floor(row)), int(np.floor(column))
    total = 0.0
    for i, weight in ((r, 1 - (row - r)), (r + 1, row - r)):
        for j, share in ((c, 1 - (column - c)), (c + 1, column - c)):
            if 0 <= i < 28 and 0 <= j < 28:
                total += weight * share * image[i, j]
    return total


def straightened_plainly(image, size):
    """`straighten` as its docstring says it, one pixel after the other."""
    (row,), (column,), (var_r,), (cov,) = moments(image)
    image = image.reshape(28, 28)
    slant = cov / max(var_r, 0.5)
    var_c = (image.sum(axis=0) * (np.arange(28) - column) ** 2).sum() / image.sum()
    tall, wide = 1.0, 1.0
    if size:
        tall = np.sqrt(max(var_r, 0.5)) / 5.47
        wide = np.sqrt(np.sqrt(max(var_c - slant * cov, 0.25)) / 3.41)
    out = np.zeros((28, 28))
    for u, v in np.ndindex(28, 28):
        # The row is read between two rows first, and at its two neighbours' own columns.
        down = tall * (u - 13.5)
        out[u, v] = at(image, row + down, column + slant * down + wide * (v - 13.5))
    return out.ravel()


@pytest.mark.parametrize("size", [True, False])
def test_straighten_is_its_formula(few, size):
    level, dot = np.zeros((2, 28, 28))
    level[8:10, 4:19] = 0.7  # its height is below what is divided by, as is the dot's width
    dot[20, 6] = 0.5  # and its ink is less than one whole pixel
    images = np.array([*few[0][:12], level.ravel(), dot.ravel(), np.ones(784)])
    expected = [straightened_plainly(image, size) for image in images]
    np.testing.assert_allclose(im.straighten(images, size=size), expected, atol=1e-12)


def test_straightening_many_is_straightening_each(mnist):
    X = mnist.X_train[:1100].astype(np.float64)
    S = im.straighten(X)
    for k in (0, 499, 500, 700, 1099):
        np.testing.assert_allclose(S[k], im.straighten(X[k : k + 1])[0], atol=1e-12)


def test_straightening_twice_changes_little(mnist):
    once = im.straighten(mnist.X_train[:100])
    assert np.abs(im.straighten(once) - once).mean() < 0.02


def test_without_size_the_height_stays(few):
    _, _, before, _ = moments(few[0])
    _, _, after, cov = moments(im.straighten(few[0], size=False))
    assert np.abs(np.sqrt(after) - np.sqrt(before)).max() < 0.1 and np.abs(cov / after).max() < 0.05


def test_a_slanted_digit_is_straightened_to_the_upright_one(few):
    u, v = np.divmod(np.arange(784.0), 28)
    slanted = im._resample(few[0][:50], u, v + 0.3 * (u - 13.5))
    assert np.abs(im.straighten(slanted) - im.straighten(few[0][:50])).mean() < 0.02


@pytest.mark.parametrize("picture", ["nothing", "dot", "level line", "upright line", "everything"])
def test_odd_images_stay_finite(picture):
    image = np.zeros((28, 28))
    place = {"dot": (5, 20), "level line": (9, slice(3, 25)), "upright line": (slice(3, 25), 9)}
    if picture != "nothing":
        image[place.get(picture, slice(None))] = 1
    S = im.straighten(image.reshape(1, 784))
    assert np.isfinite(S).all() and S.min() >= 0 and S.max() <= 1
    assert (S.sum() > 0) == (picture != "nothing")


def test_straighten_leaves_its_argument_alone_and_takes_no_images(few):
    X = few[0][:5].copy()
    im.straighten(X)
    assert np.array_equal(X, few[0][:5]) and im.straighten(X[:0]).shape == (0, 784)


@pytest.mark.parametrize("count", [7, 2500])
def test_moves_are_drawn_from_the_generator_alone(mnist, count):
    X = mnist.X_train[:count]
    first, again, other = (im.move_images(X, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.dtype == X.dtype and first.shape == X.shape
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert 0.005 < np.abs(first - X).mean() < 0.1
    assert first.min() >= 0 and first.max() <= 1.0001


def test_moves_of_size_zero_change_nothing(few):
    still = im.move_images(few[0], np.random.default_rng(0), 0, 0, 0, 0, 0)
    np.testing.assert_allclose(still, few[0], atol=1e-12)


def test_the_sizes_are_standard_deviations():
    rows, columns = im.random_moves(3000, np.random.default_rng(0), elastic=0.7)
    u, v = np.divmod(np.arange(784), 28)
    assert (rows - u).std() == pytest.approx(0.7, rel=0.05) and (columns - v).std() == pytest.approx(0.7, rel=0.05)
    rows, _ = im.random_moves(3000, np.random.default_rng(0), shift=0.4)
    assert (rows - u)[:, 0].std() == pytest.approx(0.4, rel=0.05)


def test_random_moves_are_their_formula():
    sizes = {"rotation": 0.2, "shear": 0.3, "scale": 0.1, "shift": 0.6, "elastic": 0.8}
    rows, columns = im.random_moves(3, np.random.default_rng(4), **sizes)
    rng = np.random.default_rng(4)
    angle, slant = 0.2 * rng.standard_normal(3), 0.3 * rng.standard_normal(3)
    tall, wide = np.exp(0.1 * rng.standard_normal((2, 3)))
    shift = 0.6 * rng.standard_normal((2, 3))
    heights = rng.standard_normal((2, 3, 9, 9))
    peaks = [-16 + 4 * k for k in range(9)]
    for k in range(3):
        turn = np.array([[np.cos(angle[k]), -np.sin(angle[k])], [np.sin(angle[k]), np.cos(angle[k])]])
        matrix = turn @ [[tall[k], 0], [slant[k], wide[k]]]
        for u, v in [(0, 0), (3, 20), (14, 14), (27, 5), (27, 27)]:
            bump = {at: np.array([np.exp(-((at - 13.5 - peak) ** 2) / 32) for peak in peaks]) for at in (u, v)}
            beside = [0.8 * bump[u] @ h @ bump[v] for h in heights[:, k]]
            beside = np.array(beside) / np.linalg.norm(bump[u]) / np.linalg.norm(bump[v])
            expected = matrix @ [u - 13.5, v - 13.5] + shift[:, k] + 13.5 + beside
            got = rows[k, 28 * u + v], columns[k, 28 * u + v]
            np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["rotation", "shear", "scale", "shift", "elastic"])
def test_a_size_that_is_no_spread_is_named(name):
    rng = np.random.default_rng(0)
    assert im.random_moves(1, rng, **{name: 100})[0].shape == (1, 784)
    for size in (-0.1, 100.5, np.nan):
        with pytest.raises(ValueError, match=f"{name} is {size}"):
            im.random_moves(1, rng, **{name: size})


def test_each_of_a_few_images_has_its_own_move(few):
    X = few[0][:6]
    rows, columns = im.random_moves(6, np.random.default_rng(3), 0.1, 0.2, 0.05, 0.7, 0.9)
    expected = [[at(image.reshape(28, 28), *place) for place in zip(*map)] for image, *map in zip(X, rows, columns)]
    moved = im.move_images(X, np.random.default_rng(3), 0.1, 0.2, 0.05, 0.7, 0.9)
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_many_images_share_moves_in_random_groups(few):
    X = np.tile(few[0][:1], (2000, 1))
    moved = im.move_images(X, np.random.default_rng(0))
    different, place, copies = np.unique(moved, axis=0, return_inverse=True, return_counts=True)
    assert len(different) == 1000 and set(copies) == {2}
    assert (place[::2] == place[1::2]).sum() < 10  # the two that share one are not neighbours


def test_a_group_has_64_images_at_most(monkeypatch):
    seen = []
    monkeypatch.setattr("digitnet_extras.images._resample", lambda X, rows, columns: seen.append(len(X)) or X)
    im.move_images(np.zeros((66_000, 784), np.float32), np.random.default_rng(0))
    assert max(seen) == 64 and sum(seen) == 66_000


def test_reading_nine_copies_is_the_mean_of_reading_each(few):
    params = dn.init_params(dtype=np.float64)
    u, v = np.divmod(np.arange(784.0), 28)
    shifts = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    copies = [im._resample(few[0], u - a, v - b) for a, b in shifts]
    expected = np.mean([dn.predict_proba(params, copy) for copy in copies], axis=0)
    np.testing.assert_allclose(im.predict_moved(params, few[0], distance=1), expected, atol=1e-12)
    shifted = copies[-1].reshape(-1, 28, 28)[:, 1:, 1:]
    np.testing.assert_allclose(shifted, few[0].reshape(-1, 28, 28)[:, :-1, :-1], atol=1e-12)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((2, 784), int), "X is int64; expected float pixels"),
        ([[0.0] * 784], "X is list; expected float pixels"),
        (np.zeros((2, 28, 28)), r"X has shape \(2, 28, 28\); expected \(n, 784\)"),
        (np.zeros((2, 784, 1)), r"X has shape \(2, 784, 1\); expected \(n, 784\)"),
        (np.zeros((2, 783)), r"X has shape \(2, 783\); expected \(n, 784\)"),
        (np.full((1, 784), np.nan), "X runs from nan to nan; expected finite pixels"),
        (np.full((1, 784), 10.5), "X runs from 10.5 to 10.5; expected"),
        (np.full((1, 784), -10.5), "X runs from -10.5 to -10.5; expected"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_named(X, message):
    for function in (im.straighten, lambda X: im.move_images(X, np.random.default_rng(0))):
        with pytest.raises((TypeError, ValueError), match=message):
            function(X)


def test_pixels_from_minus_10_to_10_are_taken():
    X = np.tile(np.float64([-10, 10]), (1, 392))
    assert im.move_images(X, np.random.default_rng(0)).shape == (1, 784)


def test_nine_copies_lie_half_a_pixel_apart_unless_said_otherwise(few):
    params = dn.init_params(dtype=np.float64)
    for distance in ({}, {"distance": 0.5}):
        expected = im.predict_moved(params, few[0][:3], distance=-0.5)  # the same nine places
        np.testing.assert_allclose(im.predict_moved(params, few[0][:3], **distance), expected, atol=1e-12)
    assert im.predict_moved(params, few[0][:3], distance=28).shape == (3, 10)
    with pytest.raises(ValueError, match=r"distance is 28\.5"):
        im.predict_moved(params, few[0][:3], distance=28.5)
