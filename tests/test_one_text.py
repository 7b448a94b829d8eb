"""The module is the notebooks' own code: each function that a notebook derives has the module's syntax tree."""

import ast
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
DERIVED = {
    "02-softmax-and-cross-entropy": ["softmax", "cross_entropy"],
    "03-the-forward-pass": ["relu", "init_params", "forward"],
    "04-backpropagation": ["backward", "loss_and_gradients", "gradient_check"],
    "05-training": ["to_vector", "to_params", "sgd", "momentum", "adam"],
}


def functions(source):
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def bare(function):
    """The function's tree without its docstring and without one line `... = checks....(...)`."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    is_check = [
        isinstance(line, ast.Assign) and ast.unparse(line.value).startswith("checks.") for line in body
    ]  # fmt: skip
    assert sum(is_check) <= 1, f"{function.name} has more than one line of checks"
    kept = [line for line, check in zip(body, is_check) if not check]
    return ast.dump(ast.Module(kept, [])), ast.dump(function.args)


@pytest.mark.parametrize(("stem", "name"), [(stem, name) for stem, names in DERIVED.items() for name in names])
def test_the_notebook_derives_what_stands_in_the_module(stem, name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and f"def {name}(" in cell.source:
            found |= functions(cell.source)
    module = functions((ROOT / "digitnet_helpers.py").read_text())
    assert name in found, f"{stem} does not define {name}"
    assert bare(found[name]) == bare(module[name])


def test_the_comparison_notices_a_changed_line():
    module = functions((ROOT / "digitnet_helpers.py").read_text())["softmax"]
    changed = functions(ast.unparse(module).replace("Z.max", "Z.min"))["softmax"]
    assert bare(module) != bare(changed) and bare(module) == bare(functions(ast.unparse(module))["softmax"])


def test_the_module_is_small():
    assert len((ROOT / "digitnet_helpers.py").read_text().splitlines()) <= 420


def block(marker):
    """The code block of the README behind a comment."""
    return (ROOT / "README.md").read_text().split(f"<!-- {marker} -->")[1].split("```python\n")[1].split("```")[0]


def test_the_readmes_heart_is_the_modules():
    shown, module = functions(block("the heart")), functions((ROOT / "digitnet_helpers.py").read_text())
    assert set(shown) == {"forward", "backward"}
    assert all(bare(shown[name]) == bare(module[name]) for name in shown)


@pytest.mark.slow
def test_the_readmes_recipe_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(block("the recipe").replace("epochs=1500", "epochs=2"), {})
    assert "% of the test digits are read right" in capsys.readouterr().out
