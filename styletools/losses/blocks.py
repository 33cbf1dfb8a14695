"""The gradient of a picture of any size, block by block: the same numbers as from the whole picture, in bounded memory.

A style loss needs the whole picture before the gradient of any part is known: Ĝ is a mean over all positions. But such
sums are all it needs of the whole. So a picture is gone through twice. First each block adds its sums to those of the
terms (`Term.sums`), and the slopes of the loss with respect to the sums follow from the totals. Then each block's
features are computed again, get their gradients from the slopes, and send them back to the block's pixels. A block sees
its halo (`styletools.losses.parts`), but counts only its core, so nothing is counted twice and no seam shows.

Layers above a pooling may still be computed on the whole picture, `"1024/pool3"`: they are a small part of the memory
and a third of the work, which is then done only once, and the blocks below need a smaller halo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from styletools.errors import InputError, check_whole, shown
from styletools.losses.parts import Block, Part, Parts, Sums, added, blocks
from styletools.losses.term import Term
from styletools.network.network import Network
from styletools.network.passes import AddGradient, Passes, Precision
from styletools.network.vgg import PRE, VGG

__all__ = ["BlockSize", "Blocks", "blocks_of", "check_block", "check_splits", "parts_of", "read_block"]

BlockSize: TypeAlias = int | str
"""Side of a block's core in pixels, 1024; or with the pooling above which layers are computed whole, "1024/pool3"."""

SMALLEST = 32
STRIP = 2**22  # numbers of a layer that a term is given at once: what it makes of them needs memory as well


def read_block(block: BlockSize | None) -> tuple[int, str | None]:
    """Read the side of a block, and the pooling above which layers see the whole picture; 0 for no blocks.

    Raises:
        InputError: it is none of these.

    Example:
        >>> read_block(512), read_block("1024/pool3"), read_block(None)
        ((512, None), (1024, 'pool3'), (0, None))
    """
    side, _, above = str(block or 0).partition("/")
    poolings = [f"pool{number}" for number in range(1, 6)]
    if not side.isascii() or not side.isdigit() or (above and above not in poolings) or isinstance(block, bool | float):
        raise InputError(f"block: expected pixels such as 1024, or '1024/pool3', or 0 for none, got {shown(block)}")
    if int(side):
        check_whole("block", int(side), SMALLEST)
    return int(side), above or None


def check_block(network: Network, block: BlockSize | None) -> None:
    """Check that a network can be computed in such blocks.

    Raises:
        InputError: it cannot, or `block` is not a size of blocks.

    Example:
        >>> check_block(VGG("random"), "512/pool3")
    """
    if read_block(block)[0] and not isinstance(network, VGG):
        raise InputError(f"block: only a VGG can be computed in blocks, not {network.description}; leave block out")


def check_splits(terms: Sequence[Term], network: Network, above: str | None) -> None:
    """Check that all terms can be computed in blocks.

    Raises:
        InputError: a term that needs all positions at once.
    """
    for term in terms:
        if term.layer is not None and not term.splits and not _is_above(network, term.layer, above):
            raise InputError(
                f"block: {term.name!r} needs all positions at once and cannot be computed in blocks; use a smaller "
                "size, or a statistic of sums over positions, such as gram, covariance or wasserstein"
            )


