"""Threads of the bot share one heap, and large blocks leave it, where the system's library would do otherwise."""

import ctypes
import re
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from bot.heap import keep_heap_small
if "small" in sys.argv:
    keep_heap_small()
meeting = threading.Barrier(4)
threads = [threading.Thread(target=meeting.wait) for _ in range(3)]
for thread in threads:
    thread.start()
meeting.wait()
bytearray(1_000_000)
blocks = [bytes(900_000) for _ in range(10)]
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the system's library is not glibc"
)


def memory(*arguments: str) -> str:
    """What the library tells of its heaps."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_threads_share_one_heap() -> None:
    assert memory().count("<heap ") > 1
    assert memory("small").count("<heap ") == 1


def test_blocks_that_were_large_once_stay_out_of_the_heap() -> None:
    def apart(told: str) -> int:
        found = re.search(r'<total type="mmap" count="(\d+)"', told)
        assert found
        return int(found[1])

    assert apart(memory()) < 10
    assert apart(memory("small")) >= 10
