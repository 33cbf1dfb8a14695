"""What a panel needs to be used without a mouse or without sight, where ipywidgets does not provide it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import anywidget

__all__ = ["Access"]


class Access(anywidget.AnyWidget):
    """Invisible: it names the sliders of its panel after their labels, and lets the keyboard open folded topics.

    Example:
        >>> Access().close()
    """

    _esm = Path(str(files("styletools.explorers") / "access.js"))
    _css = """
    .styletools-panel .jupyter-widget-Collapse-header { color: var(--jp-ui-font-color1, #212121); }
    .styletools-panel .jupyter-widget-Collapse-header:focus-visible { outline: 2px solid #1a6fd1; outline-offset: 1px; }
    .styletools-panel .widget-html, .styletools-panel .jupyter-widget-Collapse { max-width: 100%; }
    @media (max-width: 900px) { /* a phone: what stands side by side goes one below the other */
      .styletools-panel .widget-hbox:not(.widget-inline-hbox) { flex-wrap: wrap; }
      .styletools-panel .widget-image { max-width: 100%; height: auto !important; }
    }
    """
