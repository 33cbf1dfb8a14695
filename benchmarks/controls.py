"""What a control costs: loss and gradient with regions or a second painting, over those without.

python -m benchmarks.controls          256 and 512 px, a minute
"""

from __future__ import annotations

import time
from typing import Any

import styletools as st
from benchmarks.report import table
from styletools.plan import CONTENT_LAYER, STYLE_LAYERS, Plan

ROUNDS = 10
BOTH = ["starry_night", "great_wave"]
CONTROLS: dict[str, dict[str, Any]] = {
    "one painting": {"style": "starry_night"},
    "two, blended": {"style": BOTH},
    "two, fine and coarse": {"style": BOTH, "style_layers": [STYLE_LAYERS[3:], STYLE_LAYERS[:3]]},
    "two regions, left and right": {"style": BOTH, "content_mask": "left"},
    "two regions, bright and dark": {"style": BOTH, "content_mask": "bright=0.6"},
}


def seconds(size: int, rounds: int = ROUNDS) -> dict[str, float]:
    """The quickest step of each, taken in turn, so that the machine's moods are shared."""
    objectives = {}
    for name, options in CONTROLS.items():
        options = {"style_layers": STYLE_LAYERS, "content_layers": CONTENT_LAYER, "beta": 7.0, "tv": 0.5, **options}  # noqa: PLW2901
        plan = Plan("transfer", content="china", size=size, coarse_to_fine=False, **options)
        objectives[name] = plan.objective(plan.stages[-1])
        shape = plan.start.shape[2:]
    image = st.white_noise(*shape, seed=1)
    found = dict.fromkeys(CONTROLS, float("inf"))
    for _ in range(rounds):
        for name, objective in objectives.items():
            began = time.perf_counter()
            objective.value_and_gradient(image)
            found[name] = min(found[name], time.perf_counter() - began)
    return found


def main() -> None:
    """Print a table of ratios."""
    columns = {size: seconds(size) for size in (256, 512)}
    rows = [
        {
            "control": name,
            **{f"{size} px": round(found[name] / found["one painting"], 2) for size, found in columns.items()},
        }
        for name in CONTROLS
    ]
    print(table(rows))


if __name__ == "__main__":
    main()
