"""The configuration file and environment as frozen, checked values; knows nothing of the rest of the program."""

import re
from collections.abc import Callable, Hashable, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigurationError, Problem

ENVIRONMENT_PREFIX = "EPAY_BOT__"
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


def _known_zone(name: str) -> str:
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


def _webhook_secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
        raise ValueError("Telegram takes 1 to 256 of the signs A-Z a-z 0-9 _ -")
    return secret


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
ClockTime = Annotated[time, BeforeValidator(parse_clock_time)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Quoted = Annotated[str, BeforeValidator(_quoted), Field(min_length=1)]
Url = Annotated[str, AfterValidator(_http_url)]
Language = Literal["ru", "kk", "en"]


class Section(BaseModel):
    """A part of the file: frozen, unknown keys refused, `…_file` read in place of a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        given = dict(values)
        for name, field in cls.model_fields.items():
            if field.annotation is SecretStr and (path := given.pop(f"{name}_file", None)) is not None:
                if given.get(name):
                    raise ValueError(f"{name} and {name}_file are both given; keep one")
                given[name] = _read_secret(name, str(path))
        return given


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ValueError(f"{name}_file {path} cannot be read: {reason}") from error


class Webhook(Section):
    url: Url
    secret: Annotated[SecretStr, AfterValidator(_webhook_secret)]


class Telegram(Section):
    token: SecretStr = Field(min_length=1)
    api_url: Url = "https://api.telegram.org"
    webhook: Webhook | None = None
    upload_mb: int = Field(default=49, ge=1, le=2000)


class Access(Section):
    owners: tuple[int, ...] = ()


class Epay(Section):
    environment: Literal["production", "test"] = "production"
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    oauth_url: Url | None = None
    p2p_url: Url | None = None
    api_url: Url | None = None
    date_field: Literal["auto", "created_at", "created_date"] = "auto"
    page_mode: Literal["auto", "offset", "index0", "index1"] = "auto"
    terminal_filter: Literal["auto", "tid", "uuid"] = "auto"
    page_size: int = Field(default=1000, ge=1, le=10_000)
    timeout: Duration = timedelta(seconds=20)


class TerminalSettings(Section):
    id: Quoted
    name: str = Field(min_length=1)
    uuid: str | None = None


class MerchantSettings(Section):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    name: str = Field(min_length=1)
    epay: Epay
    terminals: tuple[TerminalSettings, ...] = ()


def _distinct(merchants: tuple[MerchantSettings, ...]) -> tuple[MerchantSettings, ...]:
    ids = [merchant.id for merchant in merchants]
    if not ids:
        raise ValueError("at least one merchant is needed")
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"the id {repeated[0]} is used twice")
    return merchants


class Storage(Section):
    url: str = Field(default="sqlite:///data/epay-bot.db", pattern=r"^(sqlite:///.+|postgresql://.+)$")


class Polling(Section):
    interval: Duration = Field(default=timedelta(seconds=15), ge=timedelta(seconds=1))
    overlap: Duration = Field(default=timedelta(minutes=30), ge=timedelta(minutes=1))
    backfill: Duration = Field(default=timedelta(days=56), ge=timedelta())


class Server(Section):
    listen: Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")] | None = "127.0.0.1:8080"


class Backup(Section):
    dir: str | None = None
    every: Duration = Field(default=timedelta(days=1), ge=timedelta(minutes=1))
    keep_daily: int = Field(default=7, ge=1)
    keep_weekly: int = Field(default=4, ge=0)


class Settings(BaseSettings):
    """The whole configuration. `alerts` holds each rule's own settings by rule name."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
        nested_model_default_partial_update=True,
    )

    telegram: Telegram
    access: Access = Access()
    merchants: Annotated[tuple[MerchantSettings, ...], AfterValidator(_distinct)]
    storage: Storage = Storage()
    polling: Polling = Polling()
    server: Server = Server()
    backup: Backup = Backup()
    timezone: Zone = "Asia/Almaty"
    day_starts: ClockTime = time()
    language: Language = "ru"
    alerts: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _webhook_has_a_listener(self) -> "Settings":
        if self.telegram.webhook and self.server.listen is None:
            raise ValueError("telegram.webhook needs server.listen")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def load(path: Path, check_alerts: Callable[[Mapping[str, Any]], list[Problem]]) -> Settings:
    """Reads the file, lets the environment override it and checks everything at once.

    `check_alerts` judges the `alerts` section, whose settings belong to the rules. Raises
    ConfigurationError with every problem, each with its path in the file.
    """
    given = _read_yaml(path)
    alerts = given.get("alerts")
    problems = check_alerts(alerts) if isinstance(alerts, dict) else []
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_problem(dict(detail)) for detail in error.errors(include_url=False, include_input=False)]
    if problems:
        raise ConfigurationError(*sorted(set(problems)))
    return settings


class _UniqueKeys(yaml.SafeLoader):
    """A YAML loader that refuses a key written twice, since the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is written twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            given = yaml.load(file, _UniqueKeys)  # noqa: S506
    except OSError as error:
        raise ConfigurationError(Problem("", f"{path} cannot be read: {error.strerror}")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(Problem("", f"{path} is not valid YAML{_where(error)}")) from error
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigurationError(Problem("", f"{path} must hold sections like telegram: and merchants:"))
    return given


def _where(error: Exception) -> str:
    """Line and kind of the mistake, never the text around it: that may be a password."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None)
    return (f": line {mark.line + 1}" if mark else "") + (f", {what}" if what else "")


def _problem(detail: Mapping[str, Any]) -> Problem:
    path = ""
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    kind = detail["type"]
    what = {"missing": "missing", "extra_forbidden": "unknown key; see config.example.yaml"}.get(kind)
    text = what or detail["msg"].removeprefix("Value error, ")
    return Problem(path, text[0].lower() + text[1:])


def list_secrets(section: BaseModel) -> list[str]:
    """Every secret value inside a part of the configuration, to be kept out of logs."""
    found: list[str] = []
    for value in vars(section).values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, SecretStr):
                found.append(part.get_secret_value())
            elif isinstance(part, BaseModel):
                found += list_secrets(part)
    return found
