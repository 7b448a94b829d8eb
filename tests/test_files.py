"""Files: the digits, models written whole or not at all, and files that are damaged."""

import os
import zipfile

import numpy as np
import pytest

import digitnet_helpers as dn

PARAMS = dn.init_params((6, 5, 4), seed=0)


def test_the_digits_are_mnists(mnist):
    assert mnist.X_train.shape == (60_000, 784) and mnist.X_test.shape == (10_000, 784)
    assert mnist.X_train.dtype == np.float32 and mnist.y_train.dtype == np.int64
    assert (mnist.X_train.min(), mnist.X_train.max()) == (0, 1)
    assert np.bincount(mnist.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_missing_or_changed_digits_are_refused_with_a_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(dn, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match="git checkout"):
        dn.load_mnist()
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "mnist.npz"
    arrays = {name: np.zeros((3, 28, 28) if name[0] == "x" else 3, np.uint8) for name in dn.MNIST_MD5}
    np.savez(file, **arrays)
    with pytest.raises(ValueError, match=r"MD5 of x_train.*git checkout"):
        dn.load_mnist()
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ValueError, match=r"damaged.*git checkout"):
        dn.load_mnist()


def test_a_model_comes_back_as_it_was_saved(tmp_path):
    for dtype in (np.float32, float):
        params = dn.init_params((6, 5, 4), seed=1, dtype=dtype)
        dn.save_model(tmp_path / "m.npz", params, epochs=3, note="ü", list=[1, 2])
        found, metadata = dn.load_model(tmp_path / "m.npz")
        assert metadata == {"epochs": 3, "note": "ü", "list": [1, 2]}
        for pair, other in zip(params, found):
            assert all(np.array_equal(V, U) and V.dtype == U.dtype for V, U in zip(pair, other))


@pytest.mark.parametrize("name", ["digitnet.npz", "digitnet-best.npz"])
def test_the_committed_models_load(name):
    params, metadata = dn.load_model(dn.ROOT / "models" / name)
    assert [W.shape for W, _ in params] == [(784, 25), (25, 15), (15, 10)] and metadata


def test_a_crash_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    dn.save_model(tmp_path / "m.npz", PARAMS, number=1)

    def full(*args, **kwargs):
        raise OSError("no space left on device")

    for broken in ("savez", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(np if broken == "savez" else os, broken, full)
            with pytest.raises(OSError, match="no space"):
                dn.save_model(tmp_path / "m.npz", PARAMS, number=2)
        assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]
        assert dn.load_model(tmp_path / "m.npz")[1] == {"number": 1}


def damaged(tmp_path):
    """Files that are no model, by what is wrong with them."""
    path = tmp_path / "m.npz"
    dn.save_model(path, PARAMS)
    whole = path.read_bytes()
    yield "empty", b""
    yield "text", b"not a model"
    yield "cut off", whole[: len(whole) // 2]
    yield "a changed byte", whole[:400] + bytes([whole[400] ^ 255]) + whole[401:]
    np.savez(path, W1=PARAMS[0][0], b1=PARAMS[0][1])
    yield "no metadata", path.read_bytes()
    np.savez(path, metadata=np.array("{}"), W1=PARAMS[0][0])
    yield "no bias", path.read_bytes()
    np.savez(path, metadata=np.array("[1]"), W1=PARAMS[0][0], b1=PARAMS[0][1])
    yield "metadata a list", path.read_bytes()
    np.savez(path, metadata=np.array("{}"), W1=PARAMS[0][0], b1=PARAMS[1][1])
    yield "shapes that do not fit", path.read_bytes()
    np.savez(path, metadata=np.array("{}"), W1=np.full((6, 5), np.nan), b1=np.zeros(5))
    yield "NaN", path.read_bytes()
    np.savez(path, metadata=np.array("{}"), W1=np.array([open], dtype=object), b1=np.zeros(5))
    yield "pickle", path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.npy", b"nonsense")
    yield "a zip of nonsense", path.read_bytes()


def test_damaged_models_are_refused_with_a_cure(tmp_path):
    with pytest.raises(FileNotFoundError, match="05-training"):
        dn.load_model(tmp_path / "none.npz")
    count = 0
    for what, content in damaged(tmp_path):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"no model that can be used.*05-training"):
            dn.load_model(tmp_path / "bad.npz")
            pytest.fail(what)
        count += 1
    assert count == 11
