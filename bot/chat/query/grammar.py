"""The grammar of /search: text into filters as they were written, each word with its place. Meanings are elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from bot.errors import Unclear, UsageError

_GRAMMAR = r"""
    start: (compared | bare)*
    bare: WORD
    compared: WORD OPERATOR _values
            | WORD IN _values
            | WORD LIKE _values
            | WORD BETWEEN _value _and _value
    _values: _value (_SEPARATOR _value)*
    _value: QUOTED | CURLY | STAMP | MONEY | PLAIN
    _and: _AND | _SEPARATOR

    WORD: /[^\s=<>~!≤≥:,|"“”„«»]+/
    OPERATOR: /<=|>=|=<|=>|==|!=|<>|[=<>~≤≥:]/
    IN.2: /in(?![^\s"“„«])/i
    LIKE.2: /like(?![^\s"“„«])/i
    BETWEEN.2: /between(?![^\s"“„«])/i
    _AND.2: /(and|и|және)(?!\S)/i
    _SEPARATOR: /[,|]/
    QUOTED.3: /"(?:[^"]|"")*"/
    CURLY.3: /[“„«][^“”„«»"]*[”“»]/
    STAMP.2: /(?:\d{4}-\d\d-\d\d|\d\d?\.\d\d?\.\d{4})[ ]\d\d?:\d\d(?::\d\d)?(?![^\s,|])/
    MONEY.2: /\d+(?:[ \u00a0\u202f]\d{3})*(?:\.\d\d?)?[ \u00a0\u202f]?₸|\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:\.\d\d?)?(?![^\s,|])/
    PLAIN: /[^\s,|"“”„«»]+/
    %ignore /\s+/
"""  # noqa: E501
_PARSER = Lark(_GRAMMAR, parser="lalr")
_ALIKE = {"==": "=", ":": "=", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "<>": "!="}
_VALUES = frozenset({"QUOTED", "CURLY", "STAMP", "MONEY", "PLAIN"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word where it stands in the whole text; `text` is without its quotation marks."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A filter as it was written: a name, and, unless it is a bare word, an operator with values."""

    name: Word
    operator: Word | None = None
    values: tuple[Word, ...] = ()


def read_filters(text: str) -> list[Written]:
    """Raises Unclear, at the word that cannot be read."""
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as error:
        raise _unclear(error, text) from None
    return [_written(item) for item in _items(tree)]


def _items(tree: Tree[Token]) -> Iterator[Sequence[Token]]:
    for item in tree.children:
        assert isinstance(item, Tree)
        yield [token for token in item.children if isinstance(token, Token)]


def _written(tokens: Sequence[Token]) -> Written:
    name, *rest = map(_word, tokens)
    if not rest:
        return Written(name)
    operator, *values = rest
    said = operator.text.lower()
    return Written(name, Word(_ALIKE.get(said, said), operator.start, operator.end), tuple(values))


def _word(token: Token) -> Word:
    text = str(token)
    if token.type == "QUOTED":
        text = text[1:-1].replace('""', '"')
    elif token.type == "CURLY":
        text = text[1:-1]
    return Word(text, token.start_pos or 0, token.end_pos or 0)


def _unclear(error: UnexpectedInput, text: str) -> Unclear:
    start = min(error.pos_in_stream or 0, len(text))
    if isinstance(error, UnexpectedToken):
        expected = error.expected
        start = len(text) if error.token.type == "$END" else start
    else:
        expected = error.allowed if isinstance(error, UnexpectedCharacters) else set()
    end = start + len((text[start:].split() or [""])[0])
    if start < len(text) and text[start] in '"“„«':
        return Unclear(UsageError("The quotation mark is not closed again"), text, start, len(text))
    if "_AND" in (expected or ()) and "WORD" not in (expected or ()):
        return Unclear(UsageError("“between” needs two values: amount between 100 and 500"), text, start, end)
    if _VALUES & set(expected or ()):
        return Unclear(UsageError("A value is missing here, for example: status=failed"), text, start, end)
    return Unclear(UsageError("I cannot read this; a filter looks like amount=5000"), text, start, end)
