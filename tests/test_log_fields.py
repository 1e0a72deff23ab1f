"""What a line of the log holds: documented, and bound to the lines of what it is about."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from builders import an_operation
from running import Outside
from structlog.contextvars import get_contextvars

from bot.correlation import FIELDS, about
from bot.demo.bank import Fault
from bot.store.driver import Connection, Store

ROOT = Path(__file__).parents[1]


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


def test_every_field_is_documented_and_nothing_else_is() -> None:
    table = re.findall(r"^\| `(\w+)` \| (.+) \|$", (ROOT / "docs/logs.md").read_text(encoding="utf-8"), re.M)
    assert table == [(known.name, known.means) for known in FIELDS]


def test_a_field_that_is_not_in_the_table_cannot_be_bound() -> None:
    with pytest.raises(KeyError, match="payer"):
        about(payer="somebody")
    with pytest.raises(KeyError, match="event"):
        about(event="something")


async def test_what_is_bound_reaches_the_store_and_ends_with_the_work(store: Store) -> None:
    def bound(_: Connection) -> dict[str, Any]:
        return get_contextvars()

    with about(operation=an_operation().id, incident=None):
        assert await store.write(bound) == await store.read(bound) == {"operation": "op-1"}
    assert await store.write(bound) == {}


async def test_the_program_says_what_each_line_is_about(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run("--log-json", "--log-level", "debug")
    await outside.told(outside.fail())
    outside.bank.forget_tokens()
    outside.bank.faults.always("token", Fault.unauthorized())
    await program.says("the bank does not answer")
    await program.stop()
    lines = [json.loads(line) for line in program.output.splitlines() if line.startswith("{")]
    assert {name for line in lines for name in line} <= {known.name for known in FIELDS}
    (told,) = [line for line in lines if line["event"] == f"chat {outside.owner.user_id} is told"]
    assert (told["incident"], told["delivery"], told["chat"]) == (1, 1, outside.owner.user_id)
    (lost,) = [line for line in lines if "the bank does not answer" in line["event"]]
    assert (lost["merchant"], lost["job"], lost["level"]) == ("shop", "poll shop", "warning")
