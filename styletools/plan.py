"""What one call asks for: every option once, from the pictures to the stages of the synthesis."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from styletools.descent.progress import OnStep
from styletools.descent.synthesis import OptimiserName, check_optimiser, check_steps
from styletools.errors import InputError, SynthesisError, check_weight, shown
from styletools.footprint import check_large_enough, choose_block, cost_in_blocks
from styletools.ingredients import Ingredients, PictureSource
from styletools.keeping import Keeping
from styletools.losses.blocks import BlockSize, check_block
from styletools.losses.objective import LayerWeights, Objective, Units, check_units, layer_weights
from styletools.losses.sources import Source
from styletools.losses.statistics import Statistic, as_given, find_statistics, unsplit_statistic
from styletools.names import NAMES
from styletools.network.find import NetworkSource, check_type, find_network
from styletools.network.network import Network
from styletools.network.passes import Precision, find_passes
from styletools.network.vgg import VGG, Padding, Pooling
from styletools.paintings import layers_for_each, listed, shares
from styletools.palette import Colours, check_colours
from styletools.pictures.images import fit_size, resize, white_noise
from styletools.pictures.masks import MaskSource
from styletools.result import Result
from styletools.running import seconds_per_megapixel, set_up, watch_and_keep
from styletools.settings import describe, plain
from styletools.stages import StageSettings, stages, steps_within
from styletools.surroundings import undisturbed

__all__ = ["CONTENT_LAYER", "STYLE_LAYERS", "PictureSource", "Plan", "Result"]

CONTENT_LAYER = "conv4_2"
"""The paper's layer for content."""
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
"""The paper's layers for style, each with w_l = 1/5."""

CONTRAST = 0.2  # of the noise to start from, 0.4 to 0.6: what the losses hardly see of it is then less visible
PROBE = 600  # longer side, at most, of the picture that a step is timed with

SAME = ("recipe", "arguments", "pictures", "network")  # what two parts of one run share; threads may differ


