"""Finds payments by what a person knows: in the store, and live at every merchant's bank. Stores nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.chat.asking import ask, check, window_of
from bot.chat.desk import Desk
from bot.epay import Filter, contains
from bot.errors import UsageError
from bot.model import (
    Clues,
    FoundReport,
    Freshness,
    MatchReport,
    Operation,
    OperationId,
    stalest,
)
from bot.store import incidents, lookups, outbox, sources
from bot.store.lookups import Known, Matches

LISTED = 8
ANNOUNCED = 20
SHORTEST_INSIDE = 5


@dataclass(frozen=True, slots=True)
class Findings:
    """Stories of an invoice, a report a merchant, or else a choice between several operations."""

    stories: tuple[FoundReport, ...] = ()
    matches: MatchReport | None = None

    @property
    def is_empty(self) -> bool:
        return self.matches is None and not any(report.operations for report in self.stories)


async def find_stored(desk: Desk, clues: Clues, *, waiting: bool = False) -> Findings:
    """What the store knows; `waiting`: while the bank may still answer."""
    known = await _remember(desk, clues)
    if single := _single(known):
        return await find_stored(desk, single, waiting=waiting)
    if any(one.attempts for one in known):
        return _stories([_stored(desk, clues, one, waiting=waiting) for one in known], known)
    return _choice(desk, clues, known, waiting=waiting)


async def find_live(desk: Desk, clues: Clues) -> Findings:
    """What the bank says now of an invoice; for all else what the store knows."""
    known = await _remember(desk, clues)
    if clues.invoice is None:
        reports = [_stored(desk, clues, one) for one in known]
    else:
        question = _question(clues.invoice, known)
        reports = await asyncio.gather(*(_live(desk, clues, one, question) for one in known))
    if any(report.operations for report in reports):
        return _sorted_out(desk, clues, reports, known)
    if single := _single(known):
        return await find_live(desk, single)
    return _choice(desk, clues, known) if any(one.matches.total for one in known) else Findings(tuple(reports))


async def find_matches(desk: Desk, clues: Clues) -> Findings:
    """Everything that fits besides the invoice itself."""
    return _choice(desk, clues, await _remember(desk, clues))


async def find_announced(desk: Desk, chat_id: int, message_id: int) -> Clues | Findings:
    """The invoice of an alert, or a choice where one message announced several, as they are known now.

    Raises UsageError for a message that is about no payment.
    """
    number = await desk.store.read(outbox.find_incident, chat_id, message_id) or 0
    incident = await desk.store.read(incidents.find, number)
    ours = incident is not None and any(merchant.id == incident.merchant_id for merchant in desk.merchants)
    listed = await desk.store.read(incidents.list_operations, number, limit=ANNOUNCED) if ours else []
    if not listed:
        raise UsageError("I see no payment in that message. Send an invoice number")
    newest = tuple(operation for operation, _ in listed)
    total = await desk.store.read(incidents.count_operations, number)
    if len({one.invoice_id for one in newest}) == 1 and total == len(newest) and (invoice := newest[0].invoice_id):
        return Clues(shown=invoice, invoice=invoice)
    fresh = [await desk.store.read(sources.get_freshness, merchant.id) for merchant in desk.merchants]
    matches = Matches(newest, total, uncounted=False)
    return Findings(matches=_match_report(desk, "", [matches], stalest(fresh), most=ANNOUNCED))


def _question(invoice: str, known: Sequence[Known]) -> Filter:
    """Where the store knows nothing the text may be the middle of an invoice, which only the bank can search for."""
    if len(invoice) >= SHORTEST_INSIDE and all(one.is_empty for one in known):
        return contains("invoice", invoice)
    return Filter("invoice", "=", (invoice,))


async def _remember(desk: Desk, clues: Clues) -> list[Known]:
    return await asyncio.gather(
        *(desk.store.read(lookups.recall, merchant, clues, limit=LISTED) for merchant in desk.merchants)
    )


def _single(known: Sequence[Known]) -> Clues | None:
    """The only invoice that can be meant, when nothing has the very number that was asked for."""
    if any(one.attempts for one in known) or sum(one.matches.total for one in known) != 1:
        return None
    (invoice,) = (one.invoice_id for near in known for one in near.matches.operations)
    return Clues(shown=invoice, invoice=invoice) if invoice else None


def _stored(desk: Desk, clues: Clues, known: Known, *, waiting: bool = False) -> FoundReport:
    return FoundReport(
        merchant=known.merchant,
        query=clues.shown,
        operations=known.attempts,
        live=False,
        freshness=known.freshness,
        at=desk.now(),
        waiting=waiting,
        past=known.past,
    )


async def _live(desk: Desk, clues: Clues, known: Known, question: Filter) -> FoundReport:
    window = window_of(known.attempts, desk.now())
    reading = await ask(desk, known.merchant, window, question)
    if reading is None:
        return _stored(desk, clues, known)
    attempts, missing = _merged(known.attempts, reading.operations)
    return replace(
        _stored(desk, clues, known),
        operations=attempts,
        live=True,
        freshness=Freshness(desk.now()),
        at=desk.now(),
        window=window,
        past=replace(known.past, missing=missing),
        checked=await check(desk, known.merchant, attempts),
    )


def _merged(
    stored: Sequence[Operation], said: Sequence[Operation]
) -> tuple[tuple[Operation, ...], frozenset[OperationId]]:
    """Newest first, and what the bank lists no longer; an answer older than what is stored does not count."""
    listed = {operation.id: operation for operation in said}
    missing = frozenset(one.id for one in stored if one.id not in listed)
    for one in stored:
        if one.id in missing or listed[one.id].outcome.rank < one.outcome.rank:
            listed[one.id] = one
    return tuple(sorted(listed.values(), key=lambda one: (one.created_at, one.id), reverse=True)), missing


def _sorted_out(desk: Desk, clues: Clues, reports: Sequence[FoundReport], known: Sequence[Known]) -> Findings:
    """One invoice is a story; several, since the text is a part of each, are a choice."""
    found = [operation for report in reports for operation in report.operations]
    if len({operation.invoice_id for operation in found}) == 1:
        return _stories(reports, known)
    exact = [
        replace(report, operations=tuple(one for one in report.operations if one.invoice_id == clues.invoice))
        for report in reports
    ]
    if any(report.operations for report in exact):
        return _stories(exact, known)
    newest = {one.invoice_id: one for one in sorted(found, key=lambda one: one.created_at)}
    matches = Matches(tuple(newest.values()), len(newest), uncounted=False)
    return Findings(matches=_match_report(desk, clues.shown, [matches], Freshness(desk.now())))


def _stories(reports: Sequence[FoundReport], known: Sequence[Known]) -> Findings:
    """A report a merchant that has the invoice."""
    others = sum(one.matches.total for one in known)
    return Findings(tuple(replace(report, others=others) for report in reports if report.operations))


def _choice(desk: Desk, clues: Clues, known: Sequence[Known], *, waiting: bool = False) -> Findings:
    fresh = stalest([one.freshness for one in known])
    report = _match_report(desk, clues.shown, [one.matches for one in known], fresh)
    part = clues.parts[0] if clues.parts else ""
    return Findings(matches=replace(report, waiting=waiting, part=part) if report.total else None)


def _match_report(
    desk: Desk, query: str, matches: Sequence[Matches], freshness: Freshness, *, most: int = LISTED
) -> MatchReport:
    every = sorted((one for part in matches for one in part.operations), key=lambda one: one.created_at, reverse=True)
    return MatchReport(
        query=query,
        operations=tuple(every[:most]),
        total=sum(part.total for part in matches),
        uncounted=any(part.uncounted for part in matches),
        freshness=freshness,
        at=desk.now(),
    )
