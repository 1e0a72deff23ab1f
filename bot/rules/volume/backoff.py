"""Alarms that repeat must bring more evidence each time; the owner's verdict counts like an alarm."""

from math import log

FADE_DAYS = 14.0
KEEP_DAYS = 28.0
NATS = 1.15
FREE = 2.0  # alarms within a month that cost nothing


class BackOff:
    """Weights of the alarms of each group: (epoch seconds, weight)."""

    def __init__(self) -> None:
        self.marks: dict[str, list[tuple[int, float]]] = {}

    def note(self, group: str, at: int, weight: float = 1.0) -> None:
        """An alarm (1), a false one (+1) or a planned event (-1)."""
        kept = [(t, w) for t, w in self.marks.get(group, []) if at - t < KEEP_DAYS * 86400]
        self.marks[group] = [*kept, (at, weight)]

    def asked(self, group: str, now: int) -> float:
        """Nats of evidence asked for beyond the budget's."""
        marks = self.marks.get(group)
        if not marks:
            return 0.0
        faded = sum(w * 0.5 ** ((now - t) / 86400 / FADE_DAYS) for t, w in marks if now - t < KEEP_DAYS * 86400)
        return float(NATS * max(0.0, faded - FREE + 1.0))


def log_alpha(budget: float, minutes: float, scales: float) -> float:
    """The log of the p-value a window may alarm at: every length spends the same share of the budget.

    Neighbouring lengths and moments share most of their operations: `scales` is how many independent tests the
    windows of one length's duration amount to.
    """
    return log(budget * minutes / (30 * 1440 * scales))
