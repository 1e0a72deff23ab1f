"""Millions of operations of many merchants, made by the database itself, and how long the store takes to answer."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo

from bot.chat.clues import read_clues
from bot.chat.lookup import LISTED
from bot.model import Calendar, Merchant, MerchantId, Operation, Terminal, TerminalId, to_micros
from bot.store import figures, lookups, operations, partitions, sources
from bot.store.driver import Connection, Store
from bot.store.rollups import HOUR, MINUTE
from bot.store.sqlite import SqliteConnection, open_for_writing

MERCHANTS = 50
SPAN = timedelta(days=430)
END = datetime(2026, 11, 24, 17, 40, 12, tzinfo=UTC)
SLICE = 100_000
ASKS = 400
# Nothing outlives the run.
_HASTE = (
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = OFF",
    "PRAGMA cache_size = -1000000",
    "PRAGMA temp_store = FILE",
)
ALMATY = Calendar(ZoneInfo("Asia/Almaty"))
_DAY = timedelta(days=1)
# Four numbers of one, as far from each other as they can be; an attempt in nine is the second on its invoice.
_MADE = """
    WITH RECURSIVE number (n) AS (
        SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :last
    ), made AS (
        SELECT n, n * 2654435761 % 4294967296 AS a, n * 2246822519 % 4294967296 AS b, n * 3266489917 % 4294967296 AS c,
               n % :merchants AS m, n / :merchants AS own, :start + n * :step AS at
        FROM number
    )
    INSERT INTO operation (merchant_id, id, created_at, invoice_id, terminal_id, amount, currency, outcome, status,
        code, reason_code, reason_class, reason, reference, account_id, description, sender_card, sender_brand,
        sender_issuer, receiver_card, receiver_brand, receiver_issuer,
        payer_name, payer_phone, payer_email, first_seen_at)
    SELECT 'm' || (100 + m), to_hex(a) || '-5a1e-4b0e-9d37-' || (100000000000 + n), at,
           '' || (100000000 + own - CASE WHEN own % 9 = 0 THEN 1 ELSE 0 END), '' || (98150000 + m * 4 + b % 4),
           CASE WHEN c % 10 = 0 THEN 500000 ELSE 10000 + c % 4000000 END, 'KZT',
           CASE WHEN b % 10 = 0 THEN 'failed' ELSE 'paid' END, CASE WHEN b % 10 = 0 THEN 'error' ELSE 'ok' END, '00',
           CASE WHEN b % 10 = 0 THEN 450 + c % 50 ELSE 0 END, CASE WHEN b % 10 = 0 THEN 'payer' END, '',
           '' || (100000000000 + a * 97 + n % 97), 'client-' || own, 'An order of the shop, number ' || own,
           substr('' || (10000 + a % 10000), 2), 'VISA', 'HALYK', substr('' || (10000 + b % 10000), 2), 'MC', 'KASPI',
           'Payer ' || a % 100000, '7701' || (1000000 + b % 9000000), 'payer' || a % 100000 || '@example.kz', at
    FROM made
