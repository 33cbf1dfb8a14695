"""What a plan asks for: fixed arguments, and lists or ranges of which every combination is wanted."""

from __future__ import annotations

import difflib
import inspect
import itertools
import math
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from PIL import Image

from styletools import recipes
from styletools.errors import ImageError, InputError, StyletoolsError, shown
from styletools.names import NAMES
from styletools.pictures.images import load_image
from styletools.sweeps.run import Run, key_of, label, name_of

__all__ = ["Axis", "Combinations", "Value", "pictures_in", "read_plan"]

MOST = 1_000_000
"""Runs of one plan; more must be a mistake."""

_TABLES = ("recipe", "fixed", "vary", "sheet", "measures")
_PICTURES = ("content", "style", "image", "init", "content_mask", "style_mask", "weights")
_OF_THE_RUN = ("progress", "on_step")


@dataclass(frozen=True)
class Value:
    """One value of an axis: what it is called, and the arguments that it sets."""

    label: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Axis:
    """What varies: a name, and its values in order."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Combinations:
    """A plan that has been read and checked.

    Attributes:
        recipe: its name.
        fixed: arguments that all runs share.
        axes: what varies, the last one fastest.
        rows: axes that are the rows of the contact sheet.
        columns: axes that are its columns.
        measures: whether finished pictures are measured.
        left_out: a line for each file of a folder that cannot be read.
    """

    recipe: str
    fixed: Mapping[str, Any]
    axes: tuple[Axis, ...]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    measures: bool = True
    left_out: tuple[str, ...] = ()

    def runs(self, folder: Path, threads: int | None = None) -> list[Run]:
        """Every combination once, in order; two that ask for the same picture are one.

        Example:
            >>> plan = read_plan({"recipe": "reconstruct_content", "fixed": {"image": "chelsea"},
            ...                   "vary": {"layer": ["conv1_1", "conv2_1"], "seed": {"from": 0, "to": 2}}})
            >>> [run.varied for run in plan.runs(Path("out"))][1]
            {'layer': 'layer conv1_1', 'seed': 'seed 1'}
        """
        found: dict[str, Run] = {}
        for values in itertools.product(*(axis.values for axis in self.axes)):
            arguments = dict(self.fixed)
            for value in values:
                arguments |= value.arguments
            varied = {axis.name: value.label for axis, value in zip(self.axes, values, strict=True)}
            key = key_of(self.recipe, arguments)
            target = folder / f"{name_of(varied, key)}.png"
            found.setdefault(key, Run(self.recipe, arguments, target, varied, 8, threads, self.measures))
        return list(found.values())

    def check(self) -> None:
        """Try each value once with the recipe, before any work; a combination that fails is left to its own run.

        Raises:
            StyletoolsError: what the recipe would say, with the value in front.
        """
        first = {name: item for axis in self.axes for name, item in axis.values[0].arguments.items()}
        base = {**self.fixed, **first}
        self._check_one(base, "the first combination")
        for axis in self.axes:
            for value in axis.values[1:] if axis.name not in _PICTURES else ():
                self._check_one({**base, **value.arguments}, f"vary.{axis.name}, {value.label}")

    def _check_one(self, arguments: Mapping[str, Any], where: str) -> None:
        try:
            recipes.plan(self.recipe, **arguments)
        except StyletoolsError as error:
            raise InputError(f"{where}: {error}") from error
        except (TypeError, ValueError, AttributeError) as error:  # the recipe's own door would explain it
            raise InputError(f"{where}: {type(error).__name__}: {error}") from error


def read_plan(source: str | os.PathLike[str] | Mapping[str, Any]) -> Combinations:
    """Read a plan: the path of a TOML file, or what such a file holds.

    `recipe` is the name of a recipe, `[fixed]` holds arguments, and `[vary]` lists or ranges of them. A range is
    `{from = 0, to = 4}` for whole numbers, `{from = 0.1, to = 10, count = 5, scale = "log"}`, or with a `step`. A list
    of tables under a name of its own varies several arguments together: `look = [{beta = 2, tv = 0.5}, {beta = 8}]`.
    A picture is a file, a folder (all its pictures) or a bundled name; files are looked up beside the plan.

    Raises:
        InputError: one line says what is wrong, and where.
        ImageError: a picture or the plan cannot be read.

    Example:
        >>> plan = read_plan({"recipe": "transfer", "fixed": {"style": "dots"},
        ...                   "vary": {"content": ["chelsea", "china"],
        ...                            "beta": {"from": 1, "to": 100, "count": 3, "scale": "log"}}})
        >>> [value.label for value in plan.axes[1].values]
        ['beta 1', 'beta 10', 'beta 100']
    """
    plan, beside = (dict(source), Path.cwd()) if isinstance(source, Mapping) else _parsed(Path(source))
    for name in plan:
        _known(name, _TABLES, "the plan", "table")
    recipe = plan.get("recipe")
    if recipe not in NAMES:
        raise InputError(f"recipe: expected one of {', '.join(NAMES)}, got {shown(recipe)}")
    fixed, vary, sheet = (_table(plan, name) for name in ("fixed", "vary", "sheet"))
    measures = plan.get("measures", True)
    if not isinstance(measures, bool):
        raise InputError(f"measures: expected true or false, got {shown(measures)}")
    parameters = inspect.signature(getattr(recipes, recipe)).parameters
    known = [name for name in parameters if name not in _OF_THE_RUN]
    for name in fixed:
        _known(name, known, recipe, "argument", "fixed.")
    left_out: list[str] = []
    axes = tuple(_axis(name, given, known, recipe, beside, left_out) for name, given in vary.items())
    _check_arguments(
        fixed, axes, [name for name in known if parameters[name].default is inspect.Parameter.empty], recipe
    )
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST:
        raise InputError(f"vary: {count} combinations are more than {MOST}; leave some values out")
    rows, columns = _layout(sheet, [axis.name for axis in axes])
    located = {name: _located(value, beside) if name in _PICTURES else value for name, value in fixed.items()}
    return Combinations(recipe, located, axes, rows, columns, measures, tuple(left_out))


def pictures_in(folder: Path) -> list[Path]:
    """The files of a folder whose names end like a picture's, without hidden ones, in order.

    Raises:
        ImageError: there are none.
    """
    endings = Image.registered_extensions()
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in endings and not path.name.startswith(".") and path.is_file()
    )
    if not found:
        raise ImageError(f"{folder} holds no pictures; expected files such as photograph.jpg in it")
    return found


def _parsed(path: Path) -> tuple[dict[str, Any], Path]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path.resolve().parent
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"{path}: expected a plan, a TOML file: {reason}") from error


def _table(plan: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = plan.get(name, {})
    if not isinstance(found, Mapping):
        raise InputError(f"{name}: expected a table of arguments, got {shown(found)}")
    return found


def _known(name: object, known: Iterable[str], owner: str, kind: str, where: str = "") -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(str(name), names, 1)
        advice = f"did you mean {near[0]!r}?" if near else f"expected some of {', '.join(names)}"
        raise InputError(f"{where}{name}: {owner} has no such {kind}; {advice}")


def _axis(name: str, given: object, known: list[str], recipe: str, beside: Path, left_out: list[str]) -> Axis:
    """A list, a range, or a list of tables that set several arguments."""
    where = f"vary.{name}"
    if isinstance(given, Mapping) and "from" in given:
        given = _range(given, where)
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InputError(f"{where}: expected a list, or a range such as {{from = 0, to = 4}}, got {shown(given)}")
    items = list(given)
    if not items:
        raise InputError(f"{where}: expected at least one value, got an empty list")
    if name in known:
        if name in _PICTURES:
            items = [each for item in items for each in _expanded(_located(item, beside), left_out)]
            if not items:
                raise ImageError(f"{where}: holds no picture that can be read: {left_out[0]}")
        return Axis(name, tuple(Value(label(name, item), {name: item}) for item in items))
    if not all(isinstance(item, Mapping) and item for item in items):
        _known(name, known, recipe, "argument", "vary.")
    values = []
    for item in items:
        for argument in item:
            _known(argument, known, recipe, "argument", f"{where}.")
        arguments = {key: _located(value, beside) if key in _PICTURES else value for key, value in item.items()}
        values.append(Value(", ".join(label(key, value) for key, value in arguments.items()), arguments))
    return Axis(name, tuple(values))


def _range(given: Mapping[str, Any], where: str) -> list[float]:
    """`from` … `to`, both included."""
    for name in given:
        _known(name, ("from", "to", "step", "count", "scale"), where, "key", f"{where}.")
    low, high, step, count = (given.get(name) for name in ("from", "to", "step", "count"))
    scale = given.get("scale", "linear")
    for name, number in (("from", low), ("to", high), ("step", 1 if step is None else step)):
        if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
            raise InputError(f"{where}.{name}: expected a number, got {shown(number)}")
    assert low is not None
    assert high is not None
    if high < low:
        raise InputError(f"{where}: expected a range from small to large, got from {low} to {high}")
    if scale not in ("linear", "log") or (scale == "log" and low <= 0):
        raise InputError(f"{where}.scale: expected 'linear', or 'log' with numbers above 0, got {shown(scale)}")
    if count is not None:
        if step is not None or isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MOST:
            raise InputError(f"{where}: expected a count of at least 2 and no step, got {shown(dict(given))}")
        shares = [index / (count - 1) for index in range(count)]
        if scale == "log":
            return [float(f"{low * (high / low) ** share:.12g}") for share in shares]
        return [float(f"{low + (high - low) * share:.12g}") for share in shares]
    if step is None and not (isinstance(low, Integral) and isinstance(high, Integral)):
        raise InputError(f"{where}: expected a count or a step beside {low} and {high}")
    step = 1 if step is None else step
    if scale == "log" or step <= 0 or (high - low) / step > MOST:
        raise InputError(f"{where}: expected a step above 0 and a linear scale, or a count, got {shown(dict(given))}")
    values: list[Any] = [low + index * step for index in range(math.floor((high - low) / step + 1e-9) + 1)]
    return [value if isinstance(value, int) else float(f"{value:.12g}") for value in values]


def _located(value: Any, beside: Path) -> Any:  # noqa: ANN401
    """A file or folder beside the plan by its full path, since workers may run elsewhere; a name stays a name."""
    if isinstance(value, list | tuple):
        return [_located(item, beside) for item in value]
    if isinstance(value, str | os.PathLike):
        try:
            path = beside / Path(value).expanduser()
            if path.exists():
                return str(path.resolve())
        except (OSError, ValueError, RuntimeError):  # a name too long, or with a NUL: the recipe says so
            pass
    return value


def _expanded(value: Any, left_out: list[str]) -> Iterator[Any]:  # noqa: ANN401
    """The pictures of a folder that can be read; anything else as it is."""
    place = Path(value) if isinstance(value, str) else None
    if place is None or not place.is_absolute() or not place.is_dir():
        if place is not None and place.is_absolute() and place.suffix not in (".safetensors", ".pth", ".pt"):
            load_image(place, 16)
        yield value
        return
    for path in pictures_in(place):
        try:
            load_image(path, 16)
            yield str(path)
        except ImageError as error:
            left_out.append(str(error))


def _check_arguments(fixed: Mapping[str, Any], axes: Iterable[Axis], required: Iterable[str], recipe: str) -> None:
    """Check that each argument is set in one place only, and that those without a default are set."""
    places = dict.fromkeys(fixed, "fixed")
    for axis in axes:
        for name in dict.fromkeys(name for value in axis.values for name in value.arguments):
            if name in places:
                raise InputError(f"{name}: expected it in one place, got it in {places[name]} and in vary.{axis.name}")
            places[name] = f"vary.{axis.name}"
    for name in required:
        if name not in places:
            raise InputError(f"{name}: {recipe} needs it; name it under [fixed] or [vary]")


def _layout(sheet: Mapping[str, Any], names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Rows and columns of the contact sheet: as asked, or the last axis across and the one before it down."""
    for name in sheet:
        _known(name, ("rows", "columns"), "sheet", "key", "sheet.")
    asked: dict[str, tuple[str, ...]] = {}
    for side in ("rows", "columns"):
        given = sheet.get(side, ())
        given = (given,) if isinstance(given, str) else given
        if not isinstance(given, list | tuple):
            raise InputError(f"sheet.{side}: expected names of what varies, got {shown(given)}")
        for name in given:
            _known(name, names, "vary", "axis", f"sheet.{side}: ")
        asked[side] = tuple(given)
    if set(asked["rows"]) & set(asked["columns"]):
        raise InputError(f"sheet: expected each name once, got rows {asked['rows']} and columns {asked['columns']}")
    free = [name for name in names if name not in (*asked["rows"], *asked["columns"])]
    columns = asked["columns"] or tuple(free[-1:])
    free = [name for name in free if name not in columns]
    return asked["rows"] or tuple(free[-1:]), columns
