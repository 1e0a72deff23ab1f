"""How the bot is, in a person's words: the reading of each merchant and the queue to Telegram."""

from dataclasses import replace

from markupsafe import Markup

from bot.model import HealthReport, Message, SourceHealth
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button
from bot.views.causes import cause
from bot.views.freshness import figures_line

_BLANK = Markup()


def health(report: HealthReport, voice: Voice) -> Message:
    """One block a merchant, then what waits for Telegram."""
    up = voice.span(report.at - report.started_at)
    head = [voice("🩺 <b>epay-bot {version}</b> · running for {span}", version=report.version, span=up)]
    sources = [Markup("\n").join([_BLANK, *_source(source, report, voice)]) for source in report.sources]
    refresh = edit_button(voice.plain("🔄 Refresh"), "health", "")
    return Message(fit(head, sources, [_BLANK, *_queue(report, voice)], voice), [refresh])


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
