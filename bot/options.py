"""What the commands of the command line have in common: the configuration, and how much is logged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bot import config, logs
from bot.config import Settings
from bot.exits import told_in_words
from bot.rules import check_settings

Command = TypeVar("Command", bound=Callable[..., Any])


def with_config(command: Command) -> Command:
    """The options every command with a configuration has."""
    for option in (
        click.option("--config", "config_path", required=True, type=click.Path(path_type=Path), help="The YAML file."),
        click.option("--log-level", default="info", type=click.Choice(["debug", "info", "warning", "error"])),
        click.option("--log-json", is_flag=True, help="One JSON object a line."),
    ):
        command = option(command)
    return command


def settings_of(path: Path, level: str, *, json: bool) -> Settings:
    """The checked configuration, with its secrets already kept out of every log."""
    with told_in_words():
        return read_settings(path, level, json=json, secrets=set())


def read_settings(path: Path, level: str, *, json: bool, secrets: set[str]) -> Settings:
    """The same; `secrets` are kept out of every log too, and get those read now. Raises ConfigurationError."""
    settings = config.load(path, check_settings)
    exposed = config.exposed_files(path)
    secrets.update(config.list_secrets(settings))
    logs.set_up(level, as_json=json, secrets=secrets)
    for file in exposed:
        click.echo(f"warning: every user of this machine can read the secrets in {file}; chmod 600 {file}", err=True)
    return settings
