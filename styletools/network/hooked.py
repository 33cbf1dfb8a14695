"""Any torch module as a network: its features by forward hooks, their gradient by autograd."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.network.network import Layer

__all__ = ["Hooked"]

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_PROBES = (1, 2, 4, 8, 16, 32, 64, 128, 224, 256)  # sides of the pictures tried, to find the smallest usable one


class Hooked:
    """A network from somewhere else, with its layers under names of your choice.

    The module is copied, frozen and put in evaluation mode. A call runs it only as far as the last layer asked for.

    Args:
        module: takes normalised pictures (B, 3, H, W).
        layers: paths of submodules as in `module.named_modules()`, or a mapping from names of your choice to paths.
            Each must return one tensor (B, C, H', W').
        mean: of red, green and blue in [0, 1]; ImageNet's by default.
        std: likewise.

    Raises:
        InputError: no layers, a path that is not there, or a layer without features of the right shape.

    Example:
        >>> module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        >>> network = Hooked(module, {"relu1": "1", "pool1": "2"})
        >>> {name: tuple(F.shape) for name, F in network(torch.rand(1, 3, 8, 6), ["pool1", "relu1"]).items()}
        {'pool1': (1, 8, 4, 3), 'relu1': (1, 8, 8, 6)}
        >>> network.layer("pool1")
        Layer(name='pool1', filters=8, stride=2, receptive_field=0)
    """

    @explained
    def __init__(
        self,
        module: nn.Module,
        layers: Iterable[str] | Mapping[str, str],
        *,
        mean: tuple[float, float, float] = _IMAGENET[0],
        std: tuple[float, float, float] = _IMAGENET[1],
    ) -> None:
        """Copy and freeze the module, and try out its layers."""
        layers = [layers] if isinstance(layers, str) else layers
        paths = dict(layers) if isinstance(layers, Mapping) else {path: path for path in layers}
        if not paths:
            raise InputError("layers: expected at least one path of a submodule, got none")
        known = dict(module.named_modules())
        for path in paths.values():
            if path not in known:
                have = ", ".join(name for name in known if name)
                raise InputError(f"layers: the module has no submodule {shown(path)}; it has {have}")
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self._paths = paths
        like = next(self.module.parameters(), torch.zeros(()))
        self.mean, self.std = (torch.tensor(values).view(1, 3, 1, 1).to(like) for values in (mean, std))
        self._layers = {name: self._describe(name) for name in paths}

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.mean.device

    @property
    def dtype(self) -> torch.dtype:
        """The type that the network computes in."""
        return self.mean.dtype

    @property
    def description(self) -> str:
        """The module's class and the layers."""
        return f"{type(self.module).__name__}, layers {', '.join(self._paths)}"

    @property
    def layers(self) -> tuple[str, ...]:
        """All names that can be asked for."""
        return tuple(self._paths)

    def layer(self, name: str) -> Layer:
        """Number of filters and stride of a layer, measured.

        Raises:
            InputError: no layer has that name.
        """
        self._check([name])
        return self._layers[name]

    def __call__(self, image: Tensor, layers: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute features.

        Args:
            image: (B, 3, H, W) in [0, 1], on the network's device, of its dtype.
            layers: names.

        Returns:
            Features (B, C, H', W') by name, in the order asked for.

        Raises:
            InputError: an unknown layer, another shape, or a picture that is too small for the module.
        """
        names = [layers] if isinstance(layers, str) else list(layers)
        self._check(names)
        if not isinstance(image, Tensor) or image.dim() != 4 or image.shape[1] != 3:
            got = tuple(image.shape) if isinstance(image, Tensor) else type(image).__name__
            raise InputError(f"image: expected a tensor (B, 3, H, W), got {got}; see styletools.load_image")
        try:
            found = self._run(image, names)
        except (RuntimeError, ValueError, AssertionError) as error:  # whatever the module says about such a size
            raise InputError(
                f"image: {type(self.module).__name__} cannot be run on {tuple(image.shape)}: {error}"
            ) from None
        missing = [name for name in names if name not in found]
        if missing:
            raise InputError(f"layers: {missing[0]!r} gave no tensor for a picture of {tuple(image.shape)}")
        return {name: found[name] for name in names}

    def _run(self, image: Tensor, names: list[str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        handles = [
            self.module.get_submodule(self._paths[name]).register_forward_hook(_keeper(name, found, len(set(names))))
            for name in set(names)
        ]
        try:
            self.module((image - self.mean) / self.std)
        except _Enough:
            pass
        finally:
            for handle in handles:
                handle.remove()
        return found

    def _check(self, names: list[str]) -> None:
        unknown = [name for name in names if name not in self._paths]
        if unknown or not names:
            raise InputError(f"unknown layer {shown(unknown[0])}; there are {', '.join(self._paths)}" if unknown else
                             "layers: expected at least one name, got none")  # fmt: skip

    @torch.no_grad()
    def _describe(self, name: str) -> Layer:
        """Try pictures of growing size: the first that works is the minimum, the last that works shows the stride."""
        works: list[tuple[int, Tensor]] = []
        reason = ""
        for side in _PROBES:
            try:
                F = self._run(torch.zeros(1, 3, side, side).to(self.mean), [name])[name]
            except (RuntimeError, ValueError, AssertionError, KeyError) as error:  # too small, or never reached
                reason = str(error)
                continue
            if F.dim() == 4 and 0 not in F.shape:
                works.append((side, F))
        if not works:
            raise InputError(f"layers: {name!r} has no features (B, C, H, W) {reason}".rstrip())
        side, F = works[-1]
        return Layer(name, F.shape[1], round(side / F.shape[3]), 0, works[0][0])


class _Enough(Exception):  # noqa: N818  # not an error: nothing deeper is wanted
    """All layers asked for have been computed."""


def _keeper(name: str, found: dict[str, Tensor], count: int) -> Callable[[nn.Module, object, object], None]:
    def keep(_module: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            # A copy: the next module may be a ReLU that overwrites it.
            found.setdefault(name, output.clone())
        if len(found) == count:
            raise _Enough

    return keep
