"""What a sweep costs beside its pictures, and how it scales: `python -m benchmarks.sweeps`.

Overhead: runs that do nothing, on one worker, in seconds per run. Efficiency: the same pictures by one worker and by
two, one thread each, in turn. On a shared machine clock time says as much about its other users, so both are given:
the time by the clock, and the processor time of a picture, which grows where two workers get in each other's way.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.common import HERE
from styletools.sweeps.engines import cluster, spread
from styletools.sweeps.make import Outcome, make
from styletools.sweeps.run import Run

RESULTS = HERE / "results" / "sweeps.json"
EMPTY, PICTURES, ROUNDS = 500, 6, 2


def nothing(run: Run) -> Outcome:
    """No work at all."""
    return Outcome(run.name)


def timed(run: Run) -> Outcome:
    """A picture; `error` carries the processor seconds, since an outcome has no other place for them."""
    began = time.process_time()
    outcome = make(run)
    assert not outcome.error, outcome.error
    return Outcome(run.name, outcome.seconds, str(time.process_time() - began))


def overhead() -> float:
    """Seconds per run, for runs that do nothing."""
    runs = [Run("transfer", {"seed": n}, Path(f"{n}.png")) for n in range(EMPTY)]
    with cluster(1) as client:
        client.wait_for_workers(1)
        list(spread(runs[:20], client, nothing))
        began = time.perf_counter()
        assert len(list(spread(runs, client, nothing))) == EMPTY
        return (time.perf_counter() - began) / EMPTY


def pictures(workers: int, size: int, steps: int) -> dict[str, float]:
    """Seconds by the clock for all pictures, and processor seconds for one of them; the workers are warm."""
    with tempfile.TemporaryDirectory() as folder, cluster(workers) as client:
        client.wait_for_workers(workers)

        def runs(first: int, count: int) -> list[Run]:
            asked = {"content": "chelsea", "style": "starry_night", "size": size, "steps": steps}
            numbers = range(first, first + count)
            return [Run("transfer", {**asked, "seed": n}, Path(folder, f"{n}.png"), threads=1) for n in numbers]

        list(spread(runs(1000, 2 * workers), client, timed))
        began = time.perf_counter()
        found = list(spread(runs(0, PICTURES), client, timed))
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "processor": statistics.mean(float(outcome.error) for outcome in found)}


def measure(size: int = 96, steps: int = 40) -> dict[str, object]:
    """All of it; the medians of rounds, in which one and two workers take turns."""
    rounds: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    load = []
    for _ in range(ROUNDS):
        for workers, found in rounds.items():
            found.append(pictures(workers, size, steps))
            load.append(os.getloadavg()[0])
            print(f"  {workers} workers: {found[-1]}, load {load[-1]:.1f}", flush=True)
    middle = {
        (workers, name): statistics.median(row[name] for row in found)
        for workers, found in rounds.items()
        for name in ("seconds", "processor")
    }
    return {
        "size": size,
        "steps": steps,
        "pictures": PICTURES,
        "overhead of a run, ms": round(1000 * overhead(), 2),
        "efficiency by the clock": round(middle[1, "seconds"] / (2 * middle[2, "seconds"]), 3),
        "efficiency by processor time": round(middle[1, "processor"] / middle[2, "processor"], 3),
        "rounds": rounds,
        "load": [round(value, 1) for value in load],
    }


if __name__ == "__main__":
    result = measure()
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in result.items() if name != "rounds"}, indent=1))
