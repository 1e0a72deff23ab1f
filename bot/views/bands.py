"""The usual band and the counts in a picture: what it shows and says, ready to be drawn, and its caption."""

from datetime import datetime, timedelta

from markupsafe import Markup

from bot.charts import BandChart, Bars
from bot.model import Band, Incident, Message
from bot.texts import Voice, clean
from bot.views.blocks import capped
from bot.views.volume import volume_words

_HOURS = timedelta(hours=36)  # up to here ticks are hours, beyond they are days
_MOST_TICKS = 8
_EVERY_HOURS = 3


def band_chart(name: str, band: Band, voice: Voice, incident: Incident | None = None) -> BandChart:
    """The stretches as bars before their usual range; the moment an incident was told of is a line."""
    told_at = incident.opened_at if incident else None
    seen, low, high = zip(*((one.seen, one.low, one.high) for one in band.stretches), strict=True)
    if band.measure == "amounts":
        seen, low, high = (tuple(round(one / 100) for one in amounts) for amounts in (seen, low, high))
    return BandChart(
        title=clean(name),
        period=f"{_period(band, voice)} ({voice.zone_name()})",
        ticks=_ticks(band, voice),
        seen=Bars(_measured(band, voice), seen),
        usual=voice.plain("Usual: nine times out of ten within this band"),
        low=low,
        high=high,
        alarms=tuple((_place(one.start, band), _place(one.end, band)) for one in band.alarms),
        marks=(_place(told_at, band),) if told_at and told_at >= band.window.start else (),
        told=_told(told_at, band, voice),
        nothing=voice.plain("No operations."),
    )


def band_picture(name: str, band: Band, picture: bytes, voice: Voice, incident: Incident | None = None) -> Message:
    """The picture with its words: of an incident what it says itself."""
    head = Markup("📈 <b>{name}</b> · {period} ({zone})").format(
        name=capped(name), period=_period(band, voice), zone=voice.zone_name()
    )
    lines = [volume_words(incident, voice)] if incident else [_odd(band, voice)]
    return Message(Markup("\n").join([head, *lines]), picture=picture)


def _odd(band: Band, voice: Voice) -> Markup:
    return voice.plural("{n} time when it was unusual", "{n} times when it was unusual", len(band.alarms))


def _measured(band: Band, voice: Voice) -> str:
    step = voice.span(band.step)
    match band.measure:
        case "failures":
            return voice.plain("Failed operations in each {span}", span=step)
        case "amounts":
            return voice.plain("Typical amount in each {span}", span=step)
    return voice.plain("Operations in each {span}", span=step)


def _told(told_at: datetime | None, band: Band, voice: Voice) -> str:
    if told_at is None:
        return voice.plain("Unusual")
    return voice.plain("Unusual; told at {time}", time=voice.moment(told_at, band.window.end))


def _period(band: Band, voice: Voice) -> str:
    """`24 Nov, 02:00 – 14:32`, with both dates when there are two."""
    window = band.window
    first, last = voice.local(window.start), voice.local(window.end)
    start, end = voice.date(first.date(), last.year), voice.date(last.date(), last.year)
    if start == end:
        return f"{start}, {first:%H:%M} – {last:%H:%M}"
    return f"{start}, {first:%H:%M} – {end}, {last:%H:%M}" if band.window.span <= _HOURS else f"{start} – {end}"


def _place(at: datetime, band: Band) -> float:
    """Where an instant is along the bars; what lies beyond them is at their end."""
    place = (at - band.window.start) / band.step
    return min(max(place, 0.0), float(len(band.stretches)))


def _ticks(band: Band, voice: Voice) -> tuple[str, ...]:
    """Hours or days, as many as a phone has room for."""
    locals_ = [voice.local(one.at) for one in band.stretches]
    if band.window.span <= _HOURS:
        whole = [at.minute == 0 and at.hour % _EVERY_HOURS == 0 for at in locals_]
        return tuple(f"{at:%H}" if shown else "" for at, shown in zip(locals_, whole, strict=True))
    first = locals_[0].date()
    every = -(-(locals_[-1].date() - first).days // _MOST_TICKS) or 1
    days = [at.date() if at.hour == 0 and at.minute == 0 else None for at in locals_]
    return tuple(voice.date(on, on.year) if on and (on - first).days % every == 0 else "" for on in days)
