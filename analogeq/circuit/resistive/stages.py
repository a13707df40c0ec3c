"""Amplifiers: whether a network can have them, and by how much they scale the co-content of each node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import GraphError, InputError
from analogeq.hardware.resistive import Amplifier
from analogeq.network import Network

RELATIVE = 1e-9
"""Factors that agree to this are one: products of a few gains, rounded."""


@dataclass(frozen=True, eq=False)
class Stages:
    """Factors m of the nodes.

    Attributes
    ----------
    factors : ndarray, shape (node,)
        1 at the outputs, times A/c for each stage between a node and them; where neighbours
        downstream disagree, their mean.
    consistent : bool
        Whether they agree everywhere, so that the circuit minimises a function.
    """

    factors: NDArray[np.float64]
    consistent: bool


def check_amplifiers(network: Network, amplifier: Amplifier) -> None:
    """Refuse gains that are not one for each hidden node, and amplifiers that would drive each other."""
    n_hidden = network.n_nodes - network.n_outputs
    for key, gains in (("voltage_gain", amplifier.voltage_gain), ("current_gain", amplifier.current_gain)):
        if isinstance(gains, tuple) and len(gains) != n_hidden:
            raise InputError(
                f"amplifier {key}: {len(gains)} gains for {n_hidden} hidden nodes; give one for each, or one number"
            )
    for block in network.blocks:
        if block.lateral:
            row, col = block.endpoints()
            names = network.node_names[network.layer(block.pre).start :]
            raise GraphError(
                f"amplifier loop: edge {names[int(row[0])]}-{names[int(col[0])]} joins two nodes of one layer, "
                "so their amplifiers would drive each other; take the edge away or build without amplifiers"
            )


def stages(network: Network, ratio: NDArray[np.float64], joined: Sequence[slice] = ()) -> Stages:
    """Follow the amplifiers from the outputs up: ``m_pre = m_post · ratio_pre`` over every edge.

    Parameters
    ----------
    network : Network
    ratio : ndarray, shape (node,)
        A/c of each node.
    joined : sequence of slice
        Nodes that conductances join directly, as wires that resist do: an energy gives them one factor.
    """
    if (ratio == 1.0).all():
        return Stages(np.ones(network.n_nodes), consistent=True)
    total = np.zeros(network.n_nodes)
    count = np.zeros(network.n_nodes)
    factors = np.ones(network.n_nodes)
    consistent = True
    for block in sorted(network.coupling_blocks, key=lambda b: -b.pre):
        _settle(factors, total, count, network.layer(block.post))
        rows, cols = block.endpoints()
        pre, post = rows + network.layer(block.pre).start, cols + network.layer(block.post).start
        np.add.at(total, pre, factors[post] * ratio[pre])
        np.add.at(count, pre, 1.0)
    for layer in network.layers:
        _settle(factors, total, count, layer)
    for block in network.coupling_blocks:
        rows, cols = block.endpoints()
        pre, post = rows + network.layer(block.pre).start, cols + network.layer(block.post).start
        wanted = factors[post] * ratio[pre]
        consistent &= bool((np.abs(wanted - factors[pre]) <= RELATIVE * np.abs(wanted)).all())
    for layer in joined:
        consistent &= bool(np.ptp(factors[layer]) <= RELATIVE * factors[layer].max())
    consistent &= bool((np.abs(factors[network.outputs] - 1.0) <= RELATIVE).all())
    return Stages(factors, consistent)


def _settle(factors: NDArray[np.float64], total: NDArray[np.float64], count: NDArray[np.float64], layer: slice) -> None:
    seen = count[layer] > 0.0
    factors[layer][seen] = total[layer][seen] / count[layer][seen]
