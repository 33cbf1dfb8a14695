"""Say what is installed, which weights there are, which device would be used, and how to fix what is wrong."""

from __future__ import annotations

import importlib
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import torch

from styletools import __version__
from styletools.errors import WeightsError
from styletools.network.device import pick_device
from styletools.network.onednn import has_fused
from styletools.network.passes import pick_precision
from styletools.network.vgg import VGG
from styletools.network.weights import cache_folder, load_weights

__all__ = ["Finding", "examine"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        what: what was checked.
        state: what was found.
        healthy: whether it is as it should be.
        remedy: what to do if it is not.
    """

    what: str
    state: str
    healthy: bool = True
    remedy: str = ""

    def __str__(self) -> str:
        """The line, with the remedy under it."""
        line = f"{'ok ' if self.healthy else 'BAD'}  {self.what:<12} {self.state}"
        return f"{line}\n     → {self.remedy}" if self.remedy else line


def examine() -> list[Finding]:
    """Check everything that a recipe or the course needs.

    Example:
        >>> [finding.what for finding in examine()][:3]
        ['styletools', 'torch', 'torchvision']
    """
    return [
        Finding("styletools", f"{__version__} on Python {platform.python_version()}, {platform.system()}"),
        Finding("torch", f"{torch.__version__}, {torch.get_num_threads()} threads"),
        _torchvision(),
        Finding("device", str(pick_device())),
        _arithmetic(),
        _bundled(),
        _cache(),
        _course(),
    ]


def _torchvision() -> Finding:
    installed = _version("torchvision")
    if installed is None:
        return Finding("torchvision", "not installed", False, "pip install torchvision")
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        build = "a CPU-only build" if torch.version.cuda is None else f"a build for CUDA {torch.version.cuda}"
        return Finding(
            "torchvision",
            f"{installed} does not import beside torch {torch.__version__} ({' '.join(str(error).split())[:100]})",
            False,
            f"torch is {build} and torchvision is of another: install both anew from one place, "
            "`pip install --force-reinstall torch torchvision`, or, small and without CUDA, "
            "`uv pip install --reinstall --torch-backend=cpu torch torchvision`. "
            "Until then everything works but the weights that are downloaded, 'vgg19' and the like",
        )
    return Finding("torchvision", installed)


def _arithmetic() -> Finding:
    how = "fused (oneDNN)" if has_fused(torch.float32) else "torch's own, not fused: slower"
    precision = "bfloat16" if pick_precision("auto", VGG("random")) == "bfloat16" else "float32"
    return Finding("arithmetic", f"{precision}; convolutions on the processor are {how}")


def _bundled() -> Finding:
    began = time.perf_counter()
    try:
        weights = load_weights("bundled")
    except WeightsError as error:
        return Finding("weights", f"bundled: {error}", False, "install styletools again")
    return Finding("weights", f"bundled VGG-{weights.depth}, read in {time.perf_counter() - began:.1f} s")


def _cache() -> Finding:
    folder = cache_folder()
    names = sorted(path.stem for path in folder.glob("*.safetensors")) if folder.is_dir() else []
    return Finding("cache", f"{folder}: {', '.join(names) or 'nothing downloaded yet (nothing is needed)'}")


def _course() -> Finding:
    lab, widgets = _version("jupyterlab"), _version("ipywidgets")
    if lab is None:
        return Finding("course", "JupyterLab is not installed", False, 'pip install "styletools[lab]"')
    return Finding("course", f"JupyterLab {lab}, ipywidgets {widgets}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
