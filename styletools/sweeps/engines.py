"""Where runs are made: in this process, one after another, or on the workers of a dask cluster."""

from __future__ import annotations

import logging
import os
import secrets
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from styletools.errors import InputError, check_whole
from styletools.sweeps.make import Outcome, make
from styletools.sweeps.run import Run
from styletools.sweeps.store import Store, sees

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["TRIES", "Work", "check_workers", "cluster", "cores", "here", "running", "spread"]

TRIES = 3
"""Workers that a run may take with it before it is noted as failed."""
AHEAD = 10_000
"""Runs that the scheduler knows of at a time: more than any cluster has workers, yet little memory."""

Work: TypeAlias = Callable[[Run], Outcome]

# A worker computes one run at a time, so that another worker's death, or its own, costs that run only. torch's memory
# cannot be spilled to disk: a worker that has too much is ended, not paused.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": TRIES - 1,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.admin.log-format": "%(message)s",
}


def here(runs: Sequence[Run], work: Work = make) -> Iterator[Outcome]:
    """Make the runs in this process, one after another, without dask.

    Example:
        >>> list(here([Run("transfer", {}, Path("a.png"))], lambda run: Outcome(run.name)))
        [Outcome(name='a', seconds=0.0, error='', found=False)]
    """
    return map(work, runs)


def spread(runs: Sequence[Run], client: Client, work: Work = make) -> Iterator[Outcome]:
    """Make the runs on a cluster, and yield outcomes as they come in.

    What travels is a run, a few hundred bytes, and an outcome: pictures are read and written by the workers. A worker
    that dies takes its own run with it, which is then given to another.

    Raises:
        InputError: the scheduler is gone.
    """
    from distributed import as_completed  # noqa: PLC0415  # of the extra

    mark = secrets.token_hex(4)  # a scheduler may still know the keys of an earlier driver
    waiting, known = iter(runs), {}
    done = as_completed(with_results=True, raise_errors=False)

    def send(run: Run) -> None:
        future = client.submit(work, run, key=f"{run.name}-{mark}", pure=False)
        known[future.key] = run
        done.add(future)

    for run, _ in zip(waiting, range(AHEAD), strict=False):
        send(run)
    for future, result in done:
        run = known.pop(future.key)
        if future.status in ("cancelled", "lost"):
            raise InputError("the scheduler is gone; start the same command again to go on")
        yield result if isinstance(result, Outcome) else Outcome(run.name, error=_why(future))
        future.release()
        following = next(waiting, None)
        if following is not None:
            send(following)


def _why(future: Any) -> str:  # noqa: ANN401  # a dask future
    """One line for a run whose worker did not answer."""
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return f"its worker died {TRIES} times, killed or out of memory; use a smaller size, or fewer workers"
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


def cores() -> int:
    """The cores that this process may use, which a container or a batch job may have limited."""
    from dask.system import CPU_COUNT  # noqa: PLC0415  # of the extra

    return int(CPU_COUNT)


@contextmanager
def cluster(workers: int) -> Iterator[Client]:
    """A cluster on this machine: `workers` processes, each for one run at a time.

    Raises:
        InputError: it cannot be started.
    """
    import dask  # noqa: PLC0415  # of the extra
    from distributed import Client, LocalCluster  # noqa: PLC0415

    check_whole("workers", workers, least=1, most=10_000)
    _silence("nanny", "scheduler", "core", "batched", "client")
    with dask.config.set(_SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about bokeh, which is missing, and about ports
        try:
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        except (RuntimeError, OSError) as error:
            raise InputError(f"workers: they cannot be started: {error}") from error
        with local, Client(local) as client:
            yield client


@contextmanager
def running(scheduler: str) -> Iterator[Client]:
    """A cluster that is already running, by its scheduler's address or the file where the scheduler wrote it.

    Raises:
        InputError: no scheduler answers.
    """
    from distributed import Client  # noqa: PLC0415  # of the extra

    where = {"scheduler_file": scheduler} if os.path.isfile(scheduler) else {"address": scheduler}
    _silence("comm.core", "client")
    try:
        client = Client(**where, timeout=20)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"scheduler: none answers at {scheduler} ({type(error).__name__}); is it running?") from error
    with client:
        yield client


def _silence(*names: str) -> None:
    """Silence dask's logs: a worker that died is reported by its run, if at all."""
    for name in names:
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)


def check_workers(client: Client, store: Store) -> None:
    """Ask each worker that is there whether it has this package and sees the folder; wait for the first one.

    Raises:
        InputError: one does not; the message says which.
    """
    client.wait_for_workers(1)
    answers = client.run(_answer, store.folder, store.token, on_error="return")
    for address, answer in answers.items():
        if isinstance(answer, BaseException):
            reason = " ".join(str(answer).split())
            raise InputError(f"the worker at {address} cannot begin: {reason}; install the same styletools there")
        if not answer:
            raise InputError(
                f"the worker at {address} does not see {store.folder}; take a folder that all machines share"
            )


def _answer(folder: Path, token: str) -> bool:
    return sees(folder, token)
