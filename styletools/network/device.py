"""Which device to compute on."""

from __future__ import annotations

import torch

from styletools.errors import InputError

__all__ = ["pick_device"]


def pick_device(device: str | torch.device | None = None) -> torch.device:
    """The device asked for, or the best available: CUDA, then Apple's MPS, then the CPU.

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
