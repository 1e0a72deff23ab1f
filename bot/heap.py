"""How this process gets its memory from the system. Knows nothing of what it is for."""

import ctypes
from contextlib import suppress

# malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 128 * 1024


def keep_heap_small() -> None:
    """To be called before any thread begins; only where the system's library is glibc it changes anything.

    Else glibc gives each thread a heap of its own, and the pages that SQLite gives up in one thread are no use to
    the others: after six minutes of load 18 MB of holes, 7 in one heap. And it takes a block that was large once,
    such as an answer of the bank, from the heap from then on; fixed thresholds have it give each back at once.
    """
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)
