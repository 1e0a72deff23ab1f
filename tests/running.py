"""The real program in a process of its own, between a bank and a Telegram that live in the test's process."""

import asyncio
import multiprocessing
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import yaml
from databases import ask, url_of

from bot.cli import main
from bot.config import load
from bot.demo.bank import CALM, LIST_PATH, TOKEN_PATH, SimulatedBank, World, default_merchants
from bot.demo.telegram import BotApi
from bot.epay import EpayClient
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.parts import merchant_of, open_store
from bot.rules import Rulebook, check_settings

TOKEN = "700600:local-token-for-the-whole-program-0000"
OWNER, STRANGER = 101, 102
PATIENCE = 20.0
REPEAT = "повтор"
_HEAD = re.compile(r"^\S+ #(\d+) ·", re.MULTILINE)
_COUNT = re.compile(r"^([\d\s]+) плат\w+ не прош", re.MULTILINE)
_ONE = re.compile(r" · счёт \S")
# The second that imports take is spent once: every process is forked from one that has done them.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["bot.app", "bot.checks", "bot.cli", "bot.store.postgres", "bot.interview.asking", "bot.showcase", "running"]
)


def now() -> datetime:
    return datetime.now(UTC)


class Outside:
    """A bank whose operations are all made by the test, a Telegram with an owner and a stranger, and a folder."""

    def __init__(self, folder: Path, *, limits: bool = False) -> None:
        self.folder = folder
        self.database = folder / "data" / "bot.db"
        self.world = World(merchants=default_merchants(per_day=0), habits=CALM, start=now())
        self.shop = self.world.merchants[0]
        self.bank = SimulatedBank(self.world, now=now)
        self.api = BotApi(TOKEN, now=now, limits=limits)
        self.owner = self.api.person(OWNER, "Айгерим", "ru")
        self.stranger = self.api.person(STRANGER, "Stranger", "en")
        self.chat = self.api.private_chat(self.owner)
        self._asked = asyncio.Event()
        self.bank.before_request = self._notice
        self._programs: list[Program] = []

    async def open(self) -> "Outside":
        self.bank_url = await self.bank.start()
        await self.api.start()
        return self

    async def close(self) -> None:
        for program in self._programs:
            await program.kill()
        await self.bank.stop()
        await self.api.stop()

    def config(self, name: str = "config.yaml", **sections: Any) -> Path:
        """A configuration file; each section given replaces the usual one."""
        usual: dict[str, Any] = {
            "telegram": {"token": TOKEN, "api_url": self.api.root},
            "access": {"owners": [OWNER]},
            "merchants": [self.merchant()],
            "storage": {"url": url_of(self.database)},
            "polling": {"interval": "1s", "backfill": "0s"},
            "alerts": {"incidents": {"edit_interval": "1s"}},
            "server": {"listen": "127.0.0.1:0"},
        }
        path = self.folder / name
        path.write_text(yaml.safe_dump(usual | sections, allow_unicode=True), encoding="utf-8")
        path.chmod(0o600)
        return path

    def merchant(self, number: int = 0, **keys: Any) -> dict[str, Any]:
        """The first merchant of this bank, or another."""
        known = self.world.merchants[number]
        epay: dict[str, Any] = {
            "username": known.username,
            "password": known.password,
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "oauth_url": self.bank_url + TOKEN_PATH,
            "p2p_url": self.bank_url + LIST_PATH,
            "api_url": self.bank_url,
        }
        terminals = [{"id": one.tid, "name": one.name, "uuid": one.uuid} for one in known.terminals]
        return {"id": known.id, "name": f"{known.id.title()} LLP", "epay": epay | keys, "terminals": terminals}

    async def begin(self, **sections: Any) -> "Outside":
        """A configuration and a store that has met this bank before: what happens from now on is news."""
        settings = load(self.config(**sections), check_settings)
        store = open_store(settings)
        async with aiohttp.ClientSession() as http:
            merchant = merchant_of(settings.merchants[0])
            client = EpayClient(merchant.id, settings.merchants[0].epay, http=http, now=now)
            incidents, polling = Incidents([merchant], Rulebook.from_settings({}), now=now), settings.polling
            ingest = Ingest(merchant, client, store=store, incidents=incidents, polling=polling, now=now)
            assert await ingest.poll()
        await store.close()
        return self

    def fail(self, number: int = 0, **details: Any) -> str:
        """A payment of the first merchant, or another, fails at the bank now; its invoice."""
        given: dict[str, Any] = {"outcome": "failed", "reason_code": 458, "created_at": now(), **details}
        merchant = self.world.merchants[number]
        return self.world.add(merchant.id, merchant.terminals[0].tid, 25_000, **given).invoice_id

    async def asked(self) -> None:
        """Waits until the bank is asked for operations."""
        self._asked.clear()
        await asyncio.wait_for(self._asked.wait(), PATIENCE)

    def _notice(self, endpoint: str, _number: int) -> None:
        if endpoint == "list":
            self._asked.set()

    async def told(self, *invoices: str) -> None:
        """Waits until the owner has been told of each of these."""
        try:
            await self.api.wait_for(lambda: set(invoices) <= self.named(), PATIENCE)
        except TimeoutError as error:
            outputs = "\n".join(program.output for program in self._programs)
            raise AssertionError(f"{set(invoices) - self.named()} never told: {error}\n{outputs}") from None

    async def told_of(self, count: int) -> None:
        """Waits until the owner's messages tell of so many failed payments."""
        await self.api.wait_for(lambda: sum(self.counted().values()) == count, PATIENCE)

    def counted(self, chat_id: int = OWNER) -> dict[int, int]:
        """How many failed payments the newest message of each incident tells of; nothing of what is no payment."""
        counts = {}
        for message in self.api.messages(chat_id):
            head, many = _HEAD.search(message.text), _COUNT.search(message.text)
            if message.reply_to is None and head and (many or _ONE.search(message.text)):
                counts[int(head[1])] = int(re.sub(r"\D", "", many[1])) if many else 1
        return counts

    def opened(self, chat_id: int = OWNER) -> Counter[int]:
        """How often each incident was told of in a message of its own that is not marked as a repeat."""
        texts = [one.versions[0].content.text for one in self.api.messages(chat_id) if one.reply_to is None]
        heads = [_HEAD.search(text) for text in texts if REPEAT not in text]
        return Counter(int(head[1]) for head in heads if head)

    def named(self, chat_id: int = OWNER) -> set[str]:
        """Every word of what a chat was told."""
        return {word for text in self.sent(chat_id) for word in text.split()}

    def sent(self, chat_id: int = OWNER) -> list[str]:
        return [delivery.text for delivery in self.api.deliveries if delivery.chat_id == chat_id]

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """What somebody beside the program sees in its database, or changes there."""
        return ask(self.database, sql)

    async def start(self, *arguments: str | Path, **environment: str) -> "Program":
        """`epay-bot …`, forked from a process that has imported everything."""
        mine, theirs = os.pipe()
        with Connection(theirs, readable=False) as out:
            process = _FORKS.Process(
                target=_main, args=([str(one) for one in arguments], environment, out), daemon=True
            )
            await asyncio.to_thread(process.start)
        return self._listen(Forked(process), await _reader(mine))

    async def start_anew(
        self, *arguments: str | Path, stdin: int | None = None, within: Sequence[str] = (), **environment: str
    ) -> "Program":
        """`python -m bot …`, as a person starts it, `within` another command, with this in the environment as well."""
        process = await asyncio.create_subprocess_exec(
            *(*within, sys.executable, "-m", "bot", *map(str, arguments)),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **environment},
        )
        assert process.stdout is not None
        return self._listen(process, process.stdout)

    async def run(self, *arguments: str | Path) -> "Program":
        """`epay-bot run …` once it works."""
        program = await self.start("run", "--config", self.folder / "config.yaml", *arguments)
        await program.says("is running")
        return program

    def _listen(self, process: "Running", output: asyncio.StreamReader) -> "Program":
        program = Program(process, output)
        self._programs.append(program)
        return program


