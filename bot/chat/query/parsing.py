"""From the words of a search to the search: every filter checked, every mistake told at its word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches

from bot.chat.query.grammar import Word, Written, read_filters
from bot.chat.query.times import moment, spans_of
from bot.chat.query.words import CONTROLS, EXAMPLES, FROM, KINDS, NAMES, PAGE, SORT, SORTABLE, STATUSES, TO
from bot.chat.terminals import get_terminal, list_terminals
from bot.errors import Unclear, UsageError
from bot.model import Calendar, Condition, Field, Merchant, Method, Search, SortKey
from bot.model.searches import Value, quoted

MOST_FILTERS = 20
MOST_VALUES = 50
LAST_PAGE = 500
_ONE_VALUE = frozenset({Method.LESS, Method.MORE, Method.AT_MOST, Method.AT_LEAST, Method.CONTAINS, Method.LIKE})
_PART = frozenset({Method.CONTAINS, Method.STARTS, Method.ENDS})
_KNOWN = [*(field.value for field in Field), FROM, TO, SORT]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what people write. `merchants` with all terminals that may be named."""

    merchants: Sequence[Merchant]
    calendar: Calendar
    now: datetime

    def read(self, text: str) -> Search:
        """Raises Unclear at the word that is wrong, or UsageError when there is too much of everything."""
        filters = read_filters(text)
        if len(filters) > MOST_FILTERS:
            raise UsageError("That is too much at once: {most} filters at most", most=MOST_FILTERS)
        return _Reading(self, text).search(filters)


