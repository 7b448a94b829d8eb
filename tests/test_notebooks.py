"""Rules that every committed notebook keeps, and that its exercises can be solved. (Outputs are compared by nbval.)"""

import ast
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# Cells whose output strict nbval may ignore, each with the reason.
IGNORED_OUTPUT_ALLOWED = {
    ("05-training", 'by="seconds"'): "draws measured seconds",
    ("11-beyond-one-machine", "fig = plot_diary("): "draws measured seconds",
    ("11-beyond-one-machine", "model = fit_model("): "draws measured seconds",
    ("10-keras", 'best["one compilation"]'): "draws measured seconds",
}
OPENS_THE_TEST_SET = {"06-evaluation", "09-how-far-can-it-go"}


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02d}" for number in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 6


@every_notebook
def test_executed_in_order_and_without_errors(path):
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]
    assert not [out for cell in cells for out in cell.outputs if out.get("name") == "stderr"]


@every_notebook
def test_metadata_opens_without_a_dialog_and_does_not_churn(path):
    notebook = read(path)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    assert [cell.id for cell in notebook.cells] == [f"cell-{k:03d}" for k in range(len(notebook.cells))]
    views = [
        out.data["application/vnd.jupyter.widget-view+json"]["model_id"]
        for cell in code_cells(notebook)
        for out in cell.outputs
        if "application/vnd.jupyter.widget-view+json" in out.get("data", {})
    ]
    assert not any(views), "run tools/refresh_notebooks.py: a widget's id changes at every run"


@every_notebook
def test_every_picture_has_alternative_text_and_a_caption(path):
    cells = read(path).cells
    for k, cell in enumerate(cells):
        pictures = [out for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]
        for out in pictures:
            assert len(out.metadata["image/png"]["alt"]) > 20
            assert out.data["text/plain"].startswith("figure: "), "pictures go through show()"
        if pictures:
            assert re.match(r"\*\*Figure \d+\.\d+\.\*\* ", cells[k + 1].source), f"cell {k}: no caption follows"


@every_notebook
def test_captions_are_numbered_in_order(path):
    captions = re.findall(r"^\*\*Figure (\d+)\.(\d+)\.\*\*", markdown(path), re.MULTILINE)
    chapter = int(path.stem[:2])
    assert captions == [(str(chapter), str(k)) for k in range(1, len(captions) + 1)]


def markdown(path):
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


@every_notebook
def test_equations_are_numbered_in_order_and_cited_ones_exist(path):
    chapter = int(path.stem[:2])
    tags = re.findall(r"\\tag\{(\d+)\.(\d+)\}", markdown(path))
    assert tags == [(str(chapter), str(k)) for k in range(1, len(tags) + 1)]
    everywhere = {tag for other in NOTEBOOKS for tag in re.findall(r"\\tag\{(\d+\.\d+)\}", markdown(other))}
    everything = markdown(path) + "\n".join(cell.source for cell in code_cells(read(path)))
    cited = set(re.findall(r"\beqs?\. \(?(\d+\.\d+)", everything))
    assert cited <= everywhere, f"no such equation: {cited - everywhere}"


def test_equations_that_the_helpers_cite_exist():
    everywhere = {tag for path in NOTEBOOKS for tag in re.findall(r"\\tag\{(\d+\.\d+)\}", markdown(path))}
    source = "".join(path.read_text() for path in ROOT.glob("digitnet_*.py"))
    cited = {
        number
        for citation in re.findall(r"\beqs?\. ((?:\d+\.\d+(?:, | and | to )?)+)", source)
        for number in re.findall(r"\d+\.\d+", citation)
    }
    cited -= {"4.7"} - everywhere  # the example in the module's docstring
    assert len(cited) > 10 and cited <= everywhere, f"no such equation: {cited - everywhere}"


@every_notebook
def test_nbval_compares_all_but_the_cells_with_a_reason(path):
    notebook, ignored = read(path), []
    for cell in code_cells(notebook):
        marks = [tag for tag in cell.metadata.get("tags", []) if tag.startswith(("nbval", "raises"))]
        assert "NBVAL" not in cell.source.upper().replace("NBVAL-", ""), "use tags, which a reader does not see"
        if marks:
            assert marks == ["nbval-ignore-output"]
            reasons = [key for key in IGNORED_OUTPUT_ALLOWED if key[0] == path.stem and key[1] in cell.source]
            assert reasons, f"no reason on the list for {cell.source!r}"
            ignored.append(cell)
    assert len(ignored) <= 0.05 * len(code_cells(notebook))


@every_notebook
def test_cells_are_short(path):
    for cell in code_cells(read(path)):
        # One name to a line makes imports long; they are not what a reader has to follow.
        imports = [node for node in ast.parse(cell.source).body if isinstance(node, (ast.Import, ast.ImportFrom))]
        imported = sum(node.end_lineno - node.lineno + 1 for node in imports)
        assert len(cell.source.splitlines()) - imported <= 25, cell.source


