"""The door: a plan in, a folder of pictures out, with a table, a contact sheet and a notebook that show them."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletools.door import explained
from styletools.errors import InputError, check_whole, shown
from styletools.memory import in_words
from styletools.sweeps.combinations import Combinations, read_plan
from styletools.sweeps.engines import check_workers, cluster, cores, here, running, spread
from styletools.sweeps.estimate import Estimate, estimate, memory_of, workers_that_fit
from styletools.sweeps.following import Count, follow
from styletools.sweeps.notebook import notebook
from styletools.sweeps.run import Run
from styletools.sweeps.sheet import write_sheets
from styletools.sweeps.store import Store
from styletools.sweeps.table import table_of, write_table

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

__all__ = ["Survey", "Sweep", "finish", "in_lines", "needed", "survey", "sweep"]


@dataclass(frozen=True)
class Sweep:
    """What came out of a sweep.

    Attributes:
        folder: with `pictures/`, `table.csv`, `table.parquet`, `contact_sheet.jpg` and `sweep.ipynb`.
        table: a row for each run; see `styletools.sweeps.table`.
        made: pictures that were made now.
        found: pictures that were there already.
        failed: one line for each run that failed, now or before, by its name.
        left_out: a line for each file of a folder that could not be read.
    """

    folder: Path
    table: pd.DataFrame = field(repr=False)
    made: int
    found: int
    failed: Mapping[str, str]
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Survey:
    """What a sweep would do.

    Attributes:
        runs: all of them.
        left: those that would be made now.
        workers: processes on this machine.
        estimate: of one worker for those that are left.
        left_out: a line for each file of a folder that cannot be read.
    """

    runs: Sequence[Run]
    left: Sequence[Run]
    workers: int
    estimate: Estimate
    left_out: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """About how long it would take on this machine."""
        return self.estimate.seconds / self.workers


@explained
def sweep(
    plan: str | os.PathLike[str] | Mapping[str, Any],
    output: str | os.PathLike[str],
    *,
    workers: int | None = None,
    threads: int | None = None,
    scheduler: str | None = None,
    retry: bool = False,
    progress: bool = True,
) -> Sweep:
    """Make every picture of a plan that is not there yet, and show them side by side.

    The plan names a recipe, fixed arguments, and lists or ranges of which every combination is made; see
    `styletools.sweeps.combinations.read_plan`. Each picture has a name that follows from its settings, and is written
    whole: a sweep that was killed, at any moment, goes on when it is started again. A setting that fails is noted in
    one line and stops nothing else; a worker that dies costs only its own run, which is tried three times.

    In a script, call it under `if __name__ == "__main__":`, because each worker process imports the script.

    Args:
        plan: the path of a TOML file, or what such a file holds.
        output: the folder to write to; it is made if its parent is there.
        workers: processes on this machine; by default as many as it has cores and as fit into its memory. 0 makes the
            pictures in this process, without dask.
        threads: torch's, for each worker; by default the cores divided by the workers. The number of threads affects
            the last bits of a picture; it is in the picture's settings.
        scheduler: the address of a dask scheduler that is running, or the file in which it has written its address;
            its workers are used in place of this machine's.
        retry: whether runs that failed before are tried again.
        progress: whether to show a bar, and the address of the dashboard.

    Returns:
        Sweep.

    Raises:
        InputError: something is wrong with the plan or the folder, no scheduler answers, or the packages of the extra
            `sweep` are not installed.
        ImageError: a picture cannot be read.

    Example:
        >>> import tempfile
        >>> plan = {"recipe": "transfer", "fixed": {"content": "chelsea", "size": 48, "steps": 1}, "measures": False,
        ...         "vary": {"style": ["dots", "scales"], "beta": [1, 8]}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result = sweep(plan, folder, workers=0, progress=False)
        ...     again = sweep(plan, folder, workers=0, progress=False)
        >>> result.made, again.made, again.found, list(result.table["vary beta"])
        (4, 0, 4, ['beta 1', 'beta 8', 'beta 1', 'beta 8'])
    """
    needed("pandas", "pyarrow", *([] if workers == 0 and scheduler is None else ["distributed"]))
    _not_inside_a_worker()
    found = read_plan(plan)
    found.check()
    where = Store(_folder(output))
    count, threads = _counted(workers, threads, scheduler)
    runs = found.runs(where.pictures, threads)
    left = where.left(runs, retry=retry)
    if left and count is None and scheduler is None:
        count = workers_that_fit(memory_of(left), cores(), len(left))
    if threads is None and scheduler is None and count:
        runs, left = (_with_threads(some, max(1, cores() // count)) for some in (runs, left))
    where.begin(plan if isinstance(plan, Mapping) else os.fspath(plan))
    counted = finish(left, where, workers=count or 0, scheduler=scheduler, progress=progress) if left else Count()
    table = _shown(found, runs, where)
    failed = {run.name: line for run in runs if (line := where.failure(run)) and not run.target.exists()}
    there = len(runs) - len(left) - sum(name not in counted.failed for name in failed)
    made = counted.made + counted.found  # found: by a second try, where the first died after it had written
    return Sweep(where.folder, table, made, there, failed, found.left_out)


def survey(
    plan: str | os.PathLike[str] | Mapping[str, Any],
    output: str | os.PathLike[str],
    *,
    workers: int | None = None,
    threads: int | None = None,
) -> Survey:
    """Say what a sweep would do, and what it would take, without making a picture or a folder.

    Args:
        plan: as for `sweep`.
        output: likewise.
        workers: likewise.
        threads: likewise.

    Raises:
        InputError: as `sweep`.

    Example:
        >>> plan = {"recipe": "reconstruct_content", "fixed": {"image": "chelsea", "size": 48, "steps": 1},
        ...         "vary": {"layer": ["conv1_1", "conv2_1"]}}
        >>> found = survey(plan, "out", workers=2)
        >>> len(found.runs), len(found.left), found.seconds > 0
        (2, 2, True)
    """
    found = read_plan(plan)
    found.check()
    folder = _folder(output)
    count, threads = _counted(workers, threads, None)
    runs = found.runs(folder.absolute() / "pictures", threads)
    left = Store(folder).left(runs) if folder.is_dir() else runs
    number = os.cpu_count() or 1
    if count is None:
        count = workers_that_fit(memory_of(runs), number, len(runs))
    count = max(1, count)
    tried = _with_threads(left, threads or max(1, number // count))
    return Survey(runs, left, count, estimate(tried) if tried else Estimate(0.0, 0), found.left_out)


def in_lines(found: Survey, most: int = 200) -> str:
    """A survey as text: a line for each run, and what all of them take.

    Example:
        >>> run = Run("transfer", {}, Path("out/a_1.png"), {"beta": "beta 1"})
        >>> print(in_lines(Survey([run], [run], 2, Estimate(7200.0, 10**9))))
        left  beta 1
        1 run, 1 left: about 1 h 0 min with 2 workers on this machine, 1 GB of memory each, 2 GB in all
    """
    left = {run.name for run in found.left}
    lines = [f"left out: {why}" for why in found.left_out]
    widths = [max(map(len, column)) for column in zip(*(run.varied.values() for run in found.runs), strict=True)]
    for run in found.runs[:most]:
        words = "  ".join(f"{word:<{width}}" for word, width in zip(run.varied.values(), widths, strict=True))
        lines.append(f"{'left' if run.name in left else 'done'}  {words}".rstrip())
    if len(found.runs) > most:
        lines.append(f"… and {len(found.runs) - most} more")
    count = f"{len(found.runs)} run{'s' if len(found.runs) != 1 else ''}, {len(left)} left"
    each, everything = (in_words(found.estimate.memory * workers) for workers in (1, found.workers))
    plural = "s" if found.workers != 1 else ""
    took = f"about {_duration(found.seconds)} with {found.workers} worker{plural} on this machine"
    return "\n".join([*lines, f"{count}: {took}, {each} of memory each, {everything} in all" if left else count])


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{max(1, round(seconds))} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def finish(
    runs: Sequence[Run],
    store: Store | None,
    *,
    workers: int = 0,
    scheduler: str | None = None,
    progress: bool = True,
    **work: Callable[..., Any],
) -> Count:
    """Make runs where they are to be made, note what fails, and show progress.

    Args:
        runs: to make.
        store: where their failures are noted; None: nowhere.
        workers: processes on this machine; 0: in this one.
        scheduler: of a cluster that is running.
        progress: whether to show a bar.
        **work: `work=` is what a worker does with a run; by default it makes the picture.

    Raises:
        InputError: there are no workers, or the scheduler is gone.
    """
    if not workers and scheduler is None:
        return follow(here(runs, **work), runs, store, progress=progress)
    if not runs:
        return Count()
    with running(scheduler) if scheduler is not None else cluster(workers) as client:
        if progress:
            print(f"styletools: the dashboard is at {client.dashboard_link}", file=sys.stderr)
        if scheduler is not None and store is not None:
            check_workers(client, store)
        return follow(spread(runs, client, **work), runs, store, progress=progress, workers=_watched(client))


def _shown(plan: Combinations, runs: Sequence[Run], store: Store) -> pd.DataFrame:
    """Write the table, the sheets and the notebook."""
    table = table_of(runs, store)
    write_table(table, store)
    store.write("sweep.ipynb", notebook(plan, write_sheets(plan, runs, store)))
    return table


def _counted(workers: int | None, threads: int | None, scheduler: str | None) -> tuple[int | None, int | None]:
    for name, value, least in (("workers", workers, 0), ("threads", threads, 1)):
        if value is not None:
            check_whole(name, value, least=least, most=10_000)
    if scheduler is not None and not isinstance(scheduler, str):
        raise InputError(f"scheduler: expected an address or a file's name, got {shown(scheduler)}")
    if scheduler is not None and workers is not None:
        raise InputError(f"workers: the scheduler at {shown(scheduler)} has its own; leave it out")
    return workers, threads


def _with_threads(runs: Sequence[Run], threads: int) -> list[Run]:
    return [replace(run, threads=threads) for run in runs]


def _folder(output: str | os.PathLike[str]) -> Path:
    try:
        return Path(output).expanduser()
    except (TypeError, RuntimeError) as error:
        raise InputError(f"output: expected the path of a folder, got {shown(output)}") from error


def _watched(client: Client, seconds: float = 2.0) -> Callable[[], int]:
    """The number of workers, asked every few seconds."""
    asked, number = 0.0, 0

    def count() -> int:
        nonlocal asked, number
        if time.monotonic() - asked > seconds:
            number, asked = len(client.nthreads()), time.monotonic()
        return number

    return count


def needed(*modules: str) -> None:
    """Check that modules of the extra are installed.

    Raises:
        InputError: they are not.

    Example:
        >>> needed("json")
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise InputError(f'{", ".join(missing)} not installed, which sweeps need: pip install "styletools[sweep]"')


def _not_inside_a_worker() -> None:
    """Refuse to begin in a worker: each imports a script without the guard, and would sweep again."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InputError('a script that calls sweep must do so under `if __name__ == "__main__":`')
