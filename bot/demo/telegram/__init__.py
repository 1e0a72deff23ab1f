"""A local Bot API with people in it, and a chat page for the browser: the demo's Telegram and the tests' fake."""

from bot.demo.telegram.page import Action, Page
from bot.demo.telegram.press import Answer, Press
from bot.demo.telegram.records import Chat, Content, Delivery, Message, Person, Upload
from bot.demo.telegram.server import BotApi

__all__ = [
    "Action",
    "Answer",
    "BotApi",
    "Chat",
    "Content",
    "Delivery",
    "Message",
    "Page",
    "Person",
    "Press",
    "Upload",
]
