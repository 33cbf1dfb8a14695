"""One equation at one layer, with its target inside: what losses are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor

__all__ = ["Term"]


class Term(ABC):
    """A number that says how far features F are from the painting's, at one layer.

    A statistic of your own is a class with two methods. `prepare` gets the features S of the painting, and what it
    returns is `self.target`; it is called once for each layer, at each size that a growing picture goes through.
    `value` is called at each step with the features F of the picture in the making, and returns a scalar: for a batch
    the sum over its pictures. The gradient comes by autograd through `value` alone, and the network's own way back,
    the relative unit and a named column in the history (`style conv1_1`) come for nothing:

        class Means(st.Term):
            def prepare(self, S):
                return S.mean((2, 3))                               # one number per filter

            def value(self, F):
                return ((self.prepare(F) - self.target) ** 2).sum()

        st.transfer("chelsea", "starry_night", statistic=Means)

    S is (1, C, H, W) and F (B, C, H', W'): height and width may differ, and at the deepest layer of the smallest size
    they may be 2 or 3. After a ReLU features are ≥ 0 and often exactly 0, where a root has no finite slope: add a
    small number under it. The scale of the value does not matter with relative units, which divide it by the value of
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
    arranged: ClassVar[bool] = False  # whether it asks which positions are neighbours; else they are a mere set
    captured: ClassVar[bool] = (
        False  # whether a graphics card can play it back: no waiting for it, nothing from the CPU
    )
    linear: ClassVar[bool] = False  # whether the target is a mean over positions, so that targets can be blended

    _dtype = torch.float32

    def __init__(self, layer: str | None, S: Tensor, *, weight: float = 1.0, kind: str | None = None) -> None:
        """Make the target."""
        self.layer = layer
        self.weight = weight
        self.name = f"{kind or self.kind} {layer or 'pixels'}"
        self._dtype = S.dtype
        self._nothing = S.new_zeros(()).expand(S.shape)  # features of a picture that has none, in no memory
        with torch.no_grad():
            self.target: Any = self.prepare(S)

    def prepare(self, S: Tensor) -> Any:  # noqa: ANN401  # whatever `value` wants
        """Make the target from the features S of the painting, once; by default S itself."""
        return S

    @abstractmethod
    def value(self, F: Tensor) -> Tensor:
        """How far F is from the target: a scalar, differentiable; for a batch the sum over its pictures."""

    def unit(self) -> float:
        """The value of a picture without features, F = 0: what a relative loss is counted in."""
        return float(self.value(self._nothing))

    def add_gradient(self, F: Tensor, g: Tensor, scale: float) -> Tensor:
        """Add scale · ∂value/∂F to g in place, and return the value.

        By autograd at this layer only, never through the network. Features in bfloat16 are compared in the precision
        of the target.
        """
        value, gradient = self._by_autograd(F)
        g.add_(gradient, alpha=scale)
        return value

    @torch.inference_mode(False)
    @torch.enable_grad()  # whatever the caller has switched off
    def _by_autograd(self, F: Tensor) -> tuple[Tensor, Tensor]:
        x = F.detach().to(self._dtype) if F.dtype == torch.bfloat16 else F.detach().clone()
        value = self.value(x.requires_grad_())
        (gradient,) = torch.autograd.grad(value, x)
        return value.detach(), gradient
