"""The floors, the rooms and the sizes of design.md, held by machine."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50
SQL = re.compile(r"\b(SELECT\b.+\bFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b", re.DOTALL)
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "const"}


def modules() -> Iterator[Path]:
    return (ROOT / "bot").rglob("*.py")


def test_no_module_knows_a_floor_above_its_own() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    held = subprocess.run([lint, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert held.returncode == 0, held.stdout


def test_no_module_is_longer_than_a_person_reads() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    }
    assert long == set()


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in modules() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_sql_lives_in_the_store_alone() -> None:
    strangers = [
        str(path.relative_to(ROOT))
        for path in modules()
        if "store" not in path.parts and SQL.search(path.read_text(encoding="utf-8"))
    ]
    assert strangers == []


def test_no_room_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def test_the_lock_files_are_hashed_and_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9-]+(?:\[[a-z,]+\])?==", lock, re.MULTILINE)
        assert len(pins) > 20
        assert lock.count("--hash=sha256:") >= len(pins)
        assert "://" not in lock
