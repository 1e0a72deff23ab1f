"""Every view in every language, word for word: the reviewed messages are in tests/messages.

`pytest --update-messages` writes them anew; read the difference before you keep it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from telegram_html import check_telegram_html, utf16_units
from views_bands import BAND_VIEWS
from views_files import FILE_VIEWS
from views_incidents import INCIDENT_VIEWS
from views_people import PEOPLE_VIEWS
from views_routes import ROUTE_VIEWS
from views_samples import (
    ALMATY,
    BUSY,
    DAY,
    FAILED,
    HOSTILE,
    ILL,
    MALICE,
    MIDNIGHT,
    NEW,
    NOW,
    PAID,
    REFUNDED,
    SHOP,
    SHUT,
    STUCK,
    UNDECIDED,
    WELL,
    attempts,
    busy,
    comparison_report,
    deliveries_report,
    earlier,
    figures,
    found_report,
    health_report,
    long_report,
    match_report,
    period_report,
    story_report,
    terminals_report,
)
from views_searches import SEARCH_VIEWS
from views_setup import SETUP_VIEWS
from views_volume import VOLUME_VIEWS

from bot.errors import UsageError
from bot.model import (
    ChatKind,
    Destination,
    Freshness,
    InvoiceTally,
    Message,
    Period,
    PeriodFigures,
    PeriodKind,
    PeriodReport,
    Request,
    Tally,
    Window,
)
from bot.texts import LANGUAGES, Voice, Voices
from bot.views import (
    Asked,
    Sight,
    ask_language,
    ask_period,
    by_terminal,
    comparison,
    deliveries,
    error_message,
    found,
    grand_total,
    health,
    help_message,
    identity,
    language_chosen,
    matches,
    period_buttons,
    period_figures,
    private_bot,
    updated,
    welcome,
)

MESSAGES = Path(__file__).with_name("messages")
VOICES = Voices()
COMMANDS = (("find", "Who paid"), ("today", "Yesterday's figures"))
GROUP = Destination(chat_id=-1001234567890, thread_id=7, kind=ChatKind.SUPERGROUP, title="Support <night>")
REQUEST = Request(
    user_id=123456789,
    user_name="Aigerim",
    user_language="ru",
    chat=Destination(chat_id=123456789),
    command="id",
    at=NOW,
)
WEEKS = Window(MIDNIGHT - 55 * DAY, MIDNIGHT + DAY)


YESTERDAY = ALMATY.yesterday(NOW)
WEEK = ALMATY.week(NOW + 2 * DAY)


def with_buttons(report: PeriodReport, voice: Voice, command: str = "today") -> Message:
    """Figures as the command answers them."""
    scope = (report.terminal.id,) if report.terminal else ()
    asked = Asked(command=command, words=scope, scope=scope, one_terminal=bool(scope))
    buttons = period_buttons(asked, report.asked.period, report.calendar, report.at, voice)
    return replace(period_figures(report, voice), buttons=buttons)


VIEWS: dict[str, Callable[[Voice], Message]] = (
    {
        "welcome": lambda voice: welcome(voice, "Aigerim <3", COMMANDS),
        "help": lambda voice: help_message(voice, COMMANDS),
        "identity-private": lambda voice: identity(REQUEST, voice),
        "identity-topic": lambda voice: identity(replace(REQUEST, chat=GROUP), voice),
        "private-bot": private_bot,
        "error": lambda voice: error_message(UsageError("“{method}” needs exactly one value", method=HOSTILE), voice),
        "found": lambda voice: found(found_report(PAID, FAILED), voice, Sight.FULL),
        "found-group": lambda voice: found(found_report(PAID, FAILED), voice, Sight.MASKED),
        "found-hostile": lambda voice: found(found_report(MALICE, query=HOSTILE), voice, Sight.MASKED),
        "found-many": lambda voice: found(found_report(*attempts([FAILED] * 60)), voice, Sight.FULL),
        "found-nothing": lambda voice: found(found_report(), voice, Sight.FULL),
        "found-nothing-stored": lambda voice: found(replace(found_report(live=False), window=WEEKS), voice, Sight.FULL),
        "found-refunded": lambda voice: found(found_report(*attempts([FAILED, REFUNDED])), voice, Sight.FULL),
        "found-several-invoices": lambda voice: found(
            found_report(
                PAID,
                replace(FAILED, invoice_id="INV-88214", terminal_id=SHOP.terminals[1].id),
                query="8821",
                live=False,
            ),
            voice,
            Sight.MASKED,
        ),
        "found-others": lambda voice: found(replace(found_report(PAID), others=12), voice, Sight.MASKED),
        "found-story": lambda voice: found(story_report(), voice, Sight.FULL),
        "found-waiting": lambda voice: found(
            replace(found_report(PAID, FAILED, live=False), waiting=True), voice, Sight.MASKED
        ),
        "matches": lambda voice: matches(match_report(PAID, replace(UNDECIDED, invoice_id=""), REFUNDED), voice),
        "matches-many": lambda voice: matches(
            replace(match_report(*[PAID] * 8), total=889, uncounted=True, part="2500"), voice
        ),
        "matches-one": lambda voice: matches(replace(match_report(MALICE), query=""), voice),
        "matches-waiting": lambda voice: matches(replace(match_report(PAID, FAILED), waiting=True), voice),
        "found-undecided-stored": lambda voice: found(found_report(UNDECIDED, live=False), voice, Sight.FULL),
        "today": lambda voice: with_buttons(period_report(), voice),
        "today-currencies": lambda voice: period_figures(
            period_report(
                terminal=None,
                figures=figures(currencies={"KZT": BUSY, "USD": Tally(paid=3, paid_sum=12_345), "": Tally(failed=1)}),
            ),
            voice,
        ),
        "today-empty": lambda voice: period_figures(period_report(figures=figures()), voice),
        "today-few": lambda voice: period_figures(
            period_report(
                earlier=(earlier(1, currencies={"KZT": Tally(paid=2, paid_sum=3_000_000)}), earlier(7)),
            ),
            voice,
        ),
        "today-filling": lambda voice: period_figures(
            period_report(
                freshness=Freshness(NOW - timedelta(seconds=20), None, NOW - timedelta(hours=3), filling=True),
            ),
            voice,
        ),
        "today-first-start": lambda voice: period_figures(
            period_report(figures=figures(), earlier=(earlier(1), earlier(7)), freshness=Freshness(None)), voice
        ),
        "today-frozen": lambda voice: period_figures(
            period_report(
                figures=busy(window=Window(MIDNIGHT, NOW - timedelta(minutes=13))),
                freshness=Freshness(NOW - timedelta(minutes=13), NOW - timedelta(minutes=12)),
            ),
            voice,
        ),
        "today-frozen-since-yesterday": lambda voice: period_figures(
            period_report(
                figures=figures(window=Window(MIDNIGHT, MIDNIGHT)), freshness=Freshness(NOW - DAY, NOW - DAY)
            ),
            voice,
        ),
        "today-later-days": lambda voice: period_figures(
            period_report(calendar=replace(ALMATY, day_starts=time(6))), voice
        ),
        "today-refreshed": lambda voice: updated(period_figures(period_report(figures=figures()), voice), NOW, voice),
        "yesterday": lambda voice: with_buttons(
            period_report(
                asked=PeriodFigures(YESTERDAY, busy(1), cut=False),
                earlier=(
                    earlier(2, currencies={"KZT": Tally(paid=230, paid_sum=345_000_000)}, cut=False),
                    earlier(8, cut=False),
                ),
                freshness=Freshness(NOW, None, MIDNIGHT - 6 * DAY),
            ),
            voice,
            "yesterday",
        ),
        "week": lambda voice: with_buttons(
            long_report(WEEK, (3, 4, 5), WEEK.earlier()[0], cut=True, now=NOW + 2 * DAY),
            voice,
            "week",
        ),
        "month": lambda voice: with_buttons(
            long_report(ALMATY.month(NOW), range(9), ALMATY.month(NOW).earlier()[0], cut=True), voice, "month"
        ),
        "summary-year": lambda voice: with_buttons(
            long_report(
                Period(PeriodKind.DAYS, date(2025, 11, 10), date(2026, 11, 8)),
                range(31),
                Period(PeriodKind.DAYS, date(2024, 11, 11), date(2025, 11, 9)),
            ),
            voice,
            "summary",
        ),
        "summary-which": lambda voice: ask_period(("98151552",), voice),
        "total": lambda voice: grand_total(
            [period_report(), period_report(figures=busy(invoices=InvoiceTally(4, 1)))], voice
        ),
        "compare": lambda voice: comparison(
            comparison_report(BUSY, replace(BUSY, paid=190, paid_sum=294_900_000)), voice
        ),
        "compare-empty": lambda voice: comparison(
            comparison_report(Tally(), Tally(), sides=(earlier(7), earlier(0))), voice
        ),
        "compare-wide": lambda voice: comparison(
            comparison_report(
                BUSY, replace(BUSY, paid=1_234_567, paid_sum=99_999_999_999_999, failed_sum=12_345_678_901)
            ),
            voice,
        ),
        "by-terminal": lambda voice: by_terminal(terminals_report(), voice),
        "by-terminal-empty": lambda voice: by_terminal(terminals_report(terminals={}), voice),
        "language": ask_language,
        "language-chosen": language_chosen,
        "health": lambda voice: health(health_report(WELL), voice),
        "health-new": lambda voice: health(health_report(NEW, last_sent_at=None), voice),
        "health-troubled": lambda voice: health(
            health_report(ILL, WELL, outbox_waiting=3, outbox_oldest_at=NOW - timedelta(minutes=5), outbox_dead=1),
            voice,
        ),
        "health-many": lambda voice: health(health_report(*[WELL] * 298, NEW, ILL), voice),
        "deliveries": lambda voice: deliveries(deliveries_report(STUCK, SHUT), voice),
        "deliveries-none": lambda voice: deliveries(deliveries_report(sent=0, last_sent_at=None), voice),
    }
    | INCIDENT_VIEWS
    | PEOPLE_VIEWS
    | ROUTE_VIEWS
    | BAND_VIEWS
    | VOLUME_VIEWS
    | SEARCH_VIEWS
    | FILE_VIEWS
    | SETUP_VIEWS
)


def as_seen(message: Message) -> str:
    """The message as a file: its HTML, then a line for each row of buttons."""
    rows = [
        " ".join(f"[{button.text}]({button.data or f'copy {button.copy}'})" for button in row)
        for row in message.buttons
    ]
    return "\n".join([message.text, *(["---", *rows] if rows else []), ""])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
def test_a_message_reads_as_reviewed(view: str, language: str, update_messages: bool) -> None:
    message = VIEWS[view](VOICES.voice(language, "Asia/Almaty"))
    check_telegram_html(message.text)
    assert utf16_units(message.text) <= 4096
    path = MESSAGES / f"{view}.{language}.txt"
    if update_messages:
        path.write_text(as_seen(message), encoding="utf-8")
    assert as_seen(message) == path.read_text(encoding="utf-8")


def test_no_reviewed_message_is_left_over() -> None:
    kept = {path.name for path in MESSAGES.iterdir()}
    assert kept == {f"{view}.{language}.txt" for view in VIEWS for language in LANGUAGES}
