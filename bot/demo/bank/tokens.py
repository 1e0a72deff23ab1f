"""Issues and checks tokens on the bank's clock (facts/epay-api.md, section 1). Knows no operations."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from random import Random
from typing import Literal

from bot.demo.bank.answers import Answer, login_refusal
from bot.demo.bank.merchants import BankMerchant
from bot.demo.bank.switches import Switches

Grant = Literal["password", "client_credentials"]
LIST_SCOPE = "transfer"
CHECK_SCOPE = "webapi usermanagement email_send verification statement statistics payment"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class _Token:
    merchant: BankMerchant
    grant: Grant
    expires_at: datetime


class TokenDesk:
    """All live tokens. Opaque, 22 characters; a token belongs to one merchant and one grant."""

    def __init__(self, merchants: Sequence[BankMerchant], rng: Random) -> None:
        self._merchants = merchants
        self._rng = rng
        self._tokens: dict[str, _Token] = {}

    def issue(self, form: Mapping[str, str], now: datetime, switches: Switches) -> Answer:
        """Raises Refused: 400 for an unknown grant, 401 for wrong keys, login or scope."""
        grant = form.get("grant_type")
        if grant == "password":
            return self._issued(self._logged_in(form), "password", now, switches)
        if grant == "client_credentials":
            return self._issued(self._terminal_owner(form), "client_credentials", now, switches)
        raise login_refusal(400, "unsupported grant", self._rng)

    def authorise(self, header: str | None, grant: Grant, now: datetime, switches: Switches) -> BankMerchant:
        """Raises Refused: 401 without a live token, 403 when it is one of the other grant."""
        name = (header or "").removeprefix("Bearer ")
        token = self._tokens.get(name)
        if header is None or not header.startswith("Bearer ") or token is None or token.expires_at <= now:
            raise login_refusal(401, "token is missing or expired", self._rng)
        if token.grant != grant:
            raise login_refusal(403, "scope does not allow this", self._rng)
        if switches.grant_policy == "single_use":
            del self._tokens[name]
        return token.merchant

    def names(self) -> list[str]:
        """Every live token."""
        return list(self._tokens)

    def forget_all(self) -> None:
        """Every token dies at once, as after a restart of the bank."""
        self._tokens.clear()

    def _issued(self, merchant: BankMerchant, grant: Grant, now: datetime, switches: Switches) -> Answer:
        if switches.grant_policy == "newest_only":
            self._tokens = {
                name: token
                for name, token in self._tokens.items()
                if (token.merchant, token.grant) != (merchant, grant)
            }
        name = "".join(self._rng.choices(_ALPHABET, k=22))
        self._tokens[name] = _Token(merchant, grant, now + timedelta(seconds=switches.expires))
        reply: dict[str, object] = {
            "access_token": name,
            "expires_in": str(switches.expires) if switches.expires_type == "string" else switches.expires,
            "refresh_token": "",
            "token_type": switches.token_case,
        }
        if switches.scope_echo != "no":
            asked = LIST_SCOPE if grant == "password" else CHECK_SCOPE
            reply["scope"] = asked if switches.scope_echo == "yes" else "webapi"
        return Answer(payload=reply)

    def _logged_in(self, form: Mapping[str, str]) -> BankMerchant:
        merchant = self._client(form)
        known = _same(form.get("username"), merchant.username) and _same(form.get("password"), merchant.password)
        if not known or form.get("scope") != LIST_SCOPE:
            raise login_refusal(401, "login or scope is wrong", self._rng)
        return merchant

    def _terminal_owner(self, form: Mapping[str, str]) -> BankMerchant:
        merchant = self._client(form)
        terminals = {name for terminal in merchant.terminals for name in (terminal.tid, terminal.uuid)}
        if form.get("terminal") not in terminals or form.get("scope", "").split() != CHECK_SCOPE.split():
            raise login_refusal(401, "terminal or scope is wrong", self._rng)
        return merchant

    def _client(self, form: Mapping[str, str]) -> BankMerchant:
        for merchant in self._merchants:
            if _same(form.get("client_id"), merchant.client_id):
                if _same(form.get("client_secret"), merchant.client_secret):
                    return merchant
                break
        raise login_refusal(401, "client is unknown", self._rng)


def _same(given: str | None, known: str) -> bool:
    return given is not None and compare_digest(given.encode(), known.encode())
