"""What targets are made from: one or several pictures, whole or by region, as terms of a loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from styletools.errors import InputError, shown
from styletools.losses.blocks import parts_of
from styletools.losses.parts import Parts
from styletools.losses.regions import InRegion, in_region
from styletools.losses.statistics import Statistic, TermFactory, find_statistics
from styletools.losses.targets import Targets, key_of
from styletools.losses.term import Term
from styletools.network.cudnn import exact
from styletools.network.network import Network

__all__ = ["Source", "terms_of"]

LARGEST = 512  # side of a block of a source: its features are float32 and are not computed in place


@dataclass(frozen=True, eq=False)
class Source:
    """A painting (or the photograph), and what is asked of it.

    Attributes:
        image: (1, 3, H, W) in [0, 1].
        layers: w_l by layer.
        share: of this painting among several.
        regions: by the name of a region of the result, where in this painting its style is found, (H, W) of bool of
            the painting's proportions; None is all of it. A region that is not named gets nothing from this painting.
    """

    image: Tensor
    layers: Mapping[str, float]
    share: float = 1.0
    regions: Mapping[str, Tensor | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """What one source gives to a region, and its share."""

    features: _Features
    region: str
    share: float


@torch.inference_mode(False)  # else autograd could not use the targets later
@torch.no_grad()
@exact  # a picture is compared with its target many times
def terms_of(
    network: Network,
    sources: Sequence[Source],
    statistic: Statistic,
    kind: str,
    weight: float = 1.0,
    regions: Mapping[str, Tensor] | None = None,
    *,
    side: int = 0,
) -> list[Term]:
    """The terms of content or style.

    Without regions there is a term for each statistic and layer, `style conv1_1`; with regions there is one for each
    region as well, `style [left] conv1_1`, weighted by the region's share of the picture: so each pixel is pulled as
    hard as without regions, however large its region.

    Several sources share the weight. Where a statistic is a mean over positions (Gram, mean) their targets are blended,
    Σ_i s_i Ĝ_i: one term, as cheap as that of one painting. Its slope is the same as that of Σ_i s_i ‖Ĝ − Ĝ_i‖².
    Other statistics get a term for each source, `style 2 conv1_1`.

    Args:
        network: whose features are compared.
        sources: the pictures.
        statistic: see `find_statistics`.
        kind: `"style"` or `"content"`.
        weight: of all of them together: β or α.
        regions: by name, where in the result each is, (H, W) of bool. None: everywhere.
        side: features of a larger picture are computed in blocks of this many pixels a side; 0: never.

    Raises:
        InputError: a region for which no source has a style, or shares that are all 0.

    Example:
        >>> from styletools.network.vgg import VGG
        >>> sources = [Source(torch.rand(1, 3, 16, 16), {"conv1_1": 1.0}, share) for share in (1.0, 3.0)]
        >>> [(term.name, term.weight) for term in terms_of(VGG("random"), sources, "gram", "style", 8.0)]
        [('style conv1_1', 8.0)]
        >>> [(term.name, term.weight) for term in terms_of(VGG("random"), sources, "sliced", "style", 8.0)]
        [('style conv1_1', 2.0), ('style 2 conv1_1', 6.0)]
    """
    found = find_statistics(statistic, kind)
    features = [_Features(network, source, side) for source in sources]
    terms: list[Term] = []
    everywhere: Mapping[str, Tensor | None] = {"": None}
    for name, region in (regions or everywhere).items():
        members = [i for i, source in enumerate(sources) if region is None or name in source.regions]
        total = sum(sources[i].share for i in members)
        if not total > 0:
            where = f"region {name!r}: " if name else ""
            raise InputError(f"{where}expected a painting with a share above 0, got none")
        area = 1.0 if region is None else float(region.float().mean())
        for factory, share, own in found:
            made = _of_statistic(factory, own or kind, features, members, name)
            for term in made:
                term.weight *= weight * share * area / total
                terms.append(term if region is None else InRegion(term, region, _within(term.name, name)))
    return terms


class _Features:
    """The features of one source, by layer: computed when the first is asked for; never, if all targets are known."""

    def __init__(self, network: Network, source: Source, side: int) -> None:
        self.source = source
        self._network, self._side = network, side

    def __getitem__(self, layer: str) -> Tensor | Parts:
        return self._computed[layer]

    @cached_property
    def key(self) -> str | None:
        return key_of(self._network, self.source.image, self._side if self._in_parts else 0)

    @property
    def _in_parts(self) -> bool:
        return 0 < self._side < max(self.source.image.shape[2:])

    @cached_property
    def _computed(self) -> Mapping[str, Tensor | Parts]:
        """Of all layers at once, or block by block as they are needed."""
        image, layers = self.source.image, self.source.layers
        if not self._in_parts:
            return self._network(image, layers)
        return {layer: parts_of(self._network, image, layer, min(self._side, LARGEST)) for layer in layers}


def _of_statistic(
    factory: TermFactory,
    kind: str,
    features: Sequence[_Features],
    members: Sequence[int],
    region: str,
) -> Iterator[Term]:
    """A term for each layer, or one for each layer and source, with weights that are not scaled yet."""
    of_pixels, linear = (_flag(factory, name) for name in ("of_pixels", "linear"))
    layers: list[str | None] = (
        [None] if of_pixels else list(dict.fromkeys(layer for i in members for layer in features[i].source.layers))
    )
    for layer in layers:
        parts = [
            _Part(features[i], region, features[i].source.share * _weight(features[i].source, layer))
            for i in members
            if layer is None or layer in features[i].source.layers
        ]
        if linear and len(parts) > 1:
            yield _blended(factory, layer, parts, kind)
        else:
            for number, part in enumerate(parts, 1):
                yield _term(factory, layer, part, kind if number == 1 else f"{kind} {number}")


def _weight(source: Source, layer: str | None) -> float:
    return sum(source.layers.values()) if layer is None else source.layers[layer]


def _term(factory: TermFactory, layer: str | None, part: _Part, kind: str) -> Term:
    """One term; its target may be known from an earlier picture."""
    features, of_ours = part.features, getattr(factory, "__module__", "").startswith("styletools.")
    whole = features.source.regions.get(part.region) is None
    if not (layer and whole and isinstance(factory, type) and of_ours and factory.kind == "style" and features.key):  # type: ignore[attr-defined]
        return _made(factory, layer, part, kind)
    pixels = features.source.image[0, 0].numel()
    term = _targets.term(features.key, factory, layer, lambda: _made(factory, layer, part, kind), pixels)
    term.weight, term.name = part.share, f"{kind} {layer}"
    return term


_targets = Targets()


def _made(factory: TermFactory, layer: str | None, part: _Part, kind: str) -> Term:
    """One term; anything callable may have been given as a statistic."""
    F: Tensor | Parts = part.features.source.image if layer is None else part.features[layer]
    where = part.features.source.regions.get(part.region)
    is_class = isinstance(factory, type) and issubclass(factory, Term)
    if isinstance(F, Parts) and (where is not None or not is_class):
        F = F.whole()
    if where is not None and isinstance(F, Tensor):
        F = in_region(F, where, arranged=_flag(factory, "arranged"))
    try:
        term = factory(layer, F, weight=part.share, kind=kind)
    except TypeError as error:
        if isinstance(factory, type):
            raise
        raise InputError(f"statistic: {shown(factory)} cannot be called as a class of terms is: {error}") from error
    if not isinstance(term, Term):
        raise InputError(f"statistic: expected {shown(factory)} to make a styletools.Term, got {shown(term)}")
    return term


def _blended(factory: TermFactory, layer: str | None, parts: Sequence[_Part], kind: str) -> Term:
    """One term whose target is Σ s_i Â_i / Σ s_i."""
    terms = [_term(factory, layer, part, kind) for part in parts]
    first, total = terms[0], sum(part.share for part in parts)
    if total > 0:
        first.target = sum(part.share / total * term.target for part, term in zip(parts, terms, strict=True))
    first.weight = total
    return first


def _flag(factory: TermFactory, name: str) -> bool:
    """What a class of terms says about itself; a mere function says nothing."""
    return isinstance(factory, type) and bool(getattr(factory, name, False))


def _within(name: str, region: str) -> str:
    """`style conv1_1` → `style [left] conv1_1`."""
    kind, _, layer = name.rpartition(" ")
    return f"{kind} [{region}] {layer}"
