"""Every figure a person reads equals the bank's truth to the tiyn.

Seven weeks of two merchants with late rows, changes of status, refunds and a second currency, read by the real ingest
over real sockets. The clocks of Almaty are put back on 2024-03-01: its 29 February has 25 hours. Expectations are
counted here with Decimal, from the rows and from arithmetic of our own.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import aiohttp
import pytest
from clocks import Clock
from databases import open_store
from test_chat_dispatch import TOKEN, Stage, client_of, merchant_of

from bot.config import Polling
from bot.demo.bank import Habits, SimulatedBank, TruthRow, World, default_merchants
from bot.demo.telegram import BotApi
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.rules import Rulebook
from bot.store import people, recount
from bot.texts import Voices
from bot.views import sparkline

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHANGE = datetime(2024, 2, 29, 18, tzinfo=UTC)
START, FIRST_READ, END = (datetime(2024, *day, tzinfo=UTC) for day in ((1, 25), (2, 20), (3, 12)))
DAY_AFTER, IN_THE_DAY = datetime(2024, 3, 1, 11, 30, tzinfo=UTC), datetime(2024, 3, 10, 9, 30, tzinfo=UTC)
HABITS = Habits(fail=0.2, retry=0.6, pending=0.1, non_final=0.03, refund=0.06, disappear=0, late=0.15, twin=0.03)
MERCHANTS = default_merchants(per_day=14)
UNITS = {"KZT": "₸"}
VOICE = Voices().voice("en", "Asia/Almaty")
Rows = list[TruthRow]
Test = Callable[[datetime], bool]


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The bank read from beginning to end, and a person to ask."""
    clock = Clock(FIRST_READ)
    world = World(24, merchants=MERCHANTS, habits=HABITS, start=START)
    bank, api = SimulatedBank(world, now=clock), BotApi(TOKEN, now=clock)
    bank.faults.delay = 0
    async with AsyncExitStack() as stack:
        url = await bank.start()
        stack.push_async_callback(bank.stop)
        await api.start()
        stack.push_async_callback(api.stop)
        store = open_store(tmp_path_factory.mktemp("exact") / "bot.db")
        stack.push_async_callback(store.close)
        stage = Stage(bank, api, store, clock)
        stack.push_async_callback(stage.gateway.close)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await store.write(people.configure, [stage.owner.user_id], FIRST_READ)
        stage.serve(url, http, *MERCHANTS)
        await live(stage, [ingest_of(stage, one, url, http) for one in MERCHANTS])
        yield stage


def ingest_of(stage: Stage, merchant, url: str, http: aiohttp.ClientSession) -> Ingest:
    return Ingest(
        merchant_of(merchant),
        client_of(merchant, url, http, stage.clock),
        store=stage.store,
        incidents=Incidents([merchant_of(merchant)], Rulebook.from_settings({}), now=stage.clock),
        polling=Polling(),
        now=stage.clock,
    )


async def live(stage: Stage, ingests: list[Ingest]) -> None:
    """Reads at uneven times until the end, then, with no new operations, until the last refund has been seen."""
    by_hand(stage.world)
    times = [FIRST_READ + number * timedelta(hours=57, minutes=13) for number in range(9)]
    for at in (*times, END):
        await read(stage, ingests, at)
    for merchant in MERCHANTS:
        for terminal in merchant.terminals:
            stage.world.silence(terminal.tid, END + 30 * DAY)
    for at in (END + 3 * DAY, END + 6 * DAY, END + 9 * DAY):
        await read(stage, ingests, at)
    assert await stage.store.read(recount.list_differences) == []


async def read(stage: Stage, ingests: list[Ingest], at: datetime) -> None:
    stage.clock.at = at
    assert all(await asyncio.gather(*(ingest.poll() for ingest in ingests)))


