"""The options of the command line: each under a topic, with help that fits on a screen."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from styletools import recipes
from styletools.losses.statistics import statistics
from styletools.network.weights import SOURCES
from styletools.output import USER_ERROR
from styletools.palette import Colours
from styletools.pictures.masks import ROUGH

__all__ = ["Parser", "add_reconstruct", "add_transfer"]

TOPICS = {
    "paintings": "several paintings, their weights, the size of their strokes",
    "regions": "a style for each region, from masks",
    "balance": "content against style: weights, layers, statistics, smoothness",
    "run": "start, optimiser, network, device",
    "output": "formats, films, pictures on the way",
}


class Parser(argparse.ArgumentParser):
    """Reports errors in one line, and gives help by topic: `--help` shows the first options, `--help TOPIC` more."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # argparse's own
        """Put our `--help` in place of argparse's."""
        super().__init__(**{**options, "add_help": False})
        self.topics: dict[str, list[argparse.Action]] = {}
        self.add(
            "", "-h", "--help", nargs="?", const="", default=argparse.SUPPRESS, action=_Help, help=argparse.SUPPRESS
        )

    def add(self, topic: str, *names: str, **options: Any) -> None:  # noqa: ANN401  # argparse's own
        """Add an option to a topic; `""` holds those that are shown first."""
        self.topics.setdefault(topic, []).append(self.add_argument(*names, **options))

    def error(self, message: str) -> NoReturn:
        """Print one line, as for every other error, and exit."""
        print(f"styletools: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(USER_ERROR)

    def help_on(self, topic: str) -> str:
        """The help of a topic, or of the command."""
        formatter = argparse.HelpFormatter(self.prog, max_help_position=26)
        if topic:
            formatter.add_text(f"{self.prog}: {TOPICS[topic]}")
        else:
            formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
            formatter.add_text(self.description)
        formatter.start_section("options" if topic else "arguments")
        formatter.add_arguments(self.topics.get(topic, []))
        formatter.end_section()
        others = [name for name in TOPICS if name in self.topics] if not topic else []
        text = formatter.format_help()
        if not others:
            return text
        lines = [f"  {name:<12}{TOPICS[name]}" for name in others]
        return "\n".join([text, f"more options, by topic: {self.prog} --help TOPIC", *lines, ""])


class _Help(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *words: Any) -> None:  # noqa: ANN401  # argparse's own
        assert isinstance(parser, Parser)
        topic = words[1] or ""
        if topic and topic not in parser.topics:
            known = ", ".join(name for name in parser.topics if name) or "none"
            parser.error(f"argument --help: expected a topic out of {known}, got {topic!r}")
        print(parser.help_on(topic), end="")
        parser.exit()


class _Each(argparse.Action):
    """`--each` brings its own paintings, so STYLE is no longer required: all words are photographs."""

    def __call__(self, parser: argparse.ArgumentParser, space: argparse.Namespace, words: Any, *_: Any) -> None:  # noqa: ANN401
        setattr(space, self.dest, words)
        for action in parser._actions:
            if action.dest == "style":
                action.required = False


def add_transfer(command: Parser) -> None:
    """Add the options of `styletools transfer`.

    Example:
        >>> command = Parser(prog="transfer")
        >>> add_transfer(command)
        >>> command.parse_args(["a.jpg", "b.jpg", "c.jpg", "-o", "out.png", "--style-weights", "3,1"]).style_weights
        [3.0, 1.0]
    """
    recipe = recipes.transfer
    command.usage = (
        f"{command.prog} CONTENT STYLE [STYLE ...] -o OUT [OPTION ...]\n"
        f"       {command.prog} PHOTOGRAPH ... PAINTING -o FOLDER [OPTION ...]"
    )
    command.add("", "content", metavar="CONTENT", help="photograph: a file, a folder, a name from `samples`")
    hint = "painting, likewise; several are blended. Where OUT is a folder, the last word is the painting"
    command.add("", "style", metavar="STYLE", nargs="+", help=hint)
    _add_first(command, recipe)
    _add(command, "", recipe, "--beta", type=float, help="β, how much style; content counts 1")
    _add(command, "", recipe, "--colours", choices=get_args(Colours), help="whose", metavar="WHOSE", listed=True)
    hint = "paint every photograph in the style of each of these; all other words are photographs, OUT a folder"
    command.add("paintings", "--each", nargs="+", metavar="PAINTING", action=_Each, help=hint)
    hint = "how much each painting counts, such as 3,1; by default alike"
    _add(command, "paintings", recipe, "--style-weights", type=numbers, metavar="W,W", help=hint)
    hint = "longer side of the painting; smaller: finer strokes. One for all, or 512,256"
    _add(command, "paintings", recipe, "--style-size", type=sizes, metavar="PX", help=hint)
    hint = "such as conv1_1,conv2_1 or conv1_1=0.5,…; for each painting, separated by /: conv4_1,conv5_1/conv1_1"
    _add(command, "paintings", recipe, "--style-layers", type=layers_of_each, metavar="LAYERS", help=hint)
    hint = f"a file whose grey levels or colours are labels, or {', '.join(ROUGH)} (left=0.3: a third)"
    _add(command, "regions", recipe, "--content-mask", metavar="MASK", help=f"regions of the photograph: {hint}")
    hint = "the same labels in the painting; once for each painting. Without it each painting paints one region"
    command.add("regions", "--style-mask", action="append", metavar="MASK", default=None, help=hint)
    _add(command, "balance", recipe, "--alpha", type=float, help="α, the weight of the content")
    _add(command, "balance", recipe, "--tv", type=float, help="γ, the weight of total variation")
    _add(command, "balance", recipe, "--content-layers", type=layers, metavar="LAYERS", help="such as conv4_2")
    _add(command, "balance", recipe, "--statistic", type=statistic, metavar="NAME", help=_names("style"))
    _add(command, "balance", recipe, "--content-statistic", type=statistic, metavar="NAME", help=_names("content"))
    _add(command, "balance", recipe, "--units", choices=["relative", "literal"], help="of the losses: what α/β means")
    _add_run(command, recipe)
    hint = "processes for many photographs, by dask; by default one after the other, in this one"
    command.add("run", "--workers", type=int, default=0, metavar="N", help=hint)
    _add_output(command)


def add_reconstruct(command: Parser) -> None:
    """Add the options of `styletools reconstruct`.

    Example:
        >>> command = Parser(prog="reconstruct")
        >>> add_reconstruct(command)
        >>> command.parse_args(["a.jpg", "--style", "conv1_1", "-o", "out.png"]).style
        {'conv1_1': 1.0}
    """
    recipe = recipes.reconstruct_style
    command.usage = f"{command.prog} IMAGE (--content L | --style L) -o OUT [...]"
    command.add("", "image", metavar="IMAGE", help="a file, or a name from `styletools samples`")
    which = command.add_mutually_exclusive_group(required=True)
    for name, hint in {"content": "keep the content of this layer (Eq. 1)", "style": "keep the style (Eq. 5)"}.items():
        metavar = {"content": "LAYER", "style": "LAYERS"}[name]
        command.topics[""].append(which.add_argument(f"--{name}", type=layers, metavar=metavar, help=hint))
    _add_first(command, recipe)
    hint = "longer side of the painting, for --style; smaller than --size: a texture that does not repeat it"
    command.add("", "--style-size", type=int, metavar="PX", default=argparse.SUPPRESS, help=hint)
    hint = f"what is compared; with --style {_names('style')}; with --content {_names('content')}"
    command.add("balance", "--statistic", type=statistic, metavar="NAME", default=argparse.SUPPRESS, help=hint)
    defaults = [_default(recipe, "tv") for recipe in (recipes.reconstruct_content, recipes.reconstruct_style)]
    hint = f"γ, the weight of total variation (default {defaults[0]} for content, {defaults[1]} for style)"
    command.add("balance", "--tv", type=float, default=argparse.SUPPRESS, help=hint)
    _add(command, "balance", recipe, "--units", choices=["relative", "literal"], help="of the losses")
    _add_run(command, recipe)
    _add_output(command)


def _add_first(command: Parser, recipe: Callable[..., Any]) -> None:
    command.add(
        "", "-o", "--output", type=Path, required=True, metavar="OUT", help="the file to write: PNG, JPEG, TIFF"
    )
    command.add("", "-f", "--force", action="store_true", help="replace OUT if it is there")
    _add(command, "", recipe, "--size", type=int, metavar="PX", help="longer side")
    hint = "iterations at each size, or a list"
    _add(command, "", recipe, "--steps", type=sizes, metavar="N", help=hint)
    _add(command, "", recipe, "--seed", type=int, metavar="N", help="of the white-noise start")


def _add_run(command: Parser, recipe: Callable[..., Any]) -> None:
    _add(command, "run", recipe, "--init", metavar="START", help="noise, content, style or a picture file")
    _add(command, "run", recipe, "--optimiser", choices=["lbfgs", "adam"], help="how to go downhill")
    _add(command, "run", recipe, "--weights", help=f"of the network: {', '.join(SOURCES)}, or a file")
    _add(command, "run", recipe, "--pooling", choices=["avg", "max"], help="of the network")
    _add(command, "run", recipe, "--padding", choices=["zeros", "replicate", "reflect"], help="beyond the border")
    _add(command, "run", recipe, "--precision", choices=["auto", "full", "bfloat16"], help="of the features")
    hint = "computing in blocks of so many pixels a side, such as 512 or 1024/pool3; by default where memory is short"
    _add(command, "run", recipe, "--block", metavar="PX", help=hint)
    _add(command, "run", recipe, "--minutes", type=float, metavar="N", help="that it may take, about: fewer steps")
    _add(command, "run", recipe, "--device", help="cpu, cuda or mps; by default the best there is")


def _add_output(command: Parser) -> None:
    command.add("output", "--bits", type=int, choices=[8, 16], default=8, help="of a PNG or TIFF (default 8)")
    hint = "write a film of the run: .gif, or .mp4 where an encoder is installed"
    command.add("output", "--film", type=Path, metavar="FILE", help=hint)
    command.add("output", "--snapshots", type=Path, metavar="FOLDER", help="write pictures on the way there")
    hint = "take every N-th step for --film and --snapshots (default 5)"
    command.add("output", "--every", type=int, metavar="N", default=5, help=hint)
    hint = "the file that a long run is kept in, to go on from; by default OUT.state, and none after the end"
    command.add("output", "--resume", type=Path, metavar="STATE", default=None, help=hint)
    command.add("output", "--quiet", dest="progress", action="store_false", help="show no progress bar")


def layers(text: str) -> dict[str, float]:
    """Read layers as typed on the command line.

    Example:
        >>> layers("conv1_1,conv2_1"), layers("conv1_1=3,conv2_1=0.5")
        ({'conv1_1': 0.5, 'conv2_1': 0.5}, {'conv1_1': 3.0, 'conv2_1': 0.5})
    """
    return _shares(text, "layer", "conv4_2")


def layers_of_each(text: str) -> dict[str, float] | list[dict[str, float]]:
    """Read the layers of one painting, or of each.

    Example:
        >>> layers_of_each("conv4_1/conv1_1,conv2_1")
        [{'conv4_1': 1.0}, {'conv1_1': 0.5, 'conv2_1': 0.5}]
    """
    parts = [layers(part) for part in text.split("/")]
    return parts if len(parts) > 1 else parts[0]


def statistic(text: str) -> str | dict[str, float]:
    """Read the name of a statistic, or several, as typed on the command line.

    Example:
        >>> statistic("gram"), statistic("gram=2,mean=1")
        ('gram', {'gram': 2.0, 'mean': 1.0})
    """
    shares = _shares(text, "statistic", "gram")
    return shares if "=" in text or len(shares) > 1 else next(iter(shares))


def numbers(text: str) -> list[float]:
    """Read weights.

    Example:
        >>> numbers("3,1")
        [3.0, 1.0]
    """
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers such as 3,1, got {text!r}") from None


def sizes(text: str) -> int | list[int]:
    """Read a size, or one for each painting.

    Example:
        >>> sizes("512"), sizes("512,256")
        (512, [512, 256])
    """
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected pixels such as 512 or 512,256, got {text!r}") from None
    return found if len(found) > 1 else found[0]


def _shares(text: str, what: str, such_as: str) -> dict[str, float]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise argparse.ArgumentTypeError(f"expected at least one {what}, such as {such_as}")
    pairs = [word.partition("=") for word in words]
    names = [name for name, _, _ in pairs]
    try:
        weights = [float(weight) if equals else None for _, equals, weight in pairs]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected {such_as},… or {such_as}=0.5,…, got {text!r}") from None
    given = [weight for weight in weights if weight is not None]
    if len(set(names)) < len(names) or len(given) not in (0, len(names)):
        raise argparse.ArgumentTypeError(f"expected each {what} once, all with a weight or none, got {text!r}")
    return dict(zip(names, given or [1 / len(names)] * len(names), strict=True))


def _names(kind: str) -> str:
    return f"{', '.join(statistics(kind))}; several: gram,mean or gram=1,mean=2"


def _default(recipe: Callable[..., Any], name: str) -> Any:  # noqa: ANN401
    return inspect.signature(recipe).parameters[name].default


def _add(
    command: Parser,
    topic: str,
    recipe: Callable[..., Any],
    name: str,
    *,
    help: str,
    listed: bool = False,
    **options: Any,  # noqa: ANN401
) -> None:
    """Add an option whose default is the recipe's own."""
    default = _default(recipe, name[2:].replace("-", "_"))
    choices: Sequence[str] = options.get("choices", ())
    shown = f": {', '.join(choices)}" if listed else ""
    text = ",".join(default) if isinstance(default, tuple) else default
    shown += "" if default is None else f" (default {text})"
    command.add(topic, name, default=default, help=help + shown, **options)
