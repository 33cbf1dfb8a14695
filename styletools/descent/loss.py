"""What a synthesis minimises: named terms, and the gradient of their sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor

from styletools.errors import InputError

__all__ = ["Autograd", "Later", "Loss", "ObjectiveFunction", "as_loss"]

ObjectiveFunction: TypeAlias = Callable[[Tensor], Mapping[str, Tensor]]
"""A picture (B, 3, H, W) → named scalar terms, whose sum is minimised."""


@runtime_checkable
class Loss(Protocol):
    """All that a synthesis knows about what it minimises."""

    def value_and_gradient(self, image: Tensor) -> tuple[Mapping[str, Tensor], Tensor]:
        """Return the named terms, and the gradient of their sum with respect to the picture, (B, 3, H, W)."""

    def release(self) -> None:
        """Release what is kept only for speed; called at the end of a stage."""


class Autograd:
    """Any function of a picture as a loss.

    Args:
        function: a picture → named scalar terms.

    Example:
        >>> loss = Autograd(lambda x: {"energy": (x**2).sum()})
        >>> terms, gradient = loss.value_and_gradient(torch.ones(1, 3, 1, 1))
        >>> terms["energy"], gradient.flatten()
        (tensor(3.), tensor([2., 2., 2.]))
    """

    def __init__(self, function: ObjectiveFunction) -> None:
        """Nothing is computed yet."""
        self.function = function

    @torch.inference_mode(False)
    @torch.enable_grad()  # whatever the caller has switched off
    def value_and_gradient(self, image: Tensor) -> tuple[Mapping[str, Tensor], Tensor]:
        """Compute the terms and the gradient of their sum.

        Raises:
            InputError: no named scalar terms, or none that depends on the picture.
        """
        image = image.detach().clone().requires_grad_()  # a tensor of inference mode cannot have a gradient
        terms = self.function(image)
        _check(terms)
        (gradient,) = torch.autograd.grad(sum(terms.values(), start=image.new_zeros(())), image)
        return {name: term.detach() for name, term in terms.items()}, gradient

    def release(self) -> None:
        """Nothing is kept."""


class Later:
    """A loss that is made when it is first used, and again after it was released: for large targets.

    Args:
        make: makes it.

    Example:
        >>> loss = Later(lambda: Autograd(lambda x: {"energy": (x**2).sum()}))
        >>> loss.value_and_gradient(torch.ones(1, 3, 1, 1))[0]["energy"]
        tensor(3.)
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        """Nothing is made yet."""
        self._make = make
        self._made: Any = None

    @property
    def loss(self) -> Any:  # noqa: ANN401  # whatever kind of loss
        """The loss, made now if it is not there."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def value_and_gradient(self, image: Tensor) -> tuple[Mapping[str, Tensor], Tensor]:
        """The loss's own."""
        terms, gradient = self.loss.value_and_gradient(image)
        return terms, gradient

    def __call__(self, image: Tensor) -> Mapping[str, Tensor]:
        """The loss's own."""
        terms: Mapping[str, Tensor] = self.loss(image)
        return terms

    def release(self) -> None:
        """Forget it, after it has released what it keeps: whoever else holds it is not to hold buffers."""
        if self._made is not None:
            self._made.release()
        self._made = None


def as_loss(objective: Loss | ObjectiveFunction) -> Loss:
    """A loss as it is; any other callable with autograd.

    Raises:
        InputError: `value_and_gradient` without `release`: it would be silently ignored.

    Example:
        >>> isinstance(as_loss(lambda x: {"light": x.mean()}), Autograd)
        True
    """
    if isinstance(objective, Loss):
        return objective
    if hasattr(objective, "value_and_gradient"):
        raise InputError(f"objective: {type(objective).__name__} has value_and_gradient() but no release(); add one")
    return Autograd(objective)


def _check(terms: object) -> None:
    if not isinstance(terms, Mapping) or not terms:
        raise InputError(f"objective: expected a dict of named scalar terms, got {type(terms).__name__}, or none in it")
    for name, term in terms.items():
        if not isinstance(term, Tensor) or term.numel() != 1:
            got = tuple(term.shape) if isinstance(term, Tensor) else type(term).__name__
            raise InputError(f"objective: expected a scalar tensor for {name!r}, got {got}")
    if not any(term.requires_grad for term in terms.values()):
        raise InputError(f"objective: no term depends on the picture: {', '.join(terms)}; was the graph cut?")
