"""The configuration file: read, overridden by the environment, every problem named with its path."""

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from bot.config import Settings, exposed_files, list_secrets, load, parse_duration
from bot.errors import ConfigurationError, Problem
from bot.rules import RULES, SECTIONS, Rulebook, check_settings

EXAMPLE = Path(__file__).parents[1] / "config.example.yaml"
BANK = {"username": "u", "password": "bank-pass", "client_id": "c", "client_secret": "bank-secret"}
SMALLEST: dict[str, Any] = {
    "telegram": {"token": "123456:token"},
    "merchants": [{"id": "shop", "name": "Shop", "epay": BANK}],
}


def write(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True))
    return path


def problems(tmp_path: Path, content: object) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(write(tmp_path, content), check_settings)
    return [str(problem) for problem in refused.value.problems]


def test_the_smallest_file_gets_every_default(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALLEST), check_settings)
    assert settings.polling.interval == timedelta(seconds=15)
    assert settings.polling.backfill == timedelta(days=56)
    assert settings.telegram.api_url == "https://api.telegram.org"
    assert settings.access.owners == ()
    assert (settings.timezone, settings.language) == ("Asia/Almaty", "ru")


def test_the_example_is_valid() -> None:
    assert load(EXAMPLE, check_settings).merchants[0].terminals[0].id == "98151552"


@pytest.mark.parametrize(
    ("written", "meant"),
    [('"00:00"', time()), ("06:30", time(6, 30)), ("10:30", time(10, 30)), ('"9:05"', time(9, 5))],
)
def test_a_business_day_may_begin_at_any_minute_with_or_without_quotes(
    tmp_path: Path, written: str, meant: time
) -> None:
    content = f"{yaml.safe_dump(SMALLEST)}day_starts: {written}\n"
    assert load(write(tmp_path, content), check_settings).day_starts == meant


@pytest.mark.parametrize("written", ["6", "24:00", '"12:60"', "noon", "06:00:30", '"-1:00"', "true", "null"])
def test_a_time_that_is_none_is_named_with_what_would_work(tmp_path: Path, written: str) -> None:
    assert problems(tmp_path, f"{yaml.safe_dump(SMALLEST)}day_starts: {written}\n") == [
        'day_starts: a time of day is written like "06:00"'
    ]


def fields_of(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(name)
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                names |= fields_of(part)
    return names


def test_the_example_mentions_every_setting() -> None:
    words = set(re.findall(r"(\w+)", EXAMPLE.read_text(encoding="utf-8")))
    wanted = fields_of(Settings) | {rule.name for rule in RULES}
    wanted |= {name for section in SECTIONS.values() for name in fields_of(section)} | {*SECTIONS}
    assert wanted - words == set()


def test_what_the_example_shows_as_defaults_of_alerts_are_the_defaults() -> None:
    shown = re.sub(r"(?m)^( +)# (\w+: )", r"\1\2", EXAMPLE.read_text(encoding="utf-8").partition("\nalerts:")[2])
    alerts = yaml.safe_load(f"alerts:{shown}")["alerts"]
    assert check_settings(alerts) == []
    assert Rulebook.from_settings(alerts) == Rulebook.from_settings({})


def test_every_problem_is_named_at_once_with_its_path(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "telegram": {"token": "t", "tokn": 1},
            "merchants": [{"id": "shop", "name": "Shop", "epay": {"username": "u", "client_id": "c"}}],
            "polling": {"interval": "soon"},
            "timezone": "Asia/Atlantis",
            "alerts": {"failed_operation": {"enabled": "perhaps"}, "weather": {}},
            "colour": "red",
        },
    )
    assert found == [
        "alerts.failed_operation.enabled: Input should be a valid boolean, unable to interpret input",
        "alerts.weather: no such section; there are failed_operation, incidents, volume",
        "colour: unknown key; see config.example.yaml",
        "merchants[0].epay.client_secret: missing",
        "merchants[0].epay.password: missing",
        "polling.interval: a duration is written like 15s, 10m, 2h or 56d",
        "telegram.tokn: unknown key; see config.example.yaml",
        "timezone: no such time zone; Kazakhstan is Asia/Almaty",
    ]


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPAY_BOT__TELEGRAM__TOKEN", "from-environment")
    monkeypatch.setenv("EPAY_BOT__POLLING__INTERVAL", "1m")
    settings = load(write(tmp_path, SMALLEST), check_settings)
    assert settings.telegram.token.get_secret_value() == "from-environment"
    assert settings.polling.interval == timedelta(minutes=1)


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    given = {**SMALLEST, "telegram": {"token_file": str(tmp_path / "token")}}
    assert load(write(tmp_path, given), check_settings).telegram.token.get_secret_value() == "from-file"


