"""A digest: the figures of a period that is over, what happened in it and what is still open."""

from datetime import datetime

from markupsafe import Markup

from bot.model import Button, DigestAlert, DigestIncident, DigestKind, DigestPart, Message, Silence
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.buttons import data_button
from bot.views.figures import period_figures
from bot.views.incidents import repeat_mark, silence_words
from bot.views.operations import SEPARATOR

_BLANK = Markup()


def digest_message(alert: DigestAlert, voice: Voice, *, now: datetime, repeated: bool = False) -> Message:
    """A block for each merchant; also when nothing happened, for that is a sign of life."""
    head = [*repeat_mark(voice, repeated), Markup("📰 <b>{}</b>").format(kind_words(alert.kind, voice))]
    if alert.late:
        due = voice.moment(alert.due_at, now)
        head.append(voice("⏳ It was due {time} ({zone}), but I was not running", time=due, zone=voice.zone_name()))
    lines = [line for part in alert.parts for line in _part(part, voice, now)]
    return Message(fit(head, lines, (), voice), _buttons(alert, voice), silent=alert.silent)


def kind_words(kind: DigestKind, voice: Voice) -> Markup:
    """What a digest is called."""
    return {
        DigestKind.DAILY: voice("Daily digest"),
        DigestKind.WEEKLY: voice("Weekly digest"),
        DigestKind.MONTHLY: voice("Monthly digest"),
    }[kind]


def _part(part: DigestPart, voice: Voice, now: datetime) -> list[Markup]:
    refusals = voice("Refused on the payer's side: {count}", count=voice.number(part.payer_refusals))
    aside = voice("⚠️ Records of the bank I could not read: {count}", count=voice.number(part.set_aside))
    return [
        _BLANK,
        period_figures(part.report, voice).text,
        *([refusals] if part.payer_refusals else ()),
        *([aside] if part.set_aside else ()),
        _BLANK,
        *_incidents(part, voice, now),
        *(_silence(one, part, voice, now) for one in part.silences),
    ]


def _incidents(part: DigestPart, voice: Voice, now: datetime) -> list[Markup]:
    if not part.incidents:
        if part.report.freshness.lost_since is not None:
            return [voice("No incidents that I know of")]
        return [voice("✅ All quiet: no incidents")]
    still = sum(incident.resolved_at is None for incident in part.incidents)
    head = voice("🚨 <b>Incidents: {count}</b>, open now: {open}", count=len(part.incidents), open=still)
    return [head, *(_incident(incident, voice, now) for incident in part.incidents)]


def _incident(incident: DigestIncident, voice: Voice, now: datetime) -> Markup:
    """`🟢 #12 · Samal-2 · 7 payments failed · 41 min · ✋ Aigerim`."""
    places = Markup(", ").join(map(capped, incident.terminals[:3])) + ("…" if len(incident.terminals) > 3 else "")
    what = (
        voice(incident.text, **{name: capped(str(value), TEXT_LENGTH) for name, value in incident.values.items()})
        if incident.text
        else voice.plural("{n} payment failed", "{n} payments failed", incident.count)
    )
    if incident.resolved_at is None:
        icon, span = "🔴", voice("since {time}", time=voice.moment(incident.since, now))
    else:
        icon, span = "🟢", Markup("{}").format(voice.span(incident.resolved_at - incident.since))
    who = Markup("✋ {}").format(capped(incident.who)) if incident.who else voice("nobody took it")
    head = Markup("{} #{}").format(icon, incident.number)
    return SEPARATOR.join(part for part in (head, places, what, span, who) if part)


def _silence(silence: Silence, part: DigestPart, voice: Voice, now: datetime) -> Markup:
    merchant = part.report.merchant
    places = ", ".join(map(merchant.terminal_name, silence.terminals)) or merchant.name
    return SEPARATOR.join([capped(places), silence_words(silence, voice, now)])


def _buttons(alert: DigestAlert, voice: Voice) -> list[list[Button]]:
    still_open = any(incident.resolved_at is None for part in alert.parts for incident in part.incidents)
    return [data_button(voice.plain("🚨 Alerts"), "alerts")] if still_open else []
