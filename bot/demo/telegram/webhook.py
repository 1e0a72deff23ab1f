"""Posts updates to the bot's webhook: one at a time, in order, again and again until it is answered with 2xx."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp

from bot.demo.telegram.bell import Bell
from bot.demo.telegram.refusal import Json
from bot.demo.telegram.updates import Updates, Webhook

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
ANSWER_WITHIN = aiohttp.ClientTimeout(total=60)


async def deliver_updates(updates: Updates, bell: Bell, now: Callable[[], datetime]) -> None:
    """Run until cancelled; the pause after a failure doubles up to two real seconds."""
    pause = FIRST_PAUSE
    async with aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session:
        while True:
            while updates.webhook is None or not updates.pending:
                await bell.heard()
            update = updates.pending[0]
            failure = await _post(session, updates.webhook, update)
            if failure is None:
                updates.confirm(update["update_id"] + 1)
                pause = FIRST_PAUSE
                continue
            updates.last_failure = (now(), failure)
            bell.ring()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _post(session: aiohttp.ClientSession, webhook: Webhook, update: Json) -> str | None:
    headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
    try:
        async with session.post(webhook.url, json=update, headers=headers) as answer:
            return None if answer.ok else f"Wrong response from the webhook: {answer.status} {answer.reason}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"Connection failed: {type(error).__name__}"
