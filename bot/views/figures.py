"""A period in figures, per currency, beside the periods it is compared with."""

from collections.abc import Sequence

from markupsafe import Markup

from bot.model import Figures, InvoiceTally, Message, PeriodReport, Tally
from bot.texts import Voice
from bot.views.bars import bar_lines
from bot.views.blocks import fit
from bot.views.changes import compared
from bot.views.freshness import figures_line
from bot.views.periods import headline, history_lines, is_known, span_words

_TOP_REASONS = 5
_BLANK = Markup()
_NOTHING = Tally()


def period_figures(report: PeriodReport, voice: Voice) -> Message:
    """The period so far, the earlier ones cut at the same moment; without buttons."""
    asked, figures = report.asked, report.asked.figures
    name = report.terminal.name if report.terminal else report.merchant.name
    span = span_words(asked, report.calendar, voice, now_on=report.calendar.today(report.at))
    last = report.earlier[-1].figures
    lines = [
        *_currencies(report, voice),
        *_invoices(figures.invoices, voice),
        *_reasons(figures, voice),
        *bar_lines(asked.period, figures.bars, last.bars if is_known(last, report.freshness) else (), voice),
    ]
    foot = [*history_lines(figures, report.freshness, voice), figures_line(report.freshness, report.at, voice)]
    return Message(fit([headline("📊", name, span, report.calendar, voice)], lines, [_BLANK, *foot], voice))


def grand_total(reports: Sequence[PeriodReport], voice: Voice) -> Message:
    """The same period of several merchants in one sum a currency; how fresh it is stands with each merchant."""
    first = reports[0]
    tallies: dict[str, Tally] = {}
    invoices = InvoiceTally()
    for report in reports:
        invoices += report.asked.figures.invoices
        for currency, tally in report.asked.figures.currencies.items():
            tallies[currency] = tallies.get(currency, _NOTHING) + tally
    span = span_words(first.asked, first.calendar, voice, now_on=first.calendar.today(first.at))
    head = headline("Σ", voice.plain("All merchants"), span, first.calendar, voice)
    lines = [line for currency, tally in sorted(tallies.items()) for line in _tallied(tally, currency, (), voice)]
    lines += _invoices(invoices, voice)
    return Message(fit([head], lines or [_BLANK, voice("No operations.")], (), voice))


def _currencies(report: PeriodReport, voice: Voice) -> list[Markup]:
    """A block a currency: sums of different currencies never meet."""
    figures, earlier = report.asked.figures, report.earlier
    if figures.window.start >= figures.window.end:
        return [_BLANK, voice("Nothing of this period has been read from the bank yet.")]
    busy = [currency for currency, tally in figures.currencies.items() if tally.total]
    lines = [] if busy else [_BLANK, voice("No operations yet.") if report.asked.cut else voice("No operations.")]
    for currency in busy or sorted({currency for one in earlier for currency in one.figures.currencies}):
        tally = figures.currencies.get(currency, _NOTHING)
        changes = [compared(tally, one, currency, report, voice) for one in earlier]
        lines += _tallied(tally, currency, changes, voice)
    return lines


def _tallied(tally: Tally, currency: str, changes: Sequence[Markup], voice: Voice) -> list[Markup]:
    paid = [_BLANK, *_paid(tally, currency, voice)] if tally.total else []
    return [*paid, *changes, *_unpaid(tally, currency, voice), *_success(tally, voice)]


def _paid(tally: Tally, currency: str, voice: Voice) -> list[Markup]:
    total = voice.money(tally.paid_sum, currency)
    lines = [voice("Paid: <b>{count} · {sum}</b>", count=voice.number(tally.paid), sum=total)]
    if tally.average is not None:
        lines.append(voice("Average: {sum}", sum=voice.money(tally.average, currency)))
    return lines


def _unpaid(tally: Tally, currency: str, voice: Voice) -> list[Markup]:
    counted = [
        (voice("Failed"), tally.failed, tally.failed_sum),
        (voice("Undecided"), tally.undecided, tally.undecided_sum),
        (voice("Refunded"), tally.refunded, tally.refunded_sum),
    ]
    return [
        Markup("{}: {} · {}").format(what, voice.number(count), voice.money(total, currency))
        for what, count, total in counted
        if count
    ]


def _success(tally: Tally, voice: Voice) -> list[Markup]:
    if tally.success_rate is None:
        return []
    good, all_decided = voice.number(tally.paid + tally.refunded), voice.number(tally.decided)
    rate = voice.percent(tally.success_rate)
    return [voice("Success by attempt: {rate} ({good} of {all})", rate=rate, good=good, all=all_decided)]


def _invoices(invoices: InvoiceTally, voice: Voice) -> list[Markup]:
    if invoices.success_rate is None:
        return []
    good, decided, rate = voice.number(invoices.paid), voice.number(invoices.decided), invoices.success_rate
    return [
        voice("Success by invoice: {rate} ({good} of {all})", rate=voice.percent(rate), good=good, all=decided),
    ]


def _reasons(figures: Figures, voice: Voice) -> list[Markup]:
    """The most frequent reasons, each with its share of all failures."""
    total = sum(reason.count for reason in figures.reasons)
    counted = [(voice.reason(reason.code), reason.count) for reason in figures.reasons[:_TOP_REASONS]]
    if rest := sum(reason.count for reason in figures.reasons[_TOP_REASONS:]):
        counted.append((voice.plain("other"), rest))
    rows = [
        Markup("{} – {} ({})").format(reason, voice.number(count), voice.percent(max(round(count / total, 2), 0.01)))
        for reason, count in counted
        if total
    ]
    return [_BLANK, voice("Why payments failed:"), *rows] if rows else []
