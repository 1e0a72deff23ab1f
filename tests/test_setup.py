"""The set-up of an owner: in every language, kept over a restart, and what it chooses takes effect."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import SAMAL
from test_chat_dispatch import NOW, SHOP, Stage, open_stage

from bot.chat.commands import COMMANDS
from bot.model import Merchant, MerchantId, SetupStep, Terminal, TerminalId
from bot.store import names, walks

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMELESS = Merchant(MerchantId(SHOP.id), "Shop")
WALKS = {
    "ru": ["▶️ Настроить", *["▶️ Дальше"] * 5, "🔔 Показать пример"],
    "kk": ["▶️ Баптау", *["▶️ Келесі"] * 5, "🔔 Үлгіні көрсету"],
    "en": ["▶️ Set me up", *["▶️ Next"] * 5, "🔔 Show a sample"],
}


async def press(stage: Stage, label: str) -> None:
    stage.clock.at += timedelta(minutes=1)
    shown = stage.last()
    await stage.api.presses(stage.owner, shown, shown.data(label))
    await stage.work()


@pytest.mark.parametrize("language", WALKS)
async def test_the_walk_goes_in_one_message_from_the_greeting_to_a_sample(tmp_path: Path, language: str) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        stage.owner = stage.api.person(5, "Aigerim", language)
        stage.world.add(SHOP.id, SAMAL, 100, created_at=NOW - HOUR)
        await stage.read_bank(NOW - DAY)
        await stage.hears(stage.owner, "/start")
        walked = stage.last()
        *steps, sample = WALKS[language]
        heads = []
        for label in steps:
            await press(stage, label)
            heads.append(stage.last().text.partition(" ")[0])
        assert stage.last() is walked
        assert heads == [f"{number}/6" for number in range(1, 7)]
        await press(stage, sample)
        assert stage.last() is not walked
        assert "25 000" in stage.last().text.replace("\N{NO-BREAK SPACE}", " ")


async def test_a_walk_goes_on_where_it_stopped_after_a_restart(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        await stage.hears(stage.owner, "/setup quiet")
    async with open_stage(tmp_path, SHOP) as stage:
        assert await stage.store.read(walks.find_step, stage.owner.user_id) is SetupStep.QUIET
        await stage.hears(stage.owner, "/setup")
        assert stage.last().text.startswith("4/6")
        await stage.hears(stage.owner, "/setup done")
        await stage.hears(stage.owner, "/start")
        assert not stage.last().buttons


async def test_terminals_get_names_in_the_chat_and_the_configuration_goes_first(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        stage.desk = replace(stage.desk, merchants=(NAMELESS,))
        stage.use(COMMANDS)
        first, second = SHOP.terminals
        for terminal in SHOP.terminals:
            stage.world.add(SHOP.id, terminal.tid, 100, created_at=NOW - HOUR)
        await stage.read_bank(NOW - DAY)
        await stage.hears(stage.owner, "/setup terminals")
        assert f"❔ {first.tid} · 1 payment in 7 days" in stage.last().text
        assert f"/name {first.tid} Samal" in stage.last().text
        await stage.hears(stage.owner, f"/name {first.tid} Esentai Mall")
        assert stage.last().text == f"✅ {first.tid} is called Esentai Mall now."
        await press(stage, "▶️ Go on with the set-up")
        assert f"✅ Esentai Mall · {first.tid} · 1 payment in 7 days" in stage.last().text
        await stage.hears(stage.owner, "/today esentai")
        assert "Esentai Mall" in stage.last().text
        for name, answer in (("esentai mall", "already"), ("12345", "more than a number"), ("x" * 41, "up to 40")):
            await stage.hears(stage.owner, f"/name {second.tid} {name}")
            assert answer in stage.last().text
        await stage.hears(stage.owner, "/name esentai Esentai")
        (merchant,) = await stage.store.read(names.named, [NAMELESS])
        assert merchant.terminal_name(first.tid) == "Esentai"
        configured = Merchant(NAMELESS.id, "Shop", (Terminal(TerminalId(first.tid), "Samal-2"),))
        assert await stage.store.read(names.named, [configured]) == (configured,)


async def test_a_count_that_comes_late_does_not_bring_a_step_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        await stage.hears(stage.owner, "/start")
        shown = stage.last()
        await stage.api.presses(stage.owner, shown, "e1:setup:noise")
        await stage.api.presses(stage.owner, shown, "e1:setup:quiet")
        await stage.work()
        assert stage.last() is shown
        assert shown.text.startswith("4/6")
