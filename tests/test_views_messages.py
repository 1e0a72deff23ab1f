"""Every view in every language, word for word: the reviewed messages are in tests/messages.

`pytest --update-messages` writes them anew; read the difference before you keep it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from telegram_html import check_telegram_html, utf16_units
from views_samples import (
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
    UNDECIDED,
    WELL,
    attempts,
    burst,
    day_report,
    failure,
    figures,
    found_report,
    health_report,
    source,
)

from bot.errors import UsageError
from bot.model import (
    Alert,
    ChatKind,
    Destination,
    Freshness,
    Message,
    NoticeAlert,
    Request,
    SourceState,
    Tally,
    Window,
)
from bot.texts import LANGUAGES, Voice, Voices
from bot.views import (
    Sight,
    alert_message,
    error_message,
    found,
    health,
    help_message,
    identity,
    private_bot,
    today,
    welcome,
)

MESSAGES = Path(__file__).with_name("messages")
VOICES = Voices()
COMMANDS = (("find", "All attempts"), ("today", "Payment failed"))
NOTICE = NoticeAlert(
    text="Chat {chat} takes no messages any more: {why}. Its alerts are kept for a day.",
    values={"chat": "Support <night>", "why": "bot was blocked by the user"},
    at=NOW - timedelta(minutes=5),
)
LATE = replace(FAILED, created_at=FAILED.created_at - timedelta(hours=22))
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


def alerts(*given: Alert, **how: bool) -> Callable[[Voice], Message]:
    return lambda voice: alert_message(given, voice, now=NOW, **how)


VIEWS: dict[str, Callable[[Voice], Message]] = {
    "failure": alerts(failure()),
    "failure-again": alerts(failure(count=3), private=False),
    "failure-bare": alerts(
        failure(replace(FAILED, reason_code=0, reason="", sender_card="", receiver_card="", invoice_id=""))
    ),
    "failure-hostile": alerts(failure(MALICE), private=False),
    "failure-late-repeated": alerts(failure(LATE, late=True), repeated=True),
    "failures": alerts(*burst(5)),
    "failures-alike": alerts(
        *(failure(replace(FAILED, invoice_id=f"A{n}"), count=n) for n in range(1, 4)), repeated=True
    ),
    "failures-many": alerts(*burst(300)),
    "failures-mixed": alerts(source(SourceState.BACK, operations=212, failed=9), *burst(3), NOTICE),
    "notice": alerts(NOTICE),
    "source-back": alerts(source(SourceState.BACK, operations=212, failed=9, error="")),
    "source-back-quiet": alerts(source(SourceState.BACK, error="")),
    "source-denied": alerts(source(SourceState.DENIED, error="HTTP 401")),
    "source-lost": alerts(source(SourceState.LOST)),
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
    "found-undecided-stored": lambda voice: found(found_report(UNDECIDED, live=False), voice, Sight.FULL),
    "today": lambda voice: today(day_report(), voice),
    "today-currencies": lambda voice: today(
        day_report(
            terminal=None,
            figures=figures(currencies={"KZT": BUSY, "USD": Tally(paid=3, paid_sum=12_345), "": Tally(failed=1)}),
        ),
        voice,
    ),
    "today-empty": lambda voice: today(day_report(figures=figures()), voice),
    "today-few": lambda voice: today(
        day_report(
            day_before=figures(1, currencies={"KZT": Tally(paid=2, paid_sum=3_000_000)}), week_before=figures(7)
        ),
        voice,
    ),
    "today-first-start": lambda voice: today(
        day_report(figures=figures(), day_before=figures(1), week_before=figures(7), freshness=Freshness(None)), voice
    ),
    "today-frozen": lambda voice: today(
        day_report(freshness=Freshness(NOW - timedelta(minutes=13), NOW - timedelta(minutes=12))), voice
    ),
    "health": lambda voice: health(health_report(WELL), voice),
    "health-new": lambda voice: health(health_report(NEW, last_sent_at=None), voice),
    "health-troubled": lambda voice: health(
        health_report(ILL, WELL, outbox_waiting=3, outbox_oldest_at=NOW - timedelta(minutes=5), outbox_dead=1), voice
    ),
}


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
