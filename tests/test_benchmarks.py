"""The benchmark runs and tells what it found. No timing is asserted: a test must not depend on the clock."""

import shutil

import numpy as np
import pytest

from benchmarks import compare


@pytest.mark.slow
def test_the_table_stands_on_its_page_with_what_is_left_out(tmp_path, monkeypatch):
    page, peers = tmp_path / "speed.md", ["Digitnet", "NumPy, as notebook 05 has it", "scikit-learn"]
    shutil.copy(compare.dn.ROOT / "docs" / "speed.md", page)
    (tmp_path / "sklearn.py").write_text("raise ImportError('it is not there')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    compare.main(["--peers", *peers, "--examples", "300", "--rounds", "1", "--write", str(page)])
    before, rest = page.read_text().split(compare.BEGINS)
    report, after = rest.split(compare.ENDS)
    assert before.startswith("# How fast") and "benchmarks/compare.py" in after
    assert f"numpy {np.__version__}" in report
    assert report.count("\n| Digitnet |") == report.count("\n| NumPy, as notebook 05 has it |") == 1
    assert report.endswith("\nscikit-learn is left out: `ImportError: it is not there`\n")


def test_the_table_by_hand():
    seconds = {"Digitnet": {"full batch": [0.1, 0.1, 0.4]}, "JAX": {"full batch": [0.2, 0.4, 0.5]}}
    goals = {"Digitnet": [(5, 1.0), (7, 1.25), (6, 4.0)], "JAX": [(5, 1.0), None, (5, 1.0)]}
    *_, ours, jax = compare.table(seconds, goals)
    assert ours == "| Digitnet | 100 | 1.2 s, 6 epochs |"
    assert jax == "| JAX | 400 (2.0) | not reached |"  # the ratios are 2, 4 and 1.25


@pytest.mark.slow
@pytest.mark.parametrize("work", compare.WORKS)
def test_peers_in_numpy_and_jax_take_our_steps(mnist, work):
    """From the same start, in the same batches, all read alike after a while."""
    X, y, others = mnist.X_train[:300], mnist.y_train[:300], mnist.X_train[300:1300]
    read = []
    for make in (compare.digitnet, compare.plain_numpy, compare.jax_compiled):
        epoch, reads = make(X, y, *compare.WORKS[work], seed=1)
        for _ in range(20):
            epoch()
        read.append(np.asarray(reads(others)))
    for labels in read[1:]:
        assert (labels == read[0]).mean() > 0.99
