"""Makes a release of a clean, green tree: version, changelog, commit and tag, wheel, sdist, image, checksums.

`--dry-run` does all of it in a temporary clone and leaves nothing behind. Nothing is published.
"""

import argparse
import hashlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

VERSION = re.compile(r"\d+\.\d+\.\d+")
UNRELEASED = "## Unreleased\n"
NOBODY = ("--config", "user.name=nobody", "--config", "user.email=nobody@localhost")


def main() -> None:
    asked = _arguments()
    make = partial(
        release, version=asked.version, on=asked.on, checks=shlex.split(asked.checks), image=not asked.no_image
    )
    if asked.dry_run:
        with tempfile.TemporaryDirectory(prefix="epay-bot-release-") as folder:
            clone = Path(folder) / "clone"
            _run(Path.cwd(), "git", "clone", "--quiet", "--no-hardlinks", *NOBODY, ".", str(clone))
            make(clone)
        print("a dry run: nothing is kept")
    else:
        make(Path.cwd())
        print(f"next: git push --follow-tags, and publish what is in dist/ under v{asked.version}")


def release(tree: Path, *, version: str, on: date, checks: list[str], image: bool) -> None:
    """Stops with a sentence before anything is changed if this tree or this version cannot be released."""
    if not VERSION.fullmatch(version):
        _stop(f"{version} is no version; write it like 1.4.0")
    if _output(tree, "git", "status", "--porcelain"):
        _stop("the tree is not clean: commit or put away what git status shows")
    if _output(tree, "git", "tag", "--list", f"v{version}"):
        _stop(f"v{version} exists already")
    changelog = (tree / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"{UNRELEASED}\n+- ", changelog):
        _stop("nothing stands under Unreleased in CHANGELOG.md")
    _run(tree, *checks)
    (tree / "CHANGELOG.md").write_text(moved(changelog, version, on), encoding="utf-8")
    _set_version(tree / "bot/__init__.py", version)
    _run(tree, "git", "commit", "--quiet", "--all", "--message", f"Release {version}")
    _run(tree, "git", "tag", "--annotate", f"v{version}", "--message", f"epay-bot {version}")
    build(tree)
    if image:
        build_image(tree, version)


def moved(changelog: str, version: str, on: date) -> str:
    """What was unreleased stands under the version; the next begins empty."""
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n## {version} · {on.isoformat()}\n", 1)


def build(tree: Path) -> None:
    """Wheel and sdist, with their checksums beside them."""
    dist = tree / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    _run(tree, sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--target", "sdist")
    files = sorted(path for path in dist.iterdir() if path.is_file())
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (dist / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(sums, end="")


def build_image(tree: Path, version: str) -> None:
    """The image, where an engine runs."""
    engine = shutil.which("docker")
    if engine is None or subprocess.run([engine, "info"], capture_output=True, check=False).returncode:  # noqa: S603
        print("no Docker engine runs here: the image is left out")
    else:
        _run(tree, engine, "build", "--quiet", "--tag", f"epay-bot:{version}", ".")


def _set_version(path: Path, version: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^__version__ = ".*"$', f'__version__ = "{version}"', text), encoding="utf-8")


def _run(tree: Path, *command: str) -> None:
    if subprocess.run(command, cwd=tree, check=False).returncode:  # noqa: S603
        _stop(f"{shlex.join(command)} failed; nothing after it was done")


def _output(tree: Path, *command: str) -> str:
    return subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout  # noqa: S603


def _stop(why: str) -> None:
    sys.exit(f"release: {why}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--checks", default="make lint test", help="what must succeed first")
    parser.add_argument("--no-image", action="store_true")
    parser.add_argument("--on", type=date.fromisoformat, default=datetime.now(UTC).date())
    return parser.parse_args()


if __name__ == "__main__":
    main()
