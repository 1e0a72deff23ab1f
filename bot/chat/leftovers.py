"""Updates that the store has kept from being answered, or, once answered, from being marked."""

from collections import Counter

# Of a question that the store cannot answer although it works there is an end.
MOST_TRIES = 5


class Leftovers:
    """`again`: to be handed out once more. `unmarked`: answered, with the problem there was."""

    def __init__(self) -> None:
        self.again: set[int] = set()
        self.unmarked: dict[int, str | None] = {}
        self._tries: Counter[int] = Counter()

    def once_more(self, update_id: int) -> bool:
        """Whether an update that could not be answered is worth another try."""
        self._tries[update_id] += 1
        if self._tries[update_id] < MOST_TRIES:
            self.again.add(update_id)
        return update_id in self.again

    def forget(self, update_id: int) -> None:
        """It is marked."""
        self.unmarked.pop(update_id, None)
        del self._tries[update_id]
