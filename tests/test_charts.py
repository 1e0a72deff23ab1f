"""Pictures really drawn by the drawing process, and that process coming, dying and going."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.charts import Bars, Chart, Charts, NotDrawn
from bot.workers import Worker

HOURS = tuple(f"{hour:02}" if hour % 3 == 0 else "" for hour in range(24))
NONE = (0,) * 24
GREEN, ORANGE, GROUND = (62, 207, 142), (255, 122, 89), (23, 33, 47)
KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
MOMENT = timedelta(milliseconds=1)


def chart(**changed: Any) -> Chart:
    given: dict[str, Any] = {
        "title": "Самал-2",
        "period": "24 қараша 2026 ж.",
        "ticks": HOURS,
        "paid": Bars("Төленді: 388 · 9 700 500 ₸", tuple(range(24))),
        "failed": Bars("Сәтсіз: 37 · 612 000 ₸", (3,) * 24),
        "before": Bars("Төленді, 17 қараша: 444", tuple(range(24, 0, -1))),
        "nothing": "Операция жоқ",
    }
    return Chart(**given | changed)


@pytest.fixture(scope="module")
async def charts() -> AsyncIterator[Charts]:
    charts = Charts()
    yield charts
    await charts.close()


async def drawn(charts: Charts, **changed: Any) -> Image.Image:
    picture = await charts.draw(chart(**changed))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    return Image.open(BytesIO(picture)).convert("RGB")


def amount(picture: Image.Image, color: tuple[int, int, int]) -> int:
    """How many pixels have exactly this colour."""
    return {found: count for count, found in picture.getcolors(1_000_000) or []}[color]


async def test_a_picture_fits_a_phone_and_shows_every_bar(charts: Charts) -> None:
    picture = await drawn(charts)
    assert picture.size == (1080, 720)
    assert picture.getpixel((3, 3)) == GROUND
    assert amount(picture, GREEN) > 20_000
    assert amount(picture, ORANGE) > 5_000
    assert amount(picture, GREEN) > 2 * amount(await drawn(charts, paid=Bars("", (4,) * 24)), GREEN) / 3


async def test_a_taller_bar_is_taller(charts: Charts) -> None:
    one_hour = await drawn(charts, paid=Bars("", (1, 4, *NONE[2:])), failed=Bars("", NONE), before=Bars("", NONE))
    column = [sum(one_hour.getpixel((x, y)) == GREEN for y in range(300, 640)) for x in range(1080)]
    assert max(column) == pytest.approx(4 * min(height for height in column if height), rel=0.05)


async def test_no_operations_are_said_so_in_words(charts: Charts) -> None:
    nothing = {"paid": Bars("", NONE), "failed": Bars("", NONE), "before": Bars("", NONE)}
    assert await drawn(charts, **nothing) != await drawn(charts, **nothing, nothing="")


@pytest.mark.parametrize(
    "text",
    [KAZAKH, "ЁёЪъЫы №₸", "$x^2$ \\frac{", "W" * 300, "😀🦄 漢字 \u202e", "\x00\ud800", "", "a\nb", "%s {0} <b>"],
    ids=ascii,
)
async def test_any_text_is_drawn_or_left_out(charts: Charts, text: str) -> None:
    """A letter without a shape is an error inside the process, as is every other warning."""
    await drawn(
        charts,
        title=text,
        period=text,
        nothing=text,
        ticks=(text,) * 24,
        paid=Bars(text, NONE),
        before=Bars(text, NONE),
    )


@pytest.mark.parametrize("letter", [*KAZAKH, "₸", "Ё", "№", "→"])
async def test_every_letter_has_a_shape_of_its_own(charts: Charts, letter: str) -> None:
    pictures = [await drawn(charts, title=f"[{title}]") for title in (letter, "", "\uffff")]
    assert pictures[0] != pictures[1] == pictures[2]


async def test_every_length_of_a_period_is_drawn(charts: Charts) -> None:
    for length in (0, 1, 7, 31, 400):
        counts = tuple(range(length))
        await drawn(
            charts,
            ticks=("пн\n24.11",) * length,
            paid=Bars("", counts),
            failed=Bars("", counts),
            before=Bars("", (5,) * 31),
        )


DRAWS = """
import asyncio, sys
import bot.app, bot.cli
from bot.charts import Bars, Chart, Charts

