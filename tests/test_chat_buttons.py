"""Buttons that keep a whole query: short ones carry it, long ones an id that only its own chat can use."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from markupsafe import Markup
from test_chat_dispatch import GROUP, NOW, Stage, open_stage

from bot.chat.commands import Command
from bot.chat.desk import Desk
from bot.demo.telegram import Message
from bot.model import DATA_BYTES, ChatKind, Destination, Request
from bot.model import Message as Answer
from bot.schedule import KEEP_QUERIES
from bot.store import chats, queries
from bot.store.driver import Connection
from bot.views.buttons import data_button, edit_button

WORDS = "терминал=Самал сумма>=5000 " * 3 + "сегодня"


async def repeats(request: Request, _: Desk) -> Answer:
    """Says what it was asked, under a button that asks it again."""
    words = " ".join(request.arguments)
    return Answer(Markup.escape(f"{request.text} at {request.at:%H:%M}"), [edit_button("Again", "say", words)])


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        stage.use([Command(name="say", answer=repeats, description="Repeats")])
        yield stage


def button_of(message: Message) -> str:
    return str(message.buttons[0][0]["callback_data"])


async def test_what_fits_is_carried_by_the_button_itself(stage: Stage) -> None:
    await stage.hears(stage.owner, "/say 1 2")
    assert button_of(stage.last()) == "e1:say:1 2"
    assert await stage.store.read(count) == 0


def count(db: Connection) -> int:
    return len(db.rows("SELECT id FROM saved_query"))


@pytest.mark.parametrize("chat_id", [5, GROUP])
async def test_what_does_not_fit_is_kept_and_a_press_says_it_again(stage: Stage, chat_id: int) -> None:
    await stage.hears(stage.owner, f"/say {WORDS}", chat_id)
    shown = stage.last(chat_id)
    data = button_of(shown)
    assert len(data.encode()) <= DATA_BYTES
    for minute in (1, 2):
        stage.clock.at += timedelta(minutes=1)
        await stage.api.presses(stage.owner, shown, data)
        await stage.work()
        assert (shown.text, button_of(shown)) == (f"/say {WORDS} at 09:0{minute}", data)
    assert await stage.store.read(count) == 1


@pytest.mark.parametrize("forged", ["e1::nothing", "v1::%", "e1::' OR 1=1", "e1:::"])
async def test_an_id_nobody_gave_out_is_refused_politely(stage: Stage, forged: str) -> None:
    await stage.hears(stage.owner, f"/say {WORDS}")
    assert await toast(stage, forged) == "This button is from another time; please ask again"


async def toast(stage: Stage, data: str, chat_id: int = 5) -> str:
    """What a press on the newest message says; the message stays."""
    shown = stage.last(chat_id)
    before = shown.text
    press = await stage.api.presses(stage.owner, shown, data)
    await stage.work()
    assert (stage.last(chat_id), shown.text) == (shown, before)
    return (await press.answer()).text


async def test_the_words_of_another_chat_are_refused_politely(stage: Stage) -> None:
    await stage.hears(stage.owner, f"/say {WORDS}", GROUP)
    foreign = button_of(stage.last(GROUP))
    await stage.hears(stage.owner, "/say hello")
    assert "another time" in await toast(stage, foreign)


async def test_private_words_belong_to_one_person(stage: Stage) -> None:
    saved = await stage.store.write(queries.save, "abc", "say:hello", chat_id=7, user_id=5, now=NOW)
    assert await stage.store.read(queries.find, saved, chat_id=7, user_id=5) == "say:hello"
    assert await stage.store.read(queries.find, saved, chat_id=7, user_id=6) is None


async def test_saved_words_are_forgotten_when_no_button_was_made_of_them_for_a_month(stage: Stage) -> None:
    await stage.hears(stage.owner, f"/say {WORDS}")
    await stage.store.write(queries.forget, NOW - KEEP_QUERIES)
    assert await stage.store.read(count) == 1
    await stage.store.write(queries.forget, NOW + timedelta(microseconds=1))
    assert "another time" in await toast(stage, button_of(stage.last()))


async def test_saved_words_follow_a_group_to_its_new_id(stage: Stage) -> None:
    group = Destination(chat_id=-7, kind=ChatKind.GROUP)
    for chat_id in (-7, -8):
        await stage.store.write(queries.save, f"id{chat_id}", "say:both", chat_id=chat_id, user_id=0, now=NOW)
    await stage.store.write(queries.save, "moving", "say:one", chat_id=group.chat_id, user_id=0, now=NOW)
    await stage.store.write(chats.move_chat, -7, -8)
    assert await stage.store.read(queries.find, "moving", chat_id=-8, user_id=5) == "say:one"
    assert await stage.store.read(queries.find, "id-8", chat_id=-8, user_id=5) == "say:both"


def test_a_button_never_says_what_cannot_be_typed() -> None:
    assert data_button("All", "find", "a\u202eb") == []
    assert data_button("All", "find", "a:b c")[0].data == "v1:find:a:b c"
