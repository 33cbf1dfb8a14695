from __future__ import annotations

import subprocess
import sys

import pytest

from styletools import memory

linux = pytest.mark.skipif(memory._libc("mallopt") is None, reason="another allocator than glibc's")

PAGES = """
import resource, torch
from styletools.memory import give_back, keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(20_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
def held():
    return int(open('/proc/self/statm').read().split()[1])
first = faults()
assert keep_freed_memory()
torch.ones(20_000_000)
print(first, faults())
before = held()
give_back()
print(before - held())
"""


@linux
def test_pages_are_kept_and_given_back():
    run = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True)
    first, kept, returned = map(int, run.stdout.split())
    assert kept < 0.1 * first
    assert returned > 0.5 * 80_000_000 / 4096


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "win32")
    memory.keep_freed_memory.cache_clear()
    try:
        assert not memory.keep_freed_memory()
        assert not memory.give_back()
    finally:
        memory.keep_freed_memory.cache_clear()
