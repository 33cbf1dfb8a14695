"""What a user asks for in one call: reconstruct the content, reconstruct the style, transfer the style."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from torch import Tensor

from styletools.errors import InputError, SynthesisError, check_weight
from styletools.fast import Precision
from styletools.images import ImageSource, check_image, fit_size, load_image, resize, save_image, white_noise
from styletools.objective import LayerWeights, Objective, Units, layer_weights
from styletools.progress import OnStep, watch
from styletools.settings import describe
from styletools.synthesis import OptimiserName, Stage, Synthesis
from styletools.vgg import VGG, Pooling
from styletools.weights import SOURCES, Weights

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "OnStep",
    "Picture",
    "Result",
    "reconstruct_content",
    "reconstruct_style",
    "transfer",
]

Picture: TypeAlias = ImageSource | Tensor
"""What `load_image` reads, or a tensor (1, 3, H, W) in [0, 1]."""
Network: TypeAlias = str | os.PathLike[str] | Weights | VGG

CONTENT_LAYER = "conv4_2"
"""The paper's layer for content."""
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
"""The paper's layers for style, each with w_l = 1/5."""

COARSEST = 128  # longer side of the first stage of a large picture; a smaller one repeats the painting's composition
# β of the smaller stages, in units of the last one's. Their strokes are too large in proportion, and the last stage
# would have to undo them: with β as it is, it takes half as many steps again to the same loss, and faces are worse.
COARSE_BETA = 0.2


