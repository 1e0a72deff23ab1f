"""QUESTIONS: what is asked, in order; the answers and how they read as a configuration. Asks and writes nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from bot.config import Epay, check_zone

ENVIRONMENT = "EPAY_BOT_INIT_"
OFFICIAL = "https://api.telegram.org"


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("an answer is needed")
    return text.strip()


def _owners(text: str) -> str:
    if not all(re.fullmatch(r"[1-9]\d{0,15}", one) for one in split(text)):
        raise ValueError("a Telegram user id is a number, several are divided by commas")
    return text


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return check


@dataclass(frozen=True, slots=True)
class Question:
    """One answer wanted. `check` gives it as it is kept; ValueError from it says what is wrong, never the answer."""

    name: str
    prompt: str
    check: Callable[[str], str] = _filled
    default: str | None = None
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that answers it."""
        return ENVIRONMENT + self.name.upper()

    @property
    def ways(self) -> str:
        """How it is answered without being asked; a secret never on the command line, which others can read."""
        option = f"--{self.name.replace('_', '-')}"
        return f"{self.variable} or {option}{'-file' if self.secret else ''}"


QUESTIONS = (
    Question("token", "Token of the bot (@BotFather, /newbot)", secret=True),
    Question("owners", "Telegram user id of the owner", _owners),
    Question("name", "Name of the shop"),
    Question("environment", "The bank's systems: production or test", _one_of("production", "test"), "production"),
    Question("username", "ePay user name"),
    Question("password", "ePay password", secret=True),
    Question("client_id", "ePay client id"),
    Question("client_secret", "ePay client secret", secret=True),
    Question("timezone", "Time zone", check_zone, "Asia/Almaty"),
    Question("language", "Language: ru, kk or en", _one_of("ru", "kk", "en"), "ru"),
)
SECRETS = tuple(one.name for one in QUESTIONS if one.secret)


@dataclass(slots=True)
class Answers:
    """What is known by now. `files`: secrets that are read from files; `terminals`: names by number.

    `addresses`: other than the bank's and Telegram's own, by their names in the configuration.
    """

    given: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    terminals: dict[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    storage: str | None = None

    @property
    def token(self) -> SecretStr:
        return SecretStr(self.given["token"])

    @property
    def telegram_url(self) -> str:
        return self.addresses.get("telegram_url", OFFICIAL)

    def missing(self) -> list[Question]:
        """What has neither an answer nor a default."""
        return [one for one in QUESTIONS if one.name not in self.given and one.default is None]

    def epay(self) -> Epay:
        """How the bank is reached. Raises ValueError when an address is none."""
        names = ("environment", "username", "password", "client_id", "client_secret")
        try:
            return Epay.model_validate({name: self.given[name] for name in names} | self._bank_addresses())
        except ValidationError as error:
            raise ValueError(error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")) from None

    def _bank_addresses(self) -> dict[str, str]:
        return {name: url for name, url in self.addresses.items() if name != "telegram_url"}

    def as_configuration(self) -> dict[str, Any]:
        """The sections of config.yaml; defaults are left to the program."""
        given = self.given
        telegram = self._secret("token")
        if self.telegram_url != OFFICIAL:
            telegram["api_url"] = self.telegram_url
        epay: dict[str, Any] = {"environment": given["environment"], "username": given["username"]}
        epay |= self._secret("password") | {"client_id": given["client_id"]} | self._secret("client_secret")
        terminals = [{"id": number, "name": name} for number, name in self.terminals.items()]
        merchant = {"id": merchant_id(given["name"]), "name": given["name"], "epay": epay | self._bank_addresses()}
        return {
            "telegram": telegram,
            "access": {"owners": [int(one) for one in split(given["owners"])]},
            "merchants": [merchant | ({"terminals": terminals} if terminals else {})],
            **({"storage": {"url": self.storage}} if self.storage else {}),
            "timezone": given["timezone"],
            "language": given["language"],
        }

    def _secret(self, name: str) -> dict[str, str]:
        if name in self.files:
            return {f"{name}_file": str(self.files[name])}
        return {name: self.given[name]}


def split(text: str) -> list[str]:
    """The parts between commas and spaces."""
    return [part for part in re.split(r"[,\s]+", text) if part]


def merchant_id(name: str) -> str:
    """A short name as the configuration wants it, from the Latin letters and digits of a shop's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:32].strip("-") or "shop"
