"""What the neurons send into each other, as matrices ready for products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from analogeq.circuit import Circuit, Conductances

Array = NDArray[np.floating]
Matrix = Array | csr_array | csc_array


@dataclass(frozen=True, eq=False)
class Link:
    """One coupling block, both ways; currents are in units of G0 times volts.

    Attributes
    ----------
    pre, post : slice
        The two layers on the node axis; the same one for a lateral block.
    forward : matrix, shape (pre, post)
        ``v[pre] @ forward`` flows into ``post``.
    backward : matrix, shape (post, pre)
        ``v[post] @ backward`` flows into ``pre``.
    """

    pre: slice
    post: slice
    forward: Matrix
    backward: Matrix


@dataclass(frozen=True, eq=False)
class Coupling:
    """The matrix M of all couplings among neurons, kept in its blocks."""

    links: tuple[Link, ...]
    factor: float
    n_nodes: int
    symmetric: bool

    @classmethod
    def of(cls, circuit: Circuit, conductances: Conductances, dtype: np.dtype[np.floating]) -> Coupling:
        """Collect the blocks; dense ones are views of the conductances where the type agrees."""
        net = circuit.network
        weights = conductances.weights.astype(dtype, copy=False)
        shared = conductances.backward is conductances.weights
        back = weights if shared else conductances.backward.astype(dtype, copy=False)
        links = tuple(
            Link(net.layer(b.pre), net.layer(b.post), b.matrix(weights), b.matrix(back).T) for b in net.coupling_blocks
        )
        return cls(links, circuit.technology.follower_factor, net.n_nodes, shared)

    def product(self, voltages: Array) -> Array:
        """Currents over G0 [V] that ``voltages`` send into every node, shape (batch, node)."""
        total = np.zeros_like(voltages)
        for link in self.links:
            total[:, link.post] += voltages[:, link.pre] @ link.forward
            total[:, link.pre] += voltages[:, link.post] @ link.backward
        if self.factor != 1.0:
            total *= self.factor
        return total

    def dense(self) -> Array:
        """M itself, shape (node, node), ``v @ M`` being the currents."""
        eye = np.eye(self.n_nodes, dtype=self.links[0].forward.dtype if self.links else np.float64)
        return self.product(eye)
