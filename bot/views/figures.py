"""A day in figures, per currency, beside the days it is compared with; and the hours as a line of bars."""

from collections.abc import Sequence

from markupsafe import Markup

from bot.model import DayReport, Figures, Message, Tally
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button
from bot.views.freshness import figures_line

_BARS = "▁▂▃▄▅▆▇█"
_TOP_REASONS = 5
_FEW = 5
_TENGE = 100
_MANIFOLD = 10
_BLANK = Markup()
_NOTHING = Tally()


def sparkline(values: Sequence[int], top: int | None = None) -> str:
    """A bar a value, the tallest for `top` (by default the largest value); the lowest is only for nothing at all."""
    highest = max(top or 0, *values, 1)
    steps = len(_BARS) - 1
    return "".join(_BARS[-(-max(value, 0) * steps // highest)] for value in values)


def today(report: DayReport, voice: Voice) -> Message:
    """A day so far, the days before it cut at the same time of day."""
    lines = [*_currencies(report, voice), *_reasons(report.figures, voice), *_hours(report, voice)]
    text = fit([_headline(report, voice)], lines, [_BLANK, figures_line(report.freshness, report.at, voice)], voice)
    refresh = edit_button(voice.plain("🔄 Refresh"), "today", report.terminal.id if report.terminal else "")
    return Message(text, [refresh] if refresh else ())


def _headline(report: DayReport, voice: Voice) -> Markup:
    name = capped(report.terminal.name if report.terminal else report.merchant.name)
    time = voice.clock(report.figures.window.end)
    return voice("📊 <b>{name}</b> · today until {time} ({zone})", name=name, time=time, zone=voice.zone_name())


def _currencies(report: DayReport, voice: Voice) -> list[Markup]:
    """A block a currency: sums of different currencies never meet."""
    now, earlier = report.figures.currencies, (report.day_before, report.week_before)
    busy = [currency for currency, tally in now.items() if tally.total]
    lines = [] if busy else [_BLANK, voice("No operations yet.")]
    for currency in busy or sorted({currency for figures in earlier for currency in figures.currencies}):
        tally = now.get(currency, _NOTHING)
        lines += [_BLANK, *_paid(tally, currency, voice)] if tally.total else []
        lines += [_compared(tally, figures, currency, report, voice) for figures in earlier]
        lines += [*_unpaid(tally, currency, voice), *_success(tally, voice)]
    return lines + _invoices(report.figures, voice)


def _paid(tally: Tally, currency: str, voice: Voice) -> list[Markup]:
    total = voice.money(tally.paid_sum, currency)
    lines = [voice("Paid: <b>{count} · {sum}</b>", count=voice.number(tally.paid), sum=total)]
    if tally.paid:
        average = round(tally.paid_sum / tally.paid / _TENGE) * _TENGE
        lines.append(voice("Average: {sum}", sum=voice.money(average, currency)))
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


def _invoices(figures: Figures, voice: Voice) -> list[Markup]:
    invoices = figures.invoices
    if invoices.success_rate is None:
        return []
    good, decided, rate = voice.number(invoices.paid), voice.number(invoices.decided), invoices.success_rate
    return [
        voice("Success by invoice: {rate} ({good} of {all})", rate=voice.percent(rate), good=good, all=decided),
    ]


def _compared(tally: Tally, figures: Figures, currency: str, report: DayReport, voice: Voice) -> Markup:
    """The change of the sum paid; on too few payments the payments themselves, since a percentage would mislead."""
    base = figures.currencies.get(currency, _NOTHING)
    day = _day(figures, report, voice)
    if not base.paid:
        return voice("{day} by this time: nothing paid", day=day)
    if base.paid < _FEW or base.paid_sum <= 0 or not tally.total:
        total = voice.money(base.paid_sum, currency)
        return voice("{day} by this time: {count} · {sum}", day=day, count=voice.number(base.paid), sum=total)
    change = _change(tally.paid_sum, base.paid_sum, voice)
    if figures is report.day_before:
        return voice("{change} against this time yesterday", change=change)
    return voice("{change} against this time on {day}", change=change, day=day)


def _day(figures: Figures, report: DayReport, voice: Voice) -> str:
    if figures is report.day_before:
        return voice.plain("Yesterday")
    return voice.weekday(voice.local(figures.window.start).date())


def _change(now: int, base: int, voice: Voice) -> str:
    if now >= base * _MANIFOLD:
        return f"▲ ×{voice.number(now // base)}"
    percent = round((now - base) * 100 / base)
    arrow = "▲" if percent > 0 else "▼" if percent < 0 else "="
    return f"{arrow} {voice.number(abs(percent))}\u00a0%"


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


def _hours(report: DayReport, voice: Voice) -> list[Markup]:
    """Operations by hour as bars, this day over the same weekday last week, both on one scale."""
    hours, week_ago = report.figures.hours, report.week_before.hours
    top = max((*hours, *week_ago), default=0)
    if top <= 0:
        return []
    first = voice.local(report.figures.window.start).hour
    span = f"{first:02}–{first + len(hours) - 1:02}"
    lines = [voice("{bars} by hour, {span}", bars=_bars(hours, top), span=span)] if hours else []
    lines += [voice("{bars} a week ago", bars=_bars(week_ago, top))] if week_ago else []
    return [_BLANK, *lines]


def _bars(values: Sequence[int], top: int) -> Markup:
    return Markup("<code>{}</code>").format(sparkline(values, top))
