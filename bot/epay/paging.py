"""Reads a window completely: cut until one answer holds each part, counted, and paged only when a second overflows."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count, islice
from math import ceil
from typing import Any

from bot.epay.asking import TICK, Asker
from bot.epay.dialect import PageMode
from bot.epay.payloads import BadRecord, Page
from bot.epay.search import Filter, Query
from bot.epay.transport import AnswerTooLarge
from bot.errors import SourceRejected, SourceUnavailable
from bot.model import Operation, Window

READINGS = 3
_HOUR = timedelta(hours=1)
_MOST_PARTS = 512


@dataclass(frozen=True, slots=True)
class Reading:
    """A window as the bank shows it: by creation and id, and what could not be read. `total` counts both."""

    operations: tuple[Operation, ...]
    set_aside: tuple[BadRecord, ...]
    total: int

    def __len__(self) -> int:
        return self.total


class WindowReader:
    """One complete look at a window. Each part is asked for with a second of the next, so no end can fall between."""

    def __init__(self, asker: Asker, filters: tuple[Filter, ...]) -> None:
        self._asker = asker
        self._filters = filters

    async def read(self, window: Window) -> Reading:
        """Complete, with a little from around it, or raises: SourceUnavailable when the counts do not add up."""
        waiting = deque(cut(_whole_seconds(window), self._asker.dialect.period))
        pages: list[Page] = []
        while waiting:
            part = waiting.popleft()
            try:
                page = await self._ask_until_sound(part)
            except (AnswerTooLarge, SourceRejected) as refusal:
                waiting.extendleft(await self._halves(part, refusal))
                continue
            if page.is_complete:
                pages.append(page)
            elif part.span > TICK:
                waiting.extendleft(reversed(_smaller(part, page)))
            else:
                pages.append(await self._read_pages(part))
        return _joined(pages)

    async def _ask_until_sound(self, part: Window) -> Page:
        """A complete page, or one of more operations than an answer holds; a miscount is asked again."""
        before = 0
        for _ in range(READINGS):
            page = await self._ask(part)
            received = len(page.keys)
            if page.is_complete:
                return page
            if page.total > received > 0 and (received >= self._asker.page_size or received == before):
                self._note_clamp(received)
                return page
            before = received
        raise self._mismatch()

    async def _read_pages(self, part: Window) -> Page:
        for _ in range(READINGS):
            page, mode = await self._try_pages(part)
            if page.is_complete:
                self._learn(page_mode=mode)
                return page
        raise self._mismatch()

    async def _try_pages(self, part: Window) -> tuple[Page, PageMode | None]:
        """All pages of an overfull second, and what `page` turned out to mean (facts/epay-api.md, 2.5)."""
        pages = [await self._ask(part)]
        size, first = len(pages[0].keys), self._asker.dialect.first_page
        mode = self._asker.dialect.page_mode
        if mode is None:
            pages.append(await self._ask(part, first + 1, size))
            mode = _meaning(*pages)
        numbers = count(size, size) if mode == "offset" else count(first + 1)
        for number in islice(numbers, pages[0].total // max(size, 1) + 1):
            if len(merged(pages).keys) >= pages[-1].total:
                break
            pages.append(await self._ask(part, number, size))
        return merged(pages), mode

    async def _halves(self, part: Window, refusal: SourceRejected | AnswerTooLarge) -> Iterable[Window]:
        """For too much asked at once, later half first; the refusal itself when a shorter question is refused too."""
        if isinstance(refusal, SourceRejected):
            if part.span <= _HOUR:
                raise refusal
            await self._ask(Window(part.start, part.start + _HOUR))
            self._learn(period=part.span / 2)
        elif part.span <= TICK:
            raise refusal
        return reversed(list(cut(part, part.span / 2)))

    async def _ask(self, part: Window, page: int | None = None, size: int | None = None) -> Page:
        period = Window(part.start, part.end + TICK)
        return await self._asker.ask(Query(period, self._filters, page, size))

    def _mismatch(self) -> SourceUnavailable:
        """What was believed of `page` may be the cause, so it is found out anew next time."""
        self._learn(page_mode=None)
        return SourceUnavailable("the bank's count of operations does not match what it sent")

    def _note_clamp(self, received: int) -> None:
        """A bank that silently gives fewer than asked does so in round numbers; another number is a miscount."""
        if received % 10 == 0 and received < self._asker.page_size:
            self._learn(page_size=received)

    def _learn(self, **changes: Any) -> None:
        self._asker.learn(replace(self._asker.dialect, **changes))


def cut(window: Window, longest: timedelta) -> Iterator[Window]:
    """Neighbouring parts of whole seconds, none longer than `longest` (but at least a second)."""
    step = max(timedelta(seconds=ceil(longest.total_seconds())), TICK)
    start = window.start
    while start < window.end:
        yield Window(start, min(start + step, window.end))
        start += step


def merged(pages: Iterable[Page]) -> Page:
    """Pages of one question as one; the last count holds."""
    taken = list(pages)
    return Page(
        taken[-1].total,
        tuple(row for page in taken for row in page.operations),
        tuple(row for page in taken for row in page.set_aside),
    )


def _meaning(first: Page, second: Page) -> PageMode | None:
    """What the number after the first page's gave: all but one again, a new page, or the same (page 0 meant 1)."""
    size, common = len(first.keys), len(first.keys & second.keys)
    meanings: dict[int, PageMode] = {0: "index0", size - 1: "offset", size: "index1"}
    return meanings.get(common)


def _smaller(part: Window, page: Page) -> list[Window]:
    """What the page showed, as much time again behind it, and the rest in parts two thirds full if it is even.

    All of it in even parts where that is too short. Sizes are guesses: every part is counted, whatever its order.
    """
    received = len(page.keys)
    if page.operations:
        first, last = page.operations[0].created_at, page.operations[-1].created_at
        shown = last.replace(microsecond=0) - 2 * TICK
        behind = shown + max(3 * TICK, (last - first) // TICK * TICK)
        if part.start < shown and behind < part.end:
            rest = Window(behind, part.end)
            pieces = ceil(1.5 * (page.total - received) / received)
            return [Window(part.start, shown), Window(shown, behind), *_even(rest, pieces)]
    return _even(part, ceil(1.5 * page.total / received))


def _even(part: Window, pieces: int) -> list[Window]:
    return list(cut(part, part.span / min(pieces, _MOST_PARTS)))


def _whole_seconds(window: Window) -> Window:
    """Nobody knows what the bank makes of a fraction in a question; the second more at the end makes up for it."""
    return Window(window.start.replace(microsecond=0), window.end.replace(microsecond=0))


def _joined(pages: Iterable[Page]) -> Reading:
    """Each operation once, as last seen."""
    rows = {row.id: row for page in pages for row in page.operations}
    bad = {row.digest: row for page in pages for row in page.set_aside}
    ordered = sorted(rows.values(), key=lambda row: (row.created_at, row.id))
    return Reading(tuple(ordered), tuple(bad.values()), len(rows) + len(bad))
