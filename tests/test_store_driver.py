"""What the store functions may rely on with either engine: many rows at once, lists as values, hostile texts."""

from collections.abc import Sequence

import pytest

from bot.model import MerchantId, TerminalId
from bot.store import volume
from bot.store.bulk import bulk_of
from bot.store.driver import Connection, list_by_key
from bot.store.operations import INSERT

SHOP = MerchantId("shop")
ODD = ("", "null", '"', "'", "\\", "{a,b}", "%s", "%(a)s", ":a", "?", "ключ", "a\tb\nc", "x" * 5000)
PUT = "INSERT INTO bad_record (merchant_id, digest, what, seen_at) VALUES (?, ?, ?, ?)"
REPLACE = f"{PUT} ON CONFLICT (merchant_id, digest) DO UPDATE SET what = excluded.what"


def bad(*keys: str, what: str = "w") -> list[tuple[object, ...]]:
    return [("shop", key, what, 1 << 60) for key in keys]


def whats(db: Connection) -> dict[str, str]:
    return {row["digest"]: row["what"] for row in db.rows("SELECT digest, what FROM bad_record")}


@pytest.mark.parametrize("count", [0, 1, 2, 1500])
def test_any_number_of_rows_goes_in_at_once(db: Connection, count: int) -> None:
    db.many(PUT, bad(*map(str, range(count))))
    assert len(whats(db)) == count
    assert db.rows("SELECT seen_at FROM bad_record WHERE seen_at <> :at", at=1 << 60) == []


def test_texts_come_out_as_they_went_in(db: Connection) -> None:
    db.many(PUT, [row for odd in ODD for row in bad(odd, what=odd)])
    assert whats(db) == {odd: odd for odd in ODD}
    found = list_by_key(db, "SELECT digest FROM bad_record WHERE merchant_id = :merchant_id AND digest", SHOP, ODD)
    assert {row["digest"] for row in found} == set(ODD)


def test_a_list_stands_for_all_that_is_in_it(db: Connection) -> None:
    db.many(PUT, bad("a", "b", "c"))
    select = "SELECT digest FROM bad_record WHERE merchant_id = :id AND digest IN (:digests) AND what <> :none"
    assert db.rows("SELECT 1 FROM bad_record WHERE digest IN (:one)", one="a")
    for asked, given in ((["a", "c", "d"], ["a", "c"]), ([], [])):
        rows = db.rows(f"{select} ORDER BY digest", id=SHOP, digests=asked, none="")
        assert [row["digest"] for row in rows] == given


def test_of_two_rows_of_one_key_the_later_holds(db: Connection) -> None:
    db.many(REPLACE, bad("a", "b", what="old"))
    db.many(REPLACE, [*bad("a", what="first"), *bad("a", "c", what="last")])
    assert whats(db) == {"a": "last", "b": "old", "c": "last"}


def test_bytes_come_out_as_they_went_in(db: Connection) -> None:
    states = {TerminalId(str(number)): bytes(range(number, 256)) for number in range(3)}
    volume.save_states(db, SHOP, 7, states)
    assert {key: bytes(body) for key, body in volume.list_states(db, SHOP).items()} == states


@pytest.mark.parametrize(
    ("sql", "unique"),
    [
        (INSERT, ()),
        (PUT, ()),
        (REPLACE, (0, 1)),
        ("\n  INSERT INTO t (a, b)\n  VALUES (?, ?)\n  ON CONFLICT (b) DO NOTHING", (1,)),
    ],
)
def test_new_rows_are_one_statement_of_postgresqls(sql: str, unique: Sequence[int]) -> None:
    bulk = bulk_of(sql)
    assert bulk is not None
    assert bulk.unique == unique


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET a = ? WHERE b = ?",
        "DELETE FROM t WHERE a = ?",
        "INSERT INTO t VALUES (?, ?)",
        "INSERT INTO t (a, b) VALUES (?, 'waiting')",
    ],
)
def test_what_else_is_done_many_times_is_left_as_it_is(sql: str) -> None:
    assert bulk_of(sql) is None
