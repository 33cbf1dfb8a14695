"""Measure: `python -m benchmarks`, or `make bench`. Leave the machine alone meanwhile.

`--all` adds what is slow: the third pair, 512 px, 1536 and 2048 px, the sheets. Without it their rows are left alone.
`python -m benchmarks limit race` measures only these, and prints them; `python -m benchmarks record` runs the whole
textbook loop and writes down its losses, which takes most of an hour.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import matplotlib as mpl

import styletools as st
from benchmarks import interactive, limit, optimisers, race, report, scaling
from benchmarks.common import HERE, PAIRS, machine, precisions, rounded, updated

SECONDS = 15.0  # for the pictures after equal time
CASES = [("max", 256, pair) for pair in PAIRS] + [("max", 512, PAIRS[0])]
QUICK_CASES = CASES[:2]
QUICK_SIZES = scaling.SIZES[:-2]
ALL_CASES = [*CASES, *(("avg", 256, pair) for pair in PAIRS)]
ROWS = {"race": ("pair", "pooling", "size", "start", "precision"), "scaling": ("size", "precision")}  # what names a row


def precision() -> list[dict[str, Any]]:
    """The default transfer of each pair in both precisions: the loss at the end, as the exact objective has it."""
    rows = []
    for pair in PAIRS:
        ends = {}
        for kind in precisions():
            result = st.transfer(*pair, size=128, precision=kind, progress=False)
            ends[kind] = float(sum(result.synthesis.stages[-1].objective(result.image).values()))
        rows.append({"pair": " × ".join(pair), **ends, "apart": ends[precisions()[-1]] / ends["full"]})
    return rows


PARTS: dict[str, Callable[[], Any]] = {
    "limit": limit.measure,
    "race": lambda: race.measure(QUICK_CASES),
    "memory": race.memory,
    "precision": precision,
    "optimisers": optimisers.measure,
    "scaling": lambda: scaling.measure(QUICK_SIZES),
    "interactive": interactive.measure,
}


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The new results, with the old rows of what was not measured."""
    rows = {name: updated(old[name], new[name], words) for name, words in ROWS.items() if name in new}
    return old | new | rows


def main() -> None:
    """Measure and print what is asked for; or measure everything, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "race-average", "record", []])
    parser.add_argument("--all", action="store_true", help="the slow cases too")
    options = parser.parse_args()
    asked = options.parts
    if options.all:
        PARTS["race"] = lambda: race.measure(CASES)
        PARTS["scaling"] = scaling.measure
    mpl.use("agg")
    if asked == ["record"]:
        race.record(ALL_CASES)
        return
    if asked == ["race-average"]:
        race.measure([case for case in ALL_CASES if case[0] == "avg"])
        return
    results: dict[str, Any] = {"machine": machine()}
    for name in asked or PARTS:
        began = time.perf_counter()
        results[name] = PARTS[name]()
        print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
    if asked:
        print(json.dumps(rounded(results), indent=1, ensure_ascii=False))
        return
    pairs = PAIRS if options.all else ()
    sheets = {f"equal_seconds_{a}": race.equal_seconds((a, b), 256, SECONDS) for a, b in pairs}
    folder = HERE / "results"
    old = json.loads((folder / "results.json").read_text("utf-8"))
    print(report.write(merged(old, results), sheets, folder))


if __name__ == "__main__":
    main()
