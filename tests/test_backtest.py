"""`epay-bot backtest`: what would have been told, when and why, from a file or from the store, with nothing sent."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import DOSTYK, SAMAL
from databases import open_store, url_of
from volumes import DAY, DAYS, MINUTE, PLACES, START, history, keep_history

from bot.model import Operation

BANK = {"username": "u", "password": "p", "client_id": "c", "client_secret": "s", "p2p_url": "http://127.0.0.1:9/"}
NOON = START + DAYS * DAY + timedelta(hours=12)


def configured(folder: Path, **sections: Any) -> Path:
    terminals = [{"id": place, "name": name} for place, name in zip(PLACES, ("Samal-2", "Dostyk", "Abay"), strict=True)]
    usual: dict[str, Any] = {
        "telegram": {"token": "123456:token", "api_url": "http://127.0.0.1:9"},
        "merchants": [{"id": "shop", "name": "Shop LLP", "epay": BANK, "terminals": terminals}],
        "storage": {"url": url_of(folder / "bot.db")},
        "alerts": {"failed_operation": {"enabled": False}},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(usual | sections), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "backtest", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def silenced(places: list[str]) -> list[Operation]:
    """Weeks of usual trade, then a noon at which the first terminal falls silent for an hour and a half."""
    made = history(NOON + 180 * MINUTE, places)
    return [one for one in made if one.terminal_id != SAMAL or not NOON <= one.created_at < NOON + 90 * MINUTE]


def as_line(one: Operation) -> str:
    ok = one.outcome == "paid"
    return json.dumps(
        {
            "type": "op",
            "t": one.created_at.timestamp(),
            "terminal": one.terminal_id,
            "amount": one.amount / 100,
            "ok": ok,
        }
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "operations.jsonl"
    path.write_text("\n".join(map(as_line, silenced([SAMAL]))), encoding="utf-8")
    return path


def test_a_file_is_replayed_and_each_change_is_a_line(tmp_path: Path, file: Path) -> None:
    ended = run("--config", configured(tmp_path), "--operations", file, "--days", "2", "--json")
    assert ended.returncode == 0, ended.stderr
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["change"] for one in told if one["change"] in ("first", "resolved")] == ["first", "resolved"]
    first = told[0]
    assert (first["key"], first["rule"], first["terminals"]) == (f"{SAMAL}/silence", "volume", [SAMAL])
    assert first["why"].startswith("No operations since 26 Feb 1")
    assert "on a Thursday" in first["why"]
    assert "100%" in ended.stderr
    assert "nothing was sent" in ended.stderr


async def test_the_store_is_replayed_in_words(tmp_path: Path) -> None:
    store = open_store(tmp_path / "bot.db")
    await store.write(keep_history, silenced([SAMAL, DOSTYK]), NOON + 180 * MINUTE)
    await store.close()
    ended = run("--config", configured(tmp_path, alerts={"volume": {"preset": "calm"}}), "--days", "1")
    assert ended.returncode == 0, ended.stderr
    assert "first     Samal-2: No operations since" in ended.stdout


def test_a_line_that_is_no_operation_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"t": 1770000000, "terminal": "1", "amount": 5, "ok": true}\n{"t": "x"}\n', encoding="utf-8")
    ended = run("--config", configured(tmp_path), "--operations", broken)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--operations: line 2: not an operation" in ended.stderr


def test_an_empty_past_says_nothing(tmp_path: Path) -> None:
    ended = run("--config", configured(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "")
