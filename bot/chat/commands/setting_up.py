"""The set-up of the first owner, step by step; each step can be left, and found again in the settings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from bot import views
from bot.chat.commands.timing import change_quiet, chosen_by
from bot.chat.desk import Desk
from bot.chat.errands import Continued, Talk
from bot.chat.scopes import list_merchants
from bot.errors import SourceError, UsageError
from bot.model import BankAnswer, Merchant, Message, Request, SeenTerminal, SetupStep, Window
from bot.presets import Presets
from bot.rules.volume.values import BUDGETS
from bot.store import figures, volume, walks
from bot.store.driver import Connection

LATELY = timedelta(days=7)
REPLAYED = 4  # terminals of a merchant
Answer = Message | Continued
Step = Callable[[Request, Desk, Sequence[str]], Awaitable[Answer]]


async def setup(request: Request, desk: Desk) -> Answer:
    """`/setup [STEP [CHOICE]]`; goes on where this person stopped. `/setup alert` shows a sample."""
    words = request.arguments
    if words == ("alert",):
        (merchant, *_) = await list_merchants(desk)
        return views.sample_alert(merchant, desk.voice(request.chat), desk.now())
    step = _read(words[0]) if words else await desk.store.read(walks.find_step, request.user_id)
    if step is None or (step is SetupStep.DONE and not words):
        step = SetupStep.BANK
    answer = await _STEPS[step](request, desk, words[1:])
    await desk.store.write(walks.save_step, request.user_id, step)
    return answer


def _read(word: str) -> SetupStep:
    try:
        return SetupStep(word.casefold())
    except ValueError:
        raise UsageError("/setup goes through it step by step: {steps}", steps=", ".join(SetupStep)) from None


async def _bank(request: Request, desk: Desk, _: Sequence[str]) -> Message:
    answers = await asyncio.gather(*(_ask(merchant, desk) for merchant in desk.merchants))
    return views.bank_step(answers, desk.voice(request.chat), desk.now())


async def _ask(merchant: Merchant, desk: Desk) -> BankAnswer:
    clock = asyncio.get_running_loop().time
    began, now = clock(), desk.now()
    try:
        async with asyncio.timeout(desk.patience.total_seconds()):
            reading = await desk.clients[merchant.id].read(Window(now - timedelta(hours=1), now))
    except (SourceError, TimeoutError) as error:
        return BankAnswer(merchant, clock() - began, error=str(error) or "…")
    return BankAnswer(merchant, clock() - began, count=len(reading.operations))


async def _terminals(request: Request, desk: Desk, _: Sequence[str]) -> Message:
    return views.terminals_step(await _seen(desk), desk.voice(request.chat))


async def _seen(desk: Desk) -> list[SeenTerminal]:
    merchants = await list_merchants(desk)
    return await desk.store.read(_counted, merchants, Window(desk.now() - LATELY, desk.now()))


def _counted(db: Connection, merchants: Sequence[Merchant], window: Window) -> list[SeenTerminal]:
    seen = []
    for merchant in merchants:
        tallies = figures.by_terminal(db, merchant.id, window)
        for terminal in merchant.terminals:
            count = sum(tally.total for tally in tallies.get(terminal.id, {}).values())
            seen.append(SeenTerminal(terminal, count))
    return sorted(seen, key=lambda one: (one.named, -one.count))


async def _noise(request: Request, desk: Desk, words: Sequence[str]) -> Answer:
    voice = desk.voice(request.chat)
    if words:
        if words[0] not in BUDGETS:
            raise UsageError("There are three presets: calm, normal and everything")
        await desk.store.write(_choose, desk.merchants, words[0])
    preset = await desk.store.read(volume.get_preset, desk.merchants[0].id, desk.volume.preset)
    message = views.noise_step(preset, dict.fromkeys(BUDGETS, 0), voice, counting=True)

    async def count(talk: Talk) -> None:
        counts = await _count(request, desk)
        if counts is not None:
            chosen = await desk.store.read(volume.get_preset, desk.merchants[0].id, desk.volume.preset)
            await talk.change(views.noise_step(chosen, counts, voice, counting=False))

    return Continued(message=message, rest=count)


def _choose(db: Connection, merchants: Sequence[Merchant], preset: str) -> None:
    for merchant in merchants:
        volume.choose_preset(db, merchant.id, preset)


async def _count(request: Request, desk: Desk) -> Mapping[str, int] | None:
    """The alerts of the last week by preset, of the first terminals; None once the person has gone on."""
    counts = dict.fromkeys(BUDGETS, 0)
    places = [(one.id, terminal.id) for one in await list_merchants(desk) for terminal in one.terminals[:REPLAYED]]

    async def wanted() -> bool:
        return await desk.store.read(walks.find_step, request.user_id) is SetupStep.NOISE

    for merchant_id, terminal_id in places:
        presets = Presets(desk.volume, desk.zone, merchant_id, terminal_id)
        for name, alarms in (await presets.replay(desk.store, LATELY.days, wanted)).items():
            counts[name] += len(alarms)
    return counts if await wanted() else None


async def _quiet(request: Request, desk: Desk, words: Sequence[str]) -> Message:
    if words:
        await change_quiet(request.chat, words, desk)
    chosen = await chosen_by(request.chat, desk)
    return views.quiet_step(chosen.settings.quiet, desk.voice(request.chat))


async def _invite(request: Request, desk: Desk, _: Sequence[str]) -> Message:
    return views.invite_step(desk.voice(request.chat))


async def _sample(request: Request, desk: Desk, _: Sequence[str]) -> Message:
    return views.sample_step(desk.voice(request.chat))


async def _done(request: Request, desk: Desk, _: Sequence[str]) -> Message:
    return views.setup_done(desk.voice(request.chat))


_STEPS: Mapping[SetupStep, Step] = {
    SetupStep.BANK: _bank,
    SetupStep.TERMINALS: _terminals,
    SetupStep.NOISE: _noise,
    SetupStep.QUIET: _quiet,
    SetupStep.INVITE: _invite,
    SetupStep.SAMPLE: _sample,
    SetupStep.DONE: _done,
}
