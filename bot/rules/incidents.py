"""Settings of every incident, whatever rule opened it: when it speaks up again, moves on and ends."""

from dataclasses import fields
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.config import Duration, Section
from bot.model import Timers

NAME = "incidents"
EVERY_MERCHANT = "all"


def _by_merchant(given: object) -> object:
    return {EVERY_MERCHANT: given} if isinstance(given, list | tuple) else given


People = Annotated[dict[str, tuple[int, ...]], BeforeValidator(_by_merchant)]


class IncidentSettings(Section):
    """The timers of facts/alerting.md section 3, as durations; `many` open incidents of a merchant become one.

    `escalate_to`: ids of users or chats that are called one after the other, for all merchants or by merchant id.
    """

    between_sounds: Duration = timedelta(minutes=3)
    edit_interval: Duration = Field(default=timedelta(seconds=5), ge=timedelta(seconds=1))
    keep_firing: Duration = Field(default=timedelta(minutes=10), ge=timedelta(seconds=1))
    repeat: Duration = timedelta(hours=4)
    repeat_critical: Duration = timedelta(hours=1)
    escalate_after: Duration = timedelta(minutes=15)
    ack_timeout: Duration = timedelta(hours=2)
    many: int = Field(default=3, ge=2)
    escalate_to: People = Field(default_factory=dict)

    def timers(self) -> Timers:
        """The same as plain values; whom to call is each merchant's own."""
        known = [field.name for field in fields(Timers) if field.name in type(self).model_fields]
        return Timers(**{name: getattr(self, name) for name in known})
