"""Where a pretrained VGG comes from: bundled, torchvision, a file of the user's, or random.

Whatever the source, what comes back is the same: the convolutions under the paper's names, and the mean and
the deviation that the network expects its input to be normalised with, channels in RGB order.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.error import URLError

import platformdirs
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from styletools.door import explained
from styletools.errors import InputError, WeightsError, check_whole, shown
from styletools.files import write_whole
from styletools.surroundings import undisturbed

__all__ = ["BLOCKS", "SOURCES", "Convention", "Depth", "Weights", "cache_folder", "convolutions", "load_weights"]

Depth: TypeAlias = Literal[11, 13, 16, 19]
"""Which VGG: its number of layers with weights."""
Convention: TypeAlias = Literal["imagenet", "caffe"]
"""How the weights were trained: which mean and divisor a picture needs."""

BLOCKS: dict[Depth, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""How many convolutions each of the five blocks has, by depth."""
FILTERS = (64, 128, 256, 512, 512)
"""How many filters each convolution of a block has."""

_Triple: TypeAlias = tuple[float, float, float]
_CONVENTIONS: dict[str, tuple[_Triple, _Triple]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    # The Caffe models subtract a mean from values in 0 … 255 and do not divide.
    "caffe": ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255)),
}
_TORCHVISION: dict[str, tuple[str, str]] = {
    "vgg11": ("VGG11_Weights", "IMAGENET1K_V1"),
    "vgg13": ("VGG13_Weights", "IMAGENET1K_V1"),
    "vgg16": ("VGG16_Weights", "IMAGENET1K_V1"),
    "vgg19": ("VGG19_Weights", "IMAGENET1K_V1"),
    "vgg16-caffe": ("VGG16_Weights", "IMAGENET1K_FEATURES"),
}

SOURCES: tuple[str, ...] = ("bundled", *_TORCHVISION, "random")
"""The names that `load_weights` knows; anything else is a path."""


@dataclass(frozen=True)
class Weights:
    """The convolutions of a VGG, and how its input is normalised: (image − mean) / std.

    Attributes:
        source: where they came from, for messages and settings.
        depth: 11, 13, 16 or 19.
        tensors: `conv1_1.weight` (out, in, 3, 3), `conv1_1.bias` (out,), … in the order of the network.
        mean: of the red, green and blue channel, on the scale of the image, [0, 1].
        std: likewise.
    """

    source: str
    depth: Depth
    tensors: dict[str, Tensor]
    mean: _Triple
    std: _Triple


@explained
@undisturbed
def load_weights(
    source: str | os.PathLike[str] = "bundled",
    *,
    seed: int = 0,
    depth: Depth = 16,
    convention: Convention | None = None,
) -> Weights:
    """Load the weights of a VGG.

    Args:
        source: `"bundled"`, the VGG-16 of the package (see `data/MODEL_CARD.md`);
            `"vgg11"`, `"vgg13"`, `"vgg16"`, `"vgg19"`, `"vgg16-caffe"`, downloaded once by way of torchvision
            and kept in `cache_folder()`; `"random"`; or the path of a state dict (`.pth`, `.pt`, `.safetensors`) in
            torchvision's layout (`features.0.weight` …), in that of the paper's authors
            (`conv1_1.weight` …, whose first layer is stored BGR), or a copy saved by styletools.
        seed: for `"random"`.
        depth: for `"random"`.
        convention: how the input of a *file* is normalised, `"imagenet"` or `"caffe"`. By default what the file
            says, else what its layout suggests: torchvision's "imagenet", the authors' "caffe".

    Returns:
        Weights in float32 on the CPU.

    Raises:
        WeightsError: no such file, a damaged one, an unknown layout, or no network for a download.
        InputError: an unknown depth or convention.

    Example:
        >>> load_weights("random", seed=1).tensors["conv1_1.weight"].shape
        torch.Size([64, 3, 3, 3])
    """
    if depth not in BLOCKS:
        raise InputError(f"depth: expected one of {', '.join(map(str, BLOCKS))}, got {shown(depth)}")
    check_whole("seed", seed, most=2**63 - 1)
    if convention is not None and convention not in _CONVENTIONS:
        raise InputError(f"convention: expected one of {', '.join(_CONVENTIONS)}, got {shown(convention)}")
    if source == "bundled":
        with as_file(files("styletools").joinpath("data/vgg16.safetensors")) as path:
            return _from_file(path, None, name="bundled")
    if source == "random":
        return _random(seed, depth)
    if isinstance(source, str) and source in _TORCHVISION:
        return _from_torchvision(source)
    return _from_file(Path(source), convention, name=str(source))


