"""What must not go wrong: odd arguments, damaged and malicious files, full disks, killed processes, no network.

What each function says about the plainest mistakes stands with the function's own tests.
"""

import errno
import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import threadpoolctl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import digitnet_helpers as helpers

ROOT = Path(helpers.__file__).resolve().parent
SIZES = (784, 6, 10)
PARAMS = helpers.init_params(SIZES, seed=1, dtype=np.float64)
rng = np.random.default_rng(0)
X, Y = rng.random((70, 784)), np.arange(70) % 10
SOFT = np.full((70, 10), 0.05) + 0.5 * np.eye(10)[Y]
QUICK = {"epochs": 2, "batch_size": 16, "progress": False}
many = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def content(result):
    """All the numbers in a result as bytes, but for the seconds."""
    if isinstance(result, dict):
        result = [value for name, value in result.items() if name not in ("seconds", "stopped")]
    if isinstance(result, (list, tuple)):
        return b"".join(map(content, result))
    return np.asarray(result).tobytes()


# --- arrays of every kind ------------------------------------------------------------------------------------------


def frozen(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def spaced_out(array):
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 7, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def backwards(array):
    return array[::-1].copy()[::-1]


LAYOUTS = [frozen, spaced_out, backwards, np.asfortranarray]
TO_THE_BIT = {
    "loss_and_gradients": lambda x, y, soft: helpers.loss_and_gradients(PARAMS, x, y),
    "soft targets": lambda x, y, soft: helpers.loss_and_gradients(PARAMS, x, soft),
    "full batches": lambda x, y, soft: helpers.train(PARAMS, x, y, validation=(x, y), epochs=2, progress=False),
    "small batches": lambda x, y, soft: helpers.train(PARAMS, x, soft, validation=(x, soft), **QUICK),
    "cross_entropy": lambda x, y, soft: helpers.cross_entropy(soft, y),
    "relu": lambda x, y, soft: helpers.relu(x - 0.5),
    "predict": lambda x, y, soft: helpers.predict(PARAMS, x),
    "accuracy": lambda x, y, soft: helpers.accuracy(PARAMS, x, y),
    "validation_split": lambda x, y, soft: helpers.validation_split(x, y, 9),
    "baselines": lambda x, y, soft: list(helpers.baseline_accuracies(x, y, x, y).values()),
    "straighten": lambda x, y, soft: helpers.straighten(x),
    "move_images": lambda x, y, soft: helpers.move_images(x, np.random.default_rng(0)),
    "predict_moved": lambda x, y, soft: helpers.predict_moved(PARAMS, x),
    "normalize_drawing": lambda x, y, soft: helpers.normalize_drawing(x[:, :60] ** 8),
}


@pytest.mark.parametrize("name", TO_THE_BIT)
def test_read_only_and_scattered_arrays_give_the_same_bits(name):
    expected = content(TO_THE_BIT[name](X, Y, SOFT))
    for layout in LAYOUTS:
        assert content(TO_THE_BIT[name](layout(X), layout(Y), layout(SOFT))) == expected, layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_scattered_parameters_are_the_same_parameters(layout, tmp_path):
    scattered = [tuple(map(layout, pair)) for pair in PARAMS]
    for function in (helpers.loss_and_gradients, lambda *a: helpers.train(*a, **QUICK)):
        assert content(function(scattered, X, Y)) == content(function(PARAMS, X, Y))
    # A product with a factor in another order may differ in the last bit.
    np.testing.assert_allclose(helpers.forward(scattered, X)["P"], helpers.forward(PARAMS, X)["P"], rtol=1e-12)
    np.testing.assert_allclose(helpers.softmax(layout(X)), helpers.softmax(X), rtol=1e-12)
    helpers.save_model(tmp_path / "model.npz", scattered)
    assert content(helpers.load_model(tmp_path / "model.npz")[0]) == content(PARAMS)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_integer_logits_do_not_wrap_around(dtype):
    Z = np.array([[0, 100, 127], [3, 2, 1]], dtype)
    np.testing.assert_array_equal(helpers.softmax(Z), helpers.softmax(Z.astype(np.float64)))


def test_a_digit_without_training_images_is_never_answered():
    y = np.where(Y > 3, 3, Y)
    rungs = helpers.baseline_accuracies(X, y, X, y)
    assert rungs["nearest mean"] == 1 and 0.1 < rungs["darkness"] <= 1


huge = [(np.full((784, 6), 1e300), np.zeros(6)), (np.full((6, 10), -1e300), np.zeros(10))]
picture = X[0].reshape(28, 28)
draw = np.random.default_rng
NONSENSE = {
    "logits that are text": (lambda: helpers.softmax(["a", "b"]), TypeError, "logits are"),
    "logits that are complex": (lambda: helpers.softmax(np.array([1j, 2])), TypeError, "logits are complex128"),
    "logits that are objects": (lambda: helpers.softmax(np.array([1, None])), TypeError, "logits are object"),
    "huge probabilities": (
        lambda: helpers.cross_entropy(np.full((2, 3), 1e308), np.array([0, 1])), ValueError, "summing to 1",
    ),
    "huge soft targets": (lambda: helpers.loss_and_gradients(PARAMS, X, 1e308 * SOFT), ValueError, "summing to 1"),
    "huge parameters": (lambda: helpers.forward(huge, X), ValueError, "NaN or infinity"),
    "training huge parameters": (lambda: helpers.train(huge, X, Y, **QUICK), FloatingPointError, "diverged in epoch 1"),
    "one layer size": (lambda: helpers.init_params(784), ValueError, "layer_sizes is 784"),
    "no layer sizes": (lambda: helpers.init_params(None), ValueError, "layer_sizes is None"),
    "an infinite layer": (lambda: helpers.init_params((784, math.inf)), ValueError, "whole numbers"),
    "a layer of text": (lambda: helpers.init_params(("784", 10)), ValueError, "whole numbers"),
    "a layer of a float": (lambda: helpers.init_params((784.0, 10)), ValueError, "whole numbers"),
    "half a row": (lambda: helpers.validation_split(X, Y, 2.5), ValueError, "cannot take 2.5"),
    "half an entry": (lambda: helpers.gradient_check(PARAMS, X, Y, entries=2.5), ValueError, "entries 2.5"),
    "a step that is NaN": (lambda: helpers.gradient_check(PARAMS, X, Y, step=math.nan), ValueError, "step is nan"),
    "validation without labels": (
        lambda: helpers.train(PARAMS, X, Y, validation=(X,), **QUICK), TypeError, r"a pair \(X_val, y_val\)",
    ),
    "validation that is an array": (
        lambda: helpers.train(PARAMS, X, Y, validation=X, **QUICK), TypeError, r"a pair \(X_val, y_val\)",
    ),
    "an augmentation that is a number": (
        lambda: helpers.train(PARAMS, X, Y, augment=5, **QUICK), TypeError, "augment is 5; expected a function",
    ),
    "a list of optimizers": (
        lambda: helpers.train(PARAMS, X, Y, optimizer=["sgd"], **QUICK), ValueError, r"optimizer is \['sgd'\]",
    ),
    "a complex learning rate": (
        lambda: helpers.train(PARAMS, X, Y, learning_rate=np.complex128(1), **QUICK), ValueError, "learning_rate is",
    ),
    "a baseline of a list": (
        lambda: helpers.baseline_accuracies(X.tolist(), Y, X, Y), TypeError, r"X_train is list \(70, 784\)",
    ),
    "a baseline on other images": (
        lambda: helpers.baseline_accuracies(X, Y, X[:, :9], Y), ValueError, r"X has shape \(70, 9\)",
    ),
    "pixels far out": (lambda: helpers.straighten(X * 1e300), ValueError, "divide by 255"),
    "moving with a seed": (lambda: helpers.move_images(X, 0), TypeError, "rng is 0; expected a generator"),
    "moving by NaN": (lambda: helpers.move_images(X, draw(0), rotation=math.nan), ValueError, "rotation is nan"),
    "moving by infinity": (lambda: helpers.random_moves(1, draw(0), shift=math.inf), ValueError, "shift is inf"),
    "moving by less than nothing": (lambda: helpers.random_moves(1, draw(0), scale=-1), ValueError, "scale is -1"),
    "copies at NaN": (lambda: helpers.predict_moved(PARAMS, X, math.nan), ValueError, "distance is nan"),
    "copies out of the picture": (lambda: helpers.predict_moved(PARAMS, X, -29), ValueError, "distance is -29"),
    "a model without metadata": (lambda: helpers.read_digit(picture, PARAMS), TypeError, "model must be a pair"),
    "an empty model": (lambda: helpers.read_digit(picture, ()), TypeError, "model must be a pair"),
    "a model that is none": (lambda: helpers.read_digit(picture, (None, {})), TypeError, "params must be a list"),
    "numbers too close to tell": (
        lambda: helpers.normalize_drawing(np.eye(40, dtype=np.int64) + 2**62), ValueError, "drawing is empty",
    ),
    "a program for a printer": (
        lambda: helpers.drawing_from_file(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"),
        ValueError, "no picture that can be read",
    ),
    "a figure without words": (lambda: helpers.show(None, None), ValueError, "alt is empty"),
    "no columns": (lambda: helpers.plot_digits(X[:2], "ab", columns=0), ValueError, "columns is 0"),
    "images of another width": (lambda: helpers.plot_digits(X[:2, :9], "ab"), ValueError, "shape"),
    "no rungs": (lambda: helpers.plot_ladder({}), ValueError, "rungs is empty"),
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_named_and_draws_nothing(name):
    call, error, message = NONSENSE[name]
    with pytest.raises(error, match=message):
        call()
    assert not plt.get_fignums()


def test_nothing_is_run_to_read_a_printers_program(monkeypatch):
    def run(*_, **__):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", run)
    monkeypatch.setattr("PIL.EpsImagePlugin.has_ghostscript", lambda: True)
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", "gs")
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, format="EPS")
    with pytest.raises(ValueError, match="no picture that can be read") as caught:
        helpers.drawing_from_file(file.getvalue())
    assert "Ghostscript" in str(caught.value.__cause__)


# --- drawings of every kind ----------------------------------------------------------------------------------------


@many
@given(
    hnp.arrays(
        st.sampled_from([np.bool_, np.uint8, np.int64, np.float16, np.float32, np.float64, np.complex64]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=70),
        fill=st.just(0),
    )
)
@pytest.mark.filterwarnings("error")
def test_any_array_is_a_drawing_or_named(image):
    try:
        normal = helpers.normalize_drawing(image)
    except (TypeError, ValueError) as error:
        assert "the drawing" in str(error)
    else:
        assert normal.shape == (784,) and normal.dtype == np.float32
        assert normal.min() >= 0 and normal.max() == pytest.approx(1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [5e-324, 1e-40, 1e300, 1.7e308])
def test_a_drawing_may_be_as_faint_or_bright_as_numbers_go(factor):
    drawing = np.zeros((40, 40))
    drawing[5:35, 18:22] = 1
    expected = helpers.normalize_drawing(drawing)
    np.testing.assert_allclose(helpers.normalize_drawing(drawing * factor), expected, atol=1e-6)
    np.testing.assert_allclose(helpers.normalize_drawing((2 * drawing - 1) * factor), expected, atol=1e-6)


# --- damaged and malicious files -----------------------------------------------------------------------------------


def damage(data, original, strange):
    """The bytes cut short, with bits flipped, with a part of `strange` in their middle, or with parts exchanged."""
    changed = bytearray(original)
    where = st.integers(0, len(original) - 1)
    for _ in range(data.draw(st.integers(1, 3))):
        how, at = data.draw(st.sampled_from(["cut", "flip", "splice", "repeat"])), data.draw(where)
        if how == "cut":
            del changed[at:]
        elif how == "flip" and at < len(changed):
            changed[at] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "splice":
            changed[at:at] = strange[: data.draw(st.integers(1, len(strange)))]
        else:
            changed[at : at + 40] = changed[at // 2 : at // 2 + 40]
    return bytes(changed)


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("bomb-went-off",)


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
    return file.getvalue()


def declared(shape, dtype="<f8", size=64):
    """An .npy file of `size` zeros whose header promises an array of that shape."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(size)


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, member in members.items():
            made.writestr(f"{name}.npy", member)
    return file.getvalue()


def bomb_of_zeros():
    """A small archive that holds 400 MB of zeros."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name in ("metadata", "record", "W1", "x_train"):
            with made.open(f"{name}.npy", "w") as member:
                member.write(declared((12_500_000,), size=0))
                for _ in range(100):
                    member.write(bytes(10**6))
    return file.getvalue()


BOMB = np.array([Bomb()], dtype=object)
STRANGE = pickle.dumps(Bomb()) + archive(W1=BOMB)
HOSTILE = {
    "nothing": b"",
    "a pickle": pickle.dumps(Bomb()),
    "objects": archive(metadata=np.array("{}"), record=np.array("{}"), W1=BOMB, b1=BOMB, x_train=BOMB, flat=BOMB),
    "objects for text": archive(metadata=BOMB, record=BOMB, y_train=BOMB),
    "an array": declared((8,)),
    "more than there is": zipped(metadata=declared((2**40,)), record=declared((2**40,)), x_train=declared((2**40,))),
    "more than fits in a number": zipped(metadata=declared((2**63,)), record=declared((2**63,)), x_train=b""),
    "names that lead out": zipped(**{"../../bomb-went-off": declared((8,)), "metadata": declared((8,))}),
    "lists in lists": archive(metadata=np.array("[" * 200_000), record=np.array("[" * 200_000)),
    "texts for numbers": archive(
        metadata=np.array("{}"), W1=np.array([["a"]]), b1=np.array(["b"]), record=np.array("{}"), x_train=np.array("c")
    ),
    "another kind of archive": b"PK\x05\x06" + bytes(18),
}


def open_model(path):
    return helpers.load_model(path)


def open_checkpoint(path):
    return helpers.train(PARAMS, X, Y, epochs=3, checkpoint=path, progress=False)


def open_digits(path):
    before, helpers.DATA_FILE = helpers.DATA_FILE, path
    try:
        return helpers.load_mnist()
    finally:
        helpers.DATA_FILE = before


MESSAGES = {
    open_model: r"it\.npz is no model that can be used.*05-training",
    open_checkpoint: r"it\.npz is (no checkpoint that can be used|the checkpoint of a training).*delete the file",
    open_digits: r"it\.npz(: \w+ is not MNIST's| is damaged).*git checkout data/mnist\.npz",
}


def assert_refused(opened, folder, file_content):
    """It raises what its documentation says, runs nothing, reserves little, and leaves the file and the folder."""
    path = folder / "it.npz"
    path.write_bytes(file_content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=MESSAGES[opened]):
            opened(path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert os.listdir(folder) == ["it.npz"] and path.read_bytes() == file_content


@pytest.mark.parametrize("opened", MESSAGES)
@pytest.mark.parametrize("name", [*HOSTILE, "a bomb of zeros"])
def test_hostile_files_are_refused(tmp_path, monkeypatch, opened, name):
    monkeypatch.chdir(tmp_path)
    assert_refused(opened, tmp_path, HOSTILE.get(name) or (bomb_of_zeros() if name.startswith("a bomb") else b""))


@pytest.fixture(scope="module")
def whole_checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "it.npz"
    helpers.train(PARAMS, X, Y, epochs=2, checkpoint=path, progress=False)
    return path.read_bytes()


def test_a_checkpoint_with_other_arrays_is_refused(tmp_path, whole_checkpoint):
    with np.load(io.BytesIO(whole_checkpoint)) as file:
        good = dict(file)
    record = json.loads(str(good["record"]))
    changes = [
        {"flat": good["flat"].astype(np.float32)},
        {"flat": good["flat"].astype(str)},
        {"flat": good["flat"][:-1]},
        {"cost": good["cost"][:, None]},
        {"accuracy": good["accuracy"].astype(str)},
        {"seconds": None},
        {"moments": np.zeros((1, good["flat"].size))},
        *({"record": np.array(json.dumps(record | change))} for change in (
            {"epoch": -1}, {"epoch": "2"}, {"epoch": 1e300}, {"t": "soon"}, {"rng": {}}, {"settings": []},
        )),
    ]  # fmt: skip
    assert_refused(open_checkpoint, tmp_path, archive(**good | {"record": np.array("{}")}))
    for change in changes:
        assert_refused(open_checkpoint, tmp_path, archive(**good | change))
    (tmp_path / "it.npz").write_bytes(archive(**good))
    assert len(open_checkpoint(tmp_path / "it.npz")[1]["cost"]) == 3


@many
@given(data=st.data())
@pytest.mark.parametrize("opened", [open_model, open_checkpoint])
def test_damaged_files_are_read_right_or_refused(tmp_path, monkeypatch, whole_checkpoint, opened, data):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "it.npz"
    if opened is open_model:
        helpers.save_model(path, PARAMS, seed=1)
        original = path.read_bytes()
    else:
        original = whole_checkpoint
    path.write_bytes(damage(data, original, STRANGE))
    try:
        params = opened(path)[0]
    except ValueError as error:
        assert "it.npz is" in str(error)
    else:
        path.write_bytes(original)
        assert content(params) == content(opened(path)[0])
    assert os.listdir(tmp_path) == ["it.npz"]


@settings(many, max_examples=12)
@given(data=st.data())
def test_damaged_digits_are_read_right_or_refused(tmp_path, mnist, data):
    path = tmp_path / "it.npz"
    # The labels alone are small enough to be damaged often; the archive of all is 11 MB.
    with np.load(helpers.DATA_FILE) as file:
        labels = {name: file[name] for name in ("y_train", "y_test")}
    path.write_bytes(damage(data, archive(**labels), STRANGE))
    with pytest.raises(ValueError, match=MESSAGES[open_digits]):
        open_digits(path)


@pytest.mark.filterwarnings("ignore:::PIL")
@many
@given(data=st.data())
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF"])
def test_damaged_pictures_are_drawings_or_refused(kind, data):
    file = io.BytesIO()
    Image.fromarray((255 * picture).astype(np.uint8)).save(file, format=kind)
    try:
        drawing = helpers.drawing_from_file(damage(data, file.getvalue(), STRANGE))
    except ValueError as error:
        assert "the file is no picture that can be read" in str(error) or "50 million" in str(error)
    else:
        assert drawing.ndim == 2 and drawing.dtype == np.uint8


def test_bytes_of_any_kind_are_a_picture():
    file = io.BytesIO()
    Image.fromarray((255 * picture).astype(np.uint8)).save(file, format="PNG")
    for kind in (bytes, bytearray, memoryview):
        assert helpers.drawing_from_file(kind(file.getvalue())).shape == (28, 28)


# --- disks, paths and threads --------------------------------------------------------------------------------------


def no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


class FullDisk(io.FileIO):
    """A file on a disk that has room for a hundred bytes."""

    def write(self, data):
        return no_space() if self.tell() + len(data) > 100 else super().write(data)


@pytest.mark.parametrize("fault", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_model_and_checkpoint(tmp_path, monkeypatch, fault):
    model, checkpoint = tmp_path / "model.npz", tmp_path / "checkpoint.npz"
    helpers.save_model(model, PARAMS, version=1)
    helpers.train(PARAMS, X, Y, epochs=1, checkpoint=checkpoint, progress=False)
    before = model.read_bytes(), checkpoint.read_bytes()
    with monkeypatch.context() as patch:
        if fault == "write":
            patch.setattr(helpers, "open", lambda path, mode: FullDisk(path, mode.replace("b", "")), raising=False)
        else:
            patch.setattr(os, fault, no_space)
        with pytest.raises(OSError, match="No space left"):
            helpers.save_model(model, PARAMS, version=2)
        if fault != "write":
            with pytest.raises(OSError, match="No space left"):
                helpers.train(PARAMS, X, Y, epochs=2, checkpoint=checkpoint, progress=False)
    assert (model.read_bytes(), checkpoint.read_bytes()) == before
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz", "model.npz"]
    resumed, _ = helpers.train(PARAMS, X, Y, epochs=2, checkpoint=checkpoint, progress=False)
    assert content(resumed) == content(helpers.train(PARAMS, X, Y, epochs=2, progress=False)[0])


def test_a_folder_that_takes_no_files(tmp_path, monkeypatch):
    def read_only(path, mode):
        if "r" not in mode:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return open(path, mode)

    helpers.save_model(tmp_path / "model.npz", PARAMS)
    monkeypatch.setattr(helpers, "open", read_only, raising=False)
    with pytest.raises(PermissionError, match="denied"):
        helpers.save_model(tmp_path / "model.npz", PARAMS)
    assert content(helpers.load_model(tmp_path / "model.npz")[0]) == content(PARAMS)
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "models").write_text("not a folder")
    for path in (tmp_path / "models" / "model.npz", tmp_path):
        with pytest.raises(OSError):
            helpers.save_model(path, PARAMS)
        with pytest.raises(FileNotFoundError, match="no model at"):
            helpers.load_model(path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        helpers.train(PARAMS, X, Y, **QUICK, checkpoint=tmp_path / "models" / "checkpoint.npz")
    with pytest.raises(ValueError, match="IsADirectoryError"):
        helpers.train(PARAMS, X, Y, **QUICK, checkpoint=tmp_path)


@pytest.mark.parametrize("name", ["a b ü 数字 ✓.npz", "数" * 83 + ".npz", "n" * 255])
def test_any_name_that_a_file_may_have(tmp_path, name):
    folder = tmp_path / "mein Ordner с цифрами"
    folder.mkdir()
    helpers.save_model(folder / name, PARAMS)
    assert content(helpers.load_model(folder / name)[0]) == content(PARAMS)
    (folder / name).unlink()
    helpers.train(PARAMS, X, Y, **QUICK, checkpoint=folder / name)
    assert os.listdir(folder) == [name]
    Image.fromarray((255 * picture).astype(np.uint8)).save(folder / "bild ü 数.png")
    assert helpers.drawing_from_file(str(folder / "bild ü 数.png")).shape == (28, 28)


def run_all(function, arguments):
    """Call the function with each of the arguments, each in a thread of its own, all at once."""
    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(function, arguments))


def blas_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def test_two_trainings_at_once_give_what_each_gives_alone(mnist):
    recipes = [
        {"epochs": 2, "batch_size": 64, "optimizer": "adam"},
        {"epochs": 3, "batch_size": None, "optimizer": "momentum"},
    ]
    starts = [helpers.init_params(SIZES, seed=seed) for seed in (1, 2)]
    data = mnist.X_train[:3000], mnist.y_train[:3000]

    def run(k):
        updates = helpers.training(starts[k], *data, **recipes[k])
        for state in updates:
            assert blas_threads() == {1}, state.epoch
        return content((state.params, state.history))

    def note(k):
        together[k] = run(k % 2)

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        alone, together = [run(k) for k in (0, 1)], [None] * 4
        run_all(note, range(4))
        assert blas_threads() == {2}
    assert together == alone * 2


def test_a_training_in_another_thread_gives_the_limit_back():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        first = helpers.training(PARAMS, X, Y, epochs=2)
        next(first)
        run_all(lambda _: helpers.train(PARAMS, X, Y, **QUICK), [0])
        assert blas_threads() == {1}
        run_all(lambda _: list(first), [0])  # begun here, ended there
        assert blas_threads() == {2}


# --- processes -----------------------------------------------------------------------------------------------------


def python(code, **environment):
    """Run `code` in a new process, with variables changed, or taken away where None."""
    variables = {name: value for name, value in (os.environ | environment).items() if value is not None}
    variables["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-W", "error:::digitnet_helpers", "-c", code]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("home", [None, "/nowhere/at/all"])
def test_no_home_directory(tmp_path, home):
    code = f"""
import matplotlib; matplotlib.use("Agg")
import numpy as np
import digitnet_helpers as helpers
X, y = np.random.default_rng(0).random((20, 784), np.float32), np.arange(20) % 10
params, history = helpers.train(helpers.init_params(), X, y, epochs=2)
helpers.save_model({str(tmp_path / "model.npz")!r}, params)
helpers.use_style()
helpers.show(helpers.plot_cost(history).figure, "A falling curve.")
"""
    gone = {name: None for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "IPYTHONDIR")}
    run = python(code, HOME=home, USER=None, LOGNAME=None, **gone)
    assert run.returncode == 0, run.stderr
    helpers.load_model(tmp_path / "model.npz")


def test_no_network():
    code = """
import socket

class Refused(socket.socket):
    def __init__(self, *_, **__):
        raise OSError("no network")

def refuse(*_, **__):
    raise OSError("no network")

socket.socket, socket.create_connection, socket.getaddrinfo = Refused, refuse, refuse
import numpy as np
import digitnet_helpers as helpers
digits = helpers.load_mnist()
helpers.train(helpers.init_params(), digits.X_train[:99], digits.y_train[:99], epochs=1)
print(helpers.read_digit(digits.X_test[0].reshape(28, 28)).argmax())
"""
    run = python(code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[-1] == "7"


KILLED = """
import sys
import numpy as np
import digitnet_helpers as helpers
clock = [0.0]
helpers.time.monotonic = lambda: clock[0]  # ten seconds for every epoch
X, y = np.random.default_rng(0).random((500, 784), np.float32), np.arange(500) % 10
recipe = {"epochs": 6, "batch_size": 32, "optimizer": "adam", "validation": (X[:50], y[:50]), "seed": 4}
for state in helpers.training(helpers.init_params(), X, y, **recipe, checkpoint=sys.argv[1]):
    clock[0] += 10 / state.steps
    if (state.epoch, state.step) == (3, 5):
        print("in the middle", flush=True)
        sys.stdin.read()
"""


def test_a_killed_training_goes_on_from_its_checkpoint_bit_for_bit(tmp_path):
    path = tmp_path / "training.npz"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "in the middle\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    process.stdin.close(), process.stdout.close()
    with np.load(path) as archive:
        assert 1 <= len(archive["cost"]) <= 3  # what was written on the way, not at the end
    x, y = np.random.default_rng(0).random((500, 784), np.float32), np.arange(500) % 10
    recipe = {"epochs": 6, "batch_size": 32, "optimizer": "adam", "validation": (x[:50], y[:50]), "seed": 4}
    started = time.perf_counter()
    resumed = helpers.train(helpers.init_params(), x, y, **recipe, checkpoint=path, progress=False)
    assert resumed[1]["seconds"][-1] >= time.perf_counter() - started - 1
    assert content(resumed) == content(helpers.train(helpers.init_params(), x, y, **recipe, progress=False))
    assert os.listdir(tmp_path) == ["training.npz"]
