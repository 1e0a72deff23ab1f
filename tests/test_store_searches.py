"""What SQL finds is what `Query.admits` says, in the same order, whatever is asked of whatever is stored."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import an_operation
from databases import writing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import (
    Condition,
    Field,
    MerchantId,
    Method,
    Operation,
    OperationId,
    Outcome,
    Query,
    ReasonClass,
    SortKey,
    TerminalId,
    Window,
)
from bot.store import memory, operations, searches
from bot.store.driver import Connection

SHOP, OTHER = MerchantId("shop"), MerchantId("other")
START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = Query((Window(START - HOUR, START + 1000 * HOUR),))
INVOICES = ["1001", "1002", "A%1", "A_1", "AX1", "a\\1", "Ёлка", "ёлка", "ҚАЗЫНА", "қазына", "", "99", "9999"]
NAMES = ["Aigerim K.", "AIGERIM K.", "Айгерим", "АЙГЕРИМ", "", "100% Пай"]
TERMINALS = ["98151552", "98151553", "97200101"]
REASONS = [(0, None), (484, ReasonClass.PAYER), (455, ReasonClass.ISSUER), (-31, ReasonClass.UNKNOWN)]


def _operations(merchant_id: MerchantId, count: int, seed: int) -> Iterator[Operation]:
    chance = random.Random(seed)
    for number in range(count):
        reason_code, reason_class = chance.choice(REASONS)
        yield an_operation(
            f"op-{number}",
            merchant_id=merchant_id,
            created_at=START + chance.randrange(50) * HOUR / 2,
            invoice_id=chance.choice(INVOICES),
            account_id=chance.choice(INVOICES),
            terminal_id=TerminalId(chance.choice(TERMINALS)),
            amount=chance.choice([1, 99, 100, 5_000, 500_000, 500_050]),
            currency=chance.choice(["KZT", "KZT", "USD"]),
            outcome=chance.choice(list(Outcome)),
            reason_code=reason_code,
            reason_class=reason_class,
            reference=chance.choice(["0012", "112233", ""]),
            sender_card=chance.choice(["1187", "9821", ""]),
            receiver_card=chance.choice(["1187", "4444", ""]),
            payer_name=chance.choice(NAMES),
        )


STORED = list(_operations(SHOP, 150, 1))


@pytest.fixture(scope="module")
def db(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with writing(tmp_path_factory.mktemp("searches") / "bot.db", engine) as db:
        for merchant_id, rows in ((SHOP, STORED), (OTHER, list(_operations(OTHER, 50, 2)))):
            operations.apply(db, merchant_id, rows, history_before=START, now=START)
        yield db


texts = st.one_of(
    st.sampled_from([*INVOICES, *NAMES, *TERMINALS]).filter(bool), st.text("1%_\\aёЁқ", min_size=1, max_size=3)
)
patterns = st.one_of(
    st.sampled_from(["A%", "%1", "a_1", "_%", "%ЁЛ%", "қаз%", "%\\%", "10%"]), texts.map(lambda x: f"{x}%")
)
VALUES: dict[Field, st.SearchStrategy[Any]] = {
    Field.TERMINAL: st.sampled_from(TERMINALS),
    Field.INVOICE: texts,
    Field.ACCOUNT: texts,
    Field.AMOUNT: st.sampled_from([0, 1, 99, 5_000, 500_000, 10**9]),
    Field.STATUS: st.sampled_from([outcome.value for outcome in Outcome]),
    Field.REASON: st.sampled_from(["484", "455", "-31", "0", "issuer", "unknown", "system"]),
    Field.CARD: st.sampled_from(["1187", "4444", "0000"]),
    Field.RRN: st.sampled_from(["0012", "12", "112233"]),
    Field.PAYER: texts,
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(sorted(VALUES)))
    exact = field in {Field.AMOUNT, Field.STATUS, Field.REASON, Field.CARD}
    parts = {Method.LIKE, Method.CONTAINS, Method.STARTS, Method.ENDS}
    method = draw(st.sampled_from([one for one in Method if not (exact and one in parts)]))
    if method is Method.LIKE:
        return Condition(field, method, (draw(patterns),))
    size = {Method.BETWEEN: 2, Method.IN: draw(st.integers(1, 3))}.get(method, 1)
    return Condition(field, method, tuple(draw(VALUES[field]) for _ in range(size)))


hours = st.integers(0, 26)
windows = st.builds(lambda start, span: Window(START + start * HOUR, START + (start + span) * HOUR), hours, hours)
sortable = st.sampled_from([Field.CREATED, Field.AMOUNT, Field.TERMINAL, Field.INVOICE, Field.ACCOUNT, Field.STATUS])
queries = st.builds(
    Query,
    st.one_of(st.just(ALL.windows), st.lists(windows, max_size=2).map(tuple)),
    st.lists(conditions(), max_size=2).map(tuple),
    st.lists(st.builds(SortKey, sortable, st.booleans()), max_size=2).map(tuple),
)


@given(queries, st.integers(1, 40), st.integers(0, 40))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_finds_what_the_query_admits_and_sorts_and_counts_alike(
    db: Connection, query: Query, limit: int, offset: int
) -> None:
    expected = query.sorted(operation for operation in STORED if query.admits(operation))
    assert searches.search(db, SHOP, query, 1000) == expected
    assert searches.search(db, SHOP, query, limit, offset) == expected[offset : offset + limit]
    assert searches.count_up_to(db, SHOP, query, limit) == min(len(expected), limit)
    tallies = searches.tallies(db, SHOP, query)
    counted = Counter((one.currency, one.outcome) for one in expected)
    assert {(c, o): getattr(t, o) for c, t in tallies.items() for o in Outcome if getattr(t, o)} == counted
    for currency, tally in tallies.items():
        assert tally.paid_sum == sum(
            one.amount for one in expected if (one.currency, one.outcome) == (currency, Outcome.PAID)
        )


@pytest.mark.parametrize(
    ("method", "value", "found"),
    [
        (Method.CONTAINS, "a_1", {"A_1"}),
        (Method.CONTAINS, "%", {"A%1"}),
        (Method.STARTS, "ЁЛ", {"Ёлка", "ёлка"}),
        (Method.ENDS, "99", {"99", "9999"}),
        (Method.LIKE, "a_1", {"A%1", "A_1", "AX1", "a\\1"}),
        (Method.LIKE, "Қ%", {"ҚАЗЫНА", "қазына"}),
    ],
)
def test_signs_of_a_pattern_mean_something_only_in_a_pattern(
    db: Connection, method: Method, value: str, found: set[str]
) -> None:
    query = Query(ALL.windows, (Condition(Field.INVOICE, method, (value,)),))
    assert {one.invoice_id for one in searches.search(db, SHOP, query, 1000)} == found


def test_a_chat_and_each_of_its_topics_remember_their_own_terminal(db: Connection) -> None:
    for thread_id, terminal in ((None, "1"), (7, "2"), (None, "3")):
        memory.remember_terminal(db, -5, thread_id, TerminalId(terminal))
    assert [memory.find_last_terminal(db, -5, topic) for topic in (None, 7, 8)] == ["3", "2", None]


def test_what_has_no_time_finds_nothing(db: Connection) -> None:
    assert searches.search(db, SHOP, Query(()), 10) == []
    assert not Query(()).admits(an_operation(id=OperationId("1")))
