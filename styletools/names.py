"""What the recipes call the options of a plan: each recipe speaks of its own pictures."""

from __future__ import annotations

__all__ = ["NAMES"]

NAMES: dict[str, dict[str, str | None]] = {
    "transfer": {},
    "reconstruct_content": {
        "content": "image",
        "content_layers": "layer",
        **dict.fromkeys(("style", "style_layers", "style_size", "style_weights", "style_mask", "content_mask")),
        **dict.fromkeys(("alpha", "beta", "statistic", "colours")),
    },
    "reconstruct_style": {
        "style": "image",
        "style_layers": "layers",
        **dict.fromkeys(("content", "content_layers", "content_statistic", "alpha", "beta")),
        **dict.fromkeys(("content_mask", "style_mask", "colours")),
    },
}
"""By recipe and option; None where the recipe lacks the option. An option not listed keeps its name."""
