"""Why something failed, in words for a shop owner instead of those of a protocol."""

from collections.abc import Callable

from markupsafe import Markup

from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped

# What is found first in the error, without case, decides.
_CAUSES: tuple[tuple[tuple[str, ...], Callable[[Voice], Markup]], ...] = (
    (("blocked by the user", "user_is_blocked"), lambda voice: voice("this person has blocked the bot")),
    (("user is deactivated",), lambda voice: voice("this person's account is deleted")),
    (("kicked", "not a member", "deactivated"), lambda voice: voice("the bot was taken out of the chat")),
    (("chat not found", "peer_id_invalid"), lambda voice: voice("the chat is gone, or nobody has pressed Start there")),
    (("thread not found", "topic_"), lambda voice: voice("the topic is closed or deleted")),
    (("rights", "write_forbidden", "restricted"), lambda voice: voice("the bot may not write there")),
    (("too many requests",), lambda voice: voice("Telegram asked the bot to wait")),
    (("telegram",), lambda voice: voice("Telegram could not be reached")),
    (("restored from a backup",), lambda voice: voice("it is from before a restored backup")),
    (("bank did not answer within",), lambda voice: voice("the bank did not answer in time")),
    (("connection to the bank",), lambda voice: voice("the bank could not be reached")),
    (("bank answers http 5",), lambda voice: voice("the bank's system is out of order")),
    (("bank answers http 429",), lambda voice: voice("the bank asked the bot to wait")),
    (("bank refuses",), lambda voice: voice("the bank refuses the user name, password or client")),
    (("the bank",), lambda voice: voice("the bank sent what cannot be read")),
)


def cause(error: str, voice: Voice) -> Markup:
    """A clause like "the bank did not answer in time", with what was said in brackets; that alone when it is new."""
    said, lowered = capped(error, TEXT_LENGTH), error.lower()
    for signs, words in _CAUSES:
        if any(sign in lowered for sign in signs):
            return Markup("{} ({})").format(words(voice), said)
    return said
