"""SIGHUP: the running program takes a changed configuration, refuses a wrong one, and loses and repeats nothing."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from running import PATIENCE, TOKEN, Outside, Program, now
from traffic import Traffic, count_losses

from bot.demo.bank import Fault

RUNNING, CHANGED, WRONG = "is running", "begins anew", "the changed configuration is wrong"
SHOP, BAKERY = 0, 1


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def reload(outside: Outside, program: Program, **sections: Any) -> None:
    """The program works with these sections in the place of the usual ones."""
    runs = program.output.count(RUNNING)
    outside.config(**sections)
    program.hears(signal.SIGHUP)
    await program.says(RUNNING, runs + 1)


async def test_reloads_while_alerts_flow_lose_and_repeat_nothing(outside: Outside) -> None:
    outside.api.faults.add(method="sendMessage", times=None, delay=0.05)
    outside.api.faults.add(method="editMessageText", times=None, delay=0.05)
    await outside.begin()
    program, rng = await outside.run(), Random(8)
    traffic = Traffic(outside, rng)
    for number in range(1, 9):
        heard = asyncio.create_task(outside.api.bell.heard())
        await asyncio.wait({heard}, timeout=rng.uniform(0, 0.5))
        heard.cancel()
        await reload(outside, program, polling={"interval": f"{1000 + number}ms", "backfill": "0s"})
    await traffic.stop()
    traffic.failed.add(outside.fail(visible_at=now() + timedelta(seconds=1.5)))
    await outside.api.wait_for(lambda: sum(outside.counted().values()) == len(traffic.failed), PATIENCE)
    assert await program.stop() == 0
    losses = count_losses(outside, traffic.failed)
    assert (losses.operations, losses.alerts, losses.repeats, losses.unmarked) == (0, 0, 0, 0)
    assert program.output.count(CHANGED) == 8
    assert "Traceback" not in program.output, program.output


async def test_a_wrong_configuration_is_refused_and_the_owners_are_told_once(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    outside.config(telegram={"token": TOKEN, "colour": "red"}, timezone="Mars/Olympus")
    program.hears(signal.SIGHUP)
    await program.says(WRONG, 2)
    await outside.api.wait_for(outside.sent, PATIENCE)
    (told,) = outside.sent()
    assert "telegram.colour: unknown key" in told
    assert "timezone: no such time zone" in program.output
    await outside.told(outside.fail())
    assert program.output.count(RUNNING) == 1
    await reload(outside, program, timezone="Asia/Aqtau")
    await outside.told(outside.fail())
    assert len([text for text in outside.sent() if "telegram.colour" in text]) == 1


async def test_a_file_that_says_the_same_changes_nothing(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    program.hears(signal.SIGHUP)
    await program.says("the configuration is as it was")
    await outside.told(outside.fail())
    assert program.output.count(RUNNING) == 1


async def test_a_hangup_while_it_starts_or_reloads_is_remembered(outside: Outside) -> None:
    await outside.begin()
    token = outside.folder / "token"
    os.mkfifo(token, 0o600)
    telegram = {"token_file": str(token), "api_url": outside.api.root}
    program = await outside.start("run", "--config", outside.config(telegram=telegram))
    with await asyncio.to_thread(token.open, "w") as reading:
        program.hears(signal.SIGHUP)
        token.unlink()
        token.write_text(TOKEN)
        reading.write(TOKEN)
    await program.says("the configuration is as it was")
    for number, zone in enumerate(("Asia/Aqtau", "Asia/Oral", "Asia/Almaty"), 1):
        outside.config(timezone=zone)
        program.hears(signal.SIGHUP)
        await program.says(CHANGED, number)
    await program.says(RUNNING, 4)
    await outside.told(outside.fail())
    assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output


async def test_a_merchant_that_is_added_begins_without_its_history(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    old = outside.fail(BAKERY, created_at=now() - timedelta(minutes=5))
    folder = outside.folder / "merchants.d"
    folder.mkdir()
    (folder / "bakery.yaml").write_text(yaml.safe_dump(outside.merchant(BAKERY)), encoding="utf-8")
    program.hears(signal.SIGHUP)
    await program.says("running for shop, bakery")
    while not any("Bakery LLP" in text for text in outside.sent()):
        outside.fail(BAKERY)
        await outside.asked()
    assert old not in outside.named()
    await outside.told(outside.fail(SHOP))


async def test_a_merchant_that_is_taken_out_is_read_no_more_and_stays_in_the_store(outside: Outside) -> None:
    await outside.begin(merchants=[outside.merchant(SHOP), outside.merchant(BAKERY)])
    program = await outside.run()
    while not any("Bakery LLP" in text for text in outside.sent()):
        outside.fail(BAKERY)
        await outside.asked()
    await reload(outside, program, merchants=[outside.merchant(SHOP)])
    unread = outside.fail(BAKERY)
    await outside.told(outside.fail(SHOP))
    await outside.told(outside.fail(SHOP))
    rows = outside.ask("SELECT invoice_id FROM operation WHERE merchant_id = 'bakery'")
    assert len(rows) >= 1
    assert (unread,) not in rows
    assert unread not in outside.named()
    assert "Traceback" not in program.output, program.output


async def test_what_cannot_be_worked_with_is_gone_back_from(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        await reload(outside, program, server={"listen": listen})
        await outside.api.wait_for(lambda: [text for text in outside.sent() if listen in text], PATIENCE)
    assert f"{listen} is taken by another program" in program.output
    await outside.told(outside.fail())
    await reload(outside, program, server={"listen": None})
    assert await program.stop() == 0


async def test_a_token_telegram_refuses_is_a_wrong_configuration(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    outside.config(telegram={"token": "700600:another-token-that-nobody-knows-00", "api_url": outside.api.root})
    program.hears(signal.SIGHUP)
    await program.says(f"{WRONG}: telegram.token: Telegram refuses it: Unauthorized")
    await outside.told(outside.fail())
    assert "another-token" not in program.output


async def test_a_secret_read_anew_is_kept_out_of_the_log_like_the_former(outside: Outside) -> None:
    secret = outside.folder / "password"
    secret.write_text(outside.shop.password)
    merchant = outside.merchant()
    del merchant["epay"]["password"]
    merchant["epay"]["password_file"] = str(secret)
    await outside.begin(merchants=[merchant])
    program = await outside.run("--log-level", "debug")
    secret.write_text("a-new-and-wrong-password")
    program.hears(signal.SIGHUP)
    await program.says("the bank gives no token")
    secret.write_text(outside.shop.password)
    program.hears(signal.SIGHUP)
    await outside.told(outside.fail())
    assert await program.stop() == 0
    assert "a-new-and-wrong-password" not in program.output
    assert outside.shop.password not in program.output


async def test_a_stop_while_it_reloads_is_obeyed(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    outside.bank.faults.always("list", Fault.slow_headers(30))
    outside.config(timezone="Asia/Aqtau")
    await outside.asked()
    program.hears(signal.SIGHUP)
    started_at = now()
    await program.says(CHANGED)
    assert await program.stop() == 0
    assert now() - started_at < timedelta(seconds=10)


async def test_the_supervisor_hears_of_each_reload(outside: Outside, tmp_path: Path) -> None:
    await outside.begin()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind(str(tmp_path / "notify"))
        hearing.settimeout(PATIENCE)

        async def heard() -> str:
            while (said := (await asyncio.to_thread(hearing.recv, 100)).decode()) == "WATCHDOG=1":
                pass
            return said

        arguments = ("run", "--config", outside.folder / "config.yaml")
        program = await outside.start_anew(*arguments, NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert await heard() == "READY=1"
        for sections in ({"timezone": "Mars/Olympus"}, {"timezone": "Asia/Aqtau"}):
            outside.config(**sections)
            before = time.monotonic_ns() // 1000
            program.hears(signal.SIGHUP)
            reloading, _, usec = (await heard()).partition("\nMONOTONIC_USEC=")
            assert reloading == "RELOADING=1"
            assert before <= int(usec) <= time.monotonic_ns() // 1000
            assert await heard() == "READY=1"
        assert await program.stop() == 0
        assert await heard() == "STOPPING=1"


async def test_when_its_terminal_is_gone_a_hangup_is_the_end(outside: Outside) -> None:
    await outside.begin()
    terminal, its_side = os.openpty()
    program = await outside.start_anew("run", "--config", outside.folder / "config.yaml", stdin=its_side)
    os.close(its_side)
    await program.says(RUNNING)
    program.hears(signal.SIGHUP)
    await program.says("the configuration is as it was")
    os.close(terminal)
    assert await program.stop(signal.SIGHUP) == 0
