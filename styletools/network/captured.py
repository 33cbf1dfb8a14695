"""A function of a picture on a graphics card, recorded once and then played back.

A step of a small picture is a few hundred operations of a few microseconds each, and starting one of them from Python
takes longer than the card needs for it. A CUDA graph starts them all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch
from torch import Tensor

__all__ = ["Captured"]

Result = tuple[dict[str, Tensor], Tensor]


class Captured:
    """Named terms and a gradient as a function of a picture, recorded where that is possible.

    On the CPU the function is simply called. On a graphics card it is recorded at the first call, and again when the
    picture's shape or the state has changed; so it must neither wait for the card nor depend on anything else that
    changes between calls.

    Example:
        >>> captured = Captured()
        >>> terms, gradient = captured(lambda x: ({"sum": x.sum()}, 2 * x), torch.ones(1, 3, 1, 1), state=())
        >>> terms["sum"], gradient.flatten()
        (tensor(3.), tensor([2., 2., 2.]))
    """

    def __init__(self) -> None:
        """Nothing is recorded yet."""
        self._key: Hashable = None
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, function: Callable[[Tensor], Result], image: Tensor, state: Hashable) -> Result:
        """Terms and gradient, in memory of their own.

        Args:
            function: a picture → (named scalar terms, gradient); always the same. It is not kept: its owner owns the
                recording too, and a cycle of the two would keep memory that nobody uses until it is searched for.
            image: (B, 3, H, W).
            state: whatever else the function depends on; when it changes, the function is recorded again.
        """
        if not image.is_cuda:
            return function(image)
        key = (image.shape, image.dtype, image.device, state)
        if self._graph is None or key != self._key:
            self._record(function, image)
            self._key = key
        assert self._graph is not None
        self._image.copy_(image)
        self._graph.replay()
        terms, gradient = self._result
        values = torch.stack([*terms.values()]).unbind()  # one copy for all of them
        return dict(zip(terms, values, strict=True)), gradient.clone()

    def release(self) -> None:
        """Release the recording and the memory it works in; it is made again on demand."""
        self._graph = None
        self.__dict__.pop("_image", None)
        self.__dict__.pop("_result", None)

    def _record(self, function: Callable[[Tensor], Result], image: Tensor) -> None:
        self.release()
        self._image = image.detach().clone()
        # Libraries choose their algorithms and allocate memory at the first calls, which cannot be recorded.
        aside = torch.cuda.Stream(image.device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(image.device))
        with torch.cuda.stream(aside):
            for _ in range(2):
                function(self._image)
        torch.cuda.current_stream(image.device).wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._result = function(self._image)
        self._graph = graph
