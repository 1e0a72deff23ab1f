"""Which chat hears of what, how loud, when without sound, and when its digests come: tables, no store."""

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from builders import BAKERY, DOSTYK, NOW, SAMAL, SHOP, SHOP_LLP, an_incident

from bot.chat.hours import read_plan, read_quiet
from bot.errors import UsageError
from bot.model import (
    EVERYTHING,
    Calendar,
    ChatKind,
    Destination,
    DigestKind,
    DigestPlan,
    EventKind,
    Incident,
    Loudness,
    Member,
    Merchant,
    QuietHours,
    ReasonClass,
    Severity,
    Subscription,
    Terminal,
    digest_period,
    digest_places,
    loudness_for,
)
from bot.store.routes import Route, with_fallback

ON, SILENT, OFF = Loudness.ON, Loudness.SILENT, Loudness.OFF
FAILURES, SOURCE, VOLUME, DIGEST = EventKind
ALMATY, BERLIN, UTC_ZONE = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def wish(kind: EventKind = FAILURES, loudness: Loudness = ON, merchant: str = "", terminal: str = "", **more: Severity):
    return Subscription(merchant_id=merchant, terminal_id=terminal, kind=kind, loudness=loudness, **more)


def failing(*terminals: str, merchant: str = SHOP, severity: Severity = Severity.WARNING) -> Incident:
    members = tuple(Member(terminal, ReasonClass.SYSTEM) for terminal in terminals or (SAMAL,))
    return an_incident(merchant_id=merchant, members=members, severity=severity)


def state(rule: str, *terminals: str, severity: Severity = Severity.WARNING) -> Incident:
    return an_incident(rule=rule, key="it", members=(), terminals=terminals, severity=severity)


ONE_TERMINAL = [wish(merchant=SHOP, terminal=SAMAL)]
ALL_BUT_ONE = [wish(), wish(FAILURES, OFF, SHOP, SAMAL)]
CRITICAL = [wish(min_severity=Severity.CRITICAL)]
WHO_HEARS_WHAT = {
    "nothing chosen, nothing heard": ([], failing(), OFF),
    "everything": (EVERYTHING, failing(), ON),
    "everything, also the bank": (EVERYTHING, state("source"), ON),
    "everything, also volume": (EVERYTHING, state("volume", SAMAL), ON),
    "without sound": ([wish(loudness=SILENT)], failing(), SILENT),
    "one merchant": ([wish(merchant=SHOP)], failing(), ON),
    "another merchant": ([wish(merchant=BAKERY)], failing(), OFF),
    "one terminal": (ONE_TERMINAL, failing(SAMAL), ON),
    "another terminal": (ONE_TERMINAL, failing(DOSTYK), OFF),
    "one of several terminals": (ONE_TERMINAL, failing(DOSTYK, SAMAL), ON),
    "all but one terminal": (ALL_BUT_ONE, failing(SAMAL), OFF),
    "the others of all but one": (ALL_BUT_ONE, failing(DOSTYK), ON),
    "it has grown beyond the one": (ALL_BUT_ONE, failing(SAMAL, DOSTYK), ON),
    "the terminal counts before the merchant": (
        [wish(merchant=SHOP), wish(FAILURES, SILENT, SHOP, SAMAL)],
        failing(SAMAL),
        SILENT,
    ),
    "the merchant counts before everything": ([wish(loudness=OFF), wish(merchant=SHOP)], failing(), ON),
    "the loudest terminal counts": (
        [wish(loudness=SILENT), wish(merchant=SHOP, terminal=DOSTYK)],
        failing(SAMAL, DOSTYK),
        ON,
    ),
    "critical only, a warning": (CRITICAL, failing(), OFF),
    "critical only, critical": (CRITICAL, failing(severity=Severity.CRITICAL), ON),
    "at least a warning": ([wish(min_severity=Severity.WARNING)], failing(severity=Severity.INFO), OFF),
    "failures only, the bank": ([wish()], state("source"), OFF),
    "the bank only, a failure": ([wish(SOURCE)], failing(), OFF),
    "the bank only, the bank": ([wish(SOURCE)], state("source"), ON),
    "one terminal's bank": ([wish(SOURCE, ON, SHOP, SAMAL)], state("source"), ON),
    "another merchant's bank": ([wish(SOURCE, ON, BAKERY, "1")], state("source"), OFF),
    "the bank off for all, on for one terminal": (
        [wish(SOURCE, OFF), wish(SOURCE, ON, SHOP, SAMAL)],
        state("source"),
        OFF,
    ),
    "volume of another terminal": ([wish(VOLUME, ON, SHOP, SAMAL)], state("volume", DOSTYK), OFF),
    "digests only": ([wish(DIGEST)], failing(), OFF),
}


@pytest.mark.parametrize("case", WHO_HEARS_WHAT)
def test_a_chat_hears_what_it_asked_for_as_loud_as_it_asked(case: str) -> None:
    wishes, incident, loudness = WHO_HEARS_WHAT[case]
    assert loudness_for(wishes, incident) is loudness


