"""Work of 10 ms that writes a file as a picture is written: for what is tested of processes, not of pictures."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from styletools.files import write_whole
from styletools.sweeps.make import Outcome
from styletools.sweeps.run import Run

STOP = "stop the worker"


def work(run: Run) -> Outcome:
    """Write what follows from the arguments; note that it was written."""
    if run.target.exists():
        return Outcome(run.name, found=True)
    time.sleep(0.01)
    number = run.arguments["seed"]
    if number % 50 == 7:
        return Outcome(run.name, error=f"seed {number}: the loss became NaN")
    write_whole(run.target, content(number))
    with (run.target.parent.parent / "written").open("a") as log:  # one line, one write
        log.write(f"{number}\n")
    return Outcome(run.name, 0.01)


def dies(run: Run) -> Outcome:
    """As `work`, but one of the runs takes its worker with it, each time."""
    import os
    import signal

    if run.arguments["seed"] == 5:
        with (run.target.parent.parent / "tried").open("a") as log:
            log.write("once\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return work(run)


def content(number: int) -> bytes:
    """What the file of a number holds."""
    return hashlib.sha256(str(number).encode()).hexdigest().encode()


def runs_of(folder: Path, count: int) -> list[Run]:
    """So many runs."""
    return [
        Run("transfer", {"seed": number}, folder / f"seed-{number:05}.png", {"seed": f"seed {number}"})
        for number in range(count)
    ]
