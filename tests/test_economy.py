"""What makes the training fast: memory made once, lines of the cache, products of the right size, one precision."""

import tracemalloc

import digitnet_images
import numpy as np
import pytest

import digitnet_helpers as helpers

SIZES = (784, 25, 15, 10)


def newly_taken(function):
    """The most memory, in bytes, that a call takes beyond what was there before it."""
    function()  # what is made once is made
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_and_batches_begin_on_a_line_of_the_cache(dtype):
    kept = [helpers._zeros(shape, dtype) for shape in [(1,), (7, 3), (10,), (25, 2048), (20_175,)] * 5]
    params = helpers.init_params(SIZES, dtype=dtype)
    kept += [helpers._flatten(params) for _ in range(5)]
    assert {array.__array_interface__["data"][0] % 64 for array in kept} == {0}
    assert all(array.dtype == dtype and array.flags.writeable for array in kept)
    assert all(not array.any() for array in kept[:-5])


@pytest.mark.parametrize("name", helpers.OPTIMIZERS)
def test_an_update_takes_no_new_memory(name):
    make_optimizer, rate = helpers.OPTIMIZERS[name]
    optimizer = make_optimizer(100_000, np.float32)
    w, gradient = np.ones(100_000, np.float32), np.full(100_000, 0.5, np.float32)
    assert newly_taken(lambda: optimizer.step(w, gradient, rate)) < 50_000  # one vector has 400,000 bytes


def test_a_block_takes_little_new_memory():
    params = helpers.init_params(SIZES)
    share = helpers._Share(params)
    X, y = np.random.default_rng(0).uniform(size=(2048, 784)).astype(np.float32), np.arange(2048) % 10
    # Its logits take 82,000 bytes, the activations of the first layer 205,000, a row of numbers 8,000 or 16,000.
    assert newly_taken(lambda: share.block(params, X, y, 2048, share.sum_views)) < 180_000
    assert newly_taken(lambda: share.block(params, X, y, 2048, None)) < 110_000


def test_two_copies_of_batches_are_all_there_is():
    X, y = np.zeros((20_000, 784), np.float32), np.zeros(20_000, np.int64)
    two = 2 * 2048 * 785 * 4

    def epoch():
        with helpers._cores() as pool:
            for _ in helpers._batches(X, y, 128, np.random.default_rng(0), pool):
                pass

    assert two < newly_taken(epoch) < 1.2 * two


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_places_between_pixels_keep_their_precision(dtype):
    cell, share = digitnet_images._cell(np.array([-2, -1, -0.25, 0, 7.5, 27, 27.75, 28, 30], dtype))
    assert share.dtype == dtype
    assert (cell + share).tolist() == [0, 0, 0.75, 1, 8.5, 28, 28.75, 29, 29] and cell.max() == 28


def test_images_are_moved_in_the_memory_of_one_copy_for_each_step():
    X = np.random.default_rng(0).uniform(size=(400, 784)).astype(np.float32)
    rows, columns = np.divmod(np.arange(784.0), 28)
    # The padded images, the sum, and one of its four parts.
    assert newly_taken(lambda: digitnet_images._resample(X, rows + 0.3, columns)) < 3.5 * X.nbytes


@pytest.mark.parametrize(
    ("rows", "inner", "columns", "pieces"),
    [
        (25, 784, 2048, [48] * 42 + [32]),  # 48 is the multiple of 16 that stays below a million multiplications
        (25, 784, 96, [48, 48]),
        (25, 784, 48, [48]),
        (25, 1000, 2048, [2048]),  # 32 columns would not be worth it
        (15, 25, 2048, [2048]),
        (15, 25, 6000, [2656, 2656, 688]),
    ],
)
def test_a_product_is_made_of_pieces_below_a_million(monkeypatch, rows, inner, columns, pieces):
    rng = np.random.default_rng(0)
    A, B, out = rng.normal(size=(rows, inner)), rng.normal(size=(inner, columns)), np.empty((rows, columns))
    seen, matmul = [], np.matmul

    def spy(A, B, out):
        seen.extend([B.shape[-1]] * (len(B) if B.ndim == 3 else 1))
        return matmul(A, B, out=out)

    monkeypatch.setattr(helpers.np, "matmul", spy)
    helpers._product(A, B, out=out)
    monkeypatch.undo()
    assert seen == pieces
    np.testing.assert_allclose(out, A @ B, atol=1e-10)


def test_a_trained_network_lies_in_memory_as_numpys_own_arrays_do(few):
    params, _ = helpers.train(helpers.init_params((784, 6, 10), dtype=np.float64), *few, epochs=1, progress=False)
    assert all(array.flags.c_contiguous and array.flags.owndata for pair in params for array in pair)
