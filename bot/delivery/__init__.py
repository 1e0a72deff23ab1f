"""From the outbox to Telegram: due rows are rendered, sent, and recorded after success.

An attempt is noted before it leaves, so that what may have arrived is repeated at most once, and marked.
"""

from bot.delivery.messages import Sender
from bot.delivery.pace import Pace
from bot.delivery.sender import Delivery
from bot.delivery.serving import Serving

__all__ = ["Delivery", "Pace", "Sender", "Serving"]
