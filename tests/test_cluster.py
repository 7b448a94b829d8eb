"""The cluster of notebook 11, taken from its cell: what it starts it also ends, whatever happens in the block."""

import ast
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "11-beyond-one-machine.ipynb"


@pytest.fixture(scope="module")
def cluster():
    """`cluster` as the notebook defines it, without running the notebook."""
    sources = [cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    (source,) = [source for source in sources if "def cluster(" in source]
    names = {"N_WORKERS": 2, "ADDRESS": None, "logging": logging}
    exec("from contextlib import contextmanager\nfrom distributed import Client, LocalCluster", names)
    exec(compile(source, "<notebook 11>", "exec"), names)
    return names["cluster"]


def gone(pids, seconds=20):
    """Whether all these processes have ended, waiting a little."""
    for _ in range(seconds * 10):
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.filterwarnings("error")
def test_two_clusters_stand_side_by_side_without_a_warning(cluster):
    with cluster(1) as one, cluster(1) as other:
        assert one.submit(max, 1, 2).result() == other.submit(min, 2, 3).result() == 2


def test_workers_are_other_processes_with_one_thread_and_end_with_the_block(cluster):
    with cluster() as client:
        pids = set(client.run(os.getpid).values())
        threads = client.run(lambda dask_worker: dask_worker.state.nthreads)
        assert client.submit(sum, [1, 2, 3]).result() == 6
    assert len(pids) == 2 and os.getpid() not in pids and set(threads.values()) == {1}
    assert gone(pids)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_workers_end_when_the_block_fails(cluster, error):
    with pytest.raises(error), cluster(1) as client:
        pids = set(client.run(os.getpid).values())
        raise error
    assert gone(pids)


def test_nothing_is_said_when_a_worker_is_killed(cluster, capfd):
    with cluster() as client:
        pids = client.run(os.getpid)
        psutil.Process(next(iter(pids.values()))).kill()
        assert client.submit(sum, [4, 5], pure=False).result(timeout=60) == 9
        client.wait_for_workers(2, timeout=60)
    assert capfd.readouterr().err == ""


def test_an_address_is_joined_and_left_running(cluster):
    with cluster(1) as outer:
        with cluster(address=outer.scheduler.address) as client:
            assert client.submit(max, 3, 7).result() == 7
        assert outer.submit(max, 3, 8).result(timeout=60) == 8


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


def test_the_helpers_do_not_import_dask():
    code = "import sys, digitnet_helpers; sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_cluster_in_the_notebook_stands_in_a_with_statement():
    for cell in nbformat.read(NOTEBOOK, 4).cells:
        if cell.cell_type == "code":
            tree = ast.parse(cell.source)
            calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "cluster"]
            items = [item for n in ast.walk(tree) if isinstance(n, ast.With) for item in n.items]
            assert len(calls) == sum(item.context_expr in calls for item in items)
