"""Incidents from the chat: what is open, one of them whole, who has it, what is put off."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot import views
from bot.chat.desk import Desk
from bot.chat.until import read_until
from bot.errors import UsageError
from bot.model import Incident, IncidentAlert, IncidentReport, Mark, Message, Request, Toast
from bot.store import incidents, outbox
from bot.store.driver import Connection

LATELY = timedelta(days=1)
PAGE = 12
UNPAID = "unpaid"
_NUMBER = re.compile(r"[#№]?(\d{1,9})")
_PAGE = re.compile(r"p(\d{1,4})")


async def alerts(request: Request, desk: Desk) -> Message:
    """The open incidents and those of the last day."""
    return views.alerts_list(await _recent(desk), desk.voice(request.chat), desk.now())


async def incident(request: Request, desk: Desk) -> Message:
    """One incident: its operations by pages, what became of their invoices, and its history."""
    number, words = await _meant(request, desk)
    if number is None:
        return await _ask_which("incident", [], request, desk)
    page = next((int(found[1]) for word in words if (found := _PAGE.fullmatch(word))), 1)
    report = await desk.store.read(_report, desk, number, unpaid=UNPAID in words, page=max(page, 1))
    return views.incident_story(report, desk.voice(request.chat))


async def ack(request: Request, desk: Desk) -> Message | Toast:
    """The person who asks has it from now on, unless somebody had it before."""
    number, _ = await _meant(request, desk)
    if number is None:
        return await _ask_which("ack", [], request, desk)
    await desk.store.read(get_incident, desk, number)
    by = mark_of(request, desk)
    now = await desk.store.write(desk.incidents.acknowledge, number, by)
    return _told(views.acknowledged(now, by, desk.voice(request.chat), desk.now()), request)


async def snooze(request: Request, desk: Desk) -> Message | Toast:
    """Nothing is heard of it until then, unless it ends before."""
    number, words = await _meant(request, desk)
    until, _, _ = read_until(words, ZoneInfo(request.chat.timezone), desk.now())
    if number is None:
        return await _ask_which("snooze", words, request, desk)
    voice = desk.voice(request.chat)
    if until is None or until.recovery:
        return views.ask_snooze(number, voice)
    await desk.store.read(get_incident, desk, number)
    by = mark_of(request, desk)
    now = await desk.store.write(desk.incidents.snooze, number, by, until.at)
    return _told(views.snoozed(now, by, voice, desk.now()), request)


def read_number(word: str) -> int | None:
    """The number an incident, a silence or an invitation is called by, with or without its sign."""
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None


def mark_of(request: Request, desk: Desk) -> Mark:
    """Who does something, now."""
    return Mark(request.user_id, request.user_name, desk.now())


def get_incident(db: Connection, desk: Desk, number: int) -> Incident:
    """An incident of one of our merchants. Raises UsageError."""
    found = incidents.find(db, number)
    if found is None or found.merchant_id not in {merchant.id for merchant in desk.merchants}:
        raise UsageError("There is no incident #{number}. /alerts shows those of the last day", number=number)
    return found


async def find_quoted(request: Request, desk: Desk) -> int | None:
    """The incident that the message replied to is about."""
    if request.quotes is None:
        return None
    return await desk.store.read(outbox.find_incident, request.chat.chat_id, request.quotes)


async def _meant(request: Request, desk: Desk) -> tuple[int | None, list[str]]:
    """The number of the incident that is meant, typed or replied to, and the words that are left."""
    words = list(request.arguments)
    if words and (number := read_number(words[0])) is not None:
        return number, words[1:]
    return await find_quoted(request, desk), words


async def _ask_which(command: str, words: list[str], request: Request, desk: Desk) -> Message:
    open_now = [alert for alert in await _recent(desk) if alert.incident.is_open]
    return views.ask_incident(open_now, command, words, desk.voice(request.chat))


async def _recent(desk: Desk) -> list[IncidentAlert]:
    return await desk.store.read(_list_recent, desk)


def _list_recent(db: Connection, desk: Desk) -> list[IncidentAlert]:
    """Open ones first, the newest first among them and among the others."""
    since = desk.now() - LATELY
    recent = [one for merchant in desk.merchants for one in incidents.list_recent(db, merchant.id, since)]
    recent.sort(key=lambda one: (not one.is_open, -one.number))
    return [desk.incidents.describe(db, one) for one in recent]


def _report(db: Connection, desk: Desk, number: int, *, unpaid: bool, page: int) -> IncidentReport:
    found = get_incident(db, desk, number)
    total = incidents.count_operations(db, number, unpaid=unpaid)
    last = max(-(-total // PAGE), 1)
    page = min(page, last)
    rows = incidents.list_operations(db, number, limit=PAGE, offset=(page - 1) * PAGE, unpaid=unpaid)
    return IncidentReport(
        alert=replace(desk.incidents.describe(db, found), aftermath=incidents.aftermath(db, found)),
        rows=tuple(rows),
        unpaid=unpaid,
        page=page,
        last_page=last,
        events=tuple(incidents.list_events(db, number)),
        at=desk.now(),
    )


def _told(answer: Toast, request: Request) -> Message | Toast:
    """A press is answered to the person alone, since everybody sees the message change; words are answered in words."""
    return answer if request.press_id is not None else views.said(answer)
