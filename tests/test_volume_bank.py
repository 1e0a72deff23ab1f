"""A terminal of the simulated bank falls silent, over real sockets and on the test's clock: the alert and its end."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from builders import NOW, SHOP
from watching import DAY, HOUR, MINUTE, SAMAL, SHOP_AT_BANK, Watch, watching

from bot.bands import Bands
from bot.config import Polling
from bot.demo.bank import CALM, World
from bot.incidents import Incidents
from bot.model import Incident, Merchant
from bot.rules import Rulebook
from bot.texts import Voices
from bot.views.volume import volume_words
from bot.watching import Watching

BUSY = replace(SHOP_AT_BANK, terminals=tuple(replace(one, per_day=500) for one in SHOP_AT_BANK.terminals))
HISTORY = 22 * DAY
ALMATY = ZoneInfo("Asia/Almaty")


async def volume(watch: Watch) -> list[Incident]:
    return [one for one in await watch.incidents() if one.rule == "volume"]


async def test_a_silent_terminal_is_told_after_the_backfill_and_told_as_over(tmp_path: Path) -> None:
    world = World(5, merchants=[BUSY], habits=CALM, start=NOW - HISTORY)
    world.advance_to(NOW)
    async with watching(tmp_path, world=world) as watch:
        watch.polling = Polling(backfill=HISTORY)
        rulebook = Rulebook.from_settings({})
        incidents = Incidents([Merchant(SHOP, "Shop", ())], rulebook, now=watch.our_clock)
        watch.watching = Watching(rulebook.volume, incidents, zone=ALMATY)
        await watch.start(BUSY)
        while not watch.watching.is_ready(SHOP):
            await watch.poll(MINUTE)
            await watch.watching.catch_up(watch.store, SHOP)
        assert await volume(watch) == []
        await watch.poll_for(20 * MINUTE, every=MINUTE)
        began = watch.now
        world.silence(SAMAL, began + 40 * MINUTE)
        await watch.poll_for(40 * MINUTE, every=MINUTE)
        (incident,) = await volume(watch)
        assert incident.terminals == (SAMAL,)
        assert incident.opened_at - began < timedelta(minutes=30)
        words = volume_words(incident, Voices().voice("en", "Asia/Almaty"))
        assert words.startswith("🔇 No operations since 17:")
        assert words.endswith("by now on a Friday")
        await watch.poll_for(HOUR, every=MINUTE)
        (incident,) = await volume(watch)
        assert not incident.is_open
        band = await watch.store.read(Bands(rulebook.volume, ALMATY).of_incident, incident, watch.now)
        assert band is not None
        silent = [one for one in band.stretches if began < one.at < began + 25 * MINUTE]
        assert all(one.seen == 0 < one.low for one in silent)
        assert sum(one.low <= one.seen <= one.high for one in band.stretches[:30]) >= 24
