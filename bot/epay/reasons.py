"""The bank's reason codes as data (facts/epay-api.md, section 5), and what a status with a code means. No texts."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.model import Outcome, ReasonClass


@dataclass(frozen=True, slots=True)
class Reason:
    """`final`: the bank's page says the failure stands; otherwise the state must be asked again."""

    code: int
    reason_class: ReasonClass
    final: bool


def _rows(reason_class: ReasonClass, final: Collection[int], open_: Collection[int] = ()) -> list[Reason]:
    return [Reason(code, reason_class, code in final) for code in (*final, *open_)]


_PAYER = _rows(
    ReasonClass.PAYER,
    (457, 459, 469, 471, 472, 473, 477, 478, 484, 485, 495, 498, 499, 501, 503, 522, 877, 2357, 2872),
    (505, 1636, 1654, 2092, 2358, 3240, 3339),
)
_ISSUER = _rows(
    ReasonClass.ISSUER,
    (455, 462, 463, 465, 466, 467, 468, 479, 480, 481, 482, 483, 486, 489, 490, 492, 493, 494, 521, 523, 524, 525, 527),
    (1611,),
)
_LIMIT = _rows(ReasonClass.LIMIT, (476, 488, 491, 528, 2740))
_MERCHANT = _rows(ReasonClass.MERCHANT, (464, 470, 487, 529, 2678, 3141), (1612, 3298))
_SYSTEM = _rows(
    ReasonClass.SYSTEM,
    (456, 458, 460, 461, 475, 496, 497, 500, 502, 526),
    (100, 293, 454, 504, 703, 1267, 1268, 1269, 1563, 1564, 1759, 2656, 3014),
)
_UNKNOWN = _rows(ReasonClass.UNKNOWN, (), (-31, 690, 3225))

REASONS: dict[int, Reason] = {row.code: row for row in (*_PAYER, *_ISSUER, *_LIMIT, *_MERCHANT, *_SYSTEM, *_UNKNOWN)}

_SUCCESS_CODES = frozenset({"", "0", "00"})
_FAILED = frozenset({"error", "fail", "failed", "reject", "rejected"})
_REFUNDED = frozenset({"refund", "refunded", "reversed"})
LIST_PAID = frozenset({"ok"})
CHECK_PAID = frozenset({"ok", "charge"})


def class_of(reason_code: int) -> ReasonClass | None:
    """None for 0: nothing went wrong."""
    if not reason_code:
        return None
    known = REASONS.get(reason_code)
    return known.reason_class if known else ReasonClass.UNKNOWN


def outcome_of(status: str, code: str, reason_code: int | None, *, paid: Collection[str] = LIST_PAID) -> Outcome:
    """Our reading of the bank's words; whatever is not known for certain is undecided.

    `reason_code` None means the record had none: a success then needs an explicit `code` of zero.
    A code that is not 0 decides alone, since an unlisted or open one may still end in success (sections 4 and 5).
    """
    if reason_code:
        known = REASONS.get(reason_code)
        return Outcome.FAILED if known and known.final else Outcome.UNDECIDED
    word = status.strip().lower()
    if word in paid and code in _SUCCESS_CODES and (reason_code == 0 or code):
        return Outcome.PAID
    if word in _REFUNDED:
        return Outcome.REFUNDED
    return Outcome.FAILED if word in _FAILED else Outcome.UNDECIDED