def by_hand(world: World) -> None:
    """Dollars, the hour that comes twice, a row three hours late, a partial change of an amount."""
    tid = MERCHANTS[0].terminals[0].tid
    for at, amount in ((DAY_AFTER - HOUR, "12.34"), (IN_THE_DAY - HOUR, "0.01"), (IN_THE_DAY - 9 * DAY, "99.99")):
        world.add("shop", tid, amount, currency="USD", created_at=at)
    for at in (CHANGE - HOUR / 2, CHANGE + HOUR / 2):
        world.add("shop", tid, "1000.01", created_at=at, visible_at=at + 3 * HOUR)
    row = world.add("shop", tid, "500.55", created_at=IN_THE_DAY - 2 * HOUR, outcome="undecided")
    world.change(row.id, "paid", IN_THE_DAY - HOUR, amount=Decimal("400.05"))


def local(at: datetime) -> datetime:
    """The wall clock of Almaty."""
    return (at + (6 * HOUR if at < CHANGE else 5 * HOUR)).replace(tzinfo=None)


@dataclass(frozen=True)
class Span:
    """Days by the wall clock; the last one only until `until` o'clock, or, when that is an instant, until then."""

    first: date
    last: date
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        wall = local(at)
        if not self.first <= wall.date() <= self.last:
            return False
        if self.until is None:
            return True
        return at < self.until if self.until.tzinfo else wall < self.until


def rows_of(stage: Stage, merchant: str, tid: str = "") -> Rows:
    return [row for row in stage.world.truth(merchant, stage.clock.at + 60 * DAY) if tid in ("", row.terminal)]


def within(rows: Rows, span: Span) -> Rows:
    return [row for row in rows if span.holds(row.created_at)]


def number(count: int) -> str:
    return f"{count:,}".replace(",", "\u00a0")


def amount(value: Decimal) -> str:
    whole, _, hundredths = f"{value:.2f}".partition(".")
    return number(int(whole)) + (f".{hundredths}" if hundredths != "00" else "")


def percent(part: int, whole: int) -> str:
    tenths = min(max(round(part * 1000 / whole), 1), 999) if 0 < part < whole else round(part * 1000 / whole)
    return f"{tenths // 10}" + (f".{tenths % 10}" if tenths % 10 else "") + "\u00a0%"


@dataclass(frozen=True)
class Sums:
    """Counts and sums of rows of one currency."""

    rows: Rows

    def of(self, outcome: str) -> tuple[int, Decimal]:
        found = [row.amount for row in self.rows if row.outcome == outcome]
        return len(found), sum(found, Decimal(0))

    @property
    def average(self) -> str:
        count, total = self.of("paid")
        return amount((total / count).quantize(Decimal("0.01"), ROUND_HALF_UP)) if count else "–"

    @property
    def attempts(self) -> tuple[int, int]:
        good = self.of("paid")[0] + self.of("refunded")[0]
        return good, good + self.of("failed")[0]


def invoices(rows: Rows, span: Span) -> tuple[int, int]:
    """Paid and decided among the invoices whose first attempt falls into the span, whatever became of them later."""
    attempts: dict[str, Rows] = {}
    for row in sorted(rows, key=lambda row: (row.created_at, row.id)):
        attempts.setdefault(row.invoice_id, []).append(row)
    told = [{row.outcome for row in found} for found in attempts.values() if span.holds(found[0].created_at)]
    paid = sum(bool(outcomes & {"paid", "refunded"}) for outcomes in told)
    return paid, paid + sum("failed" in outcomes and not outcomes & {"paid", "refunded"} for outcomes in told)


def body(rows: Rows, span: Span, earlier: list[tuple[str, Span]], bars: list[Span], before: list[Span]) -> list[str]:
    """Every line between headline and foot, but for empty ones."""
    here = within(rows, span)
    lines = []
    for currency in sorted({row.currency for row in here}):
        lines += block(here, rows, currency, earlier)
    paid, decided = invoices(rows, span)
    if decided:
        lines.append(f"Success by invoice: {percent(paid, decided)} ({number(paid)} of {number(decided)})")
    return [*lines, *reasons(here), *chart(rows, bars, before)]


