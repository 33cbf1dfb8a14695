"""What one call asks for: every option once, from the pictures to the stages of the synthesis."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, TypeAlias

import torch
from torch import Tensor

from styletools.descent.progress import OnStep, watch
from styletools.descent.synthesis import OptimiserName, Stage, Synthesis, check_optimiser, check_steps
from styletools.errors import InputError, SynthesisError, check_weight
from styletools.losses.objective import LayerWeights, Objective, Units, check_units, layer_weights
from styletools.losses.statistics import Statistic, as_given, find_statistics
from styletools.network.find import NetworkSource, find_network
from styletools.network.network import Network
from styletools.network.passes import Precision, find_passes
from styletools.network.vgg import VGG, Padding, Pooling
from styletools.pictures.images import (
    ImageSource,
    check_image,
    fit_size,
    load_image,
    resize,
    save_image,
    white_noise,
)
from styletools.settings import describe
from styletools.stages import StageSettings, scaled, stages

__all__ = ["CONTENT_LAYER", "STYLE_LAYERS", "PictureSource", "Plan", "Result"]

PictureSource: TypeAlias = ImageSource | Tensor
"""What `load_image` reads, or a tensor (1, 3, H, W) in [0, 1]."""

CONTENT_LAYER = "conv4_2"
"""The paper's layer for content."""
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
"""The paper's layers for style, each with w_l = 1/5."""

CONTRAST = 0.2  # of the noise to start from: from 0.4 to 0.6; what the losses hardly see of it is less to be seen

