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
- with oneDNN, features and gradients have rooms that are used again at each step: a gradient moves into the room of a
  feature that has been used;
- where the processor has instructions for bfloat16, features have eight bits of precision, and sums over them 24:
  pictures and losses end up the same (see `benchmarks/`), in a little more than half the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.grad
from torch import Tensor
from torch.nn import functional

from styletools.errors import InputError
from styletools.vgg import PRE, VGG

__all__ = ["Passes", "Precision", "Source", "add_gram_gradient", "mean_gram", "pick_precision"]

Precision: TypeAlias = Literal["auto", "full", "bfloat16"]
"""`"full"` is the network's own; `"auto"` is bfloat16 where the processor has instructions for it, else full."""


Source: TypeAlias = Callable[[Tensor, Tensor], object]
"""(F, g): adds the gradient of a loss with respect to the features F to g, in place."""


@dataclass
class _Prepared:
    """Weights as the convolution wants them, and what they were made from."""

    source: tuple[Tensor, Tensor]  # kept, so that no other tensor can take its place in memory unseen
    state: tuple[object, ...]
    weight: Tensor
    bias: Tensor | None


@dataclass
class _Visited:
    """What the way back needs of a step of the architecture."""

    step: str
    value: Tensor  # after the ReLU or the pooling
    before: Tensor | None = None  # what was pooled; or a convolution's value before the ReLU, where that is wanted
    where: Tensor | None = None  # of the maxima


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
        >>> gradient = passes.backward({"conv2_1": [lambda F, g: g.add_(F)]})  # of ½ Σ F²
        >>> x = image.clone().requires_grad_()
        >>> (0.5 * vgg(x, "conv2_1")["conv2_1"] ** 2).sum().backward()
        >>> torch.allclose(gradient, x.grad, rtol=1e-3, atol=1e-4 * x.grad.abs().max().item())
        True
    """

    def __init__(self, vgg: VGG, precision: Precision = "auto") -> None:
        """Nothing is computed yet; weights are rearranged and rooms are made when they are first used."""
        self.vgg = vgg
        self.precision = pick_precision(precision, vgg)
        self.dtype = torch.bfloat16 if self.precision == "bfloat16" else vgg.dtype
        self._fused = vgg.device.type == "cpu" and has_fused(self.dtype)
        self._padding = vgg.padding  # what is not zeros is put around a picture by hand
        self._prepared: dict[tuple[str, bool], _Prepared] = {}
        self._rooms: dict[str, Tensor] = {}
        self._visited: list[_Visited] = []

    @torch.no_grad()
    def forward(self, image: Tensor, layers: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute features; see `VGG.forward`. They are kept, and written over by what is called next."""
        names = [layers] if isinstance(layers, str) else list(layers)
        self.vgg.check(image, names)
        wanted = set(names)
        self._visited = []
        kept: dict[str, Tensor] = {}
        x = ((image - self.vgg.mean) / self.vgg.std).to(self.dtype, memory_format=torch.channels_last)
        for step in self.vgg.steps:
            if len(kept) == len(wanted):
                break
            if step.startswith("pool"):
                now = self._pool(step, x)
            elif step + PRE in wanted:  # then the ReLU must not hide it
                kept[step + PRE] = before = self._convolution(step, x)
                now = _Visited(step, functional.relu(before), before)
            else:
                now = _Visited(step, self._convolution(step, x, rectify=True))
            self._visited.append(now)
            x = now.value
            if step in wanted:
                kept[step] = x
        return {name: kept[name] for name in names}

    @torch.no_grad()
    def backward(self, sources: Mapping[str, Sequence[Source]]) -> Tensor:
        """Collect the gradients with respect to features, and turn them into the picture's by the chain rule.

        Uses up what `forward` has kept: a feature's room becomes the next gradient's as soon as nothing needs it.

        Args:
            sources: by layer, what adds a gradient there.

        Returns:
            (B, 3, H, W).
        """
        g: Tensor | None = None
        while self._visited:
            now = self._visited.pop()
            if g is None and not {now.step, now.step + PRE} & sources.keys():
                continue
            g = torch.zeros_like(now.value) if g is None else g
            for add in sources.get(now.step, ()):
                add(now.value, g)
            if now.step.startswith("pool"):
                g = self._pool_back(now, g)
                continue
            # The ReLU, g where the value is > 0 and else 0, in place.
            torch.ops.aten.threshold_backward.grad_input(g, now.value, 0, grad_input=g)
            for add in sources.get(now.step + PRE, ()):
                assert now.before is not None
                add(now.before, g)
            g = self._convolution(now.step, g, back=True)
        assert g is not None, "no gradients"
        return (g.to(self.vgg.dtype) / self.vgg.std).contiguous()

    def let_go(self) -> None:
        """Drop rearranged weights and rooms, tens of megabytes or more; they are made again when they are needed."""
        self._prepared.clear()
        self._rooms.clear()
        self._visited = []

    def _room(self, name: str, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
        """Memory to use again at the next step, (B, C, H, W), channels last: fresh memory is slow at first."""
        batch, channels, height, width = shape
        size = batch * channels * height * width
        if name not in self._rooms or self._rooms[name].numel() < size:
            with torch.inference_mode(False):  # else it could be used in that mode only
                self._rooms[name] = torch.empty(size, dtype=dtype or self.dtype, device=self.vgg.device)
        return self._rooms[name][:size].view(batch, height, width, channels).permute(0, 3, 1, 2)

    def _pool(self, step: str, x: Tensor) -> _Visited:
        """Average or maximum of 2 × 2."""
        shape = (*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2)
        value = self._room(step, shape)
        if self.vgg.pooling == "avg":
            torch.ops.aten.avg_pool2d.out(x, 2, out=value)
            return _Visited(step, value, x)
        where = self._room(f"{step}, where", shape, torch.int64)
        torch.ops.aten.max_pool2d_with_indices.out(x, 2, out=value, indices=where)
        return _Visited(step, value, x, where)

    def _pool_back(self, now: _Visited, g: Tensor) -> Tensor:
        """Share the gradient among four positions, or give it to the largest."""
        assert now.before is not None
        out = self._room("below a pooling", now.before.shape)
        if now.where is None:
            torch.ops.aten.avg_pool2d_backward.grad_input(g, now.before, *_WINDOWS, True, None, grad_input=out)
        else:
            torch.ops.aten.max_pool2d_with_indices_backward.grad_input(
                g, now.before, *_WINDOWS[:3], 1, _WINDOWS[3], now.where, grad_input=out
            )
        return out

    def _convolution(self, name: str, x: Tensor, *, rectify: bool = False, back: bool = False) -> Tensor:
        """Run one forwards, or back: then into the room of its own features, which are needed no longer."""
        if self._padding == "zeros":
            return self._convolve(name, name, x, 1, rectify=rectify, back=back)
        if not back:
            return self._convolve(name, name, self._with_border(x), 0, rectify=rectify)
        g = self._convolve(name, "with its border", x, 2, back=True)
        height, width = x.shape[2:]
        return self._without_border(g, self._room(name, (*g.shape[:2], height, width)))

    def _convolve(
        self, name: str, room: str, x: Tensor, padding: int, *, rectify: bool = False, back: bool = False
    ) -> Tensor:
        """One convolution with so many zeros beyond each side, into a room; ReLU is max(·, 0)."""
        weight, bias = self._weights(name, back, x.shape, padding)
        if not self._fused:
            x = functional.conv2d(x, weight, bias, padding=padding)
            return x.relu_() if rectify else x
        height, width = (side + 2 * padding - 2 for side in x.shape[2:])
        out = self._room(room, (len(x), weight.shape[0], height, width))
        return _add_convolution(out.zero_(), x, weight, bias, padding=padding, rectify=rectify)

    def _with_border(self, x: Tensor) -> Tensor:
        """One position more on each side: the border again, or what lies just inside it."""
        batch, channels, height, width = x.shape
        out = self._room("with its border", (batch, channels, height + 2, width + 2))
        out[:, :, 1:-1, 1:-1] = x
        for axis in (2, 3):  # rows first; columns then include the corners
            for beyond, source in self._borders:
                out.select(axis, beyond).copy_(out.select(axis, source))
        return out

    def _without_border(self, g: Tensor, out: Tensor) -> Tensor:
        """The gradient's way back through `_with_border`: what was copied gets the sum. Uses up g."""
        for axis in (3, 2):
            for beyond, source in self._borders:
                g.select(axis, source).add_(g.select(axis, beyond))
        return out.copy_(g[:, :, 1:-1, 1:-1])

    @property
    def _borders(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Places beyond the border and those that are repeated there, along one axis with its margin."""
        inside = 1 if self._padding == "replicate" else 2
        return (0, inside), (-1, -1 - inside)

    def _weights(self, name: str, back: bool, shape: torch.Size, padding: int) -> tuple[Tensor, Tensor | None]:
        """Weights as the convolution wants them, rearranged again only where something has changed."""
        source = self.vgg.convolution(name)
        state = (*map(id, source), *(tensor._version for tensor in source), shape)
        found = self._prepared.get((name, back))
        if found is None or found.state != state:
            weight, bias = (tensor.to(self.dtype) for tensor in source)
            if back:
                weight = weight.flip(2, 3).transpose(0, 1)
            weight = weight.contiguous(memory_format=torch.channels_last)
            if self._fused:
                weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *_geometry(padding), list(shape))
            found = self._prepared[name, back] = _Prepared(source, state, weight, None if back else bias)
        return found.weight, found.bias


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
    batch, channels, height, width = features.shape
    if features.dtype == torch.bfloat16:  # sums in it would be rough: Ĝ − Â is a small difference of large numbers
        parts = features.chunk(math.ceil(features.numel() / 2**21), 2)  # a few megabytes at a time
        grams = [mean_gram(part.float()) * part.shape[2] for part in parts]
        return torch.stack(grams).sum(0) / height
    if _is_fused(features):
        # The weights' gradient of a 1 × 1 convolution is the same sum over positions, and twice as fast where torch's
        # matrix products come from a library that favours another maker's processors.
        grams = [_weight_gradient(F, (channels, channels, 1, 1), F) for F in _one_by_one(features)]
        return torch.stack(grams).view(batch, channels, channels) / (height * width)
    F = features.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    return F.transpose(1, 2) @ F / (height * width)


def add_gram_gradient(features: Tensor, gradient: Tensor, difference: Tensor) -> None:
    """Add (G − A) F, Eq. 6 but for its factor, to a gradient of the shape of F. `difference` is (B, C, C), symmetric.

    Example:
        >>> gradient = torch.ones(1, 2, 1, 1)
        >>> add_gram_gradient(torch.ones(1, 2, 1, 1), gradient, 3 * torch.eye(2)[None])
        >>> gradient.flatten()
        tensor([4., 4.])
    """
    weights = difference.to(features.dtype)[..., None, None]
    fused = _is_fused(features)
    for F, g, D in zip(_one_by_one(features), _one_by_one(gradient), weights, strict=True):
        if fused:
            _add_convolution(g, F, D, None, padding=0)
        else:
            g.add_(functional.conv2d(F, D))


def has_fused(dtype: torch.dtype) -> bool:
    """Whether oneDNN's fused convolution is here and computes what it should.

    Its operators are torch's own affair and may change or be missing: they are tried out before they are used.

    Example:
        >>> has_fused(torch.float64)
        False
    """
    return dtype in (torch.float32, torch.bfloat16) and bool(torch.backends.mkldnn.enabled) and _try_fused(dtype)


def _is_fused(features: Tensor) -> bool:
    return features.device.type == "cpu" and has_fused(features.dtype)


_weight_gradient: Callable[[Tensor, tuple[int, ...], Tensor], Tensor] = torch.nn.grad.conv2d_weight
_WINDOWS = (2, 2, 0, False)  # size, stride, padding and rounding up of every pooling of a VGG


def _geometry(padding: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]:
    """Padding, stride, dilation and groups."""
    return (padding, padding), (1, 1), (1, 1), 1


def _add_convolution(
    out: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, *, padding: int, rectify: bool = False
) -> Tensor:
    """Into given memory, by adding to what is there: the operator that merely writes always takes fresh memory."""
    after = "relu" if rectify else None
    result: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
        out, x, weight, bias, *_geometry(padding), "add", 1.0, after, [], None
    )
    return result


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
    expected = functional.relu(1 + functional.conv2d(x, weight, bias, padding=1))
    try:
        prepared = torch.ops.mkldnn._reorder_convolution_weight(weight, *_geometry(1), list(x.shape))
        got = torch.ones_like(expected, memory_format=torch.channels_last)
        _add_convolution(got, x.contiguous(memory_format=torch.channels_last), prepared, bias, padding=1, rectify=True)
    except (AttributeError, RuntimeError, TypeError):  # another torch, another processor
        return False
    return torch.allclose(got.float(), expected.float(), rtol=0.05, atol=0.05)


def _one_by_one(batch: Tensor) -> list[Tensor]:
    """Its pictures, each (1, C, H, W); slices, because indexing loses the order of memory."""
    return [batch[i : i + 1] for i in range(len(batch))]
