"""Files and pictures from a person's word to Telegram: what is in them, who sees what, one at a time, a clean stop."""

import asyncio
import csv
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from markupsafe import Markup
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, Stage, open_stage

from bot.charts import Charts
from bot.chat.commands import COMMANDS, Command
from bot.chat.desk import Desk
from bot.chat.errands import Continued, Talk
from bot.demo.telegram import Delivery
from bot.errors import UsageError
from bot.model import MerchantId, Operation, OperationId, Outcome, Request, TerminalId
from bot.model import Message as Answer
from bot.store import operations

HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


@pytest.fixture
async def stage(tmp_path: Path, folder: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, SHOP, BAKERY) as stage:
        add, samal = stage.world.add, SHOP.terminals[0].tid
        for number in range(3):
            add(SHOP.id, samal, 25_000 + number, invoice_id=f"=INV-{number}", created_at=NOW - (number + 1) * HOUR)
        add(BAKERY.id, BAKERY.terminals[0].tid, 300, outcome="failed", reason_code=484, created_at=NOW - HOUR)
        await stage.read_bank(NOW - timedelta(days=2))
        yield stage
    assert not await asyncio.to_thread(lambda: [one for one in folder.iterdir() if "export" in one.name])


def files(stage: Stage, chat_id: int = 5) -> list[Delivery]:
    return [sent for sent in stage.api.deliveries if sent.chat_id == chat_id and sent.method == "sendDocument"]


def data(sent: Delivery) -> bytes:
    assert sent.content.media is not None
    return sent.content.media.data


def table(sent: Delivery, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(data(sent).decode("utf-8-sig")), delimiter=delimiter))


async def test_a_file_holds_every_operation_of_every_merchant_oldest_first(stage: Stage) -> None:
    await stage.hears(stage.owner, "/export today csv")
    (sent,) = files(stage)
    rows = table(sent)
    assert [row["Merchant"] for row in rows] == ["Shop"] * 3 + ["Bakery"]
    assert [row["Invoice"] for row in rows][:3] == ["'=INV-2", "'=INV-1", "'=INV-0"]
    assert [row["Time (Almaty)"] for row in rows][:3] == [f"2026-11-24 {hour}:00:00" for hour in (11, 12, 13)]
    assert (rows[0]["Amount"], rows[0]["Currency"], rows[0]["Terminal"]) == ("25002.00", "KZT", "Samal-2")
    assert (rows[3]["Outcome"], rows[3]["Reason code"], rows[3]["Reason"]) == ("failed", "484", "not enough money")
    assert rows[0]["Payer"]


async def test_a_group_gets_no_payers(stage: Stage) -> None:
    await stage.hears(stage.owner, "/export today samal csv", GROUP)
    (sent,) = files(stage, GROUP)
    assert table(sent)
    assert not [heading for heading in table(sent)[0] if "Payer" in heading]


async def test_the_file_speaks_the_language_of_the_chat(stage: Stage) -> None:
    await stage.hears(stage.api.person(5, "Aigerim", "kk"), "/export бүгін xlsx")
    (sent,) = files(stage)
    with ZipFile(BytesIO(data(sent))) as book:
        assert "Операциялар" in book.read("xl/workbook.xml").decode()
        assert "Терминал нөмірі" in book.read("xl/worksheets/sheet1.xml").decode()


async def test_a_large_export_comes_in_parts_and_tells_how_far_it_is(stage: Stage) -> None:
    await stage.store.write(store_many, 20_500)
    stage.desk = replace(stage.desk, upload_limit=1_000_000)
    stage.use(COMMANDS)
    await stage.hears(stage.owner, "/export yesterday samal csv")
    said = [sent.text.replace("\N{NO-BREAK SPACE}", " ").split("\n")[-1] for sent in stage.api.deliveries]
    parts = files(stage)
    assert said[:3] == ["Writing 20 500 operations into a file…", "⏳ 20 000 of 20 500", "Sending 3 files…"]
    assert said[3:6] == ["Part 1 of 3", "Part 2 of 3", "Part 3 of 3"]
    names = [sent.content.media.name for sent in parts if sent.content.media]
    assert names == [f"Samal-2_2026-11-23_{part}of3.csv" for part in (1, 2, 3)]
    assert all(len(data(sent)) <= 1_000_000 for sent in parts)
    assert [row["Invoice"] for sent in parts for row in table(sent)] == [str(number) for number in range(20_500)]


