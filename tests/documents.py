"""The documents as a reader meets them: links, headings, and what stands in code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
HISTORY = {"CHANGELOG.md", "DECISIONS.md"}
_BLOCK = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<(?:img|a)\s[^>]*(?:src|href)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """Without blocks of code."""
        return _BLOCK.sub("", self.text)

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """(language, code) of each block."""
        return _BLOCK.findall(self.text)

    @property
    def code(self) -> list[str]:
        """Every span of code, and every line of a block that is none of Python's."""
        lines = [line.strip() for language, block in self.blocks if language != "python" for line in block.splitlines()]
        return [*(span.replace("\\|", "|") for span in _SPAN.findall(self.prose)), *filter(None, lines)]

    @property
    def links(self) -> list[str]:
        return [first or second for first, second in _LINK.findall(_SPAN.sub("", self.prose))]

    @property
    def anchors(self) -> set[str]:
        return {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)}

    def sections(self, level: int) -> dict[str, str]:
        """Headings of one level and what stands below each."""
        parts = re.split(rf"^{'#' * level} (.+)$", self.text, flags=re.MULTILINE)[1:]
        bodies = [re.split(rf"^#{{1,{level}}} ", body, flags=re.MULTILINE)[0] for body in parts[1::2]]
        return dict(zip(parts[::2], bodies, strict=True))

    def table(self, heading: str) -> list[list[str]]:
        """The cells of each row below a heading of the second level."""
        rows = re.findall(r"^\| (.+) \|$", self.sections(2)[heading], re.MULTILINE)
        return [re.split(r" ?(?<!\\)\| ?", row) for row in rows]

    @property
    def quotes(self) -> list[str]:
        """What is quoted, each quotation on a line of its own."""
        return re.findall(r"^\s*(?:\d+\. )?> (.+)$", self.text, re.MULTILINE)


def anchor_of(heading: str) -> str:
    """As the usual viewers make it."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")


def list_documents() -> list[Document]:
    """All that is written for people, CHANGELOG and DECISIONS too."""
    return [Document(path) for path in sorted(_paths())]


def list_present() -> list[Document]:
    """Those that speak of the program as it is now."""
    return [document for document in list_documents() if document.name not in HISTORY]


def document(name: str) -> Document:
    return Document(ROOT / name)


def _paths() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    yield from (ROOT / "docs").rglob("*.md")
    yield from (ROOT / ".github").rglob("*.md")
