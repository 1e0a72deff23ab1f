"""The Telegram edge: what people write comes in, what the bot answers goes out. Only `telegram/` knows Telegram."""
