"""Tokens: asked for once by however many need them, renewed before they end, never shown."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.config import Epay
from bot.epay.transport import Call, Reply, Transport, Unauthorised
from bot.errors import SourceDenied, SourceUnavailable

_LIST_SCOPE = "transfer"
_CHECK_SCOPE = "webapi usermanagement email_send verification statement statistics payment"
_UNSTATED_LIFE = timedelta(minutes=5)
_SPENT_SHARE = 0.8
_SIGNS_OF_SINGLE_USE = 3
_REFUSED = "the bank gives no token: the login, the client id or a secret is wrong"

Form = dict[str, str | SecretStr]


class TokenUnavailable(SourceUnavailable):
    """The token was asked for twice without an answer: asking on is the next cycle's business."""


@dataclass(frozen=True, slots=True)
class Token:
    value: SecretStr
    renew_at: datetime


class Tokens:
    """One grant's token. Callers take turns (`Calls` has one request in flight), so it is asked for once.

    "A fresh token for each operation", says a page of the bank: where every token dies after one use, none is
    used twice.
    """

    def __init__(self, transport: Transport, form: Form, now: Callable[[], datetime]) -> None:
        self._call = Call(method="POST", url=transport.addresses.token, form=form)
        self._transport = transport
        self._now = now
        self._token: Token | None = None
        self._uses = 0
        self._died_after_one = 0

    async def get(self) -> Token:
        """A token to use once, now. Raises SourceDenied for wrong credentials, TokenUnavailable."""
        is_spent = self._uses > 0 and self._died_after_one >= _SIGNS_OF_SINGLE_USE
        if self._token is None or is_spent or self._now() >= self._token.renew_at:
            self._token, self._uses = await self._fetch(), 0
        self._uses += 1
        return self._token

    async def renew(self) -> Token:
        """Another token than the one just refused, which is still ours since callers take turns."""
        self._died_after_one = self._died_after_one + 1 if self._uses == 2 else 0
        self._token = None
        return await self.get()

    async def _fetch(self) -> Token:
        """One repeat at most: a login asked for again and again may end locked."""
        asked_at = self._now()
        try:
            reply = await self._ask()
        except SourceUnavailable as first:
            if first.retry_after:
                raise
            reply = await self._ask()
        return _read(reply, asked_at)

    async def _ask(self) -> Reply:
        try:
            return await self._transport.send(self._call)
        except Unauthorised:
            raise SourceDenied(_REFUSED) from None
        except SourceUnavailable as error:
            raise TokenUnavailable(f"no token: {error}", error.retry_after) from None


def list_form(settings: Epay) -> Form:
    """For the list: the password grant (facts/epay-api.md, 1.2)."""
    return {
        "grant_type": "password",
        "scope": _LIST_SCOPE,
        "username": settings.username,
        "password": settings.password,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }


def check_form(settings: Epay, terminal_uuid: str) -> Form:
    """For the single check of one terminal's operations."""
    return {
        "grant_type": "client_credentials",
        "scope": _CHECK_SCOPE,
        "terminal": terminal_uuid,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }


def _read(reply: Reply, asked_at: datetime) -> Token:
    """Only `access_token` and `expires_in` count: the rest differs from page to page of the documents (1.3)."""
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        answer = None
    given = answer if isinstance(answer, dict) else {}
    value = given.get("access_token")
    if reply.status < 400 and isinstance(value, str) and re.fullmatch(r"[!-~]+", value):
        return Token(SecretStr(value), asked_at + _life(given) * _SPENT_SHARE)
    if reply.status == 400 or "error" in given:
        raise SourceDenied(_REFUSED)
    raise TokenUnavailable(f"the bank's answer holds no token (HTTP {reply.status})")


def _life(given: Mapping[str, object]) -> timedelta:
    """`expires_in` in seconds, number or text."""
    stated = str(given.get("expires_in"))
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", stated):
        return _UNSTATED_LIFE
    return timedelta(seconds=float(stated))
