"""What must never happen: money moved, a secret or a person shown, a bearer sent elsewhere."""

import logging
import traceback

import aiohttp
import pytest
from pydantic import SecretStr
from test_epay_client import BAKERY, HOUR, NOW, SHOP, TERMINAL, Stage, open_stage

from bot.config import Epay
from bot.demo.bank import Fault
from bot.demo.bank.faults import NAMES
from bot.epay.transport import Addresses, Call, Transport
from bot.errors import EpayBotError
from bot.model import Window

KEYS = {"username": "u@example.com", "password": "p", "client_id": "c", "client_secret": "s"}
PERSON = {"name": "ALMA INVENTED", "email": "alma@example.com", "phone": "+70000000001"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/operation/1/refund"),
        ("POST", "/operation/1/refund?amount=10"),
        ("POST", "/operation/1/charge"),
        ("POST", "/operation/1/cancel"),
        ("POST", "/p2p/transfer"),
        ("POST", "/chdebit/transfer"),
        ("POST", "/chpayment/transfer"),
        ("POST", "/invoice"),
        ("POST", "/p2p/operations/../transfer"),
        ("POST", "/check-status/p2p/transaction/1"),
        ("GET", "/check-status/p2p/transaction/1/../../../operation"),
        ("GET", "/check-status/p2p/transaction/"),
        ("GET", "/check-status/payment/transaction/1"),
        ("GET", "/p2p/operations"),
        ("GET", "/oauth2/token"),
        ("PUT", "/p2p/operations"),
        ("DELETE", "/p2p/operations"),
        ("post", "/p2p/operations"),
    ],
)
async def test_a_call_that_does_not_read_cannot_be_made(method: str, path: str) -> None:
    async with open_stage() as stage:
        addresses = Addresses.of(stage.settings())
        transport = Transport(addresses, http=stage.http, timeout=stage.settings().timeout, now=stage.clock)
        with pytest.raises(PermissionError, match="only reads"):
            await transport.send(Call(method=method, url=stage.url + path), SecretStr("t"))
        with pytest.raises(PermissionError):
            await transport.send(Call(method="POST", url="https://epay-api.homebank.kz.example.com/p2p/operations"))
        assert stage.asked == {}


def test_addresses_follow_the_environment_and_each_can_be_replaced() -> None:
    assert Addresses.of(Epay(**KEYS)) == Addresses(
        "https://epay-oauth.homebank.kz/oauth2/token",
        "https://epay.homebank.kz/api/p2p/operations",
        "https://epay-api.homebank.kz",
    )
    assert Addresses.of(Epay(**KEYS, environment="test", p2p_url="https://bank.example/list")) == Addresses(
        "https://test-epay-oauth.epayment.kz/oauth2/token",
        "https://bank.example/list",
        "https://test-epay-api.epayment.kz",
    )


def tokens_of(stage: Stage) -> list[str]:
    """Every token the bank has given out, as the bank keeps them."""
    return list(stage.bank._tokens._tokens)


async def test_no_fault_shows_a_secret_or_a_person(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    given: set[str] = set()
    async with open_stage() as stage:
        row = stage.world.add(
            SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start, sender_card_mask="4003********9821", **PERSON
        )
        stage.world.add(SHOP.id, TERMINAL.tid, "0.001", created_at=HOUR.start, **PERSON)
        for name in NAMES:
            for endpoint in ("token", "list", "check"):
                stage.bank.faults.clear()
                stage.bank.faults.next(endpoint, *[Fault(name, delay=0.01, location="http://127.0.0.1:1/")] * 4)
                client = stage.new_client()
                for call in (client.read(HOUR), client.check(row.invoice_id, TERMINAL.uuid)):
                    try:
                        shown.append(repr(getattr(await call, "set_aside", "")))
                    except EpayBotError as error:
                        shown.append("".join(traceback.format_exception(error)) + repr(error))
                shown.append(repr(client))
                given.update(tokens_of(stage))
    text = "\n".join(shown) + caplog.text + repr([record.__dict__ for record in caplog.records])
    assert len(given) > 50
    assert "POST /p2p/operations 200" in text
    secrets = {SHOP.password, SHOP.client_secret, SHOP.username, "4003********9821", *PERSON.values(), *given}
    assert [secret for secret in secrets if secret in text] == []


async def test_settings_with_secrets_stay_hidden_in_a_call() -> None:
    async with open_stage() as stage:
        await stage.new_client(BAKERY).read(Window(HOUR.start, NOW))
        call = Call(method="POST", url=stage.url, form={"password": BAKERY.password}, json={"a": "secret"})
        assert BAKERY.password not in repr(call)
        assert "secret" not in repr(call)


async def test_the_bearer_goes_to_the_list_and_the_check_only() -> None:
    async with open_stage() as stage:
        with_bearer: list[str] = []

        async def note(_session: object, _context: object, sent: aiohttp.TraceRequestHeadersSentParams) -> None:
            if "Authorization" in sent.headers:
                with_bearer.append(sent.url.path)

        tracing = aiohttp.TraceConfig()
        tracing.on_request_headers_sent.append(note)
        async with aiohttp.ClientSession(trace_configs=[tracing]) as http:
            stage.http = http
            stage.bank.faults.next("list", Fault.redirect(f"{stage.url}/elsewhere"))
            await stage.new_client().read(HOUR)
        assert with_bearer == ["/p2p/operations"] * 2
