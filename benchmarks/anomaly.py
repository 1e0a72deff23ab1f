"""The shipped volume detector behind the anomaly bench's interface: factory(terminal, meta)."""

from datetime import date

from bot.rules.volume import Detector, Failure, Minute, Signal, VolumeSettings, describe


class Bench:
    """Translates the bench's minutes and the detector's signals; decides nothing."""

    def __init__(self, settings: VolumeSettings) -> None:
        self.detector = Detector(settings)

    def step(self, m) -> list[dict]:
        failures = tuple(Failure(at, repr(amount), reason) for at, amount, reason in m.fails()) if m.n_fail else ()
        minute = Minute(m.t, m.n, failures, m.lsum, m.lsq)
        return [as_alert(s) for s in self.detector.feed(minute, m.now)]

    def __getstate_for_size__(self) -> bytes:
        return self.detector.dump()

    def gap(self, now: int) -> list[dict]:
        return [as_alert(s) for s in self.detector.gap(now)]


def as_alert(signal: Signal) -> dict:
    """The bench's form of a signal."""
    return {
        "t": signal.at,
        "kind": signal.kind,
        "state": signal.state,
        "text": describe(signal),
        "observed": signal.observed,
        "expected": list(signal.expected),
        "since": signal.since_at,
    }


def factory(terminal: str, meta: dict, preset: str = "normal") -> Bench:  # noqa: ARG001 (the bench's signature)
    """A detector for one terminal with the settings a new user gets."""
    holidays = frozenset(date.fromisoformat(d) for d in meta["holidays"])
    return Bench(VolumeSettings.preset(preset, holidays=holidays))
