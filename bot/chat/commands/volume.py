"""A person's word on unusual volume, and what each preset would have said."""

from bot import views
from bot.chat.commands.incidents import get_incident, mark_of
from bot.chat.desk import Desk
from bot.errors import UsageError
from bot.model import Incident, Mark, Message, Request, Toast
from bot.rules import unusual_volume
from bot.store import volume
from bot.store.driver import Connection


async def planned(request: Request, desk: Desk) -> Message | Toast:
    """It was meant to be so: over, and the next alarm of the kind needs no more evidence than before."""
    return await _judge(request, desk, "planned")


async def false_alarm(request: Request, desk: Desk) -> Message | Toast:
    """There was nothing: over, and the next alarm of the kind must bring more evidence."""
    return await _judge(request, desk, "false_alarm")


async def _judge(request: Request, desk: Desk, verdict: str) -> Message | Toast:
    words = [word.lstrip("#№") for word in request.arguments]
    if not words or not words[0].isdecimal() or len(words[0]) > 9:
        raise UsageError("Which incident? /alerts shows those of the last day")
    by = mark_of(request, desk)
    now = await desk.store.write(_keep, desk, int(words[0]), verdict, by)
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