def block(here: Rows, rows: Rows, currency: str, earlier: list[tuple[str, Span]]) -> list[str]:
    sums, unit = Sums([row for row in here if row.currency == currency]), UNITS.get(currency, currency)
    count, total = sums.of("paid")
    lines = [f"Paid: {number(count)} · {amount(total)}\u00a0{unit}"]
    lines += [f"Average: {sums.average}\u00a0{unit}"] if count else []
    for words, span in earlier:
        base = Sums([row for row in within(rows, span) if row.currency == currency]).of("paid")
        lines.append(change(total, *base, words, unit))
    for outcome in ("failed", "undecided", "refunded"):
        found, value = sums.of(outcome)
        lines += [f"{outcome.title()}: {number(found)} · {amount(value)}\u00a0{unit}"] if found else []
    good, decided = sums.attempts
    rate = [f"Success by attempt: {percent(good, decided)} ({number(good)} of {number(decided)})"] if decided else []
    return [*lines, *rate]


def change(now: Decimal, count: int, base: Decimal, words: str, unit: str) -> str:
    """`words`: what stands after "against", and after a bar what begins the line when there is little to compare."""
    against, _, as_it_was = words.partition("|")
    if not count:
        return f"{as_it_was}: nothing paid"
    if count < 5:
        return f"{as_it_was}: {count} · {amount(base)}\u00a0{unit}"
    if now >= base * 10:
        return f"▲ ×{number(int(now // base))} against {against}"
    rate = round((now - base) * 100 / base)
    arrow = "▲" if rate > 0 else "▼" if rate < 0 else "="
    return f"{arrow} {abs(rate)}\u00a0% against {against}"


def reasons(here: Rows) -> list[str]:
    counts = Counter(row.reason_code for row in here if row.outcome == "failed")
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    told = [(VOICE.reason(code), count) for code, count in ranked[:5]]
    told += [("other", sum(count for _, count in ranked[5:]))] if ranked[5:] else []
    share = {name: max(round(count / total, 2), 0.01) for name, count in told}
    lines = [f"{name} – {number(count)} ({round(share[name] * 100)}\u00a0%)" for name, count in told]
    return ["Why payments failed:", *lines] if lines else []


def chart(rows: Rows, bars: list[Span], before: list[Span]) -> list[str]:
    now, then = ([len(within(rows, bar)) for bar in series] for series in (bars, before))
    top = max((*now, *then))
    return [sparkline(now, top), *([sparkline(then, top)] if any(then) else [])]


def hours(span: Span) -> list[Span]:
    """The hours of one day so far. A bar is an hour of real time: the hour that comes twice has two."""
    start = datetime.combine(span.first, datetime.min.time())
    instants = [start.replace(tzinfo=UTC) - shift * HOUR for shift in (6, 5)]
    begin = next(at for at in instants if local(at) == start)
    found = []
    while span.holds(begin):
        found.append(InstantSpan(begin, begin + HOUR, span))
        begin += HOUR
    return found


@dataclass(frozen=True)
class InstantSpan:
    """An hour of real time inside a span."""

    begin: datetime
    end: datetime
    whole: Span

    def holds(self, at: datetime) -> bool:
        return self.begin <= at < self.end and self.whole.holds(at)


def days(span: Span, step: int = 1) -> list[Span]:
    count = (span.last - span.first).days + 1
    firsts = [span.first + number * DAY for number in range(0, count, step)]
    return [replace(span, first=first, last=min(first + (step - 1) * DAY, span.last)) for first in firsts]


async def asked(stage: Stage, text: str, at: datetime) -> str:
    stage.clock.at = at
    await stage.hears(stage.owner, text)
    return stage.last().text


