"""The command line. Exit codes: 0 done, 1 ran and found a problem, 2 the call or the configuration is wrong."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from bot import __version__, config, logs
from bot.app import App, backfill_all, open_store
from bot.config import Settings
from bot.errors import ConfigurationError, DeliveryError, SourceError, StoreError
from bot.model import Window
from bot.rules import check_settings

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="epay-bot")
def main() -> None:
    """Telegram bot for merchants who take card-to-card payments through Halyk Bank's ePay."""


def with_config(command: Command) -> Command:
    """The options every command with a configuration has."""
    for option in (
        click.option("--config", "config_path", required=True, type=click.Path(path_type=Path), help="The YAML file."),
        click.option("--log-level", default="info", type=click.Choice(["debug", "info", "warning", "error"])),
        click.option("--log-json", is_flag=True, help="One JSON object a line."),
    ):
        command = option(command)
    return command


def _settings(path: Path, level: str, *, json: bool) -> Settings:
    """The checked configuration, with its secrets already kept out of every log."""
    try:
        settings = config.load(path, check_settings)
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        raise SystemExit(2) from None
    logs.set_up(level, json=json, secrets=config.list_secrets(settings))
    return settings


def _fail(what: str, code: int = 1) -> SystemExit:
    click.echo(what, err=True)
    return SystemExit(code)


@main.command()
@with_config
def run(config_path: Path, log_level: str, log_json: bool) -> None:
    """Run the bot until SIGTERM or SIGINT."""
    settings = _settings(config_path, log_level, json=log_json)
    if not settings.access.owners:
        click.echo("access.owners is empty: nobody may use the bot and nobody gets alerts", err=True)
    _run_until_stopped(lambda stop: App(settings).run(stop))


def _run_until_stopped(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Runs until a signal; every expected error is one sentence and exit code 1."""

    async def until_signal() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work(stop)

    try:
        asyncio.run(until_signal())
    except StoreError as error:
        raise _fail(str(error)) from None
    except ConfigurationError as error:
        raise _fail(str(error), 2) from None
    except DeliveryError as error:
        raise _fail(f"Telegram refuses this bot: {error}. Check telegram.token (@BotFather, /token)") from None


@main.command()
@with_config
def check(config_path: Path, log_level: str, log_json: bool) -> None:
    """Check the configuration, the bank, Telegram and the store: one line each."""
    from bot.checks import run_checks  # noqa: PLC0415

    settings = _settings(config_path, log_level, json=log_json)
    results = asyncio.run(run_checks(settings))
    for result in results:
        click.echo(f"{'ok  ' if result.holds else 'FAIL'}  {result.what}")
    if not all(result.holds for result in results):
        raise SystemExit(1)


@main.command()
@with_config
def migrate(config_path: Path, log_level: str, log_json: bool) -> None:
    """Bring the store to the newest schema."""
    settings = _settings(config_path, log_level, json=log_json)

    async def bring_up() -> None:
        await open_store(settings).close()

    try:
        asyncio.run(bring_up())
    except StoreError as error:
        raise _fail(str(error)) from None
    click.echo(f"{settings.storage.url} has the newest schema")


@main.command()
@with_config
@click.option("--days", type=click.IntRange(1, 3650), required=True, help="How far back to read.")
def backfill(config_path: Path, log_level: str, log_json: bool, days: int) -> None:
    """Read history into the store, without one alert; a second call goes on where the first stopped."""
    settings = _settings(config_path, log_level, json=log_json)
    try:
        asyncio.run(backfill_all(settings, timedelta(days=days), _report_backfill))
    except (SourceError, StoreError) as error:
        raise _fail(f"{error}. What was read is kept; call again to go on") from None
    click.echo("history is complete")


def _report_backfill(merchant_id: str, whole: timedelta, left: Window) -> None:
    done = 1 - left.span / whole
    if sys.stderr.isatty():
        click.echo(f"\r{merchant_id} [{'#' * round(30 * done):<30}] {done:4.0%}", nl=done >= 1, err=True)
    else:
        click.echo(f"{merchant_id}: {done:.0%}", err=True)


@main.command()
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--headless", is_flag=True, help="No chat page.")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Times real time.")
@click.option("--log-level", default="warning", type=click.Choice(["debug", "info", "warning", "error"]))
def demo(port: int, headless: bool, speed: float, log_level: str) -> None:
    """The bot between a simulated bank and a local Telegram, with a chat page. Ctrl-C ends it."""
    from bot.showcase import Showcase  # noqa: PLC0415

    logs.set_up(log_level, json=False, secrets=())

    def announce(line: str) -> None:
        click.echo(line)
        if not headless:
            click.echo(f"Open {json.loads(line)['page']} in a browser. Ctrl-C ends the demo.", err=True)

    showcase = Showcase(port=port, headless=headless, speed=speed)
    _run_until_stopped(lambda stop: showcase.run(stop, announce))


@main.command()
@click.option("--port", default=8766, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
def simulate(port: int) -> None:
    """The simulated ePay alone; prints its address and its merchants as one JSON line."""
    from bot.showcase import simulate as serve  # noqa: PLC0415

    _run_until_stopped(lambda stop: serve(stop, port=port, announce=click.echo))
