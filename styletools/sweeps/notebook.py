"""A notebook that shows what came out of a sweep: the sheets at once, the table and the figures when it is run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from styletools.sweeps.combinations import Combinations

__all__ = ["notebook"]

_TABLE = """\
import pandas as pd
from matplotlib import pyplot as plt

table = pd.read_parquet("table.parquet")
varied = [name for name in table.columns if name.startswith("vary ")]
losses = [name for name in table.columns if name.startswith("loss ")]
measures = [name for name in table.columns if name.startswith("measure ")]
print(table["state"].value_counts().to_string())
table[["state", *varied, *losses[-1:], *measures, "seconds"]] if "seconds" in table else table"""

_FAILED = """\
failed = table[table["state"] == "failed"]
for _, row in failed.iterrows():
    print(", ".join(row[varied]), "—", row["error"])
if failed.empty:
    print("nothing failed")"""

_CHARTS = """\
done = table[table["state"] == "done"]
wanted = [name for name in ("loss total", "measure nn", "measure content", "seconds") if name in done]
if len(done) and varied:
    shape = dict(squeeze=False, figsize=(3.4 * len(wanted), 2.8 * len(varied)), layout="constrained")
    figure, grid = plt.subplots(len(varied), len(wanted), **shape)
    for name, row in zip(varied, grid):
        order = list(dict.fromkeys(done[name]))  # as in the plan
        for column, ax in zip(wanted, row):
            groups = [done.loc[done[name] == label, column].dropna().astype(float) for label in order]
            for place, group in enumerate(groups):
                ax.plot([place] * len(group), group, "o", color="#0072B2", alpha=0.35, markersize=4)
            ax.plot(range(len(order)), [group.mean() for group in groups], "_", color="#D55E00", markersize=18, mew=2)
            ax.set_title(column, fontsize=10)
            short = [label if len(label) < 18 else label[:17] + "…" for label in order]
            turned = {"rotation": 30, "ha": "right"} if max(map(len, short)) > 9 else {}
            ax.set_xticks(range(len(order)), short, fontsize=8, **turned)
            ax.margins(x=0.15)
    plt.show()"""

_ONE = """\
import styletools as st

best = done.sort_values("measure nn" if "measure nn" in done else "loss total").iloc[0]
print(best["file"])
settings = st.load_settings(best["file"])  # st.remake(best["file"], size=1024) makes it again, larger
st.to_pil(st.load_image(best["file"]))"""


def notebook(plan: Combinations, sheets: Sequence[str]) -> bytes:
    """The notebook as a file, not run: it reads what lies beside it.

    Example:
        >>> from styletools.sweeps.combinations import read_plan
        >>> plan = read_plan({"recipe": "transfer", "fixed": {"content": "chelsea"}, "vary": {"style": ["dots"]}})
        >>> [cell["cell_type"] for cell in json.loads(notebook(plan, ["contact_sheet.jpg"]))["cells"]]
        ['markdown', 'markdown', 'code', 'markdown', 'code', 'markdown', 'code', 'markdown', 'code']
    """
    axes = "\n".join(f"- `{axis.name}`: {', '.join(value.label for value in axis.values)}" for axis in plan.axes)
    columns = [
        "Each row is a run. `state` says whether it is done, has failed, or is left; losses are weighted, as they add",
        "up to the total; the measures are explained in `styletools.measures`, and lower is better in each.",
    ]
    dots = "Each point is a run, each bar the mean of the runs with that value; everything else varies within it."
    best = "The run with the lowest `nn` (or loss). A number does not see everything: compare with the sheet."
    cells = [
        _cell("markdown", f"# A sweep of `{plan.recipe}`\n\n{axes or 'One run; nothing varies.'}"),
        _cell("markdown", "\n\n".join(f"![{name}]({name})" for name in sheets)),
        _cell("code", _TABLE),
        _cell("markdown", "\n".join(columns)),
        _cell("code", _CHARTS),
        _cell("markdown", dots),
        _cell("code", _FAILED),
        _cell("markdown", best),
        _cell("code", _ONE),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    known = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    text = json.dumps(
        {"cells": cells, "metadata": known, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1
    )
    return text.encode()


def _cell(kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