def lines_of(answer: str) -> list[str]:
    """The body without captions of the bars and without the foot."""
    captions = r"By hour, .*|By day:|\d+ days a bar:|A week before:|The period before:|Bank data up to .*|Updated .*"
    return [line for line in answer.split("\n") if line and not re.fullmatch(captions, line)]


def split(answer: str) -> dict[str, list[str]]:
    """Body lines under each headline, by the name in it."""
    found: dict[str, list[str]] = {}
    for line in lines_of(answer):
        if line[0] in "📊Σ🏪":
            name = line[2:].split(" · ")[0]
            found[name] = []
        else:
            found[name].append(line)
    return found


def on(month: int, day: int) -> date:
    return date(2024, month, day)


EVENING, NOON = local(DAY_AFTER), local(IN_THE_DAY)


def by_the_clock(day: date, now: datetime) -> datetime:
    return datetime.combine(day, now.time())


async def check(stage: Stage, text: str, at: datetime, span: Span, earlier: list[tuple[str, Span]], **how) -> None:
    """Both merchants' blocks of the answer against the truth."""
    answer = split(await asked(stage, text, at))
    series = how.get("series", days)
    for merchant in how.get("merchants", ("shop", "bakery")):
        rows = rows_of(stage, merchant, how.get("tid", ""))
        told = answer[how.get("name", merchant.title())]
        assert told == body(rows, span, earlier, series(span), series(earlier[-1][1])), text


async def test_the_world_has_all_that_makes_figures_hard(stage: Stage) -> None:
    rows = stage.world.rows("shop") + stage.world.rows("bakery")
    changed = [row for row in rows if len(row.changes) > 1]
    assert sum(row.visible_at - row.created_at > timedelta(minutes=1) for row in rows) > 100
    assert sum(change.changes[-1].outcome == "refunded" for change in changed) > 50
    assert sum(row.changes[0].outcome == "undecided" for row in changed) > 100
    assert len(rows) > 2000


async def test_today_is_exact_the_day_after_the_clocks_were_put_back(stage: Stage) -> None:
    earlier = [
        ("this time yesterday|Yesterday by this time", Span(on(2, 29), on(2, 29), by_the_clock(on(2, 29), EVENING))),
        (
            "this time on Fri 23 Feb|Fri 23 Feb by this time",
            Span(on(2, 23), on(2, 23), by_the_clock(on(2, 23), EVENING)),
        ),
    ]
    await check(stage, "/today", DAY_AFTER, Span(on(3, 1), on(3, 1), DAY_AFTER), earlier, series=hours)


async def test_yesterday_is_exact_with_its_25_hours(stage: Stage) -> None:
    earlier = [
        ("Wed 28 Feb|Wed 28 Feb", Span(on(2, 28), on(2, 28))),
        ("Thu 22 Feb|Thu 22 Feb", Span(on(2, 22), on(2, 22))),
    ]
    span = Span(on(2, 29), on(2, 29))
    assert len(hours(span)) == 25
    await check(stage, "/yesterday", DAY_AFTER, span, earlier, series=hours)


async def test_the_week_of_the_change_is_exact(stage: Stage) -> None:
    base = Span(on(2, 19), on(2, 23), by_the_clock(on(2, 23), EVENING))
    words = "19 Feb – 23 Feb up to this time|19 Feb – 23 Feb by this time"
    await check(stage, "/week", DAY_AFTER, Span(on(2, 26), on(3, 1), DAY_AFTER), [(words, base)])


async def test_the_month_is_exact(stage: Stage) -> None:
    base = Span(on(2, 1), on(2, 10), by_the_clock(on(2, 10), NOON))
    words = "1 Feb – 10 Feb up to this time|1 Feb – 10 Feb by this time"
    await check(stage, "/month", IN_THE_DAY, Span(on(3, 1), on(3, 10), IN_THE_DAY), [(words, base)])


