"""What a supervisor like systemd hears: ready, reloading, alive, how it goes, stopping. Without one nothing is said."""

import os
import socket
import time
from contextlib import suppress


class Supervisor:
    """Speaks sd_notify to the datagram socket at `address`; one that does not listen is no trouble of ours."""

    def __init__(self, address: str | None) -> None:
        self._address = address

    @classmethod
    def of_environment(cls) -> "Supervisor":
        """The one that started this process and waits to hear from it, if there is one."""
        return cls(os.environ.get("NOTIFY_SOCKET"))

    def ready(self) -> None:
        self._say("READY=1")

    def reloading(self) -> None:
        """Until it is ready again; the time says which request this answers."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def alive(self) -> None:
        self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for a person who asks the supervisor."""
        self._say(f"STATUS={text}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, line: str) -> None:
        if not self._address:
            return
        # An address that begins with @ is in the abstract namespace.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            out.sendto(line.encode(), address)
