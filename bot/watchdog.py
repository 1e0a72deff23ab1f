"""Whether the loops come round: one that stands still is restarted once, a second time the process ends.

Decisions are pure; a loop whose bank or Telegram is down comes round and is none of this module's business.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.errors import Stalled
from bot.vitals import Vitals

log = logging.getLogger(__name__)

FORGIVEN_AFTER = timedelta(hours=1)
LAST_RESORT = timedelta(seconds=15)


class Verdict(StrEnum):
    """What is to be done about a loop."""

    FINE = "fine"
    RESTART = "restart"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long each kind of loop may stand still, longer than any round that ends by itself; looked at each `tick`."""

    poll: timedelta = timedelta(minutes=15)
    deliver: timedelta = timedelta(minutes=2)
    intake: timedelta = timedelta(minutes=4)
    tick: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Loop:
    """Something that goes round and round, and how to have it begin anew."""

    name: str
    deadline: timedelta
    restart: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """A loop as it was last looked at: for how long it has not come round, and since when it was restarted."""

    rounds: int = 0
    still: timedelta = timedelta()
    restarted: timedelta | None = None


def look(seen: Seen, rounds: int, passed: timedelta, deadline: timedelta) -> tuple[Seen, Verdict]:
    """The loop after so much more time, and what is to be done about it."""
    restarted = None if seen.restarted is None else seen.restarted + passed
    if restarted is not None and restarted >= FORGIVEN_AFTER:
        restarted = None
    if rounds != seen.rounds:
        return Seen(rounds, restarted=restarted), Verdict.FINE
    now = replace(seen, still=seen.still + passed, restarted=restarted)
    if now.still < deadline:
        return now, Verdict.FINE
    if restarted is not None:
        return now, Verdict.END
    return Seen(rounds, restarted=timedelta()), Verdict.RESTART


class Watchdog:
    """Looks at every loop each `tick`; `fresh` is called whenever none of them stands still."""

    def __init__(
        self,
        loops: Sequence[Loop],
        vitals: Vitals,
        *,
        tick: timedelta,
        fresh: Callable[[], None],
        last_resort: Callable[[], None],
    ) -> None:
        """`last_resort` is called before the end, for when what holds up a loop holds up the end as well."""
        self._loops = loops
        self._vitals = vitals
        self._fresh = fresh
        self._tick = tick
        self._last_resort = last_resort
        self._seen = {loop.name: Seen() for loop in loops}

    async def run(self) -> None:
        """Watches until it is cancelled. Raises Stalled."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(self._tick.total_seconds())
            now = time.monotonic()
            # A process that was stopped for an hour has not had an hour to come round in.
            self.look(min(timedelta(seconds=now - before), self._tick * 2))
            before = now

    def look(self, passed: timedelta) -> None:
        """Judges every loop after so much more time. Raises Stalled."""
        verdicts = [self._judge(loop, passed) for loop in self._loops]
        if all(verdict is Verdict.FINE for verdict in verdicts):
            self._fresh()

    def _judge(self, loop: Loop, passed: timedelta) -> Verdict:
        seen, verdict = look(self._seen[loop.name], self._vitals.rounds(loop.name), passed, loop.deadline)
        self._seen[loop.name] = seen
        if verdict is Verdict.END:
            self._last_resort()
            what = f"{loop.name} stands still again, {seen.still} after it was restarted: the bot ends itself"
            log.error(what)
            raise Stalled(what)
        if verdict is Verdict.RESTART:
            log.error("%s has not come round within %s and is restarted", loop.name, loop.deadline)
            self._vitals.count("epay_bot_loop_restarts_total", loop.name)
            loop.restart()
        return verdict


class LastResort:
    """Ends the process without another word, unless it has ended by itself until then."""

    def __init__(self, after: timedelta = LAST_RESORT) -> None:
        self._timer = threading.Timer(after.total_seconds(), os._exit, (1,))
        self._timer.daemon = True

    def arm(self) -> None:
        """The time begins."""
        self._timer.start()

    def disarm(self) -> None:
        """It is not needed."""
        self._timer.cancel()
