"""The learnable numbers of a network: one weight an edge, one bias a neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.network.network import Block, Floats, Network


@dataclass(frozen=True, eq=False)
class Parameters:
    """Weights and biases in the order of a network's edges and nodes.

    Attributes
    ----------
    weights : ndarray, shape (edge,)
        Dimensionless coupling of each edge, ``w = A (g_plus - g_minus) / G0`` in the circuit.
    biases : ndarray, shape (node,)
        Dimensionless bias of each neuron.
    """

    weights: Floats
    biases: Floats

    def block(self, block: Block) -> Floats:
        """Weights of one dense block as a writable view of shape ``block.shape``."""
        return block.view(self.weights)

    def copy(self) -> Parameters:
        """Return parameters that share no memory with these."""
        return Parameters(self.weights.copy(), self.biases.copy())


def glorot_uniform(
    network: Network, rng: np.random.Generator, *, scale: float = 1.0, dtype: type[np.floating] = np.float64
) -> Parameters:
    """Draw weights uniformly in ±scale·sqrt(6 / (fan_in + fan_out)), biases zero.

    Fan-in and fan-out are the edges a node of each side has in the block on average, so that a
    dense block follows Glorot and Bengio (AISTATS 2010) to the letter.
    """
    weights = np.empty(network.n_edges, dtype=dtype)
    for block in network.blocks:
        n_edges = block.edges.stop - block.edges.start
        fans = n_edges / block.shape[1] + n_edges / block.shape[0]
        limit = scale * np.sqrt(6.0 / fans)
        weights[block.edges] = rng.uniform(-limit, limit, n_edges)
    return Parameters(weights, np.zeros(network.n_nodes, dtype=dtype))
