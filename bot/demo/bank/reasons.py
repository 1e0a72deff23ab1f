"""Reason codes the simulated bank gives out (facts/epay-api.md, section 5), with weights and short texts of our own."""

from itertools import accumulate
from random import Random

FAILURES: dict[int, tuple[int, str]] = {
    484: (30, "Insufficient funds"),
    455: (12, "3DS is not available for this card"),
    462: (11, "Declined by the card's bank"),
    488: (10, "Amount over the card's limit"),
    528: (8, "Receiver's daily limit of incoming transfers reached"),
    529: (6, "Daily limit of the terminal reached"),
    473: (4, "3DS authentication failed"),
    457: (3, "Wrong expiry date"),
    466: (3, "Declined by the card's bank"),
    478: (2, "Card has expired"),
    486: (2, "Internet operations are not allowed by the issuer"),
    491: (2, "Too many operations with this card"),
    493: (2, "Issuer did not answer in time"),
    465: (1, "Card is restricted"),
    497: (1, "Server is not responding"),
    526: (1, "System error, try later"),
    2740: (1, "Too many failed attempts"),
}
NON_FINAL: dict[int, tuple[int, str]] = {
    454: (5, "Operation not completed, check whether the sum is held"),
    100: (1, "System error, check the status"),
    293: (1, "Technical error, check the status"),
    1267: (1, "No link to the card system"),
    690: (1, ""),
}

_FAILURE_CODES, _FAILURE_WEIGHTS = list(FAILURES), list(accumulate(weight for weight, _ in FAILURES.values()))
_OPEN_CODES, _OPEN_WEIGHTS = list(NON_FINAL), list(accumulate(weight for weight, _ in NON_FINAL.values()))


def draw_failure(rng: Random) -> int:
    return rng.choices(_FAILURE_CODES, cum_weights=_FAILURE_WEIGHTS)[0]


def draw_non_final(rng: Random) -> int:
    return rng.choices(_OPEN_CODES, cum_weights=_OPEN_WEIGHTS)[0]


def reason_text(code: int) -> str:
    """The bank's own words, empty when it has none."""
    return FAILURES.get(code, NON_FINAL.get(code, (0, "")))[1]
