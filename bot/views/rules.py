"""What each noise preset would have told of a terminal, with dates, so that one can be chosen."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import Markup, escape

from bot.model import Alarm, Button, Message, Terminal
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import data_button
from bot.views.operations import SEPARATOR
from bot.views.volume import picture_button

_SHOWN = 8
_ASKED = 12


def ask_rules(terminals: Sequence[Terminal], voice: Voice) -> Message:
    """Which terminal."""
    buttons: list[list[Button]] = [data_button(one.name, "rules", one.id) for one in terminals[:_ASKED]]
    return Message(voice("📏 The past of which terminal shall I replay?"), [row for row in buttons if row])


def ask_picture(terminals: Sequence[Terminal], voice: Voice) -> Message:
    """Which terminal."""
    buttons: list[list[Button]] = [data_button(one.name, "picture", one.id) for one in terminals[:_ASKED]]
    return Message(voice("📈 The picture of which terminal?"), [row for row in buttons if row])


def rules_replayed(terminal: Terminal, voice: Voice) -> Message:
    """The answer at once."""
    return Message(
        voice("📏 I replay the last weeks of {terminal}; it takes a little while", terminal=capped(terminal.name))
    )


def rules_of(
    terminal: Terminal, found: Mapping[str, Sequence[Alarm]], preset: str, voice: Voice, now: datetime
) -> Message:
    """Alarms of four weeks by preset; the one in force is marked."""
    head = voice("📏 <b>{terminal}: what each preset would have told in four weeks</b>", terminal=capped(terminal.name))
    lines: list[Markup] = []
    for name, alarms in found.items():
        count = voice.plural("{n} alert", "{n} alerts", len(alarms))
        words = preset_words(name, voice)
        here = [voice("in force")] if name == preset else []
        lines += [Markup(), SEPARATOR.join([Markup("<b>{}</b>").format(words), count, *here])]
        lines += [_line(one, voice, now) for one in alarms[-_SHOWN:]]
    foot = voice("<i>It is chosen in /setup noise, or in the configuration: alerts.volume.preset</i>")
    return Message(fit([head], lines, [Markup(), foot], voice), [picture_button(terminal.id, voice)])


def preset_words(name: str, voice: Voice) -> Markup:
    """What a preset is called."""
    return {"calm": voice("calm"), "normal": voice("normal"), "everything": voice("everything")}[name]


def _line(alarm: Alarm, voice: Voice, now: datetime) -> Markup:
    kinds = {
        "silence": voice("🔇 silence"),
        "drop": voice("📉 too few"),
        "spike": voice("📈 too many"),
        "fail": voice("❌ failures"),
        "amount": voice("💰 odd amounts"),
        "decay": voice("🪫 ever fewer"),
    }
    figures = Markup("{} ({}–{})").format(voice.number(alarm.seen), voice.number(alarm.low), voice.number(alarm.high))
    at = escape(voice.moment(alarm.at, now))
    return SEPARATOR.join([at, kinds[alarm.kind], *([] if alarm.kind == "amount" else [figures])])
