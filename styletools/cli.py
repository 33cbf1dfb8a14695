"""The command line: `styletools transfer CONTENT STYLE -o OUT`, and its companions."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from styletools import __version__, book, doctor, servers
from styletools.course.commands import add_course
from styletools.errors import InputError, StyletoolsError, SynthesisError
from styletools.folder import Job, jobs_of
from styletools.options import Parser, add_reconstruct, add_transfer
from styletools.output import STOPPED, USER_ERROR, check_output, ended, fail, paint
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import SAMPLES, credit, sample
from styletools.pictures.saving import load_settings
from styletools.remake import remake
from styletools.stopping import Stopping
from styletools.sweeps.sweep import finish, in_lines, needed, survey, sweep

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after `styletools`; by default those of the process.

    Returns:
        0, or 1 if `doctor` found something wrong, 2 after an error (one line on stderr), or 128 plus the number of the
            signal that ended it (130 for ^C).

    Example:
        >>> main(["samples"])  # doctest: +ELLIPSIS
        astronaut...
        0
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that cannot show α must not stop the work
    parser = _parser()
    parsed, others = parser.parse_known_args(arguments)
    options = vars(parsed)
    command: Callable[..., int] = options.pop("command")
    if command in (servers.lab, servers.studio):
        options["arguments"] = others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    try:
        return command(**options)
    except StyletoolsError as error:
        return fail(str(error))
    except KeyboardInterrupt as interrupt:  # Python's own, or from `Stopping`, which gives the signal
        print("styletools: interrupted before there was a picture; nothing is saved", file=sys.stderr)
        return STOPPED + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "memory" in str(error):
            return fail("not enough memory for a picture of this size; use a smaller --size")
        raise


def _transfer(
    content: str,
    output: Path,
    style: list[str] | None,
    each: list[str] | None,
    workers: int,
    **options: Any,  # noqa: ANN401  # the recipe's
) -> int:
    """Paint one photograph, or many: a folder of them, or several if OUT is a folder and the last is the painting."""
    words = [content, *(style or [])]
    if each:
        return _many(words, output, each=each, workers=workers, style=each[0], **options)
    folder = os.path.isdir(content)
    if not folder and (os.path.isdir(output) or not output.suffix):
        return _many(words[:-1], output, workers=workers, style=words[-1], **options)
    asked = {"style": words[1] if len(words) == 2 else words[1:], **options}
    if folder:
        return _many([content], output, workers=workers, **asked)
    if workers:
        raise InputError("--workers: expected many photographs and a folder to write to; one picture has one process")
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


def _many(
    photographs: list[str],
    output: Path,
    force: bool,
    workers: int,
    each: Sequence[str] = (),
    **options: Any,  # noqa: ANN401  # of the recipe
) -> int:
    """Paint many photographs; those already painted with the same options are not painted again."""
    for name in ("film", "snapshots", "resume"):
        if options.pop(name) is not None:
            many = f"the folder {photographs[0]}" if len(photographs) == 1 else f"{len(photographs)} pictures"
            raise InputError(f"--{name}: expected one photograph, got {many}")
    options.pop("every")
    jobs = jobs_of([Path(word) for word in photographs], output, each=each, **options)
    for why in jobs.unreadable:
        print(f"styletools: left out: {why}", file=sys.stderr)
    left = [job for job in jobs.paintable if not job.is_done()]
    for job in left:  # checks all of them before the first is painted
        check_output(job.target, job.bits, force, {"content": str(job.photograph), **job.options})
    code = _spread(jobs.paintable, left, workers, options["progress"]) if workers else _one_by_one(jobs.paintable, left)
    return code or (USER_ERROR if jobs.unreadable else 0)


def _one_by_one(jobs: Sequence[Job], left: Sequence[Job]) -> int:
    """Paint in this process, without dask: ^C keeps the picture in progress. A failure does not stop the rest."""
    failed = False
    for number, job in enumerate(jobs, 1):
        if job not in left:
            print(f"{job.target} (done before)")
            continue
        print(f"{number} of {len(jobs)}: {job.name}", file=sys.stderr)
        try:
            with Stopping() as stopping:
                result = job.run(stopping)
                stopping.shield()
                code = ended(result, job.target, job.bits, stopping)
        except SynthesisError as error:
            failed = bool(fail(f"failed: {job.name}: {error}"))
            continue
        if code:
            return code
    return USER_ERROR if failed else 0


def _spread(jobs: Sequence[Job], left: Sequence[Job], workers: int, progress: bool) -> int:
    """Paint in several processes, as a sweep does."""
    needed("distributed")
    for job in jobs:
        if job not in left:
            print(f"{job.target} (done before)")
    runs = [job.for_a_worker(max(1, (os.cpu_count() or 1) // workers)) for job in left]
    with Stopping():
        count = finish(runs, None, workers=workers, progress=progress)
    for job, run in zip(left, runs, strict=True):
        if run.name in count.failed:
            fail(f"failed: {job.name}: {count.failed[run.name]}")
        else:
            print(job.target)
    return USER_ERROR if count.failed else 0


def _sweep(
    plan: Path,
    output: Path,
    dry_run: bool,
    workers: int | None,
    threads: int | None,
    scheduler: str | None,
    **options: Any,  # noqa: ANN401  # retry and progress
) -> int:
    if dry_run:
        print(in_lines(survey(plan, output, workers=workers, threads=threads)))
        return 0
    try:
        with Stopping():
            found = sweep(plan, output, workers=workers, threads=threads, scheduler=scheduler, **options)
    except KeyboardInterrupt as interrupt:
        print("styletools: interrupted; what is made is kept, and the same command goes on", file=sys.stderr)
        return STOPPED + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    for why in found.left_out:
        print(f"styletools: left out: {why}", file=sys.stderr)
    for name, line in found.failed.items():
        print(f"styletools: failed: {name}: {line}", file=sys.stderr)
    print(f"{found.folder}: {found.made} made, {found.found} done before, {len(found.failed)} failed")
    if found.failed:
        print("styletools: to try again those that failed, add --retry", file=sys.stderr)
    return USER_ERROR if found.failed or found.left_out else 0


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

    command = add("sweep", _sweep, "make every combination of a plan, on as many processes as there are cores")
    command.add("", "plan", metavar="PLAN", type=Path, help="a TOML file: recipe, [fixed] arguments, [vary] lists")
    command.add("", "-o", "--output", type=Path, required=True, metavar="FOLDER", help="for pictures, table and sheet")
    command.add("", "--dry-run", action="store_true", help="print what would be made, and what it would take")
    command.add("", "--workers", type=int, metavar="N", help="processes; by default one for each core; 0: this one")
    command.add("", "--threads", type=int, metavar="N", help="of torch for each worker; by default cores / workers")
    command.add("", "--scheduler", metavar="ADDRESS", help="of a dask cluster that is running, or its scheduler file")
    command.add("", "--retry", action="store_true", help="try again what failed before")
    command.add("", "--quiet", dest="progress", action="store_false", help="show no progress bar")

    command = add("samples", _samples, "list the pictures that come with the package")
    command.add("", "--save", dest="folder", type=Path, metavar="FOLDER", help="write them there as PNG")
    add("doctor", _doctor, "say what is installed, which weights, which device")
    add_course(add("course", _nothing, "hand out the course in a teacher's own system, and grade what comes back"))
    command = add("lab", servers.lab, "open the course in JupyterLab; other words are passed on to it")
    hint = "where the course is copied to, unless this is a clone; what is there stays (default styletools-course)"
    command.add("", "--folder", type=Path, default=Path("styletools-course"), metavar="FOLDER", help=hint)
    command = add("studio", servers.studio, "serve the studio panel as a page; other words are passed on to Voilà")
    hint = "longest side of a picture (default 512 where others than this machine may use it, with --Voila.ip=0.0.0.0)"
    command.add("", "--largest", type=int, metavar="PX", default=None, help=hint)
    hint = "pages that work at once; the others see their place in the queue (default then: half of the cores)"
    command.add("", "--at-once", type=int, metavar="N", default=None, help=hint)
    command = add("book", book.serve, "serve the built book of the course on this machine (`make book` builds it)")
    command.add("", "folder", metavar="FOLDER", nargs="?", type=Path, default=book.FOLDER, help="where it was built")
    text = f"where to serve it (default {book.PORT}; 0: any that is free)"
    command.add("", "--port", type=int, metavar="PORT", default=book.PORT, help=text)
    command.add("", "--no-browser", dest="browser", action="store_false", help="open no browser")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
