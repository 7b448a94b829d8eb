"""The three lists of packages agree, and nothing in the tree tells where it was made."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import digitnet_helpers as helpers

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = {r.name: r for r in map(Requirement, PROJECT["dependencies"])}
WANTED_FOR_TESTS = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["test"])}


def test_every_package_has_a_lower_bound():
    for requirement in (WANTED | WANTED_FOR_TESTS).values():
        assert [bound.operator for bound in requirement.specifier] == [">="], requirement


def test_conda_environment_names_the_same_packages():
    dependencies = (ROOT / "environment.yml").read_text().split("dependencies:")[1]
    lines = re.findall(r"^ +- ([a-z].*[^:])$", dependencies, re.MULTILINE)  # those that pip installs, too
    conda = dict(re.fullmatch(r"([\w-]+)(>?=.*)?", line).groups() for line in lines)
    assert Version(conda.pop("python").removeprefix("=")) in SpecifierSet(PROJECT["requires-python"])
    assert conda.pop("pip") is None
    conda["matplotlib"] = conda.pop("matplotlib-base")  # conda-forge's name for it without a desktop toolkit
    expected = {name: str(requirement.specifier) for name, requirement in (WANTED | WANTED_FOR_TESTS).items()}
    assert conda == expected


def test_tested_versions_are_exact_complete_and_within_the_bounds():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = {}
    for line in lines:
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (version,) = requirement.specifier
            assert version.operator == "==", line
            pinned.setdefault(requirement.name, []).append(version.version)
    for name, requirement in (WANTED | WANTED_FOR_TESTS).items():
        assert all(Version(version) in requirement.specifier for version in pinned[name]), name


def tracked_texts():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    assert names
    for name in names:
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_registry_and_no_machine_in_the_tree():
    hosts = "|".join(
        ["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "deb" + r"\.debian", "/" + "root/"]
    )
    assert not [(name, found[0]) for name, text in tracked_texts() if (found := re.search(hosts, text))]


def test_helpers_import_nothing_heavy():
    code = (
        "import sys; import digitnet_helpers; "
        "print([m for m in ('matplotlib', 'keras', 'jax', 'scipy', 'PIL', 'tqdm', 'IPython') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_helpers_find_their_data_from_any_folder(tmp_path):
    code = (
        "import digitnet_helpers as h; "
        "print(len(h.load_mnist().X_test), len(h.load_model(h.MODELS / 'digitnet.npz')[0]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["10000", "3"]


def test_readme_maps_every_notebook():
    readme = (ROOT / "README.md").read_text()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{path.name}" in readme


OWN = {
    name: item
    for name, item in vars(helpers).items()
    if getattr(item, "__module__", "") in ("digitnet_helpers", "digitnet_images") and not name.startswith("_")
}


def test_pictures_functions_are_among_the_helpers():
    assert {"train", "normalize_drawing", "straighten", "move_images", "drawing_from_file"} <= set(OWN)


@pytest.mark.parametrize("name", OWN)
def test_public_functions_have_docstrings(name):
    assert OWN[name].__doc__ and len(OWN[name].__doc__) > 40
