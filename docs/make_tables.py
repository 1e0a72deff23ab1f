"""Writes the tables that come from the program into the documents, between their markers: `make docs`.

A text of a person in such a table is kept; with `--check` nothing is written and a stale document is an error.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.config import Settings
from bot.epay.reasons import REASONS
from bot.rules import SECTIONS
from bot.texts import Voices

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.yaml"
DOCUMENTS = ("README.md", "docs/README.ru.md", "docs/runbook.md")
BLOCK = re.compile(r"(<!-- make docs: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
LINE = re.compile(r"^(?P<before>[ ]*(?:#[ ]+|- )?)(?P<name>\"?\w+\"?):(?:[ ]+(?P<shown>.*?))?(?:[ ]+# (?P<text>.*))?$")
UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
PLACEHOLDER = "TID"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `path` as in a problem's path, without the index of a list."""

    path: str
    default: str
    text: str


def list_settings() -> list[Setting]:
    """Every setting a person may write, in the order of the example, with the text that stands beside it there."""
    fields = dict(list_fields(Settings))
    found = []
    for path, shown, text in example_lines():
        field = fields.get(path)
        if field is not None and (text or not _is_section(field)):
            found.append(Setting(path, default_of(field, shown), text))
    return found


def list_fields(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field below a section, with its path; those of the `alerts` section are the rules' own."""
    for name, field in model.model_fields.items():
        path = f"{above}{name}"
        yield path, field
        if path == "alerts":
            for rule, section in SECTIONS.items():
                yield f"alerts.{rule}", FieldInfo(annotation=section, default_factory=dict)
                yield from list_fields(section, f"alerts.{rule}.")
        for part in models_in(field.annotation):
            many = {"tuple": "[]", "dict": f".{PLACEHOLDER}"}.get(_kind(field.annotation), "")
            yield from list_fields(part, f"{path}{many}.")


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The sections inside a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def _kind(annotation: Any) -> str:
    origin = getattr(annotation, "__origin__", annotation)
    return "dict" if "apping" in str(origin) or origin is dict else getattr(origin, "__name__", "")


def _is_section(field: FieldInfo) -> bool:
    return bool(models_in(field.annotation)) or field.annotation == dict[str, dict[str, Any]]


def example_lines() -> Iterator[tuple[str, str, str]]:
    """(path, what is shown, the text beside it) of each line of the example that names a setting."""
    above: list[tuple[int, str]] = []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        named = LINE.match(line)
        if named is None:
            continue
        before, name = named["before"], named["name"].strip('"')
        depth = len(before) - 2 * ("#" in before)
        above = [part for part in above if part[0] < depth]
        if before.endswith("- "):
            above[-1] = (above[-1][0], f"{above[-1][1]}[]")
        name = PLACEHOLDER if name.isdigit() else name
        yield ".".join([*(part[1] for part in above), name]), (named["shown"] or "").strip(), named["text"] or ""
        above.append((depth, name))


def default_of(field: FieldInfo, shown: str) -> str:
    """The default as it would be written in the file, `required` where there is none."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined or isinstance(default, BaseModel):
        return f"`{shown}`" if shown else ""
    return f"`{written(default)}`"


def written(value: Any) -> str:
    """A value in YAML's words."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case timedelta():
            seconds = int(value.total_seconds())
            size, unit = next((one for one in UNITS if seconds % one[0] == 0), UNITS[-1])
            return f"{seconds // size}{unit}"
        case time():
            return f"{value:%H:%M}"
        case tuple() | list() | frozenset():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return "{}"
        case _:
            return str(value)


def settings_table(former: str) -> str:
    """In English the example's own texts."""
    del former
    rows = [f"| `{one.path}` | {one.default} | {cell(one.text)} |" for one in list_settings()]
    return "\n".join(["| setting | default | |", "|---|---|---|", *rows, ""])


def settings_table_ru(former: str) -> str:
    """The texts that stand there already, beside the paths and defaults of now."""
    texts = dict(re.findall(r"^\| `([^`]+)` \|[^|]*\| (.*) \|$", former, re.MULTILINE))
    rows = [
        f"| `{one.path}` | {one.default.replace('required', 'нужно')} | {texts.get(one.path, '')} |"
        for one in list_settings()
    ]
    return "\n".join(["| настройка | по умолчанию | |", "|---|---|---|", *rows, ""])


def reasons_table(former: str) -> str:
    """Every code of the bank in words, and where to read what to do."""
    del former
    voice = Voices("en").voice("en", "Asia/Almaty")
    rows = [
        f"| {code} | {cell(voice.reason(code))} | [{reason.reason_class}](#reason-{reason.reason_class}) "
        f"| {'final' if reason.final else 'may still succeed: looked at again'} |"
        for code, reason in sorted(REASONS.items())
    ]
    return "\n".join(["| code | in words | class | |", "|---|---|---|---|", *rows, ""])


def cell(text: object) -> str:
    """Inside a table a bar is written with a backslash."""
    return str(text).replace("|", "\\|")


TABLES = {"settings": settings_table, "settings_ru": settings_table_ru, "reasons": reasons_table}


def renewed(document: str) -> str:
    """The document with every marked table made anew."""
    return BLOCK.sub(lambda found: found[1] + TABLES[found[2]](found[3]) + found[4], document)


def main(arguments: list[str]) -> int:
    stale = []
    for name in DOCUMENTS:
        path = ROOT / name
        now, then = renewed(before := path.read_text(encoding="utf-8")), before
        if now != then:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(now, encoding="utf-8")
    print("\n".join(f"{name}: {'stale' if '--check' in arguments else 'written'}" for name in stale) or "up to date")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
