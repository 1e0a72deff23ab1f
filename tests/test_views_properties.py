"""Whatever the bank, the people and the numbers are, a view is valid Telegram HTML within Telegram's length."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from telegram_html import check_telegram_html, utf16_units
from views_incidents import NOTICE, alone, many, of, over, report, silence
from views_samples import (
    BUSY,
    FAILED,
    HOSTILE,
    ILL,
    NOW,
    PAID,
    SHOP,
    SHUT,
    STUCK,
    UNDECIDED,
    WELL,
    attempts,
    comparison_report,
    deliveries_report,
    earlier,
    figures,
    found_report,
    health_report,
    hourly,
    match_report,
    period_report,
    terminals_report,
)

from bot.errors import UsageError
from bot.model import (
    Aftermath,
    AlertReason,
    Because,
    Change,
    Checked,
    Destination,
    Event,
    IncidentAlert,
    IncidentState,
    Loudness,
    Mark,
    Member,
    Message,
    NoticeAlert,
    Operation,
    Outcome,
    Past,
    Rates,
    ReasonClass,
    ReasonCount,
    Request,
    Tally,
    Terminal,
    TerminalId,
)
from bot.texts import LANGUAGES, Voices
from bot.views import (
    Sight,
    alerts_list,
    ask_incident,
    by_terminal,
    comparison,
    deliveries,
    error_message,
    found,
    grand_total,
    health,
    identity,
    incident_story,
    matches,
    payers,
    period_figures,
    silences_list,
    sparkline,
    welcome,
)
from bot.views.announcements import change_message
from bot.views.blocks import LIMIT, capped, fit, units
from bot.views.incidents import living_message
from bot.views.notices import notices_message
from bot.views.story import story

VOICES = Voices()
SPEAKERS = [VOICES.voice(language, "Asia/Almaty") for language in LANGUAGES]
EN = VOICES.voice("en", "Asia/Almaty")
PIECES = [
    HOSTILE,
    "<b>",
    "</code>",
    "<a href='tg://user?id=1'>",
    "&amp;",
    "&",
    "{0.__class__}",
    "*_`[]()~>#+-=|{}.!",
    "\u202e\u2066\u200b\ufeff\x00\n",
    "👩‍👩‍👧🇰🇿",
    "Әбілқайыр Үмбетұлы ғқңөһ",
    "<" * 5000,
    "'\"" * 2500,
    "🧾" * 5000,
    "я" * 5000,
]
texts = st.one_of(st.sampled_from(PIECES), st.lists(st.sampled_from(PIECES[:11])).map("".join), st.text(max_size=40))
instants = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
TEXT_FIELDS = [
    field.name
    for field in fields(Operation)
    if field.name not in {"created_at", "amount", "outcome", "reason_code", "reason_class"}
]
operations = st.builds(
    lambda words, at, amount, outcome, code: replace(
        FAILED,
        **dict(zip(TEXT_FIELDS, words, strict=False)),
        created_at=at,
        amount=amount,
        outcome=outcome,
        reason_code=code,
    ),
    st.lists(texts, min_size=len(TEXT_FIELDS), max_size=len(TEXT_FIELDS)),
    instants,
    st.integers(-(10**15), 10**15),
    st.sampled_from(Outcome),
    st.sampled_from([0, 484, 528, -31, 99999, 10**9]),
)
marks = st.one_of(st.none(), st.builds(Mark, st.just(7), texts, instants))
silences = st.one_of(st.none(), st.builds(replace, st.just(silence()), comment=texts, until_recovery=st.booleans()))
alerts = st.builds(
    lambda incident, name, **parts: replace(
        of(incident, merchant_name=name), terminal_names=dict.fromkeys(incident.places, name), **parts
    ),
    st.builds(
        lambda shown, **parts: replace(
            many(**parts), attempts=tuple(shown), sums={one.currency: one.amount for one in shown}
        ),
        st.lists(operations, min_size=1, max_size=8),
        count=st.integers(1, 10**6),
        corrected=st.integers(0, 10**6),
        late=st.booleans(),
        flaps=st.integers(0, 9),
        key=st.sampled_from(["", "odd"]),
        text=st.just("Chat {chat} takes no messages any more: {why}. Its alerts go to the owners until it does."),
        values=st.fixed_dictionaries({"chat": texts, "why": texts}),
        members=st.lists(st.builds(Member, texts, st.sampled_from(ReasonClass)), max_size=40).map(tuple),
        acknowledged=marks,
        snoozed=marks,
        snoozed_until=st.one_of(st.none(), instants),
        resolved_at=st.one_of(st.none(), instants),
        state=st.sampled_from(IncidentState),
        loudness=st.sampled_from(Loudness),
    ),
    texts,
    reason=st.sampled_from(AlertReason),
    because=st.one_of(st.none(), st.sampled_from(Because)),
    rates=st.one_of(
        st.none(), st.builds(Rates, failed=st.just(3), decided=st.sampled_from([0, 3, 9]), usual=st.just(0.5))
    ),
    aftermath=st.one_of(st.none(), st.just(Aftermath(recovered=1, unpaid=10**9))),
    silence=silences,
    missed=st.integers(0, 10**9),
    called=texts,
    called_id=st.one_of(st.none(), st.integers(1, 10**12)),
)
notices = st.builds(
    lambda chat, why: NoticeAlert(
        text="Chat {chat} takes no messages any more: {why}. Its alerts go to the owners until it does.",
        values={"chat": chat, "why": why},
        at=NOW,
    ),
    texts,
    texts,
)
sizes = st.integers(1, 500)
tallies = st.builds(Tally, **{field.name: st.integers(0, 10**12) for field in fields(Tally)})
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check(message: Message) -> str:
    """What Telegram asks of any message, counting the raw HTML so that any way of counting holds."""
    seen = check_telegram_html(message.text)
    assert seen.strip()
    assert utf16_units(message.text) <= LIMIT
    for button in (button for row in message.buttons for button in row):
        assert button.text
        assert (button.data is None) != (button.copy is None)
        assert re.match(r"[ve]1:[a-z]+:", button.data or "v1:copy:")
        assert 1 <= utf16_units(button.copy or "-") <= 256
    return seen


def grown(items: list[Any], size: int) -> list[Any]:
    return (items * size)[:size]


@quick
@given(alerts, st.booleans(), st.lists(texts, max_size=20))
def test_any_incident_makes_valid_messages(alert: IncidentAlert, repeated: bool, who: list[str]) -> None:
    story = report(alert.incident, alert=alert, events=tuple(Event(NOW, name, name) for name in who))
    changes = {AlertReason.WIDENED, AlertReason.REMINDER, AlertReason.ESCALATED, AlertReason.RESOLVED}
    for voice in SPEAKERS:
        check(living_message(alert, voice, now=NOW, repeated=repeated))
        check(incident_story(story, voice))
        check(alerts_list([alert] * 30, voice, NOW))
        check(ask_incident([alert] * 30, "ack", ["1h"], voice))
        if alert.reason in changes:
            check(change_message(alert, voice, repeated=repeated))
        if alert.silence:
            check(silences_list([alert.silence] * 30, [SHOP], voice, NOW))


@quick
@given(st.lists(notices, min_size=1, max_size=8), sizes, st.booleans())
def test_any_notices_make_one_valid_message(given: list[NoticeAlert], size: int, repeated: bool) -> None:
    for voice in SPEAKERS:
        check(notices_message(grown(given, size), voice, now=NOW, repeated=repeated))


@quick
@given(st.lists(operations, max_size=8), sizes, texts, st.booleans(), st.booleans())
def test_any_attempts_make_one_valid_message(
    given: list[Operation], size: int, query: str, live: bool, private: bool
) -> None:
    report = found_report(*grown(given, size), query=query, live=live)
    for voice in SPEAKERS:
        check(found(report, voice, Sight.FULL if private else Sight.MASKED))


changes = st.builds(
    Change, instants, st.sampled_from(Outcome), st.sampled_from(Outcome), st.integers(0, 10**12), st.integers(0, 10**12)
)


@quick
@given(
    st.lists(operations, min_size=1, max_size=8),
    st.integers(1, 60),
    st.lists(changes, max_size=8),
    st.sampled_from(Sight),
)
def test_any_past_of_attempts_makes_one_valid_message(
    given: list[Operation], size: int, steps: list[Change], sight: Sight
) -> None:
    ids = [one.id for one in given]
    past = Past({id_: tuple(steps) for id_ in ids if steps}, frozenset(ids))
    checked = Checked(given[0], given[0].amount)
    report = replace(found_report(*grown(given, size)), past=past, checked=checked, others=size, waiting=True)
    for voice in SPEAKERS:
        check(found(report, voice, sight))


@quick
@given(st.lists(operations, min_size=1, max_size=8), st.integers(1, 60), texts, st.booleans())
def test_any_choice_makes_one_valid_message(given: list[Operation], size: int, query: str, uncounted: bool) -> None:
    report = replace(match_report(*grown(given, size)), query=query, uncounted=uncounted)
    for voice in SPEAKERS:
        check(matches(report, voice))


@quick
@given(st.lists(operations, max_size=8), st.integers(1, 20))
def test_any_payers_fit_the_pop_up_of_a_button(given: list[Operation], size: int) -> None:
    for voice in SPEAKERS:
        assert 0 < utf16_units(payers(grown(given, size), voice).text) <= 200


def test_the_pop_up_tells_each_payer_once_with_what_became_of_the_attempt() -> None:
    known = replace(FAILED, payer_name="Ә <b>", payer_phone="+7701", payer_email="a@b.kz")
    assert payers([known, known, PAID], EN).text == "❌ Ә <b>, +7701, a@b.kz\n✅ Aigerim K."
    assert payers([replace(FAILED, payer_name="")], EN).text == "The bank has not said who paid"


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Айгерим Касымова", "А. К."), ("aigerim", "A."), ("Á b c d", "Á. B. C."), ("+7701 a@b", "A."), ("", None)],
)
def test_a_masked_payer_is_initials(name: str, initials: str | None) -> None:
    secret = replace(FAILED, payer_name=name, payer_phone="+77011234567", payer_email="a.k@mail.kz")
    text = found(found_report(secret), EN, Sight.MASKED).text
    assert (f"Payer: {initials}\n" in text) if initials else ("Payer" not in text)


@quick
@given(
    st.dictionaries(texts, tallies, max_size=40),
    st.dictionaries(texts, tallies, max_size=5),
    st.lists(st.builds(ReasonCount, st.integers(-100, 10**6), st.integers(0, 10**9)), max_size=500),
    st.lists(st.integers(0, 10**6), max_size=25),
    texts,
)
def test_any_figures_make_one_valid_message(
    now: dict[str, Tally], before: dict[str, Tally], reasons: list[ReasonCount], hours: list[int], name: str
) -> None:
    report = period_report(
        terminal=Terminal(TerminalId(name), name),
        figures=figures(currencies=now, reasons=tuple(reasons), bars=hourly(hours)),
        earlier=(earlier(1, currencies=before), earlier(7, currencies=now, bars=hourly(hours[1:]))),
    )
    sides = (earlier(7, currencies=before), report.asked)
    by_number = {TerminalId(f"{name}{number}"): now for number in range(40)}
    for voice in SPEAKERS:
        check(period_figures(report, voice))
        check(grand_total([report] * 3, voice))
        check(comparison(comparison_report(BUSY, BUSY, sides=sides), voice))
        check(by_terminal(terminals_report(terminals=by_number), voice))


@quick
@given(texts, st.integers(1, 60), st.integers(0, 10**9))
def test_any_state_of_the_bot_makes_one_valid_message(error: str, merchants: int, waiting: int) -> None:
    sources = [replace(ILL, last_error=error, merchant=replace(SHOP, name=error)), WELL] * merchants
    for voice in SPEAKERS:
        check(health(health_report(*sources, outbox_waiting=waiting, outbox_oldest_at=NOW), voice))
        chats = [replace(STUCK, chat=error, problem=error, waiting=waiting), replace(SHUT, off=error)] * merchants
        check(deliveries(deliveries_report(*chats), voice))


@quick
@given(texts)
def test_any_name_or_word_of_a_person_makes_a_valid_message(word: str) -> None:
    chat = Destination(chat_id=-1, title=word, thread_id=3)
    request = Request(user_id=1, user_name=word, user_language=word, chat=chat, command="id", at=NOW)
    for voice in SPEAKERS:
        check(welcome(voice, word, [("find", "Payment failed")]))
        check(identity(request, voice))
        check(error_message(UsageError("“{method}” needs exactly one value", method=word), voice))


@given(texts, st.integers(1, 300))
def test_a_shortened_text_stays_whole_html_within_its_limit(text: str, limit: int) -> None:
    short = capped(text, limit)
    assert units(short) <= limit
    check_telegram_html(short)


@given(st.lists(st.integers(0, 400), max_size=200), st.integers(100, 4096))
def test_lines_are_kept_whole_or_counted(lengths: list[int], limit: int) -> None:
    lines = [Markup("x") * length for length in lengths]
    text = fit([Markup("head")], lines, [Markup("foot")], EN, limit=limit)
    first, *middle, last = text.split("\n")
    assert (first, last) == ("head", "foot")
    assert units(text) <= limit
    if middle and middle[-1].startswith("…"):
        kept = middle[:-1]
        assert middle[-1] == f"… and {len(lines) - len(kept)} more"
        assert units(text) + units(lines[len(kept)]) + 1 > limit - len(middle[-1])
    else:
        kept = middle
        assert len(kept) == len(lines)
    assert kept == list(map(str, lines[: len(kept)]))


@given(st.lists(st.integers(0, 10**9), max_size=30))
def test_a_sparkline_has_a_bar_a_value_and_orders_them(values: list[int]) -> None:
    bars = sparkline(values)
    assert len(bars) == len(values)
    assert all((bar == "▁") == (value == 0) for bar, value in zip(bars, values, strict=True))
    assert [bar for _, bar in sorted(zip(values, bars, strict=True))] == sorted(bars)
    assert not any(values) or bars[values.index(max(values))] == "█"


def test_two_sparklines_can_share_a_scale() -> None:
    assert sparkline([0, 10], top=20) == "▁▅"
    assert sparkline([]) == ""


def test_a_group_never_sees_who_pays() -> None:
    secret = replace(
        FAILED,
        payer_name="Айгерим Касымова",
        payer_phone="+77011234567",
        payer_email="a.k@mail.kz",
        account_id="87011234567",
    )
    shown = [
        found(found_report(secret), EN, Sight.MASKED).text,
        found(found_report(secret, replace(secret, account_id="a.k@mail.kz")), EN, Sight.MASKED).text,
        living_message(of(alone(secret)), EN, now=NOW).text,
        living_message(of(many(attempts=(secret, secret))), EN, now=NOW).text,
        incident_story(report(many(attempts=(secret,))), EN).text,
    ]
    for text in shown:
        assert not any(word in text for word in ("Касымова", "7011234567", "a.k@mail.kz"))
    assert "Касымова" in found(found_report(secret), EN, Sight.FULL).text


def test_a_card_is_never_shown_beyond_its_last_four_digits() -> None:
    spilt = replace(FAILED, sender_card="4405551234569821", receiver_card="5169490000001187")
    told = living_message(of(alone(spilt)), EN, now=NOW).text
    for text in (found(found_report(spilt), EN, Sight.FULL).text, told):
        assert "VISA •••• 9821 → •••• 1187" in text
        assert "440555" not in text
        assert "516949" not in text


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ([FAILED], "❌ failed"),
        ([FAILED] * 3, "❌ not paid, 3 attempts"),
        ([PAID], "✅ paid"),
        ([FAILED, PAID], "❌ failed → ✅ paid on attempt 2"),
        ([UNDECIDED, PAID], "✅ paid on attempt 2"),
        ([FAILED, UNDECIDED], "❌ failed → ⏳ the bank has not decided"),
        ([PAID, FAILED], "✅ paid"),
        ([PAID, PAID], "✅ paid → ⚠️ paid 2 times"),
        ([FAILED, replace(PAID, outcome=Outcome.REFUNDED)], "❌ failed → ✅ paid on attempt 2 → ↩️ refunded"),
    ],
)
def test_attempts_are_told_as_one_story(outcomes: list[Operation], told: str) -> None:
    assert story(outcomes, EN) == told


def test_an_unknown_status_of_the_bank_is_shown_as_it_came() -> None:
    strange = replace(UNDECIDED, status="WAT<>", reason_code=0)
    assert "undecided, bank status WAT&lt;&gt;" in found(found_report(strange), EN, Sight.FULL).text


def test_currencies_are_never_added_together() -> None:
    told = of(many(sums={"KZT": 2_500_000, "USD": 100}))
    for text in (
        living_message(told, EN, now=NOW).text,
        change_message(replace(told, reason=AlertReason.WIDENED), EN).text,
    ):
        assert "25\u00a0000\u00a0₸ · 1\u00a0USD" in text
    day = period_report(
        figures=figures(currencies={"KZT": Tally(paid=6, paid_sum=600), "USD": Tally(paid=6, paid_sum=600)})
    )
    assert period_figures(day, EN).text.count("Paid: <b>6 · 6\u00a0") == 2


def test_only_what_nobody_must_hear_of_at_once_is_silent() -> None:
    assert not living_message(of(alone()), EN, now=NOW).silent
    assert living_message(of(alone(loudness=Loudness.SILENT)), EN, now=NOW).silent
    assert not change_message(of(many(), AlertReason.WIDENED), EN).silent
    assert change_message(of(over(many()), AlertReason.RESOLVED), EN).silent
    quiet = replace(NOTICE, silent=True)
    assert notices_message([quiet], EN, now=NOW).silent
    assert not notices_message([quiet, NOTICE], EN, now=NOW).silent


@pytest.mark.parametrize(
    ("invoice", "buttons"),
    [("INV-1", 2), ("я" * 30, 2), ("x" * 256, 2), ("x" * 257, 1), ("", 0), ("a\u200bb", 0)],
)
def test_a_button_is_left_out_when_it_could_not_say_the_invoice_as_it_is(invoice: str, buttons: int) -> None:
    message = living_message(of(alone(replace(FAILED, invoice_id=invoice))), EN, now=NOW)
    about_invoice = [button.copy or "find" in (button.data or "") for row in message.buttons for button in row]
    assert sum(map(bool, about_invoice)) == buttons


@pytest.mark.parametrize(
    ("now", "base", "told"),
    [
        ((10, 1200), (10, 1000), "▲ 20\u00a0% against"),
        ((10, 800), (10, 1000), "▼ 20\u00a0% against"),
        ((10, 1001), (10, 1000), "= 0\u00a0% against"),
        ((10, 13_000), (10, 1000), "▲ ×13 against"),
        ((10, 1000), (4, 1000), "Yesterday by this time: 4 · 10\u00a0₸"),
        ((10, 1000), (0, 0), "Yesterday by this time: nothing paid"),
    ],
)
def test_a_day_is_compared_only_with_enough_to_compare(now: tuple[int, int], base: tuple[int, int], told: str) -> None:
    report = period_report(
        figures=figures(currencies={"KZT": replace(BUSY, paid=now[0], paid_sum=now[1])}),
        earlier=(
            earlier(1, currencies={"KZT": Tally(paid=base[0], paid_sum=base[1])} if base[0] else {}),
            earlier(7),
        ),
    )
    assert told in period_figures(report, EN).text


def test_a_late_failure_says_when_it_happened_in_the_zone_of_the_chat() -> None:
    late = of(alone(replace(FAILED, created_at=datetime(2024, 2, 29, 18, 30, tzinfo=UTC)), late=True))
    now = datetime(2024, 2, 29, 19, 5, tzinfo=UTC)
    assert "⏳ late, happened 29 Feb, 23:30 (Almaty)" in living_message(late, EN, now=now).text
    assert "⏳ late, happened 18:30 (UTC)" in living_message(late, VOICES.voice("en", "UTC"), now=now).text


def test_an_incident_of_any_size_says_how_many_are_not_shown() -> None:
    text = living_message(of(many(10_000)), EN, now=NOW).text
    assert "<b>10\u00a0000 payments failed</b>" in text
    assert "… and 9\u00a0992 more" in text


def test_a_long_list_keeps_its_headline_and_says_how_much_is_left_out() -> None:
    many_attempts = found(found_report(*attempts([FAILED] * 500)), EN, Sight.FULL).text
    assert "❌ not paid, 500 attempts" in many_attempts
    assert many_attempts.splitlines()[-1].startswith("🟢 Live from the bank")


def test_how_long_something_lasted_is_never_negative() -> None:
    skewed = over(many(began_at=NOW + timedelta(hours=1)))
    assert "over after 0\u00a0secs" in change_message(of(skewed, AlertReason.RESOLVED), EN).text
