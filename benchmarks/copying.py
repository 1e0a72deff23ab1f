"""`make bench-copy`: a bot with a million operations moves to PostgreSQL under traffic. Exit code 1 if any was lost."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import postgres
from moving import ALERTS, move
from running import Outside, now

from benchmarks import today
from bot.model import MerchantId, Operation
from bot.store import operations
from bot.store.sqlite import SqliteStore

PIECE = 20_000


def _past(merchant_id: MerchantId) -> Iterator[Operation]:
    """The operations of the other measurements, ended two hours ago: nothing of them is news."""
    later = now() - timedelta(hours=2) - today.END
    return (replace(one, merchant_id=merchant_id, created_at=one.created_at + later) for one in today.rows())


async def fill(path: Path, merchant_id: MerchantId) -> None:
    """Stores the past as ingestion does."""
    store = SqliteStore(path)
    rows = _past(merchant_id)
    while piece := list(islice(rows, PIECE)):
        await store.write(operations.apply, merchant_id, piece, history_before=now(), now=now())
    await store.close()


async def main() -> bool:
    """Prints what each call took and what went wrong; whether nothing did."""
    server = postgres.Server(settings=())
    with TemporaryDirectory(prefix="epay-bot-copy-") as folder:
        outside = await Outside(Path(folder)).open()
        await fill(outside.database, MerchantId(outside.shop.id))
        await outside.begin(alerts=ALERTS)
        moved = await move(outside, server.url(server.create()))
        await outside.close()
    first, second = moved.ahead
    met = not (moved.lost or moved.untold or moved.told_again)
    print(
        f"{'ok  ' if met else 'MISS'}  copy of {moved.operations:,} operations: ahead {first:.0f} s, once more "
        f"{second:.0f} s, the rest with the bot stopped {moved.last:.0f} s; of {moved.failed} failures meanwhile: "
        f"operations lost {moved.lost}, alerts lost {moved.untold}, told again {moved.told_again}",
        flush=True,
    )
    server.remove()
    return met


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
