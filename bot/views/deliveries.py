"""What became of messages, chat by chat: what waits, what was given up, and why."""

from markupsafe import Markup

from bot.model import ChatDeliveries, DeliveriesReport, Message
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button
from bot.views.causes import cause

_BLANK = Markup()


def deliveries(report: DeliveriesReport, voice: Voice) -> Message:
    """One block a chat in trouble."""
    head = [voice("📨 <b>Messages to Telegram</b>")]
    count = voice.number(report.sent)
    if report.last_sent_at:
        time = voice.moment(report.last_sent_at, report.at)
        head.append(voice("Sent in the last day: {count}, the last at {time}", count=count, time=time))
    else:
        head.append(voice("Nothing was sent in the last day"))
    blocks = [Markup("\n").join([_BLANK, *_chat(chat, report, voice)]) for chat in report.chats]
    if not blocks:
        blocks = [_BLANK, voice("✅ Nothing waits and nothing was lost")]
    return Message(fit(head, blocks, (), voice), [edit_button(voice.plain("🔄 Refresh"), "deliveries", "")])


def _chat(chat: ChatDeliveries, report: DeliveriesReport, voice: Voice) -> list[Markup]:
    name = capped(chat.chat)
    sign = "⚠️" if chat.off is not None or chat.dead else "⏳"
    lines = [Markup("{} <b>{}</b>").format(sign, name)]
    if chat.topic:
        lines.append(voice("Topic {number}", number=chat.topic))
    if chat.waiting and chat.waiting_since:
        span = voice.span(report.at - chat.waiting_since)
        lines.append(voice("Waiting: {count}, the oldest for {span}", count=voice.number(chat.waiting), span=span))
    if chat.uncertain:
        lines.append(voice("Perhaps not arrived: {count}", count=voice.number(chat.uncertain)))
    if chat.dead:
        lines.append(voice("Given up: {count}", count=voice.number(chat.dead)))
    if problem := chat.off or chat.problem:
        lines.append(voice("Because {cause}", cause=cause(problem, voice)))
    if chat.off is not None:
        lines.append(voice("It goes on by itself once somebody writes to the bot there."))
    return lines
