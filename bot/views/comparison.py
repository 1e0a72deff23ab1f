"""Two periods side by side in a table a phone can show: at most 34 columns, a line more where a sum is wide."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from bot.model import ComparisonReport, InvoiceTally, Message, PeriodFigures, Tally
from bot.texts import Voice
from bot.views.bars import sparkline
from bot.views.blocks import fit
from bot.views.changes import change_words
from bot.views.freshness import figures_line
from bot.views.periods import headline, history_lines, is_known, span_words

COLUMNS = 34
_BLANK = Markup()
_NOTHING = Tally()
Cells = tuple[str, str, str]


def comparison(report: ComparisonReport, voice: Voice) -> Message:
    """What each number means, a table a currency, and how fresh both are; without buttons."""
    now_on = report.calendar.today(report.at)
    name = report.terminal.name if report.terminal else report.merchant.name
    spans = [span_words(side, report.calendar, voice, now_on=now_on) for side in report.sides]
    head = [
        headline("⚖️", name, voice.plain("two periods"), report.calendar, voice),
        *(Markup("<b>{}</b> · {}").format(number, span) for number, span in enumerate(spans, 1)),
    ]
    tables = [line for currency in _currencies(report.sides) for line in _table(report, currency, voice)]
    lines = [*tables, *_invoices(report.sides, voice)] or [_BLANK, voice("No operations.")]
    foot = [*history_lines(report.sides[0].figures, report.freshness, voice)]
    foot.append(figures_line(report.freshness, report.at, voice))
    return Message(fit(head, [*lines, *_series(report.sides)], [_BLANK, *foot], voice))


def _currencies(sides: Iterable[PeriodFigures]) -> list[str]:
    return sorted({currency for side in sides for currency, tally in side.figures.currencies.items() if tally.total})


def _table(report: ComparisonReport, currency: str, voice: Voice) -> list[Markup]:
    one, two = (side.figures.currencies.get(currency, _NOTHING) for side in report.sides)
    rows = [(voice.unit(currency), "1", "2"), *_cells(one, two, voice)]
    return [_BLANK, table(rows), *_change(one, two, report, voice)]


def _cells(one: Tally, two: Tally, voice: Voice) -> list[Cells]:
    """Label and both values of every row; what neither has is left out."""
    counted = [
        (voice.plain("Failed"), one.failed, two.failed, one.failed_sum, two.failed_sum),
        (voice.plain("Undecided"), one.undecided, two.undecided, one.undecided_sum, two.undecided_sum),
        (voice.plain("Refunded"), one.refunded, two.refunded, one.refunded_sum, two.refunded_sum),
    ]
    cells = [
        (voice.plain("Paid"), voice.number(one.paid), voice.number(two.paid)),
        (voice.plain("Sum"), voice.amount(one.paid_sum), voice.amount(two.paid_sum)),
        (voice.plain("Average"), _average(one, voice), _average(two, voice)),
    ]
    for label, count_one, count_two, sum_one, sum_two in counted:
        if count_one or count_two:
            cells.append((label, voice.number(count_one), voice.number(count_two)))
            cells.append(("", voice.amount(sum_one), voice.amount(sum_two)))
    rates = _rates(one, two, voice)
    return [*cells, (voice.plain("Success by attempt"), *rates[0]), ("", *rates[1])]


def _average(tally: Tally, voice: Voice) -> str:
    return "–" if tally.average is None else voice.amount(tally.average)


def _rates(
    one: Tally | InvoiceTally, two: Tally | InvoiceTally, voice: Voice
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Success rates and, below them, what they are of."""
    rates, parts = [], []
    for tally in (one, two):
        good = tally.paid + tally.refunded if isinstance(tally, Tally) else tally.paid
        rates.append("–" if tally.success_rate is None else voice.percent(tally.success_rate))
        parts.append(f"{voice.number(good)}/{voice.number(tally.decided)}")
    return (rates[0], rates[1]), (parts[0], parts[1])


def _change(one: Tally, two: Tally, report: ComparisonReport, voice: Voice) -> list[Markup]:
    if one.paid_sum <= 0 or not all(is_known(side.figures, report.freshness) for side in report.sides):
        return []
    return [voice("Sum paid: {change}", change=change_words(two.paid_sum, one.paid_sum, voice))]


def _invoices(sides: tuple[PeriodFigures, PeriodFigures], voice: Voice) -> list[Markup]:
    one, two = (side.figures.invoices for side in sides)
    if not one.decided and not two.decided:
        return []
    rates, parts = _rates(one, two, voice)
    return [table([("", "1", "2"), (voice.plain("Success by invoice"), *rates), ("", *parts)])]


def _series(sides: tuple[PeriodFigures, PeriodFigures]) -> list[Markup]:
    series = [[bar.total for bar in side.figures.bars] for side in sides]
    top = max((value for values in series for value in values), default=0)
    if top <= 0:
        return []
    lines = [
        Markup("{} <code>{}</code>").format(number, sparkline(values, top))
        for number, values in enumerate(series, 1)
        if values
    ]
    return [_BLANK, *lines]


def table(rows: Sequence[Cells]) -> Markup:
    """Labels left, two values right; a label or a value too wide for its place gets a line of its own."""
    width = min(max(len(value) for row in rows for value in row[1:]), (COLUMNS - 1) // 2)
    lines = [line for row in rows for line in _lines(row, width)]
    return Markup("<pre>{}</pre>").format("\n".join(lines))


def _lines(cells: Cells, width: int) -> list[str]:
    label, one, two = cells
    if max(len(one), len(two)) > width:
        return [*([label] if label else []), one.rjust(COLUMNS), two.rjust(COLUMNS)]
    room = COLUMNS - 2 * (width + 1)
    values = f"{one.rjust(width)} {two.rjust(width)}"
    if len(label) <= room:
        return [f"{label.ljust(max(room, 0))} {values}"[-COLUMNS:]]
    return [label, values.rjust(COLUMNS)]
