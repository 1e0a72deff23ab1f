"""A period by terminal, the busiest first: what each took and how well."""

from collections.abc import Mapping

from markupsafe import Markup

from bot.model import Message, Tally, TerminalsReport
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.freshness import figures_line
from bot.views.operations import SEPARATOR
from bot.views.periods import headline, history_lines, span_words

_BLANK = Markup()


def by_terminal(report: TerminalsReport, voice: Voice) -> Message:
    """A paragraph a terminal; without buttons."""
    asked = report.asked
    span = span_words(asked, report.calendar, voice, now_on=report.calendar.today(report.at))
    ranked = sorted(report.terminals.items(), key=lambda one: (-_count(one[1]), one[0]))
    lines = [
        Markup("\n").join([_BLANK, Markup("<b>{}</b>").format(capped(report.merchant.terminal_name(number)))])
        + Markup("\n")
        + Markup("\n").join(_line(tally, currency, voice) for currency, tally in tallies.items() if tally.total)
        for number, tallies in ranked
    ]
    foot = [*history_lines(asked.figures, report.freshness, voice), figures_line(report.freshness, report.at, voice)]
    head = headline("🏪", report.merchant.name, span, report.calendar, voice)
    return Message(fit([head], lines or [_BLANK, voice("No operations.")], [_BLANK, *foot], voice))


def _count(tallies: Mapping[str, Tally]) -> int:
    return sum(tally.total for tally in tallies.values())


def _line(tally: Tally, currency: str, voice: Voice) -> Markup:
    paid = voice("Paid: {count} · {sum}", count=voice.number(tally.paid), sum=voice.money(tally.paid_sum, currency))
    parts = [voice("failed: {count}", count=voice.number(tally.failed))]
    if tally.success_rate is not None:
        parts.append(voice("success {rate}", rate=voice.percent(tally.success_rate)))
    return Markup("\n").join([paid, SEPARATOR.join(parts)])
