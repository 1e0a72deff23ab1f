"""How single values are written in the configuration: durations, times of day, zones, addresses."""

import re
from datetime import time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(value: object) -> timedelta:
    """`15s`, `10m`, `2h`, `56d`, also joined: `1h30m`. Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    parts = re.findall(r"(\d+)(ms|[smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("a duration is written like 15s, 10m, 2h or 56d")
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in parts})


def parse_clock_time(value: object) -> time:
    """`06:00`, also without quotes, which YAML reads as minutes or, with seconds, refuses. Raises ValueError."""
    if isinstance(value, time):
        return value
    text = f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) and value >= 60 else str(value).strip()
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        raise ValueError('a time of day is written like "06:00"')
    hour, minute = map(int, text.split(":"))
    return time(hour, minute)


def check_zone(name: str) -> str:
    """The name of a time zone. Raises ValueError for any other."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("no such time zone; Kazakhstan is Asia/Almaty") from error
    return name


def _quoted(value: object) -> object:
    if isinstance(value, int):
        raise ValueError('write it in quotes, so that no leading zero is lost: "98151552"')  # noqa: TRY004
    return value


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError("a full address is expected, like https://epay.homebank.kz/api/p2p/operations")
    return value.rstrip("/")


def webhook_secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
        raise ValueError("Telegram takes 1 to 256 of the signs A-Z a-z 0-9 _ -")
    return secret


def secret_url(secret: SecretStr | None) -> SecretStr | None:
    return secret and SecretStr(_http_url(secret.get_secret_value()))


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
ClockTime = Annotated[time, BeforeValidator(parse_clock_time)]
Zone = Annotated[str, AfterValidator(check_zone)]
Quoted = Annotated[str, BeforeValidator(_quoted), Field(min_length=1)]
Url = Annotated[str, AfterValidator(_http_url)]
Language = Literal["ru", "kk", "en"]
