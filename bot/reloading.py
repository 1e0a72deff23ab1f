"""The bot for as long as its process lives: whenever it is asked to, it begins anew with the configuration of now.

It drains before as it does at its end, and all it has still to say and to read is in the store.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from bot.app import App
from bot.chat.telegram import Gateway
from bot.config import Settings
from bot.errors import ConfigurationError, DeliveryError, EpayBotError, Problem, StoreError, TokenRefused
from bot.model import NoticeAlert
from bot.parts import utc_now
from bot.signals import Signals
from bot.supervisor import Supervisor

log = logging.getLogger(__name__)

TELEGRAM_ANSWERS_WITHIN = 5.0


class Run:
    """One App at work until `end`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = App(settings)
        self.ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._working = asyncio.create_task(self.app.run(self._ended, self.ready.set))

    @property
    def over(self) -> bool:
        return self._working.done()

    async def until(self, *events: asyncio.Event) -> None:
        """Waits for the first of these, or until it ends by itself."""
        waiting = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait([self._working, *waiting], return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()

    async def end(self) -> None:
        """Raises what it has ended with."""
        self._ended.set()
        await self._working


class Reloading:
    """`read` gives the configuration of now, or raises ConfigurationError: then the bot goes on with the former one."""

    def __init__(self, read: Callable[[], Settings], signals: Signals) -> None:
        self._read = read
        self._signals = signals
        self._supervisor = Supervisor.of_environment()

    async def run(self, settings: Settings) -> None:
        """Until it is told to stop. Raises what `App.run` raises, unless it can go back to a former configuration."""
        self._signals.listen()
        former: Settings | None = None
        excuse: NoticeAlert | None = None
        while True:
            run = Run(settings)
            try:
                changed = await self._work(run, excuse)
            except EpayBotError as error:
                if former is None or run.ready.is_set():
                    raise
                settings, former, excuse = former, None, _cannot(error)
                continue
            if changed is None:
                return
            settings, former, excuse = changed, settings, None

    async def _work(self, run: Run, excuse: NoticeAlert | None) -> Settings | None:
        """The configuration to go on with, None at the end. `excuse`: why this run is with the former one."""
        try:
            await run.until(self._signals.stop, run.ready)
            if run.ready.is_set():
                self._supervisor.ready()
                await _tell(run, excuse)
            changed = await self._changed(run)
        finally:
            await run.end()
        return changed

    async def _changed(self, run: Run) -> Settings | None:
        while True:
            await run.until(self._signals.stop, self._signals.reload)
            if self._signals.stop.is_set():
                self._supervisor.stopping()
                return None
            if run.over:
                return None
            self._signals.reload.clear()
            self._supervisor.reloading()
            if changed := await self._find_change(run):
                return changed
            self._supervisor.ready()

    async def _find_change(self, run: Run) -> Settings | None:
        try:
            changed = await asyncio.to_thread(self._read)
            await _check_token(run.settings, changed)
        except ConfigurationError as error:
            await _tell(run, _wrong(error))
            return None
        if changed == run.settings:
            log.info("the configuration is as it was")
            return None
        log.info("the configuration has changed: the bot begins anew with it")
        return changed


async def _check_token(former: Settings, changed: Settings) -> None:
    """A wrong token would end the bot later on. Telegram away says nothing of it."""
    if former.telegram == changed.telegram:
        return
    gateway = Gateway(changed.telegram.token, changed.telegram.api_url)
    try:
        async with asyncio.timeout(TELEGRAM_ANSWERS_WITHIN):
            await gateway.me()
    except TokenRefused as error:
        raise ConfigurationError(Problem("telegram.token", f"Telegram refuses it: {error}")) from None
    except (DeliveryError, TimeoutError):
        pass
    finally:
        await gateway.close()


async def _tell(run: Run, notice: NoticeAlert | None) -> None:
    """What the store cannot take the log has said already."""
    if notice is not None:
        with suppress(StoreError):
            await run.app.tell(notice)


def _wrong(error: ConfigurationError) -> NoticeAlert:
    for problem in error.problems:
        log.error("the changed configuration is wrong: %s", problem)
    return NoticeAlert(
        text="The changed configuration is wrong, and the bot goes on with the former one. Problems: {count}, the "
        "first: {problem}. epay-bot check names them all.",
        values={"count": len(error.problems), "problem": str(error.problems[0])},
        at=utc_now(),
    )


def _cannot(error: EpayBotError) -> NoticeAlert:
    log.error("the bot cannot work with the changed configuration and goes on with the former one: %s", error)
    return NoticeAlert(
        text="The bot cannot work with the changed configuration and goes on with the former one: {error}",
        values={"error": str(error)},
        at=utc_now(),
    )