BAKERY_LLP = Merchant(BAKERY, "Bakery", ())


@pytest.mark.parametrize(
    ("wishes", "places"),
    [
        (EVERYTHING, [(SHOP, None), (BAKERY, None)]),
        ([wish()], []),
        ([wish(DIGEST, OFF)], []),
        ([wish(DIGEST, SILENT, BAKERY)], [(BAKERY, None)]),
        ([wish(DIGEST, ON, SHOP, DOSTYK), wish(DIGEST, OFF, SHOP, SAMAL)], [(SHOP, DOSTYK)]),
        ([wish(DIGEST), wish(DIGEST, ON, SHOP, DOSTYK)], [(SHOP, None), (BAKERY, None)]),
        ([wish(DIGEST), wish(DIGEST, OFF, BAKERY)], [(SHOP, None)]),
    ],
)
def test_a_digest_is_about_the_places_it_was_asked_for(wishes, places) -> None:
    found = digest_places(wishes, [SHOP_LLP, BAKERY_LLP])
    assert [(merchant.id, terminal and terminal.id) for merchant, terminal in found] == places
    assert all(isinstance(terminal, Terminal | None) for _, terminal in found)


A, B = Destination(chat_id=1, title="A"), Destination(chat_id=2, title="B")
GROUP = Destination(chat_id=-5, kind=ChatKind.GROUP, title="Support")
LOST = replace(GROUP, disabled_reason="kicked")
FALLBACKS = {
    "nobody is lost": ([Route(A), Route(GROUP, SILENT), Route(B, OFF)], [Route(A), Route(GROUP, SILENT)]),
    "who hears it anyway says whose it is": (
        [Route(A), Route(B, OFF), Route(LOST)],
        [Route(LOST), Route(A, ON, ("Support",))],
    ),
    "as loud as the lost one wanted": ([Route(A, SILENT), Route(LOST)], [Route(LOST), Route(A, ON, ("Support",))]),
    "no louder than the lost one wanted": (
        [Route(A, OFF), Route(LOST, SILENT)],
        [Route(LOST, SILENT), Route(A, SILENT, ("Support",))],
    ),
    "everybody private when nobody hears it": (
        [Route(A, OFF), Route(B, OFF), Route(LOST)],
        [Route(LOST), Route(A, ON, ("Support",)), Route(B, ON, ("Support",))],
    ),
    "what the lost one did not want goes nowhere": ([Route(A, OFF), Route(LOST, OFF)], []),
    "another group is no substitute": (
        [Route(replace(GROUP, chat_id=-6)), Route(LOST)],
        [Route(replace(GROUP, chat_id=-6)), Route(LOST)],
    ),
    "a lost owner's go to the other": (
        [Route(replace(A, disabled_reason="blocked")), Route(B)],
        [Route(replace(A, disabled_reason="blocked")), Route(B, ON, ("A",))],
    ),
}


@pytest.mark.parametrize("case", FALLBACKS)
def test_what_a_lost_chat_should_hear_goes_to_the_next_best(case: str) -> None:
    known, heard = FALLBACKS[case]
    assert with_fallback(known) == heard


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHT, NOON = QuietHours(time(23), time(8)), QuietHours(time(12), time(13))


@pytest.mark.parametrize(
    ("hours", "zone", "when", "quiet"),
    [
        (NIGHT, UTC_ZONE, "2026-11-24T22:59:59", False),
        (NIGHT, UTC_ZONE, "2026-11-24T23:00", True),
        (NIGHT, UTC_ZONE, "2026-11-25T00:00", True),
        (NIGHT, UTC_ZONE, "2026-11-25T07:59:59", True),
        (NIGHT, UTC_ZONE, "2026-11-25T08:00", False),
        (NOON, UTC_ZONE, "2026-11-25T12:30", True),
        (NOON, UTC_ZONE, "2026-11-25T13:00", False),
        (NIGHT, ALMATY, "2026-11-24T18:00", True),
        (NIGHT, ALMATY, "2026-11-24T17:59", False),
        (NIGHT, ALMATY, "2026-11-25T03:00", False),
        # Berlin puts its clocks forward on 29 March 2026 at 01:00 UTC, back on 25 October.
        (NIGHT, BERLIN, "2026-03-28T21:59", False),
        (NIGHT, BERLIN, "2026-03-29T05:59", True),
        (NIGHT, BERLIN, "2026-03-29T06:00", False),
        (NIGHT, BERLIN, "2026-03-28T06:59", True),
        (NIGHT, BERLIN, "2026-10-25T06:59", True),
        (NIGHT, BERLIN, "2026-10-25T07:00", False),
    ],
)
def test_quiet_hours_follow_the_clock_of_the_chat(hours, zone, when: str, quiet: bool) -> None:
    assert hours.holds(at(when), zone) is quiet


