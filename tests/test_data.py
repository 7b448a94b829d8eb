"""The bundled digits are MNIST's, however they are loaded, and damage is noticed."""

import hashlib
import os
import struct
import sys
import types

import numpy as np
import pytest

import digitnet_helpers as helpers
from tools import build_mnist

PUBLISHED = {
    "X_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "X_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}


def published_md5(array):
    """MD5 of the loaded array, turned back into the bytes of the published file."""
    if array.dtype == np.float32:
        array = np.rint(array * 255).astype(np.uint8).reshape(-1, 28, 28)
        header = struct.pack(">iiii", 2051, *array.shape)
    else:
        header = struct.pack(">ii", 2049, len(array))
    return hashlib.md5(header + array.astype(np.uint8).tobytes()).hexdigest()


def test_loaded_arrays_are_the_published_bytes():
    mnist = helpers.load_mnist()
    assert {name: published_md5(getattr(mnist, name)) for name in PUBLISHED} == PUBLISHED
    assert mnist.X_train.shape == (60000, 784) and mnist.X_test.shape == (10000, 784)
    assert mnist.y_train.shape == (60000,) and mnist.y_test.shape == (10000,)
    assert mnist.X_train.dtype == mnist.X_test.dtype == np.float32
    assert mnist.y_train.dtype == mnist.y_test.dtype == np.int64
    assert mnist.X_train.min() == 0 and mnist.X_train.max() == 1
    assert set(mnist.y_test) == set(range(10))


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A copy of the data file that a test may damage."""
    path = tmp_path / "mnist.npz"
    path.write_bytes(helpers.DATA_FILE.read_bytes())
    monkeypatch.setattr(helpers, "DATA_FILE", path)
    return path


def test_missing_file(bundled):
    bundled.unlink()
    with pytest.raises(FileNotFoundError, match=r"mnist\.npz is missing.*git checkout"):
        helpers.load_mnist()


@pytest.mark.parametrize("keep", [0, 10, 5_000_000, -1])
def test_truncated_file(bundled, keep):
    bundled.write_bytes(bundled.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"mnist\.npz is damaged.*git checkout"):
        helpers.load_mnist()


def save_raw(path, **changes):
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_one_altered_byte_is_noticed_and_named(bundled, name):
    with np.load(bundled) as archive:
        array = archive[name]
    array.flat[-1] ^= 1
    save_raw(bundled, **{name: array})
    digests = rf"\(MD5 [0-9a-f]{{32}}, published {PUBLISHED[name.replace('x_', 'X_')]}\)"
    cure = r"Restore the file with `git checkout data/mnist\.npz`$"
    with pytest.raises(ValueError, match=rf"mnist\.npz: {name} is not MNIST's {digests}\. {cure}"):
        helpers.load_mnist()


def test_array_missing_or_of_another_dtype(bundled):
    save_raw(bundled, y_test=np.arange(10000))
    with pytest.raises(ValueError, match="y_test is not MNIST's"):
        helpers.load_mnist()
    save_raw(bundled, y_test=None)
    with pytest.raises(ValueError, match="is damaged"):
        helpers.load_mnist()


def test_pickled_content_is_never_opened(bundled):
    save_raw(bundled, x_test=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(ValueError, match="is damaged"):
        helpers.load_mnist()


def test_unknown_source():
    with pytest.raises(ValueError, match="'bundled' or 'keras'"):
        helpers.load_mnist("internet")


def test_the_other_source_is_asked_once_with_a_backend_that_it_has(monkeypatch):
    calls = []
    with np.load(helpers.DATA_FILE) as archive:
        a, b, c, d = (archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    loader = types.SimpleNamespace(load_data=lambda: calls.append(os.environ["KERAS_BACKEND"]) or ((a, b), (c, d)))
    monkeypatch.setitem(sys.modules, "keras.datasets", types.SimpleNamespace(mnist=loader))
    for given, used in ((None, "jax"), ("torch", "torch")):
        monkeypatch.setenv("KERAS_BACKEND", given) if given else monkeypatch.delenv("KERAS_BACKEND", raising=False)
        for ours, theirs in zip(helpers.load_mnist(), helpers.load_mnist("keras")):
            np.testing.assert_array_equal(ours, theirs)
        assert calls.pop() == used and not calls


@pytest.fixture
def keras_mnist(monkeypatch):
    """The module of Keras whose download step a test replaces. Its cache is never touched."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    from keras.src.datasets import mnist

    return mnist


