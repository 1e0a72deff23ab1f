"""`epay-bot check`: asks the bank, Telegram and the store once each, and says what to do when one fails."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from bot.chat.telegram import Gateway
from bot.config import MerchantSettings, Settings
from bot.epay import EpayClient, Retries
from bot.errors import DeliveryError, EpayBotError, SourceDenied, SourceError, TokenRefused
from bot.parts import merchant_of, open_store, utc_now

BANKS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One check: whether it holds, and a sentence for a person."""

    holds: bool
    what: str


async def run_checks(settings: Settings) -> list[Result]:
    """Every check, each on its own: one that fails hides no other."""
    results = [Result(True, "configuration: every value is valid"), _check_owners(settings)]
    results += await _check_banks(settings.merchants)
    results.append(await _check_telegram(settings))
    results.append(await _check_store(settings))
    return results


def _check_owners(settings: Settings) -> Result:
    if settings.access.owners:
        return Result(True, f"owners: {len(settings.access.owners)}")
    return Result(
        False, "owners: none, so nobody may use the bot. Send /id to the bot and put the number in access.owners"
    )


async def _check_banks(merchants: Sequence[MerchantSettings]) -> list[Result]:
    """In the order of the configuration; hundreds of merchants do not wait for each other one by one."""
    room = asyncio.Semaphore(BANKS_AT_ONCE)

    async def check(merchant: MerchantSettings) -> Result:
        async with room:
            return await _check_bank(merchant, http)

    async with aiohttp.ClientSession() as http:
        return await asyncio.gather(*map(check, merchants))


async def _check_bank(settings: MerchantSettings, http: aiohttp.ClientSession) -> Result:
    merchant, bank = merchant_of(settings), f"bank, {settings.place}"
    client = EpayClient(merchant.id, settings.epay, http=http, now=utc_now, retries=Retries(attempts=2))
    try:
        await client.verify()
    except SourceDenied as error:
        return Result(False, f"{bank}: {error}. Check username, password, client_id and client_secret")
    except SourceError as error:
        return Result(False, f"{bank}: {error}. Check the addresses and whether the bank can be reached")
    return Result(True, f"{bank}: a token and one search")


async def _check_telegram(settings: Settings) -> Result:
    gateway = Gateway(settings.telegram.token, settings.telegram.api_url)
    try:
        identity = await gateway.me()
    except TokenRefused as error:
        return Result(False, f"Telegram: {error}. Check telegram.token (@BotFather, /token)")
    except DeliveryError as error:
        return Result(False, f"Telegram: {error}. Check telegram.api_url and the network")
    finally:
        await gateway.close()
    return Result(True, f"Telegram: this is @{identity.username}")


async def _check_store(settings: Settings) -> Result:
    try:
        store = open_store(settings, exclusive=False)
    except EpayBotError as error:
        return Result(False, f"store: {error}")
    await store.close()
    return Result(True, f"store: {settings.storage.url} opens and has the newest schema")
