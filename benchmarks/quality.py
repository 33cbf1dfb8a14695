"""Pictures side by side, and their measures: ours, the paper's own choices, and an older program's recipe.

    python -m benchmarks.quality 512            twelve pairs at 512 px; --pairs 3 only the first three

Finished pictures are kept in artifacts/quality and not made again; delete that folder after a change to the defaults.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from torch import Tensor

import styletools as st
from benchmarks import older
from benchmarks.common import HERE, rounded, updated
from benchmarks.report import table
from styletools import plots
from styletools.measures import measure

PAIRS = (
    ("china", "starry_night"),
    ("chelsea", "the_kiss"),
    ("astronaut", "village_street_auvers"),
    ("rocket", "great_wave"),  # flat, but for the rocket
    ("coffee", "starry_night"),
    ("china", "great_wave"),
    ("rocket", "starry_night"),
    ("chelsea", "village_street_auvers"),
    ("astronaut", "the_kiss"),
    ("coffee", "scales"),
    ("china", "dots"),
    ("rocket", "stained_glass"),
)
STORE = HERE.parent / "artifacts" / "quality"
RESULTS = HERE / "results"
PAPER_STEPS = 300
EQUAL: dict[str, dict[str, Any]] = {  # what races to the older program's quality
    "ours": {},
    "wasserstein": {"statistic": "wasserstein"},
    "quick": {
        "statistic": "wasserstein",
        "steps": 15,
        "beta": 5.0,
    },  # steps a size; less β keeps more of the photograph
}
CRISP = 0.9  # `hf` of a picture that is not blurred


def ours(content: str, style: str, size: int, device: str) -> Tensor:
    """The default."""
    return st.transfer(content, style, size=size, device=device, progress=False).image


def wasserstein(content: str, style: str, size: int, device: str) -> Tensor:
    """The default, with another statistic in place of the Gram matrix."""
    return st.transfer(content, style, size=size, statistic="wasserstein", device=device, progress=False).image


def paper(content: str, style: str, size: int, device: str) -> Tensor:
    """The paper's choices: its rescaled network, one size, literal losses, α/β = 10⁻³, no total variation."""
    return st.transfer(
        content, style, size=size, weights=rescaled(), device=device, units="literal", beta=1e3, tv=0,
        coarse_to_fine=False, steps=PAPER_STEPS, progress=False,
    ).image  # fmt: skip


def older_program(content: str, style: str, size: int, device: str) -> Tensor:
    """See `benchmarks.older`."""
    return older.picture(*(st.load_image(name, size).to(device) for name in (content, style))).cpu()


WAYS: dict[str, Callable[[str, str, int, str], Tensor]] = {
    "ours": ours, "paper": paper, "older": older_program, "wasserstein": wasserstein,
}  # fmt: skip


@cache
def rescaled() -> st.VGG:
    """The paper's network: average pooling, zeros beyond the border, mean activation 1 over the photographs."""
    return st.VGG(pooling="avg", padding="zeros").rescaled([st.load_image(name, 256) for name in st.PHOTOGRAPHS])


def finished(way: str, pair: tuple[str, str], size: int, device: str = "cpu") -> tuple[Tensor, float]:
    """A picture, and the seconds that it took; from the store if it is there."""
    path = STORE / f"{size}_{way}_{pair[0]}_{pair[1]}.png"
    if not path.exists():
        STORE.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        image = WAYS[way](*pair, size, device)
        st.save_image(image, path, {"seconds": time.perf_counter() - began})
    return st.load_image(path), float(st.load_settings(path)["seconds"])


def compare(
    size: int, pairs: tuple[tuple[str, str], ...], ways: tuple[str, ...], device: str = "cpu"
) -> list[dict[str, Any]]:
    """A row for each pair and way."""
    rows = []
    for pair in pairs:
        content, style = (st.load_image(name, size) for name in pair)
        for way in ways:
            image, seconds = finished(way, pair, size, device)
            row = {"size": size, "pair": " × ".join(pair), "way": way, "seconds": seconds}
            rows.append(row | measure(image, content, style))
            print("   ", rounded(rows[-1]), flush=True)
    return rows


