"""An incident as its living message, and as the replies that announce its changes."""

from datetime import datetime

from markupsafe import Markup, escape

from bot.model import (
    Aftermath,
    Incident,
    IncidentAlert,
    IncidentState,
    Loudness,
    Message,
    Operation,
    Outcome,
    ReasonClass,
    Severity,
    Silence,
)
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.incident_buttons import incident_buttons
from bot.views.operations import ICONS, SEPARATOR, bank_words, card_words, reason_words
from bot.views.volume import RULE, volume_words

_NAMED = 4
_FLAPPING = 3


def living_message(alert: IncidentAlert, voice: Voice, *, now: datetime, repeated: bool = False) -> Message:
    """State, sums, times and the newest rows; rewritten in place while the incident lasts."""
    incident = alert.incident
    head = [*repeat_mark(voice, repeated), headline(alert, voice, now)]
    lines = _symptom(alert, voice, now) if incident.key else _failures(alert, voice, now)
    foot = [*_handled(alert, voice, now), *instead_words(alert, voice), _as_of(alert, voice, now)]
    text = fit([*head, *lines], () if incident.key else _rows(alert, voice), foot, voice)
    silent = alert.silent or incident.loudness is not Loudness.ON
    return Message(text, incident_buttons(alert, voice), silent=silent)


def repeat_mark(voice: Voice, repeated: bool) -> list[Markup]:
    return [voice("🔁 <i>a repeat: you may have had this message already</i>")] if repeated else []


def _state_words(incident: Incident, voice: Voice, now: datetime) -> tuple[str, Markup]:
    if incident.state is IncidentState.RESOLVED:
        return "🟢", voice("over")
    if incident.state is IncidentState.RECOVERING:
        return "🟡", voice("recovering")
    if incident.corrected >= incident.count > 0 and not incident.key:
        return "🟡", voice("paid after all")
    if incident.acknowledged:
        return "🟠", voice("{name} has it", name=capped(incident.acknowledged.name))
    if incident.snoozed_until:
        return "⚪", voice("put off until {time}", time=voice.moment(incident.snoozed_until, now))
    if incident.key:
        return ("⛔" if incident.severity is Severity.CRITICAL else "⚠️"), voice("going on")
    return ("🔴" if incident.severity is Severity.CRITICAL else "🟠"), voice("failing")


def state_of(alert: IncidentAlert, voice: Voice, now: datetime) -> tuple[str, Markup]:
    """Sign and word of how an incident stands."""
    if alert.silence and alert.incident.is_open:
        return "🔕", voice("silenced")
    return _state_words(alert.incident, voice, now)


def headline(alert: IncidentAlert, voice: Voice, now: datetime) -> Markup:
    """`🔴 #412 · failing · Samal-2 · Shop LLP`."""
    icon, state = state_of(alert, voice, now)
    head = Markup("{icon} <b>#{number} · {state}</b>").format(icon=icon, number=alert.incident.number, state=state)
    return SEPARATOR.join([head, where(alert, voice)])


def where(alert: IncidentAlert, voice: Voice) -> Markup:
    """The terminals by name, many of them by number, and the merchant."""
    names = [capped(alert.terminal_names.get(place, place)) for place in alert.incident.places]
    shown = [Markup(", ").join(names)] if 0 < len(names) <= _NAMED else []
    if len(names) > _NAMED:
        shown = [voice.plural("{n} terminal", "{n} terminals", len(names))]
    return SEPARATOR.join([*shown, capped(alert.merchant_name)])


def _failures(alert: IncidentAlert, voice: Voice, now: datetime) -> list[Markup]:
    incident = alert.incident
    if incident.count == 1 and incident.attempts:
        return _single(alert, incident.attempts[0], voice, now)
    return totals(alert, voice, now)


def totals(alert: IncidentAlert, voice: Voice, now: datetime) -> list[Markup]:
    """Why, how many, how much, how the terminal does and from when to when."""
    incident = alert.incident
    count, *sums = count_words(incident, voice)
    lines = [_classes(incident, voice), SEPARATOR.join([Markup("<b>{}</b>").format(count), *sums])]
    lines += rate_words(alert, voice)
    lines.append(_when(incident, voice, now))
    if incident.corrected:
        lines.append(voice("Paid after all: {count}", count=voice.number(incident.corrected)))
    if alert.aftermath:
        lines.append(fate_words(alert.aftermath, voice))
    if incident.flaps >= _FLAPPING:
        lines.append(
            voice("It comes and goes: {count} times. I call it over only after a longer calm.", count=incident.flaps)
        )
    return lines


