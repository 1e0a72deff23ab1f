"""What the bot says of itself: a chat that refuses, Telegram lost and back, the database in trouble."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from bot.model import Message, NoticeAlert
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.incidents import repeat_mark


def notices_message(notices: Sequence[NoticeAlert], voice: Voice, *, now: datetime, repeated: bool = False) -> Message:
    """Everything that waits for one chat in one message; `repeated` marks what may have arrived before."""
    cards = [_card(notice, voice, now) for notice in notices]
    lines = [line for card in cards for line in (Markup(), card)][1:]
    text = fit(repeat_mark(voice, repeated), lines, (), voice)
    return Message(text, silent=all(notice.silent for notice in notices))


def _card(notice: NoticeAlert, voice: Voice, now: datetime) -> Markup:
    values = {name: capped(str(value), TEXT_LENGTH) for name, value in notice.values.items()}
    text = voice(notice.text, **values)
    time = voice("{time} ({zone})", time=voice.moment(notice.at, now), zone=voice.zone_name())
    return Markup("ℹ️ {}\n{}").format(text, time)
