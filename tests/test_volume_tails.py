"""Tail probabilities against sums of exact terms."""

from fractions import Fraction
from math import comb, exp, lgamma, log

import pytest

from bot.rules.volume.tails import at_least, at_most, beta_share, log_none, log_ratio, normal_above


def exact(k: int, mean: float, spread: float) -> float:
    r = 1 / spread
    return exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) - r * log(1 + spread * mean) + k * log(mean / (mean + r)))


@pytest.mark.parametrize("mean", [0.3, 4.0, 37.5, 800.0])
@pytest.mark.parametrize("spread", [0.003, 0.05, 0.5])
def test_tails_are_sums_of_exact_terms(mean: float, spread: float) -> None:
    for n in {0, int(mean / 2), int(mean), int(2 * mean) + 3}:
        below = sum(exact(k, mean, spread) for k in range(n + 1))
        assert at_most(n, mean, spread) == pytest.approx(below, rel=1e-7)
        assert at_least(n + 1, mean, spread) == pytest.approx(1 - below, rel=1e-6, abs=1e-12)


def test_a_binomial_tail_is_an_incomplete_beta() -> None:
    n, p = 30, Fraction(1, 5)
    above = sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(12, n + 1))
    assert beta_share(12, n - 12 + 1, float(p)) == pytest.approx(float(above), rel=1e-9)


def test_far_tails_stay_small_and_ordered() -> None:
    tails = [at_most(n, 500.0, 0.01) for n in range(0, 500, 20)]
    assert tails == sorted(tails)
    assert 0 < tails[0] < 1e-60


def test_no_spread_is_poisson() -> None:
    assert at_most(0, 7.0, 0.0) == pytest.approx(exp(-7.0), rel=1e-4)
    assert log_none(7.0, 0.0) == -7.0
    assert log_none(7.0, 0.1) == pytest.approx(log(at_most(0, 7.0, 0.1)))


def test_the_log_ratio_is_that_of_the_terms() -> None:
    assert log_ratio(12, 40.0, 0.05, 0.5) == pytest.approx(log(exact(12, 20.0, 0.05) / exact(12, 40.0, 0.05)))


def test_normal_tails() -> None:
    assert normal_above(1.959964) == pytest.approx(0.025, abs=1e-6)
