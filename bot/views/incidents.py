"""An incident as its living message, and as the replies that announce its changes."""

from datetime import datetime

from markupsafe import Markup, escape

from bot.model import (
    Button,
    Incident,
    IncidentAlert,
    IncidentState,
    Loudness,
    Message,
    Operation,
    Outcome,
    ReasonClass,
    Severity,
)
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.buttons import copy_button, data_button
from bot.views.operations import ICONS, SEPARATOR, bank_words, card_words, reason_words

_NAMED = 4
_FLAPPING = 3


def living_message(alert: IncidentAlert, voice: Voice, *, now: datetime, repeated: bool = False) -> Message:
    """State, sums, times and the newest rows; rewritten in place while the incident lasts."""
    incident = alert.incident
    head = [*repeat_mark(voice, repeated), _headline(alert, voice)]
    lines = _symptom(alert, voice, now) if incident.key else _failures(alert, voice, now)
    foot = [*_handled(incident, voice, now), _as_of(alert, voice, now)]
    text = fit([*head, *lines], () if incident.key else _rows(alert, voice), foot, voice)
    return Message(text, incident_buttons(alert, voice), silent=incident.loudness is not Loudness.ON)


def incident_buttons(alert: IncidentAlert, voice: Voice) -> list[list[Button]]:
    """What can be done about it now; nothing is left to press when it is over but the list."""
    incident = alert.incident
    number = str(incident.number)
    alone = incident.attempts[0].invoice_id if incident.count == 1 and incident.attempts else ""
    look = [
        *(data_button(voice.plain("🔎 All attempts"), "find", alone) if alone else ()),
        *(copy_button(voice.plain("📋 Copy invoice"), alone) if alone else ()),
        *(
            data_button(voice.plain("📋 All {count}", count=incident.count), "incident", number)
            if incident.count > 1
            else ()
        ),
    ]
    if not incident.is_open:
        return [look] if look else []
    take = () if incident.acknowledged else data_button(voice.plain("✋ I have it"), "ack", number)
    later = [
        *data_button(voice.plain("😴 1 h"), "snooze", number, "1h"),
        *data_button(voice.plain("😴 till morning"), "snooze", number, "morning"),
    ]
    return [
        row
        for row in ([*take, *later], [*look, *data_button(voice.plain("🔕 Silence"), "silence", f"#{number}")])
        if row
    ]


def repeat_mark(voice: Voice, repeated: bool) -> list[Markup]:
    return [voice("🔁 <i>a repeat: you may have had this message already</i>")] if repeated else []


def state_words(incident: Incident, voice: Voice) -> tuple[str, Markup]:
    """Sign and word of an incident's state."""
    if incident.state is IncidentState.RESOLVED:
        return "🟢", voice("over")
    if incident.state is IncidentState.RECOVERING:
        return "🟡", voice("recovering")
    if incident.acknowledged:
        return "🟠", voice("{name} has it", name=capped(incident.acknowledged.name))
    if incident.snoozed_until:
        return "⚪", voice("put off until {time}", time=voice.clock(incident.snoozed_until))
    return ("🔴" if incident.severity is Severity.CRITICAL else "🟠"), voice("failing")


def _headline(alert: IncidentAlert, voice: Voice) -> Markup:
    incident = alert.incident
    icon, state = state_words(incident, voice)
    if incident.key and incident.state is IncidentState.OPEN and not incident.handled:
        icon, state = ("⛔" if incident.severity is Severity.CRITICAL else "⚠️"), voice("going on")
    head = Markup("{icon} <b>#{number} · {state}</b>").format(icon=icon, number=incident.number, state=state)
    return SEPARATOR.join([head, where(alert, voice)])


def where(alert: IncidentAlert, voice: Voice) -> Markup:
    """The terminals by name, many of them by number, and the merchant."""
    ids = list(dict.fromkeys([*(member.terminal_id for member in alert.incident.members), *alert.incident.terminals]))
    names = [capped(alert.terminal_names.get(terminal_id, terminal_id)) for terminal_id in ids]
    shown = [Markup(", ").join(names)] if 0 < len(names) <= _NAMED else []
    if len(names) > _NAMED:
        shown = [voice.plural("{n} terminal", "{n} terminals", len(names))]
    return SEPARATOR.join([*shown, capped(alert.merchant_name)])


def _failures(alert: IncidentAlert, voice: Voice, now: datetime) -> list[Markup]:
    incident = alert.incident
    if incident.count == 1 and incident.attempts:
        return _single(alert, incident.attempts[0], voice, now)
    lines = [_classes(incident, voice)]
    amount = SEPARATOR.join(escape(voice.money(total, currency)) for currency, total in incident.sums.items())
    count = voice.plural("{n} payment failed", "{n} payments failed", incident.count)
    lines.append(Markup("<b>{}</b> · {}").format(count, amount))
    lines += rate_words(alert, voice)
    lines.append(
        voice("{first} – {last}", first=voice.moment(incident.opened_at, now), last=voice.clock(incident.last_at))
    )
    if incident.corrected:
        lines.append(voice("Paid after all: {count}", count=voice.number(incident.corrected)))
    if incident.flaps >= _FLAPPING:
        lines.append(
            voice("It comes and goes: {count} times. I call it over only after a longer calm.", count=incident.flaps)
        )
    return lines


