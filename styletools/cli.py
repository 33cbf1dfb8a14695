"""The command line: `styletools transfer CONTENT STYLE -o OUT`, and its companions."""

from __future__ import annotations

import argparse
import io
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from styletools import __version__, doctor
from styletools.errors import InputError, StyletoolsError
from styletools.folder import jobs_of
from styletools.options import Parser, add_reconstruct, add_transfer
from styletools.output import STOPPED, USER_ERROR, check_output, ended, fail, paint
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import SAMPLES, credit, sample
from styletools.pictures.saving import load_settings
from styletools.remake import remake
from styletools.stopping import Stopping

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after `styletools`; by default those of the process.

    Returns:
        0, or 1 if `doctor` found something wrong, 2 after an error (one line on stderr), or 128 and the number of the
            signal that ended it (130 for ^C).

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
        return fail(str(error))
    except KeyboardInterrupt as interrupt:  # of Python's own, or by `Stopping`, which says the signal
        print("styletools: interrupted before there was a picture; nothing is saved", file=sys.stderr)
        return STOPPED + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "memory" in str(error):
            return fail("not enough memory for a picture of this size; use a smaller --size")
        raise


def _transfer(content: str, output: Path, style: list[str], **options: Any) -> int:  # noqa: ANN401  # the recipe's
    asked = {"style": style[0] if len(style) == 1 else style, **options}
    if os.path.isdir(content):
        return _folder(Path(content), output, **asked)
    return paint("transfer", output, content=content, **asked)


def _reconstruct(
    output: Path,
    image: str,
    content: dict[str, float] | None,
    style: dict[str, float] | None,
    **options: Any,  # noqa: ANN401
) -> int:
    if content is None:
        return paint("reconstruct_style", output, image=image, layers=style or {}, **options)
    if "style_size" in options:
        raise InputError("--style-size: the content of a picture has its own size; leave it out, or use --style")
    if "statistic" in options:
        options["content_statistic"] = options.pop("statistic")
    return paint("reconstruct_content", output, image=image, layer=content, **options)


def _folder(photographs: Path, output: Path, force: bool, **options: Any) -> int:  # noqa: ANN401  # of the recipe
    """Paint every picture of a folder; what is done already, with the same options, is not done again."""
    for name in ("film", "snapshots", "resume"):
        if options.pop(name) is not None:
            raise InputError(f"--{name}: expected one photograph, got the folder {photographs}")
    options.pop("every")
    jobs = jobs_of(photographs, output, **options)
    for why in jobs.unreadable:
        print(f"styletools: left out: {why}", file=sys.stderr)
    for job in jobs.paintable:  # all of them before the first is painted
        if not job.is_done():
            check_output(job.target, job.bits, force, {"content": str(job.photograph), **job.options})
    for number, job in enumerate(jobs.paintable, 1):
        if job.is_done():
            print(f"{job.target} (done before)")
            continue
        print(f"{number} of {len(jobs.paintable)}: {job.photograph.name}", file=sys.stderr)
        with Stopping() as stopping:
            result = job.run(stopping)
            stopping.shield()
            code = ended(result, job.target, job.bits, stopping)
        if code:
            return code
    return USER_ERROR if jobs.unreadable else 0


def _remake(picture: Path, output: Path, progress: bool, force: bool, **changes: Any) -> int:  # noqa: ANN401
    bits = load_settings(picture).get("bits", 8)
    check_output(output, bits, force, {"content": str(picture)})
    with Stopping() as stopping:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            result = remake(picture, progress=progress, on_step=stopping, **changes)
        stopping.shield()
        for warning in found:
            print(f"styletools: {warning.message}", file=sys.stderr)
        return ended(result, output, bits, stopping)


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


def _parser() -> Parser:
    parser = Parser(prog="styletools", description="Neural style transfer, the equations of Gatys et al. (2016).")
    parser.add("", "--version", action="version", version=f"styletools {__version__}", help="say which this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.topics[""].append(commands)

    def add(name: str, run: Callable[..., int], text: str, help: str | None = None) -> Parser:
        command: Parser = commands.add_parser(name, help=help or text, description=f"{text[0].upper()}{text[1:]}.")
        command.set_defaults(command=run)
        return command

    add_transfer(add("transfer", _transfer, "paint the content of one picture in the style of another"))
    add_reconstruct(add("reconstruct", _reconstruct, "show what some layers keep of a picture"))

    command = add("remake", _remake, "make a saved picture again, from the settings inside it")
    command.add("", "picture", metavar="PICTURE", type=Path, help="a picture that was saved by this program")
    command.add("", "-o", "--output", type=Path, required=True, metavar="OUT", help="the file to write")
    command.add("", "-f", "--force", action="store_true", help="replace OUT if it is there")
    command.add("", "--size", type=int, metavar="PX", default=argparse.SUPPRESS, help="longer side, if another")
    command.add("", "--content", metavar="FILE", default=argparse.SUPPRESS, help="another photograph")
    command.add("", "--style", metavar="FILE", default=argparse.SUPPRESS, help="another painting")
    command.add("", "--quiet", dest="progress", action="store_false", help="show no progress bar")

    command = add("samples", _samples, "list the pictures that come with the package")
    command.add("", "--save", dest="folder", type=Path, metavar="FOLDER", help="write them there as PNG")
    add("doctor", _doctor, "say what is installed, which weights, which device")
    add("lab", _lab, "open the course in JupyterLab; other words are passed on to it")
    add("studio", _studio, "serve the studio panel as a page; other words are passed on to Voilà")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
