"""Telegram's HTML: text and entities out of markup, refusing what Telegram refuses, in Telegram's words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.demo.telegram.refusal import Json, bad

SIMPLE_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}
TAGS = frozenset({*SIMPLE_TAGS, "span", "a", "blockquote", "tg-emoji", "tg-time"})
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
MARK = re.compile(r"<|&(?:#(?P<decimal>\d{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>lt|gt|amp|quot));?")
ATTRIBUTE = re.compile(r"""\s+([^\s=>"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
LANGUAGE = "language-"


@dataclass(frozen=True, slots=True)
class Formatted:
    """Text as the reader sees it; entity offsets and lengths in UTF-16 units."""

    text: str
    entities: tuple[Json, ...] = ()


@dataclass(slots=True)
class _Open:
    tag: str
    offset: int
    pieces: int
    attributes: dict[str, str] = field(default_factory=dict)
    language: str = ""


def units(text: str) -> int:
    """Length in UTF-16 code units, the way Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(source: str) -> Formatted:
    """Parse `source`; Refusal 400 "can't parse entities: …" on anything Telegram would refuse."""
    parser = _Parser(source)
    parser.run()
    return trim("".join(parser.text), sorted(parser.entities, key=lambda entity: (entity["offset"], -entity["length"])))


def trim(text: str, entities: list[Json]) -> Formatted:
    """Cut white space at both ends (in front only up to the first entity) and move the entities along."""
    protected = entities[0]["offset"] if entities else units(text)
    lead = min(len(text) - len(text.lstrip(" \n")), protected)
    kept = text[lead:].rstrip()
    end = units(kept)
    moved = (
        {**e, "offset": e["offset"] - lead, "length": min(e["length"], end - e["offset"] + lead)} for e in entities
    )
    return Formatted(kept, tuple(entity for entity in moved if entity["length"] > 0))


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.text: list[str] = []
        self.length = 0
        self.entities: list[Json] = []
        self.stack: list[_Open] = []

    def run(self) -> None:
        at = 0
        while mark := MARK.search(self.source, at):
            self._say(self.source[at : mark.start()])
            if mark[0] == "<":
                at = self._tag(mark.start())
            else:
                self._say(_character(mark))
                at = mark.end()
        self._say(self.source[at:])
        if self.stack:
            raise _cannot(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')

    def _say(self, text: str) -> None:
        self.text.append(text)
        self.length += units(text)

    def _tag(self, start: int) -> int:
        closing = self.source.startswith("</", start)
        name_at = start + 1 + closing
        name_match = re.compile(r"[^\s>]*").match(self.source, name_at)
        name = name_match[0].lower() if name_match else ""
        if not closing and name not in TAGS:
            raise _cannot(f'Unsupported start tag "{name}" at byte offset {self._bytes(start)}')
        at, attributes = self._attributes(name_at + len(name), start, "end" if closing else "start")
        if closing:
            self._close(name, start)
        else:
            self._open(name, attributes, start)
        return at

    def _attributes(self, at: int, start: int, kind: str) -> tuple[int, dict[str, str]]:
        found: dict[str, str] = {}
        while match := ATTRIBUTE.match(self.source, at):
            found[match[1].lower()] = _unquoted(match[2] or "")
            at = match.end()
        end = re.compile(r"\s*>").match(self.source, at)
        if end is None:
            raise _cannot(f"Unclosed {kind} tag at byte offset {self._bytes(start)}")
        return end.end(), found

    def _open(self, name: str, attributes: dict[str, str], start: int) -> None:
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _cannot(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(start)}')
        self.stack.append(_Open(name, self.length, len(self.text), attributes))

    def _close(self, name: str, start: int) -> None:
        if not self.stack:
            raise _cannot(f"Unexpected end tag at byte offset {self._bytes(start)}")
        opened = self.stack.pop()
        if opened.tag != name:
            raise _cannot(
                f'Unmatched end tag at byte offset {self._bytes(start)}, expected "</{opened.tag}>", found "</{name}>"'
            )
        self._keep(opened)

    def _keep(self, opened: _Open) -> None:
        """Note the entity, unless it sits where Telegram drops it: inside code or pre, or a quote in a quote."""
        around = {outer.tag for outer in self.stack}
        length = self.length - opened.offset
        if opened.tag == "code" and self.stack and self.stack[-1].tag == "pre":
            self.stack[-1].language = opened.attributes.get("class", "").removeprefix(LANGUAGE)
        if around & {"code", "pre"} or (opened.tag == "blockquote" and "blockquote" in around) or not length:
            return
        kind = _kind(opened, "".join(self.text[opened.pieces :]))
        if kind:
            self.entities.append({**kind, "offset": opened.offset, "length": length})

    def _bytes(self, at: int) -> int:
        return len(self.source[:at].encode())


def _kind(opened: _Open, inner: str) -> Json | None:
    attributes = opened.attributes
    match opened.tag:
        case "a":
            url = attributes.get("href") or inner
            return {"type": "text_link", "url": url} if re.match(r"(https?|tg|ton|mailto|tel):", url) else None
        case "span":
            return {"type": "spoiler"}
        case "blockquote":
            return {"type": "expandable_blockquote" if "expandable" in attributes else "blockquote"}
        case "pre":
            return {"type": "pre", **({"language": opened.language} if opened.language else {})}
        case "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
        case "tg-time":
            return _time(attributes)
    return {"type": SIMPLE_TAGS[opened.tag]}


def _time(attributes: dict[str, str]) -> Json:
    if not attributes.get("unix", "").isdigit():
        raise _cannot('Tag "tg-time" must have attribute "unix"')
    entity: Json = {"type": "date_time", "unix_time": int(attributes["unix"])}
    if attributes.get("format"):
        entity["date_time_format"] = attributes["format"]
    return entity


def _character(mark: re.Match[str]) -> str:
    if mark["name"]:
        return NAMED[mark["name"]]
    code = int(mark["decimal"]) if mark["decimal"] else int(mark["hex"], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else mark[0]


def _unquoted(value: str) -> str:
    bare = value[1:-1] if value[:1] in {'"', "'"} else value
    return MARK.sub(lambda mark: mark[0] if mark[0] == "<" else _character(mark), bare)


def _cannot(reason: str) -> Exception:
    return bad(f"can't parse entities: {reason}")
