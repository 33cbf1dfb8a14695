"""Call an answer so that nothing it does reaches anything else, and keep what came out."""

from __future__ import annotations

import copy
import io
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch

from styletools.exercises.patience import Interruption

SHOWN = 2000  # characters of what an answer prints


@dataclass
class Outcome:
    """What came of a call.

    Attributes:
        given: the arguments, as they are after it.
        value: what was returned.
        error: what was raised instead.
    """

    given: tuple[Any, ...]
    value: Any = None
    error: BaseException | None = None


def called(function: Callable[..., Any], arguments: tuple[Any, ...], *, show: int = 0) -> Outcome:
    """Call an answer with a copy of the arguments.

    Args:
        function: the answer.
        arguments: they stay as they are.
        show: how many characters of what it prints are shown.

    Returns:
        What it returned, or raised. Only the reader's own ^C passes through, and the end of our patience.
    """
    given = copy.deepcopy(arguments)
    with unchanged(), torch.enable_grad(), _exit_raises():
        sys.stdout = _Beginning(sys.stdout, show)
        try:
            return Outcome(given, materialised(function(*given)))
        except (KeyboardInterrupt, Interruption):
            raise
        except BaseException as error:  # whatever else it raises, exit() included, is reported, not raised
            return Outcome(given, error=error.with_traceback(None))


@contextmanager
def unchanged() -> Iterator[None]:
    """Put back what an answer may have set: torch's default type and device, gradients, seeds, and where print goes."""
    out, dtype, device, gradients = (
        sys.stdout,
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
    )
    seeds, pythons = torch.get_rng_state(), random.getstate()
    try:
        yield
    finally:
        sys.stdout = out
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        torch.set_rng_state(seeds)
        random.setstate(pythons)


@contextmanager
def _exit_raises() -> Iterator[None]:
    """In a notebook, exit() asks the kernel to end, and goes on. Let it raise what Python's own does."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        yield
        return
    shell.ask_exit = sys.exit
    try:
        yield
    finally:
        shell.__dict__.pop("ask_exit", None)


def materialised(value: Any) -> Any:
    """The items that a generator or a map would give, as many as anybody needs."""
    return list(islice(value, 10_000)) if isinstance(value, Iterator) else value


class _Beginning(io.TextIOBase):
    """Show the beginning of what is printed, and none of the rest."""

    def __init__(self, out: Any, left: int) -> None:
        self._out, self._left = out, left

    def write(self, text: str) -> int:
        if self._left:
            self._out.write(text[: self._left])
            if len(text) > self._left:
                self._out.write(" … (it prints more)\n")
            self._left = max(self._left - len(text), 0)
        return len(text)

    def flush(self) -> None:
        self._out.flush()
