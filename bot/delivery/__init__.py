"""From the outbox to Telegram: due rows are rendered, sent, and recorded after success.

An attempt is noted before it leaves, so that what may have arrived is repeated at most once, and marked.
"""

from bot.delivery.pace import Pace
from bot.delivery.sender import Delivery, Sender

__all__ = ["Delivery", "Pace", "Sender"]
