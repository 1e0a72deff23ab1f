"""What can be done about an incident, as buttons under its living message."""

from bot.model import Button, Incident, IncidentAlert
from bot.texts import Voice
from bot.views.buttons import copy_button, data_button
from bot.views.volume import volume_buttons


def incident_buttons(alert: IncidentAlert, voice: Voice) -> list[list[Button]]:
    """What can be done about it now; when it is over only what may be looked at."""
    incident = alert.incident
    number = str(incident.number)
    rows = [*_single_look(incident, voice)] if incident.count == 1 else [_look(incident, voice)]
    if incident.is_open:
        take = [] if incident.acknowledged else data_button(voice.plain("✋ I have it"), "ack", number)
        hour = data_button(voice.plain("😴 1 h"), "snooze", number, "1h")
        morning = data_button(voice.plain("😴 till morning"), "snooze", number, "morning")
        silence = [] if alert.silence else data_button(voice.plain("🔕 Silence"), "silence", f"#{number}")
        rows = [[*take, *hour, *morning], volume_buttons(incident, voice), *rows, silence]
    return [row for row in rows if row]


def _look(incident: Incident, voice: Voice) -> list[Button]:
    label = voice.plain("📋 All {count}", count=voice.number(incident.count)) if not incident.key else ""
    return [
        *(data_button(label, "incident", str(incident.number)) if label else ()),
        *_today(incident, voice),
    ]


def _single_look(incident: Incident, voice: Voice) -> list[list[Button]]:
    """What one wants to know of one payment; the payer, whom an alert never names, for those who may."""
    if not incident.attempts:
        return [_today(incident, voice)]
    operation = incident.attempts[0]
    invoice = operation.invoice_id
    return [
        [
            *(data_button(voice.plain("🔎 All attempts"), "find", invoice) if invoice else ()),
            *(copy_button(voice.plain("📋 Copy invoice"), invoice) if invoice else ()),
        ],
        [*_today(incident, voice), *data_button(voice.plain("👁 Show payer"), "payer", operation.id)],
    ]


def _today(incident: Incident, voice: Voice) -> list[Button]:
    places = incident.places
    return data_button(voice.plain("📊 Terminal today"), "today", places[0]) if len(places) == 1 else []