def cache_folder() -> Path:
    """The folder of downloaded weights: `$STYLETOOLS_CACHE`, else the platform's cache folder. Not created."""
    folder = os.environ.get("STYLETOOLS_CACHE")
    return Path(folder) if folder else Path(platformdirs.user_cache_dir("styletools", appauthor=False))


def convolutions(depth: Depth) -> list[str]:
    """Names of all convolutions, from conv1_1 to conv5_2, conv5_3 or conv5_4.

    Example:
        >>> convolutions(11)[:3]
        ['conv1_1', 'conv2_1', 'conv3_1']
    """
    return [f"conv{b}_{c}" for b, count in enumerate(BLOCKS[depth], 1) for c in range(1, count + 1)]


def _shapes(depth: Depth) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor."""
    shapes: dict[str, tuple[int, ...]] = {}
    previous = 3
    for name in convolutions(depth):
        filters = FILTERS[int(name[4]) - 1]
        shapes[f"{name}.weight"] = (filters, previous, 3, 3)
        shapes[f"{name}.bias"] = (filters,)
        previous = filters
    return shapes


def _random(seed: int, depth: Depth) -> Weights:
    """He's normal initialisation: the size of the activations stays about the same from layer to layer."""
    generator = torch.Generator().manual_seed(int(seed))
    tensors = {
        name: torch.zeros(shape)
        if len(shape) == 1
        else torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))
        for name, shape in _shapes(depth).items()
    }
    return Weights(f"random (seed {seed})", depth, tensors, *_CONVENTIONS["imagenet"])


# --- files ---------------------------------------------------------------------------------------------------


def _from_file(path: Path, convention: Convention | None, name: str) -> Weights:
    state, metadata = _read_state(path)
    layout, tensors = _rename(state, path)
    # A file that lacks something is compared with the shallowest network that has all it holds.
    depth: Depth = next((depth for depth in BLOCKS if set(tensors) <= set(_shapes(depth))), 19)
    _check(tensors, depth, path)
    mean, std = _CONVENTIONS[convention or ("caffe" if layout == "authors" else "imagenet")]
    if layout == "authors" and "styletools" not in metadata:
        tensors["conv1_1.weight"] = tensors["conv1_1.weight"].flip(1)  # BGR → RGB
    if "styletools" in metadata and convention is None:
        try:
            stored = json.loads(metadata["styletools"])
            mean, std = _triple(stored["mean"]), _triple(stored["std"])
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"weights {path}: its metadata is damaged ({error}); get the file again") from error
    ordered = {key: tensors[key].float() for key in _shapes(depth)}
    return Weights(name, depth, ordered, mean, std)


def _triple(values: Sequence[float]) -> _Triple:
    red, green, blue = values
    return float(red), float(green), float(blue)


def _read_state(path: Path) -> tuple[Mapping[str, Tensor], dict[str, str]]:
    """Read the tensors and the metadata of a .safetensors file, or the tensors of a torch file."""
    if not os.path.isfile(path):
        kind = "a folder" if os.path.isdir(path) else "no such file"
        raise WeightsError(
            f"weights {str(path)!r}: {kind}; expected {', '.join(map(repr, SOURCES))}, or the path of a file"
        )
    metadata: dict[str, str] = {}
    try:
        if path.suffix == ".safetensors":
            with safetensors.safe_open(path, framework="pt") as file:
                state, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
        else:
            # With weights_only a file that would run code is an UnpicklingError.
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes the unpickler raise almost anything
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        if "weights_only" in str(error) and "GLOBAL" in str(error):
            raise WeightsError(
                f"weights {path}: the file is not a plain state dict but a pickled object, which could run code; "
                "save the model's state dict instead: torch.save(model.state_dict(), path)"
            ) from error
        raise WeightsError(
            f"weights {path}: the file is damaged, truncated or not a plain state dict ({reason}); get it again"
        ) from error
    if not isinstance(state, Mapping) or not all(isinstance(key, str) for key in state):
        raise WeightsError(f"weights {path}: expected a state dict of tensors by name, got {type(state).__name__}")
    return {key: value for key, value in state.items() if isinstance(value, Tensor)}, metadata


