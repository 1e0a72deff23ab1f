"""Who asks, where, and what of everything is on the desk for them. Asks the store and Telegram; `access` decides."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.chat.access import Decision, Verdict, decide
from bot.chat.commands.row import Command
from bot.chat.desk import Desk
from bot.errors import DeliveryError
from bot.model import ADMINISTRATORS, ChatKind, Request, Right, Standing
from bot.store import names, people

log = logging.getLogger(__name__)
Administers = Callable[[int, int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Admitted:
    """What was decided about a request, and the desk it is answered at.

    `administrators`: it was refused only since the person does not administer the group.
    """

    decision: Decision
    desk: Desk
    administrators: bool = False


class Door:
    """`administers` tells of a chat and a person whether Telegram lets that person administer it."""

    def __init__(self, desk: Desk, commands: Sequence[Command], administers: Administers) -> None:
        self._desk = desk
        self._commands = commands
        self._administers = administers
        self._merchants = tuple(merchant.id for merchant in desk.merchants)

    async def admit(self, request: Request, command: Command | None) -> Admitted:
        """Decides about a request; with nothing that was understood, whether the person is known here."""
        right = command.right if command else Right.LINKED
        standing = await self._standing(request, right)
        decision = decide(right, standing, request.chat.kind, self._merchants)
        if right is Right.KEY:
            # The key alone tells which merchant it is for.
            return Admitted(decision, self._desk)
        desk = self._desk.narrowed(decision, lambda kind: self._listed(standing, kind))
        desk = replace(desk, merchants=await desk.store.read(names.named, desk.merchants))
        refused = decision.verdict is Verdict.REFUSED
        return Admitted(
            decision, desk, refused and self._may(right, replace(standing, administrator=True), request.chat.kind)
        )

    async def _standing(self, request: Request, right: Right) -> Standing:
        chat = request.chat
        if chat.kind is ChatKind.PRIVATE and chat.chat_id != request.user_id:
            # Telegram sends no such thing: a private chat has the id of its person.
            return Standing()
        standing = await self._desk.store.read(people.standing_of, request.user_id, chat)
        if chat.kind is ChatKind.PRIVATE or right not in ADMINISTRATORS or not standing.roles:
            return standing
        try:
            return replace(standing, administrator=await self._administers(chat.chat_id, request.user_id))
        except DeliveryError as error:
            log.warning("whether user %s administers chat %s is not known: %s", request.user_id, chat.chat_id, error)
            return standing

    def _listed(self, standing: Standing, kind: ChatKind) -> list[tuple[str, str]]:
        """The commands this person may use in such a chat; who administers it is asked when it matters."""
        there = replace(standing, administrator=True)
        return [
            (one.name, one.description)
            for one in self._commands
            if one.listed and kind in one.where
            if self._may(one.right, there, kind)
        ]

    def _may(self, right: Right, standing: Standing, kind: ChatKind) -> bool:
        return decide(right, standing, kind, self._merchants).verdict is not Verdict.REFUSED
