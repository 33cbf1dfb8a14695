"""What a caller has set in torch: nothing here depends on it, and none of it is changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

__all__ = ["undisturbed"]

P = ParamSpec("P")
T = TypeVar("T")


def undisturbed(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function as if the caller had set nothing: default type and device, inference mode, autocast.

    Whether gradients are recorded is left as it is. Where nothing is set, nothing is done.

    Example:
        >>> @undisturbed
        ... def type_of_a_new_tensor():
        ...     return torch.zeros(1).dtype
        >>> torch.set_default_dtype(torch.float64)
        >>> type_of_a_new_tensor(), torch.zeros(1).dtype
        (torch.float32, torch.float64)
        >>> torch.set_default_dtype(torch.float32)
    """

    @wraps(function)
    def inside(*words: P.args, **options: P.kwargs) -> T:
        with ExitStack() as stack:
            _enter(stack)
            return function(*words, **options)

    return inside


def _enter(stack: ExitStack) -> None:
    """Undo each setting that is there, until the stack is closed."""
    dtype = torch.get_default_dtype()
    if dtype != torch.float32:
        stack.callback(torch.set_default_dtype, dtype)
        torch.set_default_dtype(torch.float32)
    if torch.is_inference_mode_enabled():
        stack.enter_context(torch.inference_mode(False))
    if torch.is_autocast_enabled("cpu"):
        stack.enter_context(torch.autocast("cpu", enabled=False))
    if torch.cuda.is_available() and torch.is_autocast_enabled("cuda"):
        stack.enter_context(torch.autocast("cuda", enabled=False))
    if torch.get_default_device().type != "cpu":
        stack.enter_context(torch.device("cpu"))
