"""What the process is told from outside: to end, or to read its configuration anew. Nothing told is forgotten."""

import asyncio
import os
import signal


class Signals:
    """SIGTERM and SIGINT set `stop`; SIGHUP sets `reload`, as soon as this is made.

    When the terminal it was started on is gone, SIGHUP means the end, as for every other program.
    """

    def __init__(self) -> None:
        self.stop, self.reload = asyncio.Event(), asyncio.Event()
        self._on_terminal = os.isatty(0)
        signal.signal(signal.SIGHUP, lambda *_: self._hang_up())

    def listen(self) -> None:
        """From now on they wake the running loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)

    def _hang_up(self) -> None:
        gone = self._on_terminal and not os.isatty(0)
        (self.stop if gone else self.reload).set()
