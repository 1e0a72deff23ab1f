"""What every test of one terminal works with: settings, what was learned, what is open. Holds, decides nothing."""

from dataclasses import dataclass, field

from bot.rules.volume.backoff import BackOff
from bot.rules.volume.incidents import Incidents
from bot.rules.volume.learner import Learner
from bot.rules.volume.scan import Row, rows
from bot.rules.volume.values import Group, VolumeSettings

GROWN_DAYS = 21
TINY = 2.0  # operations a day: of fewer it would take a week of nothing to say anything
YOUNG_NATS = 6.0  # more evidence asked of counts on the first day, less and less until grown


@dataclass(slots=True)
class Case:
    """One terminal. Minutes are counted from 1970 in UTC."""

    settings: VolumeSettings
    learner: Learner
    incidents: Incidents = field(default_factory=Incidents)
    backoff: BackOff = field(default_factory=BackOff)
    rows: list[Row] = field(default_factory=list)
    rows_day: int = -1

    def refresh(self) -> None:
        """Once a local day: what each window length asks for."""
        learner = self.learner
        if learner.plan.day != self.rows_day:
            self.rows_day = learner.plan.day
            self.rows = rows(self.settings.budget, (learner.spread, learner.near), learner.extremes, learner.day_ops)

    def asked(self, group: Group, i: int) -> float:
        """Nats of evidence this group must bring beyond its budget."""
        young = max(0.0, 1.0 - self.learner.age / GROWN_DAYS) if group in ("low", "high") else 0.0
        return self.backoff.asked(group, i * 60) + YOUNG_NATS * young

    def floor(self, group: Group) -> int:
        """The minute before which no window of this group may look."""
        return self.incidents.floor.get(group, 0)

    @property
    def tiny(self) -> bool:
        """Whether the terminal does so little that nothing can be told from an absence."""
        return self.learner.day_ops < TINY

    def working(self, i: int) -> bool:
        """Whether minute i lies in the hours the owner gave, if any."""
        if self.settings.hours is None:
            return True
        opens, closes = self.settings.hours
        minute = self.learner.local(i) % 1440
        return opens <= minute < closes if opens < closes else minute >= opens or minute < closes