@pytest.mark.parametrize("name", ["ping_url", "sentry_dsn"])
def test_an_address_that_is_a_secret_is_kept_out_of_logs_and_may_come_from_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "address").write_text("https://hc.example.kz/1f0e-uuid/\n")
    given = {**SMALLEST, "server": {f"{name}_file": str(tmp_path / "address")}}
    settings = load(write(tmp_path, given), check_settings)
    assert "https://hc.example.kz/1f0e-uuid" in list_secrets(settings)
    assert "1f0e" not in repr(settings)
    wrong = {**SMALLEST, "server": {name: "hc.example.kz"}}
    assert problems(tmp_path, wrong)[0].startswith(f"server.{name}: a full address is expected")


def test_a_missing_secret_file_is_a_problem_with_its_path(tmp_path: Path) -> None:
    epay = {"username": "u", "password_file": "/nowhere/pass", "client_id": "c", "client_secret": "s"}
    given = {**SMALLEST, "merchants": [{"id": "shop", "name": "Shop", "epay": epay}]}
    assert problems(tmp_path, given) == [
        "merchants[0].epay: password_file /nowhere/pass cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("written", "url", "password"),
    [
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db", None),
        ("postgresql://h/d", "postgresql://h/d", None),
        ("postgresql:///d?host=/run/postgresql", "postgresql:///d?host=/run/postgresql", None),
        ("postgresql://u@h:5433/d?a=1", "postgresql://u@h:5433/d?a=1", None),
        ("postgresql://u:p%40s%2Fs@h1,h2/d?a=1&b=2", "postgresql://u@h1,h2/d?a=1&b=2", "p@s/s"),
        ("postgresql://u:p?s@h/d", "postgresql://u@h/d", "p?s"),
        ("postgresql://u@h/d?password=p%20s&sslmode=require", "postgresql://u@h/d?sslmode=require", "p s"),
        ("postgresql://u@h/d?password=p", "postgresql://u@h/d", "p"),
    ],
)
def test_the_address_of_a_database_holds_no_password(
    tmp_path: Path, written: str, url: str, password: str | None
) -> None:
    settings = load(write(tmp_path, {**SMALLEST, "storage": {"url": written}}), check_settings)
    assert (settings.storage.url, settings.storage.secret) == (url, password)
    assert password is None or (password in list_secrets(settings) and password not in repr(settings).split("'"))


@pytest.mark.parametrize("written", ["postgresql://u:hu@sh@h/d", "postgresql://u:hu/sh@h/d", "hush://u:hush@h"])
def test_an_address_that_cannot_be_read_is_refused_without_a_word_of_it(tmp_path: Path, written: str) -> None:
    (problem,) = problems(tmp_path, {**SMALLEST, "storage": {"url": written}})
    assert problem.startswith("storage")
    assert "hu" not in problem


def test_a_password_of_the_database_stands_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from-file\n")
    file = {"password_file": str(tmp_path / "password")}
    for more in (file, {"password": "p"}):
        given = {**SMALLEST, "storage": {"url": "postgresql://u:hush@h/d", **more}}
        assert problems(tmp_path, given) == ["storage: the password is in url as well; keep one"]
    given = {**SMALLEST, "storage": {"url": "postgresql://u@h/d", **file}}
    assert load(write(tmp_path, given), check_settings).storage.secret == "from-file"


def test_a_password_in_the_address_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = write(tmp_path, {"storage": {"url": "postgresql://u:hush@h/d"}})
    path.chmod(0o644)
    assert exposed_files(path) == [path]
    write(tmp_path, {"storage": {"url": "postgresql://u@h/d"}})
    assert exposed_files(path) == []


def test_a_folder_for_copies_goes_with_a_file_only(tmp_path: Path) -> None:
    given = {**SMALLEST, "storage": {"url": "postgresql://u@h/d"}, "backup": {"dir": "copies"}}
    assert problems(tmp_path, given) == [
        "backup.dir is for SQLite; PostgreSQL is copied by pg_dump, docs/runbook.md says how"
    ]


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file")
    given = {**SMALLEST, "telegram": {"token": "t", "token_file": str(tmp_path / "token")}}
    assert problems(tmp_path, given) == ["telegram: token and token_file are both given; keep one"]


def test_a_terminal_number_without_quotes_is_refused_since_a_leading_zero_would_be_lost(tmp_path: Path) -> None:
    merchant = {**SMALLEST["merchants"][0], "terminals": [{"id": 98151552, "name": "Samal"}]}
    assert problems(tmp_path, {**SMALLEST, "merchants": [merchant]}) == [
        'merchants[0].terminals[0].id: write it in quotes, so that no leading zero is lost: "98151552"'
    ]


