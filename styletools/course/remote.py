"""Answers that run elsewhere, as values and functions that a check can use like any other.

The check runs here, on what comes back. An answer cannot reach it, whatever it prints, patches or writes.
"""

from __future__ import annotations

import builtins
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor

from styletools.course.answering import serve
from styletools.course.reading_cells import Asked
from styletools.course.wire import packed, unpacked

__all__ = ["Ended", "Process", "Remote"]

START = 120.0  # seconds: where there is no fork, torch is imported again
RUN = 20.0  # seconds for all cells
CALL = 10.0  # seconds for one call; a check has a shorter patience for all of its calls
LARGE = 40_000_000  # bytes of a reply


class Ended(Exception):  # noqa: N818  # an answer's author reads it
    """The process has ended."""


class Process:
    """A process with the answers of one submission."""

    def __init__(self, number: int) -> None:
        """Start it, with all its limits."""
        self.folder = tempfile.mkdtemp(prefix="styletools-")
        context = multiprocessing.get_context(_method())
        here, there = multiprocessing.Pipe()
        self.connection: Connection = here
        self.process = context.Process(  # type: ignore[attr-defined]
            target=serve, args=(there, self.folder, number), daemon=True
        )
        self.process.start()
        there.close()
        self.alive, self.why = True, ""
        self.missing: list[str] = self._heard(START).get("missing", [])

    def read(self, cells: Sequence[str], asked: Sequence[Asked]) -> dict[str, list[str]]:
        """Which of the package's functions the answers use."""
        reply = self.ask("read", RUN, cells=list(cells), asked=[_told(one) for one in asked])
        found = reply.get("used")
        return found if isinstance(found, dict) else {}

    def run(self, cells: Sequence[str], asked: Sequence[Asked], only: str = "") -> dict[str, dict[str, Any]]:
        """Run the cells; return what there is for each exercise."""
        found = self.ask("run", RUN, cells=list(cells), asked=[_told(one) for one in asked], only=only).get("states")
        states = found if isinstance(found, dict) else {}
        return {key: state for key, state in states.items() if isinstance(key, str) and isinstance(state, dict)}

    def ask(self, what: str, patience: float, **options: Any) -> dict[str, Any]:
        """Ask for something, and wait.

        Raises:
            Ended: there is no answer, or none that can be read; the process is ended.
            BaseException: what the answer raised.
        """
        if not self.alive:
            raise Ended("Its process has ended.")
        try:
            self.connection.send_bytes(packed((what, options)))
        except OSError:
            self.end()
            raise Ended("Its process has ended.") from None
        reply = self._heard(patience)
        if "raised" in reply:
            raise _error(reply["raised"])
        return reply

    def _heard(self, patience: float) -> dict[str, Any]:
        try:
            until = time.monotonic() + patience
            while not self.connection.poll(0.02):  # short, so that our own patience can end it
                if time.monotonic() > until:
                    self.why = f"It was ended after {patience:g} seconds. Is there a loop that never ends?"
                    raise Ended(self.why)
            reply = unpacked(self.connection.recv_bytes(LARGE))
            if not isinstance(reply, dict):
                raise ValueError
            return reply
        except (EOFError, OSError):
            self.end()
            self.why = "Its process ended. Does it take too much memory, or end Python itself?"
            raise Ended(self.why) from None
        except ValueError:
            self.end()
            self.why = "Its process sent something that is no answer."
            raise Ended(self.why) from None
        except BaseException:  # our patience, or ^C: a late reply would be taken for that to another question
            self.end()
            raise

    def end(self) -> None:
        """End the process, and remove its folder."""
        self.alive = False
        if hasattr(os, "killpg") and self.process.pid:
            with suppress(OSError):  # its group, since it may have started others
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join(10)
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Remote:
    """A function of a submission; called, it runs in the submission's process."""

    def __init__(self, process: Process, key: str) -> None:
        """Nothing is called yet."""
        self.process, self.key = process, key

    def __call__(self, *arguments: Any) -> Any:
        """What it makes of the arguments, with a gradient where they ask for one."""
        leaves = [i for i, argument in enumerate(arguments) if any(x.requires_grad for x in _tensors(argument))]
        return self._call(arguments, leaves, refuse=False)

    def without_autograd(self, *arguments: Any) -> Any:
        """The same, but autograd may not remember anything."""
        return self._call(arguments, [], refuse=True)

    def _call(self, arguments: Sequence[Any], leaves: list[int], *, refuse: bool) -> Any:
        reply = self.process.ask("call", CALL, key=self.key, arguments=list(arguments), leaves=leaves, refuse=refuse)
        for i, now in _changed(reply, len(arguments)):
            _become(arguments[i], now)
        value, graph = reply.get("value"), reply.get("graph")
        if isinstance(graph, int) and isinstance(value, Tensor) and leaves:
            tensors = [tensor for i in leaves for tensor in _tensors(arguments[i])]
            return _Elsewhere.apply(self.process, graph, value, *tensors)
        return value


