"""How one operation is told, wherever it is shown."""

from collections import Counter
from collections.abc import Iterable

from markupsafe import Markup, escape

from bot.model import Operation, Outcome
from bot.texts import Voice, clean
from bot.views.blocks import TEXT_LENGTH, capped
from bot.views.sight import Sight

ICONS = {Outcome.UNDECIDED: "⏳", Outcome.FAILED: "❌", Outcome.PAID: "✅", Outcome.REFUNDED: "↩️"}
SEPARATOR = Markup(" · ")
_ARROW = Markup(" → ")
_CARD_DIGITS = 4
_CURRENCIES = 4


def outcome_words(operation: Operation, voice: Voice) -> Markup:
    """The outcome; what is undecided shows the bank's own status, known to us or not."""
    status = capped(operation.status)
    if operation.outcome is Outcome.UNDECIDED and status:
        return voice("undecided, bank status {status}", status=status)
    return outcome_name(operation.outcome, voice)


def outcome_name(outcome: Outcome, voice: Voice) -> Markup:
    """The outcome in a word."""
    words = {
        Outcome.UNDECIDED: voice("undecided"),
        Outcome.FAILED: voice("failed"),
        Outcome.PAID: voice("paid"),
        Outcome.REFUNDED: voice("refunded"),
    }
    return words[outcome]


def reason_words(operation: Operation, voice: Voice) -> Markup:
    """The reason and its number, as the start of a line."""
    code, reason = operation.reason_code, voice.reason(operation.reason_code)
    capital = reason[:1].upper() + reason[1:]
    if not code or reason == voice.plain("code {code}", code=code):
        return escape(capital)
    return voice("{reason} (code {code})", reason=capital, code=code)


def bank_words(operation: Operation, voice: Voice) -> list[Markup]:
    """The bank's own text for the reason, when it gave one."""
    said = capped(operation.reason, TEXT_LENGTH)
    return [voice("Bank: {text}", text=said)] if said else []


def card_words(operation: Operation) -> list[Markup]:
    """Sender's and receiver's card, last four digits only."""
    ends = [
        _card(operation.sender_brand, operation.sender_card),
        _card(operation.receiver_brand, operation.receiver_card),
    ]
    known = [end for end in ends if end]
    return [_ARROW.join(known)] if known else []


def _card(brand: str, digits: str) -> Markup:
    last = clean(digits)[-_CARD_DIGITS:]
    return capped(f"{brand} •••• {last}") if last else Markup()


def payer_words(operation: Operation, voice: Voice, sight: Sight) -> list[Markup]:
    """Who pays, as far as may be seen."""
    known = [shown for one in sight.payer(operation) if (shown := capped(one))]
    return [voice("Payer: {name}", name=Markup(", ").join(known))] if known else []


def sums(operations: Iterable[Operation], voice: Voice) -> Markup:
    """One sum per currency, the busiest first: currencies are never added together."""
    totals: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for operation in operations:
        totals[operation.currency] = totals.get(operation.currency, 0) + operation.amount
        counts[operation.currency] += 1
    shown = [escape(voice.money(totals[currency], currency)) for currency, _ in counts.most_common(_CURRENCIES)]
    return SEPARATOR.join([*shown, *(["…"] if len(totals) > _CURRENCIES else [])])
