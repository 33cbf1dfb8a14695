"""What a picture is judged by: targets that are computed once, and the weighted terms of Eq. 7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from styletools.equations import content_loss, gram_loss, gram_matrix, total_variation
from styletools.errors import InputError, check_weight
from styletools.fast import Passes, Precision, Source, add_gram_gradient, mean_gram
from styletools.vgg import VGG

__all__ = ["LayerWeights", "Objective", "Units"]

LayerWeights: TypeAlias = str | Iterable[str] | Mapping[str, float]
"""One layer, several that share a weight of 1, or w_l by layer."""
Units: TypeAlias = Literal["relative", "literal"]


class Objective:
    """The total loss of Eq. 7 as a function of the picture, term by term.

    L_total = α Σ_l v_l L_content(l) + β Σ_l w_l E_l + γ TV

    Called with a picture it returns its terms by name (`content conv4_2`, `style conv1_1`, …, `total variation`),
    each *with* its weight: their sum is the total. A term divided by `objective.factors[name]` is the value of the
    equation as printed.

    Args:
        vgg: the network.
        content: the photograph, (1, 3, H, W) in [0, 1]; needed if there are content layers.
        style: the painting, (1, 3, H', W') in [0, 1] of any size; needed if there are style layers.
        content_layers: v_l; several layers without weights share a weight of 1.
        style_layers: w_l, likewise (the paper's w_l = 1/5).
        alpha: α.
        beta: β.
        tv: γ, the weight of `total_variation`.
        units: `"literal"` takes Eq. 1 and Eq. 4 as printed. Eq. 1 is a sum, so the same α/β means another picture
            at another size, with other weights, or with a rescaled network. `"relative"` divides each term by its
            value for a picture that has no features at all (F = 0): ½ Σ P² for content, 1/(4 N_l²) Σ Â² for
            style. A term of 1 then means "nothing of it is there", and α/β means the same at every size, with
            every network.
        precision: of `value_and_gradient`, see `styletools.fast`; a call is always as exact as the network. `"auto"` is
            full where only content or only style is wanted: such a loss can fall towards 0, where rounding would
            hold it up.

    Raises:
        InputError: unknown layers, negative weights, nothing to do, or a picture that is missing or too small.

    Example:
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

    def __init__(
        self,
        vgg: VGG,
        *,
        content: Tensor | None = None,
        style: Tensor | None = None,
        content_layers: LayerWeights = (),
        style_layers: LayerWeights = (),
        alpha: float = 1.0,
        beta: float = 1.0,
        tv: float = 0.0,
        units: Units = "relative",
        precision: Precision = "auto",
    ) -> None:
        """Compute the targets, without a graph."""
        if units not in ("relative", "literal"):
            raise InputError(f"units: expected 'relative' or 'literal', got {units!r}")
        for name, value in (("alpha", alpha), ("beta", beta), ("tv", tv)):
            check_weight(name, value)
        self.vgg = vgg
        self.units = units
        self.tv = tv
        v, w = layer_weights(content_layers, "content_layers"), layer_weights(style_layers, "style_layers")
        found = self._features(content, v, "content")
        # Channels last, as the features that they are compared with at each step.
        self._P = {layer: P.contiguous(memory_format=torch.channels_last) for layer, P in found.items()}
        self._A = {layer: gram_matrix(S, divide_by="M") for layer, S in self._features(style, w, "style").items()}
        self._layers = [*self._P, *(layer for layer in self._A if layer not in self._P)]
        alone = not (alpha * sum(v.values()) and beta * sum(w.values()))
        self._passes = Passes(vgg, "full" if precision == "auto" and alone else precision)
        self.factors: dict[str, float] = {}
        for layer, P in self._P.items():
            whole = float(content_loss(torch.zeros_like(P), P)) if units == "relative" else 1.0
            self.factors[f"content {layer}"] = alpha * v[layer] / (whole or 1.0)
        for layer, A in self._A.items():
            whole = float(gram_loss(torch.zeros_like(A), A)) if units == "relative" else 1.0
            self.factors[f"style {layer}"] = beta * w[layer] / (whole or 1.0)
        if tv:
            self.factors["total variation"] = tv
        if not self.factors:
            raise InputError("nothing to do: give content_layers, style_layers or tv")

    @property
    def precision(self) -> Precision:
        """What `value_and_gradient` computes in: never `"auto"`."""
        return self._passes.precision

    def let_go(self) -> None:
        """Drop what is only kept for speed; for the end of a synthesis."""
        self._passes.let_go()

    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        """Return the weighted terms by name; for a batch each is the sum over its pictures."""
        features = self.vgg(image, self._layers) if self._layers else {}
        terms = {f"content {layer}": content_loss(features[layer], P) for layer, P in self._P.items()}
        for layer, A in self._A.items():
            terms[f"style {layer}"] = gram_loss(gram_matrix(features[layer], divide_by="M"), A)
        if self.tv:
            terms["total variation"] = total_variation(image)
        return {name: self.factors[name] * term for name, term in terms.items()}

    @torch.no_grad()
    def value_and_gradient(self, image: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The terms and the gradient of their sum with respect to the picture, without a graph.

        The same numbers as by calling the objective and autograd, but for rounding (see `precision`), sooner: Eq. 2
        and 6 give the gradients with respect to the features, and `styletools.fast` carries them back to the picture.

        Args:
            image: (B, 3, H, W), as for the call.

        Returns:
            The weighted terms by name, and ∂L_total/∂x, (B, 3, H, W).

        Raises:
            InputError: as the call.

        Example:
            >>> vgg, image = VGG(weights="random"), torch.rand(1, 3, 32, 32)
            >>> objective = Objective(vgg, content=image, content_layers="conv2_2")
            >>> terms, gradient = objective.value_and_gradient(torch.zeros(1, 3, 32, 32))
            >>> terms["content conv2_2"] > 0, gradient.shape
            (tensor(True), torch.Size([1, 3, 32, 32]))

        Reference:
            Gatys, Ecker and Bethge 2016, Eq. 2 and 6.
        """
        features = self._passes.forward(image, self._layers) if self._layers else {}
        terms: dict[str, Tensor] = {}
        sources: dict[str, list[Source]] = {layer: [] for layer in self._layers}
        for layer, P in self._P.items():
            name, F = f"content {layer}", features[layer]
            terms[name] = self.factors[name] * content_loss(F.to(P.dtype), P)
            sources[layer].append(partial(_add_content_gradient, P=P, factor=self.factors[name]))
        for layer, A in self._A.items():
            name, F = f"style {layer}", features[layer]
            G = mean_gram(F)
            terms[name] = self.factors[name] * gram_loss(G, A)
            N, M = F.shape[1], F.shape[2] * F.shape[3]
            difference = self.factors[name] / (N * N * M) * (G - A)  # Eq. 6, with Ĝ = G / M
            sources[layer].append(partial(add_gram_gradient, difference=difference))
        total = self._passes.backward(sources) if sources else torch.zeros_like(image)
        if self.tv:
            terms["total variation"], gradient = self._variation(image)
            total += gradient
        return terms, total

    @torch.inference_mode(False)
    @torch.enable_grad()
    def _variation(self, image: Tensor) -> tuple[Tensor, Tensor]:
        image = image.detach().clone().requires_grad_()  # a picture made in inference mode cannot have a gradient
        term = self.factors["total variation"] * total_variation(image)
        return term.detach(), torch.autograd.grad(term, image)[0]

    @torch.no_grad()
    def _features(self, image: Tensor | None, weights: dict[str, float], name: str) -> dict[str, Tensor]:
        if not weights:
            return {}
        if image is None:
            raise InputError(f"{name}: expected a picture, because there are {name}_layers; got None")
        return self.vgg(image, weights)


def _add_content_gradient(features: Tensor, gradient: Tensor, P: Tensor, factor: float) -> None:
    """Eq. 2 before the ReLU, which `Passes` sees to."""
    gradient.add_(features - P, alpha=factor)


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
        raise InputError(f"{name}: expected a layer, several, or weights by layer, got {layers!r}")
    names = list(layers)
    if len(set(names)) < len(names):
        raise InputError(f"{name}: a layer is named twice in {', '.join(map(str, names))}")
    return {layer: 1 / len(names) for layer in names}
