"""tools/study.py and tools/train_best.py on a few hundred digits, and what models/study.json says."""

import json
import sys

import numpy as np
import pytest

import digitnet_helpers as dn

sys.path.insert(0, str(dn.ROOT / "tools"))
import study
import train_best

STEPS = [
    "first",
    "20 epochs",
    "higher rate",
    "cosine",
    "decay",
    "mean image",
    "upright",
    "one size",
    "moved",
    "less decay",
]
STEPS += ["40 epochs", "120 epochs", "400 epochs"]


@pytest.fixture
def tiny(monkeypatch, tmp_path, mnist):
    """Recipes of one epoch and two seeds, results in a folder of their own, 500 digits in place of 70,000."""
    full = study.recipe
    monkeypatch.setattr(study, "recipe", lambda name: full(name) | {"epochs": 1, "seeds": 2, "batch_size": 50})
    monkeypatch.setattr(study, "RESULTS", tmp_path / "study.json")
    monkeypatch.setattr(study, "NETWORKS", tmp_path / "networks")
    few = dn.Mnist(mnist.X_train[:400], mnist.y_train[:400], mnist.X_test[:100], mnist.y_test[:100])
    monkeypatch.setattr(dn, "load_mnist", lambda: few)
    split = dn.validation_split
    monkeypatch.setattr(dn, "validation_split", lambda X, y: split(X, y, 100))
    return few


@pytest.mark.parametrize("name", study.CHANGES)
def test_each_recipe_changes_one_thing(name):
    before, changes = study.CHANGES[name]
    if before is None:
        assert study.recipe(name) == study.FIRST
    else:
        # Moves that suit digits as written come with them; how many seeds a recipe gets is no part of it.
        counted = set(changes) - {"seeds"} - ({"moves"} if changes.get("pixels") == "as written" else set())
        assert len(counted) == 1
        assert all(study.recipe(before)[key] != changes[key] for key in counted)


def test_results_are_kept_and_not_trained_again(tiny, monkeypatch):
    study.main(["first", "one size"])
    study.main(["one size"], test=True)
    found = study.results()
    assert list(found["validation"]) == ["first", "one size"] and list(found["test"]) == ["one size"]
    once = found["validation"]["one size"]
    for accuracy, rows in zip(once["accuracy"], once["misread"]):
        assert accuracy == round(1 - len(rows.split()) / 100, 6)
    assert len(once["misread_by_nine"]) == 2 and "misread_by_nine" not in found["validation"]["first"]
    monkeypatch.setattr(study, "run", lambda *_: pytest.fail("trained again"))
    study.main(["first"])


def test_seeds_share_the_moves_and_differ(tiny):
    X, y = study.prepare(tiny.X_train, "straightened"), tiny.y_train
    moved = study.recipe("moved")
    pair = study.trained(moved, X, y)
    alone = study.trained(moved | {"seeds": 1}, X, y)
    assert not np.array_equal(pair[0][0][0], pair[1][0][0])
    assert np.array_equal(pair[0][0][0], alone[0][0][0])  # what the others do does not change the first


def test_the_mean_image_is_folded(tiny):
    made = study.recipe("mean image, no decay") | {"seeds": 1}
    X, y = tiny.X_train, tiny.y_train
    (folded,) = study.trained(made, X, y)
    (centred,) = study.trained(made | {"centred": False}, X - X.mean(axis=0), y)
    assert np.allclose(dn.predict_proba(folded, X), dn.predict_proba(centred, X - X.mean(axis=0)), atol=1e-4)


def test_drawings_are_digits_of_many_hands():
    X, y = study.drawn(1)
    assert X.shape == (len(study.SHAPES), 784) and X.dtype == np.float32 and set(y) == set(range(10))
    assert X.min() >= 0 and X.max() <= 1 and (X.max(axis=1) == 1).all()
    ones, labels = study.flagged_ones(5)
    assert (labels == 1).all() and len(np.unique(ones, axis=0)) == 5
    assert not any((one == other).all() for one in ones for other in X)


def test_best_model_is_written_whole(tiny, tmp_path):
    made = train_best.RECIPE | {"epochs": 1, "hands": 1}
    X, y = train_best.digits_and_hands(made, tiny.X_train, tiny.y_train)
    assert len(X) == len(y) == 400 + len(study.SHAPES)
    (params,) = study.trained(made, X, y)
    train_best.save(params, made, tiny.X_test, tiny.y_test, tmp_path / "best.npz")
    read, about = dn.load_model(tmp_path / "best.npz")
    assert all(np.array_equal(V, U) for old, new in zip(params, read) for V, U in zip(old, new))
    assert about["preprocessing"] == "moments" and about["moved_copies"] == 9 and about["epochs"] == 1
    assert 0 <= about["test_accuracy"] <= 1 and 0 <= about["flagged_ones_read"] <= 1


def test_the_committed_study_is_what_the_program_makes():
    found = json.loads((dn.MODELS / "study.json").read_text())
    assert set(STEPS[:10]) <= set(found["validation"]) <= set(study.CHANGES) and set(found["test"]) <= set(study.CHOSEN)
    for part in (found["validation"], found["test"]):
        for name, kept in part.items():
            assert len(kept["accuracy"]) == len(kept["misread"]) == study.recipe(name)["seeds"] >= 3
            for accuracy, rows in zip(kept["accuracy"], kept["misread"]):
                assert accuracy == round(1 - len(rows.split()) / 10_000, 6)
    assert all(found["validation"][name]["recipe"] == study.recipe(name) for name in found["validation"])
