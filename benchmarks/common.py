"""What all measurements share: the pictures, the objective, the machine, and clocks that are fair on a noisy one."""

from __future__ import annotations

import importlib
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import styletools as st
from styletools.network.passes import Precision, pick_precision
from styletools.network.weights import load_weights
from styletools.recipes import CONTENT_LAYER, STYLE_LAYERS

HERE = Path(__file__).resolve().parent
PAIRS = (("chelsea", "starry_night"), ("china", "great_wave"), ("astronaut", "the_kiss"))
ALPHA, BETA = 1.0, 5.0  # near the package's defaults; total variation is left out, because the textbook has none


def precisions() -> list[Precision]:
    """The precisions that can be compared on this machine."""
    halves = pick_precision("auto", st.VGG("random")) == "bfloat16"
    return ["full", "bfloat16"] if halves else ["full"]


def pictures(pair: tuple[str, str], size: int) -> tuple[Tensor, Tensor]:
    """Content and style, the longer side of each at `size`."""
    content, style = (st.load_image(name, size) for name in pair)
    return content, style


def objective(vgg: st.VGG, content: Tensor, style: Tensor, precision: Precision = "full") -> st.Objective:
    """Eq. 7 as everything here minimises it."""
    return st.Objective(
        vgg,
        content=content,
        style=style,
        content_layers=CONTENT_LAYER,
        style_layers=STYLE_LAYERS,
        alpha=ALPHA,
        beta=BETA,
        precision=precision,
    )


def arithmetic(height: int, width: int) -> float:
    """Operations of a step, 2 × forward to conv5_1, from the shapes of the layers; Gram matrices are left out."""
    forward = 0.0
    for name, weight in load_weights().tensors.items():
        if name.endswith("weight") and name <= "conv5_1.weight":
            shrunk = 2 ** (int(name[4]) - 1)
            forward += 2 * weight.numel() * (height // shrunk) * (width // shrunk)
    return 2 * forward


def high_frequency(image: Tensor) -> float:
    """Share of a grey picture's energy above a quarter cycle per pixel, where noise lives and pictures have little."""
    grey = image.mean(1)[0]
    energy = torch.fft.fft2(grey - grey.mean()).abs() ** 2
    vertical, horizontal = torch.fft.fftfreq(grey.shape[0]), torch.fft.fftfreq(grey.shape[1])
    return float(energy[torch.hypot(vertical[:, None], horizontal[None]) > 0.25].sum() / energy.sum())


def interleaved(tasks: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median seconds of each task. They take turns, so that a slow minute of the machine hits all alike."""
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}


def alone(code: str, *arguments: Any, environment: dict[str, str] | None = None) -> Any:  # noqa: ANN401
    """Run a measurement in a process of its own and read the JSON that it prints; for memory and imports."""
    variables = {**os.environ, **(environment or {})}
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parent, env=variables)
    if run.returncode:
        raise RuntimeError(f"a measurement failed: {run.stderr[-500:]}")
    return json.loads(run.stdout.splitlines()[-1])


def peak_memory() -> float:
    """The most that this process has had resident, in GB."""
    status = Path("/proc/self/status")
    if status.exists():  # `getrusage` begins with what the parent process had
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    resource = importlib.import_module("resource")  # not on Windows
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / (1e9 if sys.platform == "darwin" else 1e6)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].split(":")[1].strip() if lines else name
    return {
        "processor": name,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": precisions()[-1] == "bfloat16",
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def rounded(value: Any, digits: int = 3) -> Any:  # noqa: ANN401
    """All numbers inside, with so many significant digits."""
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, digits) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{digits}g}")
    return value


def updated(rows: list[dict[str, Any]], new: list[dict[str, Any]], words: Sequence[str]) -> list[dict[str, Any]]:
    """The rows, with those that were measured again in place of the old ones; `words` are what names a row."""
    again = {tuple(row[word] for word in words): row for row in new}
    kept = [again.pop(tuple(row[word] for word in words), row) for row in rows]
    return kept + list(again.values())
