"""Thirty kills in the middle of everything, in three worlds side by side to save time.

Nothing at the bank is missed, nothing is told twice without saying so.
"""

import asyncio
from collections.abc import Callable

import pytest
from killing import killed

KILLS = 30
WORLDS = 3


async def test_thirty_kills_lose_nothing_and_repeat_nothing_unmarked(
    tmp_path_factory: pytest.TempPathFactory, record_property: Callable[[str, object], None]
) -> None:
    folders = [tmp_path_factory.mktemp("killed") for _ in range(WORLDS)]
    told = await asyncio.gather(*(killed(folder, seed, KILLS // WORLDS) for seed, folder in enumerate(folders)))
    record_property("alerts", sum(alerts for alerts, _ in told))
    record_property("repeats", sum(repeats for _, repeats in told))