def store_many(db: operations.Connection, count: int) -> None:
    """Operations of yesterday, several in every moment."""
    start = NOW - timedelta(days=1)
    found = [
        Operation(
            merchant_id=MerchantId(SHOP.id),
            id=OperationId(f"{number:06}"),
            created_at=start + timedelta(seconds=number // 7),
            invoice_id=str(number),
            terminal_id=TerminalId(SHOP.terminals[0].tid),
            amount=100,
            currency="KZT",
            outcome=Outcome.PAID,
            status="OK",
        )
        for number in range(count)
    ]
    operations.apply(db, MerchantId(SHOP.id), found, history_before=NOW, now=NOW)


async def test_a_file_telegram_does_not_take_is_told_in_words(stage: Stage) -> None:
    stage.api.faults.add(method="sendDocument", status=413, description="Request Entity Too Large")
    await stage.hears(stage.owner, "/export today csv")
    assert "Telegram takes no file of this size" in stage.last().text
    assert files(stage) == []


async def test_a_file_that_may_not_have_arrived_is_told_in_words(stage: Stage) -> None:
    stage.api.faults.add(method="sendDocument", drop="before")
    await stage.hears(stage.owner, "/export today csv")
    assert "The file could not be sent" in stage.last().text


async def test_a_folder_that_cannot_be_written_is_told_in_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    await stage.hears(stage.owner, "/export today csv")
    assert "The file could not be made this time" in stage.last().text


def slow(gate: asyncio.Event, ended: list[str]) -> Command:
    """A command whose rest waits for a gate, one at a time in a chat."""

    async def answer(_: Request, __: Desk) -> Continued:
        async def rest(talk: Talk) -> None:
            try:
                await gate.wait()
                await talk.say(Answer(Markup("the rest")))
            finally:
                ended.append("ended")

        return Continued(message=Answer(Markup("at once")), rest=rest, alone=UsageError("One at a time"))

    return Command(name="slow", answer=answer, description="")


async def handle(stage: Stage, text: str, chat_id: int = 5) -> None:
    """A person asks and is answered at once; the rest goes on."""
    await stage.api.says(stage.owner, stage.api.chats[chat_id], text)
    await stage.answer()


async def test_the_answer_comes_at_once_and_the_rest_when_it_is_there(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.use([slow(gate, [])])
    await handle(stage, "/slow")
    assert texts(stage) == ["at once"]
    gate.set()
    await stage.dispatch.errands.done()
    assert texts(stage) == ["at once", "the rest"]


async def test_one_rest_at_a_time_goes_on_in_a_chat_and_others_beside_it(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.use([slow(gate, [])])
    await handle(stage, "/slow")
    await handle(stage, "/slow")
    await handle(stage, "/slow", GROUP)
    gate.set()
    await stage.dispatch.errands.done()
    assert texts(stage) == ["at once", "⚠️ One at a time", "the rest"]
    assert texts(stage, GROUP) == ["at once", "the rest"]
    await stage.hears(stage.owner, "/slow")
    assert texts(stage)[-2:] == ["at once", "the rest"]


def texts(stage: Stage, chat_id: int = 5) -> list[str]:
    return [sent.text for sent in stage.api.deliveries if sent.chat_id == chat_id]


async def test_a_stop_ends_what_goes_on_and_begins_nothing_more(stage: Stage) -> None:
    ended: list[str] = []
    stage.use([slow(asyncio.Event(), ended)])
    await handle(stage, "/slow")
    await asyncio.sleep(0)
    await stage.dispatch.errands.close(timedelta(seconds=5))
    assert ended == ["ended"]
    await handle(stage, "/slow")
    await stage.dispatch.errands.done()
    assert texts(stage) == ["at once", "at once"]


async def test_a_stop_in_the_middle_of_an_export_leaves_nothing_and_says_so(stage: Stage, folder: Path) -> None:
    await stage.store.write(store_many, 3_000)
    await handle(stage, "/export yesterday xlsx")
    await until(lambda: any(folder.iterdir()))
    await stage.dispatch.errands.close(timedelta(seconds=5))
    assert "The file was not finished" in stage.last().text
    assert not await asyncio.to_thread(lambda: list(folder.iterdir()))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0)


async def test_what_goes_wrong_in_the_rest_is_told_with_a_code(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: Request, __: Desk) -> Continued:
        async def rest(_: Talk) -> None:
            raise ZeroDivisionError

        return Continued(message=Answer(Markup("at once")), rest=rest)

    stage.use([Command(name="fail", answer=answer, description="")])
    await stage.hears(stage.owner, "/fail")
    code = texts(stage)[-1].rsplit(" ", 1)[-1]
    assert code in caplog.text


async def test_a_chart_that_cannot_be_drawn_is_told_in_words_below_its_figures(stage: Stage) -> None:
    charts = Charts(deadline=timedelta())
    stage.desk = replace(stage.desk, charts=charts)
    stage.use(COMMANDS)
    await stage.hears(stage.owner, "/chart samal")
    figures, excuse = texts(stage)
    assert figures.startswith("📊 Samal-2")
    assert "The picture could not be drawn this time; the figures above are complete" in excuse
    await charts.close()


async def test_a_refreshed_chart_changes_its_figures_and_adds_a_new_picture(stage: Stage) -> None:
    await stage.hears(stage.owner, "/chart samal")
    first, picture = stage.api.messages(5)[-2:]
    await stage.api.presses(stage.owner, first, first.data("Week"))
    await stage.work()
    shown = stage.api.messages(5)
    assert len(shown) == 4
    assert shown[-3] is first
    assert "23 Nov – 24 Nov" in first.text
    assert (picture.content.media is not None, shown[-1].content.media is not None) == (True, True)


async def test_a_chart_of_many_merchants_is_a_few_pictures_and_a_word(tmp_path: Path) -> None:
    async with open_stage(tmp_path, *(replace(SHOP, id=f"shop{number}") for number in range(9))) as stage:
        await stage.hears(stage.owner, "/chart")
        shown = stage.api.messages(5)
    assert sum(message.content.media is not None for message in shown) == 5
    assert shown[-1].text == "These were the first 5 of 9; name a merchant or a terminal"