def _rename(state: Mapping[str, Tensor], path: Path) -> tuple[Literal["authors", "torchvision"], dict[str, Tensor]]:
    """Tell the layout from the keys, and give the tensors the paper's names."""
    if "conv1_1.weight" in state:
        return "authors", {key: value for key, value in state.items() if key.startswith("conv")}
    numbered = {}
    for key, value in state.items():
        match = re.fullmatch(r"(?:features\.)?(\d+)\.(weight|bias)", key)
        if match:
            numbered[int(match[1]), match[2]] = value
    indices = sorted({index for index, _ in numbered})
    depth = {len(convolutions(depth)): depth for depth in BLOCKS}.get(len(indices))
    if depth is None:
        found = ", ".join(list(map(str, state))[:4]) or "nothing"
        raise WeightsError(
            f"weights {path}: unknown layout; found {len(state)} keys ({found}, …), expected the "
            "convolutions of VGG-11, 13, 16 or 19 as features.0.weight … or conv1_1.weight …"
        )
    names = dict(zip(indices, convolutions(depth), strict=True))
    return "torchvision", {f"{names[index]}.{part}": value for (index, part), value in numbered.items()}


def _check(tensors: Mapping[str, Tensor], depth: Depth, path: Path) -> None:
    for key, shape in _shapes(depth).items():
        if key not in tensors:
            raise WeightsError(f"weights {path}: {key} is missing; expected all convolutions of VGG-{depth}")
        if tuple(tensors[key].shape) != shape:
            raise WeightsError(f"weights {path}: {key} has shape {tuple(tensors[key].shape)}, expected {shape}")
        if not bool(torch.isfinite(tensors[key]).all()):
            raise WeightsError(f"weights {path}: {key} has values that are NaN or infinite; get the file again")


# --- downloads -----------------------------------------------------------------------------------------------


def _from_torchvision(name: str) -> Weights:
    """The cached copy of the convolutions; they are downloaded at the first call."""
    copy = cache_folder() / f"{name}.safetensors"
    if not copy.is_file():
        _download(name, copy)
    try:
        return _from_file(copy, None, name=name)
    except WeightsError as error:
        raise WeightsError(f"{error}. It is the cached copy of {name!r}: delete it to download it anew") from error


def _download(name: str, copy: Path) -> None:
    """Fetch torchvision's file, check its hash, and keep its convolutions only (80 MB or less of 550)."""
    url, convention = _address(name)
    downloaded = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent) as folder:
            if not downloaded.is_file():  # torchvision may have fetched it earlier, for somebody else
                downloaded = Path(folder) / Path(url).name
                prefix = Path(url).stem.rsplit("-", 1)[-1]  # the file's name ends in the start of its SHA-256
                torch.hub.download_url_to_file(url, str(downloaded), hash_prefix=prefix, progress=True)
            weights = _from_file(downloaded, convention, name=name)
            metadata = {"styletools": json.dumps({"mean": weights.mean, "std": weights.std, "source": url})}
            write_whole(copy, safetensors.torch.save(weights.tensors, metadata))
    except (URLError, RuntimeError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"weights {name!r}: cannot download {url} to {copy.parent} ({reason}). "
            "Use weights='bundled', which needs no network, or the path of a file"
        ) from error


def _address(name: str) -> tuple[str, Convention]:
    """Where torchvision keeps a file, and how the network's input is normalised."""
    enum, member = _TORCHVISION[name]
    try:
        import torchvision.models  # noqa: PLC0415  # slow to import, and needed for a download only
    except (ImportError, RuntimeError) as error:
        raise WeightsError(
            f"weights {name!r}: torchvision does not import ({error}); `styletools doctor` says how to mend it. "
            "Use weights='bundled', which does not need it"
        ) from error
    url: str = getattr(torchvision.models, enum)[member].url
    return url, "caffe" if name.endswith("caffe") else "imagenet"