def _main(arguments: list[str], environment: dict[str, str], out: Connection) -> None:
    os.environ.update(environment)
    os.dup2(out.fileno(), 1)
    os.dup2(out.fileno(), 2)
    out.close()
    main(arguments, prog_name="epay-bot")


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
    return reader


class Running(Protocol):
    @property
    def pid(self) -> int: ...

    def send_signal(self, signal: int, /) -> None: ...

    async def wait(self) -> int: ...


class Forked:
    """A forked process with the face of asyncio's own."""

    def __init__(self, process: Any) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def send_signal(self, signal: int, /) -> None:
        os.kill(self.pid, signal)

    async def wait(self) -> int:
        await asyncio.to_thread(self._process.join)
        return int(self._process.exitcode)


class Program:
    """One run of the program: what it has said on both streams, and how it ends."""

    def __init__(self, process: Running, output: asyncio.StreamReader) -> None:
        self.output = ""
        self._process = process
        self._code: int | None = None
        self._said = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen(output))

    async def _listen(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            async with self._said:
                self.output += line.decode()
                self._said.notify_all()
        async with self._said:
            self._said.notify_all()

    async def says(self, text: str, times: int = 1) -> None:
        """Waits for a text in the output."""
        await self.until(lambda: self.output.count(text) >= times, text)

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        with suppress(TimeoutError):
            async with self._said, asyncio.timeout(PATIENCE):
                await self._said.wait_for(lambda: holds() or self._listening.done())
        assert holds(), f"{what!r} was never said:\n{self.output}"

    def hears(self, number: int) -> None:
        """Sends a signal that need not be the end."""
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ends(self, within: float = PATIENCE) -> int:
        """The exit code, once it has ended by itself."""
        async with asyncio.timeout(within):
            await asyncio.shield(self._listening)
            self._code = await self._process.wait()
            return self._code

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code after this signal."""
        self._process.send_signal(number)
        return await self.ends()

    async def kill(self) -> None:
        """Ends it in the middle of whatever it does, unless it has ended already."""
        if self._code is None:
            await self.stop(signal.SIGKILL)
