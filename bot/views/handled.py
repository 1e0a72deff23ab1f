"""What a person hears who took an incident or put it off: whether it is theirs now, or whose it was already."""

from datetime import datetime

from markupsafe import escape

from bot.model import Incident, Mark, Message, Toast
from bot.texts import Voice
from bot.views.blocks import capped
from bot.views.buttons import data_button


def acknowledged(incident: Incident, by: Mark, voice: Voice, now: datetime) -> Toast:
    """`incident` as it is after `by` said "I have it"."""
    has = incident.acknowledged
    if not incident.is_open or has is None:
        return _over(incident, voice, now)
    if has == by:
        return Toast(voice.plain("✋ {name} has #{number} now", name=_name(has), number=incident.number), passing=True)
    return Toast(
        voice.plain(
            "{name} has had #{number} since {time}",
            name=_name(has),
            number=incident.number,
            time=voice.moment(has.at, now),
        )
    )


def snoozed(incident: Incident, by: Mark, voice: Voice, now: datetime) -> Toast:
    """`incident` as it is after `by` put it off."""
    who, until = incident.snoozed, incident.snoozed_until
    if not incident.is_open or who is None or until is None:
        return _over(incident, voice, now)
    if who == by:
        number, time = incident.number, voice.moment(until, now)
        return Toast(voice.plain("😴 #{number} is put off until {time}", number=number, time=time), passing=True)
    return Toast(
        voice.plain(
            "{name} has put #{number} off until {time} already",
            name=_name(who),
            number=incident.number,
            time=voice.moment(until, now),
        )
    )


def judged(incident: Incident, by: Mark, voice: Voice, now: datetime) -> Toast:
    """`incident` as it is after `by` said that it is no trouble."""
    if incident.resolved_at != by.at or "verdict" not in incident.values:
        return _over(incident, voice, now)
    if incident.values["verdict"] == "planned":
        text = voice.plain("✅ #{number} was planned, so it is over", number=incident.number)
    else:
        text = voice.plain("👎 #{number} is over; the next must be clearer before I speak up", number=incident.number)
    return Toast(text, passing=True)


def ask_snooze(number: int, voice: Voice) -> Message:
    """Until when."""
    choices = (
        (voice.plain("1 h"), "1h"),
        (voice.plain("4 h"), "4h"),
        (voice.plain("till morning"), "morning"),
    )
    buttons = [button for label, word in choices for button in data_button(label, "snooze", str(number), word)]
    return Message(voice("😴 Put #{number} off until when?", number=number), [buttons])


def said(answer: Toast) -> Message:
    """The same as a message, for those who typed."""
    return Message(escape(answer.text))


def _over(incident: Incident, voice: Voice, now: datetime) -> Toast:
    number, over = incident.number, voice.moment(incident.resolved_at or now, now)
    return Toast(voice.plain("#{number} is over since {time}; nothing is left to do", number=number, time=over))


def _name(mark: Mark) -> str:
    return str(capped(mark.name, 40).unescape())
