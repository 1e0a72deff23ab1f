"""The container: what compose.yaml and the Dockerfile say is what the program understands."""

import re
from pathlib import Path

import pytest
import yaml

from bot.config import load
from bot.rules import check_settings

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docs" / "deploy" / "compose.yaml"
SERVICE = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["epay-bot"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_container_may_write_to_its_volume_alone() -> None:
    assert SERVICE["read_only"]
    assert SERVICE["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICE["security_opt"]
    assert [mount for mount in SERVICE["volumes"] if not mount.endswith(":ro")] == ["data:/data"]


def test_the_container_stops_after_the_bot_had_its_ten_seconds() -> None:
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) > 10


def test_the_environment_of_the_container_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICE["environment"].items():
        monkeypatch.setenv(name, value)
    for name, value in re.findall(r"(EPAY_BOT__\w+)=(\S+)", DOCKERFILE):
        monkeypatch.setenv(name, value)
    config = yaml.safe_load((ROOT / "config.example.yaml").read_text(encoding="utf-8"))
    config["telegram"] = {"token_file": _secret(tmp_path, "telegram_token")}
    del config["merchants"][0]["epay"]["password"]
    config["merchants"][0]["epay"]["password_file"] = _secret(tmp_path, "epay_password")
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")

    settings = load(file, check_settings)

    assert settings.storage.url == "sqlite:////data/epay-bot.db"
    assert settings.server.listen == "0.0.0.0:8080"
    assert settings.telegram.token.get_secret_value() == "telegram_token"
    assert set(SERVICE["secrets"]) == {"telegram_token", "epay_password"}


def test_the_health_check_and_the_published_port_are_those_of_the_listener() -> None:
    port = re.search(r"EPAY_BOT__SERVER__LISTEN=\S+:(\d+)", DOCKERFILE)
    assert port
    assert f"http://127.0.0.1:{port[1]}/healthz" in DOCKERFILE
    assert SERVICE["ports"] == [f"127.0.0.1:{port[1]}:{port[1]}"]


def _secret(folder: Path, name: str) -> str:
    path = folder / name
    path.write_text(f"{name}\n", encoding="utf-8")
    return str(path)
