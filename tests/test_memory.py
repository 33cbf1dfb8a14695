"""How much memory is there: of the machine, of control groups of both versions, and where nothing is known."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from styletools import memory
from styletools.errors import InputError

GB = 10**9
MEMINFO = f"MemTotal:       {64 * GB // 1024} kB\nMemFree:  1 kB\nMemAvailable:   {32 * GB // 1024} kB\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A system's files, to be written."""
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    return tmp_path


def write(root: Path, files: dict[str, object]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n", encoding="utf-8")


def test_here():
    free = memory.available()
    assert free is None or 10**6 < free < 10**15
    if sys.platform == "linux":
        assert free is not None


def test_the_kernels_estimate(root):
    write(root, {"proc/meminfo": MEMINFO})
    assert memory.available() == 32 * GB // 1024 * 1024


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # Version 2, in a container: the path is its own root.
        ({"proc/self/cgroup": "0::/", "memory.max": 4 * GB, "memory.current": GB}, 3 * GB),
        ({"proc/self/cgroup": "0::/", "memory.max": "max", "memory.current": GB}, 32 * GB),
        ({"proc/self/cgroup": "0::/", "memory.max": 4 * GB}, 32 * GB),
        ({"proc/self/cgroup": "0::/", "memory.max": GB, "memory.current": 2 * GB}, 0),
        # Files in memory can be dropped; more of them than is used cannot.
        (
            {
                "proc/self/cgroup": "0::/",
                "memory.max": 4 * GB,
                "memory.current": 3 * GB,
                "memory.stat": f"anon {GB}\nfile {2 * GB}\ninactive_file {GB}\nactive_file {GB // 2}",
            },
            4 * GB - 3 * GB // 2,
        ),
        (
            {
                "proc/self/cgroup": "0::/",
                "memory.max": 4 * GB,
                "memory.current": GB,
                "memory.stat": f"inactive_file {9 * GB}",
            },
            4 * GB,
        ),
        # The narrowest of a group and of those around it.
        (
            {
                "proc/self/cgroup": "0::/user/job",
                "user/job/memory.max": 8 * GB,
                "user/job/memory.current": GB,
                "user/memory.max": 6 * GB,
                "user/memory.current": 2 * GB,
            },
            4 * GB,
        ),
        # Version 1; in a container the path is that of the host, and leads nowhere.
        (
            {
                "proc/self/cgroup": "9:pids:/a\n4:memory:/docker/0123\n0::/",
                "memory/memory.limit_in_bytes": 4 * GB,
                "memory/memory.usage_in_bytes": 3 * GB,
                "memory/memory.stat": f"inactive_file 7\ntotal_inactive_file {GB}",
            },
            2 * GB,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,memory:/job",
                "memory/job/memory.limit_in_bytes": 2 * GB,
                "memory/job/memory.usage_in_bytes": GB,
                "memory/memory.limit_in_bytes": 9223372036854771712,
                "memory/memory.usage_in_bytes": GB,
            },
            GB,
        ),
        ({"proc/self/cgroup": "nonsense\n\n0::/../..\n::::", "memory.max": "-1", "memory.current": "x"}, 32 * GB),
    ],
)
def test_control_groups(root, files, expected):
    write(root, {"proc/meminfo": MEMINFO.replace(str(32 * GB // 1024), str(32 * GB // 1000))})
    write(root, {name if name.startswith("proc") else f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    machine = 32 * GB // 1000 * 1024
    assert memory.available() == (machine if expected == 32 * GB else expected)


def test_without_the_kernels_files(root, monkeypatch):
    known = {"SC_AVPHYS_PAGES": 1000, "SC_PHYS_PAGES": 4000, "SC_PAGE_SIZE": 4096}

    def sysconf(name):
        if name not in known:
            raise ValueError("unrecognized configuration name")
        return known[name]

    monkeypatch.setattr(memory.os, "sysconf", sysconf, raising=False)
    assert memory.available() == 1000 * 4096
    del known["SC_AVPHYS_PAGES"]  # macOS
    assert memory.available() == 4000 * 4096
    known["SC_PHYS_PAGES"] = -1
    assert memory.available() is None
    known.clear()
    assert memory.available() is None
    monkeypatch.delattr(memory.os, "sysconf")  # Windows
    assert memory.available() is None


def test_a_check_says_what_is_there_and_what_to_do(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 3 * GB)
    memory.check_memory(3 * GB, "size", lambda share: f"take {share:.0%}")
    with pytest.raises(InputError) as caught:
        memory.check_memory(4 * GB, "size 7", lambda share: f"take {share:.0%}")
    assert str(caught.value) == "size 7: would need 4 GB of memory, and there are 3 GB; take 75%"
    monkeypatch.setattr(memory, "available", lambda: None)
    memory.check_memory(10**30, "size", lambda share: f"take {share:.0%}")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_500_000, "1.5 MB"),
        (10**18, "1 EB"),
        (10**20, "100 EB"),
        (10**40, "more than 1000 EB"),
    ],
)
def test_in_words(count, words):
    assert memory.in_words(count) == words


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's own files")
def test_what_is_taken_is_no_longer_there():
    """In a process of its own: some hundred MB, touched, are missing afterwards."""
    program = (
        "from styletools.memory import available\n"
        "def missing():\n"
        "    before = available(); taken = b'x' * 900_000_000\n"
        "    return before - available() > 150_000_000\n"
        "print(any(missing() for _ in range(5)))"  # others take and give back in the meantime
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


FREED = """
import sys
import torch
from styletools.memory import return_freed_memory
if sys.argv[1] == "returned":
    assert return_freed_memory()
for megabytes in (30, 31):
    torch.ones(megabytes * 2**18)  # freed at once; from now on glibc keeps what is smaller
large, small = [], []
for _ in range(20):
    large.append(torch.ones(20 * 2**18))
    small.append(torch.ones(2**18))  # lies in between
del large
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it, and can be told not to")
def test_freed_memory_goes_back_to_the_system():
    kept, returned = (
        int(subprocess.run([sys.executable, "-c", FREED, how], check=True, capture_output=True, text=True).stdout)
        for how in ("kept", "returned")
    )
    assert kept - returned > 300 * 1024  # of 400 MB, in kB


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_left_alone(system, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: pytest.fail("called"))
    assert not memory.return_freed_memory()


def test_another_c_library(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    assert not memory.return_freed_memory()