async def test_any_days_are_exact(stage: Stage) -> None:
    base = Span(on(2, 12), on(2, 23))
    words = "12 Feb – 23 Feb|12 Feb – 23 Feb"
    await check(stage, "/summary 24.02 06.03", IN_THE_DAY, Span(on(2, 24), on(3, 6)), [(words, base)])
    base = Span(on(2, 4), on(2, 21), by_the_clock(on(2, 21), NOON))
    words = "4 Feb – 21 Feb up to this time|4 Feb – 21 Feb by this time"
    await check(stage, "/summary 18d", IN_THE_DAY, Span(on(2, 22), on(3, 10), IN_THE_DAY), [(words, base)])


async def test_forty_days_are_exact_though_two_share_a_bar(stage: Stage) -> None:
    words = "20 Dec 2023 – 28 Jan 2024|20 Dec 2023 – 28 Jan 2024"
    base = Span(date(2023, 12, 20), on(1, 28))

    async def at_most(text: str) -> dict[str, list[str]]:
        return split(await asked(stage, text, IN_THE_DAY))

    told = await at_most("/summary 29.01 08.03")
    span = Span(on(1, 29), on(3, 8))
    for merchant in ("shop", "bakery"):
        expected = body(rows_of(stage, merchant), span, [(words, base)], days(span, 2), [])
        unread = [line for line in told[merchant.title()] if "before the bot’s history" in line]
        assert len(unread) == len({row.currency for row in within(rows_of(stage, merchant), span)})
        kept = [line for line in expected if " against " not in line and "nothing paid" not in line]
        assert [line for line in told[merchant.title()] if "history" not in line] == kept


@pytest.mark.parametrize("said", ["98151553", "dost", "Dostyk"])
async def test_one_terminal_is_exact(stage: Stage, said: str) -> None:
    base = [
        ("this time yesterday|Yesterday by this time", Span(on(3, 9), on(3, 9), by_the_clock(on(3, 9), NOON))),
        ("this time on Sun 3 Mar|Sun 3 Mar by this time", Span(on(3, 3), on(3, 3), by_the_clock(on(3, 3), NOON))),
    ]
    span = Span(on(3, 10), on(3, 10), IN_THE_DAY)
    how = {"merchants": ("shop",), "name": "Dostyk", "tid": "98151553", "series": hours}
    await check(stage, f"/today {said}", IN_THE_DAY, span, base, **how)


async def test_one_merchant_is_exact(stage: Stage) -> None:
    base = Span(on(2, 26), on(3, 3), by_the_clock(on(3, 3), NOON))
    words = "26 Feb – 3 Mar up to this time|26 Feb – 3 Mar by this time"
    span = Span(on(3, 4), on(3, 10), IN_THE_DAY)
    await check(stage, "/week bakery", IN_THE_DAY, span, [(words, base)], merchants=("bakery",))


async def test_all_merchants_together_are_exact_in_each_currency(stage: Stage) -> None:
    answer = split(await asked(stage, "/month all", IN_THE_DAY))
    span = Span(on(3, 1), on(3, 10), IN_THE_DAY)
    assert set(answer) == {"All merchants", "Shop", "Bakery"}
    shop, bakery = rows_of(stage, "shop"), rows_of(stage, "bakery")
    here = within(shop + bakery, span)
    paid, decided = map(sum, zip(invoices(shop, span), invoices(bakery, span), strict=True))
    assert answer["All merchants"] == [
        *(line for currency in ("KZT", "USD") for line in block(here, [], currency, [])),
        f"Success by invoice: {percent(paid, decided)} ({number(paid)} of {number(decided)})",
    ]


