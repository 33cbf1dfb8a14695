"""The command line: `styletools transfer CONTENT STYLE -o OUT`, and its companions."""

from __future__ import annotations

import argparse
import io
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from styletools import __version__, doctor
from styletools.course.commands import add_course
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
    for name in ("film", "snapshots"):
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


def _lab(folder: Path, arguments: list[str]) -> int:
    """The course in JupyterLab: the clone's, or a copy of the one that the package brings."""
    from styletools.course.copying import copy_course  # noqa: PLC0415  # these import much that no other command needs
    from styletools.course.lessons import course_root  # noqa: PLC0415

    root = course_root()
    if find_spec("jupyterlab") is None:
        raise InputError('JupyterLab is not installed: pip install "styletools[lab]"')
    if root.is_relative_to(Path(__file__).resolve().parent):
        new = copy_course(folder)
        root = folder.resolve()
        print(f"the course is in {root}" + (f" ({new} new files)" if new else ""))
    # The pictures lie beside the notebooks' folder, so that the server begins above both.
    here = (f"--ServerApp.root_dir={root}", f"--ServerApp.preferred_dir={root / 'notebooks'}")
    return _serve("jupyterlab", [*here, *arguments], root / "notebooks")


def _studio(largest: int | None, at_once: int | None, arguments: list[str]) -> int:
    """The studio panel as a page; a kernel whose page was left ends after ten minutes.

    It listens on this machine only, unless Voilà is told otherwise. Then it asks for a token, and has limits.
    """
    from styletools.explorers.turns import AT_ONCE, LARGEST, QUEUE  # noqa: PLC0415  # all panels come with it

    for name, value in {"--largest": largest, "--at-once": at_once}.items():
        if value is not None and value < 1:
            raise InputError(f"{name}: expected a whole number ≥ 1, got {value}")
    if find_spec("voila") is None:
        raise InputError('Voilà is not installed: pip install "styletools[lab]"')
    words = ["--MappingKernelManager.cull_interval=60", "--MappingKernelManager.cull_idle_timeout=600"]
    ip = next((word.partition("=")[2] for word in arguments if word.startswith("--Voila.ip")), None)
    if ip is None:
        words.append("--Voila.ip=127.0.0.1")
    elif ip not in ("127.0.0.1", "localhost", "::1"):
        largest, at_once = largest or 512, at_once or max(1, (os.cpu_count() or 1) // 2)
        if not any("token" in word.partition("=")[0] for word in arguments):
            words.append("--Voila.auto_token=True")
        print(f"for a group: pictures up to {largest} px, {at_once} at once, the others wait (--largest, --at-once)")
    with as_file(files("styletools") / "data" / "studio.ipynb") as page, TemporaryDirectory() as queue:
        limits = {LARGEST: largest, AT_ONCE: at_once, QUEUE: queue}
        given = {name: str(value) for name, value in limits.items() if value is not None}
        return _serve("voila", [str(page), *words, *arguments], Path.cwd(), given)


def _serve(module: str, arguments: list[str], folder: Path, variables: Mapping[str, str] | None = None) -> int:
    """Run a server until it ends; ^C reaches it as well, and JupyterLab asks whether it is meant."""
    surroundings = {**os.environ, **(variables or {})}
    with subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder, env=surroundings) as server:
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                pass


def _nothing() -> int:
    raise AssertionError("a command of its own is always asked for")


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
    add_course(add("course", _nothing, "hand out the course in a teacher's own system, and grade what comes back"))
    command = add("lab", _lab, "open the course in JupyterLab; other words are passed on to it")
    hint = "where the course is copied to, unless this is a clone; what is there stays (default styletools-course)"
    command.add("", "--folder", type=Path, default=Path("styletools-course"), metavar="FOLDER", help=hint)
    command = add("studio", _studio, "serve the studio panel as a page; other words are passed on to Voilà")
    hint = "longest side of a picture (default 512 where others than this machine may use it, with --Voila.ip=0.0.0.0)"
    command.add("", "--largest", type=int, metavar="PX", default=None, help=hint)
    hint = "pages that work at once; the others see their place in the queue (default then: half of the cores)"
    command.add("", "--at-once", type=int, metavar="N", default=None, help=hint)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
