"""The answer to a look-up: every attempt on an invoice as one story."""

import re
from collections.abc import Sequence
from datetime import timedelta

from markupsafe import Markup, escape

from bot.model import FoundReport, Message, Operation, Outcome, Window
from bot.texts import Voice, clean
from bot.views.blocks import capped, fit
from bot.views.buttons import copy_button, edit_button
from bot.views.freshness import live_line, stored_line
from bot.views.operations import (
    ICONS,
    SEPARATOR,
    bank_words,
    card_words,
    outcome_words,
    payer_words,
    reason_words,
)

_ARROW = Markup(" → ")
_BLANK = Markup()
_PERSONAL = re.compile(r"@|(\d\D{0,2}){10}")


def found(report: FoundReport, voice: Voice, *, private: bool) -> Message:
    """All attempts, newest first, and what became of the invoice; in a group nothing personal of the payer."""
    fresh = live_line(report.at, voice) if report.live else stored_line(report.freshness, report.at, voice)
    shared, people = _named_once([_people(operation, voice, private=private) for operation in report.operations])
    head = [*_headline(report, voice), *shared] if report.operations else _nothing(report, voice)
    text = fit(head, _attempts(report, people, voice), [_BLANK, fresh], voice)
    reference = next((operation.reference for operation in report.operations if operation.reference), "")
    row = [
        *edit_button(voice.plain("🔄 Refresh"), "find", report.query),
        *copy_button(voice.plain("📋 Copy RRN"), reference),
    ]
    return Message(text, [row] if row else ())


def _nothing(report: FoundReport, voice: Voice) -> list[Markup]:
    query, merchant = capped(report.query), capped(report.merchant.name)
    headline = voice("🔎 <code>{query}</code> · nothing found", query=query)
    if report.window:
        start, end = _days(report.window, voice)
        return [headline, voice("{merchant}, searched: {start} – {end}", merchant=merchant, start=start, end=end)]
    if report.live:
        return [headline, voice("{merchant}, searched: everything the bank keeps", merchant=merchant)]
    return [headline, voice("{merchant}, searched: everything the bot has stored", merchant=merchant)]


def _days(window: Window, voice: Voice) -> tuple[str, str]:
    last = window.end - timedelta(microseconds=1)
    return voice.day(voice.local(window.start).date()), voice.day(voice.local(last).date())


def _headline(report: FoundReport, voice: Voice) -> list[Markup]:
    operations = report.operations
    if _is_one_invoice(operations):
        invoice = capped(operations[0].invoice_id) or capped(report.query)
        told = [voice("🔎 <code>{query}</code>", query=invoice), story(operations[::-1], voice)]
    else:
        count = voice.plural("{n} operation found", "{n} operations found", len(operations))
        told = [voice("🔎 <code>{query}</code>", query=capped(report.query)), count]
    return [SEPARATOR.join(told), *_place(report)]


def _place(report: FoundReport) -> list[Markup]:
    """The terminal all attempts share, else the merchant alone."""
    terminals = {operation.terminal_id for operation in report.operations}
    names = [report.merchant.terminal_name(terminals.pop())] if len(terminals) == 1 else []
    shown = [name for name in map(capped, [*names, report.merchant.name]) if name]
    return [SEPARATOR.join(shown)] if shown else []


def _is_one_invoice(operations: Sequence[Operation]) -> bool:
    return len({operation.invoice_id for operation in operations}) == 1


def story(attempts: Sequence[Operation], voice: Voice) -> Markup:
    """What became of an invoice after all its attempts, oldest first: `❌ failed → ✅ paid on attempt 2`."""
    outcomes = [attempt.outcome for attempt in attempts]
    settled = [number for number, outcome in enumerate(outcomes, 1) if outcome.rank >= Outcome.PAID.rank]
    if set(outcomes) == {Outcome.FAILED}:
        many = voice.plural("❌ not paid, {n} attempt", "❌ not paid, {n} attempts", len(outcomes))
        return many if len(outcomes) > 1 else voice("❌ failed")
    steps = [voice("❌ failed")] if Outcome.FAILED in outcomes[: settled[0] if settled else None] else []
    steps += _ending(outcomes, settled, voice)
    return _ARROW.join(steps)


def _ending(outcomes: Sequence[Outcome], settled: Sequence[int], voice: Voice) -> list[Markup]:
    if not settled:
        return [voice("⏳ the bank has not decided")]
    first = settled[0]
    steps = [voice("✅ paid on attempt {number}", number=first) if first > 1 else voice("✅ paid")]
    if (paid := outcomes.count(Outcome.PAID)) > 1:
        steps.append(voice.plural("⚠️ paid {n} time", "⚠️ paid {n} times", paid))
    if Outcome.REFUNDED in outcomes:
        steps.append(voice("↩️ refunded"))
    return steps


def _attempts(report: FoundReport, people: Sequence[Sequence[Markup]], voice: Voice) -> list[Markup]:
    operations = report.operations
    one_invoice = _is_one_invoice(operations)
    one_terminal = len({operation.terminal_id for operation in operations}) == 1
    told = []
    for place, operation in enumerate(operations):
        number = len(operations) - place if one_invoice and len(operations) > 1 else None
        lines = [
            _BLANK,
            _outcome_line(operation, number, report, voice),
            *([] if one_invoice else _invoice(operation, voice)),
            *([] if one_terminal else [capped(report.merchant.terminal_name(operation.terminal_id))]),
            *_details(operation, voice),
            *people[place],
        ]
        told.append(Markup("\n").join(lines))
    return told


def _outcome_line(operation: Operation, number: int | None, report: FoundReport, voice: Voice) -> Markup:
    time = escape(voice.moment(operation.created_at, report.at, seconds=True))
    amount = escape(voice.money(operation.amount, operation.currency))
    words = SEPARATOR.join([time, Markup("<b>{}</b>").format(amount), outcome_words(operation, voice)])
    counted = f"№{number} · " if number else ""
    return Markup("{} {}{}").format(ICONS[operation.outcome], counted, words)


def _invoice(operation: Operation, voice: Voice) -> list[Markup]:
    invoice = capped(operation.invoice_id)
    return [voice("Invoice <code>{invoice}</code>", invoice=invoice)] if invoice else []


def _details(operation: Operation, voice: Voice) -> list[Markup]:
    lines: list[Markup] = []
    if operation.outcome is Outcome.FAILED or operation.reason_code:
        lines += [reason_words(operation, voice), *bank_words(operation, voice)]
    if reference := capped(operation.reference):
        lines.append(voice("RRN <code>{reference}</code>", reference=reference))
    return lines


def _people(operation: Operation, voice: Voice, *, private: bool) -> list[Markup]:
    """Whose money it is; an account that may be a phone number, an IIN or an e-mail stays out of groups."""
    lines = card_words(operation)
    if (account := capped(operation.account_id)) and (private or not _PERSONAL.search(clean(operation.account_id))):
        lines.append(voice("Account {account}", account=account))
    return lines + payer_words(operation, voice, private=private)


def _named_once(people: list[list[Markup]]) -> tuple[list[Markup], list[list[Markup]]]:
    """What stands above all attempts, since it is the same on every one of several, and what stays with each."""
    if len(people) > 1 and all(one == people[0] for one in people):
        return people[0], [[]] * len(people)
    return [], people
