"""Digests at their hour, once each, whatever happens in between; on a real store and a local Telegram."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders import SAMAL, SHOP, SHOP_LLP
from delivering import GROUP, OTHER, OWNER
from troubles import QUIET, SOUND, Troubles, troubles

from bot.digests import Digests
from bot.model import ChatKind, Destination, DigestKind, DigestPlan, EventKind, Loudness, ReasonClass, Subscription
from bot.store import chats, subscriptions
from bot.store.driver import Connection
from bot.store.outbox import Place

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE = DigestPlan(DigestKind.DAILY, time(9))
PLACE = Place(OWNER, None)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Troubles]:
    async with troubles(tmp_path) as stage:
        yield stage


async def plan(stage: Troubles, wanted: DigestPlan = NINE, chat_id: int = OWNER) -> None:
    def keep(db: Connection) -> None:
        to = chats.find_destination(db, chat_id, None)
        assert to
        due_at = wanted.due_after(stage.now(), ZoneInfo(to.timezone))
        subscriptions.put_plan(db, Place(chat_id, None), wanted, due_at)

    await stage.store.write(keep)


async def tick(stage: Troubles, at: datetime | None = None) -> list[str]:
    """A new process looks for digests, at this moment; the messages it sends."""
    before = len(stage.api.deliveries)
    stage.now.at = at or stage.now.at
    await stage.crash()
    await stage.store.write(Digests([SHOP_LLP], day_starts=time(), now=stage.now).tick)
    await stage.pass_by()
    return [one.text.replace("\N{NO-BREAK SPACE}", " ") for one in list(stage.api.deliveries)[before:]]


def next_nine(stage: Troubles) -> datetime:
    """The next 09:00 in Almaty."""
    return (stage.now.at + DAY).replace(hour=4, minute=0, second=0, microsecond=0)


async def test_a_digest_comes_at_its_hour_and_not_before_and_once(stage: Troubles) -> None:
    await plan(stage)
    nine = next_nine(stage)
    assert await tick(stage, nine - timedelta(seconds=1)) == []
    (said,) = await tick(stage, nine)
    assert said.startswith("📰 Daily digest\n\n📊 Shop LLP · yesterday, Tue 24 Nov (Almaty)")
    assert "✅ All quiet: no incidents" in said
    assert "It was due" not in said
    assert await tick(stage) == []
    assert await tick(stage, nine + HOUR) == []
    assert len(await tick(stage, nine + DAY)) == 1


async def test_a_digest_that_was_missed_comes_once_late_and_says_so(stage: Troubles) -> None:
    await plan(stage)
    (said,) = await tick(stage, next_nine(stage) + 3 * DAY + 2 * HOUR)
    assert "⏳ It was due 09:00 (Almaty), but I was not running" in said
    assert "yesterday, Fri 27 Nov" in said
    assert await tick(stage) == []


async def test_a_restart_between_writing_and_sending_sends_a_digest_once(stage: Troubles) -> None:
    await plan(stage)
    stage.now.at = next_nine(stage)
    digests = Digests([SHOP_LLP], day_starts=time(), now=stage.now)
    await stage.store.write(digests.tick)
    stage.restart()
    await stage.store.write(digests.tick)
    assert len(await tick(stage)) == 1


async def test_a_digest_whose_transaction_fails_is_not_lost(stage: Troubles) -> None:
    await plan(stage)
    stage.now.at = next_nine(stage)

    def broken(db: Connection) -> None:
        Digests([SHOP_LLP], day_starts=time(), now=stage.now).tick(db)
        raise RuntimeError("the machine died")

    with pytest.raises(RuntimeError):
        await stage.store.write(broken)
    assert len(await tick(stage)) == 1


async def test_a_digest_tells_what_failed_who_took_it_and_what_is_open(stage: Troubles) -> None:
    await plan(stage)
    await stage.fail(3)
    await stage.ack("Aigerim")
    await stage.passes(HOUR)
    await stage.fail(2, reason=ReasonClass.PAYER)
    await stage.passes(HOUR)
    stage.now.at = next_nine(stage) - timedelta(minutes=1)
    await stage.fail(1)
    await stage.silence(4 * HOUR, terminals=(SAMAL,), comment="repairs")
    await stage.passes()
    (said,) = await tick(stage, next_nine(stage) - DAY + timedelta(minutes=1))
    assert "Failed: 5" in said
    assert "Refused on the payer's side: 2" in said
    assert "🟢 #1 · Samal-2 · 3 payments failed" in said
    assert "✋ Aigerim" in said
    assert "🔴 #" in said
    assert "nobody took it" in said
    assert "Samal-2 · 🔕 until" in said
    assert "repairs" in said


async def test_a_digest_speaks_of_what_the_chat_listens_to_and_as_loud_as_it_wants(stage: Troubles) -> None:
    await stage.private(OTHER)
    await plan(stage, chat_id=OTHER)
    heard = Subscription(merchant_id=SHOP, terminal_id=SAMAL, kind=EventKind.DIGEST, loudness=Loudness.SILENT)
    await stage.store.write(subscriptions.put, Place(OTHER, None), [heard])
    (said,) = await tick(stage, next_nine(stage))
    assert "📊 Samal-2 · yesterday" in said
    assert [one[:1] for one in stage.heard(OTHER)] == [QUIET]
    assert stage.heard(OWNER) == []


async def test_a_chat_that_listens_to_no_digest_gets_none_and_its_plan_goes_on(stage: Troubles) -> None:
    await plan(stage)
    off = Subscription(kind=EventKind.DIGEST, loudness=Loudness.OFF)
    await stage.store.write(subscriptions.put, PLACE, [off])
    assert await tick(stage, next_nine(stage)) == []
    await stage.store.write(subscriptions.put, PLACE, [Subscription(kind=EventKind.DIGEST)])
    assert len(await tick(stage, next_nine(stage))) == 1
    assert [one[:1] for one in stage.heard(OWNER)] == [SOUND]


async def test_each_chat_gets_its_digest_in_its_own_zone(stage: Troubles) -> None:
    berlin = Destination(chat_id=GROUP, kind=ChatKind.GROUP, timezone="Europe/Berlin", language="en")
    await stage.store.write(chats.meet, berlin)
    await stage.group()
    await plan(stage)
    await plan(stage, chat_id=GROUP)
    assert len(await tick(stage, next_nine(stage))) == 1
    (said,) = await tick(stage, stage.now().replace(hour=8, minute=0, second=0))
    assert "(Berlin)" in said
