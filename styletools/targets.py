"""What pictures in the style of one painting share: its targets, computed once for each size they grow through."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextvars import ContextVar, Token
from types import TracebackType

from styletools.losses.sources import Source, terms_of
from styletools.losses.statistics import Statistic
from styletools.losses.term import Term
from styletools.network.network import Network
from styletools.settings import fingerprint

__all__ = ["Targets", "style_terms"]


class Targets:
    """The terms of style that were made lately; while it is open (`with targets:`) plans look there first.

    A painting seen at a size by a network has the same target whatever the photograph is. Terms are kept as they were
    made, and each objective gets copies: what a term notes for itself while it is used stays its own.

    Args:
        most: sets of terms that are kept, one for each painting and size. Those of five layers and Gram matrices take
            2 MB.

    Attributes:
        found: how often one was found.

    Example:
        >>> import torch
        >>> from styletools.network.vgg import VGG
        >>> vgg, painting = VGG("random"), Source(torch.rand(1, 3, 16, 16), {"conv1_1": 1.0})
        >>> with Targets() as targets:
        ...     first, again = (style_terms(vgg, [painting], "gram", beta) for beta in (1.0, 3.0))
        >>> targets.found, first[0].target is again[0].target, [term.weight for term in (*first, *again)]
        (1, True, [1.0, 3.0])
    """

    def __init__(self, most: int = 32) -> None:
        """Keep nothing yet."""
        self.most, self.found = most, 0
        self._kept: OrderedDict[Hashable, tuple[Network, list[Term]]] = OrderedDict()
        self._tokens: list[Token[Targets | None]] = []

    def __enter__(self) -> Targets:
        """Have plans look here."""
        self._tokens.append(_OPEN.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As it was before."""
        _OPEN.reset(self._tokens.pop())

    def terms(self, network: Network, sources: Sequence[Source], statistic: str, beta: float) -> list[Term]:
        """The terms, made now or before, exactly as without this class."""
        made_for = beta if len(sources) > 1 else 1.0  # several weights multiplied in another order round differently
        key = (id(network), statistic, made_for, *map(_key, sources))
        if key in self._kept:
            self.found += 1
            self._kept.move_to_end(key)
        else:
            self._kept[key] = network, terms_of(network, sources, statistic, "style", made_for)  # with it its id stays
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        terms = [copy.copy(term) for term in self._kept[key][1]]
        for term in terms:
            term.weight *= beta / made_for
        return terms


_OPEN: ContextVar[Targets | None] = ContextVar("targets", default=None)


def style_terms(network: Network, sources: Sequence[Source], statistic: Statistic, beta: float) -> list[Term] | None:
    """The terms of style from the open `Targets`; None where none is open, or where regions make each its own.

    Example:
        >>> print(style_terms(None, [], "gram", 1.0))
        None
    """
    kept = _OPEN.get()
    if kept is None or not sources or not isinstance(statistic, str) or any(source.regions for source in sources):
        return None
    return kept.terms(network, sources, statistic, beta)


def _key(source: Source) -> Hashable:
    return fingerprint(source.image), tuple(source.layers.items()), source.share
