"""The public door: when a wrong argument breaks something inside, the error names the argument.

Functions check what they can say something useful about. Anything else that is wrong with an argument ends in an
exception from Python or torch. Only then is each argument compared with its annotation, and the first that does not
match is named. So nothing is checked twice, a correct call costs nothing, and an error of our own is never hidden.
"""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import cache, wraps
from math import isfinite
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

import numpy as np
import torch
from torch import Tensor

from styletools.errors import InputError, StyletoolsError, shown

__all__ = ["explained", "fits"]

P = ParamSpec("P")
T = TypeVar("T")


def explained(function: Callable[P, T]) -> Callable[P, T]:
    """Wrap a function so that an error caused by a wrong argument names it.

    Example:
        >>> @explained
        ... def half(size: int) -> float:
        ...     return size / 2
        >>> try:
        ...     half("large")
        ... except InputError as error:
        ...     print(error)
        size: expected int, got 'large'
    """
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def steps(*words: P.args, **options: P.kwargs) -> Generator[Any, Any, Any]:
            try:
                return (yield from function(*words, **options))
            except Exception as error:
                wrong = _wrong(function, error, words, options)
                if not wrong:
                    raise
                raise _WrongKindError(wrong) from error

        return steps  # type: ignore[return-value]

    @wraps(function)
    def inside(*words: P.args, **options: P.kwargs) -> T:
        try:
            return function(*words, **options)
        except Exception as error:
            wrong = _wrong(function, error, words, options)
            if not wrong:
                raise
            raise _WrongKindError(wrong) from error

    if hasattr(function, "__kwdefaults__"):  # shared: changing a default changes it inside
        setattr(inside, "__kwdefaults__", function.__kwdefaults__)  # noqa: B010  # mypy knows no attribute of that name
    return inside


def fits(value: Any, kind: Any) -> bool:  # noqa: ANN401
    """Whether a value matches an annotation, and can be computed with.

    A number must be finite, and an integer fit in 64 bits; a text must be encodable and have no NUL; a tensor must be
    dense, have data, and hold floats or booleans. NumPy's numbers count as numbers. An iterator is not consumed.

    Example:
        >>> fits(3, int | None), fits({"conv1_1": "x"}, Mapping[str, float]), fits(float("nan"), float)
        (True, False, False)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any or isinstance(kind, TypeVar):
        return True
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if kind in (None, NoneType):
        return value is None
    if leaf := _LEAVES.get(origin or kind):
        return leaf(value)
    try:
        if not isinstance(value, origin or kind):
            return False
    except TypeError:  # a kind that isinstance cannot check
        return True
    return _holds(value, origin, parts)


def _holds(value: Any, origin: Any, parts: tuple[Any, ...]) -> bool:  # noqa: ANN401
    """Whether a container's items match its annotation; a text is not a container, an iterator is not consumed."""
    if isinstance(value, str):
        return not parts or parts[0] is str
    if not parts or isinstance(value, Iterator) or not isinstance(value, Iterable):
        return True
    if isinstance(value, bytes | Tensor) or getattr(value, "shape", None) == ():
        return False
    if isinstance(value, Mapping):
        of_keys, of_values = parts if len(parts) == 2 else (parts[0], Any)
        return all(fits(key, of_keys) and fits(item, of_values) for key, item in value.items())
    if origin is tuple and parts[-1] is not ...:
        return isinstance(value, tuple) and len(value) == len(parts) and all(map(fits, value, parts))
    return all(fits(item, parts[0]) for item in value)


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def _is_real(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, Real) and not isinstance(value, Integral) and isfinite(value))


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and -(2**63) <= int(value) < 2**63


def _is_dense(value: object) -> bool:
    there = isinstance(value, Tensor) and value.device.type != "meta" and value.layout == torch.strided
    return there and (value.is_floating_point() or value.dtype == torch.bool)  # type: ignore[attr-defined]


_LEAVES: dict[Any, Callable[[object], bool]] = {
    str: _is_text,
    float: _is_real,
    int: _is_whole,
    bool: lambda value: isinstance(value, bool | np.bool_ | Integral),  # in Python any integer is a truth value
    Tensor: _is_dense,
    typing.IO: lambda value: hasattr(value, "read"),
    Callable: callable,
}


def _wrong(function: Callable[..., Any], error: Exception, words: Any, options: Any) -> str:  # noqa: ANN401
    """Say which argument is wrong; an empty text if none is, or if the error says so itself."""
    if isinstance(error, StyletoolsError) and not isinstance(error, _WrongKindError):
        return ""
    try:
        given = inspect.signature(function).bind(*words, **options).arguments
    except TypeError:  # an argument too many or too few: Python says so in one line
        return ""
    for name, kind in _kinds(function).items():
        if name in given and not fits(given[name], kind):
            return f"{name}: expected {_written(kind)}, got {shown(given[name])}"
    return ""


class _WrongKindError(InputError):
    """Raised by an inner function about *its* argument; the outer one may know what the reader calls it."""


@cache
def _kinds(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotation of each argument."""
    hints: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    while not hints:
        try:
            hints = typing.get_type_hints(function, localns=unknown) or {"return": Any}
        except NameError as error:  # imported for the type checker only
            unknown[str(error.name)] = Any
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return {each.name: hints[each.name] for each in parameters if each.name in hints and each.kind not in several}


def _written(kind: Any) -> str:  # noqa: ANN401
    """An annotation as a reader knows it: names without their modules."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(map(_written, parts)))
    if kind in (None, NoneType):
        return "None"
    if origin is Literal:
        return " | ".join(map(repr, parts))
    name = "a dense tensor of floats" if kind is Tensor else str(getattr(origin or kind, "__name__", kind))
    if name == "Callable" or not parts:
        return name
    return f"{name}[{', '.join('…' if part is ... else _written(part) for part in parts)}]"
