"""The composition root: builds every object once, starts them in order and stops them in order."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp

from bot import __version__
from bot.charts import Charts
from bot.chat.intake import Intake, Pace
from bot.chat.telegram import Gateway
from bot.condition import Condition
from bot.config import Settings
from bot.epay import Dialect, EpayClient
from bot.errors import PingFailed, StoreError
from bot.heartbeat import Heartbeat
from bot.model import Destination, MerchantId, NoticeAlert
from bot.parts import Parts, Rules, merchant_of, open_store, utc_now
from bot.runner import Runner
from bot.schedule import JOBS, Job
from bot.solo import Solo
from bot.store import backup, chats, copying, engines, outbox, people, sources
from bot.store.driver import Connection, Store
from bot.store.server_clock import ServerClock
from bot.supervisor import Supervisor
from bot.texts import Voices
from bot.trouble import Trouble
from bot.vitals import TELEGRAM, Labels, Vitals
from bot.watchdog import Deadlines, LastResort, Loop, Watchdog
from bot.web import Doors, Web

log = logging.getLogger(__name__)

DRAIN = timedelta(seconds=6)
DATABASE_PAUSE = timedelta(seconds=2)
# A replica's long poll: shorter, since only at its end it is seen that Telegram cannot be reached from here.
LONG_POLL = timedelta(seconds=5)


class App:
    """The bot. `run` works until `stop` is set; DeliveryError from it means that Telegram refuses the token."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = utc_now,
        deadlines: Deadlines | None = None,
        jobs: Sequence[Job] = JOBS,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._clock = ServerClock(now)
        self._now = now = self._clock.now
        self._store: Store
        self._deadlines = deadlines or Deadlines()
        self._supervisor = Supervisor.of_environment()
        self._last_resort = LastResort()
        self._merchants = tuple(merchant_of(merchant) for merchant in settings.merchants)
        labels = Labels([merchant.id for merchant in self._merchants], settings.server.merchant_metrics)
        self._vitals = Vitals(labels=labels)
        self._rules = Rules.of(settings, self._merchants, now)
        self._owners = tuple(
            Destination(chat_id=owner, language=settings.language, timezone=settings.timezone)
            for owner in settings.access.owners
        )

    async def run(self, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Raises StoreError when the database cannot be opened, DeliveryError when Telegram refuses it, Stalled."""
        async with AsyncExitStack() as stack:
            stack.callback(self._last_resort.disarm)
            store = await self._open_store(stop)
            if store is None:
                return
            stack.push_async_callback(store.close)
            self._store = store
            gateway = Gateway(self._settings.telegram.token, self._settings.telegram.api_url)
            stack.push_async_callback(gateway.close)
            # Each merchant asks its bank one thing at a time; a limit for all would let slow banks delay the others.
            http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
            await store.write(copying.take_over)
            await store.write(_know_owners, self._owners, self._now())
            if not store.shared:
                await store.write(backup.find_copy, self._now())
            voices = Voices(self._settings.language)
            charts = Charts()
            stack.push_async_callback(charts.close)
            parts = Parts(
                settings=self._settings,
                merchants=self._merchants,
                rules=self._rules,
                now=self._now,
                vitals=self._vitals,
                store=store,
                gateway=gateway,
                http=http,
                clients=await self._clients(store, http),
                condition=Condition(store, self._merchants, self._vitals, now=self._now),
                charts=charts,
                voices=voices,
                runner=self._runner(gateway, store, voices),
            )
            await self._work(stop, ready, parts)

    def _runner(self, gateway: Gateway, store: Store, voices: Voices) -> Runner:
        conninfo = engines.conninfo(self._settings.storage.url, self._settings.storage.secret)
        if conninfo is None:
            return Solo(gateway, store, voices, now=self._now, vitals=self._vitals)
        # Its libraries are loaded only where there are several bots.
        from bot.replica import Replica

        return Replica(
            gateway,
            store,
            voices,
            clock=self._clock,
            vitals=self._vitals,
            conninfo=conninfo,
            merchants=[merchant.id for merchant in self._merchants],
        )

    async def _open_store(self, stop: asyncio.Event) -> Store | None:
        """The database; one on a server is waited for, unless the bot is to stop before it is there."""
        waiting = False
        while not stop.is_set():
            try:
                return await asyncio.to_thread(open_store, self._settings)
            except StoreError as error:
                if not engines.is_on_server(self._settings.storage.url):
                    raise
                if not waiting:
                    log.warning("%s. The bot waits until it can be", error)
                waiting = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), DATABASE_PAUSE.total_seconds())
        return None

    async def tell(self, notice: NoticeAlert) -> None:
        """Tells the owners while it works. Raises StoreError."""
        key = f"own/{notice.at.isoformat()}"
        await self._store.write(outbox.announce, [(key, notice)], self._owners, notice.at)

    async def _listen(self, condition: Condition, intake: Intake) -> Web | None:
        if self._settings.server.listen is None:
            return None
        doors = Doors(missing=condition.missing, metrics=condition.metrics)
        if webhook := self._settings.telegram.webhook:
            doors = replace(doors, receive=intake.receive_one, secret=webhook.secret.get_secret_value())
        web = Web(self._settings.server.listen, doors)
        await web.start()
        return web

    async def _clients(self, store: Store, http: aiohttp.ClientSession) -> dict[MerchantId, EpayClient]:
        clients = {}
        for settings, merchant in zip(self._settings.merchants, self._merchants, strict=True):
            known = await store.read(sources.find, merchant.id)
            dialect = Dialect.from_json(known.dialect) if known else Dialect()
            clients[merchant.id] = EpayClient(merchant.id, settings.epay, http=http, now=self._now, dialect=dialect)
        return clients

    async def _work(self, stop: asyncio.Event, ready: Callable[[], None], parts: Parts) -> None:
        runner, vitals = parts.runner, self._vitals
        dispatch = parts.dispatch()
        intake = Intake(
            parts.gateway,
            parts.store,
            dispatch,
            now=self._now,
            vitals=vitals,
            webhook=self._settings.telegram.webhook,
            pace=Pace(wait=LONG_POLL) if runner.seat else None,
            seat=runner.seat,
        )
        trouble = Trouble(runner.tell, self._owners, self._now, shared=parts.store.shared, speaks=lambda: runner.speaks)
        heartbeat = self._heartbeat(parts)
        web = await self._listen(parts.condition, intake)
        await runner.start(parts.works(heartbeat), trouble.tell, self._jobs)
        reading = asyncio.create_task(intake.run(), name="intake")
        guarding = asyncio.create_task(self._watchdog(runner, intake).run(), name="watchdog")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        log.info("epay-bot %s is running for %s", __version__, ", ".join(known.id for known in self._merchants))
        ready()
        try:
            await asyncio.wait({reading, guarding, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await _say_why(heartbeat, reading, guarding)
        finally:
            stopping.cancel()
            guarding.cancel()
            await asyncio.gather(intake.stop(DRAIN), dispatch.errands.close(DRAIN), runner.drain(DRAIN))
            await runner.stop()
            if web:
                await web.stop()
        with suppress(asyncio.CancelledError):
            await guarding
        await reading

    def _watchdog(self, runner: Runner, intake: Intake) -> Watchdog:
        deadlines = self._deadlines
        loops = runner.loops(deadlines, [merchant.id for merchant in self._merchants])
        loops.append(Loop(TELEGRAM, deadlines.intake, intake.restart))
        return Watchdog(
            loops, self._vitals, tick=deadlines.tick, fresh=self._supervisor.alive, last_resort=self._last_resort.arm
        )

    def _heartbeat(self, parts: Parts) -> Heartbeat:
        url = self._settings.server.ping_url
        return Heartbeat(parts.condition.missing, self._supervisor, parts.http, url.get_secret_value() if url else None)


async def _say_why(heartbeat: Heartbeat, *tasks: asyncio.Task[None]) -> None:
    """Whoever misses the bot is told why it ends, if it does so by itself."""
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            with suppress(PingFailed):
                await heartbeat.fail(str(error))


def _know_owners(db: Connection, owners: Sequence[Destination], now: datetime) -> None:
    """The configured owners, and no former one, own every merchant and get alerts in their private chats."""
    people.configure(db, [owner.chat_id for owner in owners], now)
    for owner in owners:
        chats.subscribe(db, owner)
