"""What the runbook says of a server: its statements are taken, and two replicas work behind PgBouncer."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import postgres
import psycopg
import pytest
from documents import document
from running import Outside

RULES = """
[databases]
* = host=127.0.0.1 port={server} user=epay
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
unix_socket_dir =
pool_mode = session
default_pool_size = 40
"""


@pytest.fixture
async def pooled(tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database behind PgBouncer."""
    postgres.skip_unless_there()
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    postgres.skip_if("" if program else "no pgbouncer here (Debian: apt-get install pgbouncer)")
    assert program is not None
    server = urlsplit(postgres.new_url())
    port = postgres.free_port()
    rules = tmp_path / "pgbouncer.ini"
    rules.write_text(RULES.format(server=server.port, port=port))
    as_user = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    with rules.open("rb") as given:
        process = await asyncio.create_subprocess_exec(
            *as_user, program, "/dev/stdin", stdin=given, stderr=asyncio.subprocess.PIPE
        )
    assert process.stderr is not None
    said = b""
    while b"process up" not in said and (line := await process.stderr.readline()):
        said += line
    assert b"process up" in said, said.decode()
    listening = asyncio.create_task(process.stderr.read())
    yield f"postgresql://epay@127.0.0.1:{port}{server.path}"
    process.terminate()
    await process.wait()
    await listening


def test_its_advice_on_vacuum_is_taken_by_a_database_of_ours() -> None:
    postgres.skip_unless_there()
    advice = next(code for _, code in document("docs/runbook.md").blocks if code.startswith("ALTER TABLE"))
    with psycopg.connect(postgres.new_url()) as connection:
        connection.execute(advice)  # type: ignore[call-overload]
        told = "SELECT COUNT(*) FROM pg_class WHERE array_to_string(reloptions, ' ') LIKE '%autovacuum%'"
        assert connection.execute(told).fetchone() == (advice.count("ALTER TABLE"),)
        connection.rollback()


async def test_two_replicas_share_the_work_behind_pgbouncer(tmp_path: Path, pooled: str) -> None:
    outside = await Outside(tmp_path).open()
    try:
        outside.config(storage={"url": pooled})
        first, second = await outside.run(), await outside.run()
        outside.fail()
        await outside.told_of(1)
        await first.kill()
        outside.fail()
        await outside.told_of(2)
        assert await second.stop() == 0
        assert outside.opened() == {1: 1}
        assert "Traceback" not in first.output + second.output, first.output + second.output
    finally:
        await outside.close()
