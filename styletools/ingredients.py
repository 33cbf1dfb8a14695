"""What a picture is made from: the photograph, the paintings, their regions and their colours, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeAlias

import torch
from PIL import Image
from torch import Tensor

from styletools.errors import InputError
from styletools.paintings import assign, for_each
from styletools.palette import Colours, after, before
from styletools.pictures.images import ImageSource, check_image, fit_size, load_image, load_opacity, resize
from styletools.pictures.masks import Mask, MaskSource, load_mask
from styletools.settings import fingerprint
from styletools.stages import SETTLED, scaled

__all__ = ["Ingredients", "PictureSource", "read_picture"]

PictureSource: TypeAlias = ImageSource | Tensor
"""What `load_image` reads, or a tensor (1, 3, H, W) in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Ingredients:
    """The pictures of a plan; each is read when it is asked for, once.

    Attributes:
        content: the photograph; None where only style is wanted.
        styles: the paintings; none where only content is wanted.
        size: longer side of the photograph, and of paintings without a size of their own; None: unchanged.
        style_size: see `transfer`, like the next three.
        content_mask: regions of the photograph.
        style_mask: regions of the paintings.
        colours: whose colours the result has.
        called: what the recipe calls the photograph and the paintings.
        place: a tensor on the device and of the type that the pictures are to have.

    Example:
        >>> pictures = Ingredients("chelsea", ["dots", "scales"], size=64, content_mask="left")
        >>> pictures.photograph.shape, [S.shape[2] for S in pictures.originals], pictures.regions
        (torch.Size([1, 3, 43, 64]), [64, 64], [{'left': None}, {'right': None}])
    """

    content: PictureSource | None
    styles: Sequence[PictureSource]
    size: int | None = 256
    style_size: int | Sequence[int | None] | None = None
    content_mask: MaskSource | None = None
    style_mask: MaskSource | Sequence[MaskSource] | None = None
    colours: Colours = "painting"
    called: tuple[str, str] = ("content", "style")
    place: Tensor = torch.zeros(())  # noqa: RUF009  # never written to

    @cached_property
    def photograph(self) -> Tensor | None:
        """The photograph at the size of the result, in its own colours."""
        return None if self._content is None else self.read(self._content, self.size, self.called[0])

    @cached_property
    def originals(self) -> list[Tensor]:
        """The paintings, each at its own size, in their own colours."""
        return [self._painting(source, asked) for source, asked in zip(self.styles, self._style_sizes, strict=True)]

    @property
    def _style_sizes(self) -> list[int | None]:
        return for_each(self.style_size, len(self.styles), "style_size")

    def _painting(self, source: PictureSource, asked: int | None) -> Tensor:
        """A painting at the size asked for, by default the result's; it is not enlarged beyond `SETTLED` pixels.

        A poster would have blurred strokes if it were: so large motifs come from the small sizes, where the painting is
        as large as the picture, and the strokes of the large sizes are as fine as the painting has them.
        """
        if asked is not None or self._content is None or self.size is None or self.size <= SETTLED:
            return self.read(source, self.size if asked is None else asked, self.called[1])
        own = self.read(source, None, self.called[1])
        return self.read(own, min(self.size, max(SETTLED, *own.shape[2:])), self.called[1])

    def paintings_at(self, longer: int, largest: int, smallest: int) -> list[Tensor]:
        """Each S for a stage: smaller by as much as the picture is, or, where it was not enlarged, as large at most.

        Args:
            longer: side of the stage, in pixels.
            largest: longer side of the result.
            smallest: side of a picture that the layers allow.
        """
        found = []
        for S, asked in zip(self.compared[1], self._style_sizes, strict=True):
            own, share = max(S.shape[2:]), longer / largest
            if asked is None and self.size is not None and own < largest:
                share = min(1.0, longer / own)
            found.append(resize(S, *scaled(S.shape[2], S.shape[3], share, smallest)))
        return found

    @cached_property
    def compared(self) -> tuple[Tensor | None, list[Tensor]]:
        """P and each S, as the network sees them: in the colours that `colours` asks for."""
        if self.photograph is None:
            return None, self.originals
        return before(self.colours, self.photograph, self.originals)

    @property
    def shown(self) -> Callable[[Tensor], Tensor] | None:
        """What is done to a picture in the making before it is shown; None: nothing."""
        if self.photograph is None or self.colours == "painting":
            return None
        return partial(after, self.colours, photograph=self.photograph)

    @cached_property
    def opacity(self) -> Tensor | None:
        """The opacity of a photograph with transparency, (1, 1, H, W); None for any other."""
        if self._content is None or isinstance(self._content, Tensor):
            return None
        return load_opacity(self._content, self.size)

    @cached_property
    def mask(self) -> Mask | None:
        """The regions of the photograph; None where there are none."""
        if self.content_mask is None or self.photograph is None:
            return None
        return load_mask(self.content_mask, self.photograph, "content_mask")

    @cached_property
    def regions(self) -> list[dict[str, Tensor | None]]:
        """For each painting, by region of the photograph, where in the painting its style is found; see `assign`."""
        if self.mask is None:
            if self.style_mask is not None:
                raise InputError("style_mask: expected a content_mask with the same labels beside it, got none")
            return [{} for _ in self.styles]
        given = for_each(self.style_mask, len(self.styles), "style_mask")
        masks = [
            None if source is None else load_mask(source, image, "style_mask")
            for source, image in zip(given, self.originals, strict=True)
        ]
        return assign(self.mask, masks)

    def fingerprints(self) -> dict[str, Any]:
        """What the pictures are known by: a file may have changed by the time the result is made again."""
        found: dict[str, Any] = {}
        if self.photograph is not None:
            found[self.called[0]] = fingerprint(self.photograph)
        if self.originals:
            found[self.called[1]] = [fingerprint(S) for S in self.originals]
        if self.mask is not None:
            found["content_mask"] = fingerprint(self.mask.labels)
        return found

    def read(self, source: PictureSource, size: int | None, name: str) -> Tensor:
        """See `read_picture`; on the plan's device."""
        return read_picture(source, size, name).to(self.place)

    @cached_property
    def _content(self) -> PictureSource | None:
        """The photograph; a stream is read here, because it is needed twice: for the picture and its transparency."""
        read = None if isinstance(self.content, Image.Image) else getattr(self.content, "read", None)
        return self.content if read is None else read()


def read_picture(source: PictureSource, size: int | None, name: str) -> Tensor:
    """Read a picture, or check a tensor; the longer side becomes `size`.

    Raises:
        ImageError: it cannot be read.
        InputError: a tensor that is no picture, or a batch of them.

    Example:
        >>> read_picture(torch.rand(1, 3, 10, 20), 40, "content").shape
        torch.Size([1, 3, 20, 40])
    """
    if not isinstance(source, Tensor):
        return load_image(source, size)
    check_image(source, name)
    if source.shape[0] != 1:
        raise InputError(f"{name}: expected one picture (1, 3, H, W), got a batch of {source.shape[0]}")
    image = (source.clone() if source.is_inference() else source).detach().float()
    if size is None:
        return image
    width, height = fit_size(image.shape[3], image.shape[2], size)
    return resize(image, height, width)
