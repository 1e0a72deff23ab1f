"""Lists of stored operations, and terminals to pick from."""

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from bot.model import Button, ListReport, Message, Terminal
from bot.texts import Voice
from bot.views.blocks import NAME_LENGTH, TEXT_LENGTH, capped, fit
from bot.views.buttons import edit_button
from bot.views.freshness import figures_line
from bot.views.operations import SEPARATOR
from bot.views.rows import operation_rows, page_buttons

_BLANK = Markup()
_OFFERED = 3
_PLAIN_SIZE = 10
_PICKABLE = 12


def failed_list(report: ListReport, voice: Voice) -> Message:
    """The answer to /failed."""
    days = report.reach.days
    nothing = voice.plural("No payment failed in the last {n} day", "No payment failed in the last {n} days", days)
    return _list(report, "failed", voice("❌ <b>Failed payments</b>"), nothing, voice)


def last_list(report: ListReport, voice: Voice) -> Message:
    """The answer to /last."""
    nothing = voice.plural(
        "There was no payment in the last {n} day", "There was no payment in the last {n} days", report.reach.days
    )
    return _list(report, "last", voice("🧾 <b>Latest payments</b>"), nothing, voice)


def _list(report: ListReport, command: str, title: Markup, nothing: Markup, voice: Voice) -> Message:
    head = [SEPARATOR.join([title, capped(report.name, TEXT_LENGTH)]), _BLANK]
    rows = operation_rows(report.operations, report.merchants, report.at, voice, None)
    text = fit(head, rows or [nothing], [_BLANK, _fresh(report, voice)], voice)
    return Message(text, _buttons(report, command, voice))


def _fresh(report: ListReport, voice: Voice) -> Markup:
    """How fresh, and when that was asked: a refreshed list shows that it was."""
    seen = voice("seen {time} ({zone})", time=voice.clock_seconds(report.at), zone=voice.zone_name())
    return SEPARATOR.join([figures_line(report.freshness, report.at, voice), seen])


def _buttons(report: ListReport, command: str, voice: Voice) -> list[Sequence[Button]]:
    near = [number for number in (report.page - 1, report.page, report.page + 1) if number > 0]
    words = {number: _words(report, page=number) for number in near if number <= report.page or report.more}
    alone = report.page == 1 and not report.more
    turning = [] if alone else page_buttons(command, words, report.page, None)
    refresh = edit_button(voice.plain("🔄 Refresh"), command, words[report.page])
    rows = [turning, _picking(report, command, voice), refresh]
    return [row for row in rows if row]


def _words(report: ListReport, *, page: int) -> str:
    size = [str(report.size)] if report.size != _PLAIN_SIZE else []
    return " ".join([*report.words, *size, *([f"p{page}"] if page > 1 else [])])


def _picking(report: ListReport, command: str, voice: Voice) -> list[Button]:
    """One of the terminals instead of all of them, or all instead of one."""
    if report.words:
        return edit_button(voice.plain("All terminals"), command)
    if len(report.terminals) < 2:
        return []
    return [button for one in report.terminals[:_OFFERED] for button in edit_button(_label(one), command, one.id)]


def _label(terminal: Terminal) -> str:
    return str(capped(terminal.name, NAME_LENGTH // 4).unescape())


def with_terminals(message: Message, terminals: Sequence[Terminal], voice: Voice) -> Message:
    """The message with a button a terminal, for its own figures of today."""
    buttons = [button for one in terminals[:_PICKABLE] for button in edit_button(_label(one), "today", one.id)]
    rows = [buttons[place : place + 3] for place in range(0, len(buttons), 3)]
    return replace(message, buttons=[*rows, edit_button(voice.plain("🔄 Refresh"), "terminals")])
