"""The cluster of notebook 11, taken from its cells: what it starts it also ends, and nothing else."""

import ast
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest

import digitnet_helpers as dn

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "11-beyond-one-machine.ipynb"
WANTED = ["LIMIT", "CHILD", "within", "pixels", "load", "combine", "gradient", "cluster", "kill", "place"]
WANTED += ["batch_gradient", "updates_on"]


def code_cells():
    return [cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]


@pytest.fixture
def page(tmp_path):
    """The notebook's functions, without running the notebook, over a folder of 400 random images."""
    names = {"dn": dn, "np": np, "ADDRESS": None, "folder": str(tmp_path), "__name__": "__main__"}
    exec("import logging, os, subprocess, sys, time, cloudpickle, psutil\nfrom contextlib import contextmanager", names)
    exec("from distributed import Client, LocalCluster, wait", names)
    for cell in map(ast.parse, code_cells()):
        for node in cell.body:
            targets = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
            defined = [node.name] if isinstance(node, ast.FunctionDef) else targets
            if isinstance(node, ast.FunctionDef | ast.Assign) and set(defined) & set(WANTED):
                exec(compile(ast.Module([node], []), "<notebook 11>", "exec"), names)
    assert set(WANTED) <= set(names)
    rng = np.random.default_rng(0)
    rng.integers(0, 256, (400, 784), np.uint8).tofile(tmp_path / "images")
    rng.integers(0, 10, 400, np.uint8).tofile(tmp_path / "labels")
    return names


@pytest.fixture
def cluster(page):
    return page["cluster"]


def running(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"


def gone(pids, seconds=20):
    """Whether all these processes have ended, waiting a little."""
    for _ in range(seconds * 10):
        if not any(map(running, pids)):
            return True
        time.sleep(0.1)
    return False


@contextlib.contextmanager
def from_a_shell(*words):
    """A process of `python -m dask ...`, ended with its children when the block ends."""
    with subprocess.Popen([sys.executable, "-m", "dask", *words], stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            family = [*psutil.Process(process.pid).children(recursive=True), process]
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()


@pytest.fixture
def outside(tmp_path):
    """The address of a scheduler that was started from a shell, with two workers, and the workers' processes."""
    from distributed import Client

    file = tmp_path / "scheduler.json"
    with contextlib.ExitStack() as stack:
        start = lambda *words: stack.enter_context(from_a_shell(*words))  # noqa: E731
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        for _ in range(600):
            if file.exists() and file.read_text().rstrip().endswith("}"):
                break
            time.sleep(0.1)
        for _ in range(2):
            start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard")
        with Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(2, timeout=60)
            address, pids = client.scheduler.address, set(client.run(os.getpid).values())
        yield address, pids


def test_workers_from_a_shell_are_reached_by_address_and_left_running(page, outside):
    address, pids = outside
    params = dn.init_params(dtype=np.float64)
    with page["cluster"](address=address) as client:
        assert set(client.run(os.getpid).values()) == pids and len(pids) == 2
        w = page["updates_on"](client, page["place"](client, 400), params, batches=1)
        assert page["kill"](client) is None  # they are not the notebook's own
    X, y = page["load"](page["folder"], 0, 400)
    _, _, g = page["gradient"](params, X, y)
    np.testing.assert_allclose(w, dn.to_vector(params) - 0.1 * g, rtol=0, atol=1e-13)
    time.sleep(1)
    assert all(map(running, pids))
    with page["cluster"](address=address) as client:
        assert client.submit(max, 3, 7).result(timeout=60) == 7


def test_an_epoch_survives_a_killed_worker_bit_by_bit(page):
    params, killed = dn.init_params(dtype=np.float64), []
    with page["cluster"]() as client:
        own = set(client.run(os.getpid).values())
        placed = page["place"](client, 400)
        calm = page["updates_on"](client, placed, params)
        crash = lambda t: killed.append(page["kill"](client)) if t == 5 else None  # noqa: E731
        crashed = page["updates_on"](client, placed, params, before=crash)
        assert set(killed) <= own and len(killed) == 1 and gone(killed)
    np.testing.assert_allclose(crashed, calm, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("error")
def test_two_clusters_stand_side_by_side_without_a_warning(cluster):
    with cluster(1) as one, cluster(1) as other:
        assert one.submit(max, 1, 2).result() == other.submit(min, 2, 3).result() == 2


def test_workers_are_other_processes_with_one_thread_and_end_with_the_block(cluster):
    with cluster() as client:
        pids = set(client.run(os.getpid).values())
        state = client.run(lambda dask_worker: (dask_worker.state.nthreads, dask_worker.memory_manager.memory_limit))
        assert client.submit(sum, [1, 2, 3]).result() == 6
    assert len(pids) == 2 and os.getpid() not in pids and set(state.values()) == {(1, 512 * 2**20)}
    assert gone(pids)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_workers_end_when_the_block_fails(cluster, error):
    with pytest.raises(error), cluster(1) as client:
        pids = set(client.run(os.getpid).values())
        raise error
    assert gone(pids)


def test_nothing_is_said_when_a_worker_is_killed(page, capfd):
    with page["cluster"]() as client:
        assert page["kill"](client)
        assert client.submit(sum, [4, 5], pure=False).result(timeout=60) == 9
        client.wait_for_workers(2, timeout=60)
    assert capfd.readouterr().err == ""


KILLED = """
import os, time
from distributed import Client, LocalCluster
if __name__ == "__main__":
    settings = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=2, **settings) as local, Client(local) as client:
        print(*client.run(os.getpid).values(), flush=True)
        time.sleep(100)
"""


def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path):
    script = tmp_path / "starts_workers.py"
    script.write_text(KILLED)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2 and gone(pids)


# --- the limit ---


def test_the_limit_refuses_what_is_larger_and_lets_pass_what_is_smaller(page):
    ask = lambda MiB: len(np.ones(MiB * 2**17)) // 2**17  # noqa: E731  travels as code, like the notebook's own
    assert page["within"](page["LIMIT"], ask, 100) == 100
    with pytest.raises(RuntimeError, match="MemoryError: Unable to allocate"):
        page["within"](page["LIMIT"], ask, 300)


def test_a_file_above_the_limit_is_read_through_a_map(page, tmp_path):
    with open(tmp_path / "images", "r+b") as file:
        file.truncate(2 * page["LIMIT"] // 784 * 784)  # a hole: it takes no room on the disk
    brightest = lambda folder, pixels: int(pixels(folder, 0, 400).max())  # noqa: E731
    assert page["within"](page["LIMIT"], brightest, page["folder"], page["pixels"]) == 255


def test_an_error_in_the_child_is_told(page):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        page["within"](page["LIMIT"], lambda: 1 / 0)


# --- the page ---


def test_the_helpers_do_not_import_dask():
    code = "import sys, digitnet_helpers; sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_cluster_in_the_notebook_stands_in_a_with_statement():
    for tree in map(ast.parse, code_cells()):
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "cluster"]
        items = [item for n in ast.walk(tree) if isinstance(n, ast.With) for item in n.items]
        assert len(calls) == sum(item.context_expr in calls for item in items)


def test_the_notebook_kills_in_one_place_only():
    kills = [n for tree in map(ast.parse, code_cells()) for n in ast.walk(tree) if getattr(n, "attr", "") == "kill"]
    assert len(kills) == 1  # in `kill`, which looks whether the worker is the notebook's own
