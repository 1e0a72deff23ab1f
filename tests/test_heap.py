"""Threads of the bot share one heap, where the system's library would give each its own."""

import ctypes
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from bot.heap import share_one_heap
if "share" in sys.argv:
    share_one_heap()
meeting = threading.Barrier(4)
threads = [threading.Thread(target=meeting.wait) for _ in range(3)]
for thread in threads:
    thread.start()
meeting.wait()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the system's library is not glibc")
def test_threads_share_one_heap() -> None:
    def heaps(*arguments: str) -> int:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.count("<heap ")

    assert heaps() > 1
    assert heaps("share") == 1
