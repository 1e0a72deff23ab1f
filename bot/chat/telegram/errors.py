"""What Telegram's refusals mean for a caller: each becomes one of `bot.errors`, once, here. No network."""

from datetime import timedelta

from telegram.error import TelegramError

from bot.chat.telegram.request import Refused, Unanswered, Unsent
from bot.errors import (
    DeliveryError,
    Malformed,
    MaybeSent,
    Moved,
    NotSent,
    TokenRefused,
    TooLarge,
    TopicGone,
    Undeliverable,
)

LONGEST_DESCRIPTION = 200

_TOPIC_SHUT = (
    "thread not found",
    "topic_closed",
    "topic_deleted",
    "topic_id_invalid",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "chat_send_plain_forbidden",
)
_CHAT_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat_restricted",
    "channel_private",
    "user_is_blocked",
    "need administrator rights",
    "bot is not a member",
)
_MESSAGE_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
    "there is no media in the message to edit",
)
_NEEDLESS = ("message is not modified", "query is too old", "query_id_invalid")


class MessageGone(DeliveryError):
    """The message to edit was deleted, is too old or of another kind: send a new one; the chat itself is fine."""


class Conflict(DeliveryError):
    """Somebody else reads this bot's updates: a second instance, or a webhook is set."""


class Needless(DeliveryError):
    """What was asked is already so, or nobody waits for it any more; never leaves this package."""


def translate(error: TelegramError, *, in_topic: bool = False) -> DeliveryError:
    """The error of `bot.errors` behind a failed call; `in_topic` when the call named a topic.

    Source of the table: the Bot API's descriptions, compared without case since some arrive in capitals.
    """
    if isinstance(error, Unsent):
        return NotSent(error.message, everybody=True)
    if isinstance(error, Refused):
        return _refusal(error, in_topic=in_topic)
    if isinstance(error, Unanswered):
        return MaybeSent(error.message)
    return MaybeSent(f"{type(error).__name__} in the Telegram library")


def _refusal(error: Refused, *, in_topic: bool) -> DeliveryError:
    what = error.description[:LONGEST_DESCRIPTION]
    if error.new_chat_id:
        return Moved(error.new_chat_id)
    if error.status == 429:
        return NotSent(what, timedelta(seconds=error.retry_after) if error.retry_after else None)
    if error.status >= 500:
        return MaybeSent(what)
    if error.status in {401, 404}:
        return TokenRefused(what)
    if error.status == 409:
        return Conflict(what)
    if error.status == 413:
        return TooLarge(what)
    return _by_description(what, forbidden=error.status == 403, in_topic=in_topic)


def _by_description(what: str, *, forbidden: bool, in_topic: bool) -> DeliveryError:
    if _mentions(what, _NEEDLESS):
        return Needless(what)
    if _mentions(what, _MESSAGE_GONE):
        return MessageGone(what)
    if in_topic and _mentions(what, _TOPIC_SHUT):
        return TopicGone(what)
    if forbidden or _mentions(what, _CHAT_GONE + _TOPIC_SHUT):
        return Undeliverable(what)
    return Malformed(what)


def _mentions(what: str, phrases: tuple[str, ...]) -> bool:
    lowered = what.lower()
    return any(phrase in lowered for phrase in phrases)
