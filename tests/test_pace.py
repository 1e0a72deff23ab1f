"""How fast messages may leave, on a clock of the test's own."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from delivering import OTHER, OWNER, SECOND, Stage

from bot.delivery import Pace
from bot.demo.telegram.limits import Limits
from bot.demo.telegram.records import Chat
from bot.demo.telegram.refusal import Refusal

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=100)
GROUP, PERSON = -500, 500


def gone(pace: Pace, chat_id: int, seconds: float, start: datetime = START) -> list[datetime]:
    """When messages left to a chat that always has another one waiting."""
    times = (start + TICK * tick for tick in range(int(timedelta(seconds=seconds) / TICK)))
    return [at for at in times if pace.may_go(chat_id, at)]


def test_a_private_chat_gets_three_at_once_and_then_one_a_second() -> None:
    left = gone(Pace(), PERSON, 30)
    assert len(left) == 30
    assert left[2] - START < SECOND


def test_a_group_gets_at_most_twenty_a_minute() -> None:
    left = gone(Pace(), GROUP, 600)
    assert 190 <= len(left) <= 200
    assert all(sum(at <= later < at + timedelta(minutes=1) for later in left) <= 20 for at in left)


def test_all_chats_together_leave_five_of_thirty_to_answers() -> None:
    pace = Pace()
    times = [START + TICK * tick for tick in range(100)]
    left = Counter(at for at in times for chat_id in range(1, 300) if pace.may_go(chat_id, at))
    assert sum(left.values()) == 250
    assert max(sum(n for at, n in left.items() if since <= at < since + SECOND) for since in times) == 25


def test_a_pause_of_one_chat_stops_no_other() -> None:
    pace = Pace()
    pace.pause(PERSON, START + 5 * SECOND)
    assert gone(pace, PERSON, 6)[0] == START + 5 * SECOND
    assert pace.may_go(GROUP, START)


def test_a_pause_of_everybody_stops_everybody() -> None:
    pace = Pace()
    pace.pause_everybody(START + SECOND)
    assert not pace.is_open(START)
    assert not any(pace.may_go(chat_id, START) for chat_id in (PERSON, GROUP))
    assert pace.is_open(START + SECOND)


@pytest.mark.parametrize("chat_id", [PERSON, GROUP])
def test_telegram_never_has_to_say_429(chat_id: int) -> None:
    at = START
    limits = Limits(lambda: at)
    chat = Chat(chat_id, "private" if chat_id > 0 else "group", "", {})
    for at in gone(Pace(), chat_id, 300):
        try:
            limits.take(chat)
        except Refusal as refusal:
            pytest.fail(f"{refusal} at {at - START}")


async def test_a_storm_drains_without_one_429(tmp_path: Path) -> None:
    """Facts F12, small: two private chats and a group, against Telegram's own limits."""
    stage = await Stage(tmp_path, limits=True).open()
    await stage.private(OWNER, OTHER)
    await stage.group()
    invoices: list[str] = []
    begin = stage.now.at
    while stage.now.at < begin + 60 * SECOND:
        invoices += await stage.fail(10)
        await stage.step()
        stage.now.at += SECOND
    await stage.pass_by()
    assert {call.status for call in stage.api.calls if call.method == "sendMessage"} == {200}
    assert stage.invoices(OWNER) == stage.invoices(OTHER) == invoices
    assert len(stage.sent(-500)) <= 25
    assert stage.api.deliveries[-1].at - begin <= 75 * SECOND
    await stage.close()
