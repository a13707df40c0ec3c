"""What neurons send into each other, layer by layer, ready for linear algebra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array

from analogeq.circuit import Circuit, Conductances
from analogeq.network import Network

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Couplings:
    """The couplings M among neurons in units of G0: ``x @ M`` flows into the nodes.

    Attributes
    ----------
    network : Network
    forward, backward : ndarray, shape (edge,)
        From the first layer of each edge to the second, and the other way.
    factor : float
        The follower's, on all of them.
    """

    network: Network
    forward: NDArray[np.floating]
    backward: NDArray[np.floating]
    factor: float

    @classmethod
    def of(cls, circuit: Circuit, conductances: Conductances, *, transpose: bool = False) -> Couplings:
        """Take the couplings of a programmed circuit; transposed, both directions change places."""
        one, other = conductances.weights, conductances.backward
        forward, backward = (other, one) if transpose else (one, other)
        return cls(circuit.network, forward, backward, circuit.technology.follower_factor)

    def parts(self) -> Iterator[tuple[int, int, Doubles]]:
        """Sending layer, receiving layer (from 1) and dense matrix of every block, both ways, without the factor."""
        for block in self.network.coupling_blocks:
            yield block.pre, block.post, _dense(block.matrix(self.forward))
            yield block.post, block.pre, _dense(block.matrix(self.backward)).T

    def between(self, senders: Sequence[int], receivers: Sequence[int]) -> Doubles:
        """M from some layers to others, dense, each side's layers one after the other."""
        rows, n_rows = places(self.network, senders)
        cols, n_cols = places(self.network, receivers)
        found = np.zeros((n_rows, n_cols))
        for sender, receiver, matrix in self.parts():
            if sender in rows and receiver in cols:
                found[rows[sender], cols[receiver]] += matrix
        found *= self.factor
        return found

    def sparse(self) -> csc_array:
        """All of M, shape (node, node)."""
        n, rows, cols = self.network.n_nodes, [], []
        for block in self.network.coupling_blocks:
            pre, post = block.endpoints()
            rows.append(pre + self.network.layer(block.pre).start)
            cols.append(post + self.network.layer(block.post).start)
        order = np.concatenate([np.arange(b.edges.start, b.edges.stop) for b in self.network.coupling_blocks])
        senders, receivers = np.concatenate(rows), np.concatenate(cols)
        values = np.concatenate([self.forward[order], self.backward[order]]) * self.factor
        ends = np.concatenate([senders, receivers]), np.concatenate([receivers, senders])
        return csc_array(coo_array((values.astype(np.float64), ends), shape=(n, n)))


def places(network: Network, layers: Sequence[int]) -> tuple[dict[int, slice], int]:
    """Where each of some layers stands when they are put one after the other, and how many nodes they have."""
    found, at = {}, 0
    for k in layers:
        found[k] = slice(at, at + network.layer_sizes[k])
        at += network.layer_sizes[k]
    return found, at


def _dense(matrix: NDArray[np.floating] | csr_array) -> Doubles:
    return np.asarray(matrix if isinstance(matrix, np.ndarray) else matrix.toarray(), dtype=np.float64)
