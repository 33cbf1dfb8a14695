"""The table, in Markdown and JSON, and the plots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from torch import Tensor

from benchmarks.common import rounded
from styletools import plots

Rows = Sequence[dict[str, Any]]


def write(results: dict[str, Any], sheets: dict[str, dict[str, Tensor]], folder: Path) -> str:
    """Write everything to a folder; return the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(rounded(results), indent=1, ensure_ascii=False) + "\n", "utf-8")
    text = markdown(results)
    (folder / "table.md").write_text(text, "utf-8")
    _into_readme(text, folder.parent / "README.md")
    _save(_curves(results["optimisers"]), folder / "optimisers.png")
    _save(_scaling(results["scaling"]), folder / "scaling.png")
    for name, pictures in sheets.items():
        figure, _ = plots.pictures(pictures, columns=3, width=12)
        _save(figure, folder / f"{name}.png")
    return text


def _into_readme(text: str, path: Path) -> None:
    """Put the table between the two comments."""
    page = path.read_text("utf-8")
    start, end = "<!-- results -->\n", "<!-- end of results -->"
    before, after = page.split(start)[0], page.split(end)[1]
    path.write_text(f"{before}{start}\n{text}\n{end}{after}", "utf-8")


def markdown(results: dict[str, Any]) -> str:
    """All tables, one after the other."""
    machine = ", ".join(f"{name} {value}" for name, value in results["machine"].items() if value is not None)
    columns = [
        {k: v for k, v in row.items() if k not in ("seconds", "losses")} | _reached(row)
        for row in results["optimisers"]
    ]
    waits = [{"what": name, "found": value} for name, value in results["interactive"].items()]
    ours = {row["precision"]: row["GB"] for row in results["scaling"] if row["size"] == 512}
    peaks = [{"who": name, "GB": value} for name, value in (results["memory"] | ours).items()]
    parts = {
        f"Machine: {machine}.": [],
        "**Goals.**": goals(results),
        "**Against the limit.** Rates in GFLOP/s.": results["limit"],
        "**Against the textbook.** Seconds to the loss that it has after 500 steps of Adam.": results["race"],
        "**Peak of memory at 512 px.**": peaks,
        "**Optimisers and starts.** 256 px, without total variation.": columns,
        "**Scaling.**": results["scaling"],
        "**Interactivity.** Seconds, but for the steps.": waits,
    }
    return "\n\n".join(f"{title}\n\n{table(rows)}".strip() for title, rows in parts.items()) + "\n"


def table(rows: Rows) -> str:
    """A Markdown table; what a row lacks is left empty."""
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join(lines + ["| " + " | ".join(_cell(row.get(name, "")) for name in names) + " |" for row in rows])


