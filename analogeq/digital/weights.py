"""Weights of a layered network in the order in which its products run fastest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.errors import InputError
from analogeq.network import Block, Network, Parameters
from analogeq.network.network import Floats, Ints

NARROW = 32
"""A block whose rows would be shorter than this is held turned: vector registers want long rows."""


@dataclass(frozen=True, eq=False)
class HeldBlock:
    """One block of weights, a writable matrix with long rows.

    Attributes
    ----------
    block : Block
        What it is in the network.
    matrix : ndarray
        Shape ``block.shape``, or the transposed one where ``turned``.
    turned : bool
        Whether rows are the nodes of the later layer.
    """

    block: Block
    matrix: Floats
    turned: bool

    @property
    def upright(self) -> Floats:
        """The matrix with the earlier layer's nodes as rows, a view."""
        return self.matrix.T if self.turned else self.matrix


class LayeredWeights:
    """Weights and biases that are worked on in place.

    Parameters
    ----------
    network : Network
        Layered: every block dense and between neighbouring layers.
    parameters : Parameters
        Copied.

    Raises
    ------
    InputError
        If the network is not layered.
    """

    def __init__(self, network: Network, parameters: Parameters) -> None:
        if not network.is_layered:
            raise InputError(
                "network: not fully connected layer by layer, so its blocks have no fast products; "
                "use EulerRelaxation, or train with Trainer and the native engine"
            )
        self.network = network
        self.flat = np.empty_like(parameters.weights)
        self.biases = parameters.biases.copy()
        self.blocks = tuple(self._hold(block, parameters) for block in network.blocks)
        self.table = _table(self.blocks, network)

    def _hold(self, block: Block, parameters: Parameters) -> HeldBlock:
        n_pre, n_post = block.shape
        turned = n_post < NARROW and n_post < n_pre
        held = HeldBlock(block, self.flat[block.edges].reshape((n_post, n_pre) if turned else (n_pre, n_post)), turned)
        held.upright[:] = parameters.block(block)
        return held

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Floating-point type of weights, biases and everything computed from them."""
        return self.flat.dtype

    @property
    def couplings(self) -> tuple[HeldBlock, ...]:
        """The blocks that join neurons to neurons, in the order of ``table``."""
        return self.blocks[1:]

    def parameters(self) -> Parameters:
        """Weights and biases in the network's own order; shares no memory."""
        weights = np.empty_like(self.flat)
        for held in self.blocks:
            held.block.view(weights)[:] = held.upright
        return Parameters(weights, self.biases.copy())


def _table(blocks: tuple[HeldBlock, ...], network: Network) -> Ints:
    """Where rows and row elements of each coupling stand on the node axis.

    One line a coupling: first node of the rows, rows, first node along a row, length of a row,
    place in the flat array, 1 if turned.
    """
    lines = []
    for held in blocks[1:]:
        ends = network.layer(held.block.pre).start, network.layer(held.block.post).start
        rows, along = reversed(ends) if held.turned else ends
        n_rows, length = held.matrix.shape
        lines.append((rows, n_rows, along, length, held.block.edges.start, int(held.turned)))
    table = np.array(lines, dtype=np.intp).reshape(-1, 6)
    table.setflags(write=False)
    return table
