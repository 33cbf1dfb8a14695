"""Keep the memory that a step has freed, for the next step.

A step of a synthesis takes and frees the same large blocks again and again. Linux gives each block back to the system
at once, and must clear its pages anew when it is taken the next time: a tenth of a step at 256 px, and more above.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

__all__ = ["give_back", "keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt, see its manual page
_LARGEST = 1 << 30  # blocks of more than a gigabyte are handled as before


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Tell the allocator of this process to keep what is freed; where it is not glibc's, do nothing.

    Returns:
        Whether the allocator has agreed.
    """
    mallopt = _libc("mallopt")
    return mallopt is not None and all(mallopt(name, _LARGEST) == 1 for name in (_MMAP_THRESHOLD, _TRIM_THRESHOLD))


def give_back() -> bool:
    """Return to the system what is free now; for the end of the work.

    Returns:
        Whether there was something to return.
    """
    malloc_trim = _libc("malloc_trim")
    return malloc_trim is not None and malloc_trim(0) == 1


def _libc(name: str) -> ctypes._NamedFuncPointer | None:
    """A function of glibc, which is the C library of most Linux systems."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
