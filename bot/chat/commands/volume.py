"""A person's word on unusual volume, how it looks, and what each preset would have said."""

import re
from collections.abc import Sequence

from bot import views
from bot.bands import Bands
from bot.charts import NotDrawn
from bot.chat.commands.incidents import find_quoted, get_incident, mark_of, read_number
from bot.chat.desk import Desk
from bot.chat.errands import Continued, Talk
from bot.chat.scopes import list_merchants, scope_of
from bot.errors import UsageError
from bot.model import Band, Incident, Mark, Merchant, Message, Request, Terminal, TerminalId, Toast
from bot.presets import Presets
from bot.rules import unusual_volume
from bot.store import volume
from bot.store.driver import Connection

LATELY = 28  # days
_INCIDENT = re.compile(r"[#№](\d{1,9})|(\d{1,6})")  # a terminal has eight digits


async def planned(request: Request, desk: Desk) -> Message | Toast:
    """It was meant to be so: over, and the next alarm of the kind needs no more evidence than before."""
    return await _judge(request, desk, "planned")


async def false_alarm(request: Request, desk: Desk) -> Message | Toast:
    """There was nothing: over, and the next alarm of the kind must bring more evidence."""
    return await _judge(request, desk, "false_alarm")


async def rules(request: Request, desk: Desk) -> Message | Continued:
    """What each preset would have said of a terminal in the last four weeks; found out while the chat waits."""
    places, voice = await _places(request, desk), desk.voice(request.chat)
    if len(places) != 1:
        return views.ask_rules([terminal for _, terminal in places], voice)
    ((merchant, terminal),) = places

    async def replay(talk: Talk) -> None:
        presets = Presets(desk.volume, desk.zone, merchant.id, terminal.id)
        found = await presets.replay(desk.store, LATELY)
        preset = await desk.store.read(volume.get_preset, merchant.id, desk.volume.preset)
        await talk.change(views.rules_of(terminal, found, preset, voice, desk.now()))

    waiting = UsageError("I am still replaying the past of a terminal; one at a time, please")
    return Continued(message=views.rules_replayed(terminal, voice), rest=replay, alone=waiting)


async def picture(request: Request, desk: Desk) -> Message:
    """The usual band and the counts around an incident, or of a terminal's last two weeks."""
    words = request.arguments
    number = await find_quoted(request, desk) if not words else None
    if len(words) == 1 and (found := _INCIDENT.fullmatch(words[0])):
        number = int(found[1] or found[2])
    if number is not None:
        return await _incident_picture(number, request, desk)
    places, voice = await _places(request, desk), desk.voice(request.chat)
    if len(places) != 1:
        return views.ask_picture([terminal for _, terminal in places], voice)
    ((merchant, terminal),) = places
    band = await desk.store.read(Bands(desk.volume, desk.zone).of_terminal, merchant.id, terminal.id)
    if band is None:
        raise UsageError("What is usual at {terminal} is not known yet", terminal=terminal.name)
    return await _drawn(terminal.name, band, None, request, desk)


async def _incident_picture(number: int, request: Request, desk: Desk) -> Message:
    incident = await desk.store.read(_volume_incident, desk, number)
    band = await desk.store.read(Bands(desk.volume, desk.zone).of_incident, incident, desk.now())
    if band is None:
        raise UsageError("Of #{number} there is no picture: what was usual then is not remembered", number=number)
    merchant = next(one for one in desk.merchants if one.id == incident.merchant_id)
    return await _drawn(_place_name(merchant, incident.places), band, incident, request, desk)


async def _drawn(name: str, band: Band, incident: Incident | None, request: Request, desk: Desk) -> Message:
    voice = desk.voice(request.chat)
    try:
        drawn = await desk.charts.draw(views.band_chart(name, band, voice, incident))
    except NotDrawn as error:
        raise UsageError("The picture could not be drawn this time. Please try again") from error
    return views.band_picture(name, band, drawn, voice, incident)


def _place_name(merchant: Merchant, places: Sequence[TerminalId]) -> str:
    return merchant.terminal_name(places[0]) if len(places) == 1 else merchant.name


async def _places(request: Request, desk: Desk) -> list[tuple[Merchant, Terminal]]:
    """The terminals that may be meant, every one when none is named."""
    places = [(one, terminal) for one in await list_merchants(desk) for terminal in one.terminals]
    if not request.arguments and len(places) != 1:
        return places
    scope = await scope_of(request, desk, request.arguments or (places[0][1].id,))
    return [(merchant, terminal) for merchant, terminal in scope.places if terminal]


async def _judge(request: Request, desk: Desk, verdict: str) -> Message | Toast:
    number = read_number(request.arguments[0]) if request.arguments else None
    if number is None:
        raise UsageError("Which incident? /alerts shows those of the last day")
    by = mark_of(request, desk)
    now = await desk.store.write(_keep, desk, number, verdict, by)
    answer = views.judged(now, by, desk.voice(request.chat), desk.now())
    return answer if request.press_id is not None else views.said(answer)


def _volume_incident(db: Connection, desk: Desk, number: int) -> Incident:
    """Raises UsageError."""
    found = get_incident(db, desk, number)
    if found.rule != unusual_volume.NAME:
        raise UsageError("#{number} is not about unusual volume", number=number)
    return found


def _keep(db: Connection, desk: Desk, number: int, verdict: str, by: Mark) -> Incident:
    before = _volume_incident(db, desk, number)
    after = desk.incidents.judge(db, number, by, verdict)
    if before.is_open:
        kind = unusual_volume.kind_of(before)
        given = [volume.Verdict(terminal_id, kind, verdict, by.at) for terminal_id in before.terminals]
        volume.add_verdicts(db, before.merchant_id, given)
    return after
