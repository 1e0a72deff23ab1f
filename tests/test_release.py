"""`make release` on a temporary clone: what it changes, what it makes, and that it stops before it changes anything."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from documents import ROOT

NOT_OURS = (".git", ".venv", "dist", "data", "__pycache__", ".*_cache", ".hypothesis", "screenshots")
ME = ("-c", "user.name=Release", "-c", "user.email=release@example.kz")
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="a release is made with git")
SCRIPT = ROOT / ".ci/release.py"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree as it is now, committed in a repository of its own."""
    tree = tmp_path_factory.mktemp("origin") / "epay-bot"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_OURS))
    git(tree, "init", "--quiet")
    git(tree, "add", "--all")
    git(tree, *ME, "commit", "--quiet", "--message", "As it is")
    return tree


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    """A repository to release from."""
    git(tmp_path, "clone", "--quiet", "--shared", str(origin), "clone")
    tree = tmp_path / "clone"
    git(tree, "config", "user.name", "Release")
    git(tree, "config", "user.email", "release@example.kz")
    return tree


def git(tree: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=tree, check=True, capture_output=True, text=True).stdout.strip()


def release(tree: Path, *arguments: str, checks: str = "true") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments, "--no-image", "--checks", checks, "--on", "2026-12-01"]
    return subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True)


def test_a_release_has_its_version_changelog_tag_files_and_checksums(clone: Path) -> None:
    done = release(clone, "9.8.7")
    assert done.returncode == 0, done.stderr
    assert git(clone, "describe", "--exact-match") == "v9.8.7"
    assert '__version__ = "9.8.7"' in (clone / "bot/__init__.py").read_text()
    assert "## Unreleased\n\n## 9.8.7 · 2026-12-01\n\n- " in (clone / "CHANGELOG.md").read_text()
    wheel, sdist = clone / "dist/epay_bot-9.8.7-py3-none-any.whl", clone / "dist/epay_bot-9.8.7.tar.gz"
    sums = (clone / "dist/SHA256SUMS").read_text()
    assert all(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" in sums for file in (wheel, sdist))
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert packed >= {"bot/cli.py", "bot/migrations/0001_first.sql", "bot/texts/ru.po"}
    assert git(clone, "status", "--porcelain") == ""


def test_a_dry_run_leaves_nothing(clone: Path) -> None:
    before = git(clone, "rev-parse", "HEAD"), git(clone, "tag")
    done = release(clone, "9.8.7", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "epay_bot-9.8.7-py3-none-any.whl" in done.stdout
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "tag")) == before
    assert not (clone / "dist").exists()


@pytest.mark.parametrize(
    ("version", "checks", "dirt", "why"),
    [
        ("1.2", "true", False, "1.2 is no version; write it like 1.4.0"),
        ("9.8.7", "false", False, "false failed; nothing after it was done"),
        ("9.8.7", "true", True, "the tree is not clean"),
    ],
)
def test_what_cannot_be_released_changes_nothing(clone: Path, version: str, checks: str, dirt: bool, why: str) -> None:
    if dirt:
        (clone / "README.md").write_text("half done")
    before = git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")
    done = release(clone, version, checks=checks)
    assert done.returncode == 1
    assert why in done.stderr
    assert (git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD"), git(clone, "tag")) == (*before, "")
