"""Films a conversation of the running demo on a phone: `make picture` writes docs/demo.gif. Needs Chromium."""

import asyncio
import io
import json
from collections.abc import Awaitable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from browser import Tab, find_chromium, open_browser
from PIL import Image

from bot.showcase import Showcase

SIZE = (390, 760)
COLOURS = 120
SHORTEST = 0.12
LAST_SHOT = 4.0
TARGET = Path(__file__).with_name("demo.gif")
LOG = "document.querySelector('#log').innerText"


class Film:
    """Pictures of one tab as they come, each with the seconds it is to be seen."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._seen = 0.0
        self._shots: list[tuple[float, bytes]] = []

    async def scene(self, play: Awaitable[object], hold: float) -> None:
        """Films while `play` goes on, and `hold` seconds longer. Between scenes no time passes on the film."""
        playing, began, end = asyncio.ensure_future(play), monotonic() - self._seen, None
        while end is None or monotonic() < end:
            self._shots.append((monotonic() - began, await self._tab.picture()))
            await asyncio.sleep(SHORTEST - 0.05)
            if end is None and playing.done():
                await playing
                end = monotonic() + hold
        self._seen = monotonic() - began

    def develop(self, path: Path) -> None:
        """Writes the film; a picture that shows what the one before did only makes that one longer."""
        frames: list[tuple[Image.Image, float]] = []
        times = [at for at, _ in self._shots]
        lengths = [later - earlier for earlier, later in pairwise(times)] + [LAST_SHOT]
        for (_, shot), seconds in zip(self._shots, lengths, strict=True):
            picture = Image.open(io.BytesIO(shot)).convert("RGB")
            if frames and picture == frames[-1][0]:
                frames[-1] = picture, frames[-1][1] + seconds
            else:
                frames.append((picture, max(SHORTEST, seconds)))
        palette = palette_of(side_by_side([picture for picture, _ in frames[::8]]))
        first, *rest = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture, _ in frames]
        lasting = [round(seconds * 1000) for _, seconds in frames]
        first.save(path, save_all=True, append_images=rest, duration=lasting, loop=0, optimize=True)


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """One picture with the colours of all."""
    width, height = pictures[0].size
    strip = Image.new("RGB", (width * len(pictures), height))
    for number, picture in enumerate(pictures):
        strip.paste(picture, (number * width, 0))
    return strip


def palette_of(picture: Image.Image) -> Image.Image:
    """The frequent colours, so that shades are smooth, and the rare ones, so that a red dot stays red."""
    colours: list[int] = []
    for method in (Image.Quantize.MEDIANCUT, Image.Quantize.MAXCOVERAGE):
        colours += (picture.quantize(COLOURS, method).getpalette() or [])[: 3 * COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours)
    return palette


async def write(tab: Tab, text: str) -> None:
    """As a person does, letter by letter."""
    await tab.click("#text")
    for letter in text:
        await tab.type(letter)
        await asyncio.sleep(0.12)
    await tab.key("Enter")


async def play(tab: Tab) -> Film:
    """An alert, taken; a question meanwhile; the end of it all, as ten minutes pass in ten seconds."""
    film = Film(tab)
    await tab.until(f"{LOG}.includes('/help')")
    await asyncio.sleep(0.6)
    await film.scene(tab.until(f"{LOG}.includes('#1 · сбой')"), 3)
    await film.scene(tab.click(".key", "Беру на себя"), 4)
    await film.scene(write(tab, "/today"), 3)
    await tab.evaluate(
        "fetch('/demo/act', { method: 'POST', headers: { 'Content-Type': 'application/json' },"
        " body: JSON.stringify({ action: 'speed', value: '60' }) }).then(() => 0)"
    )
    await tab.until(f"{LOG}.includes('#1 · завершён')")
    await film.scene(asyncio.sleep(0), 1)
    return film


async def main() -> None:
    program = find_chromium()
    if program is None:
        raise SystemExit("make picture needs Chromium")
    stop, addresses = asyncio.Event(), asyncio.get_running_loop().create_future()
    showing = asyncio.create_task(Showcase(port=0, headless=False, speed=1).run(stop, addresses.set_result))
    with TemporaryDirectory() as folder:
        async with open_browser(program, Path(folder)) as browser, browser.tab("ru-RU") as tab:
            await tab.screen(*SIZE, moving=True)
            await tab.open(json.loads(await addresses)["page"])
            film = await play(tab)
    film.develop(TARGET)
    stop.set()
    await showing
    print(f"{TARGET}: {TARGET.stat().st_size / 1_000_000:.2f} MB")


if __name__ == "__main__":
    asyncio.run(main())
