"""The network forwards and backwards without a graph: what `VGG` and autograd compute, in half the time.

`VGG.forward` is the reference, and the one to read. What is faster here, and why:

- channels lie together in memory ("channels last"), as the processor's own convolutions want them;
- a convolution, its bias and its ReLU are one operation, on weights that are rearranged once (oneDNN; without it,
  torch's own convolution and a ReLU in place);
- the gradient with respect to the input of a convolution *is* a convolution, with the filters turned by 180° and the
  roles of their two kinds of channels exchanged: it runs as fast as the way forwards. The network is frozen, so no
  other gradient is needed;
- the gradient of a Gram term is one product, (Ĝ − Â) F (Eq. 6); autograd needs two, since it does not know that Ĝ is
  symmetric;
- a feature is forgotten on the way back as soon as it has been used;
- where the processor has instructions for bfloat16, features have eight bits of precision, and sums over them 24:
  pictures and losses end up the same (see `benchmarks/`), in a little more than half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.grad
from torch import Tensor
from torch.nn import functional

from styletools.errors import InputError
from styletools.vgg import PRE, VGG

__all__ = ["Passes", "Precision", "gram_gradient", "mean_gram", "pick_precision"]

Precision: TypeAlias = Literal["auto", "full", "bfloat16"]
"""`"full"` is the network's own; `"auto"` is bfloat16 where the processor has instructions for it, else full."""


@dataclass
class _Visited:
    """What the way back needs of a step of the architecture."""

    step: str
    value: Tensor  # a convolution's, after its ReLU; or a pooling's result, with the graph of that one operation
    below: Tensor | None = None  # what was pooled


class Passes:
    """A VGG's features, and the way back from their gradients to the picture's.

    Serves one thread at a time: the way back needs what the way forwards has kept.

    Args:
        vgg: the network. It stays the owner of its weights: what is changed there is seen here.
        precision: of the features and gradients inside. What goes in and comes out, and Gram matrices, are as exact as
            the network at least.

    Raises:
        InputError: an unknown precision.

    Example:
        >>> vgg, image = VGG(weights="random"), torch.rand(1, 3, 32, 32)
        >>> passes = Passes(vgg, "full")
        >>> F = passes.forward(image, ["conv2_1"])["conv2_1"]
        >>> gradient = passes.backward({"conv2_1": F})  # of ½ Σ F²
        >>> x = image.clone().requires_grad_()
        >>> (0.5 * vgg(x, "conv2_1")["conv2_1"] ** 2).sum().backward()
        >>> torch.allclose(gradient, x.grad, rtol=1e-3, atol=1e-4 * x.grad.abs().max().item())
        True
    """

    def __init__(self, vgg: VGG, precision: Precision = "auto") -> None:
        """Nothing is computed yet; weights are rearranged when they are first used."""
        self.vgg = vgg
        self.precision = pick_precision(precision, vgg)
        self.dtype = torch.bfloat16 if self.precision == "bfloat16" else vgg.dtype
        self._convolve = _fused if has_fused(self.dtype) and vgg.device.type == "cpu" else _separate
        self._prepared: dict[tuple[str, bool], tuple[tuple[object, ...], Tensor, Tensor | None]] = {}
        self._visited: list[_Visited] = []

    @torch.no_grad()
    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Compute features; see `VGG.forward`. What the way back needs is kept until then, or the next call."""
        wanted = set(layers)
        self.vgg.check(image, list(wanted))
        self._visited = []
        kept: dict[str, Tensor] = {}
        x = ((image - self.vgg.mean) / self.vgg.std).to(self.dtype, memory_format=torch.channels_last)
        for step in self.vgg.steps:
            if len(kept) == len(wanted):
                break
            if step.startswith("pool"):
                below, pooled = self._pool(x)
                self._visited.append(_Visited(step, pooled, below))
                x = pooled.detach()
            else:
                before = step + PRE in wanted  # then the ReLU must not hide it
                x = self._convolution(step, x, rectify=not before)
                if before:
                    kept[step + PRE] = x
                    x = functional.relu(x)
                self._visited.append(_Visited(step, x))
            if step in wanted:
                kept[step] = x
        return {name: kept[name] for name in layers}

    @torch.no_grad()
    def backward(self, gradients: Mapping[str, Tensor]) -> Tensor:
        """Turn the gradients with respect to features into the one with respect to the picture, by the chain rule.

        Uses up what `forward` has kept. The gradients are written to.
        """
        g: Tensor | None = None
        while self._visited:
            now = self._visited.pop()
            g = _plus(g, self._inside(gradients.get(now.step)))
            if now.below is not None:
                g = None if g is None else torch.autograd.grad(now.value, now.below, g)[0]
                continue
            if g is not None:
                # The ReLU, g where the value is > 0 and else 0, in place.
                torch.ops.aten.threshold_backward.grad_input(g, now.value, 0, grad_input=g)
            g = _plus(g, self._inside(gradients.get(now.step + PRE)))
            if g is not None:
                g = self._convolution(now.step, g, back=True)
        assert g is not None, "no gradients"
        return (g.to(self.vgg.dtype) / self.vgg.std).contiguous()

    def let_go(self) -> None:
        """Drop the rearranged weights, tens of megabytes; they are made again when they are needed."""
        self._prepared.clear()
        self._visited = []

    def _inside(self, x: Tensor | None) -> Tensor | None:
        """In the type and the order of memory that the passes compute in."""
        return None if x is None else x.to(self.dtype, memory_format=torch.channels_last)

    def _pool(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Average or maximum of 2 × 2, with a graph of that one operation: autograd knows the way back of either."""
        pool = functional.avg_pool2d if self.vgg.pooling == "avg" else functional.max_pool2d
        with torch.enable_grad():
            below = x.detach().requires_grad_()
            return below, pool(below, 2)

    def _convolution(self, name: str, x: Tensor, *, rectify: bool = False, back: bool = False) -> Tensor:
        weight, bias = self._weights(name, back, x.shape)
        return self._convolve(x, weight, bias, rectify)

    def _weights(self, name: str, back: bool, shape: torch.Size) -> tuple[Tensor, Tensor | None]:
        """Weights as the convolution wants them, rearranged again only where something has changed."""
        weight, bias = self.vgg.convolution(name)
        state = (weight.data_ptr(), weight._version, bias._version, weight.dtype, shape)
        found = self._prepared.get((name, back))
        if found is None or found[0] != state:
            weight, bias = weight.to(self.dtype), bias.to(self.dtype)
            if back:
                weight = weight.flip(2, 3).transpose(0, 1)
            weight = weight.contiguous(memory_format=torch.channels_last)
            if self._convolve is _fused:
                weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *_GEOMETRY, 1, list(shape))
            found = self._prepared[name, back] = (state, weight, None if back else bias)
        return found[1:]


