"""The network forwards and backwards without a graph: what `VGG` and autograd compute, in half the time.

`VGG.forward` is the reference, and the one to read. What is faster here, and why:

- channels lie together in memory ("channels last"), as the processor's own convolutions want them;
- a convolution, its bias and its ReLU are one operation, on weights that are rearranged once (oneDNN; without it,
  torch's own convolution and a ReLU in place);
- the gradient with respect to the input of a convolution *is* a convolution, with the filters turned by 180° and the
  roles of their two kinds of channels exchanged: it runs as fast as the forward pass. The network is frozen, so no
  other gradient is needed;
- with oneDNN, features and gradients live in preallocated buffers, reused at each step: a gradient takes the buffer of
  a feature that is no longer needed;
- where the processor has instructions for bfloat16, features have eight bits of precision, and sums over them 24:
  pictures and losses end up the same (see `benchmarks/`), in a little more than half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor
from torch.nn import functional

from styletools.errors import InputError, shown
from styletools.network.cudnn import exact, has_rectified, rectified_convolution
from styletools.network.network import Network
from styletools.network.onednn import add_convolution, has_fused, prepare_weight
from styletools.network.vgg import PRE, VGG

__all__ = ["AddGradient", "Passes", "Precision", "find_passes", "pick_precision"]

Precision: TypeAlias = Literal["auto", "full", "bfloat16"]
"""`"full"` is the network's own; `"auto"` is bfloat16 where the processor has instructions for it, else full."""


AddGradient: TypeAlias = Callable[[Tensor, Tensor], object]
"""(F, g): adds the gradient of a loss with respect to the features F to g, in place."""


@dataclass
class _Prepared:
    """Weights as the convolution wants them, and what they were made from."""

    source: tuple[Tensor, Tensor]  # kept, so that no other tensor can take its place in memory unnoticed
    state: tuple[object, ...]
    weight: Tensor
    bias: Tensor | None


@dataclass
class _Visited:
    """What the way back needs to know about a step of the architecture."""

    step: str
    value: Tensor  # after the ReLU or the pooling
    before: Tensor | None = None  # what was pooled; or a convolution's value before the ReLU, where that is wanted
    where: Tensor | None = None  # of the maxima


