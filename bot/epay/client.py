"""The one object the program holds to ask a merchant's bank. It reads; there is no way through it to move money."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import aiohttp

from bot.config import Epay
from bot.epay.asking import MARGIN, Asker
from bot.epay.calls import Calls, Retries
from bot.epay.checks import Check, parse_check
from bot.epay.dialect import Dialect
from bot.epay.paging import Reading, WindowReader, cut
from bot.epay.search import Filter, Query, as_told
from bot.epay.tokens import Tokens, check_form, list_form
from bot.epay.transport import ORDER, Addresses, Call, Transport
from bot.errors import SourceRejected, UsageError
from bot.model import MICROSECOND, MerchantId, Window

Found = TypeVar("Found", int, Reading)
_NEW = Dialect()
_PATIENT = Retries()


class EpayClient:
    """One merchant at the bank. Methods raise the SourceError branch; one request is in flight at a time.

    `now` is our own clock, aware. `dialect` may be what an earlier run learnt.
    """

    def __init__(
        self,
        merchant_id: MerchantId,
        settings: Epay,
        *,
        http: aiohttp.ClientSession,
        now: Callable[[], datetime],
        dialect: Dialect = _NEW,
        retries: Retries = _PATIENT,
    ) -> None:
        self._merchant_id = merchant_id
        self._settings = settings
        self._now = now
        self._transport = Transport(Addresses.of(settings), http=http, timeout=settings.timeout, now=now)
        self._calls = Calls(self._transport, retries)
        self._check_tokens: dict[str, Tokens] = {}
        list_tokens = Tokens(self._transport, list_form(settings), now)
        self._asker = Asker(merchant_id, settings, calls=self._calls, tokens=list_tokens, dialect=dialect)

    @property
    def dialect(self) -> Dialect:
        """What is known of this bank by now: worth keeping over a restart."""
        return self._asker.dialect

    @property
    def clock_offset(self) -> timedelta:
        """The bank's clock minus ours as of its last answer, to a second."""
        return self._transport.clock_offset

    async def read(self, window: Window, *filters: Filter) -> Reading:
        """Every operation of the window that meets all filters, by creation and id: complete, or raises."""

        async def look(told: tuple[Filter, ...]) -> Reading:
            return _narrowed(await WindowReader(self._asker, told).read(self._widened(window)), window, filters)

        return await self._by_either_id(filters, look)

    async def count(self, window: Window, *filters: Filter) -> int:
        """How many operations the bank counts in the window, without reading them where that can be trusted."""

        async def look(told: tuple[Filter, ...]) -> int:
            parts = [Window(part.start, part.end - MICROSECOND) for part in cut(window, self.dialect.period)]
            return sum([(await self._asker.ask(Query(part, told, size=1))).total for part in parts])

        by_number = self.dialect.terminal_filter == "tid"
        if any(one.text is not None or (one.picks_terminals and not one.uuids and not by_number) for one in filters):
            return (await self.read(window, *filters)).total
        return await self._by_either_id(filters, look)

    async def check(self, invoice_id: str, terminal_uuid: str) -> Check:
        """The newest attempt on an order as the bank's single check tells it, with the refunded sum."""
        if not ORDER.fullmatch(invoice_id):
            raise UsageError("An order number has only letters, digits, “-” and “_”")
        if terminal_uuid not in self._check_tokens:
            form = check_form(self._settings, terminal_uuid)
            self._check_tokens[terminal_uuid] = Tokens(self._transport, form, self._now)
        call = Call(method="GET", url=self._transport.addresses.check(invoice_id))
        read = partial(parse_check, merchant_id=self._merchant_id, invoice_id=invoice_id)
        return await self._calls.make(call, self._check_tokens[terminal_uuid], read)

    async def verify(self) -> None:
        """A token and one small search: raises what stands in the way."""
        now = self._now()
        await self._asker.ask(Query(Window(now - timedelta(hours=1), now), size=1))

    def _widened(self, window: Window) -> Window:
        """With a margin, since the time shown need not be the one searched; as little of the future as can be."""
        bank_now = self._now() + self.clock_offset
        return Window(window.start - MARGIN, max(window.end, min(window.end + MARGIN, bank_now)))

    async def _by_either_id(
        self, filters: tuple[Filter, ...], look: Callable[[tuple[Filter, ...]], Awaitable[Found]]
    ) -> Found:
        """Nobody knows which id the terminal filter means: the number first, the other where it finds nothing."""
        known = self.dialect.terminal_filter
        if known or not any(one.picks_terminals for one in filters):
            return await look(as_told(filters, known or "tid"))
        try:
            if found := await look(as_told(filters, "tid")):
                self._asker.learn(replace(self.dialect, terminal_filter="tid"))
                return found
        except SourceRejected:
            pass
        if found := await look(as_told(filters, "uuid")):
            self._asker.learn(replace(self.dialect, terminal_filter="uuid"))
        return found


def _narrowed(reading: Reading, window: Window, filters: Iterable[Filter]) -> Reading:
    """The window by the times the bank shows, without what it should not have sent."""
    kept = tuple(
        row
        for row in reading.operations
        if window.start <= row.created_at < window.end and all(one.admits(row) for one in filters)
    )
    return Reading(kept, reading.set_aside, len(kept) + len(reading.set_aside))