async def main():
    charts, none = Charts(), Bars("", ())
    chart = Chart(title="", period="", ticks=(), paid=none, failed=none, before=none, nothing="")
    print(len(await charts.draw(chart)) > 1000, {"matplotlib", "numpy"} & set(sys.modules))
    await charts.close()

asyncio.run(main())
"""


async def test_the_bot_itself_never_loads_what_draws() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DRAWS, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.strip() == b"True set()"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux shows what a process holds open")
async def test_the_process_inherits_no_sockets_no_store_and_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPAY_BOT__TELEGRAM__TOKEN", "canary")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    with (tmp_path / "store.db").open("w"):
        async with opened(Charts()) as charts:
            await drawn(charts)
            about = Path(f"/proc/{worker_of(charts).pid}")
            held = [str(link.readlink()) for link in (about / "fd").iterdir()]
            assert not [name for name in held if "socket" in name or "store" in name]
            assert b"canary" not in (about / "environ").read_bytes()
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def opened(charts: Charts) -> AsyncIterator[Charts]:
    yield charts
    await charts.close()


def worker_of(charts: Charts) -> Worker:
    assert charts.worker is not None
    return charts.worker


async def test_nothing_runs_until_somebody_asks_and_nothing_after_a_while() -> None:
    async with opened(Charts(idle=MOMENT)) as charts:
        assert charts.worker is None
        await drawn(charts)
        await asyncio.wait_for(worker_of(charts).gone(), 10)
        await drawn(charts, title="again")


async def test_a_question_in_time_keeps_the_process() -> None:
    async with opened(Charts()) as charts:
        await drawn(charts)
        first = worker_of(charts)
        await drawn(charts, title="another")
        assert worker_of(charts) is first


async def test_a_process_that_died_is_replaced_unseen() -> None:
    async with opened(Charts()) as charts:
        await drawn(charts)
        first = worker_of(charts)
        os.kill(first.pid, signal.SIGKILL)
        await first.gone()
        await drawn(charts, title="after its death")
        assert worker_of(charts) is not first


async def test_a_process_killed_while_it_draws_is_replaced_too() -> None:
    async with opened(Charts()) as charts:
        await drawn(charts)
        first = worker_of(charts)
        os.kill(first.pid, signal.SIGSTOP)
        drawing = asyncio.create_task(drawn(charts, title="during its death"))
        await asyncio.sleep(0)
        os.kill(first.pid, signal.SIGKILL)
        assert (await drawing).size == (1080, 720)


async def test_a_process_that_hangs_is_given_up_and_the_next_question_is_answered() -> None:
    async with opened(Charts(deadline=timedelta(seconds=10))) as charts:
        await drawn(charts)
        charts.deadline = timedelta(milliseconds=50)
        os.kill(worker_of(charts).pid, signal.SIGSTOP)
        with pytest.raises(NotDrawn, match="deadline"):
            await charts.draw(chart(title="hangs"))
        charts.deadline = timedelta(seconds=10)
        await drawn(charts, title="hangs")


async def test_a_question_given_up_is_not_answered_to_the_next_one() -> None:
    async with opened(Charts()) as charts:
        await drawn(charts)
        os.kill(worker_of(charts).pid, signal.SIGSTOP)
        drawing = asyncio.create_task(charts.draw(chart(title="given up")))
        await asyncio.sleep(0)
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        assert await drawn(charts, title="next") == await drawn(charts, title="next", period="24 қараша 2026 ж.")


async def test_the_same_chart_is_kept_for_a_minute() -> None:
    at = [0.0]
    async with opened(Charts(clock=lambda: at[0])) as charts:
        first = await charts.draw(chart())
        assert await charts.draw(chart()) is first
        at[0] = 59.0
        assert await charts.draw(chart()) is first
        at[0] = 61.0
        assert await charts.draw(chart()) is not first


async def test_what_cannot_be_drawn_is_an_error_without_anybodys_words(charts: Charts) -> None:
    with pytest.raises(NotDrawn) as caught:
        await charts.draw(chart(title="canary", paid=Bars("canary", (1, 2))))
    assert "ValueError at" in str(caught.value)
    assert "canary" not in str(caught.value)
    await drawn(charts)
