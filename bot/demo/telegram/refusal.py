"""The refusals of the Bot API: HTTP status, description and parameters as Telegram words them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """A call that is not accepted. `status` is also the `error_code`; `parameters` may hold `retry_after` (seconds)."""

    def __init__(self, status: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters or {}


def bad(reason: str) -> Refusal:
    """HTTP 400 with Telegram's prefix."""
    return Refusal(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refusal:
    """HTTP 403 with Telegram's prefix."""
    return Refusal(403, f"Forbidden: {reason}")
