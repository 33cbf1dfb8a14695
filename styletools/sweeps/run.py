"""One picture of a sweep: what is asked for, and a name that follows from it."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from styletools import recipes
from styletools.settings import plain

__all__ = ["Run", "key_of", "label", "name_of"]

_NOT_IN_THE_KEY = ("device", "progress", "on_step")  # the same picture is meant
_LONGEST = 100  # characters of a name before its key: many disks allow 255 bytes


@dataclass(frozen=True)
class Run:
    """One picture to make.

    Attributes:
        recipe: its name.
        arguments: of the recipe.
        target: the file that is written.
        varied: by axis, the label of the value: what tells this run from the others.
        bits: of the file.
        threads: torch's; None leaves their number as it is.
        measured: whether the finished picture is measured; see `styletools.measures`.
        replace: whether it is made even if the file is there.
    """

    recipe: str
    arguments: Mapping[str, Any]
    target: Path
    varied: Mapping[str, str] = field(default_factory=dict)
    bits: int = 8
    threads: int | None = None
    measured: bool = False
    replace: bool = False

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.target.stem

    @property
    def cost(self) -> float:
        """Pixels times steps, to guess the time that is left; only the ratio of two runs means something."""
        asked = _defaults(self.recipe) | dict(self.arguments)
        size, steps = float(asked["size"] or 512), float(asked["steps"])
        return size * size * max(1.0, steps)


def key_of(recipe: str, arguments: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits that follow from a recipe and its arguments, defaults included.

    A file counts by its bytes, not by its place, so that a folder can be moved. The order of arguments, 1 for 1.0 and a
    default that is written out make no difference.

    Example:
        >>> key_of("transfer", {"beta": 2, "seed": 0}) == key_of("transfer", {"seed": 0, "beta": 2.0})
        True
    """
    asked = _defaults(recipe) | dict(arguments)
    known = {name: _canonical(plain(value)) for name, value in asked.items() if name not in _NOT_IN_THE_KEY}
    text = json.dumps([recipe, known], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def name_of(varied: Mapping[str, str], key: str) -> str:
    """A file's name without its ending: first what varies, then the key.

    Example:
        >>> name_of({"content": "chelsea", "beta": "beta 2"}, "0123456789ab")
        'chelsea_beta-2_0123456789ab'
    """
    words = [re.sub(r"[^\w.+=,-]+", "-", label).strip("-.") for label in varied.values()]
    return "_".join([*(["_".join(words)[:_LONGEST]] if words else []), key])


def label(name: str, value: Any) -> str:  # noqa: ANN401  # an argument of any kind
    """What a value of an argument is called on a contact sheet.

    Example:
        >>> label("beta", 2.0), label("content", "/photos/cat.jpg"), label("style", ["dots", "scales"])
        ('beta 2', 'cat', 'dots + scales')
        >>> label("style_layers", {"conv1_1": 0.5, "conv2_1": 0.5})
        'style_layers conv1_1 0.5, conv2_1 0.5'
    """
    words = _words(value)
    return words if name in ("content", "style", "image") else f"{name} {words}"


def _words(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list | tuple):
        return " + ".join(map(_words, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items())
    if isinstance(value, str | os.PathLike):
        path = Path(value)
        return path.stem if path.is_absolute() else str(path)
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(plain(value))


def _canonical(value: Any) -> Any:  # noqa: ANN401  # what JSON has
    if isinstance(value, dict):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, str) and "\0" not in value and (path := Path(value)).is_absolute() and path.is_file():
        found = path.stat()
        return _digest(path, found.st_mtime_ns, found.st_size)
    return int(value) if isinstance(value, float) and value.is_integer() else value


@lru_cache(maxsize=100_000)
def _digest(path: Path, changed: int, size: int) -> str:  # a file that has changed is read again
    with path.open("rb") as file:
        return "sha256 " + hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache
def _defaults(recipe: str) -> dict[str, Any]:
    parameters = inspect.signature(getattr(recipes, recipe)).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}
