"""COMMANDS: what can be asked. A command is one function and one row; help, menu and access come from the row."""

from collections.abc import Sequence

from bot.chat.clues import is_look_up
from bot.chat.commands import (
    about,
    auditing,
    charting,
    exporting,
    figures,
    finding,
    incidents,
    inviting,
    lists,
    naming,
    people,
    searching,
    setting_up,
    silences,
    speaking,
    subscribing,
    timing,
    volume,
)
from bot.chat.commands.row import GROUPS, PRIVATELY, Command, first, kept, number
from bot.model import ChatKind, Request, Right

__all__ = ["COMMANDS", "Command", "find_command", "list_commands"]

COMMANDS = (
    Command("start", about.start, "Who I am", Right.LINKED, None, listed=False),
    Command("join", inviting.join, "Brings an invitation", Right.KEY, listed=False),
    Command("find", finding.find, "All attempts on an invoice: /find 12345", Right.LOOK_UP),
    Command("matches", finding.matches, "Everything a number fits", Right.LOOK_UP, listed=False),
    Command("payer", finding.payer, "Who paid", Right.PAYER, listed=False),
    Command("search", searching.search, "Payments by any filters: /search failed today", Right.LOOK_UP),
    Command("failed", lists.failed, "Failed payments, newest first: /failed Samal 5", Right.LOOK_UP, kept),
    Command("last", lists.last, "Latest payments: /last Samal 5", Right.LOOK_UP, kept),
    Command("terminals", lists.terminals, "Today by terminal", Right.FIGURES),
    Command("today", figures.today, "Today's figures, also of one terminal: /today Samal", Right.FIGURES, kept),
    Command("yesterday", figures.yesterday, "Yesterday's figures", Right.FIGURES, kept),
    Command("week", figures.week, "Figures since Monday", Right.FIGURES, kept),
    Command("month", figures.month, "Figures since the first of the month", Right.FIGURES, kept),
    Command("summary", figures.summary, "Figures of any days: /summary 01.11 07.11", Right.FIGURES, kept),
    Command("compare", figures.compare, "Two periods side by side: /compare 2026-10 2026-11", Right.FIGURES, kept),
    Command("by", figures.by_terminal, "A period by terminal", Right.FIGURES, kept, listed=False),
    Command("chart", charting.chart, "Figures as a picture: /chart Samal week", Right.FIGURES, kept),
    Command("export", exporting.export, "Operations as a file: /export 01.11 07.11 xlsx", Right.EXPORT, kept),
    Command("alerts", incidents.alerts, "What is failing now and who has it", Right.ALERTS),
    Command("incident", incidents.incident, "All of one incident: /incident 12", Right.ALERTS, number),
    Command("ack", incidents.ack, "You have it: /ack 12", Right.HANDLE, number),
    Command("snooze", incidents.snooze, "Put it off: /snooze 12 1h, till 09:00", Right.HANDLE, number),
    Command("rules", volume.rules, "What each preset would have told: /rules Samal", Right.ALERTS, kept),
    Command("picture", volume.picture, "The usual band and the counts", Right.FIGURES, kept, listed=False),
    Command("planned", volume.planned, "An unusual volume was planned", Right.HANDLE, number, listed=False),
    Command("falsealarm", volume.false_alarm, "There was nothing unusual", Right.HANDLE, number, listed=False),
    Command("silence", silences.silence, "Mute alerts: /silence Samal system 4h repairs", Right.HANDLE, first),
    Command("silences", silences.silences_, "What is muted, until when and by whom", Right.ALERTS),
    Command("unsilence", silences.unsilence, "Ends a silence", Right.HANDLE, number, listed=False),
    Command("subscribe", subscribing.subscribe, "Post alerts here: /subscribe Samal failures", Right.SETTINGS, kept),
    Command("unsubscribe", subscribing.unsubscribe, "Post less here, or nothing", Right.SETTINGS, kept),
    Command("digest", timing.digest, "A summary at its hour: /digest 09:00", Right.DIGEST, kept),
    Command("quiet", timing.quiet, "Hours without sound: /quiet 23:00-08:00", Right.SETTINGS, kept),
    Command("settings", subscribing.settings, "What this chat receives", Right.SETTINGS, kept),
    Command("setup", setting_up.setup, "Sets me up step by step", Right.PEOPLE, first, where=PRIVATELY),
    Command(
        "name",
        naming.name,
        "Names a terminal: /name 98151552 Samal",
        Right.PEOPLE,
        first,
        where=PRIVATELY,
        listed=False,
    ),
    Command("language", speaking.language, "The language of this chat", Right.SETTINGS, kept),
    Command("ceiling", people.ceiling, "What may appear in this group", Right.LINK, kept, where=GROUPS),
    Command("people", people.everybody, "Who may do what", Right.PEOPLE, where=PRIVATELY),
    Command("person", people.person, "One person's role", Right.PEOPLE, kept, where=PRIVATELY, listed=False),
    Command(
        "invite",
        inviting.invite,
        "A link for a role: /invite support 24h",
        Right.PEOPLE,
        kept,
        where=PRIVATELY,
    ),
    Command("revoke", inviting.revoke, "Ends an invitation", Right.PEOPLE, number, where=PRIVATELY),
    Command("audit", auditing.audit_, "Who did what and when", Right.PEOPLE, where=PRIVATELY),
    Command("health", about.health, "Whether the bank, Telegram and I are well", Right.LINKED),
    Command("deliveries", about.deliveries, "What did not reach Telegram, and why", Right.OPERATE, where=PRIVATELY),
    Command("id", about.identify, "Your id and this chat's", Right.ANYBODY, None),
    Command("help", about.help_, "What you can ask", Right.LINKED, None),
)


def find_command(commands: Sequence[Command], request: Request) -> Command | None:
    """The row meant, if it may be used in this kind of chat. A bare number means /find, /start with a key joins."""
    name, kind = request.command, request.chat.kind
    private, reply = kind is ChatKind.PRIVATE, request.quotes is not None
    if not name and is_look_up(request.text, private=private, reply=reply):
        name = "find"
    elif name == "start" and request.arguments:
        name = "join"
    return next((one for one in commands if one.name == name and kind in one.where), None)


def list_commands(kind: ChatKind) -> list[tuple[str, str]]:
    """Names and English descriptions of what is listed in this kind of chat."""
    return [(one.name, one.description) for one in COMMANDS if one.listed and kind in one.where]
