"""Run notebooks from a fresh kernel and write their outputs back, ready to be committed.

    python tools/refresh_notebooks.py [notebooks/05-training.ipynb ...]

Without arguments all notebooks are run, in order. What would change at every run is taken out: widget state, widget
ids and the kernel's exact version. A notebook with a failing cell is left as it was.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def refresh(path):
    """Execute one notebook in place."""
    os.environ["DIGITNET_FRAME"] = "1"  # the bench then trains for a moment, for the picture that it leaves on the page
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=1500, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
        record_timing=False, store_widget_state=False, coalesce_streams=True,
    ).execute()  # fmt: skip
    clean(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def clean(notebook):
    """Take out what would change at every run, and what shows a past moment as if it were the end."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if WIDGET_VIEW in data:
                if data["text/plain"].lstrip().startswith("0%|"):
                    # An empty id hides the place of a bar that is gone. Its text was taken when it stood at 0;
                    # notebooks/sanitize.cfg lets a comparison pass.
                    data[WIDGET_VIEW]["model_id"] = ""
                    data["text/plain"] = "(progress bar)"
                else:
                    # Without a kernel a page shows what the widget says of itself in words.
                    del data[WIDGET_VIEW]


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or sorted(NOTEBOOKS.glob("*.ipynb"))):
        print(path.name, flush=True)
        refresh(path.resolve())
