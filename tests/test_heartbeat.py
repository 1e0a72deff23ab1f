"""What the bot says to those who would miss it: systemd over a real socket, a dead man's switch over real HTTP."""

import asyncio
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from listening import listening
from running import Outside

from bot.errors import PingFailed
from bot.heartbeat import Heartbeat
from bot.supervisor import Supervisor

UUID = "1f0e2d3c-aaaa-bbbb-cccc-123456789abc"
UNIT = Path(__file__).parents[1] / "docs/deploy/epay-bot.service"


class Switch:
    """A dead man's switch that notes every ping; `status` is its answer."""

    def __init__(self) -> None:
        self.pings: list[tuple[str, str]] = []
        self.status = 200
        self.now = self.most = 0
        self.heard = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        async with self.heard:
            self.pings.append((request.path.removeprefix(f"/{UUID}"), await request.text()))
            self.heard.notify_all()
        self.now -= 1
        return web.Response(status=self.status)

    async def until(self, *ping: str) -> None:
        async with self.heard, asyncio.timeout(15):
            await self.heard.wait_for(lambda: ping in self.pings)


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
async def url(switch: Switch) -> AsyncIterator[str]:
    async with listening(switch.take) as address:
        yield f"http://{address}/{UUID}"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


class Condition:
    def __init__(self) -> None:
        self.lacks: list[str] = []

    async def missing(self) -> list[str]:
        return self.lacks


async def test_the_switch_hears_the_start_then_how_it_goes(
    switch: Switch, url: str, http: aiohttp.ClientSession
) -> None:
    condition = Condition()
    heart = Heartbeat(condition.missing, Supervisor(None), http, url)
    await heart.step()
    await heart.step()
    condition.lacks = ["the store does not answer", "Telegram has not answered for 200 s"]
    await heart.step()
    await heart.fail("poll shop stands still again")
    assert switch.pings == [
        ("/start", ""),
        ("", ""),
        ("/fail", "the store does not answer; Telegram has not answered for 200 s"),
        ("/fail", "poll shop stands still again"),
    ]


async def test_a_switch_that_refuses_or_is_away_is_an_error_without_its_address(
    switch: Switch, url: str, http: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    switch.status = 404
    with pytest.raises(PingFailed, match="HTTP 404") as refused:
        await Heartbeat(Condition().missing, Supervisor(None), http, url).step()
    away = f"http://127.0.0.1:{unused_tcp_port}/{UUID}"
    with pytest.raises(PingFailed, match="does not answer") as unanswered:
        await Heartbeat(Condition().missing, Supervisor(None), http, away).step()
    assert UUID not in f"{refused.value} {unanswered.value}"


async def test_without_an_address_nothing_is_sent(switch: Switch, http: aiohttp.ClientSession) -> None:
    heart = Heartbeat(Condition().missing, Supervisor(None), http, None)
    await heart.step()
    await heart.step()
    assert switch.pings == []


async def test_a_start_that_was_not_heard_is_said_again(switch: Switch, url: str, http: aiohttp.ClientSession) -> None:
    heart = Heartbeat(Condition().missing, Supervisor(None), http, url)
    switch.status = 503
    with pytest.raises(PingFailed):
        await heart.step()
    switch.status = 200
    await heart.step()
    assert switch.pings == [("/start", ""), ("/start", "")]


async def test_the_program_pings_and_says_at_last_why_it_ends(outside: Outside, switch: Switch, url: str) -> None:
    await outside.begin(server={"listen": None, "ping_url": url})
    program = await outside.run("--log-level", "debug")
    await switch.until("/start", "")
    outside.api.token = "700600:another-token-that-came-instead-000"
    await outside.api.says(outside.owner, outside.chat, "/id")
    assert await program.ends() == 1
    assert switch.pings[-1] == ("/fail", "Unauthorized")
    assert UUID not in program.output


@pytest.mark.parametrize("abstract", [False, True])
async def test_a_supervisor_hears_when_the_program_is_ready_alive_and_stopping(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    address = f"@epay-bot-{tmp_path}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + address[1:] if abstract else address)
        listening.settimeout(20)
        supervisor = Supervisor(address)
        supervisor.ready()
        supervisor.alive()
        supervisor.status("all is well")
        supervisor.stopping()
        said = [listening.recv(100).decode() for _ in range(4)]
    assert said == ["READY=1", "WATCHDOG=1", "STATUS=all is well", "STOPPING=1"]


async def test_the_whole_program_is_a_good_service(outside: Outside, tmp_path: Path) -> None:
    """As systemd would run it: the address comes by the environment."""
    outside.config()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        program = await outside.start_anew(
            "run", "--config", outside.folder / "config.yaml", NOTIFY_SOCKET=str(tmp_path / "notify")
        )
        said = [await asyncio.to_thread(listening.recv, 100) for _ in range(2)]
        assert said == [b"READY=1", b"WATCHDOG=1"]
        assert await program.stop() == 0
        assert await asyncio.to_thread(listening.recv, 100) in {b"STOPPING=1", b"WATCHDOG=1"}


async def test_a_supervisor_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    Supervisor(str(tmp_path / "nobody")).ready()
    Supervisor(None).ready()


def test_the_unit_gives_the_program_the_time_it_needs() -> None:
    unit = dict(re.findall(r"^(\w+)=(.+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE))
    assert (unit["Type"], unit["Restart"]) == ("notify", "on-failure")
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(unit["WatchdogSec"].removesuffix("s")) >= 30
    assert int(unit["TimeoutStopSec"].removesuffix("s")) > 10


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_unit_leaves_the_program_little_to_do_harm_with() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
