"""The simulated outside world: the bank, the Bot API, the chat page. Demo and tests share it; it knows no bot."""
