"""The command line on PostgreSQL: every command works or says what to do, and the password is shown nowhere."""

import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

import postgres
import psycopg
import pytest
from databases import only_sqlite
from running import Outside, now

PASSWORD = "hush/hush@50%"


@pytest.fixture(autouse=True, scope="module")
def _there() -> None:
    postgres.skip_unless_there()


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def ended(outside: Outside, command: str, *more: str | Path, **environment: str) -> tuple[int, str]:
    path = outside.folder / "config.yaml"
    program = await outside.start(command, "--config", path, *more, **environment)
    code = await program.ends()
    assert "Traceback" not in program.output
    assert "hush" not in program.output
    return code, program.output


@cache
def guarded() -> str:
    """Where a server asks for the password."""
    server = postgres.server()
    rules = Path(server.data) / "pg_hba.conf"
    rules.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    name = server.create()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")  # type: ignore[call-overload]
        connection.execute(f"ALTER DATABASE {name} OWNER TO guarded")  # type: ignore[call-overload]
        connection.execute("SELECT pg_reload_conf()")
    return f"127.0.0.1:{server.port}/{name}"


@pytest.mark.parametrize("way", ["url", "option of url", "password", "file", "environment"])
async def test_the_password_is_taken_from_wherever_it_is_and_shown_nowhere(outside: Outside, way: str) -> None:
    secret = outside.folder / "secret"
    secret.write_text(f"{PASSWORD}\n")
    secret.chmod(0o600)
    url = f"postgresql://guarded@{guarded()}"
    storage, environment = {
        "url": ({"url": f"postgresql://guarded:{quote(PASSWORD, safe='')}@{guarded()}"}, {}),
        "option of url": ({"url": f"{url}?connect_timeout=2&password={quote(PASSWORD)}"}, {}),
        "password": ({"url": url, "password": PASSWORD}, {}),
        "file": ({"url": url, "password_file": str(secret)}, {}),
        "environment": ({"url": url}, {"EPAY_BOT__STORAGE__PASSWORD": PASSWORD}),
    }[way]
    outside.config(storage=storage)
    code, output = await ended(outside, "migrate", "--log-level", "debug", **environment)
    assert (code, f"{guarded()}" in output, "has the newest schema" in output) == (0, True, True), output
    code, output = await ended(outside, "check", "--log-level", "debug", **environment)
    assert (code, "FAIL" in output) == (0, False), output


async def test_a_wrong_password_is_said_to_be_wrong_and_no_more(outside: Outside) -> None:
    outside.config(storage={"url": f"postgresql://guarded@{guarded()}", "password": "hush-wrong"})
    for command in ("migrate", "check"):
        code, output = await ended(outside, command, "--log-level", "debug")
        assert (code, 'password authentication failed for user "guarded"' in output) == (1, True), output
    program = await outside.start("run", "--config", outside.folder / "config.yaml", "--log-level", "debug")
    await program.says("The bot waits until it can be")
    assert await program.stop() == 0
    assert "hush" not in program.output


async def test_a_full_run_at_debug_shows_no_password(outside: Outside) -> None:
    """Nor does what it tells people, also when the server is lost to it."""
    await outside.begin(storage={"url": f"postgresql://guarded@{guarded()}", "password": PASSWORD})
    program = await outside.start("run", "--config", outside.folder / "config.yaml", "--log-level", "debug")
    await program.says("is running")
    await outside.told(outside.fail())
    with psycopg.connect(postgres.server().url(), autocommit=True) as connection:
        connection.execute("ALTER ROLE guarded NOLOGIN")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'")
        await program.says("the database cannot be used")
        await outside.api.says(outside.owner, outside.chat, "/health")
        connection.execute("ALTER ROLE guarded LOGIN")
    await outside.told(outside.fail())
    assert await program.stop() == 0
    assert "hush" not in program.output + " ".join(outside.sent())


