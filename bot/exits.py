"""How the command line ends: every expected error becomes a sentence and an exit code, never a stack."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click

from bot.errors import (
    AnswerRefused,
    BackupError,
    ConfigurationError,
    DeliveryError,
    ServerError,
    SourceError,
    Stalled,
    StoreError,
    TokenRefused,
)

log = logging.getLogger(__name__)


@contextmanager
def told_in_words() -> Iterator[None]:
    """Only a fault of our own has a stack, in the log."""
    try:
        yield
    except ConfigurationError as error:
        end(str(error), 2)
    except (StoreError, BackupError, ServerError, SourceError, Stalled, AnswerRefused) as error:
        end(str(error))
    except TokenRefused as error:
        end(f"Telegram refuses this bot: {error}. Check telegram.token (@BotFather, /token)")
    except DeliveryError as error:
        end(f"Telegram does not let this bot read what people write: {error}")
    except click.Abort:
        raise
    except Exception:
        log.exception("a fault of the program itself")
        end("The bot has stopped through a fault of its own; the log says more")


def end(what: str, code: int = 1) -> None:
    """Says why, and ends the program."""
    click.echo(what, err=True)
    raise SystemExit(code) from None