def pick_precision(precision: Precision, vgg: VGG) -> Literal["full", "bfloat16"]:
    """Say what `"auto"` means for a network on this machine.

    Raises:
        InputError: an unknown precision.

    Example:
        >>> pick_precision("auto", VGG("random").double())
        'full'
    """
    if precision not in get_args(Precision):
        raise InputError(f"precision: expected one of {', '.join(get_args(Precision))}, got {precision!r}")
    if precision == "auto":
        return "bfloat16" if _bfloat16_pays(vgg) else "full"
    return precision


def mean_gram(features: Tensor) -> Tensor:
    """Ĝ = G / M_l of Eq. 3, (B, C, H, W) → (B, C, C), in float32 at least.

    Example:
        >>> mean_gram(torch.ones(1, 2, 3, 3))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """
    if features.dtype == torch.bfloat16:
        features = features.float()  # Ĝ − Â is a small difference of large numbers
    batch, channels, height, width = features.shape
    if features.device.type == "cpu" and has_fused(features.dtype):
        # The weights' gradient of a 1 × 1 convolution is the same sum over positions, and twice as fast where torch's
        # matrix products come from a library that favours another maker's processors.
        grams = [_weight_gradient(F, (channels, channels, 1, 1), F) for F in _one_by_one(features)]
        return torch.stack(grams).view(batch, channels, channels) / (height * width)
    F = features.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    return F.transpose(1, 2) @ F / (height * width)


def gram_gradient(features: Tensor, difference: Tensor) -> Tensor:
    """(G − A) F, the shape of F: Eq. 6 but for its factor. `difference` is (B, C, C), symmetric.

    Example:
        >>> gram_gradient(torch.ones(1, 2, 1, 1), 3 * torch.eye(2)[None]).flatten()
        tensor([3., 3.])
    """
    weights = difference.to(features.dtype)[..., None, None]
    products = [functional.conv2d(F, D) for F, D in zip(_one_by_one(features), weights, strict=True)]
    return products[0] if len(products) == 1 else torch.cat(products)


def has_fused(dtype: torch.dtype) -> bool:
    """Whether oneDNN's fused convolution is here and computes what it should.

    Its operators are torch's own affair and may change or be missing: they are tried out before they are used.

    Example:
        >>> has_fused(torch.float64)
        False
    """
    return dtype in (torch.float32, torch.bfloat16) and bool(torch.backends.mkldnn.enabled) and _try_fused(dtype)


_weight_gradient: Callable[[Tensor, tuple[int, ...], Tensor], Tensor] = torch.nn.grad.conv2d_weight
_GEOMETRY = ((1, 1), (1, 1), (1, 1))  # padding, stride and dilation of every convolution of a VGG


def _fused(x: Tensor, weight: Tensor, bias: Tensor | None, rectify: bool) -> Tensor:
    after = "relu" if rectify else "none"
    result: Tensor = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, *_GEOMETRY, 1, after, [], "")
    return result


def _separate(x: Tensor, weight: Tensor, bias: Tensor | None, rectify: bool) -> Tensor:
    x = functional.conv2d(x, weight, bias, padding=1)
    return x.relu_() if rectify else x


def _bfloat16_pays(vgg: VGG) -> bool:
    """Whether the processor multiplies it natively. Others compute it as well, but slower than float32."""
    if vgg.device.type != "cpu" or vgg.dtype != torch.float32 or not has_fused(torch.bfloat16):
        return False
    found = [getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")]
    return any(supported is not None and supported() for supported in found)


@lru_cache
def _try_fused(dtype: torch.dtype) -> bool:
    """Compare with torch's convolution on a small case."""
    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(shape, generator=generator).to(dtype) for shape in ((1, 8, 6, 6), (4, 8, 3, 3)))
    bias = torch.full((4,), 0.5, dtype=dtype)
    try:
        prepared = torch.ops.mkldnn._reorder_convolution_weight(weight, *_GEOMETRY, 1, list(x.shape))
        got = _fused(x.contiguous(memory_format=torch.channels_last), prepared, bias, rectify=True)
    except (AttributeError, RuntimeError, TypeError):  # another torch, another processor
        return False
    return torch.allclose(got.float(), _separate(x, weight, bias, rectify=True).float(), rtol=0.05, atol=0.05)


def _one_by_one(batch: Tensor) -> list[Tensor]:
    """Its pictures, each (1, C, H, W); slices, because indexing loses the order of memory."""
    return [batch[i : i + 1] for i in range(len(batch))]


def _plus(total: Tensor | None, term: Tensor | None) -> Tensor | None:
    if total is None or term is None:
        return term if total is None else total
    return total.add_(term)
