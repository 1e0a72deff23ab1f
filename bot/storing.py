"""The commands about the database as a whole: its schema, its copies, its move to the other engine."""

import asyncio
import sys
from pathlib import Path

import click

from bot import logs
from bot.config import read_storage
from bot.exits import end, told_in_words
from bot.options import settings_of, with_config

# What takes a second to import is imported by the commands that need it.
# ruff: noqa: PLC0415


@click.command()
@with_config
def migrate(config_path: Path, log_level: str, log_json: bool) -> None:
    """Bring the store to the newest schema."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.parts import open_store

    async def bring_up() -> None:
        await open_store(settings).close()

    with told_in_words():
        asyncio.run(bring_up())
    click.echo(f"{settings.storage.url} has the newest schema")


@click.command()
@with_config
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Check every page and index of the copy.")
def backup(config_path: Path, log_level: str, log_json: bool, dest: Path, verify: bool) -> None:
    """Copy the database to DEST, also while the bot runs."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.parts import database_of
    from bot.store import backup as copies

    with told_in_words():
        copies.copy(database_of(settings), dest)
        checked = f": consistent, operations: {copies.verify(dest)}" if verify else ""
    click.echo(f"the database is copied to {dest}{checked}")


@click.command()
@with_config
@click.argument("copy", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(config_path: Path, log_level: str, log_json: bool, copy: Path) -> None:
    """Put COPY, a backup, in the place of the database; the former one is kept beside it."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.parts import database_of, utc_now
    from bot.store import backup as copies

    with told_in_words():
        former = copies.restore(copy, database_of(settings), utc_now())
    kept = f"; the former database is kept as {former}" if former else ""
    click.echo(f"{settings.storage.url} is the backup {copy}{kept}")


@click.command()
@with_config
def restored(config_path: Path, log_level: str, log_json: bool) -> None:
    """Say that the database was put back from a copy: what came before now is announced to nobody."""
    settings = settings_of(config_path, log_level, json=log_json)
    from bot.parts import open_store, utc_now
    from bot.store import backup, engines

    async def begin_anew() -> None:
        store = open_store(settings, exclusive=False)
        try:
            await store.write(backup.begin_anew, utc_now())
        finally:
            await store.close()

    with told_in_words(), engines.claim(settings.storage.url, settings.storage.secret):
        asyncio.run(begin_anew())
    click.echo(f"{settings.storage.url} is taken as a copy: the bot will read what came since and announce none of it")


@click.command()
@click.option(
    "--from", "source", required=True, metavar="URL", help="Where the bot is, like sqlite:///data/epay-bot.db."
)
@click.option("--to", "target", required=True, metavar="URL", help="Where it goes: an empty database.")
@click.option(
    "--password-file",
    envvar="EPAY_BOT__STORAGE__PASSWORD_FILE",
    metavar="FILE",
    help="PostgreSQL's password; or EPAY_BOT__STORAGE__PASSWORD.",
)
@click.option("--log-level", default="warning", type=click.Choice(["debug", "info", "warning", "error"]))
def copy(source: str, target: str, password_file: str | None, log_level: str) -> None:
    """Move a bot from SQLite to PostgreSQL, or back.

    Call it while the bot works: it copies ahead. Then stop the bot and call it again: it copies the rest, compares
    both and says "complete". Ended in between, another call goes on.
    """
    with told_in_words():
        here, there = read_storage("--from", source, password_file), read_storage("--to", target, password_file)
        logs.set_up(log_level, as_json=False, secrets=[one.secret for one in (here, there) if one.secret])
        from bot.copying import copy as copy_all

        progress = _Progress()
        try:
            differences = asyncio.run(copy_all(here, there, progress))
        finally:
            progress.end()
    if differences is None:
        click.echo("copied ahead; the bot works on. Stop it and call this again to copy the rest")
    elif differences:
        for one in differences:
            click.echo(one, err=True)
        end("the copy is not like its source, so it is not complete; call again, and report it if that stays")
    else:
        click.echo("complete: both hold the same. Put --to into storage.url and start the bot")


class _Progress:
    """How much is copied by now: a bar on a terminal, a line for every tenth elsewhere."""

    def __init__(self) -> None:
        self._shown = -1
        self._on_terminal = sys.stderr.isatty()

    def __call__(self, table: str, done: float) -> None:
        tenths = int(done * 10)
        if self._on_terminal:
            click.echo(f"\r[{'#' * round(30 * done):<30}] {done:4.0%} {table:<24}", nl=False, err=True)
        elif tenths > self._shown:
            click.echo(f"{done:.0%}: {table}", err=True)
        self._shown = tenths

    def end(self) -> None:
        """What is said next begins a line."""
        if self._on_terminal and self._shown >= 0:
            click.echo(err=True)
