"""What the unusual-volume detector notices on a simulated shop, how it explains it, and when it keeps quiet."""

from datetime import date
from itertools import chain

import pytest

from bot.rules.volume import Detector, Failure, Minute, Signal, VolumeSettings, describe
from bot.rules.volume.failures import Failures
from bot.rules.volume.season import EPOCH
from tests.volume_stream import DAY, MONDAY, Terminal, grown, run

HOUR = 3600
RATE = 1.2


@pytest.fixture(scope="module")
def memory() -> tuple[bytes, int]:
    detector, end = grown(Terminal(RATE))
    return detector.dump(), end


def taught(memory: tuple[bytes, int], settings: VolumeSettings | None = None) -> tuple[Detector, Terminal, int]:
    detector = Detector(settings or VolumeSettings())
    detector.load(memory[0])
    return detector, Terminal(RATE, seed=7), memory[1]


def opened(signals: list[Signal]) -> list[str]:
    return [s.kind for s in signals if s.state == "open"]


def test_a_quiet_month_is_quiet() -> None:
    detector = Detector(VolumeSettings())
    assert run(detector, Terminal(RATE, seed=3).minutes(MONDAY, MONDAY + 30 * DAY)) == []


def test_silence_is_explained_and_closed(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    signals = run(
        detector,
        chain(
            shop.minutes(day, day + 13 * HOUR),
            shop.minutes(day + 13 * HOUR, day + 15 * HOUR, change=0.0),
            shop.minutes(day + 15 * HOUR, day + 20 * HOUR),
        ),
    )
    first, last = signals
    assert (first.kind, first.state, last.kind, last.state) == ("silence", "open", "silence", "close")
    assert abs(first.since_at - (day + 13 * HOUR)) <= 300
    assert first.at - first.since_at <= 30 * 60
    assert first.observed == 0
    assert 0 < first.expected[0] < first.expected[1]
    assert 0 <= last.at - (day + 15 * HOUR) <= 600
    assert describe(first).startswith("No operations since")


def test_a_halving_is_found_the_same_day_and_closed(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    signals = run(
        detector,
        chain(
            shop.minutes(day, day + 12 * HOUR),
            shop.minutes(day + 12 * HOUR, day + 18 * HOUR, change=0.4),
            shop.minutes(day + 18 * HOUR, day + DAY + 18 * HOUR),
        ),
    )
    assert [(s.kind, s.state) for s in signals] == [("drop", "open"), ("drop", "close")]
    assert signals[0].observed < signals[0].expected[0]
    assert signals[0].ratio < 0.65


def test_a_spike_is_found_within_the_hour(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    signals = run(
        detector,
        chain(shop.minutes(day, day + 12 * HOUR), shop.minutes(day + 12 * HOUR, day + 13 * HOUR, change=3.0)),
    )
    assert opened(signals) == ["spike"]
    assert signals[0].observed > signals[0].expected[1]


def test_failures_name_the_reason_that_grew(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    signals = run(
        detector,
        chain(
            shop.minutes(day, day + 12 * HOUR),
            shop.minutes(day + 12 * HOUR, day + 15 * HOUR, broken=0.2),
            shop.minutes(day + 15 * HOUR, day + 20 * HOUR),
        ),
    )
    assert [(s.kind, s.state) for s in signals] == [("fail", "open"), ("fail", "close")]
    assert signals[0].reason == "issuer"
    assert signals[0].sample > signals[0].observed > signals[0].expected[1]


def test_one_payer_who_tries_again_and_again_is_one_failure(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    stubborn = []
    for m in shop.minutes(day + 12 * HOUR, day + 13 * HOUR, broken=0.0):
        failures = shop.minute(m.start_at, change=3.0, broken=1.0).failures[:1]
        same = tuple(f._replace(key="4500 tenge of one card") for f in failures)
        stubborn.append(m._replace(n=m.n + len(same), failures=same))
    assert opened(run(detector, chain(shop.minutes(day, day + 12 * HOUR), stubborn))) == []


def test_a_minute_with_thousands_of_failures_is_remembered_like_one_with_two() -> None:
    few, many = Failures(), Failures()
    for known, count in ((few, 2), (many, 3000)):
        failures = tuple(Failure(float(n), f"{n} tenge", ("issuer", "payer")[n % 2]) for n in range(count))
        assert known.fold(7, failures) == count
        assert known.grown(7) == "payer"
    assert len(many.latest) == len(few.latest)


def test_larger_amounts_are_found(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    signals = run(
        detector,
        chain(shop.minutes(day, day + 12 * HOUR), shop.minutes(day + 12 * HOUR, day + 14 * HOUR, pricey=3.0)),
    )
    assert opened(signals) == ["amount"]
    assert signals[0].observed > signals[0].expected[1]


def test_slow_decay_is_found_in_a_week_and_closed_when_back(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    sinking = [
        shop.minutes(day + d * DAY, day + (d + 1) * DAY, change=c)
        for d, c in enumerate([0.92, 0.84, 0.76, 0.68, 0.6, 0.52, 0.45, 0.45])
    ]
    back = shop.minutes(day + 8 * DAY, day + 11 * DAY)
    signals = run(detector, chain(*sinking, back))
    assert set(opened(signals)) <= {"decay", "drop"}
    assert 1 <= len(opened(signals)) <= 2
    assert {s.kind for s in signals if s.state == "close"} == set(opened(signals))


def test_a_restart_in_mid_incident_changes_nothing(memory: tuple[bytes, int]) -> None:
    kept, shop, day = taught(memory)
    before = list(shop.minutes(day, day + 13 * HOUR)) + list(
        shop.minutes(day + 13 * HOUR, day + 15 * HOUR, change=0.3, broken=0.3)
    )
    after = list(shop.minutes(day + 15 * HOUR, day + 3 * DAY + 12 * HOUR)) + list(
        shop.minutes(day + 3 * DAY + 12 * HOUR, day + 3 * DAY + 16 * HOUR, change=3.0)
    )
    assert len(opened(run(kept, before))) >= 2
    restarted = Detector(VolumeSettings())
    blob = kept.dump()
    restarted.load(blob)
    assert len(blob) <= 200_000
    told = run(kept, after)
    assert run(restarted, after) == told
    assert {s.kind for s in told if s.state == "close"} >= {"fail", "drop"}
    assert restarted.dump() == kept.dump()


def test_a_foreign_blob_is_refused() -> None:
    with pytest.raises(ValueError, match="not a volume state"):
        Detector(VolumeSettings()).load(b"what is this")


@pytest.mark.parametrize("announced", [True, False])
def test_an_unread_hour_is_not_silence(memory: tuple[bytes, int], announced: bool) -> None:
    detector, shop, day = taught(memory)
    signals = run(detector, shop.minutes(day, day + 12 * HOUR))
    if announced:
        for now in range(day + 12 * HOUR, day + 15 * HOUR, 60):
            signals += detector.gap(now)
    signals += run(detector, shop.minutes(day + 15 * HOUR, day + 2 * DAY))
    assert signals == []


def test_minutes_that_come_late_are_learned_not_judged(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    run(detector, shop.minutes(day, day + 12 * HOUR))
    end = day + 15 * HOUR
    late = [s for m in shop.minutes(day + 12 * HOUR, end, change=0.0) for s in detector.feed(m, end + 60)]
    assert late == []
    assert opened(run(detector, shop.minutes(end, end + 120, change=0.0))) == ["silence"]


def test_late_operations_of_a_known_minute_are_added(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    run(detector, shop.minutes(day, day + 12 * HOUR))
    hushed = list(shop.minutes(day + 12 * HOUR, day + 12 * HOUR + 6 * 60))
    run(detector, (m._replace(n=0, failures=(), log_sum=0.0, log_squares=0.0) for m in hushed))
    for m in hushed:
        assert detector.feed(m, day + 12 * HOUR + 7 * 60) == []
    assert run(detector, shop.minutes(day + 12 * HOUR + 6 * 60, day + 20 * HOUR)) == []


def test_a_clock_change_is_not_an_outage() -> None:
    shop = Terminal(RATE, seed=5)
    shop.offset = 6 * HOUR
    start = MONDAY - 6 * HOUR
    detector = Detector(VolumeSettings())
    change = start + 26 * DAY
    signals = run(detector, shop.minutes(start, change))
    shop.offset = 5 * HOUR  # as Kazakhstan's clocks did on 1 March 2024
    signals += run(detector, shop.minutes(change, change + 8 * DAY))
    assert signals == []


def test_the_first_days_are_quiet_even_in_an_outage() -> None:
    shop = Terminal(RATE, seed=9)
    detector = Detector(VolumeSettings())
    noon = MONDAY + 2 * DAY + 12 * HOUR
    minutes = chain(shop.minutes(MONDAY, noon), shop.minutes(noon, noon + 6 * HOUR, change=0.0))
    assert run(detector, minutes) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_closed_holiday_is_quiet_only_if_it_is_known(memory: tuple[bytes, int], known: bool) -> None:
    day = date.fromordinal(memory[1] // DAY + EPOCH)
    settings = VolumeSettings(holidays=frozenset({day}) if known else frozenset())
    detector, shop, start = taught(memory, settings)
    hours = shop.minutes(start, start + DAY, change=0.55)
    assert bool(run(detector, hours)) is not known


def test_a_small_terminal_is_noticed_after_some_fifteen_missed_operations() -> None:
    kiosk = Terminal(0.03, seed=4)
    detector, end = grown(kiosk, days=28)
    noon = end + 12 * HOUR
    signals = run(detector, chain(kiosk.minutes(end, noon), kiosk.minutes(noon, noon + 2 * DAY, change=0.0)))
    assert opened(signals) == ["silence"]
    open_minutes = sum(9 <= t % DAY / HOUR < 21 for t in range(noon, signals[0].at, 60))
    assert 7 <= open_minutes * 0.03 <= 20


def test_presets_differ_in_patience(memory: tuple[bytes, int]) -> None:
    noticed = []
    for name in ("everything", "normal", "calm"):
        detector, shop, day = taught(memory, VolumeSettings.preset(name))
        noon = day + 12 * HOUR
        signals = run(detector, chain(shop.minutes(day, noon), shop.minutes(noon, noon + 3 * HOUR, change=0.0)))
        noticed.append(signals[0].at)
    assert noticed == sorted(noticed)
    assert noticed[0] < noticed[-1]


def test_false_alarms_make_the_next_one_wait_and_planned_ones_do_not(memory: tuple[bytes, int]) -> None:
    noticed = []
    for verdict in ("planned", "false_alarm"):
        detector, shop, day = taught(memory)
        for _ in range(4):
            detector.feedback("silence", verdict, day)  # type: ignore[arg-type]
        noon = day + 12 * HOUR
        signals = run(detector, chain(shop.minutes(day, noon), shop.minutes(noon, noon + 3 * HOUR, change=0.0)))
        noticed.append(signals[0].at)
    assert noticed[0] < noticed[1]


def test_outside_of_working_hours_nothing_is_missing(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory, VolumeSettings(hours=(9 * 60, 12 * 60)))
    noon = day + 12 * HOUR
    assert run(detector, chain(shop.minutes(day, noon), shop.minutes(noon, day + DAY, change=0.0))) == []


def test_fixed_limits_hold_beside_the_learned_ones(memory: tuple[bytes, int]) -> None:
    settings = VolumeSettings(hours=(9 * 60, 21 * 60), lowest=60, highest=95)
    detector, shop, day = taught(memory, settings)
    slow = shop.minutes(day + 12 * HOUR, day + 14 * HOUR, change=0.7)
    assert opened(run(detector, chain(shop.minutes(day, day + 12 * HOUR), slow))) == ["drop"]
    detector, shop, day = taught(memory, settings)
    busy = shop.minutes(day + 12 * HOUR, day + 14 * HOUR, change=1.5)
    assert opened(run(detector, chain(shop.minutes(day, day + 12 * HOUR), busy))) == ["spike"]


def test_a_closed_sunday_becomes_a_habit() -> None:
    shop = Terminal(RATE, seed=6)
    detector = Detector(VolumeSettings())
    minutes: list[Minute] = []
    for d in range(35):
        minutes += shop.minutes(MONDAY + d * DAY, MONDAY + (d + 1) * DAY, change=0.0 if d % 7 == 6 else 1.0)
    assert run(detector, iter(minutes)) == []


def test_a_new_normal_is_accepted_after_four_days(memory: tuple[bytes, int]) -> None:
    detector, shop, day = taught(memory)
    signals = run(detector, shop.minutes(day, day + 12 * DAY, change=0.4))
    assert [(s.kind, s.state) for s in signals] == [("drop", "open"), ("drop", "close")]
    assert 4 * DAY <= signals[1].at - signals[0].at < 5 * DAY
