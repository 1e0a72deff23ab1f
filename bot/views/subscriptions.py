"""What a chat receives, how loud and when, with buttons to change it in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from bot.model import (
    Button,
    ChatSettings,
    DigestPlan,
    EventKind,
    Loudness,
    Merchant,
    Message,
    QuietHours,
    Severity,
    Subscription,
    TerminalId,
    louder,
)
from bot.texts import LANGUAGES, Voice
from bot.views.blocks import NAME_LENGTH, capped, fit
from bot.views.buttons import edit_button
from bot.views.digests import kind_words
from bot.views.languages import OWN_NAMES

_OFFERED = 12
_IN_A_ROW = 3
_ICONS = {Loudness.ON: "🔔", Loudness.SILENT: "🔕", Loudness.OFF: "✖️"}
_NEXT = {Loudness.ON: Loudness.SILENT, Loudness.SILENT: Loudness.OFF, Loudness.OFF: Loudness.ON}
USUAL_QUIET = "23:00-08:00"
USUAL_DIGEST = "09:00"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a chat has chosen, the names of what it is about, and the present moment."""

    settings: ChatSettings
    merchants: Sequence[Merchant]
    now: datetime


def settings_message(chosen: Chosen, voice: Voice) -> Message:
    """The answer to /settings."""
    return Message(
        fit([voice("⚙️ <b>What this chat receives</b>")], _lines(chosen, voice), (), voice), _toggles(chosen, voice)
    )


def subscribed(chosen: Chosen, voice: Voice) -> Message:
    """What will be posted from now on."""
    head = voice("✅ <b>From now on I post here:</b>")
    foot = voice("/settings changes how loud, /unsubscribe ends it.")
    return Message(fit([head], _lines(chosen, voice), [foot], voice), _toggles(chosen, voice))


def steered(chosen: Chosen, title: str, voice: Voice) -> Message:
    """What comes into a channel, said to who steers it."""
    return Message(fit([voice("✅ <b>What I post in {title}:</b>", title=title)], _lines(chosen, voice), (), voice))


def unsubscribed(chosen: Chosen, voice: Voice) -> Message:
    """What is left."""
    return Message(fit([voice("✅ <b>Done. What is left here:</b>")], _lines(chosen, voice), (), voice))


def ask_place(merchants: Sequence[Merchant], words: Sequence[str], voice: Voice) -> Message:
    """Whose events are to be posted here; `words` were said already."""
    named = [
        (voice.plain("All terminals"), "all"),
        *((terminal.name, terminal.id) for merchant in merchants for terminal in merchant.terminals),
    ]
    return Message(voice("Whose events shall I post here?"), _rows(named, "subscribe", words))


def ask_kinds(place: Sequence[str], voice: Voice) -> Message:
    """Which events are to be posted here."""
    named = (
        (voice.plain("Everything"), "everything"),
        (voice.plain("Failures only"), "failures"),
        (voice.plain("Only what is critical"), "critical"),
        (voice.plain("Digest only"), "digest"),
    )
    buttons = [button for label, word in named for button in edit_button(label, "subscribe", *place, word)]
    return Message(voice("Which events?"), [buttons[:2], buttons[2:]])


def ask_leave(chosen: Chosen, voice: Voice) -> Message:
    """What is no longer to be posted here."""
    named = [(voice.plain("Everything"), "all")]
    for merchant_id, terminal_id in _places(chosen.settings.subscriptions):
        if merchant_id:
            name = place_name(merchant_id, terminal_id, chosen.merchants, voice).unescape()
            named.append((name, terminal_id or merchant_id))
    return Message(
        fit([voice("What shall I stop posting here?")], _lines(chosen, voice), (), voice),
        _rows(named, "unsubscribe", ()),
    )


def ask_quiet(chosen: Chosen, voice: Voice) -> Message:
    """The quiet hours there are, and others."""
    named = [("23:00–08:00", USUAL_QUIET), ("22:00–09:00", "22:00-09:00"), (voice.plain("Off"), "off")]
    return Message(quiet_words(chosen.settings.quiet, voice), _rows(named, "quiet", ()))


def quiet_chosen(quiet: QuietHours | None, voice: Voice) -> Message:
    """What holds from now on."""
    return Message(quiet_words(quiet, voice))


def quiet_words(quiet: QuietHours | None, voice: Voice) -> Markup:
    """When messages make no sound."""
    if quiet is None:
        return voice("🌙 No quiet hours")
    return voice(
        "🌙 Quiet from {start} to {end} ({zone}): only what is critical makes a sound",
        start=f"{quiet.start:%H:%M}",
        end=f"{quiet.end:%H:%M}",
        zone=voice.zone_name(),
    )


def ask_digest(chosen: Chosen, voice: Voice) -> Message:
    """The digests there are, and others."""
    named = [
        ("09:00", "09:00"),
        ("21:00", "21:00"),
        (voice.plain("Weekly"), "weekly mon 09:00"),
        (voice.plain("Monthly"), "monthly 1 09:00"),
        (voice.plain("Now"), "now"),
        (voice.plain("Off"), "off"),
    ]
    return Message(Markup("\n").join(_digests(chosen, voice)), _rows(named, "digest", ()))


def digests_chosen(chosen: Chosen, voice: Voice) -> Message:
    """When digests come from now on."""
    return Message(Markup("\n").join(_digests(chosen, voice)))


