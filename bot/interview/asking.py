"""The conversation: what is missing is asked, tried, and asked again, alone, where it does not hold."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import AnswerRefused, ConfigurationError, Problem
from bot.interview import probing
from bot.interview.answers import QUESTIONS, Answers, Question

_BY_NAME = {one.name: one for one in QUESTIONS}
_BANK = ("environment", "username", "password", "client_id", "client_secret")
Trial = Callable[[Answers], Coroutine[Any, Any, str]]


class Screen(Protocol):
    """A person at a terminal. `ask` gives an answer as typed, `before` when nothing is; a secret is never shown."""

    def ask(self, question: Question, before: str | None) -> str: ...

    def confirm(self, what: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Step:
    """Questions that can only be tried together, and how; `trial` says what has been found."""

    names: Sequence[str]
    trial: Trial | None = None


async def _telegram(answers: Answers) -> str:
    return f"Telegram: this is @{await probing.ask_telegram(answers)}"


async def _bank(answers: Answers) -> str:
    await probing.ask_bank(answers)
    return "The bank: a token and one search"


STEPS = (
    Step(("token",), _telegram),
    Step(("owners",)),
    Step(("name",)),
    Step(_BANK, _bank),
    Step(("timezone",)),
    Step(("language",)),
)


class Interview:
    """Fills `answers`. Without a screen nothing is asked: what is missing or does not hold is an error."""

    def __init__(self, answers: Answers, screen: Screen | None, say: Callable[[str], None]) -> None:
        self._answers = answers
        self._screen = screen
        self._say = say

    def run(self) -> None:
        """Raises ConfigurationError for what is missing or malformed, AnswerRefused for what proves wrong."""
        self._check_given()
        for step in STEPS:
            self._take(step)
        self._name_terminals()

    def _check_given(self) -> None:
        given, problems = self._answers.given, []
        if self._screen is None:
            problems = [Problem(one.name, f"missing: {one.ways}") for one in self._answers.missing()]
            for one in QUESTIONS:
                if one.default is not None:
                    given.setdefault(one.name, one.default)
        for name, text in given.items():
            try:
                given[name] = _BY_NAME[name].check(text)
            except ValueError as error:
                problems.append(Problem(name, str(error)))
        if problems:
            raise ConfigurationError(*problems)

    def _take(self, step: Step) -> None:
        wanted = [name for name in step.names if name not in self._answers.given]
        while True:
            for name in wanted:
                self._ask(_BY_NAME[name])
            if step.trial is None:
                return
            try:
                self._say(f"ok    {asyncio.run(step.trial(self._answers))}")
            except AnswerRefused as error:
                if self._screen is None:
                    raise
                self._say(f"FAIL  {error}")
                if not error.certain and not self._screen.confirm("Try again? Else the answers are kept untested"):
                    return
                wanted = list(step.names) if error.certain else []
                if len(wanted) == 1:
                    del self._answers.given[wanted[0]]
            else:
                return

    def _ask(self, question: Question) -> None:
        assert self._screen is not None
        before = self._answers.given.get(question.name, question.default)
        found = self._find_owner() if question.name == "owners" else None
        while True:
            text = found or self._screen.ask(question, before)
            try:
                answer = question.check(text)
            except ValueError as error:
                self._say(f"FAIL  {error}")
                continue
            if answer != self._answers.given.get(question.name):
                self._answers.files.pop(question.name, None)
            self._answers.given[question.name] = answer
            return

    def _find_owner(self) -> str | None:
        """Who has just written to the bot, to be confirmed: anybody can write to it."""
        assert self._screen is not None
        while self._screen.confirm("Write anything to the bot in Telegram now. Done? Else type your id"):
            writers = asyncio.run(probing.list_writers(self._answers))
            for user_id, name in writers.items():
                if self._screen.confirm(f"Is {name}, {user_id}, the owner?"):
                    return str(user_id)
            if not writers:
                self._say("Nobody has written yet")
        return None

    def _name_terminals(self) -> None:
        if self._answers.terminals:
            return
        for number, count in asyncio.run(probing.list_terminals(self._answers)):
            if self._screen is None:
                self._say(f"ok    Terminal {number}: operations lately: {count}; name it with --terminal {number}=NAME")
                continue
            name = self._screen.ask(Question(number, f"Terminal {number}, operations lately: {count}. Its name"), "")
            if name.strip():
                self._answers.terminals[number] = name.strip()
