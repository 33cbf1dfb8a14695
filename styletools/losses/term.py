"""One equation at one layer, with its target inside: what losses are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor

from styletools.losses.parts import Part, Parts, Sums

__all__ = ["Additive", "Term"]


class Term(ABC):
    """A number that says how far features F are from the painting's, at one layer.

    A statistic of your own is a class with two methods. `prepare` gets the features S of the painting, and what it
    returns becomes `self.target`; it is called once for each layer, at each size that a growing picture goes through.
    `value` is called at each step with the features F of the picture in the making, and returns a scalar: for a batch
    the sum over its pictures. The gradient comes from autograd through `value` alone, and the network's own way back,
    the relative unit and a named column in the history (`style conv1_1`) come for free:

        class Means(st.Term):
            def prepare(self, S):
                return S.mean((2, 3))                               # one number per filter

            def value(self, F):
                return ((self.prepare(F) - self.target) ** 2).sum()

        st.transfer("chelsea", "starry_night", statistic=Means)

    S is (1, C, H, W) and F (B, C, H', W'): height and width may differ, and at the deepest layer of the smallest size
    they may be 2 or 3. After a ReLU features are ≥ 0 and often exactly 0, where a root has no finite slope: add a
    small number under it. The scale of the value does not matter with relative units, which divide it by the value at
    F = 0 (`unit`; a term whose value is 0 there is not divided). Where a gradient by hand is quicker, override
    `add_gradient` too.

    Args:
        layer: where features are compared.
        S: what `prepare` makes the target from: the painting's or the photograph's features, (1, C, H, W).
        weight: of the term in the sum; β w_l for style.
        kind: the first word of its name; by default the class attribute `kind`, which is `"style"`.

    Attributes:
        target: what `prepare` returned.

    Example:
        >>> class Means(Term):
        ...     def prepare(self, S):
        ...         return S.mean((2, 3))
        ...     def value(self, F):
        ...         return ((self.prepare(F) - self.target) ** 2).sum()
        >>> term = Means("conv1_1", torch.full((1, 2, 3, 3), 2.0))
        >>> term.name, term.value(torch.ones(1, 2, 4, 4))
        ('style conv1_1', tensor(2.))
        >>> term.unit()  # what is missing where there is nothing at all: 2² + 2²
        8.0
    """

    kind: ClassVar[str] = "style"
    statistic: ClassVar[str] = ""  # the name that `statistic=` knows it by; empty: only the class itself
    of_pixels: ClassVar[bool] = False  # whether it is given the picture itself instead of a layer's features
    arranged: ClassVar[bool] = False  # whether it matters which positions are neighbours; else they are a mere set
    captured: ClassVar[bool] = (
        False  # whether a graphics card can record and replay it: no waiting for the card, nothing from the CPU
    )
    linear: ClassVar[bool] = False  # whether the target is a mean over positions, so that targets can be blended
    placed: ClassVar[bool] = False  # whether its sums over a part depend on where that is in the picture

    _dtype = torch.float32

    def __init__(self, layer: str | None, S: Tensor | Parts, *, weight: float = 1.0, kind: str | None = None) -> None:
        """Make the target."""
        self.layer = layer
        self.weight = weight
        self.name = f"{kind or self.kind} {layer or 'pixels'}"
        self._dtype = S.dtype
        # The features of a picture that has none: zeros that take no memory.
        self._nothing = torch.zeros((), dtype=S.dtype, device=S.device).expand(S.shape)
        with torch.no_grad():
            self.target: Any = self.prepare(S) if isinstance(S, Tensor) else self.prepare_parts(S)

    def prepare(self, S: Tensor) -> Any:  # noqa: ANN401  # whatever `value` wants
        """Make the target from the features S of the painting, once; by default S itself."""
        return S

    def prepare_parts(self, S: Parts) -> Any:  # noqa: ANN401
        """Make the same target from features that come part by part; by default from all of them together."""
        return self.prepare(S.whole())

    @abstractmethod
    def value(self, F: Tensor) -> Tensor:
        """How far F is from the target: a scalar, differentiable; for a batch the sum over its pictures."""

    def unit(self) -> float:
        """The value of a picture without features, F = 0: what a relative loss is measured in."""
        return float(self.value(self._nothing))

    def add_gradient(self, F: Tensor, g: Tensor, scale: float) -> Tensor:
        """Add scale · ∂value/∂F to g in place, and return the value.

        By autograd at this layer only, never through the network. Features in bfloat16 are compared in the precision
        of the target.
        """
        value, gradient = self._by_autograd(F)
        g.add_(gradient, alpha=scale)
        return value

    @property
    def splits(self) -> bool:
        """Whether it can be computed for a picture part by part: whether it has `sums`."""
        return type(self).sums is not Term.sums

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Sums over the positions of a part, differentiable: all that the value needs to know about them.

        A term that has these, and `of_sums`, can be computed in blocks (`styletools.losses.blocks`).
        """
        raise NotImplementedError

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """The value, from the sums over all height × width positions; differentiable."""
        raise NotImplementedError

    def add_part_gradient(self, F: Tensor, part: Part, slopes: Sums, g: Tensor, scale: float) -> None:
        """Add scale · Σ slope · ∂sum/∂F over the positions of a part to g, in place; by default by autograd."""
        with torch.inference_mode(False), torch.enable_grad():
            x = self._leaf(F)
            sums = self.sums(x, part)
            weights = [slope.to(total) for slope, total in zip(slopes, sums, strict=False)]
            (gradient,) = torch.autograd.grad(sums, x, weights)
        g.add_(gradient, alpha=scale)

    @torch.inference_mode(False)
    @torch.enable_grad()  # whatever the caller has switched off
    def _by_autograd(self, F: Tensor) -> tuple[Tensor, Tensor]:
        x = self._leaf(F)
        value = self.value(x)
        (gradient,) = torch.autograd.grad(value, x)
        return value.detach(), gradient

    def _leaf(self, F: Tensor) -> Tensor:
        """A copy that a gradient can be asked for."""
        x = F.detach().to(self._dtype) if F.dtype == torch.bfloat16 else F.detach().clone()
        return x.requires_grad_()


