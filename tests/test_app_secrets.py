"""A full run at DEBUG, with everything going wrong that can: no secret, card or person in what the program says."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from databases import only_sqlite
from running import OWNER, STRANGER, TOKEN, Outside, Program

from bot.demo.bank import Fault

PERSON = {"name": "Canary Paying", "email": "canary@example.kz", "phone": "77010000001", "account_id": "canary-client"}
UUID = "1f0e2d3c-aaaa-bbbb-cccc-123456789abc"
PAN = "4400430011112222"
CARDS = {
    "description": f"to card {PAN}",
    "sender_card_mask": "440043******1234",
    "receiver_card_mask": "516949******9876",
}
WRONG = 'wrong#pass"word%20&'


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    await outside.begin(server={"listen": "127.0.0.1:0", "ping_url": f"http://127.0.0.1:1/{UUID}"})
    yield outside
    await outside.close()


def says_nothing_of(outside: Outside, program: Program) -> None:
    secrets = [TOKEN, outside.shop.password, outside.shop.client_secret, WRONG]
    spelled = {spelling for secret in secrets for spelling in (secret, quote(secret), quote_plus(secret))}
    hidden = {*spelled, TOKEN.partition(":")[2], *PERSON.values(), *CARDS.values(), PAN, UUID, "440043", "516949"}
    assert [secret for secret in hidden if secret in program.output] == []
    # The simulated bank's bearer tokens are words of 22 letters and digits.
    assert re.findall(r"\b(?=\w*\d)(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z0-9]{22}\b", program.output) == []


async def test_a_full_run_at_debug_says_no_secret(outside: Outside) -> None:
    program = await outside.start_anew("run", "--config", outside.folder / "config.yaml", "--log-level", "debug")
    await program.says("is running")
    first = outside.fail(**PERSON, **CARDS)
    await outside.told(first)
    await ask_everything(outside, first)
    await trouble_the_bank(outside)
    await trouble_telegram(outside, program)
    await trouble_the_store(outside, program)
    outside.api.token = "700600:another-token-that-came-instead-000"
    await outside.api.says(outside.owner, outside.chat, "/id")
    assert await program.ends() == 1
    assert program.output.count("POST /p2p/operations 200") > 3
    assert "Traceback" in program.output
    assert "server.ping_url does not answer" in program.output
    says_nothing_of(outside, program)


async def ask_everything(outside: Outside, invoice: str) -> None:
    stranger = outside.api.private_chat(outside.stranger)
    for text in ("/start", f"/find {invoice}", "/today", "/health", "/find canary@example.kz", "/dance", invoice):
        await outside.api.says(outside.owner, outside.chat, text)
        await outside.api.says(outside.stranger, stranger, text)
    await outside.api.wait_for(lambda: len(outside.sent(OWNER)) >= 8 and outside.sent(STRANGER), 20)


async def trouble_the_bank(outside: Outside) -> None:
    mishaps = ("unauthorized", "bad_gateway_html", "truncated_json", "reset")
    outside.bank.faults.next("list", *(fault for name in mishaps for fault in (Fault(name), None)))
    outside.bank.forget_tokens()
    await outside.told(outside.fail(**PERSON, **CARDS))


async def trouble_telegram(outside: Outside, program: Program) -> None:
    add = outside.api.faults.add
    add(method="sendMessage", status=400, description=f"Bad Request: can't parse entities of {TOKEN}")
    add(method="getUpdates", status=502, html=f"<h1>bot{TOKEN}</h1>")
    outside.api.updates.put("message", {"message_id": f"{TOKEN} {outside.shop.password}", "from": PERSON})
    await outside.told(outside.fail(**PERSON, **CARDS))
    port = int(outside.api.root.rpartition(":")[2])
    await outside.api.stop()
    invoice = outside.fail(**PERSON, **CARDS)
    await program.says("Telegram cannot be reached")
    await outside.api.start(port=port)
    await outside.told(invoice)


async def trouble_the_store(outside: Outside, program: Program) -> None:
    """A table is missing for a while."""
    outside.ask("ALTER TABLE operation RENAME TO gone")
    before = len(outside.sent())
    await outside.api.says(outside.owner, outside.chat, "/today")
    await outside.api.wait_for(lambda: len(outside.sent()) > before, 20)
    await program.says("poll shop fails")
    outside.ask("ALTER TABLE gone RENAME TO operation")
    await outside.told(outside.fail(**PERSON, **CARDS))


@pytest.mark.parametrize("more", [(), ("--log-json",)], ids=["lines", "json"])
async def test_a_wrong_password_is_not_said(outside: Outside, more: tuple[str, ...]) -> None:
    path = outside.config(merchants=[outside.merchant(password=WRONG)])
    program = await outside.start("run", "--config", path, "--log-level", "debug", *more)
    await outside.api.wait_for(outside.sent, 20)
    await program.stop()
    says_nothing_of(outside, program)
    assert WRONG not in "".join(outside.sent())
    program = await outside.start("check", "--config", path, "--log-level", "debug", *more)
    assert await program.ends() == 1
    says_nothing_of(outside, program)


@only_sqlite("a database on a server is no file")
async def test_nothing_on_the_disk_but_the_configuration_knows_a_secret(outside: Outside) -> None:
    program = await outside.run()
    first = outside.fail(**PERSON, **CARDS)
    await outside.told(first)
    await outside.api.says(outside.owner, outside.chat, f"/find {first}")
    await outside.told(outside.fail())
    copied = await outside.start("backup", "--config", outside.folder / "config.yaml", outside.folder / "copy.db")
    assert await copied.ends() == 0
    files = [path for path in outside.folder.rglob("*") if path.is_file() and path.name != "config.yaml"]
    kept = {path: path.read_bytes() for path in files}
    assert outside.folder / "copy.db" in kept
    tokens = outside.bank.live_tokens
    assert tokens
    secrets = [TOKEN, TOKEN.partition(":")[2], outside.shop.password, outside.shop.client_secret, *tokens]
    assert [path for path, content in kept.items() for secret in secrets if secret.encode() in content] == []
    assert await program.stop() == 0
