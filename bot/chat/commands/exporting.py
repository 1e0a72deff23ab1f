"""A period's operations as files: one export at a time in a chat, with one message about how far it is."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot import views
from bot.chat.commands.charting import said
from bot.chat.desk import Desk
from bot.chat.errands import Continued, Talk
from bot.chat.exporting import Source, written
from bot.chat.periods import read_period
from bot.chat.scopes import Scope, scope_of
from bot.errors import DeliveryError, TooLarge, UsageError
from bot.exports import Format, NotMade
from bot.model import EPOCH, Figures, File, Freshness, Message, Period, PeriodFigures, Request
from bot.store import figures, sources

log = logging.getLogger(__name__)

TOLD_EVERY = 20_000
_LAST_WORD = timedelta(seconds=2)


async def export(request: Request, desk: Desk) -> Message | Continued:
    """The files, or buttons for what was not said, or words when there is nothing to write."""
    calendar, now, voice = desk.calendar(request.chat), desk.now(), desk.voice(request.chat)
    named = [word.lower() for word in request.arguments if word.lower() in set(Format)]
    arguments = tuple(word for word in request.arguments if word.lower() not in named)
    period, words = read_period(arguments, calendar, now)
    scope = await scope_of(request, desk, words)
    if period is None or len(named) != 1:
        days = said(arguments, words) if period else ()
        return views.ask_export(days, scope.words, [Format(name) for name in named] or [Format.XLSX, Format.CSV], voice)
    job = _Job(request=request, desk=desk, scope=scope, period=period, format=Format(named[0]), now=now)
    total = await job.count()
    if not total:
        return job.told.empty()
    return Continued(
        message=job.told.progress(0, total),
        rest=lambda talk: job.run(talk, total),
        alone=UsageError("One file at a time, please: the one before is still being made"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    request: Request
    desk: Desk
    scope: Scope
    period: Period
    format: Format
    now: datetime

    @property
    def asked(self) -> PeriodFigures:
        """The period until now, without its figures."""
        calendar = self.desk.calendar(self.request.chat)
        window = calendar.until(self.period, self.now)
        return PeriodFigures(
            self.period, Figures(window=window, currencies={}), window.end < calendar.window(self.period).end
        )

    @property
    def told(self) -> views.Export:
        voice, calendar = self.desk.voice(self.request.chat), self.desk.calendar(self.request.chat)
        return views.Export(self._name, self.asked, calendar, voice, now=self.now)

    @property
    def _name(self) -> str:
        merchant, terminal = self.scope.places[0]
        if len(self.scope.places) > 1:
            return self.desk.voice(self.request.chat).plain("All merchants")
        return terminal.name if terminal else merchant.name

    async def count(self) -> int:
        """How many operations there are, by the stored sums."""
        window = self.asked.figures.window
        found = await asyncio.gather(
            *(
                self.desk.store.read(figures.of_window, merchant.id, terminal.id if terminal else "", window)
                for merchant, terminal in self.scope.places
            )
        )
        return sum(tally.total for one in found for tally in one.currencies.values())

    async def run(self, talk: Talk, total: int) -> None:
        """Writes and sends; whatever happens, the first message ends with the truth."""
        try:
            await self._run(talk, total)
        except asyncio.CancelledError:
            with suppress(DeliveryError, TimeoutError):
                async with asyncio.timeout(_LAST_WORD.total_seconds()):
                    await talk.change(self.told.interrupted())
            raise
        except NotMade as error:
            log.warning("no file in chat %s: %s", self.request.chat.chat_id, error)
            await self._excuse(talk, UsageError("The file could not be made this time. Please try again"))
        except TooLarge:
            too_large = "Telegram takes no file of this size. Please ask for fewer days, or for csv"
            await self._excuse(talk, UsageError(too_large))
        except DeliveryError as error:
            log.warning("no file sent to chat %s: %s", self.request.chat.chat_id, error)
            await self._excuse(talk, UsageError("The file could not be sent. Please ask again"))

    async def _run(self, talk: Talk, total: int) -> None:
        told, voice = self.told, self.desk.voice(self.request.chat)
        sight = self.desk.sight
        listing = views.Listing(voice, sight, several=len(self.scope.places) > 1)
        source = Source(
            store=self.desk.store,
            places=self.scope.places,
            window=self.asked.figures.window,
            row=listing.row,
            totals=listing.totals,
        )

        async def progress(done: int) -> None:
            if done % TOLD_EVERY == 0 and done < total:
                with suppress(DeliveryError):
                    await talk.change(told.progress(done, total))

        async with written(source, listing.table(self.format, self.desk.upload_limit), progress) as (paths, counted):
            await self._send(talk, paths)
            await talk.change(told.ready(counted.done, await self._freshness(), self.desk.now()))

    async def _send(self, talk: Talk, paths: Sequence[Path]) -> None:
        told = self.told
        if len(paths) > 1:
            await talk.change(told.sending(len(paths)))
        for part, path in enumerate(paths, 1):
            name = views.file_name(self._name, self.period, part, len(paths)) + path.suffix
            await talk.say(Message(told.caption(part, len(paths)), file=File(path, name)))

    async def _freshness(self) -> Freshness:
        """Of several merchants the one that is furthest behind."""
        merchants = [merchant for merchant, _ in self.scope.places]
        known = await asyncio.gather(*(self.desk.store.read(sources.get_freshness, one.id) for one in merchants))
        return min(known, key=lambda one: one.through_at or EPOCH)

    async def _excuse(self, talk: Talk, error: UsageError) -> None:
        await talk.change(views.error_message(error, self.desk.voice(self.request.chat)))
