"""Lesson 01, what VGG sees: features as a matrix, receptive fields, the rescaled network."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, network, whole
from styletools.exercises.prediction import Prediction
from styletools.pictures.images import to_tensor
from styletools.pictures.samples import sample
from styletools.pictures.variations import shift

__all__ = ["as_matrix", "moved", "receptive_field", "report", "rescale", "shape"]


def _as_matrix(F: Tensor) -> Tensor:
    return F.flatten(2)


as_matrix = Coding(
    "1.1 Features as a matrix F_ik",
    _as_matrix,
    lambda g: (features(g),),
    gradient=(0,),
    mistakes={
        "The batch is flattened into the channels: each picture keeps a matrix of its own, (B, N, M).": (
            lambda F: F.reshape(-1, F.shape[2] * F.shape[3])
        ),
        "It is transposed, M × N: the paper's rows are filters, its columns positions.": (
            lambda F: F.flatten(2).transpose(1, 2)
        ),
        "reshape changes the shape, but moves no numbers: here those of different filters are mixed in a row.": (
            lambda F: F.reshape(F.shape[0], F.shape[2] * F.shape[3], F.shape[1])
        ),
        "reshape moves no numbers, and so mixes those of different filters; transpose does not undo that.": (
            lambda F: F.reshape(F.shape[0], -1, F.shape[1]).transpose(1, 2)
        ),
        "Only the first picture of the batch is left.": lambda F: F[0].flatten(1),
        "Filters and positions are flattened together: N must remain an axis of its own.": lambda F: F.flatten(1),
        "The positions are read column by column; read them row by row, as they lie in memory.": (
            lambda F: F.transpose(2, 3).flatten(2)
        ),
        "Filters and rows are flattened together; it is rows and columns that become one axis.": (
            lambda F: F.flatten(1, 2)
        ),
        "Everything is in one line: pictures and filters must remain axes of their own.": lambda F: F.flatten(),
        "The positions are averaged; all of them stay, in one line.": lambda F: F.mean((2, 3)),
        "The positions are added up; all of them stay, in one line.": lambda F: F.sum((2, 3)),
        "The features come back as they were, with two axes for the positions: they should become one.": lambda F: F,
    },
    hints=[
        "Which axes of (B, C, H, W) are filters, and which are positions? N = C; what is M?",
        "The last two axes become one: look at torch.flatten and its start_dim.",
    ],
    why="Each row is one filter's map, H × W = M numbers in one line. Where a position was in the picture is "
    "only in k.",
)


def _receptive_field(steps: list[tuple[int, int]]) -> int:
    side, stride = 1, 1
    for kernel, step in steps:
        side = side + (kernel - 1) * stride
        stride = stride * step
    return side


def _steps(g: Generator) -> tuple[list[tuple[int, int]]]:
    """Like a VGG: convolutions of odd sizes with poolings between."""
    steps = [(2 * whole(g, 1, 3) + 1, whole(g, 1, 2))] * whole(g, 1, 2)
    for _ in range(whole(g, 2, 3)):
        steps += [(2, whole(g, 2, 3))] + [(2 * whole(g, 1, 2) + 1, 1)] * whole(g, 1, 2)
    return (steps,)


def _field_with(start: int, less: int, stride_first: bool, strides: bool = True) -> object:
    def mistaken(steps: list[tuple[int, int]]) -> int:
        side, stride = start, 1
        for kernel, step in steps:
            stride = stride * step if stride_first else stride
            side += (kernel - less) * (stride if strides else 1)
            stride = stride if stride_first else stride * step
        return side

    return mistaken


def _adding(steps: list[tuple[int, int]]) -> int:
    side, stride = 1, 1
    for kernel, step in steps:
        side, stride = side + (kernel - 1) * stride, stride + step
    return side


def _half_field(steps: list[tuple[int, int]]) -> int:
    side, stride = 1, 1
    for kernel, step in steps:
        side, stride = side + (kernel - 1) // 2 * stride, stride * step
    return side


def _last_stride(steps: list[tuple[int, int]]) -> int:
    side, stride = 1, 1
    for kernel, step in steps:
        side, stride = side + (kernel - 1) * stride, step
    return side


receptive_field = Coding(
    "1.3 Receptive field",
    _receptive_field,
    _steps,
    mistakes={
        "The strides are missing: above a pooling, one position more is two pixels more.": (
            _field_with(1, 1, False, strides=False)  # type: ignore[dict-item]
        ),
        "It begins at 0: before any step a position sees one pixel, itself.": (
            _field_with(0, 1, False)  # type: ignore[dict-item]
        ),
        "A kernel of side k adds k − 1 positions, not k: one of them was seen already.": (
            _field_with(1, 0, False)  # type: ignore[dict-item]
        ),
        "A step's own stride is used for that step: it only counts for the steps above it.": (
            _field_with(1, 1, True)  # type: ignore[dict-item]
        ),
        "This is the stride, the distance between two positions; the field is the side that one of them sees.": (
            lambda steps: int(torch.tensor([step for _, step in steps]).prod())
        ),
        "The distances multiply: after a step of stride s two positions are s times as far apart.": _adding,
        "The distance is that of the last step alone; all strides below count, multiplied.": _last_stride,
        "Only the first step is in it: does the function return from inside the loop?": lambda steps: steps[0][0],
        "Only the last step is in it: are side and distance reset in each turn of the loop?": (
            lambda steps: steps[-1][0]
        ),
        "The steps are taken from the top downwards; the list begins at the picture.": lambda steps: _receptive_field(
            steps[::-1]
        ),
        "The last step is left out.": lambda steps: _receptive_field(steps[:-1]),
        "The first step is left out.": lambda steps: _receptive_field(steps[1:]),
        "Each kernel counts with its own stride; it is the strides below it that set positions apart.": (
            lambda steps: sum(kernel * step for kernel, step in steps)
        ),
        "The kernels are added up; each adds k − 1 positions, which the strides below it set apart.": (
            lambda steps: sum(kernel for kernel, _ in steps)
        ),
        "A kernel adds k − 1 positions, half of them on each side: (k − 1) // 2 is only one of the sides.": (
            _half_field
        ),
        "Kernel and stride are exchanged: each step is (kernel, stride).": lambda steps: _receptive_field(
            [(step, kernel) for kernel, step in steps]
        ),
        "The kernels are multiplied; each only adds to the border.": (
            lambda steps: int(torch.tensor([kernel for kernel, _ in steps]).prod())
        ),
    },
    hints=[
        "Walk from the image upwards with two numbers: the side so far (1), and the distance in pixels between "
        "two neighbouring positions (1).",
        "A kernel of side k reaches k − 1 positions further. How many pixels is that?",
        "side += (kernel − 1) · stride, and then stride *= step.",
    ],
    why="Each kernel widens the square by (kernel − 1) positions, and the distance between positions, in pixels, is "
    "the product of all strides below. That is why depth and pooling, not large kernels, give VGG its wide view.",
)


def _rescale(weight: Tensor, bias: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    mean = torch.where(mean > 0, mean, 1)  # a filter that never fires stays as it is
    return weight / mean.view(-1, 1, 1, 1), bias / mean


def _convolution(g: Generator) -> tuple[Tensor, Tensor, Tensor]:
    filters = whole(g, 2, 4)
    # Often as many in as out: scaling the wrong axis is possible then, and is detected.
    below = whole(g, 2, 4) if whole(g, 0, 1) else filters
    weight = torch.randn(filters, below, 3, 3, generator=g, dtype=torch.float64)
    bias = torch.randn(filters, generator=g, dtype=torch.float64)
    return weight, bias, 0.5 + 2 * torch.rand(filters, generator=g, dtype=torch.float64)


rescale = Coding(
    "1.5 The rescaled network",
    _rescale,
    _convolution,
    mistakes={
        "Only the weights are scaled: the bias is part of what the filter gives, too.": (
            lambda weight, bias, mean: (weight / mean.view(-1, 1, 1, 1), bias)
        ),
        "Only the bias is scaled.": lambda weight, bias, mean: (weight, bias / mean),
        "It multiplies: a filter whose mean is 2 must become half as strong.": (
            lambda weight, bias, mean: (weight * mean.view(-1, 1, 1, 1), bias * mean)
        ),
        "The weight's second axis is scaled; that is where the filter reads from. The first one is the filter.": (
            lambda weight, bias, mean: (weight / mean.view(1, -1, 1, 1), bias / mean)
        ),
        "The weight's last axis is scaled: mean needs the shape (N, 1, 1, 1) to meet the first one.": (
            lambda weight, bias, mean: (weight[..., :1] / mean.view(1, 1, 1, -1), bias / mean)
        ),
        "All filters are divided by one number; each has its own mean.": (
            lambda weight, bias, mean: (weight / mean.mean(), bias / mean.mean())
        ),
        "Weight and bias are exchanged: the weight comes first.": lambda weight, bias, mean: _rescale(
            weight, bias, mean
        )[::-1],
        "Weight and bias are divided twice.": lambda weight, bias, mean: _rescale(weight, bias, mean**2),
        "Only the root of the mean is divided out.": lambda weight, bias, mean: _rescale(weight, bias, mean.sqrt()),
        "Only the first filter's mean is used; each has its own.": lambda weight, bias, mean: _rescale(
            weight, bias, mean[:1].expand_as(mean)
        ),
        "The mean is subtracted; it is the scale that has to change.": (
            lambda weight, bias, mean: (weight - mean.view(-1, 1, 1, 1), bias - mean)
        ),
    },
    hints=[
        "If relu(w · x + b) has the mean 2, which w and b give the mean 1? ReLU lets a positive factor through.",
        "mean has one number per filter, shape (N,); weight has (N, K, 3, 3). Give mean four axes with view.",
    ],
    why="relu(c · z) = c · relu(z) for c > 0, so dividing weight and bias by the mean divides the filter's activations "
    "by it. The next layer multiplies by it again, and the network computes what it did.",
)

shape = Prediction(
    "1.2 Predict a shape",
    lambda: tuple(network("random")(torch.zeros(1, 3, 160, 224), "conv3_1")["conv3_1"].shape),
    wrong={
        (1, 256, 56, 40): "Height comes first: (B, C, H, W).",
        (1, 256, 20, 28): "How many poolings are *below* block 3? The third one comes after it.",
        (1, 256, 80, 112): "There are two poolings below block 3, and each of them halves.",
        (1, 128, 40, 56): "Block 2 has 128 filters; how many has block 3?",
        (256, 40, 56): "There is one more axis in front: the batch.",
        (1, 3, 40, 56): "After a convolution there is a map for each filter, no longer three colours.",
    },
    otherwise="Count the poolings below conv3_1, and look at the table of layers for the number of filters.",
    hints=["The picture is (1, 3, 160, 224). Two poolings are below block 3.", "conv3_1 has 256 filters."],
    why="Two poolings: 160 / 4 = 40 rows and 224 / 4 = 56 columns, a map for each of the 256 filters. The convolutions "
    "keep the size, because a border one pixel wide is added first.",
)


def _moved() -> str:
    """The layer whose map moves by one position when the picture moves by four pixels."""
    picture = to_tensor(sample("coffee").resize((192, 160)))
    vgg, layers = network("random"), ("conv1_2", "conv2_1", "conv3_1", "conv4_1")
    before, after = vgg(picture, layers), vgg(shift(picture, 4), layers)
    middle = (slice(None), slice(None), slice(4, -4), slice(4, -4))  # where no border is seen
    return next(
        layer
        for layer in layers
        if torch.allclose(before[layer].roll(1, 3)[middle], after[layer][middle], rtol=1e-3, atol=1e-4)
    )


moved = Prediction(
    "1.4 Predict a movement",
    _moved,
    options=("conv1_2", "conv2_1", "conv3_1", "conv4_1"),
    wrong={
        "conv1_2": "Its stride is 1: four pixels are four positions.",
        "conv2_1": "Its stride is 2: four pixels are two positions.",
        "conv4_1": "Its stride is 8: four pixels are half a position, and the map does not merely move.",
    },
    otherwise="Look for the layer with the stride that fits.",
    hints=["How far apart, in pixels, are neighbouring positions of each layer? vgg.layer(name).stride tells."],
    why="The stride of conv3_1 is 4, so four pixels are one position. In conv4_1 they are half of one: its map "
    "changes, "
    "and a picture can be moved a little before deep features notice much.",
)

EXERCISES = (as_matrix, shape, receptive_field, moved, rescale)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
