"""How the tests of all panels look at them."""

from __future__ import annotations

import contextlib
import datetime
import io
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from styletools.explorers.panel import Panel
from styletools.explorers.picker import Chosen
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


@contextlib.contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker gets no picture until the block ends."""
    go_on, image = threading.Event(), Chosen.image

    def slow(chosen: Chosen, size: int):
        if threading.current_thread() is not threading.main_thread():
            assert go_on.wait(60)
        return image(chosen, size)

    with monkeypatch.context() as patched:
        patched.setattr(Chosen, "image", slow)
        yield
        go_on.set()


SMALL = {
    "features": {"size": 64},
    "gram": {"size": 64},
    "content": {"size": 64, "steps": 4},
    "style": {"size": 64, "steps": 4},
    "tradeoff": {"size": 64, "steps": 2},
    "studio": {"size": 64, "steps": 4},
    "statistics": {"size": 64, "seconds": 1},
}