class _Elsewhere(torch.autograd.Function):
    """A value whose gradient is computed where the value was."""

    @staticmethod
    def forward(ctx: Any, process: Process, graph: int, value: Tensor, *tensors: Tensor) -> Tensor:
        ctx.process, ctx.graph, ctx.shapes = process, graph, [tensor.shape for tensor in tensors]
        return value.clone()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Any, ...]:
        found = ctx.process.ask("back", CALL, graph=ctx.graph, slope=slope).get("slopes")
        fits = isinstance(found, list) and len(found) == len(ctx.shapes)
        if not fits or any(
            x is not None and getattr(x, "shape", ()) != y for x, y in zip(found, ctx.shapes, strict=True)
        ):
            raise Ended("Its process sent something that is no gradient.")
        return (None, None, None, *found)


def _method() -> str:
    """Fork for each submission from a process that has torch already; on Windows, start a new one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    multiprocessing.set_forkserver_preload(["styletools.course.answering"])
    return "forkserver"


def _told(one: Asked) -> tuple[str, str, bool]:
    return one.name, one.answer, one.coding


def _tensors(value: Any) -> list[Tensor]:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, Tensor)]


def _changed(reply: Mapping[str, Any], arguments: int) -> list[tuple[int, Any]]:
    found = reply.get("changed")
    pairs = (
        [tuple(pair) for pair in found if isinstance(pair, list) and len(pair) == 2] if isinstance(found, list) else []
    )
    return [(i, now) for i, now in pairs if type(i) is int and 0 <= i < arguments]


def _become(argument: Any, now: Any) -> None:
    """Change an argument here as it was changed there."""
    if isinstance(argument, Tensor):
        other = now if isinstance(now, Tensor) and now.shape == argument.shape else argument + 1
        argument.copy_(other)
    elif isinstance(argument, list):
        argument[:] = now if isinstance(now, list) else []
    elif isinstance(argument, dict):
        argument.clear()
        argument.update(now if isinstance(now, dict) else {})


def _error(raised: Any) -> BaseException:
    """An exception like the one that was raised there; of Python's own kinds, or one with that name."""
    fits = isinstance(raised, list) and len(raised) == 4 and all(isinstance(part, str) for part in raised)
    kind, text, name, kinds = raised if fits else ("Exception", "(no message)", "", "Exception")
    known = (getattr(builtins, each, None) for each in kinds.split(","))
    base = next((one for one in known if isinstance(one, type) and issubclass(one, Exception | SystemExit)), Exception)
    name_of = kind if kind.isidentifier() else "Exception"
    error: BaseException = type(name_of, (base,), {"__init__": _plainly, "__str__": _words})(text)
    with suppress(AttributeError):
        error.name = name or None  # type: ignore[attr-defined]
    return error


def _plainly(self: BaseException, text: str) -> None:
    self.args = (text,)


def _words(self: BaseException) -> str:
    return str(self.args[0]) if self.args else ""