def _single(alert: IncidentAlert, operation: Operation, voice: Voice, now: datetime) -> list[Markup]:
    """One failed operation in full, a fact a line."""
    amount = Markup("<b>{}</b>").format(voice.money(operation.amount, operation.currency))
    invoice = capped(operation.invoice_id)
    time = voice.moment(operation.created_at, now, seconds=not alert.incident.late)
    late = alert.incident.late
    when = (
        voice("⏳ late, happened {time} ({zone})", time=time, zone=voice.zone_name())
        if late
        else voice("{time} ({zone})", time=time, zone=voice.zone_name())
    )
    paid = voice("{icon} paid after all", icon=ICONS[operation.outcome]) if operation.outcome is Outcome.PAID else None
    return [
        voice("{amount} · invoice <code>{invoice}</code>", amount=amount, invoice=invoice) if invoice else amount,
        reason_words(operation, voice),
        *bank_words(operation, voice),
        *card_words(operation),
        when,
        *([paid] if paid else ()),
    ]


def class_words(reason_class: ReasonClass, voice: Voice) -> Markup:
    """Who can do something about it."""
    return {
        ReasonClass.PAYER: voice("the payer's side"),
        ReasonClass.ISSUER: voice("the card's bank"),
        ReasonClass.LIMIT: voice("limits"),
        ReasonClass.MERCHANT: voice("the merchant's side"),
        ReasonClass.SYSTEM: voice("the bank's systems"),
        ReasonClass.UNKNOWN: voice("cause unknown"),
    }[reason_class]


def _classes(incident: Incident, voice: Voice) -> Markup:
    classes = dict.fromkeys(member.reason_class for member in incident.members)
    codes = dict.fromkeys(operation.reason_code for operation in incident.attempts)
    reasons = ", ".join(voice.reason(code) for code in list(codes)[:3])
    return Markup("{}: {}").format(
        Markup(", ").join(class_words(one, voice) for one in classes), capped(reasons, TEXT_LENGTH)
    )


def rate_words(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    rates = alert.rates
    if rates is None or rates.decided == 0:
        return []
    share, count = voice.percent(1 - rates.failed / rates.decided), voice.number(rates.decided)
    if rates.usual is None:
        return [voice("success {share} of {count}", share=share, count=count)]
    usual = voice.percent(rates.usual)
    return [voice("success {share} of {count}, usually {usual}", share=share, count=count, usual=usual)]


def _rows(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    incident = alert.incident
    if incident.count <= 1:
        return []
    rows = [_row(operation, voice) for operation in incident.attempts]
    left = incident.count - len(rows)
    return [Markup(), *rows, *([voice("… and {count} more", count=voice.number(left))] if left > 0 else ())]


def _row(operation: Operation, voice: Voice) -> Markup:
    invoice = capped(operation.invoice_id)
    mark = f"{ICONS[operation.outcome]} " if operation.outcome is not Outcome.FAILED else ""
    parts = [
        escape(mark + voice.clock(operation.created_at)),
        escape(voice.money(operation.amount, operation.currency)),
        Markup("<code>{}</code>").format(invoice) if invoice else Markup(),
        escape(voice.reason(operation.reason_code)),
    ]
    return SEPARATOR.join(part for part in parts if part)


def _symptom(alert: IncidentAlert, voice: Voice, now: datetime) -> list[Markup]:
    incident = alert.incident
    lines = [symptom_words(incident, voice)]
    if incident.resolved_at:
        span = voice.span(incident.resolved_at - incident.opened_at)
        lines.append(voice("Over since {time}, after {span}", time=voice.moment(incident.resolved_at, now), span=span))
    else:
        lines.append(voice("since {time}", time=voice.moment(incident.opened_at, now)))
    return lines


def symptom_words(incident: Incident, voice: Voice) -> Markup:
    """What holds, in the words of the rule that saw it."""
    values = {name: capped(str(value), TEXT_LENGTH) for name, value in incident.values.items()}
    return voice(incident.text, **values)


def _handled(incident: Incident, voice: Voice, now: datetime) -> list[Markup]:
    if incident.acknowledged and incident.is_open:
        mark = incident.acknowledged
        return [voice("✋ {name}, {time}", name=capped(mark.name), time=voice.moment(mark.at, now))]
    if incident.snoozed and incident.snoozed_until and incident.is_open:
        until = voice.moment(incident.snoozed_until, now)
        return [voice("😴 until {time}, by {name}", time=until, name=capped(incident.snoozed.name))]
    return []


def _as_of(alert: IncidentAlert, voice: Voice, now: datetime) -> Markup:
    at = alert.data_as_of or alert.at
    return voice("<i>as of {time} ({zone})</i>", time=voice.moment(at, now), zone=voice.zone_name())
