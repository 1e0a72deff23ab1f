"""What a command may use to find its answer, and the place a request came from as the store knows it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.charts import Charts
from bot.chat.access import Decision, Verdict
from bot.chat.telegram import BotIdentity
from bot.digests import Digests
from bot.epay import Check, Filter, Reading
from bot.incidents import Incidents
from bot.model import Calendar, ChatKind, Destination, FoundChat, Merchant, MerchantId, Request, Right, Window
from bot.rules.unusual_volume import UnusualVolume
from bot.store import chats
from bot.store.driver import Store
from bot.texts import Voice, Voices
from bot.views import Sight


class Bank(Protocol):
    """One merchant's bank, as far as a look-up needs it. Raises SourceError."""

    async def read(self, window: Window, *filters: Filter) -> Reading: ...

    async def check(self, invoice_id: str, terminal_uuid: str) -> Check: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The collaborators of every command.

    `zone` is for chats that have chosen none; a live answer of the bank is waited for no longer than `patience`.
    Where that takes longer than `prompt` the stored answer comes first.
    A business day begins at `day_starts` on the clock of the chat; its digest comes at `digest_at` unless it chose.
    `listed`: names and English descriptions of the commands of a kind of chat; `show_menu` makes those given, with
    their translations, the menu of one chat. A file may have `upload_limit` bytes.
    `volume`: the settings of the rule of that name. `me`: who this bot is at Telegram; `find_channel`: a chat
    by name or id, and whether this person administers it.
    `merchants` and `clients`, `sight` of payers and the `rights` depend on who asks: see `narrowed`.
    """

    store: Store
    clients: Mapping[MerchantId, Bank]
    merchants: tuple[Merchant, ...]
    voices: Voices
    now: Callable[[], datetime]
    version: str
    started_at: datetime
    zone: ZoneInfo
    listed: Callable[[ChatKind], Sequence[tuple[str, str]]]
    incidents: Incidents
    show_menu: Callable[[Destination, Sequence[tuple[str, str]]], Awaitable[None]]
    me: Callable[[], Awaitable[BotIdentity]]
    find_channel: Callable[[str, int], Awaitable[FoundChat]]
    charts: Charts
    upload_limit: int = 49_000_000
    patience: timedelta = timedelta(seconds=8)
    prompt: timedelta = timedelta(milliseconds=1200)
    day_starts: time = time()
    volume: UnusualVolume = field(default_factory=UnusualVolume)
    digest_at: time = time(9)
    sight: Sight = Sight.MASKED
    rights: Mapping[MerchantId, frozenset[Right]] = field(default_factory=dict)

    def narrowed(self, decision: Decision, listed: Callable[[ChatKind], Sequence[tuple[str, str]]]) -> "Desk":
        """The desk of somebody who may see so much: what is not theirs is not there at all."""
        merchants = tuple(one for one in self.merchants if one.id in decision.merchants)
        return replace(
            self,
            merchants=merchants,
            clients={one.id: self.clients[one.id] for one in merchants if one.id in self.clients},
            sight=Sight.FULL if decision.verdict is Verdict.ALLOWED else Sight.MASKED,
            rights={one.id: decision.rights[one.id] for one in merchants},
            listed=listed,
        )

    @property
    def totals(self) -> bool:
        """Whether sums over everything here may be told."""
        return len(self.list_with(Right.FIGURES)) == len(self.merchants)

    def list_with(self, right: Right) -> tuple[Merchant, ...]:
        """The merchants of which who asks has this right here."""
        return tuple(one for one in self.merchants if right in self.rights.get(one.id, ()))

    def calendar(self, chat: Destination) -> Calendar:
        """How this chat's days, weeks and months are cut."""
        return Calendar(ZoneInfo(chat.timezone), self.day_starts)

    def digests(self) -> Digests:
        """The summaries of those merchants whose figures may be told."""
        return Digests(self.list_with(Right.FIGURES), day_starts=self.day_starts, now=self.now)

    def voice(self, chat: Destination) -> Voice:
        """How this chat is spoken to."""
        return self.voices.voice(chat.language, chat.timezone)

    def default_voice(self, language: str | None) -> Voice:
        """How a chat that has chosen nothing is spoken to, in `language` if there is a catalogue for it."""
        return self.voices.voice(language, self.zone.key)


async def place(request: Request, desk: Desk) -> Request:
    """The request with its chat's language, zone and state: a topic unknown to the store reads like its chat."""
    chat = request.chat
    known = await desk.store.read(chats.find_destination, chat.chat_id, chat.thread_id)
    if known is None and chat.thread_id is not None:
        known = await desk.store.read(chats.find_destination, chat.chat_id, None)
    if known is None:
        voice = desk.default_voice(request.user_language if chat.kind is ChatKind.PRIVATE else None)
        return replace(request, chat=replace(chat, language=voice.language, timezone=desk.zone.key))
    if chat.kind is ChatKind.PRIVATE and request.user_name and known.title != request.user_name:
        await desk.store.write(chats.learn_name, known.chat_id, request.user_name)
    settled = replace(chat, language=known.language, timezone=known.timezone, disabled_reason=known.disabled_reason)
    if chat.kind is ChatKind.PRIVATE and not known.language_chosen and request.user_language:
        settled = replace(settled, language=await _own_language(request, known, desk))
    return replace(request, chat=settled)


async def _own_language(request: Request, known: Destination, desk: Desk) -> str:
    """The language of the person's Telegram, kept so that what is sent unasked speaks it too."""
    own = desk.default_voice(request.user_language).language
    if own != known.language:
        await desk.store.write(chats.learn_language, known.chat_id, own)
    return own
