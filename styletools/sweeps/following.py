"""Long work reports on itself: how far it is, how much time is left, what failed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from styletools.sweeps.make import Outcome
from styletools.sweeps.run import Run
from styletools.sweeps.store import Store

__all__ = ["Count", "follow"]


@dataclass
class Count:
    """What has come in so far: pictures that were made, or were there already, and the failures by name."""

    made: int = 0
    found: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        if outcome.error:
            self.failed[outcome.name] = outcome.error
        elif outcome.found:
            self.found += 1
        else:
            self.made += 1


def follow(
    outcomes: Iterable[Outcome],
    runs: Sequence[Run],
    store: Store | None,
    *,
    progress: bool = True,
    workers: Callable[[], int] | None = None,
) -> Count:
    """Note failures as they come in, and show a bar with the time left.

    The bar counts pixels times steps, so that a sweep that begins with the small pictures does not promise too much.

    Args:
        outcomes: as they come in.
        runs: the runs that they belong to.
        store: where failures are noted; None: nowhere.
        progress: whether to show the bar.
        workers: returns how many there are.

    Returns:
        The count.

    Example:
        >>> from pathlib import Path
        >>> runs = [Run("transfer", {}, Path("a.png")), Run("transfer", {"seed": 1}, Path("b.png"))]
        >>> follow([Outcome("b"), Outcome("a", error="the loss became NaN")], runs, None, progress=False)
        Count(made=1, found=0, failed={'a': 'the loss became NaN'})
    """
    from tqdm import tqdm  # noqa: PLC0415  # needed only here

    by_name, count = {run.name: run for run in runs}, Count()
    total = sum(run.cost for run in runs)
    bar = tqdm(
        total=1.0,
        desc="sweep",
        disable=not progress or sys.stderr is None,
        mininterval=0.2,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
    )
    with bar:
        for number, outcome in enumerate(outcomes, 1):
            run = by_name[outcome.name]
            count.add(outcome)
            if outcome.error:
                if store is not None:
                    store.note_failure(run, outcome.error)
                if progress:
                    bar.write(f"styletools: failed: {', '.join(run.varied.values())}: {outcome.error}", file=sys.stderr)
            elif store is not None:
                store.forget_failure(run)
            words = [f"{number} of {len(runs)}", f"{len(count.failed)} failed"]
            bar.set_postfix_str(", ".join(words + ([f"{workers()} workers"] if workers else [])), refresh=False)
            bar.update(run.cost / total)
        bar.refresh()
    return count
