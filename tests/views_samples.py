"""Values the views are shown with: a merchant, his operations and reports on one Monday in Almaty."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import (
    Bar,
    Calendar,
    Change,
    ChatDeliveries,
    Checked,
    ComparisonReport,
    DeliveriesReport,
    Figures,
    FoundReport,
    Freshness,
    HealthReport,
    InvoiceTally,
    MatchReport,
    Merchant,
    MerchantId,
    Operation,
    OperationId,
    Outcome,
    Past,
    Period,
    PeriodFigures,
    PeriodReport,
    ReasonClass,
    ReasonCount,
    SourceHealth,
    Tally,
    Terminal,
    TerminalId,
    TerminalsReport,
    Window,
)

NOW = datetime(2026, 11, 9, 9, 32, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 8, 19, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SHOP = Merchant(
    MerchantId("shop"),
    "Shop LLP",
    (Terminal(TerminalId("98151552"), "Samal-2"), Terminal(TerminalId("98151553"), "Samal-3")),
)
HOSTILE = "<b>&Ерке\u202eжан</b> _*[`{name}\u200b](tg://x)👩\u200d💻 әғқңөұүһі\n&amp;"

FAILED = Operation(
    merchant_id=SHOP.id,
    id=OperationId("1"),
    created_at=datetime(2026, 11, 9, 9, 32, 7, tzinfo=UTC),
    invoice_id="INV-88213",
    terminal_id=TerminalId("98151552"),
    amount=2_500_000,
    currency="KZT",
    outcome=Outcome.FAILED,
    status="FAILED",
    reason_code=484,
    reason_class=ReasonClass.PAYER,
    reason="Insufficient funds",
    sender_card="9821",
    sender_brand="VISA",
    receiver_card="1187",
    payer_name="Aigerim K.",
    account_id="client-17",
)
PAID = replace(
    FAILED,
    id=OperationId("2"),
    created_at=FAILED.created_at + timedelta(seconds=14),
    outcome=Outcome.PAID,
    status="OK",
    reason_code=0,
    reason_class=None,
    reason="",
    reference="112233447719",
)
UNDECIDED = replace(FAILED, outcome=Outcome.UNDECIDED, status="AUTH", reason_code=454, reason="")
REFUNDED = replace(PAID, outcome=Outcome.REFUNDED, status="REFUND")
MALICE = replace(
    FAILED,
    invoice_id=HOSTILE,
    terminal_id=TerminalId(HOSTILE),
    currency=HOSTILE,
    reason_code=99999,
    reason=HOSTILE * 100,
    sender_card=HOSTILE,
    sender_brand=HOSTILE,
    payer_name=HOSTILE,
    account_id="+7 701 123 45 67",
)


def found_report(*operations: Operation, query: str = "INV-88213", live: bool = True) -> FoundReport:
    freshness = Freshness(NOW - timedelta(minutes=2), None if live else NOW - timedelta(minutes=2))
    return FoundReport(merchant=SHOP, query=query, operations=operations, live=live, freshness=freshness, at=NOW)


def story_report() -> FoundReport:
    """Failed, then slowly paid, then given back in part; the bank has forgotten the failure."""
    paid = replace(REFUNDED, payer_phone="+77011234567", payer_email="a@example.kz")
    report = found_report(*attempts([FAILED, paid]))
    late, back = (report.operations[0].created_at + timedelta(minutes=minutes) for minutes in (3, 60 * 26))
    steps = (
        Change(late, Outcome.UNDECIDED, Outcome.PAID, 2_500_000, 2_500_000),
        Change(back, Outcome.PAID, Outcome.REFUNDED, 2_500_000, 1_500_000),
    )
    past = Past({report.operations[0].id: steps}, frozenset({report.operations[1].id}))
    return replace(report, past=past, checked=Checked(REFUNDED, 1_000_000), at=back + timedelta(hours=1))


def match_report(*operations: Operation) -> MatchReport:
    return MatchReport(
        query="2500",
        operations=operations,
        total=len(operations),
        uncounted=False,
        freshness=Freshness(NOW - timedelta(seconds=20)),
        at=NOW,
    )


def attempts(outcomes: Sequence[Operation]) -> tuple[Operation, ...]:
    """The given operations as attempts on one invoice, a minute apart, newest first, as a report has them."""
    return tuple(
        replace(operation, id=OperationId(str(number)), created_at=FAILED.created_at + timedelta(minutes=number))
        for number, operation in enumerate(outcomes)
    )[::-1]


def figures(days_ago: int = 0, **parts: object) -> Figures:
    start = MIDNIGHT - days_ago * DAY
    return replace(Figures(window=Window(start, start + (NOW - MIDNIGHT)), currencies={}), **parts)  # type: ignore[arg-type]


def hourly(counts: Sequence[int], days_ago: int = 0) -> tuple[Bar, ...]:
    """A bar an hour from midnight on, everything paid."""
    start = MIDNIGHT - days_ago * DAY
    return tuple(
        Bar(start + timedelta(hours=hour), {"KZT": Tally(paid=count)} if count else {})
        for hour, count in enumerate(counts)
    )


BUSY = Tally(
    paid=212,
    paid_sum=318_490_000,
    failed=13,
    failed_sum=18_450_050,
    undecided=2,
    undecided_sum=3_000_000,
    refunded=1,
    refunded_sum=500_000,
)
HOURS = (0, 0, 0, 0, 0, 0, 1, 4, 9, 18, 27, 38, 41, 52, 38)
WEEK_AGO = (0, 0, 0, 0, 0, 0, 0, 2, 11, 14, 30, 36, 47, 44, 40)
REASONS = tuple(ReasonCount(code, n) for code, n in ((484, 5), (493, 3), (529, 2), (488, 1), (0, 1), (473, 1)))
ALMATY = Calendar(ZoneInfo("Asia/Almaty"))
TODAY = ALMATY.today(NOW)


def busy(days_ago: int = 0, **parts: object) -> Figures:
    return figures(
        days_ago,
        **{
            "currencies": {"KZT": BUSY},
            "reasons": REASONS,
            "invoices": InvoiceTally(206, 200),
            "bars": hourly(HOURS, days_ago),
            **parts,
        },
    )


def earlier(days_ago: int, *, period: Period = TODAY, cut: bool = True, **parts: object) -> PeriodFigures:
    span = days_ago * DAY
    shifted = Period(period.kind, period.first - span, period.last - span)
    return PeriodFigures(shifted, figures(days_ago, **parts), cut)


DAY_BEFORE = earlier(1, currencies={"KZT": Tally(paid=230, paid_sum=345_000_000)})
WEEK_BEFORE = earlier(7, currencies={"KZT": Tally(paid=190, paid_sum=294_900_000)}, bars=hourly(WEEK_AGO, 7))


def period_report(**parts: object) -> PeriodReport:
    """Today so far, unless told otherwise; `figures` stands for those of today."""
    given = dict(parts)
    today = PeriodFigures(TODAY, given.pop("figures", None) or busy(), cut=True)  # type: ignore[arg-type]
    report = PeriodReport(
        merchant=SHOP,
        terminal=SHOP.terminals[0],
        asked=today,
        earlier=(DAY_BEFORE, WEEK_BEFORE),
        freshness=Freshness(NOW - timedelta(seconds=20)),
        calendar=ALMATY,
        at=NOW,
    )
    return replace(report, **given)  # type: ignore[arg-type]


def long_report(
    period: Period, counts: Sequence[int], before: Period, *, cut: bool = False, now: datetime = NOW
) -> PeriodReport:
    """A period of several days beside the one before it."""

    def of(one: Period, tally: Tally) -> PeriodFigures:
        window = ALMATY.alike(one, period, now) if cut else ALMATY.window(one)
        marks = ALMATY.marks(one, window)
        bars = tuple(Bar(mark, {"KZT": Tally(paid=n)}) for mark, n in zip(marks, counts, strict=False))
        return PeriodFigures(one, busy(window=window, currencies={"KZT": tally}, bars=bars), cut)

    return period_report(
        asked=of(period, BUSY),
        earlier=(of(before, replace(BUSY, paid=190, paid_sum=294_900_000)),),
        terminal=None,
        freshness=Freshness(now),
        at=now,
    )


def comparison_report(one: Tally, two: Tally, **parts: object) -> ComparisonReport:
    report = ComparisonReport(
        merchant=SHOP,
        terminal=SHOP.terminals[0],
        sides=(
            replace(WEEK_BEFORE, figures=busy(7, currencies={"KZT": one}, bars=hourly(WEEK_AGO, 7))),
            PeriodFigures(TODAY, busy(currencies={"KZT": two}), cut=True),
        ),
        freshness=Freshness(NOW - timedelta(seconds=20)),
        calendar=ALMATY,
        at=NOW,
    )
    return replace(report, **parts)  # type: ignore[arg-type]


def terminals_report(**parts: object) -> TerminalsReport:
    report = TerminalsReport(
        merchant=SHOP,
        asked=PeriodFigures(TODAY, busy(), cut=True),
        terminals={
            SHOP.terminals[0].id: {"KZT": BUSY},
            SHOP.terminals[1].id: {"KZT": Tally(failed=3, failed_sum=100), "USD": Tally(paid=1, paid_sum=12_345)},
        },
        freshness=Freshness(NOW - timedelta(seconds=20)),
        calendar=ALMATY,
        at=NOW,
    )
    return replace(report, **parts)  # type: ignore[arg-type]


def health_report(*sources: SourceHealth, **parts: object) -> HealthReport:
    report = HealthReport(
        version="0.1.0",
        started_at=NOW - timedelta(days=3, hours=4),
        sources=sources,
        outbox_waiting=0,
        outbox_oldest_at=None,
        outbox_dead=0,
        last_sent_at=NOW - timedelta(minutes=12),
        store="SQLite 3.45.1",
        at=NOW,
    )
    return replace(report, **parts)  # type: ignore[arg-type]


STUCK = ChatDeliveries(
    chat="Shop team",
    topic=7,
    waiting=3,
    waiting_since=NOW - timedelta(minutes=5),
    uncertain=1,
    dead=0,
    problem="Too Many Requests: retry after 30",
    off=None,
)
SHUT = ChatDeliveries(
    chat="Айгерим",
    topic=None,
    waiting=0,
    waiting_since=None,
    uncertain=0,
    dead=12,
    problem="",
    off="Forbidden: bot was blocked by the user",
)


def deliveries_report(*chats: ChatDeliveries, **parts: object) -> DeliveriesReport:
    report = DeliveriesReport(chats=chats, sent=1_234, last_sent_at=NOW - timedelta(minutes=12), at=NOW)
    return replace(report, **parts)  # type: ignore[arg-type]


WELL = SourceHealth(
    merchant=SHOP,
    freshness=Freshness(NOW - timedelta(seconds=30)),
    last_ok_at=NOW - timedelta(seconds=12),
    last_error="",
    watching_since=MIDNIGHT - 3 * DAY,
    backfilled_to=MIDNIGHT - 56 * DAY,
    backfill_until=MIDNIGHT - 56 * DAY,
    operations=12_345,
    undecided=3,
    set_aside=0,
)
ILL = replace(
    WELL,
    freshness=Freshness(NOW - timedelta(minutes=13), NOW - timedelta(minutes=12)),
    last_error="the bank answers HTTP 503",
    backfilled_to=MIDNIGHT - 20 * DAY,
    set_aside=2,
)
NEW = replace(
    WELL, freshness=Freshness(None), last_ok_at=None, watching_since=None, backfilled_to=None, backfill_until=None
)