# What a recipe calls an option of the plan; None where it does not have it.
NAMES: dict[str, dict[str, str | None]] = {
    "transfer": {},
    "reconstruct_content": {
        "content": "image",
        "content_layers": "layer",
        **dict.fromkeys(("style", "style_layers", "style_size", "alpha", "beta", "statistic")),
    },
    "reconstruct_style": {
        "style": "image",
        "style_layers": "layers",
        **dict.fromkeys(("content", "content_layers", "content_statistic", "alpha", "beta")),
    },
}


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
        synthesis: to resume: `for step in result.synthesis`, after `result.synthesis.extend(100)` if it was finished.
    """

    image: Tensor = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    settings: dict[str, Any]
    interrupted: bool
    synthesis: Synthesis = field(repr=False)

    def save(self, path: Any) -> None:  # noqa: ANN401  # str or os.PathLike
        """Write the picture as PNG or JPEG with the settings inside; see `save_image` and `load_settings`."""
        save_image(self.image, path, self.settings)


@dataclass(frozen=True, eq=False)
class Plan:
    """A recipe's options, checked, and what follows from them.

    The recipes explain each option. What is wrong with one is said when `settings` are asked for, before any work is
    done; a picture that is too small for a layer, when its features are computed.

    Example:
        >>> plan = Plan("transfer", content="chelsea", style="dots", content_layers=CONTENT_LAYER,
        ...             style_layers=STYLE_LAYERS, size=256, steps=7, beta=7.0, tv=0.5)
        >>> [(stage["width"], stage["steps"]) for stage in plan.settings["stages"]]
        [(128, 7), (181, 7), (256, 7)]
    """

    recipe: str
    content: PictureSource | None = None
    style: PictureSource | None = None
    content_layers: LayerWeights = ()
    style_layers: LayerWeights = ()
    statistic: Statistic = "gram"
    content_statistic: Statistic = "features"
    size: int | None = 256
    style_size: int | None = None
    steps: int = 100
    alpha: float = 1.0
    beta: float = 1.0
    tv: float = 0.0
    init: PictureSource = "noise"
    optimiser: OptimiserName = "lbfgs"
    seed: int = 0
    weights: NetworkSource = "bundled"
    pooling: Pooling = "max"
    padding: Padding = "replicate"
    units: Units = "relative"
    coarse_to_fine: bool | None = None
    precision: Precision = "auto"
    device: str | torch.device | None = None

    @cached_property
    def network(self) -> Network:
        """The network asked for."""
        return find_network(self.weights, self.pooling, self.padding, self.device)

    @cached_property
    def v(self) -> dict[str, float]:
        """v_l, the weights of the content layers; none where only style is wanted."""
        return self._layer_weights("content_layers") if self._has("content") else {}

    @cached_property
    def w(self) -> dict[str, float]:
        """w_l, the weights of the style layers; none where only content is wanted."""
        return self._layer_weights("style_layers") if self._has("style") else {}

    @cached_property
    def statistics(self) -> dict[str, Statistic]:
        """What stands for style and for content, in a form that can be read more than once."""
        found: dict[str, Statistic] = {}
        for kind, asked in (("style", self.statistic), ("content", self.content_statistic)):
            found[kind] = as_given(asked)
            find_statistics(found[kind], kind)
        return found

    @cached_property
    def photograph(self) -> Tensor | None:
        """P, at the size of the result."""
        return self._read("content", self.size) if self._has("content") else None

    @cached_property
    def painting(self) -> Tensor | None:
        """S, at its own size."""
        size = self.size if self.style_size is None else self.style_size
        return self._read("style", size) if self._has("style") else None

    @cached_property
    def smallest(self) -> int:
        """Side of a picture that the layers allow, in pixels."""
        return max(self.network.layer(name).minimum_size for name in (*self.v, *self.w))

    @cached_property
    def stages(self) -> list[StageSettings]:
        """Sizes and weights, from small to large."""
        height, width = self._shape
        by_default = self._from_noise and bool(self.v)  # a texture made at one size shows what its layers see
        return stages(
            height,
            width,
            steps=self.steps,
            alpha=self.alpha if self.v else 0.0,
            beta=self.beta if self.w else 0.0,
            tv=self.tv,
            smallest=self.smallest,
            grow=by_default if self.coarse_to_fine is None else self.coarse_to_fine,
            relative=self.units == "relative",
        )

    @cached_property
    def start(self) -> Tensor:
        """Where the first stage begins."""
        if self._from_noise:  # drawn at the first size: noise made smaller would be greyer
            first = self.stages[0]
            noise = white_noise(first["height"], first["width"], self.seed)
            return (0.5 + CONTRAST * (noise - 0.5)).to(self.network.device, self.network.dtype)
        named = {"content": self.photograph, "style": self.painting}
        if not (isinstance(self.init, str) and self.init in named):
            return resize(self._picture(self.init, None, "init"), *self._shape)
        start = named[self.init]
        if start is None:
            raise InputError(f"init: there is no {self.init!r} picture in this recipe; use 'noise' or a picture")
        return resize(start, *self._shape)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Everything needed to make the picture again, as plain JSON values; see `Result.settings`.

        Raises:
            InputError, ImageError, WeightsError: whatever is wrong with the options.
        """
        from styletools import __version__  # noqa: PLC0415  # the package's table of contents imports this file

        if not (self.v or self.w):
            raise InputError("layers: expected at least one, got none")
        for name in ("alpha", "beta", "tv"):
            check_weight(name, getattr(self, name))
        check_units(self.units)
        check_steps(self.steps)
        check_optimiser(self.optimiser)
        network = self.network
        find_passes(network, self.precision)
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values |= {"content_layers": self.v, "style_layers": self.w, "device": str(network.device)}
        values |= {"statistic": self.statistics["style"], "content_statistic": self.statistics["content"]}
        pooling, padding = (network.pooling, network.padding) if isinstance(network, VGG) else (None, None)
        values |= {"pooling": pooling, "padding": padding}
        names = NAMES[self.recipe]
        called = {name: names.get(name, name) for name in values if name != "recipe"}
        arguments = {argument: values[name] for name, argument in called.items() if argument is not None}
        settings = describe(self.recipe, arguments, network.description, __version__)
        _ = self.start  # what is wrong with the pictures is said here, too
        return settings | {"stages": self.stages}

    def objective(self, stage: StageSettings) -> Objective:
        """What is minimised at a stage: the two pictures at its size, and its weights."""
        P, S, last = self.photograph, self.painting, self.stages[-1]
        if P is not None:
            P = resize(P, stage["height"], stage["width"])
        if S is not None:  # scaled alike
            share = max(stage["width"], stage["height"]) / max(last["width"], last["height"])
            S = resize(S, *scaled(S.shape[2], S.shape[3], share, self.smallest))
        return Objective(
            self.network,
            content=P,
            style=S,
            content_layers=self.v,
            style_layers=self.w,
            alpha=stage["alpha"],
            beta=stage["beta"],
            tv=stage["tv"],
            statistic=self.statistics["style"],
            content_statistic=self.statistics["content"],
            units=self.units,
            precision=self.precision,
        )

    def run(self, progress: bool = True, on_step: OnStep | None = None) -> Result:
        """Make the picture.

        Args:
            progress: whether to show a bar.
            on_step: called with each `Step`; return True to stop.

        Raises:
            SynthesisError: the loss became NaN or infinite; the error holds the best picture and the settings.
        """
        settings = self.settings
        run = []
        for stage in self.stages:
            objective = self.objective(stage)
            settings["arguments"]["precision"] = objective.precision  # what "auto" has turned out to be
            run.append(Stage(objective, stage["height"], stage["width"], stage["steps"]))
        synthesis = Synthesis(run, self.start, optimiser=self.optimiser)
        try:
            interrupted = watch(synthesis, self.recipe.replace("_", " "), progress, on_step)
        except SynthesisError as error:
            error.settings = settings
            raise
        return Result(synthesis.image.float().cpu(), synthesis.history, settings, interrupted, synthesis)

    @property
    def _from_noise(self) -> bool:
        return isinstance(self.init, str) and self.init == "noise"

    @property
    def _shape(self) -> tuple[int, int]:
        """Height and width of the result: the photograph's, or the painting's proportions."""
        shown = self.painting if self.photograph is None else self.photograph
        assert shown is not None
        height, width = shown.shape[2:]
        if self.photograph is None and self.size is not None:
            width, height = fit_size(width, height, self.size)
        return height, width

    def _has(self, role: str) -> bool:
        """Whether the recipe has a photograph or a painting."""
        return NAMES[self.recipe].get(role, role) is not None

    def _called(self, option: str) -> str:
        """What the recipe calls an option."""
        return NAMES[self.recipe].get(option, option) or option

    def _layer_weights(self, option: str) -> dict[str, float]:
        return layer_weights(getattr(self, option), self._called(option))

    def _read(self, role: str, size: int | None) -> Tensor:
        return self._picture(getattr(self, role), size, self._called(role))

    def _picture(self, source: PictureSource, size: int | None, name: str) -> Tensor:
        """Read a picture, or check a tensor; the longer side becomes `size`."""
        if not isinstance(source, Tensor):
            return load_image(source, size).to(self.network.device, self.network.dtype)
        check_image(source, name)
        if source.shape[0] != 1:
            raise InputError(f"{name}: expected one picture (1, 3, H, W), got a batch of {source.shape[0]}")
        image = source.detach().float()
        if size is not None:
            width, height = fit_size(image.shape[3], image.shape[2], size)
            image = resize(image, height, width)
        return image.to(self.network.device, self.network.dtype)
