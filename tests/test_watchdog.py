"""A loop that stands still is restarted once, then the process ends; a bank that is down is no such loop."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from databases import only_sqlite
from running import Outside

from bot.app import App
from bot.cli import told_in_words
from bot.config import load
from bot.demo.bank import Fault
from bot.errors import Stalled
from bot.rules import check_settings
from bot.vitals import Vitals
from bot.watchdog import FORGIVEN_AFTER, Deadlines, Loop, Seen, Verdict, Watchdog, look

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SOON = timedelta(milliseconds=300)
QUICK = timedelta(milliseconds=20)


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    await outside.begin()
    yield outside
    await outside.close()


@pytest.mark.parametrize(
    ("seen", "rounds", "verdict"),
    [
        (Seen(), 1, Verdict.FINE),
        (Seen(), 0, Verdict.FINE),
        (Seen(still=50 * SECOND), 0, Verdict.RESTART),
        (Seen(still=50 * SECOND), 1, Verdict.FINE),
        (Seen(still=50 * SECOND, restarted=50 * SECOND), 0, Verdict.END),
        (Seen(still=50 * SECOND, restarted=50 * SECOND), 1, Verdict.FINE),
        (Seen(still=50 * SECOND, restarted=FORGIVEN_AFTER), 0, Verdict.RESTART),
    ],
)
def test_a_loop_is_judged_by_how_long_it_has_not_come_round(seen: Seen, rounds: int, verdict: Verdict) -> None:
    after, judged = look(seen, rounds, 10 * SECOND, MINUTE)
    assert judged is verdict
    if verdict is Verdict.RESTART:
        assert after == Seen(rounds, restarted=timedelta())


def watched(restarts: list[str], fresh: list[bool], ends: list[bool]) -> tuple[Watchdog, Vitals]:
    vitals = Vitals()
    loops = [Loop(name, MINUTE, partial(restarts.append, name)) for name in ("poll a", "poll b")]
    return (
        Watchdog(loops, vitals, tick=SECOND, fresh=lambda: fresh.append(True), last_resort=lambda: ends.append(True)),
        vitals,
    )


def test_one_loop_that_stands_still_is_named_restarted_and_at_last_the_end() -> None:
    restarts: list[str] = []
    fresh: list[bool] = []
    ends: list[bool] = []
    watchdog, vitals = watched(restarts, fresh, ends)
    for _ in range(11):
        vitals.came_round("poll a")
        watchdog.look(10 * SECOND)
    assert (restarts, len(fresh), ends) == (["poll b"], 10, [])
    assert b'epay_bot_loop_restarts_total{loop="poll b"} 1.0' in vitals.exposition()
    vitals.came_round("poll a")
    with pytest.raises(Stalled, match="poll b stands still again"):
        watchdog.look(MINUTE)
    assert (restarts, ends) == (["poll b"], [True])


async def alive(outside: Outside, deadlines: Deadlines) -> "asyncio.Task[None]":
    ready = asyncio.Event()
    app = App(load(outside.folder / "config.yaml", check_settings), deadlines=deadlines)
    running = asyncio.create_task(app.run(asyncio.Event(), ready.set))
    await ready.wait()
    return running


@only_sqlite("a replica's work ends by its own limit, and any replica does it next")
async def test_a_poll_that_hangs_is_restarted_and_goes_on(outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    outside.bank.faults.next("list", Fault.slow_headers(30))
    running = await alive(outside, Deadlines(poll=2 * SECOND, tick=QUICK))
    await outside.told(outside.fail())
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert caplog.text.count("poll shop has not come round within 0:00:02 and is restarted") == 1


async def test_a_loop_that_hangs_again_ends_the_bot(outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    outside.api.faults.add(method="getUpdates", times=None, hang=True)
    running = await alive(outside, Deadlines(intake=SOON, tick=QUICK))
    with pytest.raises(Stalled, match="telegram stands still again"):
        await asyncio.wait_for(running, 10)
    assert caplog.text.count("telegram has not come round") == 1


def test_a_bot_that_stands_still_ends_with_a_sentence_and_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, told_in_words():
        raise Stalled("poll shop stands still again")
    assert (ended.value.code, capsys.readouterr().err) == (1, "poll shop stands still again\n")


def test_what_cannot_end_itself_is_ended() -> None:
    code = (
        "import threading; from datetime import timedelta; from bot.watchdog import LastResort\n"
        "LastResort(timedelta(seconds=0.1)).arm(); threading.Event().wait()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 1