class Passes:
    """A VGG's features, and the way back from their gradients to the picture's.

    Serves one thread at a time: the way back needs what the forward pass has kept.

    Args:
        vgg: the network. It stays the owner of its weights: what is changed there is seen here.
        precision: of the features and gradients inside. What goes in and comes out, and Gram matrices, are at least as
            exact as the network.
        above: the pooling to begin after. Then what goes in is its features, and what comes out is the gradient with
            respect to them.

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

    def __init__(self, vgg: VGG, precision: Precision = "auto", *, above: str | None = None) -> None:
        """Nothing is computed yet; weights are rearranged and buffers allocated on first use."""
        self.vgg = vgg
        self._above = above
        self._operations = vgg.operations[vgg.operations.index(above) + 1 if above else 0 :]
        self.precision = pick_precision(precision, vgg)
        self.dtype = torch.bfloat16 if self.precision == "bfloat16" else vgg.dtype
        self._fused = vgg.device.type == "cpu" and has_fused(self.dtype)
        self._rectifies = vgg.device.type == "cuda" and has_rectified(self.dtype)
        self._padding = vgg.padding  # any other than zeros is put around a picture by hand
        self._prepared: dict[tuple[str, bool], _Prepared] = {}
        self._buffers: dict[str, Tensor] = {}
        self._visited: list[_Visited] = []

    @torch.no_grad()
    @exact
    def forward(self, image: Tensor, layers: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute features; see `VGG.forward`. They are overwritten by the next call."""
        names = [layers] if isinstance(layers, str) else list(layers)
        if self._above is None:
            self.vgg.check(image, names)
            image = (image - self.vgg.mean) / self.vgg.std
        wanted = set(names)
        self._visited = []
        kept: dict[str, Tensor] = {}
        x = image.to(self.dtype, memory_format=torch.channels_last)
        for step in self._operations:
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
    @exact
    def backward(self, sources: Mapping[str, Sequence[AddGradient]]) -> Tensor:
        """Collect the gradients with respect to features, and turn them into the picture's by the chain rule.

        Uses up what `forward` has kept: a feature's buffer is reused for the next gradient as soon as nothing needs it.

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
            # Back through the ReLU, in place: g where the value is > 0, else 0.
            torch.ops.aten.threshold_backward.grad_input(g, now.value, 0, grad_input=g)
            for add in sources.get(now.step + PRE, ()):
                assert now.before is not None
                add(now.before, g)
            g = self._convolution(now.step, g, back=True)
        assert g is not None, "no gradients"
        return g if self._above else (g.to(self.vgg.dtype) / self.vgg.std).contiguous()

    def release(self) -> None:
        """Release rearranged weights and buffers, tens of megabytes or more; they are made again on demand."""
        self._prepared.clear()
        self.release_buffers()

    def release_buffers(self) -> None:
        """Release what grows with the picture only."""
        self._buffers.clear()
        self._visited = []

    def _buffer(self, name: str, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
        """A buffer (B, C, H, W), channels last, reused at each step: freshly allocated memory is slow at first."""
        batch, channels, height, width = shape
        size = batch * channels * height * width
        if name not in self._buffers or self._buffers[name].numel() < size:
            with torch.inference_mode(False):  # else it could be used only in that mode
                self._buffers[name] = torch.empty(size, dtype=dtype or self.dtype, device=self.vgg.device)
        return self._buffers[name][:size].view(batch, height, width, channels).permute(0, 3, 1, 2)

    def _pool(self, step: str, x: Tensor) -> _Visited:
        """Average or maximum of 2 × 2."""
        shape = (*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2)
        value = self._buffer(step, shape)
        if self.vgg.pooling == "avg":
            torch.ops.aten.avg_pool2d.out(x, 2, out=value)
            return _Visited(step, value, x)
        where = self._buffer(f"{step}, where", shape, torch.int64)
        torch.ops.aten.max_pool2d_with_indices.out(x, 2, out=value, indices=where)
        return _Visited(step, value, x, where)

    def _pool_back(self, now: _Visited, g: Tensor) -> Tensor:
        """Share the gradient among four positions, or give it to the one with the largest value."""
        assert now.before is not None
        out = self._buffer("below a pooling", now.before.shape)
        if now.where is None:
            torch.ops.aten.avg_pool2d_backward.grad_input(g, now.before, *_WINDOWS, True, None, grad_input=out)
        else:
            torch.ops.aten.max_pool2d_with_indices_backward.grad_input(
                g, now.before, *_WINDOWS[:3], 1, _WINDOWS[3], now.where, grad_input=out
            )
        return out

    def _convolution(self, name: str, x: Tensor, *, rectify: bool = False, back: bool = False) -> Tensor:
        """Run one forwards, or back: then into the buffer of its own features, which are no longer needed."""
        if self._padding == "zeros":
            return self._convolve(name, name, x, 1, rectify=rectify, back=back)
        if not back:
            return self._convolve(name, name, self._with_border(x), 0, rectify=rectify)
        g = self._convolve(name, "with its border", x, 2, back=True)
        height, width = x.shape[2:]
        return self._without_border(g, self._buffer(name, (*g.shape[:2], height, width)))

    def _convolve(
        self, name: str, buffer: str, x: Tensor, padding: int, *, rectify: bool = False, back: bool = False
    ) -> Tensor:
        """One convolution with a number of zeros beyond each side, into a buffer; ReLU is max(·, 0)."""
        weight, bias = self._weights(name, back, x.shape, padding)
        if self._rectifies and rectify:
            return rectified_convolution(x, weight, bias, padding)
        if not self._fused:
            x = functional.conv2d(x, weight, bias, padding=padding)
            return x.relu_() if rectify else x
        height, width = (side + 2 * padding - 2 for side in x.shape[2:])
        out = self._buffer(buffer, (len(x), weight.shape[0], height, width))
        return add_convolution(out.zero_(), x, weight, bias, padding=padding, rectify=rectify)

    def _with_border(self, x: Tensor) -> Tensor:
        """Add one position on each side: the border again, or what lies just inside it."""
        batch, channels, height, width = x.shape
        out = self._buffer("with its border", (batch, channels, height + 2, width + 2))
        out[:, :, 1:-1, 1:-1] = x
        for axis in (2, 3):  # rows first; columns then include the corners
            for beyond, source in self._borders:
                out.select(axis, beyond).copy_(out.select(axis, source))
        return out

    def _without_border(self, g: Tensor, out: Tensor) -> Tensor:
        """The gradient's way back through `_with_border`: what was copied collects from its copies. Uses up g."""
        for axis in (3, 2):
            for beyond, source in self._borders:
                g.select(axis, source).add_(g.select(axis, beyond))
        return out.copy_(g[:, :, 1:-1, 1:-1])

    @property
    def _borders(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Positions beyond the border and those that are repeated there, along one axis with its margin."""
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
                weight = prepare_weight(weight, padding, shape)
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
        raise InputError(f"precision: expected one of {', '.join(get_args(Precision))}, got {shown(precision)}")
    if precision == "auto":
        return "bfloat16" if _bfloat16_pays(vgg) else "full"
    return precision


_WINDOWS = (2, 2, 0, False)  # size, stride, padding and rounding up of every pooling of a VGG


def _bfloat16_pays(vgg: VGG) -> bool:
    """Whether the processor multiplies it natively. Others compute it as well, but slower than float32."""
    if vgg.device.type == "cuda" and vgg.dtype == torch.float32:
        return torch.cuda.get_device_capability(vgg.device) >= (8, 0)
    if vgg.device.type != "cpu" or vgg.dtype != torch.float32 or not has_fused(torch.bfloat16):
        return False
    found = [getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")]
    return any(supported is not None and supported() for supported in found)


def find_passes(network: Network, precision: Precision) -> Passes | None:
    """The fast path of a network; None where it has none, and autograd is used.

    Raises:
        InputError: an unknown precision, or bfloat16 for a network without a fast path.

    Example:
        >>> find_passes(VGG("random"), "full").precision
        'full'
    """
    if isinstance(network, VGG):
        return Passes(network, precision)
    if precision not in get_args(Precision):
        raise InputError(f"precision: expected one of {', '.join(get_args(Precision))}, got {shown(precision)}")
    if precision == "bfloat16":
        raise InputError(
            f"precision: expected 'auto' or 'full', got 'bfloat16'; only a VGG has it, not {network.description}"
        )
    return None
