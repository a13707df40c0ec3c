r"""Gaussian elimination, layer by layer, of one sample's system :math:`\sum_b T_{ab} x_b = c_a`.

A layer without couplings inside is a diagonal until a neighbour that was eliminated fills it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(eq=False)
class LayeredSystem:
    """One system in blocks; `solve` consumes it.

    Attributes
    ----------
    diagonal : mapping of int to ndarray
        Diagonal of each layer.
    sources : mapping of int to ndarray
        c.
    blocks : mapping of (int, int) to ndarray
        T_ab, the diagonal's own left out; absent where zero.
    """

    diagonal: dict[int, Doubles]
    sources: dict[int, Doubles]
    blocks: dict[tuple[int, int], Doubles] = field(default_factory=dict)
    _kept: list[tuple[int, Doubles, dict[int, Doubles]]] = field(default_factory=list)

    def add(self, a: int, b: int, matrix: Doubles) -> None:
        """Add to T_ab."""
        self.blocks[a, b] = self.blocks[a, b] + matrix if (a, b) in self.blocks else matrix

    def solve(self, order: Sequence[int]) -> dict[int, Doubles]:
        """Eliminate the layers in ``order``, then substitute back.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the system is singular.
        """
        for k in order:
            self._eliminate(k)
        found: dict[int, Doubles] = {}
        for k, own, couplings in reversed(self._kept):
            found[k] = own - sum(matrix @ found[b] for b, matrix in couplings.items())
        return found

    def _eliminate(self, k: int) -> None:
        beside = [b for a, b in self.blocks if a == k and b != k]
        columns = [self.sources[k][:, None], *(self.blocks.pop((k, b)) for b in beside)]
        solved = self._own_inverse(k, columns)
        own, couplings = solved[0][:, 0], dict(zip(beside, solved[1:], strict=True))
        for a in [a for a, b in self.blocks if b == k and a != k]:
            into = self.blocks.pop((a, k))
            self.sources[a] = self.sources[a] - into @ own
            for b, matrix in couplings.items():
                self.add(a, b, -(into @ matrix))
        self._kept.append((k, own, couplings))

    def _own_inverse(self, k: int, columns: list[Doubles]) -> list[Doubles]:
        filled = self.blocks.pop((k, k), None)
        if filled is None:
            if not self.diagonal[k].all():
                raise np.linalg.LinAlgError("a node without conductance")
            return [column / self.diagonal[k][:, None] for column in columns]
        joined = np.linalg.solve(filled + np.diag(self.diagonal[k]), np.concatenate(columns, axis=1))
        stops = np.cumsum([column.shape[1] for column in columns])[:-1]
        return np.split(joined, stops, axis=1)
