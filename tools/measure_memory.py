"""Measure how much memory each notebook's kernel and its children need at most.

    python tools/measure_memory.py [notebooks/02-softmax-and-cross-entropy.ipynb ...]

Classroom hubs give one gigabyte. The peak is that of the resident memory of all processes together, sampled ten times
a second.
"""

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def peak(path):
    """Run a notebook from a fresh kernel, and return the largest memory of the kernel and its children in MiB."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=1500, resources={"metadata": {"path": str(path.parent)}})
    largest, done = 0, threading.Event()

    def watch(pid):
        nonlocal largest
        kernel = psutil.Process(pid)
        while not done.wait(0.1):
            total = 0
            try:
                for process in [kernel, *kernel.children(recursive=True)]:
                    total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            largest = max(largest, total)

    with tempfile.TemporaryDirectory() as models, client.setup_kernel(env=os.environ | {"DIGITNET_MODELS": models}):
        for file in (NOTEBOOKS.parent / "models").iterdir():
            (Path(models) / file.name).write_bytes(file.read_bytes())
        thread = threading.Thread(target=watch, args=(client.km.provisioner.pid,))
        thread.start()
        try:
            for number, cell in enumerate(notebook.cells):
                client.execute_cell(cell, number)
        finally:
            done.set()
            thread.join()
    return largest / 2**20


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:] or sorted(NOTEBOOKS.glob("*.ipynb"))):
        start = time.perf_counter()
        print(f"{file.name:36} {peak(file.resolve()):6.0f} MiB, {time.perf_counter() - start:4.0f} s", flush=True)
