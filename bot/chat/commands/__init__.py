"""COMMANDS: what can be asked. A command is one function and one row; help, menu and access come from the row."""

from collections.abc import Sequence

from bot.chat.access import Audience
from bot.chat.clues import is_look_up
from bot.chat.commands import (
    about,
    charting,
    exporting,
    figures,
    finding,
    incidents,
    lists,
    searching,
    silences,
    speaking,
    subscribing,
    timing,
    volume,
)
from bot.chat.commands.row import Command
from bot.model import ChatKind, Request

__all__ = ["COMMANDS", "Command", "find_command", "list_commands"]

COMMANDS = (
    Command(name="start", answer=about.start, description="Who I am", listed=False),
    Command(name="find", answer=finding.find, description="All attempts on an invoice: /find 12345"),
    Command(name="matches", answer=finding.matches, description="Everything a number fits", listed=False),
    Command(name="payer", answer=finding.payer, description="Who paid", listed=False),
    Command(name="search", answer=searching.search, description="Payments by any filters: /search failed today"),
    Command(name="failed", answer=lists.failed, description="Failed payments, newest first: /failed Samal 5"),
    Command(name="last", answer=lists.last, description="Latest payments: /last Samal 5"),
    Command(name="terminals", answer=lists.terminals, description="Today by terminal"),
    Command(name="today", answer=figures.today, description="Today's figures, also of one terminal: /today Samal"),
    Command(name="yesterday", answer=figures.yesterday, description="Yesterday's figures"),
    Command(name="week", answer=figures.week, description="Figures since Monday"),
    Command(name="month", answer=figures.month, description="Figures since the first of the month"),
    Command(name="summary", answer=figures.summary, description="Figures of any days: /summary 01.11 07.11"),
    Command(name="compare", answer=figures.compare, description="Two periods side by side: /compare 2026-10 2026-11"),
    Command(name="by", answer=figures.by_terminal, description="A period by terminal", listed=False),
    Command(name="chart", answer=charting.chart, description="Figures as a picture: /chart Samal week"),
    Command(name="export", answer=exporting.export, description="Operations as a file: /export 01.11 07.11 xlsx"),
    Command(name="alerts", answer=incidents.alerts, description="What is failing now and who has it"),
    Command(name="incident", answer=incidents.incident, description="All of one incident: /incident 12"),
    Command(name="ack", answer=incidents.ack, description="You have it: /ack 12"),
    Command(name="snooze", answer=incidents.snooze, description="Put it off: /snooze 12 1h, till 09:00"),
    Command(name="rules", answer=volume.rules, description="What each preset would have told: /rules Samal"),
    Command(name="picture", answer=volume.picture, description="The usual band and the counts", listed=False),
    Command(name="planned", answer=volume.planned, description="An unusual volume was planned", listed=False),
    Command(name="falsealarm", answer=volume.false_alarm, description="There was nothing unusual", listed=False),
    Command(name="silence", answer=silences.silence, description="Mute alerts: /silence Samal system 4h repairs"),
    Command(name="silences", answer=silences.silences_, description="What is muted, until when and by whom"),
    Command(name="unsilence", answer=silences.unsilence, description="Ends a silence", listed=False),
    Command(name="subscribe", answer=subscribing.subscribe, description="Post alerts here: /subscribe Samal failures"),
    Command(name="unsubscribe", answer=subscribing.unsubscribe, description="Post less here, or nothing"),
    Command(name="digest", answer=timing.digest, description="A summary at its hour: /digest 09:00"),
    Command(name="quiet", answer=timing.quiet, description="Hours without sound: /quiet 23:00-08:00"),
    Command(name="settings", answer=subscribing.settings, description="What this chat receives"),
    Command(name="language", answer=speaking.language, description="The language of this chat"),
    Command(name="health", answer=about.health, description="Whether the bank, Telegram and I are well"),
    Command(name="id", answer=about.identify, description="Your id and this chat's", audience=Audience.EVERYBODY),
    Command(name="help", answer=about.help_, description="What you can ask"),
)


def find_command(commands: Sequence[Command], request: Request) -> Command | None:
    """The row meant, if it may be used in this kind of chat. A bare number means /find."""
    name, kind = request.command, request.chat.kind
    private, reply = kind is ChatKind.PRIVATE, request.quotes is not None
    if not name and is_look_up(request.text, private=private, reply=reply):
        name = "find"
    return next((one for one in commands if one.name == name and kind in one.where), None)


def list_commands(kind: ChatKind) -> list[tuple[str, str]]:
    """Names and English descriptions of what is listed in this kind of chat."""
    return [(one.name, one.description) for one in COMMANDS if one.listed and kind in one.where]
