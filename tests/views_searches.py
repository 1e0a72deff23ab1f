"""Searches, lists and unclear questions as the views are shown with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from views_samples import DAY, FAILED, HOSTILE, MALICE, MIDNIGHT, NOW, PAID, REFUNDED, SHOP, UNDECIDED, attempts

from bot.errors import Unclear, UsageError
from bot.model import (
    Condition,
    Field,
    Freshness,
    ListReport,
    Message,
    Method,
    Operation,
    Search,
    SearchReport,
    SortKey,
    Tally,
    Window,
)
from bot.texts import Voice
from bot.views import Sight, error_message, failed_list, last_list, search_help, search_results, with_terminals

FAILED_ONES = Condition(Field.STATUS, Method.EQUAL, ("failed",))
LARGE = Condition(Field.AMOUNT, Method.AT_LEAST, (1_000_000,))
PAYER = Condition(Field.PAYER, Method.CONTAINS, ("Aigerim",))
LARGEST = (SortKey(Field.AMOUNT, descending=True),)
SEVERAL = attempts([FAILED, PAID, replace(UNDECIDED, invoice_id=""), REFUNDED])


def search_report(*operations: Operation, **parts: object) -> SearchReport:
    report = SearchReport(
        search=Search((FAILED_ONES, LARGE)),
        merchants=(SHOP,),
        windows=(Window(MIDNIGHT - 6 * DAY, NOW + timedelta(minutes=10)),),
        since_named=True,
        operations=operations,
        currencies={"KZT": Tally(failed=12, failed_sum=30_000_000)},
        page=1,
        pages=2,
        live=True,
        freshness=Freshness(NOW - timedelta(minutes=2)),
        at=NOW,
    )
    return replace(report, **parts)  # type: ignore[arg-type]


def list_report(*operations: Operation, **parts: object) -> ListReport:
    report = ListReport(
        operations=operations,
        merchants=(SHOP,),
        words=(),
        name=SHOP.name,
        terminals=SHOP.terminals,
        page=1,
        size=10,
        more=False,
        reach=timedelta(days=90),
        freshness=Freshness(NOW - timedelta(minutes=2)),
        at=NOW,
    )
    return replace(report, **parts)  # type: ignore[arg-type]


MIXED = search_report(
    *SEVERAL,
    search=Search((), LARGEST, page=3),
    since_named=False,
    currencies={
        "KZT": Tally(paid=30, paid_sum=75_000_000, failed=1, failed_sum=2_500_000, refunded=1, refunded_sum=2_500_000),
        "USD": Tally(undecided=2, undecided_sum=12_345),
    },
    page=3,
    pages=4,
)
STORED = replace(MIXED, live=False, since_named=True, page=4)
TERMINAL = UsageError("“{terminal}” fits several terminals: {terminals}", terminal="9815", terminals="Samal-2, Samal-3")
NAMED = [(terminal.name, terminal.id) for terminal in SHOP.terminals]

SEARCH_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "search": lambda voice: search_results(search_report(*attempts([FAILED] * 10)), voice, Sight.FULL),
    "search-mixed": lambda voice: search_results(MIXED, voice, Sight.FULL),
    "search-nothing": lambda voice: search_results(
        search_report(currencies={}, pages=1, windows=(Window(MIDNIGHT, MIDNIGHT + DAY),)), voice, Sight.FULL
    ),
    "search-never": lambda voice: search_results(search_report(currencies={}, pages=1, windows=()), voice, Sight.FULL),
    "search-stored": lambda voice: search_results(STORED, voice, Sight.FULL),
    "search-waiting": lambda voice: search_results(replace(STORED, waiting=True), voice, Sight.FULL),
    "search-too-many": lambda voice: search_results(replace(STORED, too_many=True), voice, Sight.FULL),
    "search-payer": lambda voice: search_results(
        search_report(FAILED, search=Search((PAYER,)), pages=1), voice, Sight.FULL
    ),
    "search-hostile": lambda voice: search_results(
        search_report(MALICE, search=Search((replace(PAYER, values=(HOSTILE,)),))), voice, Sight.MASKED
    ),
    "search-help": search_help,
    "unclear": lambda voice: error_message(
        Unclear(TERMINAL, "terminal=9815 today", 9, 13, NAMED), voice, command="search"
    ),
    "unclear-alone": lambda voice: error_message(Unclear(TERMINAL, "9815", 0, 4, NAMED), voice, command="failed"),
    "unclear-hostile": lambda voice: error_message(
        Unclear(
            UsageError("I know no filter “{word}”. There are: {names}", word=HOSTILE, names="created, terminal"),
            f"invoice=4003 0300 1234 5678 {HOSTILE}={'<' * 300}",
            28,
            28 + len(HOSTILE),
            [("created", "created")],
        ),
        voice,
        command="search",
    ),
    "failed": lambda voice: failed_list(list_report(*attempts([FAILED] * 10), more=True), voice),
    "failed-nothing": lambda voice: failed_list(list_report(words=("98151552",), name="Samal-2"), voice),
    "last": lambda voice: last_list(list_report(*SEVERAL, size=4, page=2, more=True), voice),
    "last-nothing": lambda voice: last_list(list_report(freshness=Freshness(None)), voice),
    "terminals": lambda voice: with_terminals(Message(voice("All terminals")), SHOP.terminals, voice),
}
