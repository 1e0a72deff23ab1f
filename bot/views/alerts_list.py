"""Incidents as a list: what is open, what was lately, and which of them is meant."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

from bot.model import Button, IncidentAlert, Message
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import data_button, edit_button
from bot.views.incidents import count_words, state_of, symptom_words, where
from bot.views.operations import SEPARATOR

_HANDLED = 6
_ASKED = 12
_IN_A_ROW = 4
_BLANK = Markup()


def alerts_list(alerts: Sequence[IncidentAlert], voice: Voice, now: datetime) -> Message:
    """Open ones with buttons to each, then those that are over."""
    open_now = [alert for alert in alerts if alert.incident.is_open]
    over = [alert for alert in alerts if not alert.incident.is_open]
    lines = [_line(alert, voice, now) for alert in open_now] or [voice("Nothing is failing now.")]
    if over:
        lines += [_BLANK, voice("<b>Over in the last 24 hours</b>"), *(_line(alert, voice, now) for alert in over)]
    head = voice("🚨 <b>Alerts</b> · {time} ({zone})", time=voice.clock_seconds(now), zone=voice.zone_name())
    rows = [*(_handling(alert, voice) for alert in open_now[:_HANDLED]), *_looking(over[:_IN_A_ROW])]
    return Message(fit([head, _BLANK], lines, (), voice), [*rows, edit_button(voice.plain("🔄 Refresh"), "alerts")])


def ask_incident(alerts: Sequence[IncidentAlert], command: str, words: Sequence[str], voice: Voice) -> Message:
    """Which of the open incidents is meant."""
    if not alerts:
        return Message(voice("Nothing is failing now."))
    buttons = [
        button
        for alert in alerts[:_ASKED]
        for button in edit_button(_label(alert), command, str(alert.incident.number), *words)
    ]
    return Message(voice("Which incident?"), [[button] for button in buttons])


def _label(alert: IncidentAlert) -> str:
    names = [alert.terminal_names.get(place, place) for place in alert.incident.places] or [alert.merchant_name]
    return f"#{alert.incident.number} · {capped(', '.join(names)).unescape()}"


def _line(alert: IncidentAlert, voice: Voice, now: datetime) -> Markup:
    incident = alert.incident
    icon, state = state_of(alert, voice, now)
    when = voice.moment(incident.since, now)
    if incident.resolved_at:
        when = f"{when} – {voice.moment(incident.resolved_at, now)}"
    head = Markup("{} <b>#{} · {}</b>").format(icon, incident.number, state)
    what = [symptom_words(incident, voice)] if incident.key else count_words(incident, voice)
    return SEPARATOR.join([head, where(alert, voice), *what, escape(when)])


def _handling(alert: IncidentAlert, voice: Voice) -> list[Button]:
    number = str(alert.incident.number)
    take = [] if alert.incident.acknowledged else data_button(f"✋ #{number}", "ack", number)
    later = data_button(voice.plain("😴 #{number} 1 h", number=number), "snooze", number, "1h")
    return [*take, *later, *data_button(f"📋 #{number}", "incident", number)]


def _looking(alerts: Sequence[IncidentAlert]) -> list[list[Button]]:
    buttons = [
        button
        for alert in alerts
        for button in data_button(f"📋 #{alert.incident.number}", "incident", str(alert.incident.number))
    ]
    return [buttons] if buttons else []
