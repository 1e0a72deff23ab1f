"""The figures that explain an alarm, and an English line of them for the benchmark."""

from datetime import UTC, datetime

from bot.rules.volume.values import Signal

REACH = 1.64  # 90 % of a normal distribution


def usual_range(mean: float, spread: float) -> tuple[float, float]:
    """Where nine of ten counts of this mean and relative variance lie."""
    reach = REACH * (1.15 * mean + spread * mean * mean) ** 0.5
    return max(0.0, mean - reach), mean + reach


def describe(signal: Signal, offset: int = 0) -> str:
    """One English line: what, since when, how many, what is usual."""
    since = datetime.fromtimestamp(signal.since_at + offset, UTC)
    low, high = signal.expected
    usual = f"usually {low:,.0f}-{high:,.0f} by now on a {since:%A}"
    when = f"since {since:%d %b %H:%M}"
    if signal.state == "close":
        return f"{signal.kind} over, it lasted {when}"
    match signal.kind:
        case "silence":
            return f"No operations {when}, {usual}"
        case "fail":
            return (
                f"{signal.observed:,.0f} of {signal.sample:,} operations failed {when}, usually {low:,.0f}-{high:,.0f}"
                f" (x{signal.ratio:.1f}), most of all {signal.reason}"
            )
        case "amount":
            return f"Typical amount {signal.observed:,.0f} {when}, usually {low:,.0f}-{high:,.0f} (x{signal.ratio:.1f})"
        case _:
            return f"{signal.kind}: {signal.observed:,.0f} operations {when}, {usual} (x{signal.ratio:.2f})"
