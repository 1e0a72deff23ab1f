"""Every error of ours, one tree; a caller catches the narrowest branch it knows how to answer.

EpayBotError
├── ConfigurationError        the file, the environment or the call is wrong: exit code 2
├── AnswerRefused             an answer given to `epay-bot init` does not hold
├── StoreError                the database cannot be opened, read or written
│   └── InUse                 a bot works on it
├── BackupError               a copy of the database cannot be made or is no good one
├── ServerError               the address of our own listener cannot be used
├── PingFailed                the dead man's switch outside cannot be told
├── Stalled                   a loop of ours stands still and cannot be restarted: the process ends
├── SourceError               the bank
│   ├── SourceUnavailable     passing: time-out, 5xx, 429, a broken answer; the next cycle tries again
│   ├── SourceDenied          credentials or rights: a person must act
│   └── SourceRejected        the bank understood and said no to this very query
├── DeliveryError             Telegram
│   ├── NotSent               surely not delivered: repeat freely, after `delay`
│   ├── MaybeSent             nobody can know: repeat once, marked
│   ├── Undeliverable         this destination is over (blocked, kicked, deleted)
│   ├── TopicGone             the topic is closed or deleted, the chat is fine
│   ├── Moved                 the group became a supergroup with another id
│   ├── Malformed             Telegram could not parse our text
│   │   └── TooLarge          the file or the request is over Telegram's size: do not repeat
│   └── TokenRefused          the bot's token is wrong or revoked
└── UsageError                a person asked for something that cannot be: a text for the person
    └── Unclear               one word of it is to blame
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


class EpayBotError(Exception):
    """Root of everything raised on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in the configuration: `path` as in the file (`merchants[0].epay.password`)."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


class ConfigurationError(EpayBotError):
    """All problems of a configuration at once."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class AnswerRefused(EpayBotError):
    """The text says what to do. `certain`: the answer is wrong, not only out of reach now."""

    def __init__(self, text: str, *, certain: bool) -> None:
        super().__init__(text)
        self.certain = certain


class StoreError(EpayBotError):
    """The database cannot be used; the text says why and what to do."""


class InUse(StoreError):
    """A bot works on the database, and only one may."""


class LeaseLost(EpayBotError):
    """Another replica does this work by now; nothing was written."""


class BackupError(EpayBotError):
    """No good copy; the text says why and what to do."""


class ServerError(EpayBotError):
    """Our own listener cannot work; the text says why and what to do."""


class PingFailed(EpayBotError):
    """Nobody outside learns how we are; the text never holds the address."""


class Stalled(EpayBotError):
    """A loop no longer comes round; the text says which, for how long."""


class SourceError(EpayBotError):
    """The bank could not give an answer."""


class SourceUnavailable(SourceError):
    """A passing fault. `retry_after` is what the bank asked for, if it did."""

    def __init__(self, what: str, retry_after: timedelta | None = None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class SourceDenied(SourceError):
    """The bank refuses these credentials or this right, also with a fresh token."""


class SourceRejected(SourceError):
    """The bank's own error body: `code` and a `message` that may be empty."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"bank error {code}: {message}" if message else f"bank error {code}")
        self.code = code
        self.message = message


class DeliveryError(EpayBotError):
    """A message did not surely arrive."""


class NotSent(DeliveryError):
    """Surely not delivered. `everybody` is true when the whole bot, not one chat, must pause."""

    def __init__(self, what: str, delay: timedelta | None = None, *, everybody: bool = False) -> None:
        super().__init__(what)
        self.delay = delay
        self.everybody = everybody


class MaybeSent(DeliveryError):
    """The request left and no answer was seen."""


class Undeliverable(DeliveryError):
    """The destination will not take messages any more."""


class TopicGone(DeliveryError):
    """The forum topic is closed, deleted or not writable."""


class Moved(DeliveryError):
    """The chat has a new id."""

    def __init__(self, new_chat_id: int) -> None:
        super().__init__(f"the group moved to {new_chat_id}")
        self.new_chat_id = new_chat_id


class Malformed(DeliveryError):
    """Telegram refused our markup: send the plain text instead."""


class TooLarge(Malformed):
    """Telegram takes nothing of this size: split it or say so, another try is refused again."""


class TokenRefused(DeliveryError):
    """Telegram does not know this bot's token."""


class UsageError(EpayBotError):
    """Something a person can mend: an English catalogue text (`bot.texts`) and its values."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


class Unclear(UsageError):
    """`error` is about one part of what was said after the command: `said[start:end]`, perhaps nothing at its end.

    `choices`: labels, and what could stand there instead.
    """

    def __init__(
        self, error: UsageError, said: str, start: int, end: int, choices: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(error.text, **error.values)
        self.said = said
        self.start = start
        self.end = end
        self.choices = tuple(choices)

    def within(self, whole: str) -> "Unclear":
        """The same error in everything that was said, where `said` was only a part of that."""
        place = whole.find(self.said)
        if place < 0 or whole == self.said:
            return self
        return Unclear(self, whole, self.start + place, self.end + place, self.choices)

    def instead(self, word: str) -> str:
        """What was said, with this in the place of the unclear part."""
        return self.said[: self.start] + word + self.said[self.end :]
