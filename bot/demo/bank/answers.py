"""What the bank says, before it becomes bytes: answers, refusals and the many shapes of its errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Either a JSON `payload` or, when `text` is set, that text as it stands."""

    status: int = 200
    payload: object = None
    text: str | None = None
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request is answered with this instead of data."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.payload or answer.text!r}")
        self.answer = answer


def refusal(http: int, code: int = 100, message: str = "") -> Refused:
    """The error of the list. Only 232 is documented; every other one is `{code: 100, message: ""}`."""
    return Refused(Answer(http, {"code": code, "message": message}))


def login_refusal(http: int, reason: str, rng: Random) -> Refused:
    """Nobody knows the body of a token error, so it comes in five shapes."""
    shapes = (
        Answer(http, {"error": "invalid_request", "error_description": reason}),
        Answer(http, {"message": reason}),
        Answer(http, {"code": 100, "message": reason}),
        Answer(http, text=f"<html><body><h1>{http}</h1>{reason}</body></html>", content_type="text/html"),
        Answer(http, text="", content_type="text/plain"),
    )
    return Refused(rng.choice(shapes))
