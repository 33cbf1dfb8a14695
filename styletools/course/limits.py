"""What a process that runs a stranger's program may do. Each limit is set if the system has it.

On Linux: no network (a network namespace of its own), no file but Python's own and an empty folder (Landlock), a user
of its own where the grader is root, no other program. Everywhere but on Windows: memory, processor time, size and
number of files. What could not be set is returned, so that it can be reported with the grades.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import site
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

import styletools

MEMORY = 2_000_000_000  # bytes beyond what Python and torch have taken
PROCESSOR = 60  # seconds for a whole submission; each exercise has its own, shorter patience
FILE, FILES = 10_000_000, 64  # bytes of a file, files open at once
USERS = 61184  # the first of the numbers that systemd reserves for transient users
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_READ, _ALL = 0b1101, 0x1FFF  # of Landlock's file rights: execute, read a file, list a folder; all of its first version
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_HIDDEN = {"exercises", "course"}  # of the package: they hold the solutions


def confine(folder: Path, number: int) -> list[str]:
    """Limit this process, for good.

    Args:
        folder: the only one that it may write to.
        number: of the submission; each gets a user of its own where that is possible.

    Returns:
        What could not be limited, in words.
    """
    missing, taken = [], _taken()
    can_change = hasattr(os, "geteuid") and os.geteuid() == 0 and _open_to_all()
    if not _without_network(own_user=can_change):
        missing.append("network")
    if not (can_change and _own_user(folder, number)):
        missing.append("user")
    if not _own_files(folder):
        missing.append("files")
    if not _resources(taken):
        missing.append("memory")
    return missing


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _without_network(*, own_user: bool) -> bool:
    """Give the process its own network namespace; unless it gets its own user, together with a user namespace.

    In that, even root has no rights over the machine. Some distributions refuse one to anybody but root.
    """
    libc = _libc()
    if libc is None:
        return False
    kinds = (_CLONE_NEWNET,) if own_user else (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    return any(libc.unshare(kind) == 0 for kind in kinds)


def _own_user(folder: Path, number: int) -> bool:
    user = USERS + number % 4000
    try:
        os.chown(folder, user, user)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError:  # root of a container that has only one user
        return False
    return True


def _open_to_all() -> bool:
    """Whether another user can reach Python and the package: they may lie in a private home."""
    places = [Path(place).resolve() for place in (sys.prefix, sys.base_prefix, styletools.__file__)]
    return all(above.stat().st_mode & 1 for place in places for above in place.parents)


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def _own_files(folder: Path) -> bool:
    """Restrict files by Landlock, which also forbids signals to other processes, and a look into them."""
    libc = _libc()
    version = libc.syscall(_CREATE_RULESET, None, 0, 1) if libc else -1
    if libc is None or version < 1:
        return False
    # Rights that came later: rename across folders (2), truncate (3), TCP (4), devices (5), signals and sockets (6).
    files = (
        _ALL | (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0) | (1 << 15 if version >= 5 else 0)
    )
    rules = _Ruleset(files, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return False
    for path in _readable():
        _allow(libc, ruleset, path, _READ if path.is_dir() else _READ & 0b101)
    _allow(libc, ruleset, folder, files & ~1)
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges, which Landlock asks for
    done = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(done)


def _readable() -> Iterator[Path]:
    """Python's own files, torch's, and the package without its solutions."""
    places = {sys.prefix, sys.base_prefix, *site.getsitepackages(), "/lib", "/lib64", "/usr/lib", "/usr/lib64"}
    places |= {str(Path(module.__file__ or "").parent.parent) for module in (torch, np)}
    package = Path(styletools.__file__).resolve().parent
    # An installed package lies among those; one under development may not.
    yield from (Path(place) for place in places if not package.is_relative_to(Path(place).resolve()))
    for place in places:
        if package.is_relative_to(Path(place).resolve()):
            yield from _around(Path(place).resolve(), package)
    yield from (path for path in package.iterdir() if path.name not in _HIDDEN)
    yield from (Path(device) for device in ("/dev/null", "/dev/urandom", "/dev/zero"))


def _around(place: Path, package: Path) -> Iterator[Path]:
    """Everything beneath a folder except the package."""
    for path in place.iterdir():
        if path == package:
            continue
        if package.is_relative_to(path):
            yield from _around(path, package)
        else:
            yield path


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    with contextlib.suppress(OSError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = _Beneath(rights, place)
            libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        finally:
            os.close(place)


def _resources(taken: int) -> bool:
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return False
    limits = {
        "RLIMIT_CPU": PROCESSOR,
        "RLIMIT_FSIZE": FILE,
        "RLIMIT_NOFILE": FILES,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
    }
    if taken:
        limits["RLIMIT_AS"] = taken + MEMORY
    for name, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # macOS does not have all of them
            resource.setrlimit(getattr(resource, name), (limit, limit))
    return bool(taken)


def _taken() -> int:
    """Bytes of address space that this process has; 0 if the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
