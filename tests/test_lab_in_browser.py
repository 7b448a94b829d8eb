"""The lab without a server's Python: built for use offline, opened in a browser that reaches no other host.

Left out where Pyodide's files cannot be had, or no Chromium is there. CI sets DIGITNET_BROWSER=required, which makes
that an error. tests/run_lab.py runs whole notebooks there.
"""

import os
import subprocess
import sys

import nbformat
import pytest
from lab import OFFLINE, ROOT, BrowserLab, Page

pytestmark = pytest.mark.slow
BROWSER_FLAGS = [OFFLINE]
NAME = "04-backpropagation.ipynb"
PAD = "from digitnet_extras import widgets\npad = widgets.DigitPad()\npad"
BENCH = """X, y, _, _ = dn.load_mnist()
bench = widgets.bench(X[:5000], y[:5000], (X[5000:6000], y[5000:6000]))
bench"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The built lab; a pad and a bench stand at the end of notebook 04, so that one kernel serves all."""
    folder = tmp_path_factory.mktemp("lab") / "lite"
    command = [sys.executable, str(ROOT / "docs" / "build_lab.py"), "--offline", str(folder)]
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode:
        why = built.stderr.strip().splitlines()[-1]
        assert os.environ.get("DIGITNET_BROWSER") != "required", built.stderr
        pytest.skip(f"the lab could not be built: {why}")
    path = folder / "files" / "notebooks" / NAME
    notebook = nbformat.read(path, as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (PAD, BENCH)]
    nbformat.write(notebook, path)
    return folder


def test_every_notebook_is_whole_there(folder):
    for path in (folder / "files" / "notebooks").glob("*.ipynb"):
        there, here = (nbformat.read(one, as_version=4).cells for one in (path, ROOT / "notebooks" / path.name))
        changed = [cell for cell, source in zip(there, here, strict=False) if cell != source]
        assert all(cell.cell_type == "markdown" for cell in changed) and len(there) >= len(here)
        assert not any("](1" in cell.source for cell in there)


def test_cells_pad_and_bench_work_with_every_other_host_blocked(browser, folder):
    with BrowserLab(folder) as lab:
        page = Page(lab, browser, NAME)
        cells = nbformat.read(folder / "files" / "notebooks" / NAME, as_version=4).cells
        code = [number for number, cell in enumerate(cells) if cell.cell_type == "code"]
        page.run(code[:8])
        assert page.kernel("import sys; print(dn.IN_BROWSER, sys.platform, end='')") == "True emscripten"
        shown = "window.jupyterapp.shell.currentWidget.content.widgets[{}].model.sharedModel.getOutputs().length"
        assert page.page.evaluate(shown.format(code[0])) > 0
        page.run([code[-2]])
        says = "([place, words]) => document.querySelector(place)?.textContent.includes(words)"
        page.page.wait_for_function(says, arg=[".pad-verdict", "Draw a digit"])
        page.draw([(0.3, 0.2), (0.7, 0.2), (0.5, 0.85)])
        page.page.wait_for_function(says, arg=[".pad-verdict", "Reads 7"])
        page.page.wait_for_timeout(500)  # the page hands the drawing over when the hand rests
        assert page.kernel("print(pad.probabilities.argmax(), end='')") == "7"
        page.run([code[-1]])
        page.page.get_by_label("Epochs").fill("100")
        page.page.get_by_role("button", name="Train", exact=True).click()
        page.page.wait_for_function("() => document.querySelectorAll('.bench-curves polyline').length === 2")
        page.page.get_by_role("button", name="Stop", exact=True).click()
        page.page.wait_for_function(says, arg=[".bench-status", "stopped"])
        assert page.kernel("print(bench.beside.running(), end='')") == "False"
        assert page.all_problems() == []
        page.close()
