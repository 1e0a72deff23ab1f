"""Scheduled copies of the database: when the next one is due, and which ones are kept."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import telling
from bot.config import Backup
from bot.errors import BackupError
from bot.model import NoticeAlert
from bot.store import backup
from bot.store.driver import Store

log = logging.getLogger(__name__)

TRY_AGAIN_AFTER = timedelta(minutes=10)
_NAME = "epay-bot-%Y%m%dT%H%M%SZ.db"


def list_surplus(times: Iterable[datetime], *, keep_daily: int, keep_weekly: int) -> list[datetime]:
    """Those that are neither the newest, nor the last of one of the newest days or weeks that have any (UTC)."""
    newest_first = sorted(times, reverse=True)
    days: dict[object, datetime] = {}
    weeks: dict[object, datetime] = {}
    for at in newest_first:
        days.setdefault(at.date(), at)
        weeks.setdefault(at.isocalendar()[:2], at)
    kept = {*newest_first[:1], *list(days.values())[:keep_daily], *list(weeks.values())[:keep_weekly]}
    return [at for at in newest_first if at not in kept]


class Backups:
    """Copies in one folder, each named after its time; files with other names are left alone."""

    def __init__(self, database: Path, settings: Backup, store: Store, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._store = store
        self._now = now
        self._failed_at: datetime | None = None
        self._again_at: datetime | None = None

    async def step(self) -> None:
        """Makes the next copy if it is due and drops what is no longer kept. Raises BackupError.

        That none can be made is told once, and so is the first one after that.
        """
        now = self._now()
        if self._settings.dir is None or (self._again_at and now < self._again_at):
            return
        try:
            made = await asyncio.to_thread(self._step, self._settings.dir, now)
        except BackupError as error:
            self._again_at = now + TRY_AGAIN_AFTER
            if self._failed_at is None:
                self._failed_at = now
                text = "No backup can be made: {error}. The bot works on; I keep trying and say when one is made."
                await self._tell(NoticeAlert(text=text, values={"error": str(error)}, at=now))
            raise
        if made and self._failed_at:
            self._failed_at = None
            await self._tell(NoticeAlert(text="Backups are made again.", at=now))

    async def _tell(self, notice: NoticeAlert) -> None:
        await self._store.write(telling.tell_everybody, f"backup/{notice.at.isoformat()}", notice)

    def _step(self, given: str, at: datetime) -> bool:
        """Whether a copy was made."""
        folder = Path(given).expanduser()
        now = at.astimezone(UTC).replace(microsecond=0)
        made = _list_made(folder)
        if made and now - max(made) < self._settings.every and max(made) <= now:
            return False
        to = folder / now.strftime(_NAME)
        if to.exists():
            return False
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(f"backup.dir {given} cannot be used: {error.strerror}") from error
        backup.copy(self._database, to)
        log.info("the database is copied to %s", to)
        keep_daily, keep_weekly = self._settings.keep_daily, self._settings.keep_weekly
        for old in list_surplus([*made, now], keep_daily=keep_daily, keep_weekly=keep_weekly):
            (folder / old.strftime(_NAME)).unlink(missing_ok=True)
        return True


def _list_made(folder: Path) -> list[datetime]:
    made = []
    for file in folder.glob("epay-bot-*.db"):
        try:
            made.append(datetime.strptime(file.name, _NAME).replace(tzinfo=UTC))
        except ValueError:
            continue
    return made
