"""Tokens: asked for once by however many need them, renewed before they end, never shown."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.config import Epay
from bot.epay.transport import Call, Reply, Transport
from bot.errors import SourceDenied, SourceUnavailable

_LIST_SCOPE = "transfer"
_CHECK_SCOPE = "webapi usermanagement email_send verification statement statistics payment"
_UNSTATED_LIFE = timedelta(minutes=5)
_LONGEST_LIFE = timedelta(days=7)
_SPENT_SHARE = 0.8
_log = logging.getLogger(__name__)

Form = dict[str, str | SecretStr]


class TokenUnavailable(SourceUnavailable):
    """The token was asked for twice without an answer: asking on is the next cycle's business."""


@dataclass(frozen=True, slots=True)
class Token:
    value: SecretStr
    renew_at: datetime


class Tokens:
    """One grant's token. Callers take turns (`Calls` holds one request in flight), which makes asking single-flight."""

    def __init__(self, transport: Transport, form: Form, now: Callable[[], datetime]) -> None:
        self._call = Call(method="POST", url=transport.addresses.token, form=form)
        self._transport = transport
        self._now = now
        self._token: Token | None = None

    async def get(self) -> Token:
        """Raises SourceDenied for wrong credentials, TokenUnavailable."""
        if self._token is None or self._now() >= self._token.renew_at:
            self._token = await self._fetch()
        return self._token

    async def renew(self, failing: Token) -> Token:
        """Another token than the failing one, asked for only if nobody else has done so."""
        if self._token is failing:
            self._token = None
        return await self.get()

    async def _fetch(self) -> Token:
        asked_at = self._now()
        try:
            reply = await self._transport.send(self._call)
        except SourceUnavailable as first:
            if first.retry_after:
                raise TokenUnavailable(f"no token: {first}", first.retry_after) from None
            reply = await self._again()
        _log.debug("a new token")
        return _read(reply, asked_at)

    async def _again(self) -> Reply:
        try:
            return await self._transport.send(self._call)
        except SourceUnavailable as second:
            raise TokenUnavailable(f"no token: {second}", second.retry_after) from None


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
        raise SourceDenied(f"the bank gives no token (HTTP {reply.status}): the keys, the login or the scope are wrong")
    raise TokenUnavailable(f"the bank's answer holds no token (HTTP {reply.status})")


def _life(given: Mapping[str, object]) -> timedelta:
    """`expires_in` in seconds, number or text."""
    stated = str(given.get("expires_in"))
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", stated):
        return _UNSTATED_LIFE
    return min(timedelta(seconds=float(stated)), _LONGEST_LIFE)
