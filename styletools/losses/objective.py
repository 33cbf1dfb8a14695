"""What a picture is judged by: the weighted sum of terms of Eq. 7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from styletools.descent.loss import Autograd
from styletools.door import explained
from styletools.errors import InputError, check_weight, shown
from styletools.losses.blocks import Blocks, BlockSize, check_block, read_block
from styletools.losses.smoothness import Smoothness
from styletools.losses.sources import Source, terms_of
from styletools.losses.statistics import Statistic, find_statistics
from styletools.losses.term import Term
from styletools.network.captured import Captured
from styletools.network.find import check_type
from styletools.network.network import Network
from styletools.network.passes import AddGradient, Precision, find_passes
from styletools.network.vgg import VGG
from styletools.pictures.images import check_image
from styletools.surroundings import undisturbed

__all__ = ["LayerWeights", "Objective", "Units", "check_units", "layer_weights"]

LayerWeights: TypeAlias = str | Iterable[str] | Mapping[str, float]
"""One layer, several that share a weight of 1, or w_l by layer."""
Units: TypeAlias = Literal["relative", "literal"]
"""`"relative"`: a term counts as a share of its value for a picture without features; `"literal"`: as printed."""


class Objective:
    """The total loss of Eq. 7 as a function of the picture, term by term.

    L_total = α Σ_l v_l L_content(l) + β Σ_l w_l E_l + γ TV

    Called with a picture it returns its terms by name (`content conv4_2`, `style conv1_1`, …, `total variation`),
    each *with* its weight: their sum is the total. A term divided by `objective.factors[name]` is the value of the
    equation as printed.

    Args:
        network: a `VGG`, or another `Network`.
        content: the photograph, (1, 3, H, W) in [0, 1]; needed if there are content layers.
        style: the painting, (1, 3, H', W') in [0, 1] of any size; needed if there are style layers. Or several
            paintings, each a `Source` with its own layers.
        content_layers: v_l; several layers without weights share a weight of 1.
        style_layers: w_l, likewise (the paper's w_l = 1/5).
        alpha: α.
        beta: β.
        tv: γ, the weight of `total_variation`.
        statistic: what stands for style in place of E_l: the name of a statistic, a class of terms, several, or
            weights for these; see `styletools.losses.statistics` and `Term`.
        content_statistic: likewise for content.
        regions: by name, where in the result each is, (H, W) of bool; see `Source.regions`. None: one style everywhere.
        terms: more terms, each with its own weight.
        units: `"literal"` takes Eq. 1 and Eq. 4 as printed. Eq. 1 is a sum, so the same α/β gives a different picture
            at another size, with other weights, or with a rescaled network. `"relative"` divides each term by its
            value for a picture that has no features at all (F = 0): ½ Σ P² for content, 1/(4 N_l²) Σ Â² for
            style. A term of 1 then means "nothing of it is there", and α/β means the same at every size, with
            every network.
        precision: of `value_and_gradient`, see `styletools.network.passes`; calling the objective is always as exact
            as the network. `"auto"` is full where only content or only style is wanted: such a loss can fall towards
            0, where rounding would hold it up.
        block: compute `value_and_gradient` and the targets in blocks of this many pixels a side, for a picture that
            does not fit in memory whole: the same numbers but for rounding, in more time; see
            `styletools.losses.blocks`. Only with a `VGG`, and with statistics of sums over positions.

    Attributes:
        terms: all of them, including those given as `terms=`.
        factors: by name, what a term's value is multiplied by: its weight, over its unit.

    Raises:
        InputError: unknown layers, negative weights, nothing to do, two terms with the same name, a picture that is
            missing or too small, a network in half precision, or a term that cannot be computed in blocks.

    Example:
        >>> from styletools.network.vgg import VGG
        >>> vgg = VGG(weights="random")
        >>> photograph, painting = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 48, 40)
        >>> objective = Objective(vgg, content=photograph, content_layers="conv2_2",
        ...                       style=painting, style_layers=["conv1_1", "conv2_1"], beta=10)
        >>> terms = objective(photograph)
        >>> list(terms)
        ['content conv2_2', 'style conv1_1', 'style conv2_1']
        >>> terms["content conv2_2"].item()
        0.0

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 7.
    """

    @explained
    @undisturbed
    def __init__(
        self,
        network: Network,
        *,
        content: Tensor | None = None,
        style: Tensor | Sequence[Source] | None = None,
        content_layers: LayerWeights = (),
        style_layers: LayerWeights = (),
        alpha: float = 1.0,
        beta: float = 1.0,
        tv: float = 0.0,
        statistic: Statistic = "gram",
        content_statistic: Statistic = "features",
        regions: Mapping[str, Tensor] | None = None,
        terms: Sequence[Term] = (),
        units: Units = "relative",
        precision: Precision = "auto",
        block: BlockSize | None = None,
    ) -> None:
        """Compute the targets, without a graph."""
        check_units(units)
        for name, value in (("alpha", alpha), ("beta", beta), ("tv", tv)):
            check_weight(name, value)
        check_type(network)
        self.network = network
        self.units = units
        v, w = layer_weights(content_layers, "content_layers"), layer_weights(style_layers, "style_layers")
        find_statistics(statistic, "style"), find_statistics(content_statistic, "content")
        check_block(network, block)
        side, _ = read_block(block)
        photographs = _sources(content, v, "content") if v else []
        of_content = terms_of(network, photographs, content_statistic, "content", alpha, side=side) if v else []
        paintings = _sources(style, w, "style")
        of_style = terms_of(network, paintings, statistic, "style", beta, regions, side=side) if paintings else []
        self.terms: tuple[Term, ...] = (*of_content, *of_style, *terms, *([Smoothness(tv)] if tv else []))
        if not self.terms:
            raise InputError("nothing to do: give content_layers, style_layers, terms or tv")
        self.factors: dict[str, float] = {}
        for term in self.terms:
            if term.name in self.factors:
                raise InputError(f"terms: two are called {term.name!r}; give one another kind")
            unit = term.unit() if units == "relative" else 1.0
            self.factors[term.name] = term.weight / (unit or 1.0)
        # In the order of the terms, each once.
        self._layers = list(dict.fromkeys(term.layer for term in self.terms if term.layer is not None))
        roles = {"content" for term in of_content if term.weight} | {"style" for term in of_style if term.weight}
        alone = len(roles | {term.kind for term in terms if term.weight}) < 2
        self._passes = find_passes(network, "full" if precision == "auto" and alone else precision)
        self._captured = Captured()
        self._blocks: Blocks | None = None
        if side and isinstance(network, VGG) and self._passes is not None:
            self._blocks = Blocks(network, self._passes.precision, self.terms, self.factors, block or 0)

    @property
    def precision(self) -> Precision:
        """What `value_and_gradient` computes in: never `"auto"`."""
        return "full" if self._passes is None or self._by_autograd else self._passes.precision

    def release(self) -> None:
        """Release what is kept only for speed; for the end of a synthesis."""
        for each in (self._passes, self._blocks, self._captured):
            if each is not None:
                each.release()

    @explained
    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        """Return the weighted terms by name; for a batch each is the sum over its pictures."""
        features = self.network(image, self._layers) if self._layers else {}
        return {
            term.name: self.factors[term.name] * term.value(image if term.layer is None else features[term.layer])
            for term in self.terms
        }

    @explained
    @undisturbed
    @torch.no_grad()
    def value_and_gradient(self, image: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The terms and the gradient of their sum with respect to the picture.

        The same numbers as from calling the objective and autograd, but for rounding (see `precision`), and sooner:
        each term adds its gradient with respect to the features of its layer (Eq. 2, Eq. 6, or autograd at that layer
        alone), and the network's fast path carries them back to the picture. A network without one, and a subclass
        with a `__call__` of its own, are differentiated by autograd as a whole.

        Args:
            image: (B, 3, H, W), as for the call.

        Returns:
            The weighted terms by name, and ∂L_total/∂x, (B, 3, H, W).

        Raises:
            InputError: as the call.

        Example:
            >>> from styletools.network.vgg import VGG
            >>> vgg, image = VGG(weights="random"), torch.rand(1, 3, 32, 32)
            >>> objective = Objective(vgg, content=image, content_layers="conv2_2")
            >>> terms, gradient = objective.value_and_gradient(torch.zeros(1, 3, 32, 32))
            >>> terms["content conv2_2"] > 0, gradient.shape
            (tensor(True), torch.Size([1, 3, 32, 32]))

        Reference:
            Gatys, Ecker and Bethge 2016, Eq. 2 and 6.
        """
        if self._passes is None or self._by_autograd:
            terms, gradient = Autograd(self).value_and_gradient(image)
            return dict(terms), gradient
        if self._blocks is not None:
            found, total = self._blocks.value_and_gradient(image)
            return {term.name: found[term.name] for term in self.terms}, total
        if not image.is_cuda or not all(term.captured for term in self.terms):
            return self._by_hand(image)
        return self._captured(self._by_hand, image, self._state)

    @property
    def _state(self) -> tuple[object, ...]:
        """What a recording of `_by_hand` depends on."""
        weights = [
            tensor for module in [self.network] if isinstance(module, torch.nn.Module) for tensor in module.parameters()
        ]
        return (
            *self.factors.items(),
            *(id(term.target) for term in self.terms),
            *((id(tensor), tensor._version) for tensor in weights),
        )

    def _by_hand(self, image: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Terms and gradient by the network's fast path."""
        assert self._passes is not None
        found: dict[str, Tensor] = {}
        if self._layers:
            self._passes.forward(image, self._layers)
            sources: dict[str, list[AddGradient]] = {layer: [] for layer in self._layers}
            for term in self.terms:
                if term.layer is not None:
                    sources[term.layer].append(partial(self._add, term, found))
            total = self._passes.backward(sources)
        else:
            total = torch.zeros_like(image)
        for term in self.terms:
            if term.layer is None:
                self._add(term, found, image, total)
        return {term.name: found[term.name] for term in self.terms}, total

    @property
    def _by_autograd(self) -> bool:
        """Whether a subclass computes something else: then only autograd knows its gradient."""
        return type(self).__call__ is not Objective.__call__

    def _add(self, term: Term, found: dict[str, Tensor], F: Tensor, g: Tensor) -> None:
        """Add a term's gradient to g, and record its value."""
        factor = self.factors[term.name]
        found[term.name] = factor * term.add_gradient(F, g, factor)


def _sources(image: Tensor | Sequence[Source] | None, weights: Mapping[str, float], name: str) -> list[Source]:
    """The pictures that targets are made from; none where there are no layers."""
    if image is not None and not isinstance(image, Tensor):
        if weights:
            raise InputError(f"{name}_layers: several pictures have their own layers; leave it out")
        return list(image)
    if not weights:
        return []
    if image is None:
        raise InputError(f"{name}: expected a picture, because there are {name}_layers; got None")
    check_image(image, name)
    return [Source(image, weights)]


def check_units(units: Units) -> None:
    """Check that `units` is a known name.

    Raises:
        InputError: an unknown name.
    """
    if units not in get_args(Units):
        raise InputError(f"units: expected 'relative' or 'literal', got {shown(units)}")


def layer_weights(layers: LayerWeights, name: str) -> dict[str, float]:
    """Read one layer, several or a mapping as weights by layer.

    Raises:
        InputError: a weight that is negative or not finite, a layer that is named twice, or no layers at all.

    Example:
        >>> layer_weights(["conv1_1", "conv2_1"], "style_layers")
        {'conv1_1': 0.5, 'conv2_1': 0.5}
    """
    if isinstance(layers, str):
        return {layers: 1.0}
    if isinstance(layers, Mapping):
        for layer, weight in layers.items():
            check_weight(f"{name}: the weight of {layer}", weight)
        return {layer: float(weight) for layer, weight in layers.items()}
    if not isinstance(layers, Iterable):
        raise InputError(f"{name}: expected a layer, several, or weights by layer, got {shown(layers)}")
    names = list(layers)
    if len(set(names)) < len(names):
        raise InputError(f"{name}: a layer is named twice in {', '.join(map(str, names))}")
    return {layer: 1 / len(names) for layer in names}