def place_name(merchant_id: str, terminal_id: str, merchants: Sequence[Merchant], voice: Voice) -> Markup:
    """`Samal-2`, `Shop LLP` or "all terminals"."""
    if not merchant_id:
        return voice("All terminals")
    merchant = next((one for one in merchants if one.id == merchant_id), None)
    if merchant is None:
        return capped(terminal_id or merchant_id)
    return capped(merchant.terminal_name(TerminalId(terminal_id)) if terminal_id else merchant.name)


def _lines(chosen: Chosen, voice: Voice) -> list[Markup]:
    settings = chosen.settings
    lines = [_place(place, chosen, voice) for place in _places(settings.subscriptions)]
    if not any(wish.loudness is not Loudness.OFF for wish in settings.subscriptions):
        return [voice("Nothing is posted here.")]
    return [*lines, *_digests(chosen, voice), quiet_words(settings.quiet, voice)]


def _place(place: tuple[str, str], chosen: Chosen, voice: Voice) -> Markup:
    """`Samal-2: 🔔 failures, 🔕 the bank and the bot`."""
    wishes = [wish for wish in chosen.settings.subscriptions if (wish.merchant_id, wish.terminal_id) == place]
    heard = [
        Markup("{} {}").format(_ICONS[wish.loudness], event_words(wish.kind, voice))
        for kind in EventKind
        for wish in wishes
        if wish.kind is kind and wish.loudness is not Loudness.OFF
    ]
    critical = any(wish.min_severity is Severity.CRITICAL for wish in wishes)
    said = Markup(", ").join(heard) if heard else voice("nothing")
    name = place_name(*place, chosen.merchants, voice)
    line = Markup("<b>{}</b>: {}").format(name, said)
    return voice("{line}; only what is critical", line=line) if critical and heard else line


def event_words(kind: EventKind, voice: Voice) -> Markup:
    """What a kind of event is called."""
    return {
        EventKind.FAILURES: voice("failed payments"),
        EventKind.SOURCE: voice("the bank and the bot"),
        EventKind.VOLUME: voice("unusual volume"),
        EventKind.DIGEST: voice("digests"),
    }[kind]


def _digests(chosen: Chosen, voice: Voice) -> list[Markup]:
    if not chosen.settings.plans:
        return [voice("📰 No digests")]
    return [_plan(plan, chosen.now, voice) for plan in chosen.settings.plans]


def _plan(plan: DigestPlan, now: datetime, voice: Voice) -> Markup:
    following = plan.due_after(now, voice.zone)
    return voice(
        "📰 {kind} at {time} ({zone}), next on {day}",
        kind=kind_words(plan.kind, voice),
        time=f"{plan.clock:%H:%M}",
        zone=voice.zone_name(),
        day=voice.weekday(voice.local(following).date()),
    )


def _places(wishes: Sequence[Subscription]) -> list[tuple[str, str]]:
    return sorted({(wish.merchant_id, wish.terminal_id) for wish in wishes})


def _toggles(chosen: Chosen, voice: Voice) -> list[list[Button]]:
    """Each button sets a state, so that a second press changes nothing."""
    settings = chosen.settings
    kinds = []
    for kind in EventKind:
        now = _loudest(settings.subscriptions, kind)
        label = f"{_ICONS[now]} {event_words(kind, voice).unescape()}"
        kinds.append(edit_button(label, "settings", kind, _NEXT[now]))
    critical = any(wish.min_severity is Severity.CRITICAL for wish in settings.subscriptions)
    severity = edit_button(
        f"{'✓ ' if critical else ''}{voice.plain('Only what is critical')}",
        "settings",
        "severity",
        Severity.INFO if critical else Severity.CRITICAL,
    )
    quiet = edit_button(
        voice.plain("🌙 No quiet hours")
        if settings.quiet is None
        else f"🌙 {settings.quiet.start:%H:%M}–{settings.quiet.end:%H:%M}",
        "settings",
        "quiet",
        USUAL_QUIET if settings.quiet is None else "off",
    )
    clocks = ", ".join(f"{plan.clock:%H:%M}" for plan in settings.plans)
    digest = edit_button(
        f"📰 {clocks}" if clocks else voice.plain("📰 No digests"),
        "settings",
        "digest",
        "off" if clocks else USUAL_DIGEST,
    )
    marked = {one: "✓ " if one == voice.language else "" for one in LANGUAGES}
    languages = [
        button for one in LANGUAGES for button in edit_button(marked[one] + OWN_NAMES[one], "settings", "language", one)
    ]
    return [[*kinds[0], *kinds[1]], [*kinds[2], *kinds[3]], [*severity], [*quiet, *digest], languages]


def _loudest(wishes: Sequence[Subscription], kind: EventKind) -> Loudness:
    loudest = Loudness.OFF
    for wish in wishes:
        if wish.kind is kind:
            loudest = louder(loudest, wish.loudness)
    return loudest


def _rows(named: Sequence[tuple[str, str]], command: str, words: Sequence[str]) -> list[list[Button]]:
    buttons = [
        button
        for label, word in named[: _OFFERED + 1]
        for button in edit_button(str(capped(label, NAME_LENGTH // 2).unescape()), command, word, *words)
    ]
    return [buttons[place : place + _IN_A_ROW] for place in range(0, len(buttons), _IN_A_ROW)]
