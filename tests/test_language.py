"""The language of a chat: one's own until chosen, then the chosen one, for what is asked, unasked and on the menu."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from test_chat_dispatch import GROUP, TOPIC, Stage, open_stage

from bot.chat.telegram import MENU_LANGUAGES
from bot.model import ChatKind, Destination
from bot.store import chats
from bot.texts import LANGUAGES

HELLO = {"ru": "я говорю по-русски", "kk": "қазақша сөйлеймін", "en": "I speak English"}
YOUR_ID = {"ru": "Ваш", "kk": "Сіздің", "en": "Your id"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        yield stage


async def language_of(stage: Stage, chat_id: int, thread_id: int | None = None) -> str | None:
    known = await stage.store.read(chats.find_destination, chat_id, thread_id)
    return known.language if known else None


async def pressed(stage: Stage, label: str, chat_id: int = 5) -> str:
    shown = stage.last(chat_id)
    await stage.api.presses(stage.owner, shown, shown.data(label))
    await stage.work()
    assert stage.last(chat_id) is shown
    return shown.text


async def test_every_language_can_be_chosen_and_answers_in_itself(stage: Stage) -> None:
    await stage.hears(stage.owner, "/language")
    assert stage.last().text == "Which language shall I speak in this chat?"
    for language, label in (("ru", "Русский"), ("kk", "Қазақша"), ("en", "English")):
        assert HELLO[language] in await pressed(stage, label)
        assert stage.last().data(f"✓ {label}")
        await stage.hears(stage.owner, "/id")
        assert stage.last().text.startswith(YOUR_ID[language])
        await stage.hears(stage.owner, "/language")


@pytest.mark.parametrize("said", ["kk", "KK", "қазақша", "Казахский"])
async def test_a_language_can_be_typed(stage: Stage, said: str) -> None:
    await stage.hears(stage.owner, f"/language {said}")
    assert HELLO["kk"] in stage.last().text


async def test_a_language_that_is_not_spoken_is_refused_with_those_that_are(stage: Stage) -> None:
    await stage.hears(stage.owner, "/language <Latin>")
    assert "“<latin>”" in stage.last().text
    assert all(f"/language {language}" in stage.last().text for language in LANGUAGES)
    assert await language_of(stage, 5) is None


async def test_a_chosen_language_outlives_a_change_of_the_persons_own(stage: Stage) -> None:
    await stage.hears(stage.owner, "/language kk")
    await stage.hears(stage.api.person(5, "Aigerim", "ru"), "/id")
    assert stage.last().text.startswith(YOUR_ID["kk"])


async def test_until_one_is_chosen_alerts_speak_the_persons_own_language_too(stage: Stage) -> None:
    await stage.store.write(chats.subscribe, Destination(chat_id=5, language="ru"))
    await stage.hears(stage.api.person(5, "Aigerim", "kk"), "/id")
    assert await language_of(stage, 5) == "kk"
    await stage.hears(stage.api.person(5, "Aigerim", "fr"), "/id")
    assert await language_of(stage, 5) == "en"


async def test_a_group_keeps_its_language_whoever_speaks(stage: Stage) -> None:
    await stage.store.write(chats.subscribe, Destination(chat_id=GROUP, kind=ChatKind.SUPERGROUP, language="ru"))
    await stage.hears(stage.owner, "/id", GROUP)
    assert stage.last(GROUP).text.startswith(YOUR_ID["ru"])


async def test_a_choice_in_one_topic_goes_for_the_whole_chat(stage: Stage) -> None:
    topic = Destination(chat_id=GROUP, thread_id=99, kind=ChatKind.SUPERGROUP, language="ru")
    await stage.store.write(chats.subscribe, topic)
    await stage.hears(stage.owner, "/language kk", GROUP, TOPIC)
    await stage.hears(stage.owner, "/id", GROUP)
    assert stage.last(GROUP).text.startswith(YOUR_ID["kk"])
    assert await language_of(stage, GROUP, 99) == "kk"


async def test_the_menu_of_the_chat_follows_for_people_of_every_language(stage: Stage) -> None:
    await stage.hears(stage.owner, "/language kk")
    menus = [stage.api.commands.get((f"chat:{5}", language)) for language in MENU_LANGUAGES]
    assert menus[0]
    assert all(menu == menus[0] for menu in menus)
    listed = {command["command"]: command["description"] for command in menus[0]}
    assert listed["language"] == "Осы чаттың тілі"
    assert set(listed) == {name for name, _ in stage.desk.listed(ChatKind.PRIVATE)}


async def test_a_menu_that_telegram_refuses_does_not_keep_the_language_from_changing(stage: Stage) -> None:
    stage.api.faults.add(method="setMyCommands", status=500)
    await stage.hears(stage.owner, "/language kk")
    assert HELLO["kk"] in stage.last().text
