"""The set-up, a step a message, each edited into the next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from bot.model import (
    AlertReason,
    BankAnswer,
    Button,
    Incident,
    IncidentAlert,
    Loudness,
    Member,
    Merchant,
    Message,
    Operation,
    OperationId,
    Outcome,
    QuietHours,
    ReasonClass,
    SeenTerminal,
    SetupStep,
    Severity,
    Terminal,
    TerminalId,
)
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.buttons import copy_button, data_button, edit_button, in_rows
from bot.views.incidents import living_message
from bot.views.operations import SEPARATOR
from bot.views.rules import preset_words
from bot.views.subscriptions import quiet_words

_BLANK = Markup()
_COPIED = 3
_WALKED = tuple(step for step in SetupStep if step is not SetupStep.DONE)
QUIET_OFFERED = ("23:00-08:00", "22:00-09:00")


def begin_button(step: SetupStep | None, voice: Voice) -> list[list[Button]]:
    """Under the greeting, as long as the set-up is not done."""
    if step is SetupStep.DONE:
        return []
    label = voice.plain("▶️ Set me up") if step is None else voice.plain("▶️ Go on with the set-up")
    return [edit_button(label, "setup")]


def step_buttons(voice: Voice) -> list[list[Button]]:
    """Every step, for the settings."""
    return in_rows([button for step in _WALKED for button in edit_button(_title(step, voice), "setup", step)])


def bank_step(answers: Sequence[BankAnswer], voice: Voice, now: datetime) -> Message:
    """Whether each merchant's bank answers."""
    lines = [_bank_line(answer, voice) for answer in answers]
    again = edit_button(voice.plain("🔄 Ask again"), "setup", SetupStep.BANK)
    return _step(
        SetupStep.BANK,
        [voice("I have asked the bank at {time}:", time=voice.clock_seconds(now)), *lines],
        [again],
        voice,
    )


def terminals_step(seen: Sequence[SeenTerminal], voice: Voice) -> Message:
    """Which terminals there are, and how to name those that have no name."""
    nameless = [one.terminal for one in seen if not one.named]
    lines = [_terminal_line(one, voice) for one in seen]
    if not seen:
        lines = [voice("No payments have been read yet. Come back to this step in a few minutes.")]
    if nameless:
        how = voice("Write, for example: {command}", command=f"/name {nameless[0].id} Samal")
        lines += [_BLANK, voice("Some have only a number."), how]
    elif seen:
        lines += [_BLANK, voice("Is that right? /name gives another name.")]
    copies = [copy_button(f"📋 /name {one.id}", f"/name {one.id}") for one in nameless[:_COPIED]]
    return _step(SetupStep.TERMINALS, lines, copies, voice)


def noise_step(preset: str, counts: Mapping[str, int], voice: Voice, *, counting: bool) -> Message:
    """The presets of unusual volume, with the alerts each would have sent last week as far as that is known."""
    lines = [voice("How much of unusual volume shall I tell: silence, too few, too many, odd amounts?"), _BLANK]
    for name in counts:
        told = voice("counting last week…") if counting else voice.plural("{n} alert", "{n} alerts", counts[name])
        chosen = [voice("chosen")] if name == preset else []
        lines.append(SEPARATOR.join([Markup("<b>{}</b>").format(preset_words(name, voice)), told, *chosen]))
    lines += [_BLANK, voice("Failed payments and a bank that does not answer are told with any of them.")]
    buttons = [
        button
        for name in counts
        for button in edit_button(
            f"{'✓ ' if name == preset else ''}{preset_words(name, voice).unescape()}", "setup", SetupStep.NOISE, name
        )
    ]
    return _step(SetupStep.NOISE, lines, [buttons], voice)


def quiet_step(quiet: QuietHours | None, voice: Voice) -> Message:
    """When nothing but the critical makes a sound."""
    now = f"{quiet.start:%H:%M}-{quiet.end:%H:%M}" if quiet else "off"
    labels = {one: one.replace("-", "–") for one in QUIET_OFFERED} | {"off": voice.plain("Off")}
    buttons = [
        button
        for word, label in labels.items()
        for button in edit_button(f"{'✓ ' if word == now else ''}{label}", "setup", SetupStep.QUIET, word)
    ]
    return _step(SetupStep.QUIET, [quiet_words(quiet, voice)], [buttons], voice)


def invite_step(voice: Voice) -> Message:
    """The people who are to be told as well."""
    lines = [
        voice("A link lets your support in: a person, or a group with the bot in it. It works once, for a day."),
        voice("Support sees failures and handles alerts, no totals. /invite offers other roles."),
    ]
    make = data_button(voice.plain("✉️ Make a link"), "invite", "support")
    return _step(SetupStep.INVITE, lines, [make], voice)


def sample_step(voice: Voice) -> Message:
    """The last step."""
    lines = [voice("So that you know it when it comes: an alert, as your phone will show it.")]
    show = data_button(voice.plain("🔔 Show a sample"), "setup", "alert")
    return _step(SetupStep.SAMPLE, lines, [show], voice)


