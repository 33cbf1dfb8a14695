"""The process that a submission's answers run in. It knows no solution, decides nothing, and is not trusted.

It is asked for the values of answers, for what functions make of arguments, and for their gradients; everything comes
and goes through `wire`. A program that runs in it can change whatever is in it, but not the checks.
"""

from __future__ import annotations

import ast
import copy
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from importlib.abc import MetaPathFinder
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import styletools
from styletools.course.limits import confine
from styletools.course.reading_cells import Asked, pieces, used
from styletools.course.wire import packed, unpacked

# What lessons import is loaded before the process is forked, so that no submission waits for it.
for _name in ("reading", "plots", "recipes", "transforms", "laboratory", "losses.regions", "losses.positions",
              "pictures.variations", "pictures.colours", "pictures.masks", "palette", "footprint"):  # fmt: skip
    importlib.import_module(f"styletools.{_name}")

_IN_CELLS = {"torch": torch, "st": styletools, "styletools": styletools, "np": np, "numpy": np}


class _Refused(MetaPathFinder):
    """Hide the exercises, which would bring their solutions along."""

    def find_spec(self, name: str, *_: Any) -> None:
        if name.startswith(("styletools.exercises", "styletools.course")):
            raise ImportError("exercises and their solutions are not there while an answer is graded")


class Answers:
    """What a submission's cells define."""

    def __init__(self) -> None:
        """Nothing has been run yet."""
        self.found: dict[str, Any] = {}
        self.empty: list[Any] = []
        self.functions: set[str] = set()
        self.graphs: list[tuple[Tensor, list[Tensor]]] = []

    def read(self, cells: Sequence[str], asked: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Which of the package's functions are used: read before any of the submission runs."""
        return {"used": used(cells, [Asked(*one) for one in asked])}

    def run(self, cells: Sequence[str], asked: Sequence[Sequence[Any]], only: str) -> dict[str, Any]:
        """Run the cells; return what there is for each exercise: a function, a value, nothing, or an error."""
        wanted = [Asked(*one) for one in asked]
        wanted = [one for one in wanted if only in ("", one.name or one.answer)]
        states: dict[str, dict[str, Any]] = {}
        self.functions = {one.name or one.answer for one in wanted if one.coding}
        space: dict[str, Any] = {"__name__": "__main__", **_IN_CELLS}
        for piece in pieces(cells, wanted):
            error = piece.problem
            if piece.code is not None:
                try:
                    exec(compile(ast.Module([piece.code], []), "<cell>", "exec"), space)
                except BaseException as raised:
                    error = "" if piece.optional else f"Its cell raises {_told(raised)}"
                self.empty += [space[piece.empty]] if piece.empty in space else []
            for key, expression in piece.answers.items():
                state = {"error": error} if error else self._state(key, expression, space)
                if _better(state, states.get(key, {})):
                    states[key] = state
        return {"states": states}

    def _state(self, key: str, expression: ast.expr | None, space: dict[str, Any]) -> dict[str, Any]:
        if expression is None:
            return {"stub": True}
        try:
            value = eval(compile(ast.fix_missing_locations(ast.Expression(expression)), "<cell>", "eval"), space)
        except BaseException as raised:
            return {"error": f"Its cell raises {_told(raised)}"}
        if value is None or any(value is one for one in self.empty):
            return {"stub": True}
        if callable(value) and key in self.functions:
            self.found[key] = value
            return {"function": True}
        return {"value": value}

    def call(self, key: str, arguments: Sequence[Any], leaves: Sequence[int], refuse: bool) -> dict[str, Any]:
        """Call a function; return its value, what it changed, and, if gradients are asked for, how to get them."""
        given = copy.deepcopy(list(arguments))
        tensors = [tensor.requires_grad_() for i in leaves for tensor in _tensors(given[i])]
        hooks = torch.autograd.graph.saved_tensors_hooks(_refuse, _refuse) if refuse else nullcontext()
        with hooks, torch.enable_grad():
            value = self.found[key](*given)
            value = list(islice(value, 10_000)) if isinstance(value, Iterator) else value
        reply = {"value": value}
        if tensors and isinstance(value, Tensor) and value.requires_grad:
            self.graphs.append((value, tensors))
            reply["graph"] = len(self.graphs) - 1
        if not leaves:
            reply["changed"] = [[i, now] for i, now in enumerate(given) if packed(now) != packed(arguments[i])]
        return reply

    def back(self, graph: int, slope: Tensor) -> dict[str, Any]:
        """Gradients of what a call returned."""
        value, tensors = self.graphs[graph]
        return {"slopes": list(torch.autograd.grad(value, tensors, slope, allow_unused=True))}


def serve(connection: Connection, folder: str, number: int) -> None:
    """Answer until the connection is closed.

    Args:
        connection: to the process that checks.
        folder: an empty one, to work in.
        number: of the submission.
    """
    _alone(connection)
    os.chdir(folder)
    torch.set_num_threads(1)
    missing = confine(Path(folder), number)
    for name in [name for name in sys.modules if name.startswith(("styletools.exercises", "styletools.cli"))]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Refused())
    connection.send_bytes(packed({"missing": missing}))
    answers = Answers()
    methods: Mapping[str, Callable[..., dict[str, Any]]]
    methods = {"read": answers.read, "run": answers.run, "call": answers.call, "back": answers.back}
    while True:
        try:
            what, options = unpacked(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)
        try:
            reply = methods[what](**options)
            with np.errstate(all="ignore"):
                data = packed(reply)
        except BaseException as error:
            data = packed({"raised": _described(error)})
        torch.set_default_dtype(torch.float32)
        connection.send_bytes(data)


def _alone(connection: Connection) -> None:
    """Close everything of the grader's but the connection; what is printed goes nowhere."""
    if os.name == "posix":
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        kept = connection.fileno()
        os.closerange(3, kept)
        os.closerange(kept + 1, 4096)
    sys.stdin = sys.stdout = sys.stderr = open(os.devnull, "r+", encoding="utf-8")  # noqa: PTH123, SIM115


def _tensors(value: Any) -> list[Tensor]:
    return list(value.values()) if isinstance(value, Mapping) else list(value) if isinstance(value, list) else [value]


def _better(state: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether what comes later counts: an empty copy below an answer undoes nothing, nor does an error in its check."""
    if "error" in state:
        return not before or "stub" in before
    return "stub" not in state or not ("function" in before or "error" in before)


def _told(error: BaseException) -> str:
    kind, text = _described(error)[:2]
    return f"{kind}: {(text.splitlines() or ['(no message)'])[0][:300]}"


def _described(error: BaseException) -> list[str]:
    """An error's kind, its words, the name that is not defined, and all the kinds that it is of."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    try:
        text = str(error)
    except BaseException:
        text = ""
    name = getattr(error, "name", "")
    return [kinds[0], text[:2000], name if isinstance(name, str) else "", ",".join(kinds)[:500]]


def _refuse(_: Tensor) -> Any:
    raise RuntimeError("autograd is not asked for")
