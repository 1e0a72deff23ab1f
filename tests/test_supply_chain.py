"""What is installed is what was pinned, every version by its hashes; `make audit` asks what became known since."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)(?:\[[a-z0-9,-]+\])?==([a-z0-9.!+-]+)(?: ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requirements(name: str) -> list[tuple[str, list[str]]]:
    """Each requirement of a lock with everything that belongs to it."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [re.split(r"\s+(?=--)", line.strip()) for line in text.splitlines() if line.strip()]
    return [(requirement, options) for requirement, *options in lines]


def pins(name: str) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for requirement, _ in requirements(name):
        found = PIN.fullmatch(requirement)
        assert found, f"{name}: {requirement} is not one exact version"
        known.setdefault(found[1], set()).add(found[2])
    return known


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_one_version_with_hashes_and_nothing_else(name: str) -> None:
    loose = [
        requirement
        for requirement, options in requirements(name)
        if not options or not all(HASH.fullmatch(option) for option in options)
    ]
    assert loose == []
    assert len(pins(name)) > 20


def test_what_runs_is_what_is_tested() -> None:
    run, tested = map(pins, LOCKS)
    assert {name: versions for name, versions in run.items() if tested.get(name) != versions} == {}


def test_everything_asked_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {re.split(r"[^a-z0-9-]", one.lower())[0] for one in project["project"]["dependencies"]}
    assert asked - pins("requirements.lock").keys() == set()


def test_the_environment_of_these_tests_has_the_pinned_versions() -> None:
    strange = {}
    for name, versions in pins("requirements-dev.lock").items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue  # for another platform or Python
        if installed not in versions:
            strange[name] = installed
    assert strange == {}


def test_images_and_the_makefile_install_by_hash_alone() -> None:
    for name in ("Makefile", "Dockerfile"):
        installs = [line for line in (ROOT / name).read_text().splitlines() if "pip install" in line and "-r " in line]
        assert installs
        assert not [line for line in installs if "--require-hashes" not in line]


def test_the_threat_model_names_only_tests_there_are() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in sources} == set()
