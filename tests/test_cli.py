"""The command line as a merchant meets it: sentences, exit codes, never a stack, never a secret."""

import json
import re
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from databases import only_sqlite
from running import TOKEN, Outside, Program, now

from bot import __version__
from bot.demo.bank import Fault

CONTRACT_COMMANDS = ("run", "check", "demo", "migrate", "backfill", "simulate")


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def ended(outside: Outside, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and everything said, which is never a stack or a secret."""
    program = await outside.start(*arguments)
    code = await program.ends()
    keeps_quiet(outside, program)
    return code, program.output


def keeps_quiet(outside: Outside, program: Program) -> None:
    assert "Traceback" not in program.output
    for secret in (TOKEN, outside.shop.password, outside.shop.client_secret):
        assert secret not in program.output


async def test_the_module_is_the_program(outside: Outside) -> None:
    program = await outside.start_anew("--version")
    assert await program.ends() == 0
    assert program.output == f"epay-bot, version {__version__}\n"


@pytest.mark.parametrize("option", ["--help", "-h"])
async def test_help_names_every_command(outside: Outside, option: str) -> None:
    code, output = await ended(outside, option)
    assert code == 0
    assert not [command for command in CONTRACT_COMMANDS if not re.search(rf"^  {command} ", output, re.MULTILINE)]


@pytest.mark.parametrize("arguments", [("run",), ("fly",), ("run", "--config"), ("demo", "--port", "far")])
async def test_a_wrong_call_is_told_with_exit_code_2(outside: Outside, arguments: tuple[str, ...]) -> None:
    code, output = await ended(outside, *arguments)
    assert code == 2
    assert "Error: " in output


@pytest.mark.parametrize("command", ["run", "check", "migrate", "backfill"])
async def test_every_problem_of_the_file_is_named_with_its_path(outside: Outside, command: str) -> None:
    merchant = outside.merchant(page_size=0)
    del merchant["epay"]["password"]
    del merchant["terminals"][1]["name"]
    path = outside.config(
        telegram={"token": TOKEN, "colour": "red"},
        merchants=[merchant],
        polling={"interval": "soon"},
        timezone="Mars/Olympus",
        alerts={"telepathy": {}, "failed_operation": {"ignore_codes": ["x"]}},
    )
    more = ("--days", "5") if command == "backfill" else ()
    code, output = await ended(outside, command, "--config", path, *more)
    assert code == 2
    named = sorted(line.partition(": ")[0] for line in output.splitlines())
    assert named == [
        "alerts.failed_operation.ignore_codes.0",
        "alerts.telepathy",
        "merchants[0].epay.page_size",
        "merchants[0].epay.password",
        "merchants[0].terminals[1].name",
        "polling.interval",
        "telegram.colour",
        "timezone",
    ]
    assert "merchants[0].epay.password: missing" in output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        ("telegram: [", "is not valid YAML"),
        ("telegram: {token: hush-hush-hush", "is not valid YAML"),
        ("- 1", "must hold sections"),
        ("", "telegram: missing"),
        (b"\xff\xfe\x00", "is not valid YAML"),
    ],
)
async def test_a_file_that_is_no_configuration_is_told(
    outside: Outside, content: str | bytes | None, sentence: str
) -> None:
    path = outside.folder / "odd.yaml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, output = await ended(outside, "run", "--config", path)
    assert code == 2
    assert sentence in output
    assert "hush" not in output


async def test_run_refuses_a_wrong_token_with_a_sentence(outside: Outside) -> None:
    wrong = "700600:a-wrong-token-that-nobody-may-see-0000"
    path = outside.config(telegram={"token": wrong, "api_url": outside.api.root})
    code, output = await ended(outside, "run", "--config", path)
    assert code == 1
    assert "Telegram refuses this bot: Unauthorized. Check telegram.token (@BotFather, /token)" in output
    assert wrong not in output


TROUBLES = [(one, what) for one in ("run", "migrate", "backfill") for what in ("no folder", "no database", "no server")]


@pytest.mark.parametrize(("command", "trouble"), [one for one in TROUBLES if one != ("run", "no server")])
async def test_a_store_that_cannot_be_used_is_told(outside: Outside, command: str, trouble: str) -> None:
    file = outside.folder / "file"
    file.write_text("This is a shopping list and not a database, and it is long enough to see that.\n" * 50)
    url, code, sentence = {
        "no folder": (f"sqlite:///{file}/bot.db", 1, f"the folder {file} cannot be written to"),
        "no database": (f"sqlite:///{file}", 1, "cannot be opened: file is not a database"),
        "no server": ("postgresql://nobody:s3cret@127.0.0.1:1/bot", 1, "Connection refused"),
    }[trouble]
    more = ("--days", "5") if command == "backfill" else ()
    path = outside.config(storage={"url": url})
    result, output = await ended(outside, command, "--config", path, *more)
    assert result == code
    assert sentence in output
    assert "s3cret" not in output


async def test_a_bot_waits_for_its_server_says_so_once_and_can_be_stopped(outside: Outside) -> None:
    path = outside.config(storage={"url": "postgresql://nobody:s3cret@127.0.0.1:1/bot"})
    program = await outside.start("run", "--config", path)
    await program.says("The bot waits until it can be")
    assert await program.stop() == 0
    assert program.output.count("The bot waits") == 1
    assert "s3cret" not in program.output


async def test_run_says_that_without_owners_nobody_gets_anything(outside: Outside) -> None:
    outside.config(access={"owners": []})
    program = await outside.run()
    assert "access.owners is empty" in program.output
    assert await program.stop() == 0


async def test_check_has_a_line_for_everything_that_holds(outside: Outside) -> None:
    code, output = await ended(outside, "check", "--config", outside.config())
    assert [line[:6] for line in output.splitlines()] == ["ok    "] * 5
    for part in ("configuration", "owners: 1", "bank, shop", "@epay_demo_bot", "newest schema"):
        assert part in output
    assert code == 0
    assert not outside.bank.money_calls


async def test_check_works_while_the_bot_runs(outside: Outside) -> None:
    await outside.begin()
    await outside.run()
    code, _ = await ended(outside, "check", "--config", outside.folder / "config.yaml")
    assert code == 0


CHECKS: dict[str, tuple[dict[str, Any], str]] = {
    "owners": ({"access": {"owners": []}}, "put the number in access.owners"),
    "password": ({}, "Check username, password, client_id and client_secret"),
    "bank": ({}, "Check the addresses and whether the bank can be reached"),
    "token": ({}, "Check telegram.token (@BotFather, /token)"),
    "telegram": ({}, "Check telegram.api_url and the network"),
    "store": ({"storage": {"url": "sqlite:////dev/null/bot.db"}}, "/dev/null"),
}


@pytest.mark.parametrize("broken", CHECKS)
async def test_check_says_what_to_do_about_what_fails(outside: Outside, broken: str) -> None:
    sections, sentence = CHECKS[broken]
    if broken == "password":
        sections = {"merchants": [outside.merchant(password="not-this-one")]}
    elif broken == "token":
        sections = {"telegram": {"token": "700600:another-token-000", "api_url": outside.api.root}}
    elif broken == "telegram":
        outside.api.faults.add(method="getMe", times=None, status=502, html="<h1>Bad gateway</h1>")
    elif broken == "bank":
        outside.bank.faults.always("list", Fault.maintenance())
    code, output = await ended(outside, "check", "--config", outside.config(**sections))
    assert code == 1
    (failed,) = [line for line in output.splitlines() if line.startswith("FAIL")]
    assert sentence in failed
    assert len(output.splitlines()) == 5
    assert "not-this-one" not in output


async def test_check_names_the_file_of_each_merchant_that_has_one(outside: Outside) -> None:
    folder = outside.folder / "merchants.d"
    folder.mkdir()
    for number, name in ((0, "right"), (1, "wrong")):
        merchant = outside.merchant(number, **({"password": "not-this-one"} if number else {}))
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(merchant), encoding="utf-8")
        (folder / f"{name}.yaml").chmod(0o600)
    code, output = await ended(outside, "check", "--config", outside.config(merchants=[]))
    assert code == 1
    assert "ok    bank, shop (merchants.d/right.yaml): a token and one search" in output
    assert "FAIL  bank, bakery (merchants.d/wrong.yaml): the bank gives no token" in output


async def test_migrate_makes_the_newest_schema_and_may_be_repeated(outside: Outside) -> None:
    path = outside.config()
    for _ in range(2):
        code, output = await ended(outside, "migrate", "--config", path)
        assert (code, "has the newest schema" in output) == (0, True)
    assert stored(outside) == 0


@only_sqlite("a database on a server is no file")
async def test_a_new_database_is_for_its_owner_only(outside: Outside) -> None:
    await ended(outside, "migrate", "--config", outside.config())
    assert outside.database.stat().st_mode & 0o077 == 0


async def test_backfill_reads_history_without_an_alert_and_goes_on_where_it_stopped(outside: Outside) -> None:
    rows = [
        outside.world.add(
            outside.shop.id,
            outside.shop.terminals[0].tid,
            100,
            outcome="failed",
            created_at=now() - timedelta(hours=hours),
        )
        for hours in range(1, 24 * 6, 7)
    ]
    path = outside.config()
    for number in range(5, 40):
        outside.bank.faults.at("list", number, Fault.error_in_200())
    code, output = await ended(outside, "backfill", "--config", path, "--days", "7")
    assert code == 1
    assert "What was read is kept; call again to go on" in output
    part = stored(outside)
    assert 0 < part < len(rows)
    asked = len(outside.bank.requests)
    outside.bank.faults.clear()
    code, output = await ended(outside, "backfill", "--config", path, "--days", "7")
    assert (code, output.splitlines()[-1]) == (0, "history is complete")
    assert "shop: 100%" in output
    assert not re.search(r"-\d|1\d\d\d%", output)
    assert stored(outside) == len(rows)
    assert len(outside.bank.requests) > asked
    assert outside.ask("SELECT COUNT(*) FROM outbox") == [(0,)]
    asked = len(outside.bank.requests)
    code, _ = await ended(outside, "backfill", "--config", path, "--days", "7")
    assert len(outside.bank.requests) - asked < 10


def stored(outside: Outside) -> int:
    [(count,)] = outside.ask("SELECT COUNT(*) FROM operation")
    return int(count)


async def test_backfill_of_what_would_be_dropped_is_refused(outside: Outside) -> None:
    path = outside.config(retention={"operations": "100d"})
    assert await ended(outside, "backfill", "--config", path, "--days", "101") == (
        2,
        "--days: operations are kept for 100 days: retention.operations\n",
    )


@only_sqlite("several programs share a database on a server")
async def test_backfill_beside_a_running_bot_is_refused(outside: Outside) -> None:
    await outside.begin()
    await outside.run()
    code, output = await ended(outside, "backfill", "--config", outside.folder / "config.yaml", "--days", "5")
    assert code == 1
    assert "another epay-bot is using" in output


async def test_demo_without_a_page_prints_one_json_line_and_leaves_nothing_behind(outside: Outside) -> None:
    program = await outside.start("demo", "--headless", "--port", "0")
    await program.says("}")
    (line,) = program.output.splitlines()
    addresses = json.loads(line)
    assert set(addresses) == {"telegram", "token", "bank", "store", "owner"}
    store = Path(addresses["store"].removeprefix("sqlite:///"))
    assert store.suffix == ".db"
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{addresses['telegram']}/bot{addresses['token']}/getMe") as answer:
            assert (await answer.json())["ok"]
        async with http.get(addresses["telegram"] + "/") as answer:
            assert answer.status == 404
    assert await program.stop() == 0
    assert program.output.splitlines() == [line]
    assert not store.parent.exists()


async def test_demo_serves_a_page_until_ctrl_c(outside: Outside) -> None:
    program = await outside.start("demo", "--port", "0")
    await program.says("  5. ")
    assert len(re.findall(r"^  \d\. ", program.output, re.MULTILINE)) == 5
    page = json.loads(program.output.splitlines()[0])["page"]
    async with aiohttp.ClientSession() as http, http.get(page) as answer:
        assert answer.status == 200
        assert "text/html" in answer.headers["Content-Type"]
    assert await program.stop(signal.SIGINT) == 0
    assert "Traceback" not in program.output


async def test_simulate_is_a_bank_with_its_keys_in_one_json_line(outside: Outside) -> None:
    program = await outside.start("simulate", "--port", "0")
    await program.says("}")
    given = json.loads(program.output)
    merchant = outside.merchant() | {"epay": given["merchants"]["shop"]}
    code, output = await ended(outside, "check", "--config", outside.config(merchants=[merchant]))
    assert code == 0, output
    assert await program.stop() == 0


@pytest.mark.parametrize("command", ["demo", "simulate"])
async def test_a_taken_port_is_told(outside: Outside, command: str) -> None:
    port = str(outside.bank.port)
    code, output = await ended(outside, command, "--port", port)
    assert (code, output) == (2, f"--port: {port} is taken by another program\n")


@pytest.mark.parametrize("command", ["check", "migrate"])
async def test_a_file_of_secrets_that_everybody_can_read_is_told(outside: Outside, command: str) -> None:
    path = outside.config()
    for mode, told in ((0o644, True), (0o600, False)):
        path.chmod(mode)
        code, output = await ended(outside, command, "--config", path)
        assert code == 0
        assert (f"every user of this machine can read the secrets in {path}; chmod 600 {path}" in output) is told
