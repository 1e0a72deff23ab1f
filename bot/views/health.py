"""How the bot is, in a person's words: the reading of each merchant and the queue to Telegram."""

from dataclasses import replace
from enum import IntEnum

from markupsafe import Markup

from bot.model import HealthReport, Message, SourceHealth
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button
from bot.views.causes import cause
from bot.views.freshness import figures_line

FEW = 5
_BLANK = Markup()


class _Trouble(IntEnum):
    """The worst first."""

    LOST = 0
    NEW = 1
    SOME = 2
    NONE = 3


def health(report: HealthReport, voice: Voice) -> Message:
    """One block a merchant, those in trouble first, then what waits for Telegram."""
    up = voice.span(report.at - report.started_at)
    head = [voice("🩺 <b>epay-bot {version}</b> · running for {span}", version=report.version, span=up)]
    if len(report.sources) > FEW:
        unread = sum(_trouble(source) < _Trouble.SOME for source in report.sources)
        counts = {"count": voice.number(len(report.sources)), "unread": voice.number(unread)}
        head.append(voice("Merchants: {count}, without an answer from the bank: {unread}", **counts))
    ordered = sorted(report.sources, key=_trouble)
    sources = [Markup("\n").join([_BLANK, *_source(source, report, voice)]) for source in ordered]
    refresh = edit_button(voice.plain("🔄 Refresh"), "health", "")
    return Message(fit(head, sources, [_BLANK, *_queue(report, voice)], voice), [refresh])


def _trouble(source: SourceHealth) -> _Trouble:
    if source.freshness.lost_since:
        return _Trouble.LOST
    if source.last_ok_at is None:
        return _Trouble.NEW
    return _Trouble.SOME if source.last_error or source.set_aside else _Trouble.NONE


def _source(source: SourceHealth, report: HealthReport, voice: Voice) -> list[Markup]:
    through = replace(source.freshness, lost_since=None)
    lines = [_state(source, report, voice), figures_line(through, report.at, voice)]
    if source.freshness.through_at:
        stored, undecided = voice.number(source.operations), voice.number(source.undecided)
        lines.append(voice("Stored operations: {stored}, undecided: {undecided}", stored=stored, undecided=undecided))
    lines += _history(source, voice)
    if source.set_aside:
        count = voice.number(source.set_aside)
        lines.append(voice("Records of the bank that could not be read: {count}", count=count))
    if source.last_error:
        lines.append(voice("Last error: {error}", error=cause(source.last_error, voice)))
    return lines


def _state(source: SourceHealth, report: HealthReport, voice: Voice) -> Markup:
    name = capped(source.merchant.name)
    if source.freshness.lost_since:
        span = voice.span(report.at - source.freshness.lost_since)
        return voice("⚠️ <b>{name}</b>: no answer from the bank for {span}", name=name, span=span)
    if source.last_ok_at is None:
        return voice("⏳ <b>{name}</b>: no answer from the bank yet", name=name)
    return voice("✅ <b>{name}</b>: the bank answered {ago}", name=name, ago=voice.ago(source.last_ok_at, report.at))


def _history(source: SourceHealth, voice: Voice) -> list[Markup]:
    lines = []
    if source.watching_since:
        since = voice.day(voice.local(source.watching_since).date())
        lines.append(voice("Alerts for what happened since {day}", day=since))
    if source.backfilled_to and source.backfill_until:
        reached, goal = (voice.day(voice.local(at).date()) for at in (source.backfilled_to, source.backfill_until))
        if source.backfilled_to > source.backfill_until:
            lines.append(voice("History is read back to {reached}, on the way to {goal}", reached=reached, goal=goal))
        else:
            lines.append(voice("History is complete since {day}", day=goal))
    return lines


def _queue(report: HealthReport, voice: Voice) -> list[Markup]:
    if report.outbox_waiting and report.outbox_oldest_at:
        count, span = voice.number(report.outbox_waiting), voice.span(report.at - report.outbox_oldest_at)
        lines = [voice("📨 Waiting for Telegram: {count}, the oldest for {span}", count=count, span=span)]
    else:
        lines = [voice("📨 Nothing waits for Telegram")]
    if report.last_sent_at:
        time = voice.moment(report.last_sent_at, report.at)
        lines.append(voice("Last alert sent: {time}", time=time))
    if report.outbox_dead:
        count = voice.number(report.outbox_dead)
        lines.append(voice("⚠️ Not delivered: {count}, see /deliveries", count=count))
    lines.append(voice("Store: {version}", version=report.store))
    return lines
