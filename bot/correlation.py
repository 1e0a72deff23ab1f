"""FIELDS: what a line of the log may hold, and binding what it is about to every line of a piece of work."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from structlog.contextvars import bound_contextvars


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a line; `bound` ones come from `about`."""

    name: str
    means: str
    bound: bool = True


FIELDS = (
    Field("timestamp", "When, UTC", bound=False),
    Field("level", "debug, info, warning, error or critical", bound=False),
    Field("logger", "The module that speaks", bound=False),
    Field("event", "What happened, one sentence", bound=False),
    Field("exception", "The stack of a fault, without local variables", bound=False),
    Field("job", "The job whose run this is, as among the metrics"),
    Field("merchant", "The merchant's id in the configuration"),
    Field("operation", "The bank's id of the operation"),
    Field("incident", "The number people see as #12"),
    Field("delivery", "The outbox row; the first of them when several leave in one message"),
    Field("chat", "Telegram's id of the chat"),
    Field("update", "Telegram's id of what came in"),
)
_BOUND = {field.name for field in FIELDS if field.bound}


def about(**fields: object) -> AbstractContextManager[object]:
    """Every line logged inside holds these, but for those that are None. Raises KeyError for one not in FIELDS."""
    if unknown := fields.keys() - _BOUND:
        raise KeyError(*unknown)
    return bound_contextvars(**{name: value for name, value in fields.items() if value is not None})
