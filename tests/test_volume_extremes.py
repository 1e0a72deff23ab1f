"""Heavy tails, late openings, bridged holidays and the way back: what keeps the detector from crying wolf."""

from math import log
from random import Random

import pytest
from volume_stream import DAY, Terminal, grown, poisson, run

from bot.rules.volume.extremes import FROM, Extremes, nats_of
from bot.rules.volume.season import Season
from bot.rules.volume.silence import Silence

HOUR = 3600
OPEN, NIGHT = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0), (0.0,) * 6
OPENING, CLOSING = (1.0, 0.0, 1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 0.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(("storms", "least", "most"), [(0.0, 1.0, 1.25), (0.02, 2.0, 9.0)])
def test_the_stretch_is_one_where_counts_stray_as_they_should(storms: float, least: float, most: float) -> None:
    random, extremes = Random(3), Extremes()
    for _ in range(4000):
        n = poisson(random, 1.1 * 20) if random.random() >= storms else 4
        extremes.learn(0, n, 22.0, 0.001)
    assert least <= extremes.stretch(0, 5) <= most
    assert extremes.stretch(1, 1440) == 1.0


def test_what_was_extreme_is_forgotten() -> None:
    extremes = Extremes()
    for _ in range(30):
        extremes.learn(1, 400.0, 100.0, 0.01)
    before = extremes.stretch(1, 15)
    for _ in range(90):
        extremes.fade()
    assert 1.0 < extremes.stretch(1, 15) < before / 2


def test_a_stretch_leaves_the_usual_alone_and_keeps_the_order() -> None:
    assert nats_of(0.1, 5.0) == pytest.approx(-log(0.1))
    surprises = [nats_of(10.0**-k, 3.0) for k in range(1, 12)]
    assert surprises == sorted(surprises)
    assert nats_of(1e-9, 3.0) == pytest.approx(FROM + (9 * log(10) - FROM) / 3)


def waited(*spans: tuple[tuple[float, ...], int, bool]) -> Silence:
    silence, i = Silence(), 0
    silence.heard(0, 1.0, 0.0)
    for rates, minutes, shut in spans:
        for _ in range(minutes):
            silence.wait(rates, shut=shut, batch=False)
            i += 1
    return silence


def evidence(silence: Silence) -> float:
    """Nats for a silence: what a budget of chance zero would be beaten by."""
    return silence.margin(9999, 0.0, 0.0, 0.0, holiday=False)


def test_at_noon_every_missing_operation_counts() -> None:
    assert evidence(waited((OPEN, 12, False))) == pytest.approx(12.0, abs=0.01)


def test_a_door_that_opens_late_is_waited_for_but_not_for_ever() -> None:
    assert evidence(waited((NIGHT, 60, True), (OPENING, 15, False))) < 0
    by_now = waited((NIGHT, 60, True), (OPENING, 15, False), (OPEN, 4, False))
    assert evidence(by_now) == pytest.approx(4 + 5.8, abs=0.2)


def test_each_opening_is_late_for_itself() -> None:
    """Closed early on Friday and a little late on Monday are two shifts, not one."""
    early = waited((OPEN, 3, False), (CLOSING, 15, False), (NIGHT, 600, True), (OPENING, 15, False))
    assert evidence(early) == pytest.approx(3 + 2 * 5.8, abs=0.1)
    assert evidence(waited((OPEN, 18, False))) == pytest.approx(18.0, abs=0.01)


def test_days_between_two_holidays_bridge_them() -> None:
    christmas, new_year, women = 20_000, 20_007, 20_070
    season = Season(frozenset({christmas, new_year, women}))
    assert [day for day in range(-3, 12) if season.bridges(christmas + day)] == [1, 2, 3, 4, 5, 6]
    assert not season.tells(christmas)
    assert season.tells(christmas + 8)
    assert not Season(frozenset()).bridges(christmas)


def test_the_way_back_from_a_new_normal_is_no_spike() -> None:
    shop = Terminal(1.2)
    detector, end = grown(shop)
    weak = run(detector, shop.minutes(end, end + 8 * DAY, change=0.4))
    assert [(one.kind, one.state) for one in weak] == [("drop", "open"), ("drop", "close")]
    assert run(detector, shop.minutes(end + 8 * DAY, end + 12 * DAY)) == []


def test_a_slow_day_is_one_alarm_until_it_is_as_usual_again() -> None:
    shop = Terminal(5.0, seed=8)
    detector, end = grown(shop)
    signals = run(detector, shop.minutes(end, end + DAY, change=0.45))
    signals += run(detector, shop.minutes(end + DAY, end + 2 * DAY))
    assert [(one.kind, one.state) for one in signals] == [("drop", "open"), ("drop", "close")]
    assert signals[1].at > end + DAY + 9 * HOUR


def test_a_batch_is_missed_when_its_quarter_hour_is_over_and_not_again_once_it_came() -> None:
    batch = (3.0, 0.1, 0.1, 3.0, 3.0, 3.0)
    silence = waited((OPEN, 2, False))
    silence.turn()
    for _ in range(15):
        silence.wait(batch, shut=False, batch=True)
    assert evidence(silence) == pytest.approx(2 + 1.5, abs=0.1)
    silence.turn()
    assert evidence(silence) == pytest.approx(2 + 1.5 + 5.1, abs=0.1)
    silence.heard(9000, 1.0, 0.0)
    for _ in range(7):
        silence.wait(batch, shut=False, batch=True)
    silence.turn()
    assert silence.least == pytest.approx(0.7)
