"""What the bot says unasked: failed payments, the bank lost and back, troubles of its own."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from bot.model import Alert, FailureAlert, Message, NoticeAlert, Severity, SourceAlert, SourceState
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.failures import failure_buttons, failure_card, failure_rows, failures_head
from bot.views.operations import SEPARATOR
from bot.views.sight import Sight

_BLANK = Markup()


def alert_message(
    alerts: Sequence[Alert], voice: Voice, *, now: datetime, repeated: bool = False, private: bool = True
) -> Message:
    """One message for all that is due to one chat: a single failure in full, several as a summary with rows.

    `repeated` marks what may have arrived before; only a private chat sees the payer's name.
    """
    sight = Sight.FULL if private else Sight.MASKED
    failures = [alert for alert in alerts if isinstance(alert, FailureAlert)]
    lines = [_card(alert, voice, now) for alert in alerts if not isinstance(alert, FailureAlert)]
    head = [voice("🔁 <i>a repeat: you may have had this message already</i>")] if repeated else []
    if len(failures) == 1:
        lines.insert(0, failure_card(failures[0], voice, now, sight))
    elif failures:
        head += failures_head(failures, voice)
    text = fit(head, _apart(lines, failure_rows(failures, voice, now) if len(failures) > 1 else ()), (), voice)
    return Message(
        text,
        failure_buttons(failures[0], voice) if len(alerts) == len(failures) == 1 else (),
        silent=all(map(_is_quiet, alerts)),
    )


def _apart(cards: Sequence[Markup], rows: Sequence[Markup]) -> list[Markup]:
    """Cards and then rows, each group after an empty line."""
    blocks = [block for card in cards for block in (_BLANK, card)]
    return [*blocks, _BLANK, *rows] if rows else blocks[1:]


def _is_quiet(alert: Alert) -> bool:
    if isinstance(alert, FailureAlert):
        return alert.severity is Severity.INFO
    return isinstance(alert, SourceAlert) and alert.state is SourceState.BACK


def _card(alert: SourceAlert | NoticeAlert, voice: Voice, now: datetime) -> Markup:
    lines = _source(alert, voice, now) if isinstance(alert, SourceAlert) else _notice(alert, voice, now)
    return Markup("\n").join(lines)


def _notice(alert: NoticeAlert, voice: Voice, now: datetime) -> list[Markup]:
    values = {name: capped(str(value), TEXT_LENGTH) for name, value in alert.values.items()}
    text = voice(alert.text, **values)
    return [Markup("ℹ️ ") + text, voice("{time} ({zone})", time=voice.moment(alert.at, now), zone=voice.zone_name())]


def _source(alert: SourceAlert, voice: Voice, now: datetime) -> list[Markup]:
    headline, *rest = _STORIES[alert.state](alert, voice, now)
    merchant = capped(alert.merchant_name)
    error = capped(alert.error, TEXT_LENGTH) if alert.state is not SourceState.BACK else ""
    return [
        SEPARATOR.join([headline, *([merchant] if merchant else ())]),
        *([voice("Cause: {error}", error=error)] if error else ()),
        *rest,
    ]


def _lost(alert: SourceAlert, voice: Voice, now: datetime) -> list[Markup]:
    return [
        voice("⚠️ <b>The bank has not answered since {time}</b>", time=voice.moment(alert.since, now)),
        voice("Figures stay as they were then. I keep asking and will tell you what I catch up with."),
    ]


def _denied(alert: SourceAlert, voice: Voice, now: datetime) -> list[Markup]:
    return [
        voice("⛔ <b>The bank has refused our credentials since {time}</b>", time=voice.moment(alert.since, now)),
        voice("Nothing new is read until someone corrects the ePay user name, password, client id or client secret."),
    ]


def _back(alert: SourceAlert, voice: Voice, now: datetime) -> list[Markup]:
    if alert.operations:
        caught_up = voice.plural(
            "Caught up with {n} operation, failed: {failed}",
            "Caught up with {n} operations, failed: {failed}",
            alert.operations,
            failed=voice.number(alert.failed),
        )
    else:
        caught_up = voice("There were no operations meanwhile.")
    return [
        voice("✅ <b>The bank answers again since {time}</b>", time=voice.moment(alert.at, now)),
        voice("It was away for {span}.", span=voice.span(alert.at - alert.since)),
        caught_up,
    ]


_STORIES = {SourceState.LOST: _lost, SourceState.DENIED: _denied, SourceState.BACK: _back}
