"""What monitors get over HTTP: alive, ready or what is missing, and metrics that are all documented."""

import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from builders import NOW
from databases import ENGINE, SQLITE
from prometheus_client.parser import text_string_to_metric_families
from running import Outside, Program

from bot.condition import Condition
from bot.model import Merchant, MerchantId
from bot.store.sqlite import SqliteStore
from bot.vitals import METRICS, Labels, Vitals
from bot.web import ROUTES, Doors, Web

ROOT = Path(__file__).parents[1]


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


@dataclass
class Answered:
    status: int
    text: str
    json: object


async def get(program: Program, path: str) -> Answered:
    await program.says("listening on ")
    address = re.findall(r"listening on (\S+)", program.output)[-1]
    async with aiohttp.ClientSession() as http, http.get(address + path) as answer:
        is_json = answer.content_type == "application/json"
        return Answered(answer.status, await answer.text(), await answer.json() if is_json else None)


async def samples(program: Program) -> dict[tuple[str, ...], float]:
    """Each sample by its name and label values."""
    answer = await get(program, "/metrics")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def test_a_bot_that_works_is_alive_ready_and_measured(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    invoice = outside.fail()
    await outside.told(invoice)
    assert (await get(program, "/healthz")).status == 200
    while (ready := await get(program, "/readyz")).status == 503:
        await outside.asked()
    assert ready.json == {"ready": True, "missing": []}
    found = await samples(program)
    while not found.get(("epay_bot_lag_seconds_count",)):
        await outside.asked()
        found = await samples(program)
    assert found["epay_bot_polls_total", "shop", "ok"] >= 1
    assert found["epay_bot_poll_age_seconds", "shop"] < 60
    assert found["epay_bot_operations", "shop", "failed"] == 1
    assert found["epay_bot_sends_total", "ok"] == found["epay_bot_lag_seconds_count",] == 1
    assert found["epay_bot_lag_seconds_sum",] < 20
    assert found["epay_bot_incidents_open", "shop"] == 1
    assert found["epay_bot_outbox_waiting",] == found["epay_bot_outbox_age_seconds",] == 0
    assert await program.stop() == 0
    assert "Traceback" not in program.output


async def test_merchants_beyond_the_ceiling_are_together(outside: Outside) -> None:
    """Their counts as a sum, the age of what was read of them as the worst."""
    locked = outside.merchant(1, password="wrong") | {"id": "locked", "name": "Locked"}
    merchants = [outside.merchant(0), outside.merchant(1), locked]
    await outside.begin(merchants=merchants, server={"listen": "127.0.0.1:0", "merchant_metrics": 1})
    program = await outside.run()
    while not any("Bakery LLP" in text for text in outside.sent()):
        outside.fail(1)
        await outside.asked()
    found = await samples(program)
    assert found["epay_bot_polls_total", "shop", "ok"] >= 1
    assert found["epay_bot_polls_total", "other", "ok"] >= 1
    assert found["epay_bot_polls_total", "other", "lost"] >= 1
    assert found["epay_bot_operations", "other", "failed"] >= 1
    assert found["epay_bot_incidents_open", "other"] == 2
    assert found["epay_bot_poll_age_seconds", "other"] > found["epay_bot_poll_age_seconds", "shop"]
    assert not {name for name in found if {"bakery", "locked"} & {*name}}


def test_jobs_of_merchants_beyond_the_ceiling_are_together_and_others_keep_their_names() -> None:
    labels = Labels(["shop", "bakery", "kiosk"], 1)
    given = ("poll shop", "poll bakery", "learn kiosk", "deliver outbox")
    assert [labels.job(name) for name in given] == ["poll shop", "poll other", "learn other", "deliver outbox"]
    assert [labels.merchant(id) for id in ("shop", "kiosk", "closed")] == ["shop", "other", "other"]
    vitals = Vitals(labels=labels)
    for id in ("bakery", "kiosk"):
        vitals.count("epay_bot_job_errors_total", f"poll {id}")
    assert b'epay_bot_job_errors_total{job="poll other"} 2.0' in vitals.exposition()


async def test_many_that_are_missing_are_counted_and_a_few_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "bot.db")
    merchants = [Merchant(MerchantId(f"m{number:03}"), "M", ()) for number in range(300)]
    condition = Condition(store, merchants, Vitals(), now=lambda: NOW)
    assert (await condition.missing())[0] == (
        "300 merchants have not been read since the start: m000, m001, m002, m003, m004, …"
    )
    await store.close()


async def test_what_is_missing_is_named_while_the_bot_is_not_ready(outside: Outside) -> None:
    await outside.begin()
    outside.bank.faults.down = True
    outside.api.faults.add(method="getMe", times=None, status=502, html="Bad gateway")
    program = await outside.run()
    await program.says("the bank does not answer")
    answer = await get(program, "/readyz")
    assert answer.status == 503
    # On a server another replica may have read it: that it has been read at all is enough.
    unread = ["merchant shop has not been read since the start"] if ENGINE == SQLITE else []
    assert answer.json == {"ready": False, "missing": [*unread, "Telegram has not answered since the start"]}
    assert (await get(program, "/healthz")).status == 200
    found = await samples(program)
    assert found["epay_bot_polls_total", "shop", "lost"] >= 1


async def test_a_taken_address_ends_the_start_with_a_sentence(outside: Outside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        program = await outside.start("run", "--config", outside.config(server={"listen": listen}))
        assert await program.ends() == 1
    assert f"server.listen {listen} is taken by another program" in program.output
    assert "Traceback" not in program.output


@pytest.mark.parametrize("listen", ["203.0.113.7:80", "127.0.0.1:99999", "nowhere.invalid:80"])
async def test_an_address_that_cannot_be_ours_is_told(outside: Outside, listen: str) -> None:
    program = await outside.start("run", "--config", outside.config(server={"listen": listen}))
    assert await program.ends() == 1
    assert f"server.listen {listen} cannot be listened on" in program.output
    assert "Traceback" not in program.output


async def test_without_an_address_nothing_listens(outside: Outside) -> None:
    outside.config(server={"listen": None})
    program = await outside.run()
    assert "listening" not in program.output


async def test_other_paths_and_methods_are_refused() -> None:
    async def nothing() -> list[str]:
        return []

    async def empty() -> bytes:
        return b""

    web = Web("127.0.0.1:0", Doors(missing=nothing, metrics=empty))
    address = await web.start()
    try:
        async with aiohttp.ClientSession() as http:
            for method, path, status in (("GET", "/", 404), ("POST", "/healthz", 405), ("POST", "/telegram", 403)):
                async with http.request(method, address + path) as answer:
                    assert answer.status == status
    finally:
        await web.stop()


def test_every_metric_is_documented_and_nothing_else_is() -> None:
    table = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.+) \|$", (ROOT / "docs/metrics.md").read_text(), re.M)
    assert table == [(known.name, known.kind, ", ".join(known.labels), known.means) for known in METRICS]


def test_every_metric_is_shown_under_its_documented_name() -> None:
    vitals = Vitals()
    for known in METRICS:
        change = {"counter": vitals.count, "gauge": lambda name, *given: vitals.put(name, 1, *given)}
        change.get(known.kind, lambda name: vitals.observe(name, 1))(known.name, *known.labels)
    families = list(text_string_to_metric_families(vitals.exposition().decode()))
    # The library adds when each counter began, as a gauge of its own.
    families = [family for family in families if not family.name.endswith("_created")]
    shown = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    assert shown == {known.name for known in METRICS}
    assert all(family.documentation for family in families)


def test_every_route_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [path for _, path, _ in ROUTES if path not in readme]