@every_notebook
def test_test_set_stays_closed(path):
    sources = "\n".join(cell.source for cell in code_cells(read(path)))
    used = re.findall(r"\b[Xy]_test\b|\bdata\[[23]\]", sources)
    assert bool(used) == (path.stem in OPENS_THE_TEST_SET)


@every_notebook
def test_no_path_of_a_machine_and_no_address_of_an_object(path):
    text = path.read_text()
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
    assert not re.search(r" at 0x[0-9a-f]{6,}", text)


@every_notebook
def test_links_lead_somewhere(path):
    headings = {}
    for other in NOTEBOOKS:
        found = re.findall(r"^#+ (.+)$", markdown(other), re.MULTILINE)
        headings[other.name] = {re.sub(r"\s", "-", heading.strip()) for heading in found}
    for target, anchor in re.findall(r"\]\((?!http)([^)#\s]*)#?([^)\s]*)\)", markdown(path)):
        name = target or path.name
        assert (path.parent / name).exists(), f"{name} is not there"
        if anchor and name.endswith(".ipynb") and name in headings:
            assert anchor in headings[name], f"no heading {anchor} in {name}"


# --- exercises ---------------------------------------------------------------------------------------------------


def exercises():
    for path in NOTEBOOKS:
        notebook = read(path)
        triples = zip(tagged(notebook, "exercise"), tagged(notebook, "check"), tagged(notebook, "solution"))
        for number, (stub, check, solution) in enumerate(triples, start=1):
            yield pytest.param(notebook, stub.source, check.source, solution.source, id=f"{path.stem}-{number}")


def run(source, names):
    """Run `source` as a notebook in notebooks/ would, and return what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.chdir(ROOT / "notebooks"):
        exec(compile(source, "<cell>", "exec"), names)
    return printed.getvalue()


def solution_code(source):
    assert source.startswith("<details>") and source.rstrip().endswith("</details>"), "solutions are folded away"
    (block,) = re.findall(r"```python\n(.*?)```", source, re.DOTALL)
    return block


def defined(source):
    return [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


@every_notebook
def test_three_to_five_exercises(path):
    notebook = read(path)
    counts = {tag: len(tagged(notebook, tag)) for tag in ("exercise", "check", "solution")}
    assert len(set(counts.values())) == 1 and 3 <= counts["exercise"] <= 5


@pytest.fixture(scope="module")
def first_cells():
    """The names that a notebook's first code cell defines, run once for each notebook."""
    cache = {}

    def names(notebook):
        source = code_cells(notebook)[0].source
        if source not in cache:
            cache[source] = {}
            run(source, cache[source])
        return dict(cache[source])

    return names


@pytest.mark.parametrize(("notebook", "stub", "check", "solution"), list(exercises()))
def test_exercise_is_open_and_its_solution_passes(notebook, stub, check, solution, first_cells):
    names = first_cells(notebook)
    assert "not attempted yet" in run(stub + "\n" + check, names)
    names = first_cells(notebook)
    assert defined(solution_code(solution))[-1] in defined(stub)
    assert ": correct." in run(stub + "\n" + solution_code(solution) + "\n" + check, names)


def spoiled(value):
    """The answer, a little wrong."""
    if isinstance(value, tuple):
        return tuple(map(spoiled, value))
    if isinstance(value, list):
        return [spoiled(item) for item in value] if value else [1]
    if isinstance(value, dict):
        return {key: spoiled(item) for key, item in value.items()}
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "?"
    return value * 1.25 + 1 if value is not None else None


@pytest.mark.parametrize(("notebook", "stub", "check", "solution"), list(exercises()))
def test_check_refuses_a_wrong_answer(notebook, stub, check, solution, first_cells):
    names = first_cells(notebook)
    name = defined(stub)[-1]
    wrong = f"_right = {name}\ndef {name}(*args, **kwargs):\n    return _spoiled(_right(*args, **kwargs))\n"
    with pytest.raises(AssertionError):
        run(f"{stub}\n{solution_code(solution)}\n{wrong}\n{check}", names | {"_spoiled": spoiled})


# --- strictness --------------------------------------------------------------------------------------------------


def strict_nbval(folder, source, committed):
    """The exit code of the project's own nbval settings on a notebook of one cell with outputs run from `committed`."""
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(committed)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    NotebookClient(notebook).execute()
    notebook.cells[0].source = source
    nbformat.write(notebook, folder / "one.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    return subprocess.run([*command, str(folder / "one.ipynb")], capture_output=True).returncode


FIGURE = """import matplotlib.pyplot as plt
from digitnet_helpers import show
fig, ax = plt.subplots()
ax.plot([1, 2, {value}])
show(fig, alt="A line through three points.")"""


@pytest.mark.parametrize(("value", "exit_code"), [(3, 0), (3.03, 1)])
def test_strict_nbval_notices_a_changed_figure(tmp_path, value, exit_code):
    committed, source = FIGURE.format(value=3), FIGURE.format(value=value)
    assert strict_nbval(tmp_path, source, committed) == exit_code