@dataclass(slots=True)
class _Reading:
    """One text on its way to a search."""

    reader: Reader
    text: str
    conditions: list[Condition] = field(default_factory=list)
    order: tuple[SortKey, ...] = ()
    page: int = 1

    def search(self, filters: Iterable[Written]) -> Search:
        left = list(filters)
        while left:
            written = left.pop(0)
            if written.operator is None:
                together = left and left[0].operator is None and self._is_time(left[0].name)
                self._take_bare(written.name, left.pop(0).name if together and self._is_time(written.name) else None)
            elif control := CONTROLS.get(written.name.text.lower()):
                self._take_control(control, written, written.operator)
            else:
                self._take(self._field_of(written.name), written, written.operator)
        return Search(tuple(self.conditions), self.order, self.page)

    def _take_bare(self, word: Word, last: Word | None) -> None:
        """A word without a comparison: a period, two dates, or a status."""
        status = STATUSES.get(word.text.lower())
        if last is not None:
            self._add_times(Method.BETWEEN, (word, last))
        elif status:
            self.conditions.append(Condition(Field.STATUS, Method.EQUAL, (status.value,)))
        elif self._is_time(word):
            self._add_times(Method.EQUAL, (word,))
        else:
            raise self._stray(word)

    def _is_time(self, word: Word) -> bool:
        """Also for what only looks like a date, so that this is what is told about it."""
        try:
            moment(word.text, self.reader.calendar, self.reader.now)
        except UsageError:
            return word.text[0].isdigit() and any(sign in word.text for sign in "-.")
        return True

    def _take_control(self, name: str, written: Written, operator: Word) -> None:
        if operator.text != "=":
            raise self._wrong(UsageError("After “{name}” comes “=”", name=name), operator, [("=", "=")])
        if name == SORT:
            self.order = tuple(self._sort_key(value) for value in written.values)
        elif len(written.values) > 1:
            raise self._wrong(UsageError("“{method}” needs exactly one value", method=name), written.values[1])
        elif name == PAGE:
            self.page = self._page(written.values[0])
        else:
            self._add_times(Method.AT_LEAST if name == FROM else Method.AT_MOST, written.values)

    def _sort_key(self, word: Word) -> SortKey:
        name = NAMES.get(word.text.lstrip("+-").lower())
        if name not in SORTABLE:
            error = UsageError("I cannot sort by “{word}”. Sort by: {names}", word=word.text, names=", ".join(SORTABLE))
            raise self._wrong(error, word, [(f"-{one}", f"-{one}") for one in SORTABLE[:2]])
        return SortKey(name, word.text.startswith("-"))

    def _page(self, word: Word) -> int:
        if word.text.isascii() and word.text.isdigit() and 1 <= int(word.text[:6]) <= LAST_PAGE:
            return int(word.text)
        raise self._wrong(UsageError("Pages go from 1 to {last}", last=LAST_PAGE), word, [("1", "1")])

    def _field_of(self, word: Word) -> Field:
        if known := NAMES.get(word.text.lower()):
            return known
        near = get_close_matches(word.text.lower(), [*NAMES, *CONTROLS], n=3, cutoff=0.5)
        names = list(dict.fromkeys(NAMES.get(name) or CONTROLS[name] for name in near))
        error = UsageError("I know no filter “{word}”. There are: {names}", word=word.text, names=", ".join(_KNOWN))
        raise self._wrong(error, word, [(name, name) for name in names])

    def _take(self, name: Field, written: Written, operator: Word) -> None:
        words = written.values
        method, words = self._method(name, operator, words)
        if method not in KINDS[name].methods:
            error = UsageError("“{name}” cannot be compared by “{method}”", name=name.value, method=operator.text)
            raise self._wrong(error, replace(operator, start=written.name.start, end=words[-1].end), _examples(name))
        if method in _ONE_VALUE and len(words) > 1:
            raise self._wrong(UsageError("“{method}” needs exactly one value", method=operator.text), words[1])
        if len(words) > MOST_VALUES:
            raise self._wrong(
                UsageError("That is too much at once: {most} values at most", most=MOST_VALUES), words[-1]
            )
        if name is Field.CREATED:
            self._add_times(method, words)
        else:
            self._add(name, method, words)

    def _method(self, name: Field, operator: Word, words: tuple[Word, ...]) -> tuple[Method, tuple[Word, ...]]:
        """A `%` at an end of what follows `~` says where the rest may stand; anywhere else it is a plain sign."""
        if operator.text == "!=":
            error = UsageError("I cannot look for what is not so; name what you want: status=paid,refunded")
            raise self._wrong(error, operator, [("=", "=")])
        if name is Field.PAYER and operator.text == "=":
            return Method.CONTAINS, words
        if operator.text == "=":
            return (Method.EQUAL if len(words) == 1 else Method.IN), words
        if operator.text != "~" or len(words) > 1:
            return Method.CONTAINS if operator.text == "~" else Method(operator.text), words
        said = words[0].text
        ends, starts = said.startswith("%"), said.endswith("%") and len(said) > 1
        part = replace(words[0], text=said[ends : len(said) - starts])
        return {(True, False): Method.ENDS, (False, True): Method.STARTS}.get((ends, starts), Method.CONTAINS), (part,)

    def _add_times(self, method: Method, words: Sequence[Word]) -> None:
        """The words stay, so that `today` is another day tomorrow; what they mean now is only tried."""
        values = tuple(self._value(Field.CREATED, word) for word in words)
        alone = Method.LIKE if method is Method.LIKE else Method.EQUAL
        for word, value in zip(words, values, strict=True):
            try:
                spans_of(Condition(Field.CREATED, alone, (value,)), self.reader.calendar, self.reader.now)
            except UsageError as error:
                raise self._wrong(error, word) from None
        self.conditions.append(Condition(Field.CREATED, method, values))

    def _add(self, name: Field, method: Method, words: Sequence[Word]) -> None:
        values = [self._value(name, word) for word in words]
        if method is Method.LIKE and "%" not in str(values[0]):
            error, wider = UsageError("“like” needs one value with % in it"), f"%{values[0]}%"
            raise self._wrong(error, words[0], [(wider, quoted(wider))])
        if name is Field.TERMINAL and method in {Method.EQUAL, Method.IN}:
            values = [self._terminal(word) for word in words]
        elif name is Field.TERMINAL and method in _PART and not str(values[0]).isdigit():
            method, values = Method.IN, self._terminals_like(words[0])
        if name is Field.AMOUNT and method is Method.BETWEEN:
            values.sort()
        self.conditions.append(Condition(name, method, tuple(values)))

    def _value(self, name: Field, word: Word) -> Value:
        try:
            return KINDS[name].read(word.text)
        except UsageError as error:
            raise self._wrong(error, word) from None

    def _terminal(self, word: Word) -> Value:
        try:
            return get_terminal(self.reader.merchants, word.text)[1].id
        except Unclear as error:
            raise self._wrong(error, word, error.choices) from None

    def _terminals_like(self, word: Word) -> list[Value]:
        found = list_terminals(self.reader.merchants, word.text)
        if not found:
            self._terminal(word)
        return [terminal.id for _, terminal in found]

    def _stray(self, word: Word) -> Unclear:
        """A word that says nothing by itself: a filter without a comparison, or a value without a filter."""
        if name := NAMES.get(word.text.lower()):
            return self._wrong(UsageError("“{name}” is compared with nothing", name=word.text), word, _examples(name))
        value = quoted(word.text)
        guesses = [f"{name.value}={value}" for name in (Field.INVOICE, Field.TERMINAL, Field.ACCOUNT)]
        return self._wrong(
            UsageError("What is “{word}”? Write filters like amount=5000", word=word.text),
            word,
            [(guess, guess) for guess in guesses],
        )

    def _wrong(self, error: UsageError, word: Word, choices: Sequence[tuple[str, str]] = ()) -> Unclear:
        return Unclear(error, self.text, word.start, word.end, choices)


def _examples(name: Field) -> list[tuple[str, str]]:
    return [(example, example) for example in EXAMPLES[name]]