def setup_done(voice: Voice) -> Message:
    """The end of the walk."""
    text = voice("✅ <b>All set.</b> I watch and tell you here. /settings has every step, /help what you can ask.")
    return Message(text, [edit_button(voice.plain("⚙️ Settings"), "settings")])


def sample_alert(merchant: Merchant, voice: Voice, now: datetime) -> Message:
    """An alert of a payment that never was, without buttons: there is nothing to handle."""
    alert = _sample(merchant, now)
    head = voice("🔔 <b>A sample: nothing has failed.</b> A real one has buttons: ✋ I have it, 😴 later.")
    text = Markup("\n").join([head, _BLANK, living_message(alert, voice, now=now).text])
    return Message(text)


def terminal_named(terminal: Terminal, before: str, voice: Voice) -> Message:
    """What a terminal is called from now on."""
    said = voice("✅ {before} is called {name} now.", before=capped(before), name=capped(terminal.name))
    return Message(said, [edit_button(voice.plain("▶️ Go on with the set-up"), "setup", SetupStep.TERMINALS)])


def _step(step: SetupStep, lines: Sequence[Markup], buttons: Sequence[Sequence[Button]], voice: Voice) -> Message:
    place = _WALKED.index(step)
    head = Markup("<b>{}/{} · {}</b>").format(place + 1, len(_WALKED), _title(step, voice))
    before = edit_button(voice.plain("◀️ Back"), "setup", _WALKED[place - 1]) if place else []
    following = list(SetupStep)[place + 1]
    label = voice.plain("✅ Done") if following is SetupStep.DONE else voice.plain("▶️ Next")
    ways = [*before, *edit_button(label, "setup", following)]
    text = fit([head, _BLANK], lines, [_BLANK, _anytime(voice)], voice)
    return Message(text, [*(row for row in map(list, buttons) if row), ways])


def _title(step: SetupStep, voice: Voice) -> str:
    titles = {
        SetupStep.BANK: voice.plain("🏦 The bank"),
        SetupStep.TERMINALS: voice.plain("🏪 Terminals"),
        SetupStep.NOISE: voice.plain("📏 Noise"),
        SetupStep.QUIET: voice.plain("🌙 Quiet hours"),
        SetupStep.INVITE: voice.plain("✉️ People"),
        SetupStep.SAMPLE: voice.plain("🔔 A sample alert"),
    }
    return titles[step]


def _anytime(voice: Voice) -> Markup:
    return voice("<i>You can leave at any time: /settings has every step.</i>")


def _bank_line(answer: BankAnswer, voice: Voice) -> Markup:
    name = capped(answer.merchant.name)
    if answer.error:
        what = capped(answer.error, TEXT_LENGTH)
        return voice("⚠️ {merchant}: no answer ({error}). I keep asking and tell you.", merchant=name, error=what)
    count = voice.plural("{n} payment in the last hour", "{n} payments in the last hour", answer.count)
    seconds = f"{answer.seconds:.1f}"
    return voice("✅ {merchant}: it answered in {seconds} s, {count}", merchant=name, seconds=seconds, count=count)


def _terminal_line(one: SeenTerminal, voice: Voice) -> Markup:
    count = voice.plural("{n} payment in 7 days", "{n} payments in 7 days", one.count)
    name = Markup("<b>{}</b>").format(capped(one.terminal.name))
    number = [Markup("{}").format(one.terminal.id)] if one.named else []
    return SEPARATOR.join([Markup("{} {}").format("✅" if one.named else "❔", name), *number, count])


def _sample(merchant: Merchant, now: datetime) -> IncidentAlert:
    terminal = merchant.terminals[0] if merchant.terminals else Terminal(TerminalId("98151552"), "Samal")
    operation = Operation(
        merchant_id=merchant.id,
        id=OperationId("sample"),
        created_at=now - timedelta(seconds=20),
        invoice_id="494128898768",
        terminal_id=terminal.id,
        amount=2_500_000,
        currency="KZT",
        outcome=Outcome.FAILED,
        status="error",
        reason_code=458,
        reason_class=ReasonClass.SYSTEM,
        sender_card="1512",
        sender_brand="MasterCard",
        receiver_card="8579",
        receiver_brand="VISA",
    )
    incident = Incident(
        number=1,
        rule="failed_operation",
        merchant_id=merchant.id,
        severity=Severity.CRITICAL,
        loudness=Loudness.ON,
        opened_at=now,
        began_at=operation.created_at,
        last_at=now,
        sounded_at=now,
        members=(Member(terminal.id, ReasonClass.SYSTEM),),
        count=1,
        sums={"KZT": operation.amount},
        attempts=(operation,),
    )
    names: dict[str, str] = {terminal.id: terminal.name}
    return IncidentAlert(
        reason=AlertReason.FIRST, incident=incident, merchant_name=merchant.name, terminal_names=names, at=now
    )
