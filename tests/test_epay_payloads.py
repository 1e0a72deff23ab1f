"""Recorded-style answers and anything else a bank may send, as values. The persons and numbers are invented."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.epay import BadRecord, parse_page
from bot.epay.checks import parse_check
from bot.errors import SourceRejected, SourceUnavailable
from bot.model import MerchantId, Operation, OperationId, Outcome, ReasonClass, TerminalId

SHOP = MerchantId("shop")
PAYLOADS = Path(__file__).parent / "payloads"
GOOD = {"id": "a1", "dateTime": "2026-11-20T11:00:00Z", "amount": 1, "currency": "KZT", "status": "ok", "code": "00"}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def one(**changes: Any) -> Operation:
    page = parse_page(json.dumps({"totalCount": 1, "records": [GOOD | changes]}).encode(), SHOP)
    assert page.set_aside == ()
    return page.operations[0]


def problem(**changes: Any) -> str:
    page = parse_page(json.dumps({"totalCount": 1, "records": [GOOD | changes]}).encode(), SHOP)
    assert page.operations == ()
    return page.set_aside[0].what


def test_a_documented_answer_becomes_operations() -> None:
    page = parse_page(payload("list"), SHOP)
    assert (page.total, page.set_aside, page.is_complete) == (3, (), True)
    paid, failed, drifted = page.operations
    assert paid == Operation(
        merchant_id=SHOP,
        id=OperationId("5b1f7f7e-6d0c-4d5e-9f0a-1c2d3e4f5a01"),
        created_at=datetime(2026, 11, 20, 11, 42, 35, 533398, tzinfo=UTC),
        invoice_id="000000004711000",
        terminal_id=TerminalId("98151552"),
        amount=20000,
        currency="KZT",
        outcome=Outcome.PAID,
        status="ok",
        code="00",
        reference="012345678901",
        account_id="uuid0077",
        description="Tea <b>& cakes</b>",
        sender_card="9821",
        sender_brand="VISA",
        receiver_card="0042",
        receiver_brand="MasterCard",
        receiver_issuer="Invented Bank",
        payer_name="ALMA INVENTED",
        payer_phone="+70000000001",
        payer_email="alma@example.com",
    )
    assert failed.created_at == datetime(2026, 11, 20, 11, 42, 35, 500000, tzinfo=UTC)
    assert (failed.outcome, failed.reason_code, failed.reason_class) == (Outcome.FAILED, 484, ReasonClass.PAYER)
    assert (failed.amount, failed.sender_card, failed.receiver_card) == (1222, "9821", "0042")
    assert (failed.reason, failed.status, failed.code) == ("Insufficient funds", "error", "05")
    assert (drifted.id, drifted.invoice_id) == ("5b1f7f7e-6d0c-4d5e-9f0a-1c2d3e4f5a03", "4711002")
    assert (drifted.terminal_id, drifted.amount, drifted.outcome) == ("98151553", 150050, Outcome.PAID)


def test_a_bad_record_is_set_aside_without_its_data_and_the_page_goes_on() -> None:
    page = parse_page(payload("list_with_bad_records"), SHOP)
    assert [row.id for row in page.operations] == ["a1"]
    assert [(bad.what, bad.raw_id) for bad in page.set_aside] == [
        ("created_at: no time zone", "a2"),
        ("amount: finer than a tiyn", "a3"),
        ("created_at: not a time", None),
        ("id: missing", None),
        ("currency: missing", "a6"),
        ("record: not an object", None),
    ]
    assert page.is_complete
    assert "alma" not in repr(page.set_aside)


def test_the_same_bad_record_is_known_again() -> None:
    first, again = (parse_page(payload("list_with_bad_records"), SHOP).set_aside for _ in range(2))
    assert [bad.digest for bad in first] == [bad.digest for bad in again]
    assert len({bad.digest for bad in first}) == 6
    assert isinstance(first[0], BadRecord)


def test_the_banks_error_is_its_own_word() -> None:
    with pytest.raises(SourceRejected, match="bank error 232: There is no search method"):
        parse_page(payload("error"), SHOP)
    with pytest.raises(SourceRejected, match=r"^bank error 100$"):
        parse_page(b'{"Code": "100", "Message": null}', SHOP)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"<html></html>",
        b'{"totalCount": 1}',
        b'{"records": []}',
        b'{"totalCount": null, "records": []}',
        b'{"totalCount": -1, "records": []}',
        b'{"totalCount": 1, "records": {}}',
        b'{"totalCount": NaN, "records": []}',
        b'{"code": "ok", "message": "success"}',
        b'{"totalCount": 1, "records": [' + b"[" * 100_000,
        b"\xff\xfe\xfa",
    ],
)
def test_any_other_shape_is_no_answer(body: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        parse_page(body, SHOP)


def test_an_empty_list_may_be_null() -> None:
    assert parse_page(b'{"totalCount": 0, "records": null}', SHOP).is_complete


def test_a_check_without_a_state_is_undecided_and_keeps_the_refund() -> None:
    check = parse_check(payload("check"), SHOP, "000000004711000")
    assert check.operation is not None
    assert (check.query_code, check.refunded, check.operation.outcome) == ("100", 1000, Outcome.UNDECIDED)
    assert check.operation.created_at == datetime(2022, 2, 3, 5, 42, 35, 533398, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "micros"),
    [("", 0), (".5", 500_000), (".533398", 533_398), (".5333981", 533_398), (".533398999", 533_398)],
)
@pytest.mark.parametrize("zone", ["Z", "+05:00", "+06:00", "-03:30"])
def test_any_fraction_and_zone_is_the_same_instant_in_utc(text: str, micros: int, zone: str) -> None:
    at = one(dateTime=f"2026-11-20T11:00:00{text}{zone}").created_at
    expected = datetime.fromisoformat(f"2026-11-20T11:00:00{zone}") + timedelta(microseconds=micros)
    assert (at, at.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    "value", ["2026-11-20T11:00:00", "2026-11-20", "", None, 1700000000, "0001-01-01T00:00:00+05:00", "20.11.2026"]
)
def test_a_time_that_is_not_an_instant_is_refused(value: object) -> None:
    assert problem(dateTime=value).startswith("created_at: ")


@pytest.mark.parametrize(
    ("value", "tiyn"),
    [(0, 0), (200, 20000), (12.22, 1222), ("12.22", 1222), ("0.10", 10), (1e3, 100000), ("200.5000", 20050)],
)
def test_an_amount_is_whole_tiyn(value: object, tiyn: int) -> None:
    assert one(amount=value).amount == tiyn


@pytest.mark.parametrize(
    "value",
    [0.005, "1.001", -1, "-0.01", None, True, "", "12,22", "NaN", "Infinity", "1e999999999", 10**20, [], "sNaN"],
)
def test_an_amount_that_is_not_money_is_refused(value: object) -> None:
    assert problem(amount=value).startswith("amount: ")


@given(st.decimals(0, 10**12, places=2))
def test_every_amount_survives_the_way_exactly(amount: Decimal) -> None:
    for written in (f'"{amount}"', str(amount)):
        body = json.dumps({"totalCount": 1, "records": [GOOD | {"amount": "?"}]}).replace('"?"', written)
        assert parse_page(body.encode(), SHOP).operations[0].amount == amount * 100


@pytest.mark.parametrize("value", ["abc", 2**31, -(2**40), "1" * 5000, True, [], "4.5"])
def test_a_reason_code_that_is_not_a_number_is_refused(value: object) -> None:
    assert problem(reasonCode=value) == "reason_code: not a whole number"


def test_the_first_of_two_spellings_of_one_name_counts() -> None:
    assert one(createdDate=None, statusName="FAILED", amount_=7).outcome is Outcome.PAID


SPELLINGS = st.sampled_from([str, str.upper, str.lower, str.title])
TEXTS = st.one_of(st.none(), st.text(max_size=20), st.integers(0, 10**15))


@given(
    spell=SPELLINGS,
    offset=st.integers(-12 * 60, 12 * 60),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
    texts=st.lists(TEXTS, min_size=4, max_size=4),
    extra=st.dictionaries(st.text(max_size=5).map("new{}".format), st.integers(), max_size=3),
)
def test_a_record_reads_the_same_however_it_is_spelt(
    spell: Any, offset: int, at: datetime, texts: list[Any], extra: dict[str, int]
) -> None:
    moment = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=offset)))
    record = GOOD | dict(zip(("invoiceId", "terminal", "reference", "description"), texts, strict=True)) | extra
    record["dateTime"] = moment.isoformat()
    spelt = {spell(name): value for name, value in record.items()}
    row = parse_page(json.dumps({"totalCount": 1, "records": [spelt]}).encode(), SHOP).operations[0]
    shown = ["" if text is None else str(text) for text in texts]
    shown = [text.replace("\0", "\ufffd") for text in shown]
    assert [row.invoice_id, row.terminal_id, row.reference, row.description] == shown
    assert row.created_at == moment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "invoiceId", "reasonCode", "senderCardMask"]), JSON))
def test_no_record_breaks_the_page(changes: dict[str, Any]) -> None:
    body = json.dumps({"totalCount": 2, "records": [GOOD | changes, GOOD | {"id": "whole"}]}).encode()
    try:
        page = parse_page(body, SHOP)
    except SourceUnavailable:
        assert b"NaN" in body or b"Infinity" in body
        return
    assert page.operations[-1].id == "whole"
    assert len(page.operations) + len(page.set_aside) == 2


def test_text_that_no_database_takes_is_mended() -> None:
    body = json.dumps({"totalCount": 1, "records": [GOOD | {"description": "a\ud800b\0c", "reason": "\U0001f600"}]})
    row = parse_page(body.encode(), SHOP).operations[0]
    assert (row.description, row.reason) == ("a?b\ufffdc", "\U0001f600")


@pytest.mark.parametrize("mask", ["4003********9821", "400303...9821", "4003...9821", "4003030000009821", " 9821 "])
def test_no_more_of_a_card_than_its_last_four_digits_is_kept(mask: str) -> None:
    row = one(senderCardMask=mask)
    assert row.sender_card == "9821"
    assert "4003" not in repr(row)


@pytest.mark.parametrize("mask", ["", None, "********", "no card", "821", "****９８２１"])
def test_a_mask_without_digits_is_no_card(mask: str | None) -> None:
    assert one(senderCardMask=mask).sender_card == ""
