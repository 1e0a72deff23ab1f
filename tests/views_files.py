"""FILE_VIEWS: what is said around pictures and files, and the words inside them, for the reviewed messages."""

from collections.abc import Callable
from dataclasses import replace

from markupsafe import Markup
from views_samples import ALMATY, BUSY, DAY, FAILED, HOSTILE, NOW, PAID, REFUNDED, SHOP, UNDECIDED, earlier
from views_samples import period_report as report_of

from bot.exports import Format
from bot.model import Figures, Freshness, Message, PeriodFigures, Tally
from bot.texts import Voice
from bot.views import Export, Listing, Sight, ask_export, chart_buttons, chart_picture, period_chart

MONTH = ALMATY.month(NOW)
ASKED = PeriodFigures(MONTH, Figures(window=ALMATY.until(MONTH, NOW), currencies={}), cut=True)
WEEK_AGO = earlier(7, currencies={"KZT": Tally(paid=190, paid_sum=294_900_000)})
DAY_MARKS = ALMATY.marks(ALMATY.today(NOW), ALMATY.window(ALMATY.today(NOW)))
WEEK = ALMATY.week(NOW + 2 * DAY)
WEEK_MARKS = ALMATY.marks(
    replace(WEEK, last=WEEK.first + 6 * DAY), ALMATY.window(replace(WEEK, last=WEEK.first + 6 * DAY))
)


def told(voice: Voice, name: str = "Samal-2") -> Export:
    return Export(name, ASKED, ALMATY, voice, now=NOW)


def chart_words(voice: Voice) -> Message:
    """Everything a picture says."""
    report = report_of()
    chart = period_chart(report, DAY_MARKS, WEEK_AGO, voice)
    week = period_chart(report, WEEK_MARKS, replace(WEEK_AGO, period=WEEK.earlier()[0]), voice)
    ticks = [" ".join(tick for tick in one.ticks if tick) for one in (chart, week)]
    words = [chart.title, chart.period, chart.paid.words, chart.failed.words, chart.before.words, *ticks, chart.nothing]
    return Message(Markup.escape("\n".join(words)))


def file_words(voice: Voice) -> Message:
    """Headings and cells of a file, a column a line, and its totals."""
    listing = Listing(voice, Sight.FULL, several=True)
    table = listing.table(Format.XLSX, 0)
    rows = [listing.row(operation, SHOP) for operation in (FAILED, PAID, UNDECIDED, REFUNDED)]
    lines = [
        f"{column.title}: {' | '.join(map(str, cells))}" for column, *cells in zip(table.columns, *rows, strict=True)
    ]
    totals = [" | ".join(map(str, row)) for row in listing.totals({"KZT": BUSY})]
    heads = " | ".join(column.title for column in table.totals_columns)
    return Message(Markup.escape("\n".join([table.title, *lines, "", table.totals_title, heads, *totals])))


FILE_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "chart-words": chart_words,
    "chart-caption": lambda voice: replace(
        chart_picture(report_of(), b"", voice), buttons=chart_buttons(("98151552",), ("week",), voice)
    ),
    "export-ask": lambda voice: ask_export((), ("98151552",), (Format.XLSX, Format.CSV), voice),
    "export-ask-format": lambda voice: ask_export(("01.11", "07.11"), (), (Format.XLSX, Format.CSV), voice),
    "export-begins": lambda voice: told(voice).progress(0, 100_000),
    "export-caption": lambda voice: Message(told(voice, HOSTILE).caption(1, 1)),
    "export-empty": lambda voice: told(voice).empty(),
    "export-interrupted": lambda voice: told(voice).interrupted(),
    "export-part": lambda voice: Message(told(voice).caption(2, 3)),
    "export-progress": lambda voice: told(voice).progress(12_000, 100_000),
    "export-ready": lambda voice: told(voice).ready(100_021, Freshness(NOW), NOW),
    "export-sending": lambda voice: told(voice).sending(3),
    "export-words": file_words,
}
