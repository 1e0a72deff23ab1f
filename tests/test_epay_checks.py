"""The single check of an order: what the bank says about one, by either of its two shapes."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from test_epay_client import HOUR, NOW, SHOP, TERMINAL, open_stage

from bot.demo.bank import Fault, Switches
from bot.epay.checks import Check, parse_check
from bot.errors import SourceDenied, SourceRejected, SourceUnavailable, UsageError
from bot.model import MerchantId, Outcome

SHOP_ID = MerchantId(SHOP.id)


@pytest.mark.parametrize(
    ("truth", "outcome", "reason_code"),
    [
        ("paid", Outcome.PAID, 0),
        ("failed", Outcome.FAILED, 484),
        ("undecided", Outcome.UNDECIDED, 0),
        ("refunded", Outcome.REFUNDED, 0),
    ],
)
async def test_a_check_tells_what_became_of_an_order(truth: str, outcome: Outcome, reason_code: int) -> None:
    async with open_stage() as stage:
        row = stage.world.add(SHOP.id, TERMINAL.tid, "12.22", created_at=HOUR.start, outcome=truth)
        check = await stage.client.check(row.invoice_id, TERMINAL.uuid)
        assert check.query_code == "100"
        assert check.operation is not None
        assert (check.operation.id, check.operation.amount) == (row.id, 1222)
        assert (check.operation.outcome, check.operation.reason_code) == (outcome, reason_code)
        assert check.operation.created_at == HOUR.start
        assert check.refunded == (1222 if truth == "refunded" else 0)


async def test_a_partial_refund_shows_its_sum() -> None:
    async with open_stage() as stage:
        row = stage.world.add(SHOP.id, TERMINAL.tid, 100, created_at=HOUR.start)
        stage.world.change(row.id, "paid", NOW, amount=Decimal("69.50"))
        check = await stage.client.check(row.invoice_id, TERMINAL.uuid)
        assert (check.refunded, check.operation and check.operation.amount) == (3050, 6950)


async def test_an_unknown_or_young_order_is_no_operation_yet() -> None:
    for http in (200, 400):
        async with open_stage(Switches(unknown_order=http)) as stage:
            young = stage.world.add(SHOP.id, TERMINAL.tid, 1, created_at=NOW - timedelta(seconds=3))
            assert await stage.client.check("123456789", TERMINAL.uuid) == Check("102", None)
            assert await stage.client.check(young.invoice_id, TERMINAL.uuid) == Check("107", None)


async def test_checks_have_a_token_of_their_own_for_each_terminal() -> None:
    async with open_stage(Switches(grant_policy="newest_only")) as stage:
        row = stage.world.add(SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start)
        for _ in range(3):
            await stage.client.read(HOUR)
            await stage.client.check(row.invoice_id, TERMINAL.uuid)
        assert stage.logins == 2
        await stage.client.check(row.invoice_id, SHOP.terminals[1].uuid)
        assert stage.logins == 3
        with pytest.raises(SourceDenied):
            await stage.client.check(row.invoice_id, "another")


async def test_a_check_gets_over_passing_faults() -> None:
    async with open_stage() as stage:
        row = stage.world.add(SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start)
        faults = (Fault.unauthorized(), Fault.bad_gateway_html(), Fault.truncated_json(), Fault.reset())
        for fault in faults:
            stage.bank.faults.next("check", fault)
            assert (await stage.client.check(row.invoice_id, TERMINAL.uuid)).operation is not None
        stage.bank.faults.next("check", Fault.error_in_200())
        with pytest.raises(SourceRejected):
            await stage.client.check(row.invoice_id, TERMINAL.uuid)


@pytest.mark.parametrize("order", ["", "../../operation/1/refund", "1/refund", "1?x", "1%2F2", "заказ", "a" * 65])
async def test_an_order_number_cannot_reach_another_address(order: str) -> None:
    async with open_stage() as stage:
        with pytest.raises(UsageError):
            await stage.client.check(order, TERMINAL.uuid)
        assert stage.asked == {}


def test_a_flat_check_is_read_too() -> None:
    flat = {"resultCode": "100", "transaction": {"ID": "a1", "createdDate": "2026-11-20T11:00:00Z", "invoiceId": "77"}}
    flat["transaction"] |= {"amount": 12.22, "currency": "KZT", "statusName": "AUTH", "terminal": 98151552}
    check = parse_check(json.dumps(flat).encode(), SHOP_ID, "77")
    assert check.operation is not None
    assert (check.operation.outcome, check.operation.status) == (Outcome.UNDECIDED, "AUTH")
    assert (check.operation.amount, check.operation.terminal_id, check.refunded) == (1222, "98151552", 0)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"result": null}',
        b'{"result": {"code": "100"}, "transaction": {"p2p": {"id": "a1"}}}',
        b'{"resultCode": "100", "transaction": {"id": "a1", "createdDate": "2026-11-20T11:00:00Z", "amount": 1,'
        b' "currency": "KZT", "invoiceID": "78"}}',
    ],
)
def test_a_check_of_another_shape_or_order_is_no_answer(body: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        parse_check(body, SHOP_ID, "77")
