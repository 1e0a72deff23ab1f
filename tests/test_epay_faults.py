"""Each mishap at the bank: what is asked again, what is handed on, and what must never leave the client."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest
from test_epay_client import HOUR, NOW, open_stage

from bot.demo.bank import LIST_PATH, Fault, SimulatedBank, Switches, World
from bot.epay import Retries
from bot.errors import SourceDenied, SourceRejected, SourceUnavailable

REPEATED = (
    Fault.unauthorized(),
    Fault.forbidden(),
    Fault.too_many(),
    Fault.too_many("0"),
    Fault.server_error(),
    Fault.bad_gateway_html(),
    Fault.maintenance(),
    Fault.gateway_timeout(),
    Fault.empty_200(),
    Fault.error_in_200(),
    Fault.not_found(),
    Fault.conflict(),
    Fault.reset(),
    Fault.reset_mid_body(),
    Fault.truncated_json(),
    Fault.null_records(),
    Fault.wrong_total(),
    Fault.redirect("http://127.0.0.1:1/p2p/operations"),
)
HARMLESS = (
    Fault.wrong_content_type(),
    Fault.slow_headers(0.01),
    Fault.slow_body(0.01),
    Fault.gzip(),
    Fault.duplicate_rows(),
    Fault.numbers_as_strings(),
    Fault.extra_fields(),
)


@pytest.mark.parametrize("fault", REPEATED, ids=lambda fault: f"{fault.name} {fault.retry_after or ''}")
async def test_a_passing_fault_costs_a_repeat_and_no_operation(fault: Fault) -> None:
    async with open_stage() as stage:
        stage.add(20)
        stage.bank.faults.next("list", fault)
        reading = await stage.client.read(HOUR)
        assert len(reading.operations) == 20
        assert stage.searches > 1


@pytest.mark.parametrize("fault", HARMLESS, ids=lambda fault: fault.name)
async def test_an_oddity_without_harm_costs_nothing(fault: Fault) -> None:
    async with open_stage() as stage:
        stage.add(20)
        stage.bank.faults.next("list", fault)
        reading = await stage.client.read(HOUR)
        assert (len(reading.operations), reading.set_aside, stage.searches) == (20, (), 1)
        assert sum(row.amount for row in reading.operations) == 210 * 100


async def test_patience_ends_after_four_tries() -> None:
    async with open_stage() as stage:
        stage.bank.faults.always("list", Fault.server_error())
        with pytest.raises(SourceUnavailable, match="HTTP 500"):
            await stage.client.read(HOUR)
        assert stage.searches == 4


async def test_a_long_retry_after_is_handed_on_at_once() -> None:
    async with open_stage() as stage:
        stage.bank.clock_offset = timedelta(minutes=3)
        for header in ("120", format_datetime(stage.bank.clock() + timedelta(seconds=120), usegmt=True)):
            before = stage.searches
            stage.bank.faults.next("list", Fault.maintenance(header))
            with pytest.raises(SourceUnavailable) as refused:
                await stage.client.read(HOUR)
            assert refused.value.retry_after == timedelta(seconds=120)
            assert stage.searches == before + 1


async def test_a_retry_after_within_patience_is_waited_for() -> None:
    async with open_stage() as stage:
        stage.add(1)
        stage.bank.faults.next("list", Fault.too_many("1"))
        client = stage.new_client(retries=Retries(wait_initial=0, wait_max=2))
        before = asyncio.get_running_loop().time()
        assert (await client.read(HOUR)).total == 1
        assert asyncio.get_running_loop().time() - before >= 1


@pytest.mark.parametrize("fault", [Fault.slow_headers(5), Fault.slow_body(5)], ids=lambda fault: fault.name)
async def test_a_slow_answer_ends_at_the_deadline(fault: Fault) -> None:
    async with open_stage() as stage:
        stage.add(5)
        stage.bank.faults.always("list", fault)
        client = stage.new_client(timeout=timedelta(milliseconds=300), retries=Retries(attempts=1))
        with pytest.raises(SourceUnavailable, match=r"within 0\.3 s"):
            await client.read(HOUR)


async def test_a_flood_is_cut_off_and_not_asked_for_again() -> None:
    async with open_stage() as stage:
        stage.bank.faults.always("list", Fault.huge_body())
        with pytest.raises(SourceUnavailable, match="larger than 10 MB"):
            await stage.client.verify()
        assert stage.searches == 1


async def test_a_window_that_floods_is_read_in_halves() -> None:
    async with open_stage() as stage:
        stage.add(20)
        stage.bank.faults.next("list", Fault.huge_body(), Fault.huge_body())
        assert len((await stage.client.read(HOUR)).operations) == 20


async def test_a_redirect_is_not_followed() -> None:
    async with open_stage() as stage:
        thief = SimulatedBank(World(1, start=NOW), now=stage.clock)
        address = await thief.start()
        stage.bank.faults.always("list", Fault.redirect(address + LIST_PATH))
        with pytest.raises(SourceUnavailable, match="elsewhere"):
            await stage.client.read(HOUR)
        await thief.stop()
        assert list(thief.requests) == []


async def test_no_connection_is_a_passing_fault() -> None:
    async with open_stage() as stage:
        await stage.bank.stop()
        with pytest.raises(SourceUnavailable, match="connection"):
            await stage.client.read(HOUR)


async def test_a_refusal_of_every_dialect_is_the_banks_word() -> None:
    async with open_stage() as stage:
        stage.bank.faults.always("list", Fault.error_in_200())
        with pytest.raises(SourceRejected) as refused:
            await stage.client.read(HOUR)
        assert (refused.value.code, refused.value.message) == (100, "")
        assert stage.client.dialect.date_field is None


async def test_a_settled_dialect_is_negotiated_anew_when_the_bank_changes() -> None:
    async with open_stage() as stage:
        stage.add(20)
        await stage.client.read(HOUR)
        stage.bank.switches = Switches(date_field="created_date", max_size="reject100")
        assert len((await stage.client.read(HOUR)).operations) == 20
        assert (stage.client.dialect.date_field, stage.client.dialect.page_size) == ("created_date", 100)


async def test_wrong_credentials_are_denied_without_insisting() -> None:
    async with open_stage() as stage:
        client = stage.new_client(password="wrong")
        with pytest.raises(SourceDenied, match="no token"):
            await client.read(HOUR)
        assert (stage.logins, stage.searches) == (1, 0)
