"""`epay-bot forget`: takes one payer out of everything stored, also while the bot runs."""

import re

from bot.errors import ConfigurationError, Problem
from bot.store import forgetting
from bot.store.driver import Store
from bot.store.forgetting import Payer


def payer_of(*, name: str, card: str, phone: str, email: str, account_id: str) -> Payer:
    """Who is meant. Raises ConfigurationError where that could be somebody else as well."""
    problems = []
    digits = re.sub(r"\D", "", phone)
    if phone and len(digits) < 10:
        problems.append(Problem("--phone", "a whole number is needed, like +7 701 000 00 01"))
    if card and not re.fullmatch(r"\d{4}", card):
        problems.append(Problem("--card", "the last four digits are needed"))
    if not (phone or email or account_id) and not (name and card):
        what = "who is meant? --phone, --email, --account-id, or --name together with --card: each alone fits many"
        problems.append(Problem("", what))
    if problems:
        raise ConfigurationError(*problems)
    return Payer(name=name.strip(), card=card, phone=digits, email=email.strip(), account_id=account_id.strip())


async def forget(store: Store, payer: Payer) -> tuple[int, int]:
    """How many operations and how many kept searches knew this person. Ended in between, a second call goes on.

    The searches go first: the operations are what a second call would find the person by.
    """
    found = await store.read(forgetting.list_operations, payer)
    words = await store.write(forgetting.forget_words, {payer, *map(Payer.of, found)})
    for operation in found:
        await store.write(forgetting.forget_person, operation.merchant_id, operation.id)
    return len(found), words
