"""The sections of the configuration file as frozen, checked values."""

from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.kinds import (
    ClockTime,
    Duration,
    Language,
    Quoted,
    Url,
    Zone,
    database_url,
    secret_url,
    split_password,
    webhook_secret,
)
from bot.config.secrets import PREFIX, read_secret


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of the configuration stands: the `folder` its relative paths lead from, `file` as people read it.

    `file` is empty for the configuration itself, whose relative paths lead from where the bot is started.
    """

    file: str = ""
    folder: Path = Path()


class Section(BaseModel):
    """A part of the file: frozen, unknown keys refused, `…_file` read in place of a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: Any, info: ValidationInfo) -> Any:
        if not isinstance(values, dict):
            return values
        given, origin = dict(values), info.context or Origin()
        for name, field in cls.model_fields.items():
            if (
                SecretStr in (field.annotation, *get_args(field.annotation))
                and (path := given.pop(f"{name}_file", None)) is not None
            ):
                if given.get(name):
                    raise ValueError(f"{name} and {name}_file are both given; keep one")
                given[name] = read_secret(name, str(path), origin.folder)
        return given


class Webhook(Section):
    url: Url
    secret: Annotated[SecretStr, AfterValidator(webhook_secret)]


class Telegram(Section):
    token: SecretStr = Field(min_length=1)
    api_url: Url = "https://api.telegram.org"
    webhook: Webhook | None = None
    upload_mb: int = Field(default=49, ge=1, le=2000)


class Access(Section):
    owners: tuple[int, ...] = ()
    audit_days: int = Field(default=180, ge=1)


class EpayShared(Section):
    """What merchants may have in common: the top level's `epay` says it for all of them."""

    environment: Literal["production", "test"] = "production"
    oauth_url: Url | None = None
    p2p_url: Url | None = None
    api_url: Url | None = None
    date_field: Literal["auto", "created_at", "created_date"] = "auto"
    page_mode: Literal["auto", "offset", "index0", "index1"] = "auto"
    terminal_filter: Literal["auto", "tid", "uuid"] = "auto"
    page_size: int = Field(default=1000, ge=1, le=10_000)
    timeout: Duration = timedelta(seconds=20)


class Epay(EpayShared):
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)


class TerminalSettings(Section):
    id: Quoted
    name: str = Field(min_length=1)
    uuid: str | None = None


class MerchantSettings(Section):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    name: str = Field(min_length=1)
    epay: Epay
    terminals: tuple[TerminalSettings, ...] = ()
    _origin: Origin = Origin()

    def model_post_init(self, context: Any, /) -> None:
        self._origin = context or Origin()

    @property
    def place(self) -> str:
        """What people know it by: its id, with the file it stands in unless that is the configuration itself."""
        return f"{self.id} ({self._origin.file})" if self._origin.file else self.id

    def sharing(self, shared: EpayShared) -> "MerchantSettings":
        """With what all merchants share, as far as it says nothing else itself."""
        left = shared.model_fields_set - self.epay.model_fields_set
        epay = self.epay.model_copy(update={name: getattr(shared, name) for name in left})
        return self.model_copy(update={"epay": epay})


def _distinct(merchants: tuple[MerchantSettings, ...]) -> tuple[MerchantSettings, ...]:
    ids = [merchant.id for merchant in merchants]
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"the id {repeated[0]} is used twice")
    return merchants


class Storage(Section):
    """`url` never holds a password: one that was written there stands in `password`."""

    url: Annotated[str, AfterValidator(database_url)] = "sqlite:///data/epay-bot.db"
    password: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _password_from_url(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("url"), str):
            return values
        url, password = split_password(values["url"])
        if password and (values.get("password") or values.get("password_file")):
            raise ValueError("the password is in url as well; keep one")
        return values | {"url": url} | ({"password": password} if password else {})

    @property
    def secret(self) -> str | None:
        """The password, if there is one."""
        return self.password.get_secret_value() if self.password else None


class Polling(Section):
    interval: Duration = Field(default=timedelta(seconds=15), ge=timedelta(seconds=1))
    overlap: Duration = Field(default=timedelta(minutes=30), ge=timedelta(minutes=1))
    backfill: Duration = Field(default=timedelta(days=56), ge=timedelta())


class Server(Section):
    listen: Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")] | None = "127.0.0.1:8080"
    merchant_metrics: int = Field(default=100, ge=0)
    ping_url: Annotated[SecretStr | None, AfterValidator(secret_url)] = None
    sentry_dsn: Annotated[SecretStr | None, AfterValidator(secret_url)] = None


class Backup(Section):
    dir: str | None = None
    every: Duration = Field(default=timedelta(days=1), ge=timedelta(minutes=1))
    keep_daily: int = Field(default=7, ge=1)
    keep_weekly: int = Field(default=4, ge=0)


class Retention(Section):
    """How long single operations are kept, and for how long with their payers; sums are kept for good."""

    operations: Duration = Field(default=timedelta(days=730), ge=timedelta(days=90))
    payer_data: Duration = Field(default=timedelta(days=90), ge=timedelta(days=1))


class Settings(BaseSettings):
    """The whole configuration. `alerts` holds each rule's own settings by rule name."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
        nested_model_default_partial_update=True,
    )

    telegram: Telegram
    access: Access = Access()
    epay: EpayShared = EpayShared()
    merchants: Annotated[tuple[MerchantSettings, ...], AfterValidator(_distinct)] = ()
    storage: Storage = Storage()
    polling: Polling = Polling()
    server: Server = Server()
    backup: Backup = Backup()
    retention: Retention = Retention()
    timezone: Zone = "Asia/Almaty"
    day_starts: ClockTime = time()
    language: Language = "ru"
    alerts: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _webhook_has_a_listener(self) -> "Settings":
        if self.telegram.webhook and self.server.listen is None:
            raise ValueError("telegram.webhook needs server.listen")
        return self

    @model_validator(mode="after")
    def _nothing_is_read_to_be_dropped(self) -> "Settings":
        if self.polling.backfill > self.retention.operations:
            raise ValueError("polling.backfill is longer than retention.operations")
        return self

    @model_validator(mode="after")
    def _copies_are_of_a_file(self) -> "Settings":
        if self.backup.dir and self.storage.url.startswith("postgresql://"):
            raise ValueError("backup.dir is for SQLite; PostgreSQL is copied by pg_dump, docs/runbook.md says how")
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