def goals(results: dict[str, Any]) -> list[dict[str, Any]]:
    """The goals, what was found, and whether they were reached."""
    rows: list[dict[str, Any]] = []

    def goal(what: str, wanted: str, found: Sequence[float | None], reached: bool) -> None:
        known = [value for value in found if value is not None]
        span = sorted({_cell(min(known)), _cell(max(known))}, key=float) if known else []
        missing = f", {len(found) - len(known)} never" if len(known) < len(found) else ""
        rows.append(
            {
                "goal": what,
                "wanted": wanted,
                "found": (" … ".join(span) + missing).lstrip(", "),
                "reached": "yes" if reached else "**no**",
            }
        )

    limit, race, scaling = results["limit"], results["race"], results["scaling"]
    wait = results["interactive"]
    full = [row["of best"] for row in limit if row["precision"] == "full" and row["size"] >= 256]
    goal("float32 step, of the best matrix rate, ≥ 256 px", "≥ 0.8", full, min(full) >= 0.8)
    by = {(row["size"], row["precision"]): row["seconds"] for row in limit}
    gains = [by[size, "full"] / seconds for (size, precision), seconds in by.items() if precision == "bfloat16"]
    if gains:
        goal("bfloat16 step over float32 step", "≥ 1.5", gains, min(gains) >= 1.5)
        apart = [pair["apart"] for pair in results["precision"]]
        goal("bfloat16's loss at the end over float32's", "≤ 1.02", apart, max(apart) <= 1.02)
    for precision, wanted in (("full", 4), ("bfloat16", 6)):
        for start in ("content", "noise"):
            for size in sorted({row["size"] for row in race}):
                found = [
                    r["ratio"] for r in race if (r["precision"], r["start"], r["size"]) == (precision, start, size)
                ]
                if found:
                    least = min(value or 0 for value in found)
                    goal(f"times quicker, {precision}, from {start}, {size} px", f"≥ {wanted}", found, least >= wanted)
    noise = [row["high frequency"] / row["limit"] * 1.3 for row in race if row["start"] == "noise"]
    goal("high frequencies from noise, of the pictures'", "≤ 1.3", noise, max(noise) <= 1.3)
    for size, most in ((1024, 4), (2048, 8)):
        found = [row["GB"] for row in scaling if row["size"] == size]
        if found:  # the largest only with --all
            goal(f"GB at {size} px", f"≤ {most}", found, max(found) <= most)
    per = {(row["size"], row["precision"]): row["per megapixel"] for row in scaling}
    grown = [per[1024, precision] / per[256, precision] for size, precision in per if size == 1024]
    goal("seconds per megapixel, 1024 px over 256 px", "≤ 1.3", grown, max(grown) <= 1.3)
    for name, wanted in (("steps a second, 128 px", 8), ("steps a second, 128 px, float32", 8)):
        goal(name, f"≥ {wanted}", [wait[name]], wait[name] >= wanted)
    for name, most in (
        ("features of a new picture, 224 px, all layers", 0.3),
        ("import styletools after it", 0.15),
        ("bundled weights", 0.5),
        ("first picture of lesson 00", 5.0),
    ):
        if name in wait:  # measured since
            goal(f"{name}, s", f"≤ {most}", [wait[name]], wait[name] <= most)
    return rows


def _reached(row: dict[str, Any]) -> dict[str, Any]:
    """Loss at a few times, and at the end."""
    found = {}
    for seconds in (2, 4, 8):
        done = [loss for time, loss in zip(row["seconds"], row["losses"], strict=True) if time <= seconds]
        found[f"after {seconds} s"] = done[-1] if done else "—"
    return found | {"at the end": row["losses"][-1]}


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return "never" if value is None else str(value)


def _curves(rows: Rows) -> Any:  # noqa: ANN401
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
    for axis, start in zip(axes, ("content", "noise"), strict=True):
        for row in rows:
            if row["start"] == start:
                axis.plot(row["seconds"], row["losses"], label=row["way"])
        axis.set(title=f"from {start}", xlabel="seconds", ylim=(0.55, 2), yscale="log")
        axis.set_yticks([0.6, 0.8, 1, 1.5, 2], ["0.6", "0.8", "1", "1.5", "2"])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    axes[0].set_ylabel("loss (Eq. 7, relative)")
    return figure


def _scaling(rows: Rows) -> Any:  # noqa: ANN401
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
    for precision in sorted({row["precision"] for row in rows}):
        mine = [row for row in rows if row["precision"] == precision]
        sizes = [row["size"] for row in mine]
        for axis, name in zip(axes, ("per megapixel", "GB"), strict=True):
            axis.plot(sizes, [row[name] for row in mine], "o-", label=precision)
    for axis, name in zip(axes, ("seconds a step and megapixel", "peak of memory, GB"), strict=True):
        axis.set(xlabel="longer side in pixels", ylabel=name, ylim=(0, None))
        axis.grid(alpha=0.3)
        axis.legend()
    return figure


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401
    figure.savefig(path, dpi=80)
    plt.close(figure)
