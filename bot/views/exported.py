"""Operations as the rows of a file, and what is said around it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from bot.exports import Column, Format, Kind, Row, Table
from bot.model import Calendar, Freshness, Merchant, Message, Operation, Outcome, Period, PeriodFigures, Tally
from bot.texts import Voice, clean
from bot.views.buttons import edit_button
from bot.views.freshness import figures_line
from bot.views.operations import outcome_name
from bot.views.periods import headline, span_words
from bot.views.sight import Sight

_CARD_DIGITS = 4
_TIME = "%Y-%m-%d %H:%M:%S"


class Listing:
    """The operations of a file in one voice. `several`: of more than one merchant, who is then named in each row."""

    def __init__(self, voice: Voice, sight: Sight, *, several: bool) -> None:
        self._voice = voice
        self._sight = sight
        self._several = several
        self._outcomes = {outcome: clean(outcome_name(outcome, voice).unescape()) for outcome in Outcome}
        self._reasons: dict[int, str] = {}

    def table(self, format_: Format, limit: int) -> Table:
        """`limit`: as many bytes as one file may have."""
        voice = self._voice
        return Table(
            format=format_,
            title=voice.plain("Operations"),
            columns=tuple(self._columns()),
            totals_title=voice.plain("Totals"),
            totals_columns=(
                Column(voice.plain("Currency"), width=10),
                Column(voice.plain("Outcome"), width=18),
                Column(voice.plain("Count"), Kind.COUNT, 12),
                Column(voice.plain("Sum"), Kind.MONEY, 20),
            ),
            limit=limit,
            comma=voice.language != "en",
        )

    def _columns(self) -> Iterator[Column]:
        voice = self._voice
        if self._several:
            yield Column(voice.plain("Merchant"), width=18)
        yield Column(voice.plain("Time ({zone})", zone=voice.zone_name()), Kind.TIME, 20)
        yield Column(voice.plain("Invoice"), width=18)
        yield Column(voice.plain("Terminal number"), width=12)
        yield Column(voice.plain("Terminal"), width=18)
        yield Column(voice.plain("Amount"), Kind.MONEY, 14)
        yield Column(voice.plain("Currency"), width=9)
        yield Column(voice.plain("Outcome"), width=14)
        yield Column(voice.plain("Reason code"), width=9)
        yield Column(voice.plain("Reason"), width=32)
        yield Column(voice.plain("RRN"), width=15)
        yield Column(voice.plain("Sender's card"), width=12)
        yield Column(voice.plain("Sender's card brand"), width=12)
        yield Column(voice.plain("Sender's bank"), width=18)
        yield Column(voice.plain("Receiver's card"), width=12)
        yield Column(voice.plain("Receiver's card brand"), width=12)
        yield Column(voice.plain("Receiver's bank"), width=18)
        yield Column(voice.plain("Account"), width=18)
        yield Column(voice.plain("Description"), width=32)
        if self._sight is Sight.FULL:
            yield Column(voice.plain("Payer"), width=24)
            yield Column(voice.plain("Payer's phone"), width=16)
            yield Column(voice.plain("Payer's e-mail"), width=26)

    def row(self, operation: Operation, merchant: Merchant) -> Row:
        """A cell a column of the table."""
        cells: list[str | int] = [merchant.name] if self._several else []
        cells += [
            f"{self._voice.local(operation.created_at):{_TIME}}",
            operation.invoice_id,
            operation.terminal_id,
            merchant.terminal_name(operation.terminal_id),
            operation.amount,
            operation.currency,
            self._outcome(operation),
            str(operation.reason_code or ""),
            self._reason(operation),
            operation.reference,
            operation.sender_card[-_CARD_DIGITS:],
            operation.sender_brand,
            operation.sender_issuer,
            operation.receiver_card[-_CARD_DIGITS:],
            operation.receiver_brand,
            operation.receiver_issuer,
            self._sight.account(operation),
            operation.description,
        ]
        if self._sight is Sight.FULL:
            cells += [operation.payer_name, operation.payer_phone, operation.payer_email]
        return [clean(cell) if isinstance(cell, str) else cell for cell in cells]

    def _outcome(self, operation: Operation) -> str:
        """What is undecided shows the bank's own status, known to us or not."""
        name = self._outcomes[operation.outcome]
        undecided = operation.outcome is Outcome.UNDECIDED and operation.status
        return f"{name}: {operation.status}" if undecided else name

    def _reason(self, operation: Operation) -> str:
        code = operation.reason_code
        if not code and operation.outcome is not Outcome.FAILED:
            return ""
        if code not in self._reasons:
            self._reasons[code] = self._voice.reason(code)
        return self._reasons[code]

    def totals(self, tallies: Mapping[str, Tally]) -> list[Row]:
        """A row a currency and outcome that came; currencies are never added together."""
        return [
            [clean(currency), self._outcomes[outcome], count, total]
            for currency, tally in sorted(tallies.items())
            for outcome, count, total in _parts(tally)
            if count
        ]


