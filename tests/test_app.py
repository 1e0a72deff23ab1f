"""The real program from end to end: a failed payment at the bank is an alert at the owner's, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from databases import only_sqlite
from running import OWNER, REPEAT, STRANGER, Outside, now

from bot.app import App
from bot.config import load
from bot.demo.bank import Fault
from bot.rules import check_settings

INTERVAL = timedelta(seconds=1)


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


@pytest.fixture(scope="module")
async def working(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    """One program that works on through several tests, none of which disturbs it for good."""
    outside = await Outside(tmp_path_factory.mktemp("working")).open()
    await outside.begin()
    program = await outside.run()
    yield outside
    assert await program.stop() == 0
    assert "Traceback" not in program.output
    await outside.close()


async def test_a_failed_payment_is_an_alert_within_the_interval_and_two_seconds(working: Outside) -> None:
    outside = working
    person = {"name": "Тест Плательщиков", "email": "payer@example.kz", "phone": "77010000001"}
    cards = {"sender_card_mask": "440043******1234", "receiver_card_mask": "516949******9876"}
    made_at = now()
    invoice = outside.fail(created_at=made_at, reason_code=484, **person, **cards)
    await outside.told(invoice)
    (alert,) = [one for one in outside.api.deliveries if invoice in one.text]
    assert alert.at - made_at <= INTERVAL + timedelta(seconds=2)
    local = made_at.astimezone(ZoneInfo("Asia/Almaty"))
    for part in (
        f"25 000 ₸ · счёт {invoice}",
        "Samal-2 · Shop LLP",
        "Недостаточно средств (код 484)",
        "•••• 1234 → ",
        "•••• 9876",
        f"{local:%H:%M:%S} (Алматы)",
    ):
        assert part in alert.text.replace("\xa0", " ")
    for hidden in (*person.values(), "440043", "516949"):
        assert hidden not in alert.text


async def test_each_failed_payment_is_told_once_and_a_paid_one_is_not(working: Outside) -> None:
    outside = working
    paid = outside.fail(outcome="paid", reason_code=0)
    before = sum(outside.counted().values())
    failed = [outside.fail() for _ in range(30)]
    await outside.told_of(before + 30)
    last = outside.fail()
    await outside.told(last)
    await outside.told_of(before + 31)
    assert set(outside.opened().values()) == {1}
    assert outside.named() & {paid, last, *failed} > {last}
    assert paid not in outside.named()


async def test_a_stranger_gets_nothing_but_one_refusal(working: Outside) -> None:
    outside = working
    stranger = outside.api.private_chat(outside.stranger)
    invoice = outside.fail()
    await outside.told(invoice)
    for text in ("/start", invoice, f"/find {invoice}", "/today", "/health"):
        await outside.api.says(outside.stranger, stranger, text)
    await outside.api.says(outside.owner, outside.chat, f"/find {invoice}")
    await outside.api.wait_for(lambda: len(outside.sent()) > 1)
    await outside.api.says(outside.stranger, stranger, "/id")
    await outside.api.wait_for(lambda: len(outside.sent(STRANGER)) > 1)
    refusal, identity = outside.sent(STRANGER)
    assert "private" in refusal
    assert str(STRANGER) in identity
    assert invoice not in refusal + identity


async def test_the_first_start_alerts_nothing_of_the_past(outside: Outside) -> None:
    old = outside.fail(created_at=now() - timedelta(minutes=5))
    outside.config()
    await outside.run()
    while not outside.sent():
        outside.fail()
        await outside.asked()
    assert old not in outside.named()


async def test_a_failure_while_the_bot_was_away_is_told_after_the_start(outside: Outside) -> None:
    await outside.begin()
    invoice = outside.fail()
    await outside.run()
    await outside.told(invoice)


async def test_an_owner_taken_out_of_the_file_gets_nothing_more(outside: Outside) -> None:
    """Not even what waited for a chat that had blocked the bot."""
    outside.api.private_chat(outside.stranger)
    await outside.begin(access={"owners": [OWNER, STRANGER]})
    outside.api.blocks(outside.owner)
    program = await outside.run()
    before = outside.fail()
    await outside.api.wait_for(lambda: before in outside.named(STRANGER), 10)
    assert await program.stop() == 0
    outside.config(access={"owners": [STRANGER]})
    await outside.run()
    await outside.api.says(outside.owner, outside.chat, "/id")
    await outside.api.wait_for(outside.sent)
    after = outside.fail()
    await outside.api.wait_for(lambda: after in outside.named(STRANGER), 10)
    assert [str(OWNER) in text for text in outside.sent(OWNER)] == [True]


async def test_the_bank_away_stops_nothing_else(outside: Outside) -> None:
    await outside.begin()
    outside.bank.faults.down = True
    program = await outside.run()
    await program.says("the bank does not answer")
    invoice = outside.fail()
    await outside.api.says(outside.owner, outside.chat, "/id")
    await outside.api.wait_for(outside.sent)
    outside.bank.faults.clear()
    await outside.told(invoice)
    assert program.output.count("the bank does not answer") == 1
    assert "Traceback" not in program.output


async def test_a_bank_with_mishaps_loses_nothing(working: Outside) -> None:
    working.bank.faults.delay, working.bank.faults.probability = 0.01, 0.3
    invoices = [working.fail() for _ in range(3)]
    await working.asked()
    invoices += [working.fail() for _ in range(3)]
    await working.told(*invoices)
    working.bank.faults.clear()


async def test_telegram_away_at_the_start_is_waited_for(outside: Outside) -> None:
    await outside.begin()
    port = int(outside.api.root.rpartition(":")[2])
    await outside.api.stop()
    program = await outside.run()
    invoice = outside.fail()
    await program.says("Telegram does not answer")
    await outside.api.start(port=port)
    await outside.told(invoice)
    assert "Traceback" not in program.output


async def test_a_token_revoked_while_running_ends_the_program(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    await outside.api.wait_for(lambda: outside.api.updates.polling)
    outside.api.token = "700600:another-token-that-came-instead-000"
    await outside.api.says(outside.owner, outside.chat, "/id")
    assert await program.ends() == 1
    assert "Telegram refuses this bot: Unauthorized. Check telegram.token" in program.output
    assert "Traceback" not in program.output


@only_sqlite("several programs share a database on a server")
async def test_a_second_program_on_the_same_database_is_refused(working: Outside) -> None:
    outside = working
    second = await outside.start("run", "--config", outside.folder / "config.yaml")
    assert await second.ends() == 1
    assert "another epay-bot is using" in second.output
    assert "Traceback" not in second.output
    await outside.told(outside.fail())


@only_sqlite("of a server that is soon back nobody is told: tests/test_cluster.py")
async def test_a_database_that_fails_is_told_past_it_once_and_so_is_its_return(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    outside.ask("ALTER TABLE operation RENAME TO gone")
    await outside.api.wait_for(lambda: [text for text in outside.sent() if "базой данных" in text])
    invoice = outside.fail()
    await program.says("poll shop fails")
    outside.ask("ALTER TABLE gone RENAME TO operation")
    await outside.told(invoice)
    told = [text for text in outside.sent() if "аз" in text and "данных" in text]
    assert len(told) == 2
    assert program.output.count("poll shop fails") == 1
    assert program.output.count("poll shop is well again") == 1


@only_sqlite("of a server that is soon back nobody is told: tests/test_cluster.py")
async def test_a_database_that_fails_everywhere_at_once_is_told_once(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    outside.api.faults.add(method="sendMessage", times=None, delay=0.1)
    outside.ask("ALTER TABLE outbox RENAME TO gone")
    invoice = outside.fail()
    await program.says("deliver outbox fails")
    await program.says("poll shop fails")
    outside.ask("ALTER TABLE gone RENAME TO outbox")
    await outside.told(invoice)
    await outside.told(outside.fail())
    assert len([text for text in outside.sent() if "анных" in text]) == 2


async def test_sigterm_under_load_repeats_and_loses_nothing(outside: Outside) -> None:
    """Facts F2."""
    rng = Random(2)
    await outside.begin()
    outside.api.faults.add(method="sendMessage", times=None, delay=0.05)
    invoices: list[str] = []
    for _ in range(12):
        program = await outside.run()
        for _ in range(rng.randint(1, 5)):
            invoices += [outside.fail() for _ in range(3)]
            heard = asyncio.create_task(outside.api.bell.heard())
            await asyncio.wait({heard}, timeout=rng.uniform(0, 0.2))
            heard.cancel()
        stopped_at = now()
        assert await program.stop() == 0
        assert now() - stopped_at < timedelta(seconds=10)
        assert "Traceback" not in program.output
    await outside.run()
    await outside.told_of(len(invoices))
    assert not [text for text in outside.sent() if REPEAT in text]
    assert outside.opened() == {1: 1}


async def test_sigterm_does_not_wait_for_a_bank_that_hangs(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    outside.bank.faults.always("list", Fault.slow_headers(30))
    await outside.asked()
    stopped_at = now()
    assert await program.stop() == 0
    assert now() - stopped_at < timedelta(seconds=2)
    assert "Traceback" not in program.output


async def test_the_program_runs_inside_another_one_as_well(outside: Outside) -> None:
    """As the demo does: no signal, no process, an event to stop."""
    await outside.begin()
    stop, ready = asyncio.Event(), asyncio.Event()
    app = App(load(outside.folder / "config.yaml", check_settings))
    running = asyncio.create_task(app.run(stop, ready.set))
    await ready.wait()
    await outside.told(outside.fail())
    stop.set()
    await running
