"""What a call asks a message to contain: text, keyboard, file; checked as strictly as Telegram does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from bot.demo.telegram.calls import Call, Part
from bot.demo.telegram.entities import detect
from bot.demo.telegram.html import Formatted, parse, trim, units
from bot.demo.telegram.records import Chat, Content, Upload
from bot.demo.telegram.refusal import Json, Refusal, bad
from bot.demo.telegram.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_CALLBACK_DATA = 64
MAX_COPY_TEXT = 256
MAX_BUTTONS = 100
ATTACHED = "attach://"


def text_content(call: Call, chat: Chat) -> Content:
    """The content of sendMessage and editMessageText."""
    formatted = _formatted(call.values, call.text("text"), call.structure("entities"))
    if not formatted.text:
        raise bad("message text is empty")
    if units(formatted.text) > MAX_TEXT:
        raise bad("message is too long")
    return Content(formatted.text, formatted.entities, markup=markup(call, chat))


def media_content(call: Call, chat: Chat, media: Upload) -> Content:
    """A file with the call's caption."""
    formatted = caption(call.values, call.structure("caption_entities"))
    return Content(formatted.text, formatted.entities, media, markup(call, chat))


def caption(values: Mapping[str, Any], entities: list[Json] | None = None) -> Formatted:
    """The caption among `values`, parsed; Refusal 400 over 1024 units."""
    formatted = _formatted(values, str(values.get("caption") or ""), entities)
    if units(formatted.text) > MAX_CAPTION:
        raise bad("message caption is too long")
    return formatted


def _formatted(values: Mapping[str, Any], text: str, entities: list[Json] | None) -> Formatted:
    mode = str(values.get("parse_mode") or "").lower()
    if mode not in {"", "html"}:
        raise bad("unsupported parse_mode")
    return detect(parse(text) if mode else trim(text, entities or []))


def markup(call: Call, chat: Chat) -> Json | None:
    """The `reply_markup`, its inline buttons checked."""
    given = call.structure("reply_markup")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad("object expected as reply markup")
    buttons = [button for row in given.get("inline_keyboard", []) for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_button(button, chat)
    return given if buttons or "inline_keyboard" not in given else None


def _check_button(button: Json, chat: Chat) -> None:
    if not str(button.get("text", "")).strip():
        raise bad("can't parse inline keyboard button: button text must be non-empty")
    data, url, copied = button.get("callback_data"), button.get("url"), button.get("copy_text")
    if data is not None and not 1 <= len(str(data).encode()) <= MAX_CALLBACK_DATA:
        raise bad("BUTTON_DATA_INVALID")
    if url is not None and not re.match(r"(https?|tg|ton)://[^\s/]+", str(url)):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if copied is not None and not 1 <= units(str(copied.get("text", ""))) <= MAX_COPY_TEXT:
        raise bad("BUTTON_COPY_TEXT_INVALID")
    if "web_app" in button and not chat.is_private:
        raise bad("BUTTON_TYPE_INVALID")
    if not set(button) - {"text", "style", "icon_custom_emoji_id"}:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def upload(world: World, call: Call, kind: Literal["photo", "document"], reference: str | None = None) -> Upload:
    """The file a call carries or names: a part of the form, `attach://part`, or a known file id."""
    named = call.text(kind) if reference is None else reference
    part = call.files.get(named.removeprefix(ATTACHED)) if named.startswith(ATTACHED) else None
    if part is None and not named:
        part = call.files.get(kind)
    if part is not None:
        return _keep(world, kind, part)
    known = world.files.get(named)
    if known is None:
        raise bad("wrong file identifier/HTTP URL specified" if named else f"there is no {kind} in the request")
    return known


def _keep(world: World, kind: Literal["photo", "document"], part: Part) -> Upload:
    if not part.data:
        raise bad("file must be non-empty")
    if kind == "photo" and len(part.data) > MAX_PHOTO:
        raise Refusal(413, "Request Entity Too Large")
    return world.keep(kind, part.name, part.mime, part.data)
