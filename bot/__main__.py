"""`python -m bot` is `epay-bot`."""

from bot.cli import main

main()
