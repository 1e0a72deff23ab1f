"""A person's word on unusual volume, and what each preset would have said."""

from zoneinfo import ZoneInfo

from bot import views
from bot.chat.commands.incidents import get_incident, mark_of, read_number
from bot.chat.desk import Desk
from bot.chat.errands import Continued, Talk
from bot.chat.scopes import list_merchants, scope_of
from bot.errors import UsageError
from bot.model import Incident, Mark, Message, Request, Toast
from bot.presets import Presets
from bot.rules import unusual_volume
from bot.store import volume
from bot.store.driver import Connection

LATELY = 28  # days


async def planned(request: Request, desk: Desk) -> Message | Toast:
    """It was meant to be so: over, and the next alarm of the kind needs no more evidence than before."""
    return await _judge(request, desk, "planned")


async def false_alarm(request: Request, desk: Desk) -> Message | Toast:
    """There was nothing: over, and the next alarm of the kind must bring more evidence."""
    return await _judge(request, desk, "false_alarm")


async def rules(request: Request, desk: Desk) -> Message | Continued:
    """What each preset would have said of a terminal in the last four weeks; found out while the chat waits."""
    places = [(one, terminal) for one in await list_merchants(desk) for terminal in one.terminals]
    if request.arguments or len(places) == 1:
        scope = await scope_of(request, desk, request.arguments or (places[0][1].id,))
        places = [(merchant, terminal) for merchant, terminal in scope.places if terminal]
    voice = desk.voice(request.chat)
    if len(places) != 1:
        return views.ask_rules([terminal for _, terminal in places], voice)
    ((merchant, terminal),) = places

    async def replay(talk: Talk) -> None:
        presets = Presets(desk.volume, ZoneInfo(request.chat.timezone), merchant.id, terminal.id)
        found = await presets.replay(desk.store, LATELY)
        await talk.change(views.rules_of(terminal, found, desk.volume.preset, voice, desk.now()))

    waiting = UsageError("I am still replaying the past of a terminal; one at a time, please")
    return Continued(message=views.rules_replayed(terminal, voice), rest=replay, alone=waiting)


async def _judge(request: Request, desk: Desk, verdict: str) -> Message | Toast:
    number = read_number(request.arguments[0]) if request.arguments else None
    if number is None:
        raise UsageError("Which incident? /alerts shows those of the last day")
    by = mark_of(request, desk)
    now = await desk.store.write(_keep, desk, number, verdict, by)
    answer = views.judged(now, by, desk.voice(request.chat), desk.now())
    return answer if request.press_id is not None else views.said(answer)


def _keep(db: Connection, desk: Desk, number: int, verdict: str, by: Mark) -> Incident:
    before = get_incident(db, desk, number)
    if before.rule != unusual_volume.NAME:
        raise UsageError("#{number} is not about unusual volume", number=number)
    after = desk.incidents.judge(db, number, by, verdict)
    if before.is_open:
        kind = unusual_volume.kind_of(before)
        given = [volume.Verdict(terminal_id, kind, verdict, by.at) for terminal_id in before.terminals]
        volume.add_verdicts(db, before.merchant_id, given)
    return after
