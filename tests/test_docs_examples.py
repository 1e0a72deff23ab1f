"""Each ready configuration is started as it stands: only secrets, addresses and folders are this test's."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from databases import ENGINE, SQLITE, url_of
from documents import ROOT
from running import OWNER, PATIENCE, TOKEN, Outside

EXAMPLES = sorted((ROOT / "docs/examples").glob("*.yaml"))
GROUP, FAILURES = -100900, 7
SIZES = {"small-shop": (1, 1), "chain": (1, 20), "integrator": (50, 100)}


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


def sections_of(example: Path, outside: Outside) -> dict[str, Any]:
    """The example's own sections, with the bank, the Telegram and the folder of this test."""
    given = yaml.safe_load(example.read_text(encoding="utf-8"))
    del given["telegram"]["token_file"]
    given["telegram"] |= {"token": TOKEN, "api_url": outside.api.root}
    given["access"]["owners"] = [OWNER, *given["access"]["owners"][1:]]
    for merchant in given["merchants"]:
        assert {"username", "password_file", "client_id", "client_secret_file"} == merchant["epay"].keys()
        merchant["epay"] = outside.merchant()["epay"]
    given["storage"] = {"url": url_of(outside.database)}
    # A database on a server is copied by its own programs.
    backup = given.pop("backup")
    if ENGINE == SQLITE:
        given["backup"] = backup | {"dir": str(outside.folder / "backups")}
    given["server"] = {"listen": "127.0.0.1:0"}
    return given


def test_there_is_an_example_of_each_size() -> None:
    assert {example.stem for example in EXAMPLES} == SIZES.keys()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
async def test_the_example_runs_reads_its_bank_and_ends(outside: Outside, example: Path) -> None:
    sections = sections_of(example, outside)
    terminals = [terminal["id"] for merchant in sections["merchants"] for terminal in merchant["terminals"]]
    assert (len(sections["merchants"]), len(set(terminals))) == SIZES[example.stem]
    outside.config(**sections)
    program = await outside.run()
    await program.says("is running for " + ", ".join(merchant["id"] for merchant in sections["merchants"]))
    await outside.asked()
    assert await program.stop() == 0
    assert "Traceback" not in program.output


async def test_the_group_of_the_chain_is_set_up_as_its_example_says(outside: Outside) -> None:
    example = next(path for path in EXAMPLES if path.stem == "chain")
    told = example.read_text(encoding="utf-8").partition("telegram:")[0]
    ceiling, subscribe = "/ceiling payments", "/subscribe all failures"
    assert f"`{ceiling}`" in told
    assert f"in the topic “Failures” `{subscribe}`" in told
    group = outside.api.group(GROUP, "Support", [outside.owner], "supergroup", {FAILURES: "Failures"})
    sections = sections_of(example, outside) | {"polling": {"interval": "1s", "backfill": "0s"}}
    await outside.begin(**sections)
    await outside.run()
    for words, topic in ((ceiling, None), (subscribe, FAILURES)):
        heard = len(outside.api.messages(GROUP))
        await outside.api.says(outside.owner, group, words, topic)
        await outside.api.wait_for(lambda heard=heard: len(outside.api.messages(GROUP)) > heard + 1, PATIENCE)
    invoices = {outside.fail(), outside.fail()}
    await outside.api.wait_for(lambda: invoices <= outside.named(GROUP), PATIENCE)
    said = [message for message in outside.api.messages(GROUP) if any(one in message.text for one in invoices)]
    assert {message.thread_id for message in said} == {FAILURES}
