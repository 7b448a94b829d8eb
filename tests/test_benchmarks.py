"""The benchmark runs and tells what it found. No timing is asserted: a test must not depend on the clock."""

import numpy as np
import pytest

import digitnet_helpers as dn
from benchmarks import compare


@pytest.mark.slow
def test_a_comparison_of_this_project_with_the_bare_products(tmp_path, capsys):
    options = ["--peers", "Digitnet", "bare products", "--examples", "300", "--rounds", "2", "--out", str(tmp_path)]
    compare.main(options)
    shown = capsys.readouterr().out
    assert "cores" in shown and f"numpy {np.__version__}" in shown
    for work in compare.WORKS:
        assert work in shown
    assert shown.count("  Digitnet ") == 3 and shown.count("  bare products ") == 1
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_installed_is_left_out_and_said(monkeypatch, capsys):
    monkeypatch.setitem(compare.PEERS, "PyTorch, eager", (None, ["no_such_package"]))
    assert compare.installed(["Digitnet", "PyTorch, eager"]) == ["Digitnet"]
    assert "PyTorch, eager is left out: no_such_package is not installed" in capsys.readouterr().out


def test_the_table_and_its_ratios_by_hand(capsys):
    seconds = {"Digitnet": np.array([0.1, 0.1, 0.4]), "JAX": np.array([0.2, 0.4, 0.5])}
    compare.table({"full batch": seconds})
    shown = capsys.readouterr().out
    assert "Digitnet         100.0  (100.0 to 250.0)" in shown
    assert "JAX              400.0  (300.0 to 450.0)" in shown and "0.50  (0.38 to 0.65)" in shown


def test_jax_takes_the_same_steps(monkeypatch):
    """The peer's epoch in full batch is ours: the parameters after two epochs agree."""
    jax = pytest.importorskip("jax")
    X, y = dn.load_mnist()[:2]
    seen = []
    monkeypatch.setattr(jax, "block_until_ready", seen.append)
    sizes = (784, 25, 15, 10)
    epoch = compare.jax(X[:300], y[:300], sizes, None, "sgd")
    epoch(), epoch()
    (params, *_), _ = seen[-1]
    expected, _ = dn.train(dn.init_params(sizes), X[:300], y[:300], epochs=2, progress=False)
    for pair, expected_pair in zip(params, expected):
        for a, b in zip(pair, expected_pair):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
