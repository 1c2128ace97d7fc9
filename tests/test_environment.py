"""The two lists of requirements say the same, and they are what is installed here."""

import ast
import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
# What draws the book: another version can move a button or break a page.
PINNED = {
    "jupyter-book",
    "latex2mathml",
    "myst-nb",
    "pypdf",
    "sphinx",
    "sphinx-book-theme",
    "sphinx-exercise",
    "sphinx-mathjax-offline",
    "sphinx-proof",
    "sphinxcontrib-bibtex",
}


def bounds(requirements):
    """Name -> version specifier, both in normal form."""
    parsed = map(Requirement, requirements)
    return {r.name.lower().replace("_", "-"): str(r.specifier) for r in parsed}


def of_environment():
    """Packages of both parts of environment.yml, but for Python, pip and the project itself."""
    conda = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    (pip,) = [line["pip"] for line in ENVIRONMENT["dependencies"] if isinstance(line, dict)]
    found = bounds(conda + [line for line in pip if not line.startswith("-e")])
    del found["pip"]
    return found


def test_same_packages_and_bounds():
    python = {"python": PROJECT["requires-python"]}
    declared = PROJECT["dependencies"] + EXTRAS["book"] + EXTRAS["test"]
    assert of_environment() == bounds(declared) | python


def test_no_package_has_two_bounds():
    """Where two extras name one package, they agree."""
    declared = [*PROJECT["dependencies"], *EXTRAS["book"], *EXTRAS["test"]]
    for requirement in map(Requirement, declared):
        assert str(requirement.specifier) == bounds(declared)[requirement.name]


def test_every_bound_ends_somewhere():
    """A new major version is tried before it is allowed."""
    optional = [*EXTRAS["book"], *EXTRAS["test"], *EXTRAS["frameworks"], *EXTRAS["rivals"]]
    for name, bound in bounds([*PROJECT["dependencies"], *optional]).items():
        assert "==" in bound or ("<" in bound and ">=" in bound), name


def test_tools_of_the_book_are_pinned():
    found = of_environment()
    assert {name for name, bound in found.items() if bound.startswith("==")} == PINNED
    assert {name for name, bound in bounds(EXTRAS["book"]).items() if "==" in bound} == PINNED


def test_book_stays_below_version_two():
    """jupyter-book 2 is another program and fetches its theme from the network."""
    assert Requirement(f"jupyter-book{of_environment()['jupyter-book']}").specifier.contains(
        "1.0.4.post1"
    )
    assert of_environment()["jupyter-book"].startswith("==1.")


def test_project_itself_is_installed_by_the_environment():
    (pip,) = [line["pip"] for line in ENVIRONMENT["dependencies"] if isinstance(line, dict)]
    assert "-e ." in pip
    assert ENVIRONMENT["channels"] == ["conda-forge"]


@pytest.mark.parametrize("requirement", PROJECT["dependencies"] + EXTRAS["test"] + EXTRAS["book"])
def test_installed_version_is_allowed(requirement):
    """This very run is made with what is declared; the book's tools need not be there."""
    requirement = Requirement(requirement)
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        assert requirement.name not in bounds(PROJECT["dependencies"] + EXTRAS["test"])
        pytest.skip(f"{requirement.name} is not installed")
    assert requirement.specifier.contains(version)


LOCKED = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def locked():
    """Name -> the one version that the lock has for this Python and system."""
    found = {}
    for line in LOCKED.splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate():
                assert requirement.name not in found
                (version,) = requirement.specifier
                assert version.operator == "=="
                found[requirement.name.lower().replace("_", "-")] = version.version
    return found


def test_lock_is_of_these_requirements():
    """Each bound holds in it: a bound that changes asks for the command in its first lines."""
    declared = PROJECT["dependencies"] + EXTRAS["book"] + EXTRAS["test"] + EXTRAS["lint"]
    found = locked()
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(found[requirement.name.lower()]), requirement
    assert " ".join(f"--extra {name}" for name in ("book", "test", "lint")) in LOCKED[:400]


def test_lock_has_hashes_and_no_addresses():
    entries = LOCKED.split("\n    # via")
    assert len(entries) > 100
    assert all("--hash=sha256:" in entry for entry in entries[:-1])
    assert "://" not in LOCKED


def imported(file):
    """Top-level names of what a file imports from elsewhere as soon as it is imported itself."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("folder", ["refimpl", "figures"])
def test_the_book_has_what_its_pages_import(folder):
    """The API page imports every module: one package missing, and the build stops."""
    declared = bounds(PROJECT["dependencies"] + EXTRAS["book"])
    provided = {"refimpl", "figures", *sys.stdlib_module_names}
    for module, distributions in importlib.metadata.packages_distributions().items():
        if any(name.lower().replace("_", "-") in declared for name in distributions):
            provided.add(module)
    found = {
        name: file
        for file in (ROOT / folder).rglob("*.py")
        if "templates" not in file.parts
        for name in imported(file)
    }
    assert len(found) > 5
    assert found.keys() - provided == set()
