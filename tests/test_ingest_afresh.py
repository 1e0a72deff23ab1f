"""How far back a poll reads again."""

from dataclasses import replace
from datetime import datetime, timedelta

from builders import NOW, UNREAD

from bot.ingest.afresh import LEAST, ROWS, WHOLE_EVERY, Afresh
from bot.store.sources import Source

OVERLAP = timedelta(minutes=30)
INTERVAL = timedelta(seconds=15)


def source(rows: int, *, whole_at: datetime | None = NOW, through_at: datetime | None = NOW) -> Source:
    """A merchant whose whole overlap held so many operations."""
    return replace(UNREAD, through_at=through_at, whole_at=whole_at, whole_rows=rows)


AFRESH = Afresh(OVERLAP, INTERVAL)


def test_the_first_look_is_at_everything() -> None:
    assert AFRESH.back(source(0, whole_at=None), NOW) == OVERLAP


def test_of_few_operations_all_are_read_each_time() -> None:
    assert AFRESH.back(source(ROWS), NOW + INTERVAL) == OVERLAP


def test_of_many_the_newest_are_read_and_all_of_them_every_few_minutes() -> None:
    known = source(4 * ROWS, through_at=NOW + WHOLE_EVERY - 2 * INTERVAL)
    assert AFRESH.back(known, NOW + WHOLE_EVERY - INTERVAL) == OVERLAP / 4
    assert AFRESH.back(known, NOW + WHOLE_EVERY) == OVERLAP


def test_only_a_whole_overlap_with_many_operations_is_worth_knowing() -> None:
    assert AFRESH.is_much(OVERLAP, ROWS + 1)
    assert not AFRESH.is_much(OVERLAP, ROWS)
    assert not AFRESH.is_much(OVERLAP / 4, 4 * ROWS)


def test_it_is_never_less_than_a_few_polls() -> None:
    assert AFRESH.back(source(10**6), NOW + INTERVAL) == LEAST
    assert Afresh(OVERLAP, timedelta(minutes=1)).back(source(10**6), NOW + INTERVAL) == timedelta(minutes=4)


def test_what_was_not_read_for_a_while_is_read_whole() -> None:
    many, later = 4 * ROWS, NOW + timedelta(minutes=2)
    assert AFRESH.back(source(many, through_at=None), later) == OVERLAP
    assert AFRESH.back(source(many, through_at=NOW - timedelta(minutes=3)), later) == OVERLAP
    assert AFRESH.back(source(many), NOW - timedelta(minutes=2)) == OVERLAP
