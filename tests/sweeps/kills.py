"""A sweep of mocked runs while workers are killed at random moments: in a short form and a long one."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from pathlib import Path

from mocked import content, runs_of, work

from styletools.sweeps.engines import cluster, spread
from styletools.sweeps.following import Count
from styletools.sweeps.store import Store


def sweep_with_kills(folder: Path, count: int, kills: int, seed: int = 0) -> tuple[Count, int, float]:
    """The count, how many workers were killed, and the seconds."""
    store, counted, chance = Store(folder), Count(), random.Random(seed)
    runs = runs_of(store.pictures, count)
    names: list[str] = []
    killed = 0
    done = threading.Event()
    with cluster(2) as client:
        client.wait_for_workers(2)

        def kill() -> None:
            nonlocal killed
            while killed < kills and not done.is_set():
                begun = len(names)
                while len(names) < min(count, begun + count // (kills + 1)) and not done.is_set():
                    time.sleep(0.005)  # so that the kills are spread over the whole
                time.sleep(chance.uniform(0, 0.03))
                workers = [nanny.process.pid for nanny in client.cluster.workers.values() if nanny.process is not None]
                workers = [pid for pid in workers if pid]
                if workers and not done.is_set():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(chance.choice(workers), signal.SIGKILL)
                        killed += 1

        killer = threading.Thread(target=kill)
        killer.start()
        began = time.perf_counter()
        for outcome in spread(runs, client, work):
            names.append(outcome.name)
            counted.add(outcome)
        seconds = time.perf_counter() - began
        done.set()
        killer.join()
    assert sorted(names) == [run.name for run in runs]  # each reported once
    return counted, killed, seconds


def check_equal_to_a_serial_run(folder: Path, count: int, counted: Count) -> None:
    """Every file is there once, whole, with what a serial run would have written; nothing else is there."""
    bad = [number for number in range(count) if number % 50 == 7]
    good = [number for number in range(count) if number % 50 != 7]
    files = {path.name: path.read_bytes() for path in (folder / "pictures").iterdir()}
    assert files == {f"seed-{number:05}.png": content(number) for number in good}
    written = [int(line) for line in (folder / "written").read_text().split()]
    assert len(written) == len(set(written))  # nothing was computed to its end twice
    assert set(written) <= set(good)
    assert set(counted.failed) == {f"seed-{number:05}" for number in bad}
    assert counted.made + counted.found == len(good)
