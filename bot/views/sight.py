"""What may be seen of a payer, decided here alone. Cards are their last four digits for everybody."""

import re
from enum import Enum

from bot.model import Operation
from bot.texts import clean

_PERSONAL = re.compile(r"@|(\d\D{0,2}){10}")
_INITIALS = 3


class Sight(Enum):
    """FULL for a person who may know the payer, in private; MASKED wherever others may read along."""

    FULL = "full"
    MASKED = "masked"

    def payer(self, operation: Operation) -> list[str]:
        """Name, phone and e-mail as far as known; masked, the initials."""
        if self is Sight.FULL:
            known = [operation.payer_name, operation.payer_phone, operation.payer_email]
        else:
            known = [_initials(operation.payer_name)]
        return [one for one in known if clean(one)]

    def hides(self, operation: Operation) -> bool:
        """Whether more is known of the payer than is shown."""
        return self.payer(operation) != Sight.FULL.payer(operation)

    def account(self, operation: Operation) -> str:
        """The account at the merchant; masked, "" for one that may be a phone number, an IIN or an e-mail."""
        account = operation.account_id
        return "" if self is Sight.MASKED and _PERSONAL.search(clean(account)) else account


def _initials(name: str) -> str:
    letters = [word[0].upper() for word in clean(name).split() if word[0].isalpha()]
    return " ".join(f"{letter}." for letter in letters[:_INITIALS])
