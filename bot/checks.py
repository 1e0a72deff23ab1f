"""`epay-bot check`: asks the bank, Telegram and the store once each, and says what to do when one fails."""

from dataclasses import dataclass

import aiohttp

from bot.app import merchant_of, open_store, utc_now
from bot.chat.telegram import Gateway
from bot.config import MerchantSettings, Settings
from bot.epay import EpayClient, Retries
from bot.errors import DeliveryError, EpayBotError, SourceDenied, SourceError, TokenRefused


@dataclass(frozen=True, slots=True)
class Result:
    """One check: whether it holds, and a sentence for a person."""

    holds: bool
    what: str


async def run_checks(settings: Settings) -> list[Result]:
    """Every check, each on its own: one that fails hides no other."""
    results = [Result(True, "configuration: every value is valid"), _check_owners(settings)]
    async with aiohttp.ClientSession() as http:
        for merchant in settings.merchants:
            results.append(await _check_bank(merchant, http))
    results.append(await _check_telegram(settings))
    results.append(await _check_store(settings))
    return results


def _check_owners(settings: Settings) -> Result:
    if settings.access.owners:
        return Result(True, f"owners: {len(settings.access.owners)}")
    return Result(
        False, "owners: none, so nobody may use the bot. Send /id to the bot and put the number in access.owners"
    )


async def _check_bank(settings: MerchantSettings, http: aiohttp.ClientSession) -> Result:
    merchant = merchant_of(settings)
    client = EpayClient(merchant.id, settings.epay, http=http, now=utc_now, retries=Retries(attempts=2))
    try:
        await client.verify()
    except SourceDenied as error:
        return Result(False, f"bank, {merchant.id}: {error}. Check username, password, client_id and client_secret")
    except SourceError as error:
        return Result(False, f"bank, {merchant.id}: {error}. Check the addresses and whether the bank can be reached")
    return Result(True, f"bank, {merchant.id}: a token and one search")


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
