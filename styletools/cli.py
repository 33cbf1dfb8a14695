"""The command line: `styletools transfer CONTENT STYLE -o OUT`, and its companions."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from styletools import __version__, doctor, recipes
from styletools.errors import InputError, StyletoolsError, SynthesisError
from styletools.losses.statistics import statistics
from styletools.network.weights import SOURCES
from styletools.pictures.images import check_target, save_image
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import SAMPLES, credit, sample

__all__ = ["main"]

USER_ERROR, INTERRUPTED = 2, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as for every other error."""
        print(f"styletools: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(USER_ERROR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after `styletools`; by default those of the process.

    Returns:
        0, or 1 if `doctor` found something wrong, 2 after an error (one line on stderr), 130 after ^C.

    Example:
        >>> main(["samples"])  # doctest: +ELLIPSIS
        astronaut...
        0
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that has no α must not stop the work
    parser = _parser()
    parsed, others = parser.parse_known_args(arguments)
    options = vars(parsed)
    command: Callable[..., int] = options.pop("command")
    if command in (_lab, _studio):
        options["arguments"] = others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    try:
        return command(**options)
    except StyletoolsError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("styletools: interrupted before there was a picture; nothing is saved", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "memory" in str(error):
            return _fail("not enough memory for a picture of this size; use a smaller --size")
        raise


def _fail(message: str) -> int:
    print(f"styletools: {' '.join(message.split())}", file=sys.stderr)
    return USER_ERROR


def _transfer(output: Path, **options: Any) -> int:  # noqa: ANN401  # passed on to the recipe
    return _paint(output, lambda: recipes.transfer(**options))


def _reconstruct(
    output: Path,
    image: str,
    content: dict[str, float] | None,
    style: dict[str, float] | None,
    **options: Any,  # noqa: ANN401
) -> int:
    if content is not None:
        if "style_size" in options:
            raise InputError("--style-size: the content of a picture has its own size; leave it out, or use --style")
        if "statistic" in options:
            options["content_statistic"] = options.pop("statistic")
        return _paint(output, lambda: recipes.reconstruct_content(image, content, **options))
    return _paint(output, lambda: recipes.reconstruct_style(image, style or {}, **options))


def _paint(output: Path, recipe: Callable[[], recipes.Result]) -> int:
    """Run a recipe and save what there is, whatever ended it."""
    check_target(output)  # before the work, not after it
    try:
        result = recipe()
    except SynthesisError as error:
        save_image(error.image, output, error.settings)
        return _fail(f"{error}. The best picture so far is saved as {output}")
    result.save(output)
    if result.interrupted:
        print(f"styletools: interrupted; the best picture so far is saved as {output}", file=sys.stderr)
        return INTERRUPTED
    print(output)
    return 0


def _samples(folder: Path | None) -> int:
    for name in (*SAMPLES, *PROCEDURAL):
        if folder is None:
            print(f"{name:<22}  {credit(name)}")
        else:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                sample(name).save(folder / f"{name}.png")
            except OSError as error:
                raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
            print(folder / f"{name}.png")
    return 0


def _doctor() -> int:
    findings = doctor.examine()
    for finding in findings:
        print(finding)
    return 0 if all(finding.healthy for finding in findings) else 1


def _lab(arguments: list[str]) -> int:
    notebooks = Path(__file__).resolve().parent.parent / "notebooks"
    if not notebooks.is_dir():
        raise InputError("the notebooks are not beside the package: clone the repository and run `make lab` there")
    if find_spec("jupyterlab") is None:
        raise InputError('JupyterLab is not installed: pip install "styletools[lab]"')
    return _serve("jupyterlab", arguments, notebooks)


def _studio(arguments: list[str]) -> int:
    """The studio panel as a page, on this machine only; a kernel whose page was left ends after ten minutes."""
    if find_spec("voila") is None:
        raise InputError('Voilà is not installed: pip install "styletools[lab]"')
    idle = ("--MappingKernelManager.cull_interval=60", "--MappingKernelManager.cull_idle_timeout=600")
    here = () if any(word.startswith("--Voila.ip") for word in arguments) else ("--Voila.ip=127.0.0.1",)
    with as_file(files("styletools") / "data" / "studio.ipynb") as page:
        return _serve("voila", [str(page), *here, *idle, *arguments], Path.cwd())


def _serve(module: str, arguments: list[str], folder: Path) -> int:
    """Run a server until it ends; ^C reaches it as well, and JupyterLab asks whether it is meant."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder) as server:
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                pass


def layers(text: str) -> dict[str, float]:
    """Read layers as they are typed.

    Example:
        >>> layers("conv1_1,conv2_1"), layers("conv1_1=3,conv2_1=0.5")
        ({'conv1_1': 0.5, 'conv2_1': 0.5}, {'conv1_1': 3.0, 'conv2_1': 0.5})
    """
    return _shares(text, "layer", "conv4_2")


def statistic(text: str) -> str | dict[str, float]:
    """Read the name of a statistic, or several, as they are typed.

    Example:
        >>> statistic("gram"), statistic("gram=2,mean=1")
        ('gram', {'gram': 2.0, 'mean': 1.0})
    """
    shares = _shares(text, "statistic", "gram")
    return shares if "=" in text or len(shares) > 1 else next(iter(shares))


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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="styletools", description="Neural style transfer, the equations of Gatys et al. (2016).")
    parser.add_argument("--version", action="version", version=f"styletools {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("transfer", help="paint the content of one picture in the style of another")
    command.set_defaults(command=_transfer)
    command.add_argument("content", metavar="CONTENT", help="photograph: a file, or a name from `styletools samples`")
    command.add_argument("style", metavar="STYLE", help="painting, likewise")
    _add_common(command, recipes.transfer, inits="noise, content, style or a picture file")
    _add(command, recipes.transfer, "--tv", type=float, help="γ, the weight of total variation")
    _add(command, recipes.transfer, "--alpha", type=float, help="α, the weight of the content")
    _add(command, recipes.transfer, "--beta", type=float, help="β, the weight of the style")
    _add(command, recipes.transfer, "--content-layers", type=layers, help="such as conv4_2")
    _add(command, recipes.transfer, "--style-layers", type=layers, help="such as conv1_1,conv2_1 or conv1_1=0.5,…")
    _add(command, recipes.transfer, "--statistic", type=statistic, help=_names("style"))
    _add(command, recipes.transfer, "--content-statistic", type=statistic, help=_names("content"))
    _add(
        command, recipes.transfer, "--style-size", type=int, help="longer side of the painting; smaller: finer strokes"
    )

    command = commands.add_parser("reconstruct", help="show what some layers keep of a picture")
    command.set_defaults(command=_reconstruct)
    command.add_argument("image", metavar="IMAGE", help="a file, or a name from `styletools samples`")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--content", type=layers, metavar="LAYER", help="keep the content of this layer (Eq. 1)")
    which.add_argument("--style", type=layers, metavar="LAYERS", help="keep the style of these layers (Eq. 5)")
    _add_common(command, recipes.reconstruct_style, inits="noise, content, style or a picture file")
    defaults = [_default(recipe, "tv") for recipe in (recipes.reconstruct_content, recipes.reconstruct_style)]
    hint = f"γ, the weight of total variation (default {defaults[0]} for content, {defaults[1]} for style)"
    command.add_argument("--tv", type=float, default=argparse.SUPPRESS, help=hint)
    hint = "longer side of the painting, for --style; smaller than --size: a texture that does not repeat it"
    command.add_argument("--style-size", type=int, default=argparse.SUPPRESS, help=hint)
    hint = f"what is compared; with --style {_names('style')}; with --content {_names('content')}"
    command.add_argument("--statistic", type=statistic, default=argparse.SUPPRESS, help=hint)

    command = commands.add_parser("samples", help="list the pictures that come with the package")
    command.set_defaults(command=_samples)
    command.add_argument("--save", dest="folder", type=Path, metavar="FOLDER", help="write them there as PNG")

    command = commands.add_parser("doctor", help="say what is installed, which weights, which device")
    command.set_defaults(command=_doctor)

    command = commands.add_parser("lab", help="open the course in JupyterLab; other words are passed on to it")
    command.set_defaults(command=_lab)

    command = commands.add_parser("studio", help="serve the studio panel as a page; other words are passed on to Voilà")
    command.set_defaults(command=_studio)
    return parser


def _names(kind: str) -> str:
    return f"{', '.join(statistics(kind))}; several: gram,mean or gram=1,mean=2"


def _default(recipe: Callable[..., Any], name: str) -> Any:  # noqa: ANN401
    return (recipe.__kwdefaults__ or {})[name]


def _add(command: argparse.ArgumentParser, recipe: Callable[..., Any], name: str, help: str, **options: Any) -> None:  # noqa: ANN401
    """Add an option whose default is the recipe's own."""
    default = _default(recipe, name[2:].replace("-", "_"))
    text = ",".join(default) if isinstance(default, tuple) else default
    shown = "" if default is None else f" (default {text})"
    command.add_argument(name, default=default, help=help + shown, **options)


def _add_common(command: argparse.ArgumentParser, recipe: Callable[..., Any], inits: str) -> None:
    command.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="the file to write, PNG or JPEG"
    )
    _add(command, recipe, "--size", type=int, help="longer side in pixels")
    _add(command, recipe, "--steps", type=int, help="iterations at each size")
    _add(command, recipe, "--init", help=f"start: {inits}")
    _add(command, recipe, "--optimiser", choices=["lbfgs", "adam"], help="lbfgs or adam")
    _add(command, recipe, "--seed", type=int, help="random seed of the white-noise start")
    _add(command, recipe, "--weights", help=f"{', '.join(SOURCES)}, or a file")
    _add(command, recipe, "--pooling", choices=["avg", "max"], help="avg or max")
    _add(command, recipe, "--padding", choices=["zeros", "replicate", "reflect"], help="beyond the border")
    _add(command, recipe, "--units", choices=["relative", "literal"], help="of the losses: what α/β means")
    _add(command, recipe, "--precision", choices=["auto", "full", "bfloat16"], help="of the features")
    _add(command, recipe, "--device", help="cpu, cuda or mps; by default the best there is")
    command.add_argument("--quiet", dest="progress", action="store_false", help="show no progress bar")


if __name__ == "__main__":
    raise SystemExit(main())