async def test_terminals_are_exact(stage: Stage) -> None:
    await asked(stage, "/month", IN_THE_DAY)
    shown = stage.last()
    await stage.api.presses(stage.owner, shown, shown.data("By terminal"))
    await stage.work()
    answer, span = split(shown.text), Span(on(3, 1), on(3, 10), IN_THE_DAY)
    for merchant in MERCHANTS:
        told = answer[merchant.id.title()]
        for terminal in merchant.terminals:
            here = within(rows_of(stage, merchant.id, terminal.tid), span)
            place = told.index(terminal.name) + 1
            for currency in sorted({row.currency for row in here}):
                sums = Sums([row for row in here if row.currency == currency])
                count, total = sums.of("paid")
                unit = UNITS.get(currency, currency)
                good, decided = sums.attempts
                failed, rate = number(sums.of("failed")[0]), percent(good, decided)
                assert told[place] == f"Paid: {number(count)} · {amount(total)}\u00a0{unit}"
                assert told[place + 1] == f"failed: {failed} · success {rate}"
                place += 2


def table_of(answer: str, name: str, currency: str) -> dict[str, tuple[str, str]]:
    """Label and values of a table; a line without a label is "+" and the label above."""
    cells: dict[str, tuple[str, str]] = {}
    lines = iter(answer[answer.index(name) :].split("\n"))
    assert any(line.split() == [UNITS.get(currency, currency), "1", "2"] for line in lines)
    label = ""
    for line in lines:
        values = re.fullmatch(r"(.*?) +([\d\u00a0.%/–]+) +([\d\u00a0.%/–]+)", f" {line}")
        if values is None and (not line or ":" in line):
            break
        if values is None:
            label = line
            continue
        label = values[1].strip() or (f"+{label}" if label in cells else label)
        cells[label] = (values[2], values[3])
    return cells


def expected_table(sums: Iterable[Sums]) -> dict[str, tuple[str, ...]]:
    both = list(sums)
    cells = {
        "Paid": [number(one.of("paid")[0]) for one in both],
        "Sum": [amount(one.of("paid")[1]) for one in both],
        "Average": [one.average for one in both],
        "Success by attempt": [percent(*one.attempts) for one in both],
        "+Success by attempt": ["/".join(map(number, one.attempts)) for one in both],
    }
    for outcome in ("failed", "undecided", "refunded"):
        if any(one.of(outcome)[0] for one in both):
            cells[outcome.title()] = [number(one.of(outcome)[0]) for one in both]
            cells[f"+{outcome.title()}"] = [amount(one.of(outcome)[1]) for one in both]
    return {label: tuple(values) for label, values in cells.items()}


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("/compare 26.02..03.03 19.02..25.02", Span(on(2, 19), on(2, 25)), Span(on(2, 26), on(3, 3))),
        (
            "/compare 2024-02 2024-03",
            Span(on(2, 1), on(2, 10), by_the_clock(on(2, 10), NOON)),
            Span(on(3, 1), on(3, 10), IN_THE_DAY),
        ),
        (
            "/compare week",
            Span(on(2, 26), on(3, 3), by_the_clock(on(3, 3), NOON)),
            Span(on(3, 4), on(3, 10), IN_THE_DAY),
        ),
    ],
)
async def test_two_periods_side_by_side_are_exact_and_fit_a_phone(
    stage: Stage, text: str, one: Span, two: Span
) -> None:
    answer = await asked(stage, text, IN_THE_DAY)
    for merchant in ("shop", "bakery"):
        rows = rows_of(stage, merchant)
        sums = [Sums([row for row in within(rows, span) if row.currency == "KZT"]) for span in (one, two)]
        assert table_of(answer, merchant.title(), "KZT") == expected_table(sums)
        parts = [invoices(rows, span) for span in (one, two)]
        told = answer[answer.index("Success by invoice", answer.index(merchant.title())) :].split("\n")
        assert re.split(" +", told[0])[-2:] == [percent(*pair) for pair in parts]
        assert re.split(" +", told[1].strip(" ")) == ["/".join(map(number, pair)) for pair in parts]
        assert sparkline([len(within(rows, day)) for day in days(two)])[-1] in answer
    assert all(len(line) <= 34 for line in answer.split("\n") if not re.search("[·:]|Bank data|⚖️", line))
