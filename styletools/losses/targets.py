"""Targets of paintings, made once: the tenth photograph in the same style starts at once.

A target depends on the painting's pixels, the network, the layer and the statistic, but not on the photograph. So it is
kept under a hash of these: the latest in memory, and those of large paintings also in the cache folder, for the next
process. Targets that are large themselves, such as sorted features, are made again.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import os
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from styletools.errors import StyletoolsError
from styletools.files import write_whole
from styletools.losses.term import Term
from styletools.network.network import Network
from styletools.network.vgg import VGG
from styletools.network.weights import cache_folder

__all__ = ["Targets", "key_of"]

LARGEST = 2**24  # bytes of one target that is kept
IN_MEMORY, ON_DISK = 2**26, 2**28  # bytes of all of them
PAYS = 2**18  # pixels from which a painting's targets are also kept on the disk

_digests: WeakKeyDictionary[VGG, tuple[object, str]] = WeakKeyDictionary()


def key_of(network: Network, image: Tensor, side: int) -> str | None:
    """What the targets of a painting depend on, besides layer and statistic; None where that cannot be said.

    Args:
        network: whose features are compared.
        image: the painting.
        side: of the blocks that features are computed in; 0: no blocks.

    Example:
        >>> vgg, image = VGG("random"), torch.rand(1, 3, 8, 8)
        >>> key_of(vgg, image, 0) == key_of(vgg, image.clone(), 0) != key_of(vgg, 1 - image, 0)
        True
    """
    if not isinstance(network, VGG) or network.device.type != "cpu" or type(network).forward is not VGG.forward:
        return None
    pixels = hashlib.sha256(image.detach().contiguous().numpy().data).hexdigest()
    rounding = (torch.get_num_threads(), torch.__version__, side)  # adding in another order changes the last digit
    return repr((_digest(network), network.pooling, network.padding, tuple(image.shape), pixels, rounding))


class Targets:
    """Terms with their targets, in memory and on the disk.

    Example:
        >>> from styletools.losses.gram import Gram
        >>> made = []
        >>> def make():
        ...     made.append(1)
        ...     return Gram("conv1_1", torch.ones(1, 2, 3, 3))
        >>> targets = Targets()
        >>> first, second = (targets.term("a painting", Gram, "conv1_1", make, 9) for _ in range(2))
        >>> len(made), torch.equal(first.target, second.target)
        (1, True)
    """

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._terms: OrderedDict[str, Term] = OrderedDict()
        self._lock = threading.Lock()

    def term(self, key: str, kind: type[Term], layer: str, make: Callable[[], Term], pixels: int) -> Term:
        """A term that was made before, or a new one. It is the caller's own, except for its target.

        Args:
            key: of the painting, see `key_of`.
            kind: the class.
            layer: where features are compared.
            make: makes it.
            pixels: of the painting: what a target costs.
        """
        name = hashlib.sha256(repr((key, _source(kind), layer)).encode()).hexdigest()
        path = cache_folder() / "targets" / f"{name}.pt" if pixels >= PAYS else None
        with self._lock:
            found = self._terms.get(name)
            if found is not None:
                self._terms.move_to_end(name)
        if found is None:
            found = _read(path, kind)
        if found is None:
            found = make()
            if path is not None and _bytes(vars(found)) <= LARGEST:
                _write(path, found)
        if _bytes(vars(found)) <= LARGEST:
            with self._lock:
                self._terms[name] = found
                while sum(_bytes(vars(term)) for term in self._terms.values()) > IN_MEMORY:
                    self._terms.popitem(last=False)
        return copy.copy(found)

    def clear(self) -> None:
        """Forget those in memory."""
        with self._lock:
            self._terms.clear()


def _digest(network: VGG) -> str:
    """A hash of the weights, computed again when one has changed."""
    buffers = list(network.buffers())
    state = [(id(tensor), tensor._version) for tensor in buffers]
    found = _digests.get(network)
    if found is None or found[0] != state:
        total = hashlib.sha256()
        for tensor in buffers:
            total.update(tensor.detach().contiguous().numpy().data)
        found = _digests[network] = state, total.hexdigest()
    return found[1]


@cache
def _source(kind: type[Term]) -> str:
    """A hash of the file that a statistic is written in: a new version makes new targets."""
    return hashlib.sha256(Path(inspect.getfile(kind)).read_bytes() + kind.__qualname__.encode()).hexdigest()


def _bytes(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, Tensor):
        return value.untyped_storage().nbytes()
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if isinstance(value, list | tuple) else 0


def _read(path: Path | None, kind: type[Term]) -> Term | None:
    """A term from the disk; None where there is none that is whole."""
    if path is None or not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return None
        attributes = torch.load(path, weights_only=True)
        os.utime(path)  # so that it is the last to be dropped
    except Exception:  # a damaged file makes the unpickler raise almost anything; the target is made anew
        return None
    term = kind.__new__(kind)
    vars(term).update(attributes)
    return term


def _write(path: Path, term: Term) -> None:
    """Keep a term, and drop those that went unused the longest. If this fails, none is kept."""
    with suppress(OSError, RuntimeError, StyletoolsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: torch.save(vars(term), file))
        files = sorted(path.parent.glob("*.pt"), key=lambda each: each.stat().st_mtime, reverse=True)
        total = 0
        for each in files:
            total += each.stat().st_size
            if total > ON_DISK:
                each.unlink(missing_ok=True)
