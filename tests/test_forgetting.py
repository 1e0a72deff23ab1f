"""One payer is forgotten in everything stored, stays forgotten, and nobody else is."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, OWNER, SHOP, an_alert, an_incident, an_operation, paid
from databases import dump
from running import Outside

from bot.errors import ConfigurationError
from bot.forgetting import forget, payer_of
from bot.model import Operation, Outcome
from bot.store import chats, incidents, living, operations, outbox, queries
from bot.store.driver import Connection, Store
from bot.store.forgetting import list_operations
from bot.store.outbox import Place

AIGUL: dict[str, Any] = {
    "payer_name": "Айгүл СЕРІКОВА",
    "payer_phone": "+7 (701) 000-00-01",
    "payer_email": "Aigul@example.kz",
    "account_id": "client-7",
    "description": "for Айгүл",
    "sender_card": "1512",
}
NOBODY = {"name": "", "card": "", "phone": "", "email": "", "account_id": ""}
PLACE = Place(OWNER.chat_id, None)


def keep(db: Connection, *shown: Operation) -> int:
    return len(operations.apply(db, SHOP, shown, history_before=NOW - timedelta(days=9), now=NOW).transitions)


def row_of(db: Connection, key: str) -> Operation:
    (row,) = db.rows(f"{operations.SELECT} WHERE id = :id", id=key)
    return operations.operation_of(row)


@pytest.mark.parametrize(
    "known",
    [
        {"phone": "8 701 000 00 01"},
        {"email": "aigul@EXAMPLE.kz"},
        {"account_id": "client-7"},
        {"name": "айгүл серікова", "card": "1512"},
    ],
)
async def test_a_payer_is_known_by_any_of_what_the_bank_says(store: Store, known: dict[str, str]) -> None:
    other = an_operation("other", **AIGUL | {"payer_name": "Айгүл СЕРІКОВА-2", "payer_phone": "77010000002"})
    own = an_operation("own", **AIGUL)
    alike = an_operation("alike", sender_card="1512", payer_name="Дана", description="a stranger's")
    await store.write(keep, own, alike, other)
    found = {one.id for one in await store.read(list_operations, payer_of(**NOBODY | known))}
    assert found == ({"own", "other"} if known.keys() & {"email", "account_id"} else {"own"})


@pytest.mark.parametrize(
    ("known", "path"),
    [({}, ""), ({"name": "Айгүл"}, ""), ({"card": "1512"}, ""), ({"phone": "0001"}, "--phone")],
)
def test_what_fits_many_is_refused(known: dict[str, str], path: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        payer_of(**NOBODY | known)
    assert path in [problem.path for problem in refused.value.problems]


async def test_the_person_is_gone_from_every_place_and_does_not_return(store: Store) -> None:
    own = an_operation("own", outcome=Outcome.FAILED, **AIGUL)
    other = an_operation("other", outcome=Outcome.FAILED, sender_card="8888", payer_name="Дана")
    alert = an_alert(5, attempts=(own, other))

    def happened(db: Connection) -> None:
        keep(db, own, other)
        incidents.save(db, an_incident(5, attempts=(own, other)), None)
        incidents.note_operations(db, 5, [(SHOP, own.id), (SHOP, other.id)])
        living.show(db, alert, OWNER, NOW, timedelta())
        outbox.put(db, PLACE, "said", alert, NOW)
        for number, words in enumerate(("search payer=Айгүл Серікова", "search 8701 000 0001", "failed")):
            queries.save(db, f"q{number}", words, chat_id=1, user_id=1, now=NOW)
        for update, text in ((1, "/search aigul@example.kz"), (2, "/today")):
            chats.keep_updates(db, [(update, json.dumps({"message": {"text": text}}))], NOW)
            chats.mark_update(db, update, NOW, None)

    await store.write(happened)
    payer = payer_of(
        **NOBODY | {"name": "Айгүл Серікова", "card": "1512", "phone": "+77010000001", "email": AIGUL["payer_email"]}
    )
    assert await store.read(list_operations, payer) == [own]
    assert await forget(store, payer) == (1, 2)
    assert await store.read(row_of, "own") == own.without_person()
    assert await store.read(row_of, "other") == other
    assert await store.write(keep, own, other) == 0
    assert await store.write(keep, paid(own)) == 1
    assert await store.read(row_of, "own") == paid(own).without_person()
    everything = await store.read(dump)
    assert not [word for word in ("Айгүл", "1512", "0000001", "igul@") if word in everything]
    assert "8888" in everything
    assert await store.read(lambda db: [one.incident for one in living.list_unsent_openings(db, OWNER.chat_id)])
    assert await forget(store, payer) == (0, 0)


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    await outside.begin()
    yield outside
    await outside.close()


async def test_the_command_counts_first_and_forgets_while_the_bot_runs(outside: Outside) -> None:
    await outside.run()
    person = {"name": "Aigul Serikova", "phone": "77010000001", "email": "aigul@example.kz"}
    await outside.told(outside.fail(**person))
    asked = ("forget", "--config", outside.folder / "config.yaml", "--phone", "+7 701 000 00 01")
    for more, sentence, left in (((), "payer: 1. Nothing is changed", 1), (("--yes",), "operations: 1, in", 0)):
        program = await outside.start(*asked, *more)
        assert await program.ends() == 0, program.output
        assert sentence in program.output
        assert ("Backups" in program.output) is bool(more)
        assert not [word for word in person.values() if word in program.output]
        assert outside.ask("SELECT COUNT(*) FROM operation WHERE payer_name <> ''") == [(left,)]
    await outside.asked()
    await outside.told(outside.fail())


async def test_the_command_says_who_is_not_clear(outside: Outside) -> None:
    program = await outside.start("forget", "--config", outside.folder / "config.yaml", "--card", "1512")
    assert await program.ends() == 2
    assert "each alone fits many" in program.output
