"""How many multiply-accumulates digital settling takes, counted from the network."""

from __future__ import annotations

from analogeq.network import Network


def presenting(network: Network) -> int:
    """Multiply-accumulates a sample that send the inputs through their weights: once, for all phases."""
    return int(sum(block.edges.stop - block.edges.start for block in network.input_blocks))


def settling(network: Network, steps: int) -> int:
    """Multiply-accumulates a sample that Euler steps take, or as many sweeps.

    Every weight between neurons acts both ways in a step; and a neuron's own signal is multiplied
    by what it decays with. Clipping and the additions of what is constant are not counted.
    """
    weights = int(sum(block.edges.stop - block.edges.start for block in network.coupling_blocks))
    return steps * (2 * weights + network.n_nodes)


def predicting(network: Network) -> int:
    """Multiply-accumulates a sample of one pass through the feedforward copy of a layered network."""
    return network.n_edges
