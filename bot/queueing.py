"""How Procrastinate is reached and run by one of several replicas; knows nothing of what the work is."""

import asyncio
import select
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from procrastinate import App as Queue
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bot.delivery.serving import GONE_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a replica looks for what is due, says that it lives, and how soon a silent one counts as gone.

    At its end a message on its way gets the time of `drain`, other work only that of `finish`: another does it again.
    """

    hand_out: timedelta = timedelta(seconds=0.5)
    heartbeat: timedelta = timedelta(seconds=2)
    gone_after: timedelta = GONE_AFTER
    finish: timedelta = timedelta(seconds=1)
    drain: timedelta = timedelta(seconds=6)
    again: timedelta = timedelta(seconds=1)


def queue_pool(conninfo: str) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """How Procrastinate reaches the database.

    Each of its statements stands for itself: one whose end a replica never hears must hold no lock on a piece of work,
    which all others would pass over for as long as the server believes in the connection.
    """
    return AsyncConnectionPool(
        conninfo,
        min_size=1,
        max_size=6,
        timeout=2,
        reconnect_timeout=3,
        configure=_end_at_once,
        check=_hear_of_its_end,
        open=False,
    )


async def _hear_of_its_end(connection: AsyncConnection[Any]) -> None:
    """The server is asked only where it has said something unasked: to ask before each statement doubles the work."""
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    if heard.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def _end_at_once(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def worker_of(queue: Queue, name: str, most: int, rhythm: Rhythm, patience: timedelta) -> Worker:
    """Does what is in the queue of this name, so much of it at a time, until it is stopped or loses the database."""
    return Worker(
        queue,
        name=name,
        queues=[name],
        concurrency=most,
        fetch_job_polling_interval=rhythm.heartbeat.total_seconds(),
        update_heartbeat_interval=rhythm.heartbeat.total_seconds(),
        stalled_worker_timeout=rhythm.gone_after.total_seconds(),
        shutdown_graceful_timeout=patience.total_seconds(),
        delete_jobs="always",
        install_signal_handlers=False,
    )


def take_note(task: asyncio.Task[object]) -> None:
    """That the end of a job could not be written is no surprise, and found by who looks for lost work."""
    if not task.cancelled():
        task.exception()
