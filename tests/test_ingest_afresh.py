"""How far back a poll reads again."""

from datetime import timedelta

from builders import NOW

from bot.ingest.afresh import LEAST, ROWS, WHOLE_EVERY, Afresh

OVERLAP = timedelta(minutes=30)
INTERVAL = timedelta(seconds=15)


def read(afresh: Afresh, rows: int) -> timedelta:
    """What is read a poll after so many operations were in the whole overlap."""
    afresh.read(OVERLAP, rows, NOW)
    return afresh.back(NOW + INTERVAL, NOW)


def test_the_first_look_is_at_everything() -> None:
    assert Afresh(OVERLAP, INTERVAL).back(NOW, NOW) == OVERLAP


def test_of_few_operations_all_are_read_each_time() -> None:
    assert read(Afresh(OVERLAP, INTERVAL), ROWS) == OVERLAP


def test_of_many_the_newest_are_read_and_all_of_them_every_few_minutes() -> None:
    afresh = Afresh(OVERLAP, INTERVAL)
    assert read(afresh, 4 * ROWS) == OVERLAP / 4
    afresh.read(OVERLAP / 4, ROWS, NOW + INTERVAL)
    assert afresh.back(NOW + WHOLE_EVERY - INTERVAL, NOW + WHOLE_EVERY - 2 * INTERVAL) == OVERLAP / 4
    assert afresh.back(NOW + WHOLE_EVERY, NOW + WHOLE_EVERY - INTERVAL) == OVERLAP


def test_it_is_never_less_than_a_few_polls() -> None:
    assert read(Afresh(OVERLAP, INTERVAL), 10**6) == LEAST
    assert read(Afresh(OVERLAP, timedelta(minutes=1)), 10**6) == timedelta(minutes=4)


def test_what_was_not_read_for_a_while_is_read_whole() -> None:
    afresh = Afresh(OVERLAP, INTERVAL)
    afresh.read(OVERLAP, 4 * ROWS, NOW)
    assert afresh.back(NOW + timedelta(minutes=2), None) == OVERLAP
    assert afresh.back(NOW + timedelta(minutes=2), NOW - timedelta(minutes=3)) == OVERLAP
    assert afresh.back(NOW - timedelta(minutes=2), NOW) == OVERLAP
