"""A finished picture, and how it came about."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from styletools.descent.synthesis import Synthesis
from styletools.pictures.saving import save_image

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """A finished picture, and how it came about.

    Attributes:
        image: (1, 3, H, W) in [0, 1], on the CPU.
        history: columns `step`, `height`, `evaluations`, `seconds`, `total` and each named loss, a number per step.
        settings: everything needed to make the picture again, as plain JSON values: `recipe` and its `arguments`,
            the versions, the device and the number of threads. Pictures and weights that were not given by name or
            path are described, not contained.
        interrupted: whether ^C or `on_step` ended it before its last step.
        synthesis: to resume: `for step in result.synthesis`, after `result.synthesis.extend(100)` if it was finished.
            None in a result that came from another process.
        opacity: (1, 1, H, W) in [0, 1] where the photograph has transparency, which the saved picture keeps; or None.
    """

    image: Tensor = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    settings: dict[str, Any]
    interrupted: bool
    synthesis: Synthesis = field(repr=False)
    opacity: Tensor | None = field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the synthesis, so that a result can come back from another process; it cannot be resumed."""
        return (Result, (self.image, self.history, self.settings, self.interrupted, None, self.opacity))

    def resumed(self, cut: bool, extended_by: int = 0) -> Result:
        """The result after its synthesis was resumed.

        Args:
            cut: whether that was cut short, too.
            extended_by: steps that were appended to it beforehand (`Synthesis.extend`).
        """
        settings = {name: value for name, value in self.settings.items() if name != "stopped_after"}
        if extended_by:
            settings["extended_by"] = [*settings.get("extended_by", ()), extended_by]
        if cut:
            settings["stopped_after"] = int(self.synthesis.history["step"][-1])
        image = self.synthesis.image.float().cpu()
        return replace(self, image=image, history=self.synthesis.history, settings=settings, interrupted=cut)

    def save(self, path: str | os.PathLike[str], bits: int = 8) -> None:
        """Write the picture as PNG, JPEG or TIFF with the settings inside; see `save_image` and `load_settings`."""
        settings = self.settings if bits == 8 else {**self.settings, "bits": bits}
        save_image(self.image, path, settings, bits=bits, opacity=self.opacity)
