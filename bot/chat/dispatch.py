"""From what came in to what is done: who asks, which command, what it answers, where the answer goes."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from bot import views
from bot.chat.access import Refusals, Verdict
from bot.chat.buttons import unpack
from bot.chat.commands import Command, find_command, list_commands
from bot.chat.desk import Desk, place
from bot.chat.door import Admitted, Door
from bot.chat.errands import Continued, Errands
from bot.chat.membership import Membership
from bot.chat.replies import PAUSE, Replies
from bot.chat.telegram import MENU_LANGUAGES, BotMembership, ChatMoved, Gateway, Incoming, Menu, MenuScope
from bot.errors import DeliveryError, StoreError, Unclear, UsageError
from bot.model import AuditEntry, ChatKind, Destination, Message, Request, Right, Toast
from bot.store import audit, chats
from bot.texts import Voice

log = logging.getLogger(__name__)

A_MOMENT = timedelta(milliseconds=700)
TYPING_LASTS = timedelta(seconds=4)
_SCOPES: dict[MenuScope, ChatKind] = {"private": ChatKind.PRIVATE, "groups": ChatKind.GROUP}


class Dispatch:
    """Handles what comes in, side by side for several chats; the caller keeps the order inside one.

    `moment` is how long a question may take before "typing" is shown, `pause` the wait before an answer is tried again.
    """

    def __init__(
        self,
        desk: Desk,
        gateway: Gateway,
        commands: Sequence[Command],
        *,
        moment: timedelta = A_MOMENT,
        pause: timedelta = PAUSE,
    ) -> None:
        self._desk = desk
        self._gateway = gateway
        self._commands = commands
        self._moment = moment
        self._replies = Replies(gateway, desk.store, now=desk.now, pause=pause)
        self._refusals = Refusals()
        self._membership = Membership(desk, gateway.send)
        self._door = Door(desk, commands, gateway.is_administrator)
        self.errands = Errands(self._replies, self._excuse)

    def menus(self) -> Sequence[Menu]:
        """The command menu of private chats and of groups in every language."""
        voices = {language: self._desk.default_voice(language) for language in MENU_LANGUAGES}
        return [
            Menu(scope=scope, language=language, commands=_commands(list_commands(kind), voice))
            for scope, kind in _SCOPES.items()
            for language, voice in voices.items()
        ]

    async def handle(self, incoming: Incoming) -> None:
        """Raises StoreError; what Telegram refuses is logged and over."""
        store = self._desk.store
        match incoming:
            case ChatMoved():
                await store.write(chats.move_chat, incoming.old_chat_id, incoming.new_chat_id)
            case BotMembership():
                await self._membership.handle(incoming)
            case Request():
                await self._meet(await unpack(await place(incoming, self._desk), store))

    async def slow_down(self, request: Request) -> None:
        """Says once to somebody who asks too much that not everything is answered."""
        if request.press_id is not None or request.chat.kind is ChatKind.PRIVATE:
            error = UsageError("You ask faster than I can answer; some of it is left out. Please wait a moment")
            await self._decline(await place(request, self._desk), error)

    async def _meet(self, request: Request) -> None:
        command = find_command(self._commands, request)
        admitted = await self._door.admit(request, command)
        if admitted.decision.verdict is not Verdict.REFUSED:
            await self._serve(request, command, admitted)
        elif admitted.decision.circle and command is not None:
            await self._note(request, command, admitted, refused=True)
            error = UsageError("Your role, or this chat, does not allow that. /help shows what you can ask here")
            if admitted.administrators:
                error = UsageError("Only administrators of this group who hold a role here may change that")
            await self._decline(request, error)
        elif request.press_id is not None:
            await self._replies.settle(request, self._desk.voice(request.chat).plain("These buttons are not for you"))
        elif request.chat.kind is ChatKind.PRIVATE and self._refusals.is_due(request.user_id, self._desk.now()):
            log.info("user %s is not known and was told so", request.user_id)
            await self._replies.give(request, views.private_bot(self._desk.voice(request.chat)))

    async def _decline(self, request: Request, error: UsageError) -> None:
        """Says no, to who pressed alone or below the question."""
        message = views.error_message(error, self._desk.voice(request.chat))
        if request.press_id is not None:
            await self._replies.settle(request, message.text.unescape())
        else:
            await self._replies.give(request, message)

    async def _serve(self, request: Request, command: Command | None, admitted: Admitted) -> None:
        if request.chat.disabled_reason is not None:
            await self._desk.store.write(chats.set_chat_disabled, request.chat.chat_id, None, self._desk.now())
        if command is not None:
            await self._give(request, await self._answer(request, command, admitted))
        elif request.press_id is not None:
            toast = self._desk.voice(request.chat).plain("This button is from another time; please ask again")
            await self._replies.settle(request, toast)
        elif request.chat.kind is ChatKind.PRIVATE:
            error = UsageError("I do not understand that. Send an invoice number, or /help to see what I can do")
            await self._replies.give(request, views.error_message(error, self._desk.voice(request.chat)))

    async def _give(self, request: Request, answer: Message | Continued | Toast | None) -> None:
        if answer is None:
            await self._replies.settle(request)
        elif isinstance(answer, Message):
            await self._replies.give(request, answer)
        elif isinstance(answer, Toast):
            await self._replies.settle(request, answer.text, alert=not answer.passing)
        elif answer.alone and self.errands.is_out(request):
            await self._replies.give(request, self._excuse(request, answer.alone))
        else:
            await self.errands.answer(request, answer)

    async def _answer(
        self, request: Request, command: Command, admitted: Admitted
    ) -> Message | Continued | Toast | None:
        """The command's answer, or what went wrong."""
        typing = asyncio.create_task(self._typing(request.chat))
        try:
            answer = await command.answer(request, admitted.desk)
        except Exception as error:
            return self._excuse(request, error)
        else:
            if command.right is Right.KEY and answer is not None:
                admitted = await self._welcome(request)
            await self._note(request, command, admitted)
            return answer
        finally:
            typing.cancel()

    async def _welcome(self, request: Request) -> Admitted:
        """What a key has brought: the person's own menu, and what may be seen from now on."""
        admitted = await self._door.admit(request, None)
        kind = request.chat.kind
        if kind is ChatKind.PRIVATE:
            voice = self._desk.voice(request.chat)
            with suppress(DeliveryError):
                await self._gateway.set_chat_menu(request.chat, _commands(admitted.desk.listed(kind), voice))
        return admitted

    async def _note(self, request: Request, command: Command, admitted: Admitted, *, refused: bool = False) -> None:
        """Keeps who asked what; an answer does not wait for a store that cannot write."""
        if command.audit is None:
            return
        entry = AuditEntry(
            at=self._desk.now(),
            user_id=request.user_id,
            user_name=request.user_name,
            chat_id=request.chat.chat_id,
            command=command.name,
            words="" if refused else " ".join(command.audit(request.arguments)),
            refused=refused,
            merchants=admitted.decision.circle if refused else admitted.decision.merchants,
        )
        try:
            await self._desk.store.write(audit.note, entry)
        except StoreError as error:
            log.error("/%s of user %s is not in the audit: %s", command.name, request.user_id, error)  # noqa: TRY400

    def _excuse(self, request: Request, error: Exception) -> Message:
        """What went wrong in words; what is not the person's to mend with a code that is in the log."""
        if not isinstance(error, UsageError):
            code = secrets.token_hex(3)
            log.error("/%s failed, code %s", request.command, code, exc_info=error)
            error = UsageError("Something went wrong on my side. Please try again; in the log it is {code}", code=code)
        if isinstance(error, Unclear):
            error = error.within(" ".join(request.arguments))
        return views.error_message(error, self._desk.voice(request.chat), request.command)

    async def _typing(self, destination: Destination) -> None:
        pause = self._moment
        while True:
            await asyncio.sleep(pause.total_seconds())
            with suppress(DeliveryError):
                await self._gateway.typing(destination)
            pause = TYPING_LASTS


def _commands(commands: Sequence[tuple[str, str]], voice: Voice) -> tuple[tuple[str, str], ...]:
    return tuple((name, voice.plain(description)) for name, description in commands)
