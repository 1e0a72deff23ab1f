"""Everything the bot says to Telegram, one method a thing; errors leave as `bot.errors`, the token never does."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from aiohttp import ClientSession
from pydantic import SecretStr
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ChatAction, ChatMemberStatus, ParseMode
from telegram.error import TelegramError

from bot.chat.telegram.errors import Needless, translate
from bot.chat.telegram.floods import Floods
from bot.chat.telegram.incoming import BotIdentity
from bot.chat.telegram.menus import MENU_LANGUAGES, SCOPES, Menu
from bot.chat.telegram.request import AiohttpRequest
from bot.chat.telegram.uploads import document, media, photo
from bot.errors import DeliveryError, NotSent
from bot.model import DATA_BYTES, Button, ChatKind, Destination, FoundChat, Message

WANTED_UPDATES = '["message","callback_query","my_chat_member"]'
BATCH = 100
LONGEST_TOAST = 200
_ADMINISTRATORS = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
Result = TypeVar("Result")


class Gateway:
    """One bot at one Bot API server. Every method raises DeliveryError; see `translate` for which one when."""

    def __init__(
        self,
        token: SecretStr,
        api_url: str,
        session: ClientSession | None = None,
        *,
        patience: timedelta = timedelta(seconds=10),
    ) -> None:
        """`patience`: how long an answer may take before the call counts as perhaps delivered."""
        self._token = token
        self._address = f"{api_url.rstrip('/')}/bot"
        self._request = AiohttpRequest(session, patience.total_seconds())
        self._bot = Bot(
            token.get_secret_value(), base_url=self._address, request=self._request, get_updates_request=self._request
        )
        self._floods = Floods()

    async def close(self) -> None:
        """Closes its own connections; a session given from outside stays open."""
        await self._request.shutdown()

    async def me(self) -> BotIdentity:
        """Who this bot is; the proof that the token is right."""
        user = await self._call(self._bot.get_me)
        return BotIdentity(user_id=user.id, username=user.username or "", name=user.first_name)

    async def send(self, destination: Destination, message: Message, *, reply_to: int | None = None) -> int:
        """Sends as HTML without link previews; the new message's id. Raises OSError for a file that is not there."""
        how: dict[str, Any] = {
            "parse_mode": ParseMode.HTML,
            "message_thread_id": destination.thread_id,
            "disable_notification": message.silent,
            "reply_parameters": reply_to and ReplyParameters(reply_to, allow_sending_without_reply=True),
            "reply_markup": _keyboard(message.buttons),
        }
        if message.picture is not None:
            how |= photo(message.picture)
            sent = await self._call(self._bot.send_photo, destination, caption=str(message.text), **how)
        elif message.file is not None:
            async with document(message.file) as content:
                how |= content
                sent = await self._call(self._bot.send_document, destination, caption=str(message.text), **how)
        else:
            how |= {"link_preview_options": _NO_PREVIEW}
            sent = await self._call(self._bot.send_message, destination, text=str(message.text), **how)
        return int(sent.message_id)

    async def edit(self, destination: Destination, message_id: int, message: Message) -> None:
        """Rewrites a message; safe to repeat. Raises MessageGone when there is nothing (left) to rewrite like this.

        A picture may take the place of words or of another picture; words cannot take the place of a picture.
        """
        how: dict[str, Any] = {"message_id": message_id, "reply_markup": _keyboard(message.buttons)}
        with suppress(Needless):
            if message.picture is not None:
                await self._call(self._bot.edit_message_media, destination, **how, **media(message))
            else:
                how |= {"text": str(message.text), "parse_mode": ParseMode.HTML, "link_preview_options": _NO_PREVIEW}
                await self._call(self._bot.edit_message_text, destination, **how)

    async def take_buttons(self, destination: Destination, message_id: int) -> None:
        """Leaves a message without its buttons; one that has none is no error."""
        with suppress(Needless):
            await self._call(self._bot.edit_message_reply_markup, destination, message_id=message_id)

    async def answer_press(self, press_id: str, text: str | None = None, *, alert: bool = False) -> None:
        """Ends the wait on a pressed button, perhaps with a toast or an alert; a press too old is no error."""
        with suppress(Needless):
            toast = text and text[:LONGEST_TOAST]
            await self._call(self._bot.answer_callback_query, callback_query_id=press_id, text=toast, show_alert=alert)

    async def typing(self, destination: Destination) -> None:
        """Shows "typing…" for about five seconds."""
        await self._call(
            self._bot.send_chat_action,
            destination,
            action=ChatAction.TYPING,
            message_thread_id=destination.thread_id,
        )

    async def updates(self, offset: int | None, *, wait: timedelta) -> list[dict[str, Any]]:
        """Raw updates from `offset` on, after `wait` at most; asking confirms everything below `offset`."""
        fields = {
            "timeout": str(int(wait.total_seconds())),
            "limit": str(BATCH),
            "allowed_updates": WANTED_UPDATES,
        } | ({} if offset is None else {"offset": str(offset)})
        batch = await self._ask("getUpdates", fields, wait)
        return [update for update in batch if isinstance(update, dict) and isinstance(update.get("update_id"), int)]

    async def leave(self, chat_id: int) -> None:
        """Walks out of a group."""
        await self._call(self._bot.leave_chat, Destination(chat_id=chat_id))

    async def find_channel(self, name: str, user_id: int) -> FoundChat:
        """The chat of this @name or id. Raises DeliveryError when there is none, or the bot is not in it."""
        chat = await self._ask("getChat", {"chat_id": name})
        chat_id = int(chat["id"])
        me = await self._member(chat_id, (await self.me()).user_id)
        is_mine = me.get("status") in _ADMINISTRATORS and bool(me.get("can_post_messages"))
        return FoundChat(
            chat_id=chat_id,
            kind=ChatKind(chat["type"]),
            title=str(chat.get("title", "")),
            is_mine=is_mine,
            # Only to an administrator Telegram tells who the others are.
            is_theirs=is_mine and await self.is_administrator(chat_id, user_id),
        )

    async def is_administrator(self, chat_id: int, user_id: int) -> bool:
        """Whether a person administers a group or channel."""
        return (await self._member(chat_id, user_id)).get("status") in _ADMINISTRATORS

    async def _member(self, chat_id: int, user_id: int) -> dict[str, Any]:
        # Asked raw: the library insists on every right of the newest server.
        member = await self._ask("getChatMember", {"chat_id": str(chat_id), "user_id": str(user_id)})
        return member if isinstance(member, dict) else {}

    async def _ask(self, method: str, fields: Mapping[str, str], wait: timedelta = timedelta()) -> Any:
        """The raw answer, past the library's types."""
        url = f"{self._address}{self._token.get_secret_value()}/{method}"
        return await self._call(self._request.call, url=url, fields=fields, wait=wait.total_seconds())

    async def set_menu(self, menus: Sequence[Menu]) -> None:
        """Sets the command menu of each scope and language given and empties every other one this bot may have had."""
        for menu in menus:
            commands = [BotCommand(name, description) for name, description in menu.commands]
            await self._call(
                self._bot.set_my_commands, commands=commands, scope=SCOPES[menu.scope], language_code=menu.language
            )
        given = {(menu.scope, menu.language) for menu in menus}
        for scope, language in sorted({(scope, language) for scope in SCOPES for language in MENU_LANGUAGES} - given):
            await self._call(self._bot.delete_my_commands, scope=SCOPES[scope], language_code=language)

    async def set_chat_menu(self, destination: Destination, commands: Sequence[tuple[str, str]]) -> None:
        """The command menu of one chat, the same to people of every language."""
        listed = [BotCommand(name, description) for name, description in commands]
        scope = BotCommandScopeChat(destination.chat_id)
        for language in MENU_LANGUAGES:
            await self._call(self._bot.set_my_commands, commands=listed, scope=scope, language_code=language)

    async def set_webhook(self, url: str, secret: str) -> None:
        """Updates are posted there from now on, also those that wait."""
        await self._call(
            self._bot.set_webhook,
            url=url,
            secret_token=secret,
            allowed_updates=json.loads(WANTED_UPDATES),
            drop_pending_updates=False,
        )

    async def delete_webhook(self) -> None:
        """Makes polling possible; waiting updates are kept."""
        await self._call(self._bot.delete_webhook, drop_pending_updates=False)

    async def _call(
        self, method: Callable[..., Awaitable[Result]], destination: Destination | None = None, **arguments: Any
    ) -> Result:
        if destination is not None:
            arguments["chat_id"] = destination.chat_id
        try:
            return await method(**arguments)
        except TelegramError as error:
            raise self._translated(error, destination) from None

    def _translated(self, error: TelegramError, destination: Destination | None) -> DeliveryError:
        translated = translate(error, in_topic=destination is not None and destination.thread_id is not None)
        if isinstance(translated, NotSent) and not translated.everybody:
            now = asyncio.get_running_loop().time()
            translated.everybody = self._floods.note(destination.chat_id if destination else None, now)
        return translated


def _keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """One button too long would cost the whole message, so it is left out."""
    fitting = [[_button(button) for button in row if _fits(button)] for row in rows]
    shown = [row for row in fitting if row]
    return InlineKeyboardMarkup(shown) if shown else None


def _fits(button: Button) -> bool:
    return len((button.data or "").encode()) <= DATA_BYTES


def _button(button: Button) -> InlineKeyboardButton:
    copied = None if button.copy is None else CopyTextButton(button.copy)
    return InlineKeyboardButton(button.text, callback_data=button.data, copy_text=copied)