def test_keras_gives_the_same_arrays(mnist, keras_mnist, monkeypatch):
    asked = []
    monkeypatch.setattr(keras_mnist, "get_file", lambda **call: asked.append(call) or str(helpers.DATA_FILE))
    through_keras = helpers.load_mnist(source="keras")
    assert len(asked) == 1
    for ours, theirs in zip(mnist, through_keras):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_keras_offline_says_what_to_do(keras_mnist, monkeypatch):
    def no_network(**_):
        raise Exception("URL fetch failure: no route to host")

    monkeypatch.setattr(keras_mnist, "get_file", no_network)
    with pytest.raises(ConnectionError, match=r"could not download.*bundled copy, load_mnist\(\), is the default"):
        helpers.load_mnist(source="keras")


def test_keras_with_other_digits_is_refused(keras_mnist, monkeypatch, bundled):
    with np.load(bundled) as archive:
        save_raw(bundled, x_test=archive["x_test"][::-1])
    monkeypatch.setattr(keras_mnist, "get_file", lambda **_: str(bundled))
    what = r"^the digits that Keras has downloaded: x_test is not MNIST's \(.*\)\. "
    cure = r"Delete mnist\.npz from its folder of datasets, or use the bundled copy, load_mnist\(\)$"
    with pytest.raises(ValueError, match=what + cure):
        helpers.load_mnist(source="keras")


def test_build_script_refuses_other_bytes(tmp_path):
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + bytes(60_004))
    with pytest.raises(ValueError, match="published file has a25bea73"):
        build_mnist.read_canonical(tmp_path, "y_train")
    with pytest.raises(FileNotFoundError):
        build_mnist.read_canonical(tmp_path, "x_train")


def test_build_script_repeats_the_labels(tmp_path, mnist, monkeypatch):
    idx = struct.pack(">ii", 2049, 10000) + mnist.y_test.astype(np.uint8).tobytes()
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx)
    monkeypatch.setattr(build_mnist, "CANONICAL", {"y_test": build_mnist.CANONICAL["y_test"]})
    build_mnist.build(tmp_path, tmp_path / "a.npz")
    build_mnist.build(tmp_path, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(archive["y_test"], mnist.y_test)


def test_validation_split_parts_the_rows():
    X, y = np.arange(50.0).reshape(25, 2), np.arange(25)
    X_train, y_train, X_val, y_val = helpers.validation_split(X, y, n_validation=10, seed=3)
    assert len(y_train) == 15 and len(y_val) == 10
    assert sorted([*y_train, *y_val]) == list(range(25))
    np.testing.assert_array_equal(X_train, X[y_train])
    np.testing.assert_array_equal(X_val, X[y_val])
    assert list(y_val) == sorted(y_val) and list(y_val) != list(range(15, 25))


def test_validation_split_repeats_with_its_seed():
    X, y = np.zeros((40, 1)), np.arange(40)
    first, again, other = (helpers.validation_split(X, y, 8, seed=seed)[3] for seed in (1, 1, 2))
    assert list(first) == list(again) != list(other)


def test_validation_split_of_ten_thousand_or_of_one():
    X, y = np.zeros((10_050, 1)), np.arange(10_050)
    assert len(helpers.validation_split(X, y)[3]) == 10_000
    np.testing.assert_array_equal(helpers.validation_split(X, y)[1], helpers.validation_split(X, y, seed=0)[1])
    assert len(helpers.validation_split(X, y, 1)[3]) == 1


@pytest.mark.parametrize("n_validation", [0, 25, 30, -1])
def test_validation_split_must_leave_something(n_validation):
    with pytest.raises(ValueError, match="validation rows"):
        helpers.validation_split(np.zeros((25, 2)), np.zeros(25), n_validation)


def test_validation_split_needs_a_label_for_every_image():
    with pytest.raises(ValueError, match="25 images with 24 labels"):
        helpers.validation_split(np.zeros((25, 2)), np.zeros(24), 5)
