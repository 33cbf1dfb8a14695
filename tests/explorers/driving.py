"""How the tests of all panels look at them."""

from __future__ import annotations

import datetime
import io

import numpy as np
from PIL import Image

from styletools.explorers.panel import Panel
from styletools.explorers.picture import Picture


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.image.value)).convert("RGB")).astype(float)


def file(name: str, content: bytes) -> tuple[dict, ...]:
    now = datetime.datetime.now(tz=datetime.UTC)
    whole = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    return ({**whole, "last_modified": now},)


def done(panel: Panel) -> None:
    assert panel.wait(60)
    assert panel.error is None, panel.status.value


SMALL = {
    "features": {"size": 64},
    "gram": {"size": 64},
    "content": {"size": 64, "steps": 4},
    "style": {"size": 64, "steps": 4},
    "tradeoff": {"size": 64, "steps": 2},
    "studio": {"size": 64, "steps": 4},
    "statistics": {"size": 64, "seconds": 1},
}
