"""Who may do what: owners everything, strangers their own id, everybody else nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.access import REFUSE_AGAIN_AFTER, REMEMBERED, Access, Audience, Refusals, Verdict
from bot.model import ChatKind, Destination, Request

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OWNER, STRANGER = 5, 6


def asks(user_id: int, kind: ChatKind) -> Request:
    chat = Destination(chat_id=-1, kind=kind)
    return Request(user_id=user_id, user_name="A", user_language=None, chat=chat, command="find", at=NOW)


@pytest.mark.parametrize(
    ("user_id", "kind", "audience", "expected"),
    [
        (OWNER, ChatKind.PRIVATE, Audience.OWNERS, Verdict.ANSWER),
        (OWNER, ChatKind.GROUP, Audience.OWNERS, Verdict.ANSWER),
        (STRANGER, ChatKind.PRIVATE, Audience.OWNERS, Verdict.REFUSE),
        (STRANGER, ChatKind.PRIVATE, Audience.EVERYBODY, Verdict.ANSWER),
        (STRANGER, ChatKind.GROUP, Audience.OWNERS, Verdict.IGNORE),
        (STRANGER, ChatKind.SUPERGROUP, Audience.EVERYBODY, Verdict.IGNORE),
        (STRANGER, ChatKind.CHANNEL, Audience.EVERYBODY, Verdict.IGNORE),
    ],
)
def test_the_verdict_follows_from_person_chat_and_command(
    user_id: int, kind: ChatKind, audience: Audience, expected: Verdict
) -> None:
    assert Access((OWNER,)).verdict(asks(user_id, kind), audience) is expected


def test_without_owners_nobody_may_use_the_bot() -> None:
    assert Access(()).verdict(asks(OWNER, ChatKind.PRIVATE), Audience.OWNERS) is Verdict.REFUSE


def test_a_person_is_refused_once_a_day() -> None:
    refusals = Refusals()
    moments = [NOW, NOW + timedelta(hours=23), NOW + REFUSE_AGAIN_AFTER, NOW + timedelta(hours=25)]
    assert [refusals.is_due(STRANGER, at) for at in moments] == [True, False, True, False]
    assert refusals.is_due(STRANGER + 1, NOW)


def test_a_crowd_of_strangers_takes_bounded_memory() -> None:
    refusals = Refusals()
    for user_id in range(REMEMBERED + 1):
        refusals.is_due(user_id, NOW)
    assert not refusals.is_due(REMEMBERED, NOW)
    assert refusals.is_due(0, NOW)
