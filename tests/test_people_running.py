"""The real program from an invitation to the alert of who was invited, and to the silence after they are removed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running import OWNER, STRANGER, Outside

KEY = re.compile(r"start=([\w-]+)")


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def test_who_is_invited_hears_of_failures_and_who_is_removed_does_not(outside: Outside) -> None:
    api, support = outside.api, outside.api.private_chat(outside.stranger)
    await outside.begin()
    program = await outside.run()
    await api.says(outside.owner, outside.chat, "/invite support")
    await api.wait_for(lambda: any(KEY.search(text) for text in outside.sent(OWNER)), 10)
    (key,) = {found[1] for text in outside.sent(OWNER) if (found := KEY.search(text))}
    await api.says(outside.stranger, support, f"/start {key}")
    await api.wait_for(lambda: outside.sent(STRANGER), 10)
    first = outside.fail()
    await api.wait_for(lambda: first in outside.named(STRANGER), 10)
    await api.says(outside.owner, outside.chat, f"/person {STRANGER} shop remove")
    await api.wait_for(lambda: "/invite" in outside.sent(OWNER)[-1], 10)
    told = len(outside.sent(STRANGER))
    second = outside.fail(reason_code=488)
    await api.wait_for(lambda: second in outside.named(OWNER), 10)
    assert len(outside.sent(STRANGER)) == told
    assert await program.stop() == 0
