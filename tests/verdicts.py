"""What came of it all, by the logs of the bank and of Telegram, which note what they accept before they answer."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from replicas import ASKING, CHATS, Questions, Replicas, Trade
from running import REPEAT, now

from bot.demo.telegram.records import Delivery

_HEAD = re.compile(r"^\S+ #(\d+) ·", re.MULTILINE)
_COUNT = re.compile(r"^([\d\s]+) плат\w+ не прош", re.MULTILINE)
_INVOICE = re.compile(r"· счёт \d")


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: the middle, the worst of a hundred but one, and the worst."""

    p50: float = 0.0
    p99: float = 0.0
    most: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Spread":
        known = sorted(seconds)
        return cls(known[len(known) // 2], known[int(len(known) * 0.99)], known[-1]) if known else cls()

    def __str__(self) -> str:
        return f"{self.p50:.1f}/{self.p99:.1f}/{self.most:.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`alerts`: failures that are not told, or too often. `repeats` say that they are some, `unmarked` do not.

    `disorder`: messages that came before an earlier one of the chat, or that say less than what was told.
    `silence`: the longest time, in seconds, in which no chat was told anything while there was something to tell.
    """

    operations: int
    alerts: int
    repeats: int
    unmarked: int
    disorder: int
    unanswered: int
    answered_twice: int
    told: int
    lag: Spread
    answer: Spread
    silence: float

    @property
    def lost(self) -> int:
        """What may never happen."""
        return self.operations + self.alerts + self.unmarked + self.disorder + self.unanswered


def judge(scene: Replicas, trade: Trade, questions: Questions) -> Verdict:
    """After everything is told, or should be."""
    chats = {chat: [one for one in _deliveries(scene) if one.chat_id == chat] for chat in CHATS}
    answers = questions.answers()
    told = {chat: count_told(deliveries) for chat, deliveries in chats.items()}
    failed = sorted(trade.failed.values())
    lags = [
        max((at - seen).total_seconds(), 0) for times in told.values() for at, seen in zip(times, failed, strict=False)
    ]
    return Verdict(
        operations=_missing(scene),
        alerts=sum(abs(len(failed) - len(times)) for times in told.values()),
        repeats=sum(REPEAT in one.text for one in _deliveries(scene) if one.method == "sendMessage"),
        unmarked=sum(_unmarked(deliveries) for deliveries in chats.values()),
        disorder=sum(_disorder(deliveries) for deliveries in chats.values()),
        unanswered=sum(not times for times in answers.values()),
        answered_twice=sum(len(times) > 1 for times in answers.values()),
        told=sum(len(times) for times in told.values()),
        lag=Spread.of(lags),
        answer=Spread.of(
            (min(times) - questions.asked[word]).total_seconds() for word, times in answers.items() if times
        ),
        silence=_silence([one for deliveries in chats.values() for one in deliveries]),
    )


def _deliveries(scene: Replicas) -> Sequence[Delivery]:
    return [one for one in scene.outside.api.deliveries if one.chat_id != ASKING]


def count_told(deliveries: Sequence[Delivery]) -> list[datetime]:
    """When each further failure was told of in one chat, whichever it was."""
    counts: dict[int, int] = {}
    times: list[datetime] = []
    for one in deliveries:
        if one.message.reply_to is None and (known := told_by(one.text)):
            counts[known[0]] = max(counts.get(known[0], 0), known[1])
            times += [one.at] * (sum(counts.values()) - len(times))
    return times


def told_by(text: str) -> tuple[int, int] | None:
    """The incident of a living message, and how many failures it tells of; None when it tells of none."""
    head, many, one = _HEAD.search(text), _COUNT.search(text), _INVOICE.search(text)
    if head is None or (many is None and one is None):
        return None
    return int(head[1]), int(re.sub(r"\D", "", many[1])) if many else 1


def _missing(scene: Replicas) -> int:
    """Operations of the bank that the store lacks or has otherwise."""
    world = scene.outside.world
    truth = {(row.id, row.outcome) for shop in world.merchants for row in world.truth(shop.id, now())}
    stored = set(scene.rows("SELECT id, outcome FROM operation"))
    return len(truth - stored)


def _unmarked(deliveries: Sequence[Delivery]) -> int:
    """Messages that are there twice without saying so: openings of one incident, or the same words."""
    sent = [one for one in deliveries if one.method == "sendMessage" and REPEAT not in one.text]
    opened = Counter(known[0] for one in sent if not one.message.reply_to and (known := told_by(one.text)))
    others = Counter(one.text for one in sent if one.message.reply_to or not told_by(one.text))
    return sum(count - 1 for count in [*opened.values(), *others.values()])


def _disorder(deliveries: Sequence[Delivery]) -> int:
    """Openings after later ones, and messages that in the end say less than they once did.

    What a replica gave up when it lost Telegram may arrive later than what another has said since; it is put right.
    """
    opened, shown = [], dict[int, list[int]]()
    for one in deliveries:
        if one.message.reply_to is None and (known := told_by(one.text)):
            shown.setdefault(one.message.message_id, []).append(known[1])
            if one.method == "sendMessage" and REPEAT not in one.text:
                opened.append(known[0])
    backwards = sum(counts[-1] < max(counts) for counts in shown.values())
    return backwards + sum(later < earlier for earlier, later in pairwise(opened))


def _silence(deliveries: Sequence[Delivery]) -> float:
    times = sorted(one.at for one in deliveries)
    return max(((later - earlier).total_seconds() for earlier, later in pairwise(times)), default=0.0)
