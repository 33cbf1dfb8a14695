"""The feature extractor: VGG-16, or another of its family, without its classifier, layers named as in the paper."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.network.network import Layer
from styletools.network.weights import Convention, Depth, Weights, convolutions, load_weights
from styletools.surroundings import undisturbed

__all__ = ["VGG", "Padding", "Pooling"]

Pooling: TypeAlias = Literal["avg", "max"]
"""Average pooling, as in the paper, or maximum pooling, as the network was trained."""
Padding: TypeAlias = Literal["zeros", "replicate", "reflect"]
"""What a convolution sees beyond the border: nothing, the border itself, or the picture mirrored."""
PRE = "_pre"


class VGG(nn.Module):
    """A pretrained VGG that turns pictures into features.

    The names are the paper's. `conv4_2` is the value *after* the layer's ReLU, as in the paper and in its
    authors' network files; the value before the ReLU is called `conv4_2_pre`. `pool1` … `pool5` are there too.
    The network is frozen: no parameter needs a gradient, and `train()` changes nothing.

    Args:
        weights: see `styletools.network.weights.load_weights`, or what it returned.
        pooling: `"max"` as the network was trained, or `"avg"` as the paper prefers.
        padding: `"replicate"` repeats the border of a picture, and of its features, outwards; `"reflect"` mirrors
            them; `"zeros"` is as the network was trained. Zeros look like an edge all around the picture: they count
            as style, and a synthesis paints them as a frame.
        seed: for `weights="random"`.
        depth: for `weights="random"`.
        convention: for a file of your own; see `load_weights`.

    Raises:
        WeightsError: the weights cannot be loaded.
        InputError: unknown pooling or padding.

    Example:
        >>> vgg = VGG(weights="random")
        >>> features = vgg(torch.rand(1, 3, 64, 48), ["conv1_1", "conv4_2"])
        >>> {name: tuple(F.shape) for name, F in features.items()}
        {'conv1_1': (1, 64, 64, 48), 'conv4_2': (1, 512, 8, 6)}

    Reference:
        Simonyan and Zisserman 2015; Gatys, Ecker and Bethge 2016, section 2.
    """

    mean: Tensor
    std: Tensor

    @explained
    @undisturbed
    def __init__(
        self,
        weights: str | os.PathLike[str] | Weights = "bundled",
        pooling: Pooling = "max",
        *,
        padding: Padding = "replicate",
        seed: int = 0,
        depth: Depth = 16,
        convention: Convention | None = None,
    ) -> None:
        """Load the weights and freeze them."""
        super().__init__()
        if pooling not in get_args(Pooling):
            raise InputError(f"pooling: expected 'avg' or 'max', got {shown(pooling)}")
        if padding not in get_args(Padding):
            raise InputError(f"padding: expected 'zeros', 'replicate' or 'reflect', got {shown(padding)}")
        if not isinstance(weights, Weights):
            weights = load_weights(weights, seed=seed, depth=depth, convention=convention)
        self.weights = weights.source
        self.depth = weights.depth
        self.pooling = pooling
        self.padding = padding
        self.operations = list(_architecture(weights.depth))
        self.info = {layer.name: layer for layer in _describe(self.operations, weights, padding)}
        # Buffers, not parameters: they move with .to(), and nothing can ask for their gradient.
        for name, tensor in weights.tensors.items():
            self.register_buffer(name.replace(".", "_"), tensor.clone())
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        self.eval()

    @property
    def layers(self) -> tuple[str, ...]:
        """All names that can be asked for, from the image upwards."""
        return tuple(self.info)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.mean.device

    @property
    def dtype(self) -> torch.dtype:
        """The type that the network computes in."""
        return self.mean.dtype

    @explained
    def layer(self, name: str) -> Layer:
        """Number of filters, stride and receptive field of a layer, computed from the architecture.

        Raises:
            InputError: no layer has that name; the message lists the names.

        Example:
            >>> VGG(weights="random").layer("conv3_1")
            Layer(name='conv3_1', filters=256, stride=4, receptive_field=24)
        """
        self._check_names([name])
        return self.info[name]

    def train(self, mode: bool = True) -> VGG:
        """Do nothing: the network is always in evaluation mode."""
        return super().train(False)

    def forward(self, image: Tensor, layers: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute features.

        The network runs up to the deepest layer asked for, and keeps only what is asked for.

        Args:
            image: (B, 3, H, W) in [0, 1], on the network's device, of its dtype. Values outside the range are
                used as they are: an optimiser may try them.
            layers: names, see `VGG.layers`.

        Returns:
            Features (B, C, H, W) by name, in the order requested.

        Raises:
            InputError: an unknown layer, a wrong shape, dtype or device, or an image too small for a layer.
        """
        names = [layers] if isinstance(layers, str) else list(layers)
        self.check(image, names)
        wanted = set(names)
        kept: dict[str, Tensor] = {}
        x = (image - self.mean) / self.std
        for step in self.operations:
            if len(kept) == len(wanted):
                break
            for name, x in self._values(step, x):  # noqa: B020  # x is carried from step to step
                if name in wanted:
                    kept[name] = x
        return {name: kept[name] for name in names}

    @explained
    def rescaled(self, images: Tensor | Sequence[Tensor]) -> VGG:
        """Return the network with filters of mean activation 1, as used in the paper.

        Every filter is divided by its mean activation over all the images and positions, and the next layer
        multiplies by it again. ReLU and both poolings commute with a positive scale, so each layer computes what
        it did before, divided by one number per channel. A filter that never fires on the images keeps its scale.

        Args:
            images: (B, 3, H, W) in [0, 1], or a sequence of such tensors of any sizes.

        Returns:
            A new network; this one stays as it was.

        Raises:
            InputError: no images, or as `VGG.forward`.

        Example:
            >>> image = torch.rand(1, 3, 64, 64)
            >>> vgg = VGG(weights="random").rescaled(image)
            >>> means = vgg(image, "conv2_1")["conv2_1"].mean((0, 2, 3))
            >>> set(means.round(decimals=3).tolist()) <= {1.0, 0.0}  # 0 where a filter never fires
            True

        Reference:
            Gatys, Ecker and Bethge 2016, section 2: "mean activation of each convolutional filter over images and
            positions is equal to one".
        """
        batches = [images] if isinstance(images, Tensor) else list(images)
        if not batches:
            raise InputError("images: expected at least one picture, got none")
        means = self._mean_activations(batches)
        tensors: dict[str, Tensor] = {}
        below = torch.ones(3, device=self.device, dtype=self.dtype)  # the image itself is not rescaled
        for name, mean in means.items():
            weight, bias = self.convolution(name)
            tensors[f"{name}.weight"] = weight * below.view(1, -1, 1, 1) / mean.view(-1, 1, 1, 1)
            tensors[f"{name}.bias"] = bias / mean
            below = mean
        mean_rgb, std_rgb = (tuple(buffer.flatten().tolist()) for buffer in (self.mean, self.std))
        weights = Weights(f"{self.weights}, rescaled", self.depth, tensors, mean_rgb, std_rgb)
        return VGG(weights, self.pooling, padding=self.padding).to(self.device, self.dtype)

    @explained
    def __call__(self, image: Tensor, layers: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute features; see `forward`."""
        features: dict[str, Tensor] = super().__call__(image, layers)
        return features

    def extra_repr(self) -> str:
        """What print(vgg) says."""
        return self.description

    @property
    def description(self) -> str:
        """One line for settings and messages."""
        return f"VGG-{self.depth}, weights={self.weights!r}, pooling={self.pooling!r}, padding={self.padding!r}"

    def convolution(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight (out, in, 3, 3) and bias (out,) of a convolution."""
        return self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")

    def _values(self, step: str, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Run one step of the architecture; yield every value in it that has a name."""
        if step.startswith("pool"):
            pool = functional.avg_pool2d if self.pooling == "avg" else functional.max_pool2d
            yield step, pool(x, 2)
            return
        beyond = "constant" if self.padding == "zeros" else self.padding
        x = functional.conv2d(functional.pad(x, (1, 1, 1, 1), beyond), *self.convolution(step))
        yield step + PRE, x
        # Not in place: a value kept from before the ReLU would be rectified, too.
        yield step, functional.relu(x)

    @torch.no_grad()
    def _mean_activations(self, batches: list[Tensor]) -> dict[str, Tensor]:
        """Mean over all images and positions, by convolution, each (C,); 1 where a filter never fires."""
        names = [step for step in self.operations if step.startswith("conv")]
        total: dict[str, Tensor] = {}  # in float64 on the CPU: not every device has it
        positions: dict[str, int] = {}
        for batch in batches:
            for name, F in self(batch, names).items():
                total[name] = total.get(name, 0) + F.sum((0, 2, 3)).cpu().double()
                positions[name] = positions.get(name, 0) + F[:, 0].numel()
        means = {name: (total[name] / positions[name]).to(self.mean) for name in names}
        return {name: torch.where(mean > 0, mean, torch.ones_like(mean)) for name, mean in means.items()}

    def check(self, image: Tensor, names: list[str]) -> None:
        """Check the arguments of a call.

        Raises:
            InputError: as `VGG.forward`.
        """
        self._check_names(names)
        self._check_image(image, names)

    def _check_names(self, names: list[str]) -> None:
        if not names:
            raise InputError("layers: expected at least one name, got none")
        unknown = [name for name in names if name not in self.info]
        if unknown:
            valid = ", ".join(name for name in self.info if not name.endswith(PRE))
            raise InputError(
                f"unknown layer {shown(unknown[0])}; VGG-{self.depth} has {valid}, and {PRE} behind a conv name for "
                "the value before its ReLU"
            )

    def _check_image(self, image: Tensor, names: list[str]) -> None:
        if not isinstance(image, Tensor) or image.dim() != 4 or image.shape[1] != 3:
            got = tuple(image.shape) if isinstance(image, Tensor) else type(image).__name__
            raise InputError(f"image: expected a tensor (B, 3, H, W), got {got}; see styletools.load_image")
        if image.dtype != self.dtype or image.device != self.device:
            raise InputError(
                f"image: expected {self.dtype} on {self.device} like the network, got {image.dtype} on "
                f"{image.device}; use image.to(vgg.device, vgg.dtype)"
            )
        deepest = max((self.info[name] for name in names), key=lambda layer: layer.minimum_size)
        height, width = image.shape[2:]
        if min(height, width) < deepest.minimum_size:
            raise InputError(
                f"image: {height} × {width} pixels are too few for {deepest.name}, which needs at least "
                f"{deepest.minimum_size} × {deepest.minimum_size}; use a larger image or a lower layer"
            )


def _architecture(depth: Depth) -> Iterator[str]:
    """conv1_1, conv1_2, pool1, … : the order of the computation."""
    for block, names in groupby(convolutions(depth), key=lambda name: name[: len("conv1")]):
        yield from names
        yield block.replace("conv", "pool")


def _describe(steps: list[str], weights: Weights, padding: Padding) -> Iterator[Layer]:
    """Follow stride and receptive field through the network (a window of n positions adds n − 1 strides)."""
    filters, stride, reach = 3, 1, 1
    for step in steps:
        if step.startswith("pool"):
            reach += stride
            stride *= 2
            yield Layer(step, filters, stride, reach, stride)
        else:
            weight = weights.tensors[f"{step}.weight"]
            filters = weight.shape[0]
            reach += (weight.shape[-1] - 1) * stride
            smallest = 2 * stride if padding == "reflect" else stride  # one position has nothing to mirror
            yield Layer(step + PRE, filters, stride, reach, smallest)
            yield Layer(step, filters, stride, reach, smallest)
