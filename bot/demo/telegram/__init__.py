"""A local Bot API with people in it, and a chat page for the browser: the demo's Telegram and the tests' fake."""

from bot.demo.telegram.page import Page, Panel
from bot.demo.telegram.press import Answer, Press
from bot.demo.telegram.records import Called, Chat, Content, Delivery, Message, Person, Upload
from bot.demo.telegram.server import BotApi

__all__ = [
    "Answer",
    "BotApi",
    "Called",
    "Chat",
    "Content",
    "Delivery",
    "Message",
    "Page",
    "Panel",
    "Person",
    "Press",
    "Upload",
]
