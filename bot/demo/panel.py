"""Behind the scenes of the demo: what the page may do to time and to the bank, and what both sides did lately."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack
from zoneinfo import ZoneInfo

from bot.demo.bank import BankMerchant, BankTerminal, Fault, RowDetails, SimulatedBank, World
from bot.demo.clock import DemoClock
from bot.demo.logbook import Entry, fold
from bot.demo.telegram import BotApi

ZONE = ZoneInfo("Asia/Almaty")
SPEEDS = (1, 60)
MORNING = 9
REASONS = (458, 484, 462, 455, 529)
EARLIER = timedelta(seconds=6)  # real ones
HOUR = timedelta(hours=1)
TROUBLE = timedelta(minutes=30)
SILENCE = timedelta(hours=2)
SHARE = 0.9
FACTOR = 10
AT_ONCE = 3
BURST = 25
OUTAGES = {
    "none": None,
    "cut": Fault.reset(),
    "html": Fault.bad_gateway_html(),
    "busy": Fault.maintenance(retry_after="3"),
    "slow": Fault.slow_headers(8.0),
}
HOSTILE = {
    "html": (528, '<script>alert(1)</script><b>bold</b> & "quotes"'),
    "rtl": (462, "\u202eright to left\u202c مرفوض"),
    "formula": (529, '=HYPERLINK("http://example.com";"x")'),
}
UNSPOKEN = frozenset({"getUpdates", "getMe"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen beside the button: a terminal, a reason code, and the value of the button itself."""

    terminal: BankTerminal
    reason: int
    value: str


class DemoPanel:
    """Does what the page's buttons say, to one merchant's terminals, and shows the state of it all as JSON."""

    def __init__(self, clock: DemoClock, world: World, bank: SimulatedBank, api: BotApi) -> None:
        self._clock = clock
        self._world = world
        self._bank = bank
        self._api = api
        self._outage = "none"
        self._weather: dict[str, tuple[str, datetime]] = {}
        self._acts: Mapping[str, Callable[[Wish], None]] = {
            "speed": self._speed,
            "tomorrow": self._tomorrow,
            "fail_one": self._fail_one,
            "fail": self._fail,
            "silence": self._silence,
            "spike": self._spike,
            "late": self._late,
            "hostile": self._hostile,
            "outage": self._set_outage,
            "calm": self._calm,
        }

    @property
    def merchant(self) -> BankMerchant:
        """Whose terminals these are."""
        return self._world.merchants[0]

    def look(self) -> dict[str, Any]:
        """Changes only when something does: the page counts the clock on by itself."""
        now = self._clock()
        hour = [row.at(now) for row in self._world.ledger(self.merchant.id).between(now - HOUR, now)]
        return {
            "clock": {
                "since": round(self._clock.since.timestamp() * 1000),
                "real_since": round(self._clock.real_since.timestamp() * 1000),
                "speed": self._clock.speed,
                "zone": ZONE.key,
            },
            "speeds": SPEEDS,
            "terminals": [
                {"id": one.tid, "name": one.name, "weather": self._weather_of(one, now)}
                for one in self.merchant.terminals
            ],
            "reasons": REASONS,
            "outages": list(OUTAGES),
            "outage": self._outage,
            "hostile": list(HOSTILE),
            "facts": {"hour": len(hour), "failed": sum(row.outcome == "failed" for row in hour)},
            "received": fold(self._received()),
            "sent": fold(self._sent()),
        }

    async def act(self, name: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Raises KeyError or ValueError for what is not on the panel."""
        first = self.merchant.terminals[0]
        _, terminal = self._world.get_terminal(str(wish.get("terminal") or first.tid))
        chosen = Wish(terminal, int(wish.get("reason") or REASONS[0]), str(wish.get("value", "")))
        self._acts[name](chosen)
        return {"said": name, "values": {"terminal": terminal.name, "value": chosen.value}}

    def _speed(self, wish: Wish) -> None:
        self._clock.run(float(wish.value))

    def _tomorrow(self, _: Wish) -> None:
        """Just before the hour: what is due then finds the night already read."""
        self._clock.leap_to(self._clock.next_day(MORNING, ZONE) - min(EARLIER * self._clock.speed, HOUR))

    def _fail_one(self, wish: Wish) -> None:
        self._failed(wish)

    def _fail(self, wish: Wish) -> None:
        """A few at once, for a person who does not want to wait for the next payer."""
        for _ in range(AT_ONCE):
            self._failed(wish)
        until = self._begin(wish, "fail", TROUBLE)
        self._world.fail_terminal(wish.terminal.tid, SHARE, wish.reason, until)

    def _silence(self, wish: Wish) -> None:
        self._world.silence(wish.terminal.tid, self._begin(wish, "silence", SILENCE))

    def _spike(self, wish: Wish) -> None:
        for number in range(BURST):
            created_at = self._clock() - timedelta(seconds=number)
            self._world.add(self.merchant.id, wish.terminal.tid, 4_900 + 100 * number, created_at=created_at)
        self._world.spike(wish.terminal.tid, FACTOR, self._begin(wish, "spike", TROUBLE))

    def _late(self, wish: Wish) -> None:
        now = self._clock()
        for minutes in (10, 15, 20):
            at = now - timedelta(minutes=minutes)
            self._world.add(self.merchant.id, wish.terminal.tid, 7_500, created_at=at, visible_at=now)
        self._failed(wish, created_at=now - timedelta(minutes=12), visible_at=now)

    def _hostile(self, wish: Wish) -> None:
        """Each with a code of its own: in an incident of one payment the bank's own words are shown."""
        code, text = HOSTILE[wish.value]
        self._failed(wish, reason_code=code, reason=text, name=text, description=text)

    def _set_outage(self, wish: Wish) -> None:
        self._bank.faults.always("any", OUTAGES[wish.value])
        self._outage = wish.value

    def _calm(self, _: Wish) -> None:
        for terminal in self.merchant.terminals:
            self._world.calm(terminal.tid)
        self._weather.clear()
        self._bank.faults.always("any", None)
        self._outage = "none"

    def _failed(self, wish: Wish, **details: Unpack[RowDetails]) -> None:
        given: RowDetails = {"outcome": "failed", "reason_code": wish.reason, "created_at": self._clock()}
        given.update(details)
        self._world.add(self.merchant.id, wish.terminal.tid, 25_000, **given)

    def _begin(self, wish: Wish, weather: str, span: timedelta) -> datetime:
        """The bank's own time moves with requests; what begins now must not begin at the last of them."""
        self._world.advance_to(self._clock())
        until = self._clock() + span
        self._weather[wish.terminal.tid] = weather, until
        return until

    def _weather_of(self, terminal: BankTerminal, now: datetime) -> str:
        weather, until = self._weather.get(terminal.tid, ("", now))
        return weather if now < until else ""

    def _received(self) -> Iterator[Entry]:
        for seen in reversed(self._bank.requests):
            yield Entry(seen.at, f"{seen.method} {seen.path}", seen.status, seen.fault)

    def _sent(self) -> Iterator[Entry]:
        for call in reversed(self._api.calls):
            if call.method not in UNSPOKEN:
                chat = self._api.chats.get(call.chat_id or 0)
                yield Entry(call.at, call.method, call.status or 0, chat.title if chat else "")
