"""Unusual volume in words: what is seen, since when, and what is usual."""

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from bot.model import Button, Incident
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped
from bot.views.buttons import data_button

RULE = "volume"


def volume_words(incident: Incident, voice: Voice) -> Markup:
    """The sentence of an incident of this rule, and what a person said of it."""
    kind = str(incident.values["kind"])
    if kind == "over":
        words = [_sentence(str(incident.values["was"]), incident, voice), _over(str(incident.values["group"]), voice)]
    else:
        words = [_sentence(kind, incident, voice)]
    return Markup("\n").join([*words, *_note(incident, voice)])


def volume_buttons(incident: Incident, voice: Voice) -> list[Button]:
    """What a person may say of it while it lasts."""
    if incident.rule != RULE or not incident.is_open:
        return []
    number = str(incident.number)
    one_sum = incident.values.get("group") != "amount"  # amounts of several terminals are no sum
    return [
        *(picture_button(f"#{number}", voice) if one_sum else ()),
        *data_button(voice.plain("✅ Planned"), "planned", number),
        *data_button(voice.plain("👎 False alarm"), "falsealarm", number),
    ]


def picture_button(meant: str, voice: Voice) -> list[Button]:
    """The band and the counts of an incident (`#7`) or a terminal."""
    return data_button(voice.plain("📈 Picture"), "picture", meant)


def _sentence(kind: str, incident: Incident, voice: Voice) -> Markup:
    values = incident.values
    match kind:
        case "bank":
            return _everywhere(incident, voice)
        case "fail":
            return voice(
                "❌ {seen} of {of} operations failed since {time}, usually {low}–{high}. Most of all: {reason}",
                **_figures(incident, voice),
                reason=capped(voice.reason(int(values["reason"])), TEXT_LENGTH),
            )
        case "amount":
            return _amounts(incident, voice)
        case _:
            return _counts(kind, incident, voice)


def _counts(kind: str, incident: Incident, voice: Voice) -> Markup:
    shown = {**_figures(incident, voice), "weekday": _on_weekday(_since(incident), voice)}
    if "limit" in incident.values:
        return _beyond_limit(kind, int(incident.values["limit"]), shown, voice)
    if kind == "silence":
        return voice("🔇 No operations since {time}, usually {low}–{high} by now {weekday}", **shown)
    if kind == "drop":
        return voice("📉 Only {seen} operations since {time}, usually {low}–{high} by now {weekday}", **shown)
    if kind == "spike":
        return voice("📈 {seen} operations since {time}, usually {low}–{high} by now {weekday}", **shown)
    return voice("🪫 Ever fewer operations: {seen} since {time}, usually {low}–{high}", **shown)


def _beyond_limit(kind: str, limit: int, shown: Mapping[str, str], voice: Voice) -> Markup:
    """The hour broke a limit from the configuration, whatever is usual."""
    if kind == "drop":
        return voice("📉 {seen} operations in the hour from {time}, fewer than the {limit} set", limit=limit, **shown)
    return voice("📈 {seen} operations in the hour from {time}, more than the {limit} set", limit=limit, **shown)


def _amounts(incident: Incident, voice: Voice) -> Markup:
    values = incident.values
    shown = {name: voice.amount(int(values[name])) for name in ("seen", "low", "high")}
    return voice(
        "💰 The typical amount is {seen} since {time}, usually {low}–{high}",
        **shown,
        time=_figures(incident, voice)["time"],
    )


def _everywhere(incident: Incident, voice: Voice) -> Markup:
    count, time = int(incident.values["count"]), _figures(incident, voice)["time"]
    match incident.values["group"]:
        case "low":
            return voice.plural(
                "🏦 The bank's side: too few operations at {n} terminal since {time}",
                "🏦 The bank's side: too few operations at {n} terminals since {time}",
                count,
                time=time,
            )
        case "high":
            return voice.plural(
                "🏦 Too many operations at {n} terminal since {time}",
                "🏦 Too many operations at {n} terminals since {time}",
                count,
                time=time,
            )
        case "fail":
            return voice.plural(
                "🏦 The bank's side: too many failures at {n} terminal since {time}",
                "🏦 The bank's side: too many failures at {n} terminals since {time}",
                count,
                time=time,
            )
    return voice.plural(
        "🏦 Unusual amounts at {n} terminal since {time}",
        "🏦 Unusual amounts at {n} terminals since {time}",
        count,
        time=time,
    )


def _over(group: str, voice: Voice) -> Markup:
    match group:
        case "low":
            return voice("Operations come as usual again")
        case "high":
            return voice("No more operations than usual now")
        case "fail":
            return voice("Payments succeed as usual again")
        case "amount":
            return voice("Amounts are as usual again")
    return voice("As many operations as usual again, or this is the usual now")


def _note(incident: Incident, voice: Voice) -> list[Markup]:
    values = incident.values
    if "part_of" in values:
        return [voice("Part of #{number} now", number=values["part_of"])]
    name = capped(str(values.get("by", "")))
    match values.get("verdict"):
        case "planned":
            return [voice("✅ Planned, says {name}", name=name)]
        case "false_alarm":
            return [voice("👎 A false alarm, says {name}", name=name)]
    return []


def _figures(incident: Incident, voice: Voice) -> dict[str, str]:
    values = incident.values
    numbers = {name: voice.number(int(values[name])) for name in ("seen", "of", "low", "high") if name in values}
    return numbers | {"time": voice.moment(_since(incident), incident.opened_at)}


def _since(incident: Incident) -> datetime:
    return datetime.fromtimestamp(int(incident.values["since"]), UTC)


def _on_weekday(at: datetime, voice: Voice) -> Markup:
    return (
        voice("on a Monday"),
        voice("on a Tuesday"),
        voice("on a Wednesday"),
        voice("on a Thursday"),
        voice("on a Friday"),
        voice("on a Saturday"),
        voice("on a Sunday"),
    )[voice.local(at).weekday()]