class Additive(Term):
    """A term that compares means over positions, or whatever else follows from sums over them.

    Three methods give it its target and its value, and both in blocks for a picture of any size:

        class Means(Additive):
            def sums(self, F, part):
                return (F.sum((2, 3)),)                             # over these positions

            def of_all(self, sums, size):
                return sums[0] / (size[0] * size[1])                # what is compared

            def distance(self, found):
                return ((found - self.target) ** 2).sum()

    Example:
        >>> class Means(Additive):
        ...     def sums(self, F, part):
        ...         return (F.sum((2, 3)),)
        ...     def of_all(self, sums, size):
        ...         return sums[0] / (size[0] * size[1])
        ...     def distance(self, found):
        ...         return ((found - self.target) ** 2).sum()
        >>> Means("conv1_1", torch.full((1, 2, 3, 3), 2.0)).value(torch.ones(1, 2, 4, 4))
        tensor(2.)
    """

    @abstractmethod
    def sums(self, F: Tensor, part: Part) -> Sums:
        """See `Term.sums`; called for the painting as well, before there is a target."""

    @abstractmethod
    def of_all(self, sums: Sums, size: tuple[int, int]) -> Any:  # noqa: ANN401  # whatever `distance` wants
        """What is compared, from the sums over all height × width positions."""

    @abstractmethod
    def distance(self, found: Any) -> Tensor:  # noqa: ANN401
        """How far that is from the target; for a batch the sum over its pictures."""

    def prepare(self, S: Tensor) -> Any:  # noqa: ANN401
        """From all positions at once."""
        return self.of_all(self.sums(S, Part.all_of(S)), (S.shape[2], S.shape[3]))

    def prepare_parts(self, S: Parts) -> Any:  # noqa: ANN401
        """From the sums over the parts."""
        return _like(self.of_all(S.total(self.sums), (S.shape[2], S.shape[3])), S)

    def value(self, F: Tensor) -> Tensor:
        """From all positions at once."""
        return self.of_sums(self.sums(F, Part.all_of(F)), (F.shape[2], F.shape[3]))

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """From the sums."""
        return self.distance(self.of_all(sums, size))


def _like(found: Any, S: Parts) -> Any:  # noqa: ANN401
    """A target in the type of the features: sums over parts are in double precision."""
    if isinstance(found, tuple):
        return tuple(_like(each, S) for each in found)
    return found.to(S.device, S.dtype) if isinstance(found, Tensor) else found
