"""Live panels: move something, and see at once what it does. One call shows a panel.

Under each is a plain function that works without widgets. A panel computes in one thread of its own; set the
environment variable `STYLETOOLS_SYNCHRONOUS=1` to compute in the cell instead.
"""

from styletools.explorers.compare import compare
from styletools.explorers.content import explore_content
from styletools.explorers.features import explore_features
from styletools.explorers.gram import explore_gram
from styletools.explorers.statistics import explore_statistics
from styletools.explorers.studio import explore_studio
from styletools.explorers.style import explore_style
from styletools.explorers.tradeoff import explore_tradeoff

__all__ = [
    "compare",
    "explore_content",
    "explore_features",
    "explore_gram",
    "explore_statistics",
    "explore_studio",
    "explore_style",
    "explore_tradeoff",
]
