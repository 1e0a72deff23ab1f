"""Silences: what is asked to make one, what one is, and all there are."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from bot.model import Button, Merchant, Message, Silence, Terminal
from bot.texts import Voice
from bot.views.blocks import NAME_LENGTH, capped, fit
from bot.views.buttons import edit_button, in_rows
from bot.views.incidents import class_words, silence_words
from bot.views.operations import SEPARATOR

_OFFERED = 12
_IN_A_ROW = 3


def ask_silence_of(
    incidents: Sequence[int], terminals: Sequence[Terminal], words: Sequence[str], voice: Voice
) -> Message:
    """What is to be muted; `words` are what was said already."""
    numbers = [
        button
        for number in incidents[:_OFFERED]
        for button in edit_button(f"#{number}", "silence", f"#{number}", *words)
    ]
    places = [
        button
        for terminal in terminals[:_OFFERED]
        for button in edit_button(_label(terminal), "silence", terminal.id, *words)
    ]
    text = voice("What shall be silent? A terminal, or what an incident is about.")
    return Message(text, [*in_rows(numbers, _IN_A_ROW), *in_rows(places, _IN_A_ROW)])


def ask_silence_until(words: Sequence[str], voice: Voice) -> Message:
    """Until when; `words` say what."""
    choices = (
        (voice.plain("1 h"), "1h"),
        (voice.plain("4 h"), "4h"),
        (voice.plain("till morning"), "morning"),
        (voice.plain("1 day"), "1d"),
        (voice.plain("until it is over"), "recovery"),
    )
    buttons = [button for label, word in choices for button in edit_button(label, "silence", *words, word)]
    return Message(voice("🔕 Silent until when?"), in_rows(buttons, _IN_A_ROW))


def silenced(kept: Sequence[Silence], merchants: Sequence[Merchant], voice: Voice, now: datetime) -> Message:
    """What is silent now."""
    lines = [_silence(one, merchants, voice, now) for one in kept]
    note = voice("Everything goes on being counted, and you are told how it went.")
    return Message(fit((), [*lines, note], (), voice), _ends(kept, voice))


def silences_list(active: Sequence[Silence], merchants: Sequence[Merchant], voice: Voice, now: datetime) -> Message:
    """The answer to /silences."""
    if not active:
        return Message(voice("Nothing is silenced."))
    lines = [
        Markup("{}. {}").format(number, _silence(one, merchants, voice, now)) for number, one in enumerate(active, 1)
    ]
    return Message(fit([voice("🔕 <b>Silences</b>"), Markup()], lines, (), voice), _ends(active, voice))


def _silence(silence: Silence, merchants: Sequence[Merchant], voice: Voice, now: datetime) -> Markup:
    """`Samal-2 · the bank's systems · 🔕 until 15:31, by Aigerim · repairs`."""
    merchant = next((one for one in merchants if one.id == silence.merchant_id), None)
    names = [merchant.terminal_name(one) if merchant else one for one in silence.terminals]
    place = ", ".join(names) or (merchant.name if merchant else silence.merchant_id)
    classes = Markup(", ").join(class_words(one, voice) for one in silence.classes)
    parts = [Markup("<b>{}</b>").format(capped(place)), classes, silence_words(silence, voice, now)]
    return SEPARATOR.join(part for part in parts if part)


def _ends(silences: Sequence[Silence], voice: Voice) -> list[list[Button]]:
    """A button to end each, numbered when there are several."""
    buttons = []
    for number, one in enumerate(silences[:_OFFERED], 1):
        label = voice.plain("🔔 End {number}", number=number) if len(silences) > 1 else voice.plain("🔔 End it")
        buttons += edit_button(label, "unsilence", str(one.id))
    return in_rows(buttons, _IN_A_ROW)


def _label(terminal: Terminal) -> str:
    return str(capped(terminal.name, NAME_LENGTH // 2).unescape())
