"""What targets are made from: one or several pictures, of the whole or by region, as terms of a loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from styletools.errors import InputError, shown
from styletools.losses.blocks import parts_of
from styletools.losses.parts import Parts
from styletools.losses.regions import InRegion, in_region
from styletools.losses.statistics import Statistic, TermFactory, find_statistics
from styletools.losses.term import Term
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
            the painting's proportions; None is all of it. A region that is not named gets nothing from here.
    """

    image: Tensor
    layers: Mapping[str, float]
    share: float = 1.0
    regions: Mapping[str, Tensor | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """Features of one source, of its region, and their share."""

    F: Tensor | Parts
    share: float


@torch.inference_mode(False)  # else autograd could not use the targets later
@torch.no_grad()
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

    Without regions there is a term for each statistic and layer, `style conv1_1`; with regions one for each region,
    `style [left] conv1_1`, whose weight is the region's share of the picture: so each pixel is pulled as hard
    as without regions, however large its own.

    Several sources share the weight. Where a statistic is a mean over positions (Gram, mean) their targets are blended,
    Σ_i s_i Ĝ_i: one term, no dearer than that of one painting. Its slope is the same as that of Σ_i s_i ‖Ĝ − Ĝ_i‖².
    Other statistics get a term for each source, `style 2 conv1_1`.

    Args:
        network: whose features are compared.
        sources: the pictures.
        statistic: see `find_statistics`.
        kind: `"style"` or `"content"`.
        weight: of all of them: β or α.
        regions: by name, where in the result, (H, W) of bool. None: everywhere.
        side: features of a larger picture are computed in blocks of so many pixels a side; 0: never.

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
    features = [_features(network, source, side) for source in sources]
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
            made = _of_statistic(factory, own or kind, sources, features, members, name)
            for term in made:
                term.weight *= weight * share * area / total
                terms.append(term if region is None else InRegion(term, region, _within(term.name, name)))
    return terms


def _features(network: Network, source: Source, side: int) -> Mapping[str, Tensor | Parts]:
    """Of all layers at once, or block by block when they are asked for."""
    if not source.layers:
        return {}
    if not side or max(source.image.shape[2:]) <= side:
        return network(source.image, source.layers)
    return {layer: parts_of(network, source.image, layer, min(side, LARGEST)) for layer in source.layers}


def _of_statistic(
    factory: TermFactory,
    kind: str,
    sources: Sequence[Source],
    features: Sequence[Mapping[str, Tensor | Parts]],
    members: Sequence[int],
    region: str,
) -> Iterator[Term]:
    """A term for each layer, or one for each layer and source; weights before they are scaled."""
    of_pixels, arranged, linear = (_flag(factory, name) for name in ("of_pixels", "arranged", "linear"))
    layers: list[str | None] = (
        [None] if of_pixels else list(dict.fromkeys(layer for i in members for layer in sources[i].layers))
    )
    for layer in layers:
        parts = []
        for i in members:
            source = sources[i]
            if layer is not None and layer not in source.layers:
                continue
            S = source.image if layer is None else features[i][layer]
            where = source.regions.get(region)
            w = sum(source.layers.values()) if layer is None else source.layers[layer]
            if where is not None:
                S = in_region(S.whole() if isinstance(S, Parts) else S, where, arranged=arranged)
            parts.append(_Part(S, source.share * w))
        if linear and len(parts) > 1:
            yield _blended(factory, layer, parts, kind)
        else:
            for number, part in enumerate(parts, 1):
                yield _term(factory, layer, part, kind if number == 1 else f"{kind} {number}")


def _term(factory: TermFactory, layer: str | None, part: _Part, kind: str) -> Term:
    """One term; whatever can be called may have been given as a statistic."""
    F = part.F
    if isinstance(F, Parts) and not (isinstance(factory, type) and issubclass(factory, Term)):
        F = F.whole()
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
    """What a class of terms says of itself; a mere function says nothing."""
    return isinstance(factory, type) and bool(getattr(factory, name, False))


def _within(name: str, region: str) -> str:
    """`style conv1_1` → `style [left] conv1_1`."""
    kind, _, layer = name.rpartition(" ")
    return f"{kind} [{region}] {layer}"
