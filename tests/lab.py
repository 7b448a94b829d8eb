"""A JupyterLab of its own in a browser of its own, for the tests that look at pages as a reader does."""

import contextlib
import functools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINUTES = 60_000  # Playwright counts in milliseconds


def find_chromium():
    """The path of an installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


class Lab:
    """JupyterLab on copies of the notebooks: what is run and saved here changes nothing in the tree."""

    def __init__(self, folder):
        self.folder = Path(folder)
        shutil.copytree(ROOT / "notebooks", self.folder / "notebooks")
        shutil.copytree(ROOT / "models", self.folder / "models")
        settings = self.folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        self.token = secrets.token_hex(8)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def __enter__(self):
        private = {
            name: str(self.folder / name.lower())
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTER_DATA_DIR",
                "IPYTHONDIR",
                "JUPYTERLAB_WORKSPACES_DIR",
            )
        }
        private |= {
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "DIGITNET_MODELS": str(self.folder / "models"),
        }
        private |= {"OPENBLAS_NUM_THREADS": "1"}
        options = [
            "--no-browser", "--allow-root", f"--ServerApp.root_dir={self.folder}", "--ServerApp.port_retries=0",
            f"--ServerApp.port={self.port}", f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
        ]  # fmt: skip
        log = open(self.folder / "server.log", "wb")
        self.server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=os.environ | private, stdout=log, stderr=log
        )
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api?token={self.token}", timeout=5)
                return self
            time.sleep(0.25)
        raise RuntimeError((self.folder / "server.log").read_text())

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(20)

    def address(self, name):
        return f"http://127.0.0.1:{self.port}/doc/tree/notebooks/{name}?token={self.token}"

    def add_notebook(self, name, *sources):
        """Write a notebook of code cells beside the others."""
        import nbformat

        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / "notebooks" / name)


class BrowserLab:
    """The folder that docs/build_lab.py made, on a server: its notebooks' Python runs in the page."""

    def __init__(self, folder):
        quiet = {"log_message": lambda *_: None}
        files = functools.partial(type("Files", (SimpleHTTPRequestHandler,), quiet), directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), files)
        self.host = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def address(self, name):
        return f"{self.host}notebooks/index.html?path=notebooks/{name}"


class Page:
    """One notebook, opened in a tab of the browser; `problems` collects what went wrong in kernel and browser."""

    def __init__(self, lab, browser, name, former=None):
        """In a tab of its own, or in that of a `former` page, left: it has loaded JupyterLab, which takes seconds."""
        self.page = former.page if former else browser.new_context().new_page()
        self.context = self.page.context
        self.page.set_viewport_size({"width": 1280, "height": 1400})
        self.problems = []
        self.page.on("pageerror", self.note)
        self.page.set_default_timeout(4 * MINUTES)  # a busy machine opens a page slowly
        self.address = lab.address(name)
        if former:
            open_it = "async (path) => { await window.jupyterapp.commands.execute('docmanager:open', { path }); }"
            self.page.evaluate(open_it, f"notebooks/{name}")
            self.listen()
        else:
            self.open()

    def note(self, error):
        if "Canceled future" not in str(error):  # a kernel that was shut down owes an answer
            self.problems.append(f"in the browser: {error}")

    def open(self):
        """Open the notebook, or open it again: its kernel goes on meanwhile."""
        self.page.goto(self.address)
        self.page.wait_for_function(
            "window.jupyterapp && window.jupyterapp.shell.currentWidget?.sessionContext", timeout=4 * MINUTES
        )
        self.listen()

    def listen(self):
        """Wait until the notebook is there, and keep what its kernel complains about."""
        self.page.evaluate(
            """async () => {
                const panel = window.jupyterapp.shell.currentWidget, problems = [];
                await panel.context.ready;
                await panel.sessionContext.ready;
                window.problems = problems;
                // A widget's callback that fails is in no cell's output, but what the kernel sends is seen here.
                panel.sessionContext.iopubMessage.connect((_, message) => {
                    const { content, header } = message;
                    if (header.msg_type === 'error') problems.push(content.ename + ': ' + content.evalue);
                    if (header.msg_type === 'stream' && content.name === 'stderr') problems.push(content.text);
                });
            }"""
        )

    def run_all(self):
        """Run every cell; return whether none raised."""
        return self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def run(self, cells):
        """Run the cells of these numbers, one after the other; return whether none raised."""
        return self.page.evaluate(
            """async (cells) => {
                const { commands, shell } = window.jupyterapp;
                let fine = true;
                for (const cell of cells) {
                    shell.currentWidget.content.activeCellIndex = cell;
                    fine = (await commands.execute('notebook:run-cell')) !== false && fine;
                }
                return fine;
            }""",
            cells,
        )

    def interrupt(self):
        """The toolbar's ■."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")

    def restart(self):
        """Restart the kernel; the page stays as it is."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")

    def all_problems(self):
        """What the kernel and the browser complained about so far."""
        # ipywidgets' page greets every kernel, and one that has not imported ipywidgets yet says that it knows no comm.
        said = [words for words in self.page.evaluate("window.problems") if not words.startswith("No such comm")]
        return self.problems + said

    def save(self):
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")

    def draw(self, stroke, steps=4):
        """Draw one stroke on the first digit pad with the mouse, given as (x, y) from 0 to 1."""
        canvas = self.page.locator(".pad-canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        for place in at[1:]:
            self.page.mouse.move(*place, steps=steps)
        self.page.mouse.up()

    def leave(self):
        """Shut the kernel down and close the notebook, unsaved; the tab stays, for the next one."""
        self.page.remove_listener("pageerror", self.note)
        self.page.evaluate(
            """async () => {
                const panel = window.jupyterapp.shell.currentWidget;
                await panel.sessionContext.shutdown();
                panel.dispose();
            }"""
        )

    def close(self):
        """Shut the kernel down and close the tab."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.context.close()

    def kernel(self, code):
        """Run `code` in the notebook's kernel and return what it printed."""
        return self.page.evaluate(
            """async (code) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code });
                let printed = '';
                future.onIOPub = (m) => { if (m.header.msg_type === 'stream') printed += m.content.text; };
                await future.done;
                return printed;
            }""",
            code,
        )


OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"  # no host but this machine


def start_browser(playwright, *more):
    """A headless Chromium without any traffic of its own; `more` are further arguments of its command line."""
    quiet = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    return playwright.chromium.launch(executable_path=find_chromium(), args=[*quiet, *more])
