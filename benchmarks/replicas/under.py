"""Replicas of the real program under steady traffic while a fault lasts, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import postgres
from replicas import ASKING, CHATS, HERE, Lodging, Questions, Replicas, Trade
from verdicts import Verdict, count_told, judge

LONGEST_RECOVERY = 120.0
SLOWEST_STOP = 10.0
# Lets the fault happen and returns once it is over, with a word for the table.
Fault = Callable[[Replicas], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """`recovery`: seconds from the end of the fault until everything was told and answered."""

    verdict: Verdict
    recovery: float
    note: str = ""


async def under(
    folder: Path, fault: Fault, database: str | None = None, lodgings: Sequence[Lodging] = (HERE, HERE, HERE)
) -> Result:
    """Failures and questions go on all the time; all of them must be told and answered in the end."""
    async with replicas(folder, database, lodgings) as scene:
        await scene.run()
        return await judged(scene, fault)


@asynccontextmanager
async def replicas(
    folder: Path, database: str | None = None, lodgings: Sequence[Lodging] = (HERE, HERE, HERE)
) -> AsyncIterator[Replicas]:
    """The scene, closed at the end."""
    scene = Replicas(folder, database or postgres.new_url(), lodgings)
    try:
        yield await scene.open()
    finally:
        await scene.close()


async def judged(scene: Replicas, fault: Fault) -> Result:
    """The fault, then peace, then the end of every replica; and the verdict."""
    scene.trade = trade = Trade(scene)
    questions = Questions(scene)
    await asyncio.sleep(1)
    note = await fault(scene)
    ended = monotonic()
    await trade.stop()
    await questions.stop()
    await _everything(scene, trade, questions)
    recovery = monotonic() - ended
    begun = monotonic()
    codes = await scene.stop()
    took = monotonic() - begun
    (scene.outside.folder / "output").write_text(output(scene), encoding="utf-8")
    assert codes == [0] * len(codes), output(scene)
    assert took < SLOWEST_STOP, f"the end took {took:.1f} s"
    return Result(judge(scene, trade, questions), recovery, f"{note}, all told after {recovery:.1f} s")


async def _everything(scene: Replicas, trade: Trade, questions: Questions) -> None:
    """Waits for it; what is not told or answered in time counts as lost."""

    def over() -> bool:
        return _told(scene, trade) and all(questions.answers().values())

    with suppress(TimeoutError):
        await scene.outside.api.wait_for(over, LONGEST_RECOVERY)


def _told(scene: Replicas, trade: Trade) -> bool:
    sent = [one for one in scene.outside.api.deliveries if one.chat_id != ASKING]
    return all(len(count_told([one for one in sent if one.chat_id == chat])) >= len(trade.failed) for chat in CHATS)


def output(scene: Replicas) -> str:
    """What every run of every replica has said."""
    runs = [(one.number, run) for one in scene.replicas for run in one.runs]
    return "\n".join(f"--- replica {number}\n{run.output}" for number, run in runs)
