"""Tries answers where they will be used: Telegram, the bank. Changes nothing there."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import aiohttp

from bot.chat.telegram import Gateway, read_update
from bot.epay import EpayClient, Retries
from bot.errors import AnswerRefused, DeliveryError, SourceDenied, SourceError, TokenRefused
from bot.interview.answers import Answers
from bot.model import ChatKind, MerchantId, Request, Window

LOOKED_BACK = (timedelta(hours=6), timedelta(days=1), timedelta(days=7))


async def ask_telegram(answers: Answers) -> str:
    """The bot's user name. Raises AnswerRefused."""
    gateway = Gateway(answers.token, answers.telegram_url)
    try:
        return (await gateway.me()).username
    except TokenRefused:
        raise AnswerRefused("Telegram does not know this token. Copy it whole from @BotFather", certain=True) from None
    except DeliveryError as error:
        raise AnswerRefused(f"Telegram cannot be reached: {error}. Check the network", certain=False) from None
    finally:
        await gateway.close()


async def list_writers(answers: Answers) -> dict[int, str]:
    """Who has written to the bot lately: names by user id. Nothing is taken from the queue of updates."""
    gateway = Gateway(answers.token, answers.telegram_url)
    try:
        updates = await gateway.updates(None, wait=timedelta())
    except DeliveryError:
        return {}
    finally:
        await gateway.close()
    now = datetime.now(UTC)
    said = [read_update(update, username="", now=now) for update in updates]
    requests = [one for one in said if isinstance(one, Request) and one.chat.kind is ChatKind.PRIVATE]
    return {one.user_id: one.user_name for one in requests}


async def ask_bank(answers: Answers) -> None:
    """A token and one small search. Raises AnswerRefused."""
    async with aiohttp.ClientSession() as http:
        try:
            await _client(answers, http).verify()
        except ValueError as error:
            raise AnswerRefused(f"The bank's address is not right: {error}", certain=True) from None
        except SourceDenied as error:
            text = f"The bank refuses: {error}. Check user name, password, client id and client secret"
            raise AnswerRefused(text, certain=True) from None
        except SourceError as error:
            raise AnswerRefused(f"The bank cannot be reached: {error}", certain=False) from None


async def list_terminals(answers: Answers) -> list[tuple[str, int]]:
    """Terminals with operations lately, the busiest first, with their counts; looks as far back as it must."""
    found: Counter[str] = Counter()
    now = datetime.now(UTC)
    async with aiohttp.ClientSession() as http:
        client = _client(answers, http)
        try:
            for span in LOOKED_BACK:
                reading = await client.read(Window(now - span, now))
                found = Counter(one.terminal_id for one in reading.operations if one.terminal_id)
                if sum(found.values()) >= 20:
                    break
        except SourceError:
            pass
    return found.most_common()


def _client(answers: Answers, http: aiohttp.ClientSession) -> EpayClient:
    return EpayClient(
        MerchantId("shop"), answers.epay(), http=http, now=lambda: datetime.now(UTC), retries=Retries(attempts=2)
    )
