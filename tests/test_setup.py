"""The lists of packages agree, an installed copy is whole, and nothing in the tree tells where it was made."""

import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import digitnet_helpers as dn
from digitnet_extras import drawings, images

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = {r.name: r for r in map(Requirement, PROJECT["dependencies"])}
WANTED_FOR_TESTS = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["test"])}


def test_every_package_has_a_lower_bound():
    for requirement in (WANTED | WANTED_FOR_TESTS).values():
        assert [bound.operator for bound in requirement.specifier] == [">="], requirement


def test_conda_environment_holds_what_a_reader_needs_and_no_more():
    dependencies = (ROOT / "environment.yml").read_text().split("dependencies:")[1]
    lines = re.findall(r"^ +- ([a-z].*[^:])$", dependencies, re.MULTILINE)
    conda = dict(re.fullmatch(r"([\w-]+)(>?=.*)?", line).groups() for line in lines)
    assert Version(conda.pop("python").removeprefix("=")) in SpecifierSet(PROJECT["requires-python"])
    assert conda.pop("pip") is None
    conda["matplotlib"] = conda.pop("matplotlib-base")  # conda-forge's name for it without a desktop toolkit
    assert conda == {name: str(requirement.specifier) for name, requirement in WANTED.items()}


def test_tested_versions_are_exact_complete_and_within_the_bounds():
    pinned = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (version,) = requirement.specifier
            assert version.operator == "==", line
            pinned.setdefault(requirement.name, []).append(version.version)
    for name, requirement in (WANTED | WANTED_FOR_TESTS).items():
        assert all(Version(version) in requirement.specifier for version in pinned[name]), name


def tracked():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    assert len(names) > 50
    return names


def test_no_registry_and_no_machine_in_the_tree():
    hosts = "|".join(
        [
            "py" + r"pi\.org",
            "python" + "hosted",
            "npm" + r"js\.(org|com)",
            "deb" + r"\.debian",
            "/" + "root/",
            "/wor" + "k/",
        ]
    )
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        assert not (found := re.search(hosts, text)), (name, found)


@pytest.mark.slow
def test_an_installed_copy_is_whole_in_any_folder(tmp_path):
    source, site, elsewhere = (tmp_path / name for name in ("source", "site", "elsewhere"))
    for name in tracked():
        if name.split("/")[0] not in ("notebooks", "docs", "tests") and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    elsewhere.mkdir()
    code = f"""
import sys
sys.meta_path = [f for f in sys.meta_path if "editable" not in getattr(f, "__module__", "")]
sys.path[:] = [{str(site)!r}] + [p for p in sys.path if "editable" not in p]
import digitnet_helpers as dn
from digitnet_extras import drawings, exercises, figures, widgets
assert dn.__file__.startswith({str(site)!r}) and figures.__file__.startswith({str(site)!r})
print(len(dn.load_mnist().X_test), len(drawings.best_model()[0]), len(widgets.DigitPad()._esm) > 1000)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=elsewhere, capture_output=True, text=True)
    assert run.stdout.split() == ["10000", "3", "True"], run.stderr


@pytest.mark.slow
def test_the_module_imports_nothing_heavy_and_nothing_of_the_extras():
    names = "('matplotlib', 'keras', 'jax', 'scipy', 'PIL', 'tqdm', 'IPython', 'digitnet_extras')"
    code = f"import sys, digitnet_helpers; print([name for name in {names} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_readme_says_what_the_notebook_says(path):
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    title, question, aims = first.split("\n\n")[:3]
    minutes = re.search(r"(\d+) minutes|[Aa]n hour", aims)[1] or 60
    row = f"| [{title[2:].replace(' ·', '').rstrip('?')}](notebooks/{path.name}) | {question.strip('*')} | "
    assert f"{row}{minutes} |\n" in README


def test_readmes_numbers():
    data, (params, recipe) = dn.load_mnist(), dn.load_model(ROOT / "models" / "digitnet.npz")
    parameters = sum(W.size + b.size for W, b in params)
    assert len(NOTEBOOKS) == 11 and README.startswith("# Digitnet\n\nEleven Jupyter notebooks")
    assert f"the {len(data.y_train) + len(data.y_test):,} digits come along" in README
    assert f"How good can {parameters:,} parameters be?" in README
    assert f"{parameters:,} numbers" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert f"epochs={recipe['epochs']})" in README
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in README


OWN = {
    f"{module.__name__}.{name}": item
    for module in (dn, drawings, images)
    for name, item in vars(module).items()
    if inspect.isfunction(item) and item.__module__ == module.__name__ and not name.startswith("_")
}


@pytest.mark.parametrize("name", OWN)
def test_public_functions_have_docstrings(name):
    assert OWN[name].__doc__ and len(OWN[name].__doc__) > 30