"""
_MINUTE, _HOUR = (f"created_at - created_at % {span}" for span in (MINUTE, HOUR))
_REASON = "CASE WHEN outcome = 'failed' THEN reason_code ELSE 0 END"
_FIRST = f"first_at - first_at % {HOUR}"
_SUMMED = "INSERT INTO {table} SELECT {key}, {sums} FROM {source} GROUP BY {key}"
# What ingestion would have written besides: the table, its columns, of what.
_FOLLOWING = (
    ("invoice", "merchant_id, invoice_id", "MIN(created_at), MIN(terminal_id), 'KZT', MAX(outcome)", "operation"),
    *(
        (table, f"merchant_id, {key}", "COUNT(*), SUM(amount)", "operation")
        for table, key in (
            ("rollup_minute", f"{_MINUTE}, terminal_id, currency, outcome"),
            ("rollup_hour", f"{_HOUR}, terminal_id, currency, outcome, {_REASON}"),
            ("rollup_total", f"{_HOUR}, currency, outcome, {_REASON}"),
        )
    ),
    ("rollup_invoice", f"merchant_id, {_FIRST}, terminal_id, currency, outcome", "COUNT(*)", "invoice"),
    ("rollup_invoice_total", f"merchant_id, {_FIRST}, currency, outcome", "COUNT(*)", "invoice"),
)
CLUES: Mapping[str, Callable[[Operation], str]] = {
    "invoice": lambda one: one.invoice_id,
    "its end, 6": lambda one: one.invoice_id[-6:],
    "its end, 4": lambda one: one.invoice_id[-4:],
    "its beginning": lambda one: one.invoice_id[:6],
    "card": lambda one: f"*{one.sender_card}",
    "RRN": lambda one: one.reference,
    "sum": lambda one: f"{one.amount / 100:.2f} ₸",
    "common sum": lambda _: "5000 ₸",
    "nothing": lambda one: f"9{one.invoice_id}",
}


def merchants() -> list[Merchant]:
    """Shops of four terminals each."""
    return [
        Merchant(
            MerchantId(f"m{100 + m}"),
            f"Shop {m}",
            tuple(Terminal(TerminalId(str(98150000 + m * 4 + t)), f"Place {t}", "") for t in range(4)),
        )
        for m in range(MERCHANTS)
    ]


async def fill(store: Store, count: int) -> float:
    """Makes so many operations over `SPAN`, with all that ingestion would have written; seconds that it took."""
    begun = perf_counter()
    for step in _steps(count):
        await store.write(step)
    return perf_counter() - begun


def fill_file(path: Path, count: int) -> float:
    """The same in a new file and in haste: every index of the operations is made over all of them at once."""
    begun = perf_counter()
    with closing(open_for_writing(path).conn) as connection:
        db = SqliteConnection(connection)
        connection.create_function("to_hex", 1, "{:x}".format, deterministic=True)
        for setting in _HASTE:
            connection.execute(setting)
        indexes = db.rows(
            "SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'operation' AND sql LIKE 'CREATE INDEX%'"
        )
        for index in indexes:
            db.run(f"DROP INDEX {index['name']}")
        for step in _steps(count):
            if step is _watch:
                for index in indexes:
                    db.run(index["sql"])
            connection.execute("BEGIN")
            step(db)
            connection.execute("COMMIT")
    return perf_counter() - begun


def _steps(count: int) -> Iterator[Callable[[Connection], object]]:
    """What is to be done, one transaction each."""
    for first in range(0, count, SLICE):
        yield partial(_make, first=first, last=min(first + SLICE, count), count=count)
    for table, key, sums, source in _FOLLOWING:
        yield partial(_run, statement=_SUMMED.format(table=table, key=key, sums=sums, source=source))
    yield _watch
    yield partial(_run, statement="ANALYZE")


def _make(db: Connection, *, first: int, last: int, count: int) -> None:
    start, step = to_micros(END - SPAN), int(SPAN.total_seconds() * 1_000_000) // count
    partitions.prepare(db, (start + at * step for at in range(first, last, 100)))
    db.run(_MADE, first=first, last=last, merchants=MERCHANTS, start=start, step=step)


def _run(db: Connection, *, statement: str) -> None:
    db.run(statement)


def _watch(db: Connection) -> None:
    for merchant in merchants():
        sources.begin(db, merchant.id, END - SPAN)
        sources.advance(db, merchant.id, END)


async def measure(store: Store) -> dict[str, list[float]]:
    """Seconds of the store's answers by kind of question, sorted; each asked a few times before, so all is warm."""
    random, times = Random(3), defaultdict[str, list[float]](list)
    shops = merchants()
    for number in range(ASKS + ASKS // 4):
        shop = random.choice(shops)
        known = await store.read(_one_of, shop.id, END - _DAY * random.uniform(0, SPAN.days - 1))
        for kind, ask in _questions(store, shop, known):
            begun = perf_counter()
            await ask()
            if number >= ASKS // 4:
                times[kind].append(perf_counter() - begun)
    return {kind: sorted(taken) for kind, taken in times.items()}


def _questions(store: Store, shop: Merchant, known: Operation) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    for kind, words in CLUES.items():
        yield f"/find {kind}", partial(store.read, lookups.recall, shop, read_clues(words(known)), limit=LISTED)
    terminal = next(one for one in shop.terminals if one.id == known.terminal_id)
    for name, place in (("/today", None), ("/today of a terminal", terminal)):
        yield name, partial(store.read, figures.period_report, shop, place, ALMATY.today(END), calendar=ALMATY, now=END)


def _one_of(db: Connection, merchant_id: MerchantId, at: datetime) -> Operation:
    row = db.row(
        f"{operations.SELECT} WHERE merchant_id = :merchant_id AND created_at >= :at ORDER BY created_at LIMIT 1",
        merchant_id=merchant_id,
        at=to_micros(at),
    )
    assert row is not None
    return operations.operation_of(row)


def p99(times: Mapping[str, list[float]]) -> float:
    """The worst of all kinds of question."""
    return max(taken[len(taken) * 99 // 100] for taken in times.values())


def table(times: Mapping[str, list[float]]) -> list[str]:
    """A line a kind of question."""
    return [
        f"{kind:24} p50 {taken[len(taken) // 2] * 1000:6.2f}  p99 {taken[len(taken) * 99 // 100] * 1000:6.2f} ms"
        for kind, taken in times.items()
    ]