async def test_every_command_works_there_or_says_what_to_do(outside: Outside) -> None:
    outside.config(storage={"url": postgres.new_url()})
    tid = outside.shop.terminals[0].tid
    for hours in range(1, 80, 7):
        at = now() - timedelta(hours=hours)
        outside.world.add(outside.shop.id, tid, 100, outcome="failed", created_at=at, phone="77010000001")
    for _ in range(2):
        code, output = await ended(outside, "backfill", "--days", "5")
        assert (code, output.splitlines()[-1]) == (0, "history is complete")
    code, output = await ended(outside, "backtest", "--days", "5")
    assert (code, "nothing was sent" in output) == (0, True)
    code, output = await ended(outside, "forget", "--phone", "77010000001", "--yes")
    assert (code, "forgotten in operations: 12" in output) == (0, True), output
    copy = outside.folder / "copy"
    copy.touch()
    for command in ("backup", "restore"):
        code, output = await ended(outside, command, copy)
        assert (code, "docs/runbook.md says how" in output) == (2, True), output


async def test_backfill_beside_a_bot_leaves_the_reading_to_it(outside: Outside) -> None:
    url = postgres.new_url()
    await outside.begin(storage={"url": url})
    old = {outside.fail(created_at=now() - timedelta(hours=hours), visible_at=now()) for hours in range(2, 100, 7)}
    await outside.run()
    program = await outside.start("backfill", "--config", outside.folder / "config.yaml", "--days", "5")
    await outside.told(outside.fail())
    assert await program.ends() == 0, program.output
    assert program.output.splitlines()[-1] == "history is complete"
    await outside.told(outside.fail())
    with psycopg.connect(url) as connection:
        stored = {invoice for (invoice,) in connection.execute("SELECT invoice_id FROM operation")}
    assert old - stored == set()
    assert old & outside.named() == set()


async def test_a_folder_for_copies_of_a_file_is_a_problem(outside: Outside) -> None:
    outside.config(storage={"url": "postgresql://u@h/d"}, backup={"dir": str(outside.folder)})
    code, output = await ended(outside, "check")
    assert (code, output) == (
        2,
        "backup.dir is for SQLite; PostgreSQL is copied by pg_dump, docs/runbook.md says how\n",
    )


async def test_a_dump_put_back_announces_nothing_that_came_before(outside: Outside) -> None:
    """The drill of the runbook: dump, life goes on, the database is lost, restore, say so, start."""
    url = postgres.new_url()
    await outside.begin(storage={"url": url})
    program = await outside.run()
    first = outside.fail()
    await outside.told(first)
    dump = outside.folder / "epay-bot.dump"
    client("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", url)
    second = outside.fail()
    await outside.told(second)
    assert (await ended(outside, "restored"))[0] == 1
    assert await program.stop() == 0
    third = outside.fail(created_at=now() - timedelta(minutes=5))
    said = len(outside.sent())
    anew = postgres.server().url(postgres.server().create())
    client("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={anew}", str(dump))
    outside.config(storage={"url": anew})
    code, output = await ended(outside, "restored")
    assert (code, "is taken as a copy" in output) == (0, True), output
    program = await outside.run()
    await outside.api.wait_for(lambda: len(outside.sent()) > said)
    assert "резервной копии" in outside.sent()[said]
    await outside.asked()
    await outside.asked()
    fourth = outside.fail()
    await outside.told(fourth)
    told = " ".join(outside.sent()[said:])
    assert [invoice in told for invoice in (first, second, third)] == [False] * 3, told
    assert await program.stop() == 0


def client(program: str, *words: str) -> None:
    subprocess.run([postgres.program(program), *words], check=True)


@only_sqlite("a file")
async def test_a_file_put_back_by_hand_is_taken_as_a_copy_too(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    code, output = await ended(outside, "restored")
    assert (code, "another epay-bot is using" in output) == (1, True)
    assert await program.stop() == 0
    missed = outside.fail(created_at=now() - timedelta(minutes=5))
    assert (await ended(outside, "restored"))[0] == 0
    await outside.run()
    await outside.api.wait_for(lambda: any("резервной копии" in text for text in outside.sent()))
    await outside.asked()
    await outside.told(outside.fail())
    assert missed not in outside.named()
