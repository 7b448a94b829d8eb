"""Models come back as they were saved, a crash loses nothing, and nothing damaged gets in."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import digitnet_helpers as helpers

PARAMS = helpers.init_params((6, 4, 3), seed=2)


def assert_identical(params, expected):
    assert len(params) == len(expected)
    for pair, expected_pair in zip(params, expected):
        for array, other in zip(pair, expected_pair):
            assert array.dtype == other.dtype
            np.testing.assert_array_equal(array, other)


@settings(max_examples=20, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.sampled_from([np.float32, np.float64]))
def test_round_trip(tmp_path, sizes, dtype):
    params = helpers.init_params(sizes, dtype=dtype)
    metadata = {"epochs": 3, "rate": 0.1, "text": "naïve ✓", "cost": [2.3, 1.1], "recipe": {"batch_size": None}}
    helpers.save_model(tmp_path / "model.npz", params, **metadata)
    loaded, loaded_metadata = helpers.load_model(tmp_path / "model.npz")
    assert_identical(loaded, params)
    assert loaded_metadata == metadata


def test_any_path_and_no_leftovers(tmp_path):
    folder = tmp_path / "mein Modell 数字"
    folder.mkdir()
    helpers.save_model(str(folder / "a b"), PARAMS)
    assert os.listdir(folder) == ["a b"]
    assert helpers.load_model(str(folder / "a b"))[1] == {}


def test_same_model_same_bytes(tmp_path):
    for name in "ab":
        helpers.save_model(tmp_path / name, PARAMS, seed=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def dies_half_way(file, **_):
    file.write(b"PK half an archive")
    raise OSError("No space left on device")


def cannot_replace(*_):
    raise PermissionError("not yours")


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [(np, "savez", dies_half_way), (os, "replace", cannot_replace), (os, "fsync", cannot_replace)],
)
def test_a_crash_while_saving_leaves_the_old_model_whole(tmp_path, monkeypatch, module, name, fault):
    path = tmp_path / "model.npz"
    helpers.save_model(path, PARAMS, version=1)
    monkeypatch.setattr(module, name, fault)
    with pytest.raises(OSError):
        helpers.save_model(path, helpers.init_params((2, 2)), version=2)
    assert os.listdir(tmp_path) == ["model.npz"]
    params, metadata = helpers.load_model(path)
    assert_identical(params, PARAMS)
    assert metadata == {"version": 1}


def test_saving_into_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        helpers.save_model(tmp_path / "nowhere" / "model.npz", PARAMS)


@pytest.mark.parametrize("metadata", [{"rng": np.random.default_rng(0)}, {"cost": float("nan")}, {"a": {1, 2}}])
def test_metadata_that_json_does_not_hold(tmp_path, metadata):
    with pytest.raises(TypeError, match="metadata must be what JSON holds"):
        helpers.save_model(tmp_path / "model.npz", PARAMS, **metadata)
    assert not os.listdir(tmp_path)


def test_parameters_that_could_not_be_loaded_are_not_saved(tmp_path):
    with pytest.raises(ValueError, match="NaN"):
        helpers.save_model(tmp_path / "model.npz", [(np.full((2, 2), np.nan), np.zeros(2))])
    assert not os.listdir(tmp_path)


def test_missing_model_says_which_notebook_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model at .*model\.npz.*05-training"):
        helpers.load_model(tmp_path / "model.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, -1, -30])
def test_truncated_model(tmp_path, keep):
    path = tmp_path / "model.npz"
    helpers.save_model(path, PARAMS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"model\.npz is no model that can be used.*05-training"):
        helpers.load_model(path)


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("bomb-went-off",)


@pytest.mark.parametrize("kind", ["pickle", "object array", "object in npz"])
def test_pickled_content_is_never_run(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path, bomb = tmp_path / "model.npz", np.array([Bomb()], dtype=object)
    with open(path, "wb") as file:
        if kind == "pickle":
            pickle.dump(Bomb(), file)
        elif kind == "object array":
            np.save(file, bomb)
        else:
            np.savez(file, metadata=np.array("{}"), W1=bomb, b1=np.zeros(2))
    with pytest.raises(ValueError, match="no model that can be used"):
        helpers.load_model(path)
    assert os.listdir(tmp_path) == ["model.npz"]


W, b = PARAMS[0]
W2, b2 = PARAMS[1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"W1": W.astype(int), "b1": b}, "W1 is int64"),
        ({"W1": W, "b1": b.astype(np.float64)}, "b1 is float64, W1 is float32"),
        ({"W1": W, "b1": b[:-1]}, "layer 1 has"),
        ({"W1": W, "b1": b, "W2": W2.T, "b2": b2}, "layer 2 has"),
        ({"W1": np.full_like(W, np.nan), "b1": b}, "NaN"),
        ({"W1": W, "b1": np.full_like(b, np.inf)}, "NaN or infinity"),
        ({"W1": W}, "more than"),
        ({"W1": W, "b1": b, "W3": W2, "b3": b2}, "W2"),
        ({"W1": W, "b1": b, "extra": b}, "extra"),
        ({}, "list of"),
        ({"W1": W, "b1": b, "metadata": np.array("[1]")}, "metadata"),
        ({"W1": W, "b1": b, "metadata": np.array("{")}, "JSONDecodeError"),
        ({"W1": W, "b1": b, "metadata": None}, "metadata"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, arrays, message):
    path = tmp_path / "model.npz"
    arrays = {"metadata": np.array("{}")} | arrays
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(ValueError, match=message):
        helpers.load_model(path)


def test_an_array_file_is_no_model(tmp_path):
    with open(tmp_path / "model.npz", "wb") as file:
        np.save(file, W)
    with pytest.raises(ValueError, match="no model that can be used"):
        helpers.load_model(tmp_path / "model.npz")


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_corrupted_bytes_give_the_same_model_or_a_clear_error(tmp_path, data):
    path = tmp_path / "model.npz"
    helpers.save_model(path, PARAMS, seed=1)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        params, _ = helpers.load_model(path)
    except ValueError as error:
        assert "model.npz is no model" in str(error) and "05-training" in str(error)
    else:
        assert_identical(params, PARAMS)


def test_no_single_damaged_byte_is_taken_for_another_model(tmp_path):
    path = tmp_path / "model.npz"
    helpers.save_model(path, PARAMS, seed=1)
    content = path.read_bytes()
    for place, old in enumerate(content):
        for new in (1, old ^ 255):
            path.write_bytes(content[:place] + bytes([new]) + content[place + 1 :])
            try:
                params, _ = helpers.load_model(path)
            except ValueError as error:
                assert "model.npz is no model" in str(error)
            else:
                assert_identical(params, PARAMS)


def test_committed_model_reads_the_test_digits(mnist):
    params, metadata = helpers.load_model(helpers.MODELS / "digitnet.npz")
    assert [W.shape for W, _ in params] == [(784, 25), (25, 15), (15, 10)]
    assert helpers.accuracy(params, mnist.X_test, mnist.y_test) >= 0.91
    assert metadata


def test_files_that_other_programs_wrote_are_read(tmp_path):
    path = tmp_path / "model.npz"
    helpers.save_model(path, PARAMS, version=1)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"copied by an archiver"
    assert_identical(helpers.load_model(path)[0], PARAMS)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "second.npz", "w") as second:
        for name in archive.namelist():
            array = np.lib.format.read_array(io.BytesIO(archive.read(name)))
            with second.open(name, "w") as file:
                np.lib.format.write_array(file, array, version=(2, 0))  # the second version of NumPy's format
    assert_identical(helpers.load_model(tmp_path / "second.npz")[0], PARAMS)
