"""Operations as rows of a list, two lines each, and the buttons that turn its pages."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

from bot.model import Button, Merchant, Operation, Outcome
from bot.texts import Voice, clean
from bot.views.blocks import capped
from bot.views.buttons import edit_button
from bot.views.operations import ICONS, SEPARATOR, outcome_words
from bot.views.sight import Sight

_NAME_LENGTH = 24
_CARD_DIGITS = 4


def operation_rows(
    operations: Sequence[Operation], merchants: Sequence[Merchant], at: datetime, voice: Voice, sight: Sight | None
) -> list[Markup]:
    """When, how much and which invoice; below, where, why it failed and the cards. `sight`: payers are told too."""
    names = {terminal.id: terminal.name for merchant in merchants for terminal in merchant.terminals}
    return [
        Markup("\n").join(
            [
                _first_line(operation, at, voice),
                *_second_line(operation, names.get(operation.terminal_id, operation.terminal_id), voice, sight),
            ]
        )
        for operation in operations
    ]


def _first_line(operation: Operation, at: datetime, voice: Voice) -> Markup:
    time = escape(voice.moment(operation.created_at, at))
    amount = Markup("<b>{}</b>").format(voice.money(operation.amount, operation.currency))
    invoice = capped(operation.invoice_id)
    code = [Markup("<code>{}</code>").format(invoice)] if invoice else []
    return Markup("{} {}").format(ICONS[operation.outcome], SEPARATOR.join([time, amount, *code]))


def _second_line(operation: Operation, terminal: str, voice: Voice, sight: Sight | None) -> list[Markup]:
    parts = [capped(terminal, _NAME_LENGTH)]
    if operation.outcome is Outcome.FAILED:
        parts.append(capped(voice.reason(operation.reason_code), 2 * _NAME_LENGTH))
    elif operation.outcome is Outcome.UNDECIDED:
        parts.append(outcome_words(operation, voice))
    parts.append(_cards(operation))
    parts += [capped(name, _NAME_LENGTH) for name in sight.payer(operation)[:1]] if sight else []
    shown = [part for part in parts if part]
    return [SEPARATOR.join(shown)] if shown else []


def _cards(operation: Operation) -> Markup:
    """`•1187 → •9821`: what is left of the cards in a row."""
    ends = [clean(card)[-_CARD_DIGITS:] for card in (operation.sender_card, operation.receiver_card)]
    return Markup(" → ").join(Markup("•{}").format(end) for end in ends if end)


def page_buttons(command: str, words: dict[int, str], page: int, last: int | None) -> list[Button]:
    """`◀ 2/7 ▶`, nothing for a single page. `words` ask for a page by its number; `last` None: nobody has counted."""
    if last == 1 or not words:
        return []
    number = f"{page}/{last}" if last else str(page)
    before = edit_button("◀", command, words[page - 1]) if page - 1 in words else []
    after = edit_button("▶", command, words[page + 1]) if page + 1 in words else []
    return [*before, *edit_button(number, command, words[page]), *after]
