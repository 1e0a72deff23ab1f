"""The command line. Exit codes: 0 done, 1 ran and found a problem, 2 the call or the configuration is wrong."""

import asyncio
import errno
import json
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot import __version__, logs, sentry
from bot.config import Settings
from bot.errors import ConfigurationError, Problem, SourceError
from bot.exits import end, told_in_words
from bot.heap import keep_heap_small
from bot.interview.command import init
from bot.model import Window
from bot.options import read_settings, settings_of, with_config
from bot.signals import Signals
from bot.storing import backup, copy, migrate, restore, restored

# What takes a second to import is imported by the commands that need it.
# ruff: noqa: PLC0415


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="epay-bot")
def main() -> None:
    """Telegram bot for merchants who take card-to-card payments through Halyk Bank's ePay."""


for command in (init, migrate, backup, restore, restored, copy):
    main.add_command(command)


@main.command()
@with_config
def run(config_path: Path, log_level: str, log_json: bool) -> None:
    """Run the bot until SIGTERM or SIGINT; SIGHUP has it read its configuration anew."""
    keep_heap_small()
    signals, secrets = Signals(), set[str]()

    def read() -> Settings:
        settings = read_settings(config_path, log_level, json=log_json, secrets=secrets)
        if dsn := settings.server.sentry_dsn:
            sentry.report_to(dsn.get_secret_value(), logs.Redactor(secrets))
        if not settings.access.owners:
            click.echo("access.owners is empty: nobody may use the bot and nobody gets alerts", err=True)
        return settings

    with told_in_words():
        settings = read()
        from bot.reloading import Reloading

        asyncio.run(Reloading(read, signals).run(settings))


def _run_until_stopped(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Runs until a signal."""

    async def until_signal() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work(stop)

    with told_in_words():
        asyncio.run(until_signal())


@main.command()
@with_config
def check(config_path: Path, log_level: str, log_json: bool) -> None:
    """Check the configuration, the bank, Telegram and the store: one line each."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.checks import run_checks

    with told_in_words():
        results = asyncio.run(run_checks(settings))
    for result in results:
        click.echo(f"{'ok  ' if result.holds else 'FAIL'}  {result.what}")
    if not all(result.holds for result in results):
        raise SystemExit(1)


@main.command()
@with_config
@click.option("--name", default="", help="The whole name as the bank writes it; needs --card.")
@click.option("--card", default="", help="The last four digits of the card.")
@click.option("--phone", default="", help="The phone number.")
@click.option("--email", default="", help="The e-mail address.")
@click.option("--account-id", default="", help="The client's id at the shop, as sent to the bank.")
@click.option("--yes", is_flag=True, help="Do it; without this only the number is told.")
def forget(config_path: Path, log_level: str, log_json: bool, yes: bool, **known: str) -> None:
    """Forget one payer, also while the bot runs; the payments stay, without the person."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot import forgetting
    from bot.parts import open_store
    from bot.store.forgetting import list_operations

    async def forget_or_count() -> str:
        payer = forgetting.payer_of(**known)
        store = open_store(settings, exclusive=False)
        try:
            if not yes:
                found = await store.read(list_operations, payer)
                return f"operations that name this payer: {len(found)}. Nothing is changed; --yes forgets the payer"
            operations, searches = await forgetting.forget(store, payer)
        finally:
            await store.close()
        return (
            f"forgotten in operations: {operations}, in kept searches: {searches}. The payments stay. "
            "Backups made before now and the bank itself still know the person: delete old backups, and after a "
            "restore call this again"
        )

    with told_in_words():
        click.echo(asyncio.run(forget_or_count()))


@main.command()
@with_config
@click.option("--days", type=click.IntRange(1, 3650), required=True, help="How far back to read.")
def backfill(config_path: Path, log_level: str, log_json: bool, days: int) -> None:
    """Read history into the store, without one alert; a second call goes on where the first stopped."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.past import backfill_all

    with told_in_words():
        if (kept := settings.retention.operations) < timedelta(days=days):
            raise ConfigurationError(
                Problem("--days", f"operations are kept for {kept.days} days: retention.operations")
            )
        try:
            asyncio.run(backfill_all(settings, timedelta(days=days), _Progress()))
        except SourceError as error:
            end(f"{error}. What was read is kept; call again to go on")
    click.echo("history is complete")


@main.command()
@with_config
@click.option("--days", type=click.IntRange(1, 3650), default=28, show_default=True, help="How much is judged.")
@click.option("--operations", type=click.Path(path_type=Path), help="A file of operations, one JSON object a line.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each change of an incident.")
def backtest(
    config_path: Path, log_level: str, log_json: bool, days: int, operations: Path | None, as_json: bool
) -> None:
    """Replay history through the rules: which alerts would have come, when and why. Nothing is sent."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.past import list_past_changes

    async def replay() -> tuple[int, int]:
        told = aloud = 0
        async for line, is_aloud in list_past_changes(
            settings, days=days, file=operations, as_json=as_json, progress=_Progress()
        ):
            click.echo(line)
            told, aloud = told + 1, aloud + is_aloud
        return told, aloud

    with told_in_words():
        told, aloud = asyncio.run(replay())
    click.echo(f"{told} changes of incidents, {aloud} of them with sound; nothing was sent", err=True)


class _Progress:
    """How much of what was left at the beginning is read by now: a bar on a terminal, lines elsewhere."""

    def __init__(self) -> None:
        self._whole: dict[str, timedelta] = {}

    def __call__(self, merchant_id: str, left: Window) -> None:
        whole = self._whole.setdefault(merchant_id, left.span)
        done = 1 - left.span / whole if whole else 1.0
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
    from bot.showcase import TOUR, Showcase

    logs.set_up(log_level, as_json=False, secrets=())

    def announce(line: str) -> None:
        click.echo(line)
        if not headless:
            click.echo(TOUR.format(**json.loads(line)), err=True)

    showcase = Showcase(port=port, headless=headless, speed=speed)
    _run_until_stopped(lambda stop: _on(port, showcase.run(stop, announce)))


@main.command()
@click.option("--port", default=8766, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--merchants", default=0, type=click.IntRange(0, 9999), help="So many without a history, under a load.")
@click.option("--rate", default=1.0, show_default=True, type=click.FloatRange(0, 10_000), help="They make a second.")
def simulate(port: int, merchants: int, rate: float) -> None:
    """The simulated ePay alone; prints its address and its merchants as one JSON line."""
    from bot.showcase import simulate as serve

    serving = partial(serve, port=port, announce=click.echo, merchants=merchants, rate=rate)
    _run_until_stopped(lambda stop: _on(port, serving(stop)))


async def _on(port: int, serving: Coroutine[Any, Any, None]) -> None:
    try:
        await serving
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ConfigurationError(Problem("--port", f"{port} is taken by another program")) from None
