"""The statements asked each minute find their rows by what is new, not by two days of operations."""

import pytest
from builders import SHOP, an_operation, failed
from databases import SQLITE
from volumes import MINUTE, START

from bot.model import Outcome, to_micros
from bot.store import operations, volume
from bot.store.driver import Connection, Row


class Planned:
    """Answers with the plan of a statement."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        return self._db.rows(f"EXPLAIN QUERY PLAN {sql}", **values)


@pytest.mark.parametrize("engine", [SQLITE], indirect=True)
def test_what_is_new_is_found_through_its_index(db: Connection) -> None:
    watched = volume.Watched(since=0, fed=10**7, seen_at=5)
    late = [row["detail"] for row in volume.list_late(Planned(db), SHOP, watched)]
    changed = [row["detail"] for row in volume.list_failed_later(Planned(db), SHOP, watched)]
    assert "operation_by_sight" in late[0]
    assert "operation_change_by_time" in changed[0]


def test_only_what_became_known_later_of_judged_minutes_is_late(db: Connection) -> None:
    at, seen = START, START + 5 * MINUTE
    early, open_one = (
        an_operation("early", created_at=at),
        an_operation("open", created_at=at, outcome=Outcome.UNDECIDED),
    )
    operations.apply(db, SHOP, [early, open_one], history_before=at, now=seen)
    watched = volume.Watched(since=0, fed=to_micros(seen) // 60_000_000, seen_at=volume.newest_sight(db, SHOP))
    assert volume.list_late(db, SHOP, watched) == []
    young = an_operation("young", created_at=seen + MINUTE)
    late = an_operation("late", created_at=at + MINUTE)
    operations.apply(db, SHOP, [young, late, failed(open_one)], history_before=at, now=seen + MINUTE)
    assert [row["created_at"] for row in volume.list_late(db, SHOP, watched)] == [to_micros(late.created_at)]
    assert [row["outcome"] for row in volume.list_failed_later(db, SHOP, watched)] == ["failed"]
    assert volume.newest_sight(db, SHOP) == to_micros(seen + MINUTE)