@dataclass(frozen=True)
class Result:
    """A finished picture, and how it came about.

    Attributes:
        image: (1, 3, H, W) in [0, 1], on the CPU.
        history: columns `step`, `height`, `evaluations`, `seconds`, `total` and each named loss, a number per step.
        settings: everything needed to make the picture again, as plain JSON values: `recipe` and its `arguments`,
            the versions, the device and the number of threads. Pictures and weights that were not given by name or
            path are described, not contained.
        interrupted: whether ^C or `on_step` ended it before its last step.
        synthesis: to go on: `for step in result.synthesis`, after `result.synthesis.extend(100)` if it was finished.
    """

    image: Tensor = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    settings: dict[str, Any]
    interrupted: bool
    synthesis: Synthesis = field(repr=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture as PNG or JPEG with the settings inside; see `save_image` and `load_settings`."""
        save_image(self.image, path, self.settings)


def reconstruct_content(
    image: Picture,
    layer: LayerWeights = CONTENT_LAYER,
    *,
    size: int | None = 256,
    steps: int = 100,
    tv: float = 0.3,
    init: Picture = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: Network = "bundled",
    pooling: Pooling = "avg",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Result:
    """Find a picture with the same features as `image` at a layer: what the layer keeps of the content.

    Minimises Eq. 1, from white noise. The lower row of the paper's Figure 1.

    Args:
        image: the photograph.
        layer: where features are compared; also several, or weights by layer.
        size: the longer side in pixels; None keeps the picture's own.
        steps: at each size, see `transfer`.
        tv: γ, the weight of total variation. Without it the noise of the start that a layer does not see stays.
        init: `"noise"`, `"content"`, or a picture to start from.
        optimiser: see `transfer`, as all that follow.
        seed: of the noise.
        weights: of the network.
        pooling: `"avg"` or `"max"`.
        units: of the losses.
        coarse_to_fine: whether to begin small.
        precision: see `transfer`.
        device: where to compute.
        progress: whether to show a bar.
        on_step: called after each step.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or the picture is too small for a layer.
        WeightsError: the network's weights cannot be had.
        SynthesisError: the loss became NaN or infinite.

    Example:
        >>> result = reconstruct_content("chelsea", "conv2_2", size=64, steps=5, progress=False)
        >>> result.image.shape, result.history["total"][-1] < 0.5 * result.history["total"][0]
        (torch.Size([1, 3, 43, 64]), True)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 1 and Figure 1.
    """
    layer = layer_weights(layer, "layer")
    return _make("reconstruct_content", dict(locals()), content="image", content_layers=layer)


def reconstruct_style(
    image: Picture,
    layers: LayerWeights = STYLE_LAYERS,
    *,
    size: int | None = 256,
    steps: int = 100,
    tv: float = 0.0,
    init: Picture = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: Network = "bundled",
    pooling: Pooling = "avg",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Result:
    """Find a picture with the same Gram matrices as `image` at some layers: a texture in its style.

    Minimises Eq. 5, from white noise. The upper row of the paper's Figure 1.

    Args:
        image: the painting.
        layers: where Gram matrices are compared: one layer, several with the same weight, or w_l by layer.
        size: the longer side in pixels, of the painting and of the result; None keeps the picture's own.
        steps: at each size, see `transfer`.
        tv: γ, the weight of total variation.
        init: `"noise"`, `"style"`, or a picture to start from.
        optimiser: see `transfer`, as all that follow.
        seed: of the noise.
        weights: of the network.
        pooling: `"avg"` or `"max"`.
        units: of the losses.
        coarse_to_fine: whether to begin small.
        precision: see `transfer`.
        device: where to compute.
        progress: whether to show a bar.
        on_step: called after each step.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or the picture is too small for a layer.
        WeightsError: the network's weights cannot be had.
        SynthesisError: the loss became NaN or infinite.

    Example:
        >>> result = reconstruct_style("dots", ["conv1_1", "conv2_1"], size=64, steps=5, progress=False)
        >>> result.image.shape, list(result.history)[-2:]
        (torch.Size([1, 3, 64, 64]), ['style conv2_1', 'total'])

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 5 and Figure 1; Gatys, Ecker and Bethge 2015.
    """
    layers = layer_weights(layers, "layers")
    return _make("reconstruct_style", dict(locals()), style="image", style_layers=layers)


def transfer(
    content: Picture,
    style: Picture,
    *,
    size: int | None = 256,
    steps: int = 150,
    alpha: float = 1.0,
    beta: float = 5.0,
    content_layers: LayerWeights = CONTENT_LAYER,
    style_layers: LayerWeights = STYLE_LAYERS,
    style_size: int | None = None,
    tv: float = 0.5,
    init: Picture = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: Network = "bundled",
    pooling: Pooling = "avg",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Result:
    """Paint the content of one picture in the style of another.

    Minimises Eq. 7 and a little total variation: α L_content + β L_style + γ (α + β) TV. ^C ends it early and returns
    the best picture so far.

    Args:
        content: the photograph: a path, a name of a bundled picture, bytes, a PIL image, or a tensor.
        style: the painting, likewise.
        size: longer side of the result in pixels; None keeps the photograph's own size.
        steps: iterations of the optimiser *at each size*. A coarse-to-fine run at 512 px works at 128, 256 and
            512 px; the smaller sizes cost little.
        alpha: α, the weight of the content.
        beta: β, the weight of the style. Only α/β matters to the picture. What a ratio means depends on `units`.
        content_layers: one layer, several with the same weight, or weights by layer.
        style_layers: likewise, w_l.
        style_size: longer side of the painting; by default `size`. A smaller one makes finer strokes.
        tv: γ, the weight of total variation for each unit of α + β; 0 leaves it out, as the paper does. The default
            takes away the finest noise, which Eq. 7 hardly sees. It is measured for relative units; beside literal
            losses, which are large numbers, it has no effect.
        init: where to start: `"noise"` (white noise), `"content"`, `"style"`, or a picture.
        optimiser: `"lbfgs"`, or `"adam"`.
        seed: of the noise. The same seed on the same machine with the same number of threads gives the same picture.
        weights: `"bundled"`, another source of `styletools.weights.load_weights`, or a `VGG`.
        pooling: `"avg"` or `"max"`; a `VGG` has its own.
        units: `"relative"`, where α/β means the same at every size and with every network, or `"literal"`, the
            equations as printed; see `Objective`.
        coarse_to_fine: begin small, at 128 px or at half the size, whichever is less, and double the size until
            `size` is reached. By default only when the start is noise, which at one fixed size would remain visible.
        precision: `"full"`, the network's own float32; `"bfloat16"`, eight bits in the features; `"auto"`, bfloat16
            where the processor has instructions for it: nearly twice as fast, for hardly another picture or loss.
            (The two reconstructions are always full then: their losses fall so far that rounding would show.)
        device: `"cpu"`, `"cuda"`, `"mps"`; by default the best that is there.
        progress: whether to show a bar, in a terminal or a notebook.
        on_step: called with each `Step`; return True to stop.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or a picture is too small for a layer.
        WeightsError: the network's weights cannot be had.
        SynthesisError: the loss became NaN or infinite; the error holds the best picture.

    Example:
        >>> result = transfer("chelsea", "starry_night", size=64, steps=3, progress=False)
        >>> result.image.shape, round(result.settings["arguments"]["alpha"], 1)
        (torch.Size([1, 3, 43, 64]), 1.0)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 7 and Figure 2.
    """
    content_layers = layer_weights(content_layers, "content_layers")
    style_layers = layer_weights(style_layers, "style_layers")
    return _make(
        "transfer",
        dict(locals()),
        content="content",
        style="style",
        content_layers=content_layers,
        style_layers=style_layers,
    )


def pick_device(device: str | torch.device | None = None) -> torch.device:
    """The device asked for, or the best there is: CUDA, then Apple's MPS, then the CPU.

    Raises:
        InputError: a device that is not there.

    Example:
        >>> pick_device("cpu")
        device(type='cpu')
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device is None:
        return torch.device(next(name for name, available in there.items() if available))
    try:
        wanted = torch.device(device)
    except RuntimeError:
        wanted = None
    if wanted is None or not there.get(wanted.type, False):
        have = ", ".join(name for name, available in there.items() if available)
        raise InputError(f"device: {str(device)!r} is not available here; there is {have}")
    return wanted


def _make(
    recipe: str,
    arguments: dict[str, Any],
    *,
    content: str | None = None,
    style: str | None = None,
    content_layers: dict[str, float] | None = None,
    style_layers: dict[str, float] | None = None,
) -> Result:
    """Run a recipe. `content` and `style` name the arguments that hold the two pictures."""
    content_layers, style_layers = content_layers or {}, style_layers or {}
    if not (content_layers or style_layers):
        raise InputError("layers: expected at least one, got none")
    vgg = _network(arguments["weights"], arguments["pooling"], arguments["device"])
    settings = _settings(recipe, arguments, vgg)  # before the work: what is wrong with them is said at once
    size, style_size = arguments["size"], arguments.get("style_size")
    P = None if content is None else _picture(arguments[content], size, content, vgg)
    S = None if style is None else _picture(arguments[style], size if style_size is None else style_size, style, vgg)
    start, noise = _start(arguments["init"], P, S, vgg)
    grow = noise if arguments["coarse_to_fine"] is None else arguments["coarse_to_fine"]
    smallest = max(vgg.layer(name).minimum_size for name in (*content_layers, *style_layers))
    objective = _objectives(arguments, vgg, content_layers, style_layers)
    stages = []
    for share in _shares(start, grow, smallest):
        small_P, small_S = (
            None if image is None else resize(image, *_scaled(image, share, smallest)) for image in (P, S)
        )
        height, width = _scaled(start, share, smallest)
        sized = objective(small_P, small_S, final=share == 1)
        settings["arguments"]["precision"] = sized.precision  # what "auto" has turned out to be
        stages.append(Stage(sized, height, width, arguments["steps"]))
    if noise:  # noise made smaller would be greyer: it is drawn at the first size
        start = white_noise(stages[0].height, stages[0].width, arguments["seed"]).to(start)
    synthesis = Synthesis(stages, start, optimiser=arguments["optimiser"])
    try:
        interrupted = watch(synthesis, recipe.replace("_", " "), arguments["progress"], arguments["on_step"])
    except SynthesisError as error:
        error.settings = settings
        raise
    return Result(synthesis.image.float().cpu(), synthesis.history, settings, interrupted, synthesis)


def _objectives(
    arguments: dict[str, Any], vgg: VGG, content_layers: dict[str, float], style_layers: dict[str, float]
) -> Callable[..., Objective]:
    """Make the objective of a size from the two pictures at that size."""
    alpha, beta, tv = arguments.get("alpha", 1.0), arguments.get("beta", 1.0), arguments["tv"]
    for name, value in (("alpha", alpha), ("beta", beta), ("tv", tv)):
        check_weight(name, value)

    def objective(P: Tensor | None, S: Tensor | None, *, final: bool) -> Objective:
        painting = beta if final or P is None else COARSE_BETA * beta
        return Objective(
            vgg,
            content=P,
            style=S,
            content_layers=content_layers,
            style_layers=style_layers,
            alpha=alpha,
            beta=painting,
            # Times what it works against, so that only the ratio of α and β matters to the picture.
            tv=tv * ((0.0 if P is None else alpha) + (0.0 if S is None else painting)),
            units=arguments["units"],
            precision=arguments["precision"],
        )

    return objective


def _settings(recipe: str, arguments: dict[str, Any], vgg: VGG) -> dict[str, Any]:
    from styletools import __version__  # noqa: PLC0415  # the package's table of contents imports this file

    # Without what only shows or stops the run; with what the network and "the best device" turned out to be.
    kept = {name: value for name, value in arguments.items() if name not in ("progress", "on_step")}
    kept |= {"pooling": vgg.pooling, "device": str(vgg.device)}
    return describe(recipe, kept, vgg.extra_repr(), __version__)


@lru_cache(maxsize=2)
def _load_network(weights: str, pooling: Pooling, device: torch.device) -> VGG:
    """Load once, for a reader who runs one recipe after the other."""
    return VGG(weights, pooling).to(device)


def _network(weights: Network, pooling: Pooling, device: str | torch.device | None) -> VGG:
    if isinstance(weights, VGG):  # stays where its owner put it, unless told otherwise
        return weights if device is None else weights.to(pick_device(device))
    if isinstance(weights, str) and weights in SOURCES:
        return _load_network(weights, pooling, pick_device(device))
    return VGG(weights, pooling).to(pick_device(device))  # a file may change between two calls


def _picture(source: Picture, size: int | None, name: str, vgg: VGG) -> Tensor:
    """Read a picture, or check a tensor; the longer side becomes `size`."""
    if not isinstance(source, Tensor):
        return load_image(source, size).to(vgg.mean)
    check_image(source, name)
    if source.shape[0] != 1:
        raise InputError(f"{name}: expected one picture (1, 3, H, W), got a batch of {source.shape[0]}")
    image = source.detach().float()
    if size is not None:
        width, height = fit_size(image.shape[3], image.shape[2], size)
        image = resize(image, height, width)
    return image.to(vgg.mean)


def _start(init: Picture, P: Tensor | None, S: Tensor | None, vgg: VGG) -> tuple[Tensor, bool]:
    """The start at the size of the result, and whether it is noise (then a stand-in of that size)."""
    shape_of = P if P is not None else S
    assert shape_of is not None
    named = {"noise": shape_of, "content": P, "style": S}
    if not (isinstance(init, str) and init in named):
        return resize(_picture(init, None, "init", vgg), *shape_of.shape[2:]), False
    start = named[init]
    if start is None:
        raise InputError(f"init: there is no {init!r} picture in this recipe; use 'noise' or a picture")
    return resize(start, *shape_of.shape[2:]), init == "noise"


def _scaled(image: Tensor, share: float, smallest: int) -> tuple[int, int]:
    """Height and width times a share, but never smaller than the layers allow."""
    height, width = image.shape[2:]
    share = max(share, min(1.0, smallest / min(height, width)))
    return round(height * share), round(width * share)


def _shares(image: Tensor, grow: bool, smallest: int) -> list[float]:
    """1; or … ¼, ½, 1 down to `COARSEST` pixels, but at least from ½ on."""
    longer, shorter = max(image.shape[2:]), min(image.shape[2:])
    shares = [1.0]
    while grow and shorter * shares[0] / 2 >= smallest and (len(shares) == 1 or longer * shares[0] / 2 >= COARSEST):
        shares.insert(0, shares[0] / 2)
    return shares