def blocks_of(network: Network, layers: Sequence[str], height: int, width: int, side: int) -> list[Block]:
    """Cut a picture so that these layers can be computed block by block.

    Example:
        >>> [(b.rows.low, b.rows.high) for b in blocks_of(VGG("random"), ["conv2_1"], 100, 40, 64)]
        [(0, 54), (46, 100)]
    """
    asked = [network.layer(layer) for layer in layers]
    stride = max(layer.stride for layer in asked)
    halo = max((layer.receptive_field - layer.stride + 1) // 2 for layer in asked)
    return blocks(height, width, side, stride, halo)


def parts_of(network: Network, image: Tensor, layer: str, side: int) -> Parts:
    """Features of a picture at a layer, block by block, each computed when it is asked for.

    Example:
        >>> vgg, image = VGG("random"), torch.rand(1, 3, 80, 70)
        >>> torch.allclose(parts_of(vgg, image, "conv3_1", 32).whole(), vgg(image, "conv3_1")["conv3_1"], atol=1e-4)
        True
    """
    described = network.layer(layer)
    stride, (height, width) = described.stride, image.shape[2:]

    def each() -> Iterator[tuple[Tensor, Part]]:
        for block in blocks_of(network, [layer], height, width, side):
            F = block.inside(network(block.crop(image), layer)[layer], stride)
            yield from _strips(F, block.part(stride))

    return Parts((len(image), described.filters, height // stride, width // stride), image, each)


class Blocks:
    """The gradient of terms with respect to a picture, block by block.

    Args:
        vgg: the network.
        precision: see `Passes`.
        terms: all of them.
        factors: by name, what a term's value is multiplied by.
        block: see `BlockSize`.

    Raises:
        InputError: a term that cannot be computed in blocks.

    Example:
        >>> from styletools.losses.gram import Gram
        >>> vgg, image = VGG("random"), torch.rand(1, 3, 80, 96)
        >>> term = Gram("conv2_1", vgg(torch.rand(1, 3, 64, 64), "conv2_1")["conv2_1"])
        >>> small, whole = (Blocks(vgg, "full", [term], {term.name: 1.0}, side) for side in (32, 96))
        >>> a, b = (each.value_and_gradient(image)[1] for each in (small, whole))
        >>> bool((a - b).norm() < 1e-5 * b.norm())
        True
    """

    def __init__(
        self, vgg: VGG, precision: Precision, terms: Sequence[Term], factors: dict[str, float], block: BlockSize
    ) -> None:
        """Nothing is computed yet."""
        self._side, above = read_block(block)
        check_splits(terms, vgg, above)
        self._vgg, self._factors = vgg, factors
        self._pixels = [term for term in terms if term.layer is None]
        self._high = [term for term in terms if term.layer is not None and _is_above(vgg, term.layer, above)]
        self._low = [term for term in terms if term.layer is not None and not _is_above(vgg, term.layer, above)]
        self._above = above if self._high else None
        self._lower = Passes(vgg, precision)
        self._upper = Passes(vgg, precision, above=self._above) if self._above else None
        self._layers = list(dict.fromkeys(str(term.layer) for term in self._low))
        self._layers += [self._above] if self._above else []

    def release(self) -> None:
        """Release weights and buffers."""
        for passes in (self._lower, self._upper):
            if passes is not None:
                passes.release()

    @torch.no_grad()
    def value_and_gradient(self, image: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The weighted terms by name, and the gradient of their sum; see `Objective.value_and_gradient`."""
        height, width = image.shape[2:]
        found: dict[str, Tensor] = {}
        total = torch.zeros_like(image)
        cut = blocks_of(self._vgg, self._layers, height, width, self._side) if self._layers else []
        sums, features = self._collect(image, cut)
        slopes = {term.name: self._slopes(term, sums[term.name], (height, width), found) for term in self._low}
        above = self._back_from_above(found)
        for block in reversed(cut):
            if block is not cut[-1]:  # whose features are still there
                features = self._lower.forward(block.crop(image), self._layers)
            block.crop(total).add_(self._back(block, slopes, above))
        del features, above
        self._release_buffers(cut)
        for term in self._pixels:
            found[term.name] = self._factors[term.name] * term.add_gradient(image, total, self._factors[term.name])
        return found, total

    def _release_buffers(self, cut: Sequence[Block]) -> None:
        """Where there are many blocks, between two gradients the optimiser needs the memory, and the time is small."""
        if len(cut) > 1:
            for passes in (self._lower, self._upper):
                if passes is not None:
                    passes.release_buffers()

    def _collect(self, image: Tensor, cut: Sequence[Block]) -> tuple[dict[str, Sums], dict[str, Tensor]]:
        """The first time through the picture: the terms' sums, and what the layers above are computed from."""
        sums: dict[str, Sums] = {term.name: () for term in self._low}
        features: dict[str, Tensor] = {}
        bottom: Tensor | None = None
        for block in cut:
            features = self._lower.forward(block.crop(image), self._layers)
            for term in self._low:
                for F, part in self._of_core(block, str(term.layer), features[str(term.layer)]):
                    sums[term.name] = added(sums[term.name], term.sums(_plain(F), part))
            if self._above:
                stride = self._stride(self._above)
                F = block.inside(features[self._above], stride)
                part = block.part(stride)
                if bottom is None:
                    bottom = F.new_empty((*F.shape[:2], part.height, part.width)).contiguous(
                        memory_format=torch.channels_last
                    )
                part.of(bottom).copy_(F)
        if self._upper is not None and bottom is not None:
            self._upper.forward(bottom, [str(term.layer) for term in self._high])
        return sums, features

    def _slopes(self, term: Term, sums: Sums, size: tuple[int, int], found: dict[str, Tensor]) -> Sums:
        """∂value/∂sums; also records the value."""
        stride = self._stride(str(term.layer))
        with torch.inference_mode(False), torch.enable_grad():
            leaves = tuple(total.clone().requires_grad_() for total in sums)
            value = term.of_sums(leaves, (size[0] // stride, size[1] // stride))
            slopes = torch.autograd.grad(value, leaves)
        found[term.name] = self._factors[term.name] * value.detach().to(self._vgg.dtype)
        return slopes

    def _back_from_above(self, found: dict[str, Tensor]) -> Tensor | None:
        """The gradient with respect to the pooling that the upper layers begin with."""
        if self._upper is None:
            return None
        sources: dict[str, list[AddGradient]] = {str(term.layer): [] for term in self._high}
        for term in self._high:
            sources[str(term.layer)].append(partial(self._whole, term, found))
        return self._upper.backward(sources)

    def _whole(self, term: Term, found: dict[str, Tensor], F: Tensor, g: Tensor) -> None:
        factor = self._factors[term.name]
        found[term.name] = factor * term.add_gradient(F, g, factor)

    def _back(self, block: Block, slopes: dict[str, Sums], above: Tensor | None) -> Tensor:
        """The second time through: the gradients at a block's core, carried back to the pixels of its crop."""
        sources: dict[str, list[AddGradient]] = {layer: [] for layer in self._layers}
        for term in self._low:
            sources[str(term.layer)].append(partial(self._add, term, slopes[term.name], block))
        if above is not None:
            sources[str(self._above)].append(partial(self._from_above, above, block))
        return self._lower.backward(sources)

    def _add(self, term: Term, slopes: Sums, block: Block, F: Tensor, g: Tensor) -> None:
        layer = str(term.layer)
        parts = zip(self._of_core(block, layer, F), self._of_core(block, layer, g), strict=True)
        for (features, part), (gradient, _) in parts:
            features = features.contiguous(memory_format=torch.channels_last)  # noqa: PLW2901  # a dense copy
            own = torch.zeros_like(features)
            term.add_part_gradient(features, part, slopes, own, self._factors[term.name])
            gradient.add_(own)

    def _from_above(self, above: Tensor, block: Block, F: Tensor, g: Tensor) -> None:
        stride = self._stride(str(self._above))
        block.inside(g, stride).add_(block.part(stride).of(above))

    def _of_core(self, block: Block, layer: str, F: Tensor) -> Iterator[tuple[Tensor, Part]]:
        stride = self._stride(layer)
        yield from _strips(block.inside(F, stride), block.part(stride))

    def _stride(self, layer: str) -> int:
        return self._vgg.layer(layer).stride


def _plain(F: Tensor) -> Tensor:
    """Dense, and in float32 at least, for sums to be accurate."""
    dtype = torch.float32 if F.dtype == torch.bfloat16 else F.dtype
    return F.to(dtype).contiguous(memory_format=torch.channels_last)


def _strips(F: Tensor, part: Part) -> Iterator[tuple[Tensor, Part]]:
    """A few rows of a part at a time."""
    if part.empty:
        return
    step = max(1, STRIP // (len(F) * F.shape[1] * F.shape[3]))
    for top in range(0, F.shape[2], step):
        rows = F[:, :, top : top + step]
        first = part.top + top
        yield rows, Part(first, first + rows.shape[2], part.left, part.right, part.height, part.width)


def _is_above(network: Network, layer: str, above: str | None) -> bool:
    """Whether a layer comes after a pooling."""
    if above is None or not isinstance(network, VGG):
        return False
    return network.operations.index(layer.removesuffix(PRE)) > network.operations.index(above)
