"""How single values are written in the configuration: durations, times of day, zones, addresses."""

import re
from datetime import time, timedelta
from typing import Annotated, Literal
from urllib.parse import unquote
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


def database_url(url: str) -> str:
    """An address of a database. Raises ValueError for anything else."""
    if not re.match("(sqlite:///|postgresql://).", url):
        raise ValueError("a database is written like sqlite:///data/epay-bot.db or postgresql://user@host/database")
    return url


def split_password(url: str) -> tuple[str, str | None]:
    """An address of a database without its password, and the password. Raises ValueError, without a word of either."""
    if not url.startswith("postgresql://"):
        return url, None
    who, at, where = url.removeprefix("postgresql://").rpartition("@")
    if re.search("[@/]", who):
        raise ValueError("in the user and the password of url @ is written %40 and / %2F; or use password_file")
    user, _, password = who.partition(":")
    where, _, rest = where.partition("?")
    options = [option for option in rest.split("&") if option]
    passwords = [password, *(option.removeprefix("password=") for option in options if option.startswith("password="))]
    kept = "&".join(option for option in options if not option.startswith("password="))
    return f"postgresql://{user}{at}{where}{kept and '?'}{kept}", next(map(unquote, filter(None, passwords)), None)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
ClockTime = Annotated[time, BeforeValidator(parse_clock_time)]
Zone = Annotated[str, AfterValidator(check_zone)]
Quoted = Annotated[str, BeforeValidator(_quoted), Field(min_length=1)]
Url = Annotated[str, AfterValidator(_http_url)]
Language = Literal["ru", "kk", "en"]
