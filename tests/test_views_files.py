"""Pictures and files of any operations in any language: captions that fit, rows that fit, no stranger sees a payer."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram_html import check_telegram_html, utf16_units
from test_views_properties import SPEAKERS, operations, texts
from views_files import ASKED, DAY_MARKS, WEEK_AGO
from views_samples import ALMATY, FAILED, HOSTILE, NOW, PAID, SHOP, period_report

from bot.charts.chart import from_json
from bot.exports import Format, Kind
from bot.model import Merchant, Operation, OperationId, Terminal, TerminalId
from bot.texts import Voices, clean
from bot.views import Export, Listing, Sight, chart_picture, file_name, period_chart

CAPTION = 1024
quick = settings(max_examples=40, deadline=None)
EN = Voices().voice("en", "Asia/Almaty")


@quick
@given(operations, texts, st.sampled_from(Sight), st.booleans())
def test_any_operation_is_a_row_of_its_table(operation: Operation, name: str, sight: Sight, several: bool) -> None:
    merchant = Merchant(SHOP.id, name, (Terminal(TerminalId(operation.terminal_id), name),))
    for voice in SPEAKERS:
        listing = Listing(voice, sight, several=several)
        table = listing.table(Format.XLSX, 1)
        row = listing.row(operation, merchant)
        assert len(row) == len(table.columns)
        for cell, column in zip(row, table.columns, strict=True):
            assert isinstance(cell, int) == (column.kind is Kind.MONEY)
            assert isinstance(cell, int) or cell == clean(cell)


@quick
@given(texts, st.integers(1, 99))
def test_any_name_makes_a_valid_caption_and_a_file_name_every_system_takes(name: str, parts: int) -> None:
    for voice in SPEAKERS:
        caption = Export(name, ASKED, ALMATY, voice, now=NOW).caption(1, parts)
        check_telegram_html(caption)
        assert utf16_units(caption) <= CAPTION
    written = file_name(name, ASKED.period, 1, parts)
    assert 0 < len(written.encode()) <= 250
    assert all(sign.isalnum() or sign in "-_" for sign in written)


@quick
@given(texts)
def test_any_name_makes_a_chart_that_survives_its_pipe(name: str) -> None:
    report = period_report(terminal=Terminal(TerminalId("1"), name))
    for voice in SPEAKERS:
        chart = period_chart(report, DAY_MARKS, WEEK_AGO, voice)
        assert from_json(chart.to_json()) == chart
        caption = chart_picture(report, b"", voice).text
        check_telegram_html(caption)
        assert utf16_units(caption) <= CAPTION


def test_a_chart_has_a_place_for_every_bar() -> None:
    chart = period_chart(period_report(), DAY_MARKS, WEEK_AGO, EN)
    assert len(chart.ticks) == len(chart.paid.counts) == len(chart.failed.counts) == 24
    assert len(chart.before.counts) <= 24


CANARIES: dict[str, Any] = {
    "payer_name": "Canary Name",
    "payer_phone": "+77011112233",
    "payer_email": "canary@example.com",
    "account_id": "+7 701 111 22 33",
}


def test_only_full_sight_sees_the_payer() -> None:
    operation = replace(FAILED, **CANARIES)
    masked = Listing(EN, Sight.MASKED, several=False)
    assert not [title for column in masked.table(Format.CSV, 1).columns if "Payer" in (title := column.title)]
    assert not {"Canary Name", "+77011112233", "canary@example.com"} & set(map(str, masked.row(operation, SHOP)))
    assert "701" not in "".join(map(str, masked.row(operation, SHOP)))
    assert set(CANARIES.values()) <= set(Listing(EN, Sight.FULL, several=False).row(operation, SHOP))


def test_of_a_card_only_the_last_digits_are_written() -> None:
    row = Listing(EN, Sight.FULL, several=False).row(replace(PAID, sender_card="4400430211112222"), SHOP)
    assert "2222" in row
    assert "4400430211112222" not in row


def test_nothing_an_operation_has_is_forgotten() -> None:
    """A new field of an operation is written too, or named here as one that is not."""
    known = {field.name for field in fields(Operation)}
    unwritten = {"id", "merchant_id", "created_at", "amount", "outcome", "code", "status", "reason", "reason_class"}
    texts = {name: f"value of {name}" for name in known - unwritten - {"reason_code"}}
    operation = replace(PAID, **texts, id=OperationId("x"))
    row = Listing(EN, Sight.FULL, several=False).row(operation, SHOP)
    assert {name for name, text in texts.items() if text not in row} == {"sender_card", "receiver_card"}


@pytest.mark.parametrize("parts", [1, 12])
def test_files_are_named_by_what_is_in_them(parts: int) -> None:
    name = file_name("Samal-2 <Qarağandy>", ALMATY.today(NOW), 3, parts)
    assert name == "Samal-2-Qarağandy_2026-11-09" + ("_3of12" if parts > 1 else "")
    assert file_name(HOSTILE * 9, ASKED.period, 1, 1).endswith("_2026-11-01_2026-11-09")
