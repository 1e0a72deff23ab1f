"""Digests that are due: each is written into the outbox in the transaction that moves its next moment."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.model import (
    EVERYTHING,
    LATE_DIGEST,
    Calendar,
    Destination,
    DigestAlert,
    DigestKind,
    EventKind,
    Loudness,
    Merchant,
    Right,
    digest_places,
)
from bot.store import chats, digests, names, outbox, people, subscriptions
from bot.store.driver import Connection
from bot.store.outbox import Action, Place


class Digests:
    """Summaries at the hour of each chat, and what a chat chose about them."""

    def __init__(self, merchants: Sequence[Merchant], *, day_starts: time, now: Callable[[], datetime]) -> None:
        self._merchants = merchants
        self._day_starts = day_starts
        self._now = now

    def tick(self, db: Connection) -> None:
        """Says every digest whose moment has come. Of several missed ones only the last, which says that it is late."""
        now = self._now()
        for place, plan, due_at in subscriptions.list_due_plans(db, now):
            to = chats.find_destination(db, place.chat_id, place.thread_id)
            if to is None:
                subscriptions.drop_plans(db, place)
                continue
            zone = ZoneInfo(to.timezone)
            newest = plan.newest_due(due_at, now, zone)
            alert = self.compile(db, to, plan.kind, newest)
            subscriptions.put_plan(db, place, plan, plan.due_after(now, zone))
            if alert.parts:
                late = replace(alert, late=now - newest > LATE_DIGEST)
                outbox.put(db, place, f"digest/{plan.kind}/{newest.isoformat()}", late, now, action=Action.DIGEST)

    def compile(
        self, db: Connection, to: Destination, kind: DigestKind, due_at: datetime, *, of_all: bool = False
    ) -> DigestAlert:
        """The digest of the last whole day, week or month before `due_at`, of what this chat listens to and may hear.

        `of_all`: asked for now, of all merchants the asker may know of: of everything, where it listens to nothing.
        """
        wishes = subscriptions.list_heard(db, Place(to.chat_id, to.thread_id))
        if of_all and not any(wish.kind is EventKind.DIGEST and wish.loudness is not Loudness.OFF for wish in wishes):
            wishes = list(EVERYTHING)
        merchants = self._merchants if of_all else _heard_of(db, to, self._merchants)
        alert = digests.digest(
            db,
            digest_places(wishes, names.named(db, merchants)),
            kind,
            due_at=due_at,
            calendar=Calendar(ZoneInfo(to.timezone), self._day_starts),
            now=self._now(),
        )
        loud = any(wish.kind is EventKind.DIGEST and wish.loudness is Loudness.ON for wish in wishes)
        return replace(alert, silent=not loud)


def _heard_of(db: Connection, to: Destination, merchants: Sequence[Merchant]) -> list[Merchant]:
    """Those whose figures may be said there unasked."""
    return [one for one in merchants if people.may_hear(db, to, one.id, Right.DIGEST)]
