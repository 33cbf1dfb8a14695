"""The curvature pairs of L-BFGS, and the inverse Hessian that they stand for.

Pairs are kept as the rows of two matrices, S and Y. What textbooks write as two loops over the pairs, each time around
with two operations on vectors, becomes four products with a matrix and two small triangular systems; the numbers are
the same. It matters on a graphics card, where starting so many operations takes longer than their arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.linalg import solve_triangular

__all__ = ["CurvaturePairs"]

CHUNK = 2**18  # numbers that are widened at a time, so that they stay in the processor's cache


class CurvaturePairs:
    """The newest pairs (s, y) of a step and the change of the gradient that it made, with s·y > 0.

    With R_ij = s_i·y_j for i ≤ j, the oldest pair first, the two loops of L-BFGS are

        R α = S g,   r₀ = H₀ (g − Yᵀ α),   Rᵀ γ = diag(R) α − Y r₀,   H g = r₀ + Sᵀ γ.

    Args:
        most: how many are kept; the oldest gives way.
        compact: keep them in float16, each in units of its largest number: half the memory.

    Reference:
        Nocedal and Wright, *Numerical Optimization*, algorithm 7.4.

    Example:
        >>> pairs = CurvaturePairs(5)
        >>> curvature = torch.tensor([2.0, 8.0])
        >>> for s in torch.eye(2):
        ...     pairs.add(s, curvature * s, s @ (curvature * s))
        >>> pairs.inverse_times(torch.ones(2), lambda r: r)
        tensor([0.5000, 0.1250])
    """

    def __init__(self, most: int, compact: bool = False) -> None:
        """No pair is known yet, and no memory taken."""
        self._most = most
        self._compact = compact
        self.clear()

    def __len__(self) -> int:
        """How many pairs are known."""
        return self._known[1]

    def clear(self) -> None:
        """Forget all pairs."""
        self._known = (0, 0)  # the row of the oldest, and how many follow it, the last row being followed by the first
        self._taken = 0  # rows that have been written
        self._S: _Rows | None = None
        self._Y: _Rows | None = None

    def add(self, s: Tensor, y: Tensor, sy: Tensor) -> None:
        """Remember a step s and the change y of the gradient, with s·y > 0. If interrupted, nothing has changed."""
        if not self._most:
            return
        if self._S is None or self._Y is None:
            # In double precision where there is one; Apple's MPS has none.
            place = torch.device("cpu") if s.device.type == "mps" else s.device
            self._products = torch.zeros(self._most + 1, self._most + 1, dtype=torch.float64, device=place)
            # One row more than is used: a new pair is written where no other is, so that it can be interrupted.
            self._S, self._Y = (_Rows(self._most + 1, s, self._compact) for _ in "SY")
        oldest, count = self._known
        row = (oldest + count) % (self._most + 1)
        self._S.put(row, s)
        self._Y.put(row, y)
        taken = max(self._taken, row + 1)
        # With all older steps. Newer ones will be below the diagonal, which is not used.
        self._products[:taken, row] = self._S.dot(y, taken).to(self._products)
        self._products[row, row] = sy
        self._taken = taken
        self._known = (oldest, count + 1) if count < self._most else ((oldest + 1) % (self._most + 1), count)

    def inverse_times(self, g: Tensor, initial: Callable[[Tensor], Tensor]) -> Tensor:
        """H g, where the pairs and the initial inverse Hessian say what H is.

        Args:
            g: contiguous, of any shape; it is overwritten.
            initial: r ↦ H₀ r, for what the pairs say nothing about; it may overwrite r.
        """
        S, Y = self._S, self._Y
        if S is None or Y is None:
            return initial(g)
        R = self._by_age(self._by_age(self._products[: self._taken, : self._taken]).T).T.triu()
        alpha = solve_triangular(R, self._by_age(S.dot(g, self._taken).to(R))[:, None], upper=True)
        Y.add_to(g, self._by_row(-alpha[:, 0]))
        r = initial(g)
        right = R.diagonal()[:, None] * alpha - self._by_age(Y.dot(r, self._taken).to(R))[:, None]
        gamma = solve_triangular(R.T, right, upper=False)
        S.add_to(r, self._by_row(gamma[:, 0]))
        return r

    def state(self) -> dict[str, Any] | None:
        """All there is, as tensors and numbers; None without pairs. It is good until the next pair."""
        if self._S is None or self._Y is None:
            return None
        S, Y = self._S.state(self._taken), self._Y.state(self._taken)
        return {"known": self._known, "products": self._products, "S": S, "Y": Y}

    def restore(self, state: dict[str, Any] | None) -> None:
        """Bring back a `state`, each pair in the row it had: sums are then rounded in the same way."""
        self.clear()
        if state is None:
            return
        self._S, self._Y = (_Rows.restored(self._most + 1, *state[name]) for name in "SY")
        self._products = state["products"].clone()
        self._taken, self._known = len(state["S"][0]), tuple(state["known"])

    def _by_age(self, rows: Tensor) -> Tensor:
        """From the order of the rows to that of age, the oldest first, and only those that are known."""
        oldest, count = self._known
        return (rows.roll(-oldest, 0) if oldest else rows)[:count]

    def _by_row(self, aged: Tensor) -> Tensor:
        """Back again; 0 for a row that is not known."""
        oldest, count = self._known
        rows = torch.nn.functional.pad(aged, (0, self._taken - count))
        return rows.roll(oldest) if oldest else rows


class _Rows:
    """Vectors of one length, a row each: as they are, or in float16 in units of their largest numbers."""

    def __init__(self, most: int, like: Tensor, compact: bool) -> None:
        dtype = torch.float16 if compact else like.dtype
        self._values = torch.empty(most, like.numel(), dtype=dtype, device=like.device)
        self._units = torch.ones(most, dtype=like.dtype, device=like.device)
        self._compact = compact

    def put(self, row: int, vector: Tensor) -> None:
        flat = vector.reshape(-1)
        if not self._compact:
            self._values[row] = flat
            return
        parts = torch.split(flat, CHUNK)
        unit = torch.stack([part.abs().max() for part in parts]).max()
        self._units[row] = unit = unit.where(unit > 0, 1.0)
        for part, into in zip(parts, torch.split(self._values[row], CHUNK), strict=True):
            into.copy_(part / unit)

    def dot(self, x: Tensor, count: int) -> Tensor:
        """The products of the first rows with a vector, (count,)."""
        flat = x.reshape(-1)
        if not self._compact:
            return self._values[:count] @ flat
        parts = [rows @ flat[columns] for columns, rows in self._widened(count)]
        return torch.stack(parts).sum(0) * self._units[:count]

    def add_to(self, x: Tensor, shares: Tensor) -> None:
        """Add Σ_i shares_i row_i to x, over as many rows as there are shares."""
        flat, count, shares = x.view(-1), len(shares), shares.to(x)
        if not self._compact:
            flat.addmv_(self._values[:count].T, shares)
            return
        shares = shares * self._units[:count]
        for columns, rows in self._widened(count):
            flat[columns].addmv_(rows.T, shares)

    def state(self, count: int) -> tuple[Tensor, Tensor]:
        # A part is copied, because a file would hold all of the memory that it is a part of.
        whole = count == len(self._values)
        return self._values if whole else self._values[:count].clone(), self._units

    @classmethod
    def restored(cls, most: int, values: Tensor, units: Tensor) -> _Rows:
        rows = cls(most, units.new_empty(values.shape[1]), values.dtype != units.dtype)
        rows._values[: len(values)] = values
        rows._units.copy_(units)
        return rows

    def _widened(self, count: int) -> Iterator[tuple[slice, Tensor]]:
        """Some columns of the first rows after the other, in the precision of the picture."""
        width = max(1, CHUNK // count)
        for first in range(0, self._values.shape[1], width):
            columns = slice(first, first + width)
            yield columns, self._values[:count, columns].to(self._units.dtype)
