"""The answer to a look-up: every attempt on an invoice and what became of it."""

from collections.abc import Sequence
from datetime import timedelta

from markupsafe import Markup, escape

from bot.model import Button, FoundReport, Message, Operation, Outcome, Window
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import copy_button, data_button, edit_button
from bot.views.freshness import live_line, stored_line, waiting_line
from bot.views.operations import (
    ICONS,
    SEPARATOR,
    bank_words,
    card_words,
    outcome_words,
    payer_words,
    reason_words,
)
from bot.views.sight import Sight
from bot.views.story import bank_word, duration, past_words, story

_BLANK = Markup()


def found(report: FoundReport, voice: Voice, sight: Sight) -> Message:
    """All attempts, newest first, and what became of the invoice."""
    shared, people = _named_once([_people(operation, voice, sight) for operation in report.operations])
    head = [*_headline(report, voice), *shared] if report.operations else _nothing(report, voice)
    text = fit(head, _attempts(report, people, voice), [_BLANK, _freshness(report, voice)], voice)
    return Message(text, _buttons(report, voice, sight))


def _freshness(report: FoundReport, voice: Voice) -> Markup:
    if report.live:
        return live_line(report.at, voice)
    line = waiting_line if report.waiting else stored_line
    return line(report.freshness, report.at, voice)


def _buttons(report: FoundReport, voice: Voice, sight: Sight) -> list[list[Button]]:
    """What one wants to know next; who pays only where that is not shown already."""
    operations = report.operations
    reference = next((one.reference for one in operations if one.reference), "")
    terminal = next((one.terminal_id for one in operations if one.terminal_id), "")
    payer = next((one.id for one in operations if sight.hides(one)), "")
    rows = [
        [
            *edit_button(voice.plain("🔄 Refresh"), "find", report.query),
            *copy_button(voice.plain("📎 Copy RRN"), reference),
        ],
        [
            *(data_button(voice.plain("📊 Terminal today"), "today", terminal) if terminal else ()),
            *(data_button(voice.plain("👁 Show payer"), "payer", payer) if payer else ()),
        ],
    ]
    if report.others:
        fits = voice.plain("🔎 Also fits: {count}", count=voice.number(report.others))
        rows.append(data_button(fits, "matches", report.query))
    return [row for row in rows if row]


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
    return [SEPARATOR.join(told), *duration(report, voice), *bank_word(report, voice), *_place(report)]


def _place(report: FoundReport) -> list[Markup]:
    """The terminal all attempts share, else the merchant alone."""
    terminals = {operation.terminal_id for operation in report.operations}
    names = [report.merchant.terminal_name(terminals.pop())] if len(terminals) == 1 else []
    shown = [name for name in map(capped, [*names, report.merchant.name]) if name]
    return [SEPARATOR.join(shown)] if shown else []


def _is_one_invoice(operations: Sequence[Operation]) -> bool:
    return len({operation.invoice_id for operation in operations}) == 1


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
            *past_words(operation, report, voice),
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


def _people(operation: Operation, voice: Voice, sight: Sight) -> list[Markup]:
    """Whose money it is, as far as may be seen."""
    lines = card_words(operation)
    if account := capped(sight.account(operation)):
        lines.append(voice("Account {account}", account=account))
    return lines + payer_words(operation, voice, sight)


def _named_once(people: list[list[Markup]]) -> tuple[list[Markup], list[list[Markup]]]:
    """What stands above all attempts, since it is the same on every one of several, and what stays with each."""
    if len(people) > 1 and all(one == people[0] for one in people):
        return people[0], [[]] * len(people)
    return [], people
