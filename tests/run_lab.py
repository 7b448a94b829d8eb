"""Run notebooks in the browser's lab, whole, and say how long each took and what memory its page needed.

    python tests/run_lab.py 01 04 05 08          builds the offline lab, unless --site names the folder of one

It needs Chromium, as the other browser tests do. A cell that raises is shown, and makes the exit code 1.
"""

import argparse
import subprocess
import sys
import tempfile
import time

import psutil
from lab import OFFLINE, ROOT, BrowserLab, Page, start_browser
from playwright.sync_api import sync_playwright

RUN = """async (number) => {
    const { commands, shell } = window.jupyterapp;
    shell.currentWidget.content.activeCellIndex = number;
    await commands.execute('notebook:run-cell');
}"""
CELLS = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map((cell) => cell.cell_type)"


def largest_page():
    """Megabytes of the largest browser process below this one."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                sizes.append(process.memory_info().rss)
        except psutil.Error:
            pass  # it has ended
    return max(sizes) / 1e6


def run(lab, browser, name, slow):
    """Run one notebook; return whether no cell raised."""
    begun = time.monotonic()
    page = Page(lab, browser, name)
    page.page.set_default_timeout(30 * 60_000)
    page.kernel("pass")
    ready, most = time.monotonic() - begun, 0
    for number, kind in enumerate(page.page.evaluate(CELLS)):
        if kind == "code":
            before = time.monotonic()
            page.page.evaluate(RUN, number)
            seconds, most = time.monotonic() - before, max(most, largest_page())
            if seconds > slow:
                print(f"    cell {number}: {seconds:.1f} s", flush=True)
    ran = time.monotonic() - begun - ready
    problems = page.all_problems()
    print(
        f"{name:32} kernel {ready:4.0f} s, cells {ran:4.0f} s, page {most:5.0f} MB", *problems, sep="\n    ", flush=True
    )
    page.context.close()
    return not problems


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="+", help="how their names begin: 01 04")
    parser.add_argument("--site", help="the folder of a lab that docs/build_lab.py made")
    parser.add_argument("--slow", type=float, default=10, help="show the cells that take more seconds than this")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        if not arguments.site:
            build = [sys.executable, str(ROOT / "docs" / "build_lab.py"), "--offline", folder]
            subprocess.run(build, check=True)
        with BrowserLab(arguments.site or folder) as lab:
            browser = start_browser(playwright, OFFLINE)
            names = [path.name for begin in arguments.notebooks for path in ROOT.glob(f"notebooks/{begin}*.ipynb")]
            fine = [run(lab, browser, name, arguments.slow) for name in names]
    sys.exit(not all(fine))
