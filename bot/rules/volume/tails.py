"""Tail probabilities of the negative binomial and the normal distribution, by the standard library alone."""

from math import erfc, exp, lgamma, log, log1p, sqrt

TINY = 1e-300
POISSON = 1e-6  # a smaller spread is not worth the loss of digits in lgamma


def beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x * (a + b + 2.0) < a + 1.0:
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    upper, lower = 1.0, 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    value = lower
    for step in range(1, 1000):
        twice = a + 2 * step
        even = step * (b - step) * x / ((twice - 1.0) * twice)
        odd = -(a + step) * (a + b + step) * x / (twice * (twice + 1.0))
        for term in (even, odd):
            lower = 1.0 / _nonzero(1.0 + term * lower)
            upper = _nonzero(1.0 + term / upper)
            value *= lower * upper
        if abs(lower * upper - 1.0) < 1e-11:
            break
    return value


def _nonzero(x: float) -> float:
    return x if abs(x) > TINY else TINY


def at_most(n: float, mean: float, spread: float) -> float:
    """P(X <= n) for a count with this mean and variance mean + spread * mean^2."""
    if n < 0:
        return 0.0
    spread = max(spread, POISSON)
    return beta_share(1.0 / spread, n + 1.0, 1.0 / (1.0 + spread * mean))


def at_least(n: float, mean: float, spread: float) -> float:
    """P(X >= n) for a count with this mean and variance mean + spread * mean^2."""
    if n <= 0:
        return 1.0
    spread = max(spread, POISSON)
    return beta_share(n, 1.0 / spread, spread * mean / (1.0 + spread * mean))


def log_none(mean: float, spread: float) -> float:
    """log P(X = 0) for a count with this mean and variance mean + spread * mean^2."""
    return -mean if spread < POISSON else -log1p(spread * mean) / spread


def log_ratio(n: float, mean: float, spread: float, factor: float) -> float:
    """Log-likelihood of mean * factor against mean, given n: positive speaks for the factor."""
    r = 1.0 / max(spread, POISSON)
    return n * log(factor) - (n + r) * log((r + factor * mean) / (r + mean))


def normal_above(z: float) -> float:
    """P(Z >= z) for a standard normal."""
    return 0.5 * erfc(z / sqrt(2.0))
