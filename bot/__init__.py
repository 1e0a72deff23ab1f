"""epay-bot: what happens to a merchant's card-to-card payments, told in Telegram."""

__version__ = "0.1.0"
