"""How often one person may ask, on a clock of the test's own."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.throttle import BURST, REFILL, REMEMBERED, Pass, Throttle

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_a_burst_passes_then_one_word_then_silence() -> None:
    throttle = Throttle()
    assert [throttle.take(1, NOW) for _ in range(BURST + 3)] == [Pass.YES] * BURST + [Pass.TELL, Pass.NO, Pass.NO]
    assert throttle.take(2, NOW) is Pass.YES


def test_who_asks_once_a_second_is_never_stopped() -> None:
    throttle = Throttle()
    assert {throttle.take(1, NOW + second * REFILL) for second in range(1000)} == {Pass.YES}


def test_who_has_waited_is_told_again() -> None:
    throttle = Throttle()
    for _ in range(BURST + 5):
        throttle.take(1, NOW)
    later = NOW + BURST * REFILL
    assert [throttle.take(1, later) for _ in range(BURST + 2)] == [Pass.YES] * BURST + [Pass.TELL, Pass.NO]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-5, 90)), max_size=200))
def test_nobody_gets_more_than_the_burst_and_what_time_gives(steps: list[tuple[int, int]]) -> None:
    throttle, at = Throttle(), NOW
    passed = {1: 0, 2: 0, 3: 0}
    latest = NOW
    for user_id, seconds in steps:
        at += timedelta(seconds=seconds)
        latest = max(latest, at)
        passed[user_id] += throttle.take(user_id, at) is Pass.YES
    forward = sum(max(seconds, 0) for _, seconds in steps)
    assert all(count <= BURST + forward + 1 for count in passed.values())


def test_a_crowd_takes_bounded_memory() -> None:
    throttle = Throttle(burst=1)
    for user_id in range(REMEMBERED + 1):
        throttle.take(user_id, NOW)
    assert throttle.take(REMEMBERED, NOW) is Pass.TELL
    assert throttle.take(0, NOW) is Pass.YES
