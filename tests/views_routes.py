"""ROUTE_VIEWS: what a chat receives, its digests, and alerts that are another chat's, for the reviewed messages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

from views_samples import BUSY, HOSTILE, MIDNIGHT, NOW, REASONS, SHOP, earlier, period_report

from bot.model import (
    EVERYTHING,
    ChatSettings,
    DigestAlert,
    DigestIncident,
    DigestKind,
    DigestPart,
    DigestPlan,
    EventKind,
    Freshness,
    InvoiceTally,
    Loudness,
    Mark,
    Message,
    NoticeAlert,
    PeriodReport,
    QuietHours,
    Severity,
    Silence,
    Subscription,
    Tally,
)
from bot.texts import Voice
from bot.views import (
    Chosen,
    ask_digest,
    ask_kinds,
    ask_leave,
    ask_place,
    ask_quiet,
    digest_message,
    digests_chosen,
    quiet_chosen,
    settings_message,
    subscribed,
    unsubscribed,
)
from bot.views.notices import notices_message

HOUR = timedelta(hours=1)
SAMAL = SHOP.terminals[0].id
SOME = [
    Subscription(merchant_id=SHOP.id, terminal_id=SAMAL, kind=EventKind.FAILURES, min_severity=Severity.CRITICAL),
    Subscription(merchant_id=SHOP.id, terminal_id=SAMAL, kind=EventKind.DIGEST, loudness=Loudness.SILENT),
    Subscription(merchant_id=SHOP.id, kind=EventKind.FAILURES, loudness=Loudness.OFF),
]
PLANS = [
    DigestPlan(DigestKind.DAILY, time(9)),
    DigestPlan(DigestKind.WEEKLY, time(9), 0),
    DigestPlan(DigestKind.MONTHLY, time(18, 30), 1),
]
NIGHT = QuietHours(time(23), time(8))
SILENCE = Silence(
    merchant_id=SHOP.id,
    terminals=(SAMAL,),
    until_at=NOW + 4 * HOUR,
    author=Mark(2, "Aigerim", NOW),
    comment="repairs <b>",
)
INCIDENTS = (
    DigestIncident(
        number=411,
        terminals=("Samal-2",),
        count=31,
        since=MIDNIGHT - 8 * HOUR,
        resolved_at=MIDNIGHT - 7 * HOUR,
        who=HOSTILE,
    ),
    DigestIncident(
        number=412, terminals=("Samal-2", "Samal-3", "Samal-4", "Samal-5"), count=1, since=NOW - HOUR, resolved_at=None
    ),
)


def chosen(*wishes: Subscription, quiet: QuietHours | None = None, plans: tuple[DigestPlan, ...] = ()) -> Chosen:
    return Chosen(ChatSettings(wishes, quiet, plans), [SHOP], NOW)


def part(report: PeriodReport, **changes: object) -> DigestPart:
    given = {"report": report, "payer_refusals": 0, "set_aside": 0, "incidents": (), "silences": ()}
    return DigestPart(**given | changes)


def digest(*parts: DigestPart, **changes: object) -> DigestAlert:
    return DigestAlert(**{"kind": DigestKind.DAILY, "parts": parts, "due_at": NOW - 2 * HOUR, "at": NOW} | changes)


def shown(alert: DigestAlert) -> Callable[[Voice], Message]:
    return lambda voice: digest_message(alert, voice, now=NOW)


def day(**parts: object) -> PeriodReport:
    """The whole of yesterday beside the day before and the same weekday a week before."""
    before, week_before = Tally(paid=230, paid_sum=345_000_000), Tally(paid=190, paid_sum=294_900_000)
    asked = earlier(1, cut=False, **{"currencies": {"KZT": BUSY}, "reasons": REASONS} | parts)
    return period_report(
        terminal=None,
        asked=asked,
        earlier=(
            earlier(2, cut=False, currencies={"KZT": before}),
            earlier(8, cut=False, currencies={"KZT": week_before}),
        ),
    )


FULL = part(
    day(invoices=InvoiceTally(206, 200)), payer_refusals=5, incidents=INCIDENTS, silences=(SILENCE,), set_aside=2
)
LOST = replace(day(), freshness=Freshness(NOW - 3 * HOUR, NOW - 3 * HOUR))
BACK = NoticeAlert(
    text="I can write here again. Open now: {open}. Over meanwhile: {over}.",
    values={"open": "#412", "over": "#410, #411"},
    silent=True,
    at=NOW,
)
ROUTE_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "digest": shown(digest(FULL)),
    "digest-quiet": shown(digest(part(day(currencies={}, reasons=())), kind=DigestKind.WEEKLY)),
    "digest-late": shown(digest(part(LOST), kind=DigestKind.MONTHLY, late=True)),
    "settings": lambda voice: settings_message(chosen(*SOME, quiet=NIGHT, plans=tuple(PLANS)), voice),
    "settings-none": lambda voice: settings_message(chosen(), voice),
    "subscribed": lambda voice: subscribed(chosen(*EVERYTHING, plans=tuple(PLANS[:1])), voice),
    "unsubscribed": lambda voice: unsubscribed(chosen(*SOME), voice),
    "subscribe-where": lambda voice: ask_place([SHOP], ["failures"], voice),
    "subscribe-what": lambda voice: ask_kinds([SAMAL], voice),
    "unsubscribe-what": lambda voice: ask_leave(chosen(*SOME), voice),
    "quiet": lambda voice: ask_quiet(chosen(*EVERYTHING), voice),
    "quiet-chosen": lambda voice: quiet_chosen(NIGHT, voice),
    "digests": lambda voice: ask_digest(chosen(*EVERYTHING, plans=tuple(PLANS)), voice),
    "digests-chosen": lambda voice: digests_chosen(chosen(*EVERYTHING), voice),
    "catch-up": lambda voice: notices_message([BACK], voice, now=NOW),
}
