"""A reading is the truth, whatever the open questions about the bank turn out to mean and whatever fails on the way."""

from contextlib import suppress
from datetime import timedelta

import pytest
from test_epay_client import NOW, SHOP, TERMINAL, Stage, open_stage

from bot.demo.bank import Faults, Switches, TruthRow, World, default_merchants
from bot.epay import EpayClient, Reading, terminal_in
from bot.errors import SourceError
from bot.model import Operation, Terminal, TerminalId, Window

BUSY = default_merchants(per_day=900)
WINDOW = Window(NOW - timedelta(hours=3), NOW - timedelta(hours=1))
COUNTER = Terminal(TerminalId(TERMINAL.tid), TERMINAL.name, TERMINAL.uuid)


def busy_world(seed: int) -> World:
    world = World(seed, merchants=BUSY, start=WINDOW.start - timedelta(minutes=5))
    for number in range(110):
        world.add(SHOP.id, TERMINAL.tid, 7, created_at=WINDOW.start + timedelta(hours=1, microseconds=number))
    return world


def truth(stage: Stage, terminal: str | None = None) -> list[TruthRow]:
    """What the bank knows of the window, by the time it shows."""
    rows = stage.world.truth(SHOP.id, stage.bank.clock())
    whole = stage.bank.switches.fraction == "none"
    return [
        row
        for row in rows
        if WINDOW.start <= (row.created_at.replace(microsecond=0) if whole else row.created_at) < WINDOW.end
        and terminal in {None, row.terminal}
    ]


def facts_of(rows: list[TruthRow]) -> set[tuple[str, str, int, int, str]]:
    return {(row.id, row.outcome, int(row.amount * 100), row.reason_code, row.invoice_id) for row in rows}


def facts_read(rows: tuple[Operation, ...]) -> set[tuple[str, str, int, int, str]]:
    return {(row.id, str(row.outcome), row.amount, row.reason_code, row.invoice_id) for row in rows}


async def read_at_last(client: EpayClient) -> Reading:
    """As the program does: a failed reading is read again in the next cycle."""
    for _ in range(12):
        with suppress(SourceError):
            return await client.read(WINDOW)
    return await client.read(WINDOW)


async def prove(stage: Stage, client: EpayClient) -> None:
    reading = await read_at_last(client)
    expected = truth(stage)
    assert len(expected) > 180
    assert len(reading.operations) == len(expected) == reading.total
    assert facts_read(reading.operations) == facts_of(expected)
    assert sum(row.amount for row in reading.operations) == int(sum(row.amount for row in expected) * 100)
    assert list(reading.operations) == sorted(reading.operations, key=lambda row: (row.created_at, row.id))
    assert stage.bank.money_calls == []


@pytest.mark.parametrize("switches", [pytest.param(value, id=name) for name, value in Switches.one_at_a_time()])
async def test_a_reading_is_the_truth_under_every_switch(switches: Switches) -> None:
    async with open_stage(switches, busy_world(3)) as stage:
        client = stage.new_client(page_size=1000 if switches.max_size != "none" else 60)
        await prove(stage, client)
        one_terminal = await client.read(WINDOW, terminal_in(COUNTER))
        assert facts_read(one_terminal.operations) == facts_of(truth(stage, TERMINAL.tid))
        assert client.dialect.date_field == switches.date_field
        assert client.dialect.page_mode == switches.page_mode
        assert client.dialect.terminal_filter == switches.terminal_filter
        assert await client.count(WINDOW) == len(truth(stage))


@pytest.mark.parametrize("seed", range(20))
async def test_a_reading_is_the_truth_under_mixed_switches_and_faults(seed: int) -> None:
    async with open_stage(Switches.mixed(seed), busy_world(seed)) as stage:
        stage.bank.faults = Faults(probability=0.12, seed=seed, delay=0.01)
        client = stage.new_client(page_size=(60, 100, 1000)[seed % 3])
        await prove(stage, client)
