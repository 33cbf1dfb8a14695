"""All settings, losses, measures and seconds of a sweep as one table: CSV for people, Parquet for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from styletools.errors import ImageError
from styletools.pictures.saving import load_settings
from styletools.settings import plain
from styletools.sweeps.run import Run
from styletools.sweeps.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["table_of", "write_table"]


def table_of(runs: Iterable[Run], store: Store) -> pd.DataFrame:
    """A row for each run, read from the pictures themselves.

    Columns: `run`; `state`, one of done, failed and left; `error`; what varies, by axis (`vary beta`, as a label);
    the arguments by their names, a list or table as JSON; `loss …` of the last step, weighted; `measure …`; `seconds`,
    `threads`, `device`, `network`, `styletools`, `torch`; and `file`, from the folder of the sweep.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store(Path(folder))
        ...     run = Run("transfer", {"beta": 2.0}, store.pictures / "a.png", {"beta": "beta 2"})
        ...     table_of([run], store).to_dict("records")
        [{'run': 'a', 'state': 'left', 'error': None, 'vary beta': 'beta 2', 'beta': 2.0}]
    """
    import pandas as pd  # noqa: PLC0415  # of the extra

    rows = [_row(run, store) for run in runs]
    columns = dict.fromkeys(name for row in rows for name in row)  # in the order in which they first appear
    order = sorted(columns, key=_place)  # stable: losses stay together even if a failed run comes first
    table = pd.DataFrame(rows, columns=order)
    for name in order:  # a size for one painting and a list for two: Parquet wants one kind of value in a column
        if len({type(value) for value in table[name].dropna()}) > 1 and table[name].dtype == object:
            table[name] = table[name].map(lambda value: value if value is None else str(value))
    return table


def write_table(table: pd.DataFrame, store: Store) -> None:
    """Write `table.csv` and `table.parquet`.

    Raises:
        ImageError: the system refuses.
    """
    store.write("table.csv", table.to_csv(index=False).encode("utf-8"))
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    store.write("table.parquet", buffer.getvalue())


def _row(run: Run, store: Store) -> dict[str, Any]:
    row: dict[str, Any] = {"run": run.name, "state": "left", "error": None}
    row |= {f"vary {axis}": label for axis, label in run.varied.items()}
    try:
        settings = load_settings(run.target)
    except ImageError as error:
        failure = store.failure(run)
        there = run.target.exists()
        if failure or there:
            row |= {"state": "failed", "error": failure or str(error)}
        return row | {name: _cell(value) for name, value in run.arguments.items()}
    known = settings.get("sweep", {})
    row |= {"state": "done", "file": str(run.target.relative_to(store.folder))}
    row |= {name: _cell(value) for name, value in settings["arguments"].items()}
    row |= {f"loss {name}": value for name, value in known.get("losses", {}).items()}
    row |= {f"measure {name}": value for name, value in known.get("measures", {}).items()}
    of_the_run = ("threads", "network", "styletools", "torch")
    return row | {"seconds": known.get("seconds")} | {name: settings.get(name) for name in of_the_run}


def _cell(value: Any) -> Any:  # noqa: ANN401
    """What a column can hold: a number or a text. Numbers are floats except for seeds and sizes, which are whole."""
    if isinstance(value, bool | str | int | float) or value is None:
        return value
    return json.dumps(plain(value), ensure_ascii=False)


_ORDER = (
    "run",
    "state",
    "error",
    "vary",
    "",
    "loss",
    "measure",
    "seconds",
    "threads",
    "network",
    "styletools",
    "torch",
)


def _place(name: str) -> int:
    if name == "file":
        return len(_ORDER)
    kind = name.partition(" ")[0]
    return _ORDER.index(kind if kind in _ORDER else "")