def means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the pairs, a row for each size and way."""
    found = []
    for size, way in sorted({(row["size"], row["way"]) for row in rows}):
        mine = [row for row in rows if (row["size"], row["way"]) == (size, way)]
        measures = {name: statistics.mean(row[name] for row in mine) for name in mine[0] if name not in _WORDS}
        found.append({"size": size, "way": way, "pairs": len(mine), **measures})
    return found


_WORDS = ("size", "pair", "way")


def of_older(pair: tuple[str, str], size: int) -> tuple[dict[str, float], float]:
    """The measures of the older program's picture, and the seconds that it takes here.

    Where the picture has been made before, on whatever machine, they are known, and ten evaluations are timed.
    """
    content, style = (st.load_image(name, size) for name in pair)
    asked = (size, " × ".join(pair), "older")
    rows = json.loads((RESULTS / "quality_h200.json").read_text("utf-8"))
    known = [row for row in rows if (row["size"], row["pair"], row["way"]) == asked]
    if not known:
        image, seconds = finished("older", pair, size)
        return measure(image, content, style), seconds
    took = []
    for evaluations in (2, 12):
        began = time.perf_counter()
        older.picture(content, style, evaluations)
        took.append(time.perf_counter() - began)
    return known[0], (took[1] - took[0]) / 10 * older.EVALUATIONS


def as_good(ours: dict[str, float], wanted: dict[str, float]) -> bool:
    """Whether a picture is as near to the painting, everywhere, and is not blurred."""
    return ours["nn"] <= wanted["nn"] and ours["worst"] <= wanted["worst"] and ours["hf"] >= CRISP


def until_as_good(
    pair: tuple[str, str], size: int, wanted: dict[str, float], options: dict[str, Any], every: int = 3
) -> dict[str, float] | None:
    """The seconds until ours is as good, and its measures then; None: never.

    Asked at every third step of the last size; asking does not count.
    """
    content, style = (st.load_image(name, size) for name in pair)
    found: list[dict[str, float]] = []

    def ask(step: st.Step) -> bool:
        if step.image.shape == content.shape and step.number % every == 0:
            measures = measure(step.image, content, style)
            found.extend([{"ours": step.seconds, **measures}] if as_good(measures, wanted) else [])
        return bool(found)

    st.transfer(*pair, size=size, progress=False, on_step=ask, **options)
    return found[0] if found else None


def equal_rows(
    size: int, pairs: tuple[tuple[str, str], ...], ways: tuple[str, ...] = tuple(EQUAL)
) -> list[dict[str, Any]]:
    """A row for each pair and way."""
    rows = []
    for pair in pairs:
        wanted, theirs = of_older(pair, size)
        for way in ways:
            reached = until_as_good(pair, size, wanted, EQUAL[way])
            ours = reached["ours"] if reached else None
            row = {"size": size, "pair": " × ".join(pair), "way": way, "ours": ours, "older": theirs}
            row["× faster"] = None if ours is None else theirs / ours
            content = {"content missing": reached["content"] if reached else None, "older's": wanted["content"]}
            rows.append(row | content)
            print("   ", rounded(rows[-1]), flush=True)
    return rows


def medians(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each size and way; a pair that never gets there counts as the slowest of all."""
    found = []
    for size, way in dict.fromkeys((row["size"], row["way"]) for row in rows):
        times = [row["× faster"] or 0.0 for row in rows if (row["size"], row["way"]) == (size, way)]
        reached = sum(time > 0 for time in times)
        median = statistics.median(times) or None
        found.append({"size": size, "way": way, "pairs": len(times), "reached": reached, "× faster, median": median})
    return found


def sheet(size: int, pairs: tuple[tuple[str, str], ...], ways: tuple[str, ...], path: Path) -> None:
    """The pictures of each pair in a row, at half a page's width each."""
    images = {f"{way}: {' × '.join(pair)}": finished(way, pair, size)[0] for pair in pairs for way in ways}
    figure, _ = plots.pictures(images, columns=len(ways), width=6 * len(ways))
    figure.savefig(path, dpi=80, pil_kwargs={"quality": 85})
    plt.close(figure)


def main() -> None:
    """Measure, and write results/quality.json, its table and its sheets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("size", type=int, nargs="+")
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--ways", nargs="+", choices=[*WAYS], default=["ours", "paper", "older"])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--equal", nargs="*", choices=[*EQUAL], help="seconds to the older program's quality, instead")
    options = parser.parse_args()
    pairs, ways = PAIRS[: options.pairs], tuple(options.ways)
    if options.equal is not None:
        record = RESULTS / "equal_quality.json"
        equal = json.loads(record.read_text("utf-8")) if record.exists() else []
        for size in options.size:
            made = equal_rows(size, pairs, tuple(options.equal or EQUAL))
            equal = updated(equal, made, _WORDS)
            record.write_text(json.dumps(rounded(equal), indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(table(rounded(equal)), table(rounded(medians(equal))), sep="\n\n")
        return
    record = RESULTS / "quality.json"
    rows = json.loads(record.read_text("utf-8")) if record.exists() else []
    for size in options.size:
        rows = updated(rows, compare(size, pairs, ways, options.device), _WORDS)
        record.write_text(json.dumps(rounded(rows), indent=1, ensure_ascii=False) + "\n", "utf-8")
        for start in range(0, len(pairs), 3):
            sheet(size, pairs[start : start + 3], ways, RESULTS / f"quality_{size}_{start // 3 + 1}.jpg")
    print(table(rounded(means(rows))))


if __name__ == "__main__":
    main()
