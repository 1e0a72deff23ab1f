"""Which alarms are open, which are over, and how long peace lasts after one. Decides nothing about counts."""

from dataclasses import dataclass

from bot.rules.volume.values import Group, Kind

PEACE = 30  # minutes
REMEMBER = 22 * 1440


@dataclass(slots=True)
class Opened:
    """An open alarm; minutes are counted from 1970. `level` is how the day ran before, `heard` what came since."""

    kind: Kind
    since: int
    opened: int
    usual: tuple[float, float]
    ratio: float
    level: float = 1.0
    calm: int = 0
    heard: float = 0.0


class Incidents:
    """At most one open alarm a group, and the recent past of each."""

    def __init__(self) -> None:
        self.open: dict[Group, Opened] = {}
        self.floor: dict[Group, int] = {}
        self.past: dict[Group, list[tuple[int, int]]] = {}

    def may_open(self, group: Group, i: int) -> bool:
        """Whether the group is neither open nor resting."""
        return group not in self.open and i >= self.floor.get(group, -PEACE) + PEACE

    def close(self, group: Group, i: int) -> Opened:
        """End an alarm; no window of the group looks back past this minute."""
        opened = self.open.pop(group)
        kept = [(a, b) for a, b in self.past.get(group, []) if b > i - REMEMBER]
        self.past[group] = [*kept, (opened.since, i)]
        self.floor[group] = i + 1
        return opened

    def forget_counts(self, i: int) -> None:
        """Minute i begins a new normal: no test of counts looks back past it."""
        groups: tuple[Group, ...] = ("low", "high", "decay")
        self.floor.update(dict.fromkeys(groups, i + 1))

    def spoils_counts(self) -> bool:
        """Whether counts are not to be learned from."""
        return "low" in self.open or "high" in self.open or "decay" in self.open