def test_two_merchants_cannot_have_one_id(tmp_path: Path) -> None:
    assert problems(tmp_path, {**SMALLEST, "merchants": SMALLEST["merchants"] * 2}) == [
        "merchants: the id shop is used twice"
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("telegram: [", "is not valid YAML: line 1"),
        ("- a\n- b\n", "must hold sections like telegram: and merchants:"),
        ("language: ru\nlanguage: en\n", "language is written twice"),
    ],
)
def test_a_broken_file_is_refused_with_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (found,) = problems(tmp_path, content)
    assert sentence in found


def test_a_missing_file_is_refused_with_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: No such file"):
        load(tmp_path / "nothing.yaml", check_settings)


def test_no_problem_ever_shows_a_secret(tmp_path: Path) -> None:
    given = {**SMALLEST, "telegram": {"token": "s3cret-token", "api_url": "s3cret-url"}, "zone": "s3cret-zone"}
    epay = {**BANK, "password": ["s3cret-pass"], "timeout": "s3cret-time"}
    given["merchants"] = [{"id": "shop", "name": "Shop", "epay": epay}]
    assert "s3cret" not in "\n".join(problems(tmp_path, given))


def test_a_broken_yaml_line_with_a_password_is_not_repeated(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "telegram:\n  token: 's3cret\n  other: }\n")
    assert "s3cret" not in found


def test_secrets_are_found_wherever_they_are_and_never_printed(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALLEST), check_settings)
    assert set(list_secrets(settings)) == {"123456:token", "bank-pass", "bank-secret"}
    assert not [secret for secret in list_secrets(settings) if secret in repr(settings)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("15s", 15), ("10m", 600), ("2h", 7200), ("56d", 4838400), ("1h30m", 5400), ("500ms", 0.5)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "s", "15 parsecs", "-1d", "1.5h", "10m!"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration is written like"):
        parse_duration(text)


def test_a_problem_without_a_path_is_the_sentence_alone() -> None:
    assert str(Problem("", "no file")) == "no file"


@pytest.mark.parametrize(
    ("webhook", "server", "problem"),
    [
        ({"url": "https://bot.kz/telegram", "secret": "a b"}, {}, "telegram.webhook.secret: telegram takes 1 to 256"),
        ({"url": "https://bot.kz/telegram", "secret": "ab"}, {"listen": None}, "telegram.webhook needs server.listen"),
    ],
)
def test_a_webhook_that_cannot_work_is_told(tmp_path: Path, webhook: Any, server: Any, problem: str) -> None:
    (found,) = problems(tmp_path, SMALLEST | {"telegram": {"token": "t", "webhook": webhook}, "server": server})
    assert found.startswith(problem)


def test_no_more_history_is_read_than_is_kept(tmp_path: Path) -> None:
    given = {**SMALLEST, "polling": {"backfill": "101d"}, "retention": {"operations": "100d"}}
    assert problems(tmp_path, given) == ["polling.backfill is longer than retention.operations"]


def test_a_bare_name_is_a_credential_of_systemd_where_it_gives_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "bank-password").write_text("from-systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    epay = {"username": "u", "password_file": "bank-password", "client_id": "c", "client_secret": "s"}
    given = {**SMALLEST, "merchants": [{"id": "shop", "name": "Shop", "epay": epay}]}
    settings = load(write(tmp_path, given), check_settings)
    assert settings.merchants[0].epay.password.get_secret_value() == "from-systemd"
    epay["password_file"] = "../bank-password"
    assert "cannot be read" in problems(tmp_path, given)[0]


def test_only_what_holds_a_secret_and_everybody_can_read_is_exposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "password"
    secret.write_text("hush")
    token = tmp_path / "token"
    token.write_text("hush")
    path = write(tmp_path, SMALLEST)
    for mode, exposed in ((0o644, [path]), (0o640, []), (0o600, [])):
        path.chmod(mode)
        assert exposed_files(path) == exposed
    epay = {"username": "u", "client_id": "c", "password_file": str(secret), "client_secret_file": "/nowhere"}
    write(tmp_path, {"telegram": {}, "merchants": [{"epay": epay}]})
    monkeypatch.setenv("EPAY_BOT__TELEGRAM__TOKEN_FILE", str(token))
    path.chmod(0o644)
    secret.chmod(0o600)
    token.chmod(0o600)
    assert exposed_files(path) == []
    secret.chmod(0o604)
    assert exposed_files(path) == [secret]
