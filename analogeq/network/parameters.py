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

    def doubles(self) -> Parameters:
        """Return the same in float64, as copies."""
        return Parameters(self.weights.astype(np.float64), self.biases.astype(np.float64))


def glorot_uniform(
    network: Network, rng: np.random.Generator, *, scale: float = 1.0, dtype: type[np.floating] = np.float64
) -> Parameters:
    """Draw weights uniformly in ±scale·sqrt(6 / (fan_in + fan_out)), biases zero.

    Fan-in and fan-out are the edges a node of each side has in the block on average, so that a
    dense block follows Glorot and Bengio (AISTATS 2010) to the letter.
    """
    weights = np.empty(network.n_edges, dtype=dtype)
    for block in network.blocks:
        limit = scale * glorot_limit(block)
        weights[block.edges] = rng.uniform(-limit, limit, block.edges.stop - block.edges.start)
    return Parameters(weights, np.zeros(network.n_nodes, dtype=dtype))


def glorot_limit(block: Block) -> float:
    """Where `glorot_uniform` draws the weights of a block: between plus and minus this."""
    n_edges = block.edges.stop - block.edges.start
    return float(np.sqrt(6.0 / (n_edges / block.shape[1] + n_edges / block.shape[0])))


def orthogonal_chain(network: Network, rng: np.random.Generator, *, gain: float, inputs: Floats) -> Parameters:
    r"""Draw a start from which deep layered networks can be trained: no neuron at a rail, one minimum.

    Each coupling block is ``gain`` times a part of a random orthogonal matrix, the block of the inputs
    is Glorot's, and biases put every neuron at half the rail for ``inputs``. Between the rails layers of
    one width then are a chain, :math:`s_k = g\,(Q_k^T s_{k-1} + Q_{k+1} s_{k+1}) + b_k`, whose energy has
    the least curvature

    .. math:: 1 - 2 g \cos\frac{\pi}{K + 1} > 0 \quad (g < \tfrac12)

    for K layers (the spectrum of a path [1]_), whose slowest mode takes tau over that, and along which a
    signal falls by r a layer with :math:`r + 1/r = 1/g`.

    Parameters
    ----------
    network : Network
        Layered.
    gain : float
    inputs : ndarray, shape (input,)
        Signals for which the neurons stand in the middle, such as the mean of the training samples.

    References
    ----------
    .. [1] Brouwer & Haemers, "Spectra of Graphs", Springer (2012), Section 1.4.4.
    """
    theta = glorot_uniform(network, rng)
    for block in network.coupling_blocks:
        size = max(block.shape)
        orthogonal, _ = np.linalg.qr(rng.standard_normal((size, size)))
        theta.block(block)[:] = gain * orthogonal[: block.shape[0], : block.shape[1]]
    theta.biases[:] = 0.5
    for block in network.blocks:
        weights = theta.block(block)
        theta.biases[network.layer(block.post)] -= inputs @ weights if block.pre == 0 else 0.5 * weights.sum(axis=0)
        if block.pre > 0:
            theta.biases[network.layer(block.pre)] -= 0.5 * weights.sum(axis=1)
    return theta