@dataclass(frozen=True, eq=False)
class Plan:
    """A recipe's options, checked, and what follows from them.

    The recipes explain each option. What is wrong with one is reported when `settings` is read, before any work is
    done.

    Example:
        >>> plan = Plan("transfer", content="chelsea", style="dots", content_layers=CONTENT_LAYER,
        ...             style_layers=STYLE_LAYERS, size=256, steps=7, beta=7.0, tv=0.5)
        >>> [(stage["width"], stage["steps"]) for stage in plan.settings["stages"]]
        [(128, 7), (181, 7), (256, 7)]
    """

    recipe: str
    content: PictureSource | None = None
    style: PictureSource | Sequence[PictureSource] | None = None
    content_layers: LayerWeights = ()
    style_layers: LayerWeights | Sequence[LayerWeights] = ()
    statistic: Statistic = "gram"
    content_statistic: Statistic = "features"
    size: int | None = 256
    style_size: int | Sequence[int | None] | None = None
    style_weights: Sequence[float] | None = None
    content_mask: MaskSource | None = None
    style_mask: MaskSource | Sequence[MaskSource] | None = None
    colours: Colours = "painting"
    steps: int | Sequence[int] = 100
    minutes: float | None = None
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
    block: BlockSize | None = None

    @cached_property
    def network(self) -> Network:
        """The network asked for."""
        return find_network(self.weights, self.pooling, self.padding, self.device)

    @cached_property
    def v(self) -> dict[str, float]:
        """v_l, the weights of the content layers; none where only style is wanted."""
        return layer_weights(self.content_layers, self._called("content_layers")) if self._has("content") else {}

    @cached_property
    def w(self) -> list[dict[str, float]]:
        """w_l, the weights of the style layers, for each painting; none where only content is wanted."""
        found = layers_for_each(self.style_layers, len(self._styles), self._called("style_layers"))
        return found if any(found) else []

    @cached_property
    def statistics(self) -> dict[str, Statistic]:
        """What stands for style and for content, in a form that can be read more than once."""
        found: dict[str, Statistic] = {}
        for kind, asked in (("style", self.statistic), ("content", self.content_statistic)):
            found[kind] = as_given(asked)
            find_statistics(found[kind], kind)
        return found

    @cached_property
    def pictures(self) -> Ingredients:
        """The photograph and the paintings."""
        return Ingredients(
            content=self.content if self._has("content") else None,
            styles=self._styles,
            size=self.size,
            style_size=self.style_size,
            content_mask=self.content_mask,
            style_mask=self.style_mask,
            colours=self.colours,
            called=(self._called("content"), self._called("style")),
            place=torch.zeros((), device=self.network.device, dtype=self.network.dtype),
        )

    @cached_property
    def smallest(self) -> int:
        """The smallest side of a picture that the layers allow, in pixels."""
        return max(self.network.layer(name).minimum_size for name in self._layers)

    @property
    def _layers(self) -> set[str]:
        return {*self.v, *(name for w in self.w for name in w)}

    @cached_property
    def decided(self) -> dict[str, Any]:
        """What depends on the machine: which blocks, and how many steps at each size fit into the minutes given."""
        largest = max(((S.shape[2], S.shape[3]) for S in self.pictures.originals), key=math.prod, default=(1, 1))
        block = self.block
        if block is None:
            known = [(self.statistics["style"], "style"), (self.statistics["content"], "content")]
            unsplit = next((name for asked, kind in known if (name := unsplit_statistic(asked, kind))), "")
            block = choose_block(self.network, self._layers, self._shape, largest, unsplit, self.precision)
        steps = self.steps
        if self.minutes is not None:
            steps = steps_within(self._stages(steps), self.minutes, self._seconds_per_megapixel(block))
        return {"block": block, "steps": steps}

    @cached_property
    def stages(self) -> list[StageSettings]:
        """Sizes and weights, from small to large."""
        return self._stages(self.decided["steps"])

    def _stages(self, steps: int | Sequence[int]) -> list[StageSettings]:
        height, width = self._shape
        by_default = self._from_noise and bool(self.v)  # a texture made at one size shows what its layers see
        grow = by_default if self.coarse_to_fine is None else self.coarse_to_fine
        weights = {"alpha": self.alpha if self.v else 0.0, "beta": self.beta if self.w else 0.0, "tv": self.tv}
        relative = self.units == "relative"
        return stages(height, width, steps=steps, **weights, smallest=self.smallest, grow=grow, relative=relative)

    @cached_property
    def start(self) -> Tensor:
        """Where the first stage begins."""
        if self._from_noise:  # drawn at the first size: noise made smaller would be greyer
            first = self.stages[0]
            noise = white_noise(first["height"], first["width"], self.seed)
            return (0.5 + CONTRAST * (noise - 0.5)).to(self.network.device, self.network.dtype)
        P, paintings = self.pictures.compared
        named = {"content": P, "style": paintings[0] if paintings else None}
        if not (isinstance(self.init, str) and self.init in named):
            return resize(self.pictures.read(self.init, None, "init"), *self._shape)
        start = named[self.init]
        if start is None:
            raise InputError(f"init: there is no {self.init!r} picture in this recipe; use 'noise' or a picture")
        return resize(start, *self._shape)

    @cached_property
    @undisturbed
    def settings(self) -> dict[str, Any]:
        """Everything needed to make the picture again, as plain JSON values; see `Result.settings`.

        Raises:
            InputError, ImageError, WeightsError: whatever is wrong with the options.
        """
        asked, _ = self.asked, self.start  # what is wrong with the start is reported here, too
        steps, block = self.decided["steps"], self.decided["block"]
        arguments = {**asked["arguments"], "steps": plain(steps), "block": plain(block) or None, "minutes": None}
        return {**asked, "arguments": arguments, "stages": self.stages}

    @cached_property
    @undisturbed
    def asked(self) -> dict[str, Any]:
        """The options, checked, and the pictures, as plain JSON values: what is the same on every machine."""
        from styletools import __version__  # noqa: PLC0415  # the package's table of contents imports this file

        if not (self.v or self.w):
            raise InputError("layers: expected at least one, got none")
        for name in ("alpha", "beta", "tv"):
            check_weight(name, getattr(self, name))
        if not self.alpha * sum(self.v.values()) + self.beta * sum(sum(w.values()) for w in self.w) > 0:
            raise InputError("nothing to do: α, β or the weights of all layers are 0; give one that is not")
        check_units(self.units)
        check_colours(self.colours)
        for steps in self.steps if isinstance(self.steps, Sequence) else [self.steps]:
            check_steps(steps)
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise InputError(f"minutes: expected a number above 0, got {shown(self.minutes)}")
        check_block(self.network, self.block)
        check_optimiser(self.optimiser)
        network = self.network
        check_type(network)
        find_passes(network, self.precision)
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        w = self.w[0] if len({*map(str, self.w)}) == 1 else self.w  # once where all are the same
        values |= {"content_layers": self.v, "style_layers": w, "device": str(network.device)}
        values |= {"statistic": self.statistics["style"], "content_statistic": self.statistics["content"]}
        pooling, padding = (network.pooling, network.padding) if isinstance(network, VGG) else (None, None)
        values |= {"pooling": pooling, "padding": padding}
        names = NAMES[self.recipe]
        called = {name: names.get(name, name) for name in values if name != "recipe"}
        arguments = {argument: values[name] for name, argument in called.items() if argument is not None}
        settings = describe(self.recipe, arguments, network.description, __version__)
        self._check_sizes()
        _ = self._shares, self.pictures.opacity, self.pictures.regions  # what is wrong with them is reported here, too
        return settings | {"pictures": self.pictures.fingerprints()}

    @undisturbed
    def objective(self, stage: StageSettings) -> Objective:
        """What is minimised at a stage: the loss of the pictures at its size, with its weights."""
        P, mask, last = self.pictures.compared[0], self.pictures.mask, self.stages[-1]
        if P is not None:
            P = resize(P, stage["height"], stage["width"])
        longer, largest = (max(each["width"], each["height"]) for each in (stage, last))
        paintings = self.pictures.paintings_at(longer, largest, self.smallest)
        each = zip(paintings, self.w, self._shares, self.pictures.regions, strict=False)
        style = [Source(*painting) for painting in each]
        return Objective(
            self.network,
            content=P,
            style=style,
            content_layers=self.v,
            regions=None if mask is None else {name: mask.region(name) for name in mask.names},
            alpha=stage["alpha"],
            beta=stage["beta"],
            tv=stage["tv"],
            statistic=self.statistics["style"],
            content_statistic=self.statistics["content"],
            units=self.units,
            precision=self.precision,
            block=self.decided["block"],
        )

    @undisturbed
    def run(
        self, progress: bool = True, on_step: OnStep | None = None, state: str | os.PathLike[str] | None = None
    ) -> Result:
        """Make the picture.

        Args:
            progress: whether to show a bar.
            on_step: called with each `Step`; return True to stop.
            state: a file to keep the run in, see `styletools.keeping`; if it exists, the run goes on from it.

        Raises:
            SynthesisError: the loss became NaN or infinite; the error holds the best picture and the settings.
            InputError: a state that is damaged, or of another picture.
        """
        keeping = None if state is None else Keeping(state, {name: self.asked[name] for name in SAME})
        found = None if keeping is None else keeping.load(self.network.device)
        if found is not None:  # use what was decided then
            self.__dict__["decided"] = found["decided"]
        settings = self.settings
        frugal, show = bool(self.decided["block"]), self.pictures.shown
        synthesis, first = set_up(self.stages, self.objective, self.start, self.optimiser, show, frugal=frugal)
        settings["arguments"]["precision"] = first.precision  # what "auto" turned out to be
        if found is not None:
            synthesis.restore(found["synthesis"])
        title = self.recipe.replace("_", " ")
        try:
            interrupted = watch_and_keep(synthesis, title, progress, on_step, keeping, self.decided)
        except SynthesisError as error:
            error.settings = settings
            raise
        if interrupted:  # so that it can be made again, to the same step
            settings["stopped_after"] = int(synthesis.history["step"][-1]) if synthesis.history else 0
        image, opacity = synthesis.image.float().cpu(), self.pictures.opacity
        return Result(image, synthesis.history, settings, interrupted, synthesis, opacity)

    def _seconds_per_megapixel(self, block: BlockSize) -> float:
        """Measured at a moderate size, before anything is decided."""
        sizes = [stage for stage in self._stages(1) if max(stage["height"], stage["width"]) <= PROBE]
        stage = sizes[-1] if sizes else self._stages(1)[0]
        probe = replace(self, size=max(stage["height"], stage["width"]), steps=1, minutes=None, block=0)
        image = torch.full((1, 3, probe.stages[-1]["height"], probe.stages[-1]["width"]), 0.5).to(self.pictures.place)
        seconds = seconds_per_megapixel(probe.objective(probe.stages[-1]), image)
        return seconds * cost_in_blocks(self.network, self._layers, block)

    def _check_sizes(self) -> None:
        """Say which picture is too small for a layer, and which option makes it larger."""
        content, style = self._called("content"), self._called("style")
        larger = "style_size" if self.style_size is not None else "size"
        check_large_enough(self.network, content, self.pictures.photograph, self.v, "size")
        for S, w in zip(self.pictures.originals, self.w, strict=False):
            check_large_enough(self.network, style, S, w, larger)

    @property
    def _from_noise(self) -> bool:
        return isinstance(self.init, str) and self.init == "noise"

    @property
    def _shape(self) -> tuple[int, int]:
        """Height and width of the result: the photograph's, or `size` in the painting's proportions."""
        photograph = self.pictures.photograph
        height, width = (self.pictures.originals[0] if photograph is None else photograph).shape[2:]
        if photograph is None and self.size is not None:
            width, height = fit_size(width, height, self.size)
        return height, width

    def _has(self, role: str) -> bool:
        """Whether the recipe has a photograph or a painting."""
        return NAMES[self.recipe].get(role, role) is not None

    def _called(self, option: str) -> str:
        """What the recipe calls an option."""
        return NAMES[self.recipe].get(option, option) or option

    @cached_property
    def _styles(self) -> list[PictureSource]:
        return listed(self.style, self._called("style")) if self._has("style") else []  # type: ignore[arg-type]

    @cached_property
    def _shares(self) -> list[float]:
        return shares(self.style_weights, len(self._styles), "style_weights") if self._styles else []