def count_words(incident: Incident, voice: Voice) -> list[Markup]:
    """How many payments failed, then the sum of each currency."""
    count = voice.plural("{n} payment failed", "{n} payments failed", incident.count)
    return [count, *(escape(voice.money(total, currency)) for currency, total in incident.sums.items())]


def fate_words(aftermath: Aftermath, voice: Voice) -> Markup:
    """What became of the invoices."""
    return voice(
        "Invoices paid by another try: {recovered} · still unpaid: {unpaid}",
        recovered=voice.number(aftermath.recovered),
        unpaid=voice.number(aftermath.unpaid),
    )


def _when(incident: Incident, voice: Voice, now: datetime) -> Markup:
    """From the first failure to the last, by the bank's time."""
    last = max((operation.created_at for operation in incident.attempts), default=incident.last_at)
    first, last_one = voice.moment(incident.since, now), voice.moment(last, now)
    if incident.late:
        return voice("⏳ late, happened {first} – {last}", first=first, last=last_one)
    return voice("{first} – {last}", first=first, last=last_one)


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
    return [
        voice("{amount} · invoice <code>{invoice}</code>", amount=amount, invoice=invoice) if invoice else amount,
        *([reason_words(operation, voice)] if operation.outcome is Outcome.FAILED else ()),
        *bank_words(operation, voice),
        *card_words(operation),
        when,
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
    failed = (operation for operation in incident.attempts if operation.outcome is Outcome.FAILED)
    codes = dict.fromkeys(operation.reason_code for operation in failed)
    reasons = ", ".join(voice.reason(code) for code in list(codes)[:3])
    sides = Markup(", ").join(class_words(one, voice) for one in classes)
    return Markup("{}: {}").format(sides, capped(reasons, TEXT_LENGTH)) if reasons else sides


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
    said_already = incident.rule == RULE and incident.is_open
    return [symptom_words(incident, voice), *([] if said_already else span_words(incident, voice, now))]


def span_words(incident: Incident, voice: Voice, now: datetime) -> list[Markup]:
    """How long it has held, or held."""
    if incident.resolved_at is None:
        return [voice("since {time}", time=voice.moment(incident.since, now))]
    span = voice.span(incident.resolved_at - incident.since)
    return [voice("Over since {time}, after {span}", time=voice.moment(incident.resolved_at, now), span=span)]


def symptom_words(incident: Incident, voice: Voice) -> Markup:
    """What holds, in the words of the rule that saw it."""
    if incident.rule == RULE:
        return volume_words(incident, voice)
    values = {name: capped(str(value), TEXT_LENGTH) for name, value in incident.values.items()}
    return voice(incident.text, **values)


def _handled(alert: IncidentAlert, voice: Voice, now: datetime) -> list[Markup]:
    incident = alert.incident
    if not incident.is_open:
        return []
    lines = [silence_words(alert.silence, voice, now)] if alert.silence else []
    if mark := incident.acknowledged:
        lines.append(voice("✋ {name}, {time}", name=capped(mark.name), time=voice.moment(mark.at, now)))
    elif incident.snoozed and incident.snoozed_until:
        until = voice.moment(incident.snoozed_until, now)
        lines.append(voice("😴 until {time}, by {name}", time=until, name=capped(incident.snoozed.name)))
    return lines


def instead_words(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    """Whose alert this is, when its own chat takes no messages."""
    if not alert.instead_of:
        return []
    return [voice("↪️ For {chats} too, where I cannot write", chats=Markup(", ").join(map(capped, alert.instead_of)))]


def silence_words(silence: Silence, voice: Voice, now: datetime) -> Markup:
    """Until when, by whom and why."""
    name, until = capped(silence.author.name), voice.moment(silence.until_at, now)
    said = (
        voice("🔕 until it is over, by {name}", name=name)
        if silence.until_recovery
        else voice("🔕 until {time}, by {name}", time=until, name=name)
    )
    comment = capped(silence.comment, TEXT_LENGTH)
    return Markup("{} · <i>{}</i>").format(said, comment) if comment else said


def _as_of(alert: IncidentAlert, voice: Voice, now: datetime) -> Markup:
    at = alert.data_as_of or alert.at
    return voice("<i>as of {time} ({zone})</i>", time=voice.moment(at, now), zone=voice.zone_name())