def _parts(tally: Tally) -> tuple[tuple[Outcome, int, int], ...]:
    return (
        (Outcome.PAID, tally.paid, tally.paid_sum),
        (Outcome.FAILED, tally.failed, tally.failed_sum),
        (Outcome.UNDECIDED, tally.undecided, tally.undecided_sum),
        (Outcome.REFUNDED, tally.refunded, tally.refunded_sum),
    )


class Export:
    """What is said about one export: of whom, of when, on which calendar."""

    def __init__(self, name: str, asked: PeriodFigures, calendar: Calendar, voice: Voice, *, now: datetime) -> None:
        self._voice = voice
        span = span_words(asked, calendar, voice, now_on=calendar.today(now))
        self._headline = headline("📄", name, span, calendar, voice)

    def empty(self) -> Message:
        """There is nothing to put into a file."""
        voice = self._voice
        return self._with(voice("No operations in this period, so there is no file."))

    def progress(self, done: int, total: int) -> Message:
        """How far it is."""
        voice = self._voice
        if not done:
            count = voice.plural("Writing {n} operation into a file…", "Writing {n} operations into a file…", total)
            return self._with(count)
        parts = {"done": voice.number(done), "total": voice.number(max(done, total))}
        return self._with(voice("⏳ {done} of {total}", **parts))

    def sending(self, parts: int) -> Message:
        """Written, on its way to Telegram."""
        return self._with(self._voice.plural("Sending {n} file…", "Sending {n} files…", parts))

    def ready(self, count: int, freshness: Freshness, at: datetime) -> Message:
        """What the files hold and how fresh it is."""
        lines = [self._voice.plural("{n} operation", "{n} operations", count), figures_line(freshness, at, self._voice)]
        return self._with(*lines)

    def caption(self, part: int, parts: int) -> Markup:
        """Beside one of the files."""
        if parts == 1:
            return self._headline
        voice = self._voice
        return Markup("\n").join([self._headline, voice("Part {part} of {parts}", part=part, parts=parts)])

    def interrupted(self) -> Message:
        """The bot is being stopped."""
        voice = self._voice
        return self._with(voice("The file was not finished, since I am being restarted. Please ask again."))

    def _with(self, *lines: Markup) -> Message:
        return Message(Markup("\n").join([self._headline, *lines]))


def ask_export(days: Sequence[str], scope: Sequence[str], formats: Sequence[Format], voice: Voice) -> Message:
    """For /export without a period or a format: a button for each there may be."""
    named = [
        ("today", voice.plain("Today")),
        ("yesterday", voice.plain("Yesterday")),
        ("week", voice.plain("Week")),
        ("month", voice.plain("Month")),
    ]
    periods = [(tuple(days), "")] if days else [((word,), label) for word, label in named]
    rows = [
        [
            button
            for format_ in formats
            for button in edit_button(f"{label} {format_.upper()}".strip(), "export", *words, *scope, format_.value)
        ]
        for words, label in periods
    ]
    if days:
        return Message(voice("Which kind of file? XLSX opens in Excel, CSV in any program."), rows)
    text = voice("A file of which days? Or write them, for example: /export 01.11 07.11 xlsx")
    return Message(text, rows)


def file_name(name: str, period: Period, part: int, parts: int) -> str:
    """`Samal-2_2026-11-01_2026-11-07_1of3`, without an ending; letters, digits and signs every system takes."""
    first, last = period.first.isoformat(), period.last.isoformat()
    words = "-".join("".join(sign if sign.isalnum() else " " for sign in clean(name)[:60]).split())
    pieces = [words or "epay", first, *([last] if last != first else []), *([f"{part}of{parts}"] if parts > 1 else [])]
    return "_".join(pieces)
