"""What a search found: how much there is altogether, a page of it, and buttons that keep the question."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from markupsafe import Markup

from bot.model import Button, Field, Message, Outcome, Search, SearchReport, SortKey, Tally
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.buttons import data_button, edit_button
from bot.views.freshness import live_line, stored_line, waiting_line
from bot.views.operations import ICONS, SEPARATOR
from bot.views.rows import operation_rows, page_buttons
from bot.views.sight import Sight

_BLANK = Markup()
_CURRENCIES = 4
_LARGEST = (SortKey(Field.AMOUNT, descending=True),)
_NEWEST = (SortKey(Field.CREATED, descending=True),)
_OUTCOMES = (Outcome.PAID, Outcome.FAILED, Outcome.UNDECIDED, Outcome.REFUNDED)


def search_results(report: SearchReport, voice: Voice, sight: Sight, *, totals: bool = True) -> Message:
    """One page, with the sums of all pages above it; without `totals` only how many there are."""
    rows = operation_rows(report.operations, report.merchants, report.at, voice, _sight(report, sight))
    text = fit(
        _head(report, voice, totals=totals), rows or [voice("Nothing found")], [_BLANK, _fresh(report, voice)], voice
    )
    return Message(text, _buttons(report, voice))


def _sight(report: SearchReport, sight: Sight) -> Sight | None:
    """Payers are told where they were asked for."""
    asked = any(condition.field is Field.PAYER for condition in report.search.conditions)
    return sight if asked else None


def _head(report: SearchReport, voice: Voice, *, totals: bool) -> list[Markup]:
    whole = replace(report.search, page=1)
    title = Markup("🔎 <code>{}</code>").format(capped(replace(whole, order=()).words or whole.words, TEXT_LENGTH))
    names = ", ".join(merchant.name for merchant in report.merchants)
    head = [title, SEPARATOR.join(part for part in [capped(names), _when(report, voice)] if part)]
    if not report.since_named:
        head.append(voice("You named no beginning, so I took seven days; write from=2026-11-01, or 30d for more"))
    sums = [*_sums(report, voice, totals=totals), _BLANK] if report.currencies else []
    return [*head, _BLANK, *sums]


def _when(report: SearchReport, voice: Voice) -> Markup:
    if not report.windows:
        return _BLANK
    start, end = report.windows[0].start, min(report.windows[-1].end - timedelta(microseconds=1), report.at)
    return Markup("{} – {}").format(_instant(start, voice), _instant(end, voice))


def _instant(at: datetime, voice: Voice) -> str:
    return voice.moment(at, at - timedelta(days=1))


def _sums(report: SearchReport, voice: Voice, *, totals: bool) -> list[Markup]:
    """A line for all, and one for each outcome where there are several; currencies stay apart."""
    tallies = report.currencies
    total = sum(tally.total for tally in tallies.values())
    found = voice.plural("Found: {n} operation", "Found: {n} operations", total)
    if not totals:
        return [Markup("<b>{}</b>").format(found)]
    amounts = {
        currency: tally.paid_sum + tally.failed_sum + tally.undecided_sum + tally.refunded_sum
        for currency, tally in tallies.items()
    }
    lines = [_joined(Markup("<b>{}</b>").format(found), amounts, voice)]
    counts = {outcome: sum(_count(tally, outcome) for tally in tallies.values()) for outcome in _OUTCOMES}
    several = [outcome for outcome in _OUTCOMES if counts[outcome]]
    for outcome in several if len(several) > 1 else ():
        sums = {currency: _sum(tally, outcome) for currency, tally in tallies.items() if _count(tally, outcome)}
        lines.append(_joined(Markup("{} {}").format(ICONS[outcome], voice.number(counts[outcome])), sums, voice))
    return lines


def _joined(count: Markup, sums: dict[str, int], voice: Voice) -> Markup:
    busiest = list(sums.items())
    shown = [Markup.escape(voice.money(amount, currency)) for currency, amount in busiest[:_CURRENCIES]]
    return SEPARATOR.join([count, *shown, *(["…"] if len(busiest) > _CURRENCIES else [])])


def _count(tally: Tally, outcome: Outcome) -> int:
    return int(getattr(tally, outcome.value))


def _sum(tally: Tally, outcome: Outcome) -> int:
    return int(getattr(tally, f"{outcome.value}_sum"))


def _fresh(report: SearchReport, voice: Voice) -> Markup:
    if report.live:
        return live_line(report.at, voice)
    if report.waiting:
        return waiting_line(report.freshness, report.at, voice)
    if report.too_many and report.freshness.through_at:
        through = voice.moment(report.freshness.through_at, report.at)
        return voice(
            "📦 Too much to ask the bank for, so this is what I have stored up to {through} ({zone}), "
            "seen {time}. Name a shorter time or a terminal to ask the bank",
            through=through,
            zone=voice.zone_name(),
            time=voice.clock_seconds(report.at),
        )
    return stored_line(report.freshness, report.at, voice)


def _buttons(report: SearchReport, voice: Voice) -> list[Sequence[Button]]:
    search = replace(report.search, page=report.page)
    largest = search.order == _LARGEST
    label = voice.plain("🕒 Newest first") if largest else voice.plain("💰 Largest first")
    sorting = _edit(label, replace(search, order=_NEWEST if largest else _LARGEST, page=1))
    several = report.pages > 1 or len(report.operations) > 1
    rows = [
        page_buttons("search", _pages(report), report.page, report.pages),
        [*(sorting if several else []), *_edit(voice.plain("🔄 Refresh"), search)],
    ]
    return [row for row in rows if row]


def _pages(report: SearchReport) -> dict[int, str]:
    near = range(max(report.page - 1, 1), min(report.page + 1, report.pages) + 1)
    return {number: replace(report.search, page=number).words for number in near}


def _edit(label: str, search: Search) -> list[Button]:
    return edit_button(label, "search", search.words)


def search_help(voice: Voice) -> Message:
    """For /search without words: what can be written, and what people ask most."""
    lines = [
        voice("What shall I look for? Write filters, one after another:"),
        *(
            Markup("<code>{}</code>").format(example)
            for example in (
                "invoice=12345   invoice~345",
                "terminal=Samal   account~77",
                "amount>=5000   amount between 100 and 500",
                "status=failed   reason=484   card=1187",
                "from=2026-11-01 to=2026-11-03   7d",
                "sort=-amount,created",
            )
        ),
        voice("or press a button:"),
    ]
    asked = (
        (voice.plain("❌ Failed today"), "status=failed today"),
        (voice.plain("💰 Over 100 000 ₸ in 7 days"), "amount>=100000 7d sort=-amount"),
        (voice.plain("⏳ Undecided in 7 days"), "status=undecided 7d"),
        (voice.plain("↩️ Refunded this month"), "status=refunded month"),
        (voice.plain("🏦 Failed at the bank in 7 days"), "status=failed reason in issuer,system 7d"),
    )
    return Message(Markup("\n").join(lines), [data_button(label, "search", words) for label, words in asked])