DAILY = DigestPlan(DigestKind.DAILY, time(9))
NIGHTLY = DigestPlan(DigestKind.DAILY, time(2, 30))
MONDAYS = DigestPlan(DigestKind.WEEKLY, time(9), 0)
FIRSTS, LASTS = DigestPlan(DigestKind.MONTHLY, time(9), 1), DigestPlan(DigestKind.MONTHLY, time(9), 31)


@pytest.mark.parametrize(
    ("plan", "zone", "after", "due"),
    [
        (DAILY, UTC_ZONE, "2026-11-24T08:59:59", "2026-11-24T09:00"),
        (DAILY, UTC_ZONE, "2026-11-24T09:00", "2026-11-25T09:00"),
        (DAILY, ALMATY, "2026-11-24T03:59", "2026-11-24T04:00"),
        (DAILY, ALMATY, "2026-11-24T20:00", "2026-11-25T04:00"),
        (MONDAYS, ALMATY, "2026-11-24T00:00", "2026-11-30T04:00"),
        (MONDAYS, UTC_ZONE, "2026-11-23T08:00", "2026-11-23T09:00"),
        (FIRSTS, ALMATY, "2026-11-24T00:00", "2026-12-01T04:00"),
        (FIRSTS, UTC_ZONE, "2026-12-01T09:00", "2027-01-01T09:00"),
        (LASTS, UTC_ZONE, "2026-02-01T00:00", "2026-02-28T09:00"),
        (LASTS, UTC_ZONE, "2026-11-24T00:00", "2026-11-30T09:00"),
        (DAILY, BERLIN, "2026-03-28T08:00", "2026-03-29T07:00"),
        (DAILY, BERLIN, "2026-10-24T07:00", "2026-10-25T08:00"),
        # 02:30 does not exist on 29 March and comes twice on 25 October: once each.
        (NIGHTLY, BERLIN, "2026-03-28T12:00", "2026-03-29T01:30"),
        (NIGHTLY, BERLIN, "2026-03-29T01:30", "2026-03-30T00:30"),
        (NIGHTLY, BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),
        (NIGHTLY, BERLIN, "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_a_digest_is_due_at_the_hour_of_the_chat(plan: DigestPlan, zone: ZoneInfo, after: str, due: str) -> None:
    assert plan.due_after(at(after), zone) == at(due)


def test_of_several_missed_digests_the_last_counts() -> None:
    missed = at("2026-11-20T04:00")
    assert DAILY.newest_due(missed, at("2026-11-24T05:00"), ALMATY) == at("2026-11-24T04:00")
    assert DAILY.newest_due(missed, at("2026-11-20T05:00"), ALMATY) == missed
    assert MONDAYS.newest_due(at("2026-11-02T04:00"), at("2026-11-24T05:00"), ALMATY) == at("2026-11-23T04:00")


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        (DigestKind.DAILY, "2026-11-19", "2026-11-19"),
        (DigestKind.WEEKLY, "2026-11-09", "2026-11-15"),
        (DigestKind.MONTHLY, "2026-10-01", "2026-10-31"),
    ],
)
def test_a_digest_tells_of_the_last_whole_period(kind: DigestKind, first: str, last: str) -> None:
    period = digest_period(kind, NOW, Calendar(ALMATY))
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def test_a_digest_before_the_business_day_begins_tells_of_the_day_before_the_last() -> None:
    period = digest_period(DigestKind.DAILY, at("2026-11-24T00:00"), Calendar(ALMATY, time(6)))
    assert period.first.isoformat() == "2026-11-22"


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ("09:00", DAILY),
        ("9.00", DAILY),
        ("daily 09:00", DAILY),
        ("weekly mon 09:00", MONDAYS),
        ("weekly 09:00", MONDAYS),
        ("weekly пт 18:30", DigestPlan(DigestKind.WEEKLY, time(18, 30), 4)),
        ("апта жм 18:30", DigestPlan(DigestKind.WEEKLY, time(18, 30), 4)),
        ("monthly 1 09:00", FIRSTS),
        ("monthly 31 09:00", LASTS),
    ],
)
def test_a_digest_is_asked_for_in_people_s_words(said: str, plan: DigestPlan) -> None:
    assert read_plan(said.split()) == plan


@pytest.mark.parametrize(
    "said", ["", "25:00", "09:60", "weekly", "weekly 8 09:00", "monthly 32 09:00", "1 09:00", "soon"]
)
def test_a_digest_nobody_can_read_is_refused(said: str) -> None:
    with pytest.raises(UsageError):
        read_plan(said.split())


@pytest.mark.parametrize(
    ("said", "hours"),
    [("23:00-08:00", NIGHT), ("23:00–8:00", NIGHT), ("23:00 - 08:00", NIGHT), ("12:00 до 13:00", NOON), ("off", None)],
)
def test_quiet_hours_are_asked_for_in_people_s_words(said: str, hours: QuietHours | None) -> None:
    assert read_quiet(said.split()) == hours


@pytest.mark.parametrize("said", ["night", "23:00", "23:00-24:00", "08:00-08:00"])
def test_quiet_hours_nobody_can_read_are_refused(said: str) -> None:
    with pytest.raises(UsageError):
        read_quiet(said.split())
