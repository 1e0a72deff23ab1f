"""What was learnt about how this bank reads our questions. Values only; who asks decides when to learn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from bot.config import Epay

DateField = Literal["created_at", "created_date"]
PageMode = Literal["offset", "index0", "index1"]
TerminalFilter = Literal["tid", "uuid"]
SMALL_PAGE = 100
LONGEST_PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Dialect:
    """None: not known yet. `page_size` is records, `period` the longest span the bank lets us ask for at once."""

    date_field: DateField | None = None
    page_size: int | None = None
    page_mode: PageMode | None = None
    terminal_filter: TerminalFilter | None = None
    period: timedelta = LONGEST_PERIOD

    def to_json(self) -> str:
        return TypeAdapter(Dialect).dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "Dialect":
        """What `to_json` wrote; anything else counts as nothing learnt."""
        try:
            return TypeAdapter(Dialect).validate_json(text)
        except ValidationError:
            return cls()

    @property
    def first_page(self) -> int:
        return 1 if self.page_mode == "index1" else 0

    def size_under(self, settings: Epay) -> int:
        """Records to ask for at once."""
        return min(self.page_size or settings.page_size, settings.page_size)

    def under(self, settings: Epay) -> "Dialect":
        """What the configuration fixes wins over what was learnt."""
        return replace(
            self,
            date_field=self.date_field if settings.date_field == "auto" else settings.date_field,
            page_mode=self.page_mode if settings.page_mode == "auto" else settings.page_mode,
            terminal_filter=self.terminal_filter if settings.terminal_filter == "auto" else settings.terminal_filter,
        )

    def alternatives(self, settings: Epay) -> Iterator["Dialect"]:
        """Itself first, then every other reading the configuration allows; some may make the same question."""
        dates: list[DateField] = ["created_date", "created_at"]
        if self.date_field != "created_date":
            dates.reverse()
        page_modes: list[PageMode | None] = [self.page_mode]
        if self.date_field is None:
            page_modes.append("index1")
        for page_mode, size, date in product(page_modes, (self.page_size, SMALL_PAGE), dates):
            yield replace(self, date_field=date, page_size=size, page_mode=page_mode).under(settings)
