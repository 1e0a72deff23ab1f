"""Several operations fit what was asked: a list to choose from, a numbered button for each."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from bot.model import Button, MatchReport, Message, Operation
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import data_button
from bot.views.freshness import figures_line, waiting_line
from bot.views.operations import ICONS, SEPARATOR, outcome_name

_BLANK = Markup()
_IN_A_ROW = 4


def matches(report: MatchReport, voice: Voice) -> Message:
    """The newest operations that fit, how many there are in all, and how to come to fewer."""
    shown, query = report.operations, capped(report.query)
    lines = [_BLANK, *(_row(number, one, report, voice) for number, one in enumerate(shown, 1))]
    foot = [_BLANK, *_rest(report, voice), _freshness(report, voice)]
    head = voice("🔎 <code>{query}</code>", query=query) if query else Markup("🔎")
    text = fit([SEPARATOR.join([head, _count(report, voice)])], lines, foot, voice)
    return Message(text, [*_choices(shown), *_search(report.part, voice)])


def _count(report: MatchReport, voice: Voice) -> Markup:
    if report.uncounted:
        return voice("at least {count} fit", count=voice.number(report.total))
    return voice.plural("{n} fits", "{n} fit", report.total)


def _rest(report: MatchReport, voice: Voice) -> list[Markup]:
    if report.total <= len(report.operations) and not report.uncounted:
        return []
    return [voice("These are the newest. With more digits I find fewer.")]


def _freshness(report: MatchReport, voice: Voice) -> Markup:
    line = waiting_line if report.waiting else figures_line
    return line(report.freshness, report.at, voice)


def _row(number: int, operation: Operation, report: MatchReport, voice: Voice) -> Markup:
    """`1. ❌ 14:32 · INV-88213 · 25 000 ₸ · failed`."""
    invoice = capped(operation.invoice_id)
    parts = [
        escape(voice.moment(operation.created_at, report.at)),
        *([Markup("<code>{}</code>").format(invoice)] if invoice else []),
        escape(voice.money(operation.amount, operation.currency)),
        outcome_name(operation.outcome, voice),
    ]
    return Markup("{}. {} {}").format(number, ICONS[operation.outcome], SEPARATOR.join(parts))


def _choices(operations: Sequence[Operation]) -> list[list[Button]]:
    buttons = [
        button
        for number, operation in enumerate(operations, 1)
        if (known := operation.invoice_id or operation.reference)
        for button in data_button(str(number), "find", known)
    ]
    return [buttons[first : first + _IN_A_ROW] for first in range(0, len(buttons), _IN_A_ROW)]


def _search(part: str, voice: Voice) -> list[list[Button]]:
    """The same among all invoices of a month, wherever in them; what the search language would read otherwise not."""
    if not (part.isascii() and part.isalnum()):
        return []
    return [data_button(voice.plain("🔎 Anywhere in an invoice, 30 days"), "search", f"invoice~{part}", "30d")]
