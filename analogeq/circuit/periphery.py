r"""What offsets and gain errors of amplifiers make of a programmed chip.

With the virtual grounds of neuron j's two columns at :math:`o^\pm_j`, a conveyor of gain :math:`A_j` and followers that
add :math:`o^f_i` to what they follow, the current into the neuron is (ideal wires; others in
`analogeq.circuit.readings`)

.. math:: I_j = A_j \sum_i \big[ G^+_{ij} (u_i - o^+_j) - G^-_{ij} (u_i - o^-_j) \big],
    \qquad u_i = \tfrac{a}{1 + a} (v_i + o^f_i)

over all devices of the columns: inputs, couplings both ways, biases. So a gain error scales all weights and the bias
of its neuron, which makes the two directions of a weight differ, and an offset is a constant current that depends on
what is programmed, :math:`-A_j (o^+_j S^+_j - o^-_j S^-_j)` with a column's sums :math:`S^\pm_j`. Both fold into
`Conductances` when the chip is programmed: laws and engines know them as weights, biases and one current a node.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.conductances import Conductances
from analogeq.circuit.readings import readings
from analogeq.hardware.amplifiers import AmplifierFlaws
from analogeq.hardware.technology import Technology
from analogeq.network import Network
from analogeq.network.network import Floats

Doubles = NDArray[np.float64]
F = TypeVar("F", bound=Floats)


def amplified(network: Network, realised: Conductances, flaws: AmplifierFlaws) -> Conductances:
    """Give every column the gain of its own conveyor, and every neuron the current of its offsets."""
    biases = (realised.biases * flaws.gain).astype(realised.biases.dtype)
    forward, backward = per_column(network, realised.weights, realised.backward, flaws.gain)
    scaled = replace(realised, weights=forward, backward=backward, biases=biases)
    return replace(scaled, offsets=_offset_currents(network, scaled, flaws))


def per_column(network: Network, forward: F, backward: F, factors: Doubles) -> tuple[F, F]:
    """Multiply the weights of both directions by a factor of the neuron that they act on, shape (node,)."""
    if (factors == 1.0).all():
        return forward, backward
    there, back = forward.copy(), backward.copy()
    for block in network.blocks:
        rows, cols = block.endpoints()
        there[block.edges] *= factors[network.layer(block.post)][cols]
        if block.pre > 0:
            back[block.edges] *= factors[network.layer(block.pre)][rows]
    return there, back


def _offset_currents(network: Network, scaled: Conductances, flaws: AmplifierFlaws) -> Doubles:
    tech = scaled.technology
    g_plus, g_minus = scaled.doubles("biases")
    pulled, sent = g_plus * flaws.plus - g_minus * flaws.minus, np.zeros(network.n_nodes)
    for read in readings(network, scaled):
        at = read.receiver
        pulled[at] += read.plus.pulled(flaws.plus[at]) - read.minus.pulled(flaws.minus[at])
        if read.sender is not None:
            lines = tech.follower_factor * flaws.follower[read.sender]
            sent[at] += read.plus.currents(lines) - read.minus.currents(lines)
    found: Doubles = tech.sense_gain * flaws.gain * (sent - pulled)
    return found


def offset_slopes(
    network: Network, conductances: Conductances, flaws: AmplifierFlaws, adjoint: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    r"""Derivative of something by what devices hold, as far as it goes through the constant currents of offsets.

    A device feels :math:`u_i - o_j`: beside the signal that it is driven with, offsets of its two ends.

    Parameters
    ----------
    network : Network
    conductances : Conductances
    flaws : AmplifierFlaws
    adjoint : ndarray, shape (node,)
        Derivative by every node's current over G0 V_u, summed over the samples.

    Returns
    -------
    forward, backward : ndarray, shape (edge,)
        By every held weight of the arrays that are read in that direction.
    biases : ndarray, shape (node,)
    """
    tech = conductances.technology
    forward, backward = np.zeros(network.n_edges), np.zeros(network.n_edges)
    pushed, lines = flaws.gain * adjoint, tech.follower_factor * flaws.follower / tech.rail
    plus, minus = flaws.plus / tech.rail, flaws.minus / tech.rail
    for read in readings(network, conductances):
        words = np.zeros(network.n_inputs) if read.sender is None else lines[read.sender]
        at = read.receiver
        sides = (array.slopes(words, bits[at], pushed[at]) for array, bits in ((read.plus, plus), (read.minus, minus)))
        there = read.direction == "forward"
        g_plus, g_minus = conductances.pairs("weights" if there else "backward", read.block.edges)
        (forward if there else backward)[read.block.edges] = _moved(tech, g_plus >= g_minus, *sides)
    positive = np.greater_equal(*conductances.pairs("biases"))
    return forward, backward, _moved(tech, positive, -plus * pushed, -minus * pushed)


def _moved(technology: Technology, positive: NDArray[np.bool_], plus: Doubles, minus: Doubles) -> Doubles:
    """Slope by a weight from the slopes by its two devices: one moves, or half of it each."""
    if technology.memory.pairs == "balanced":
        return 0.5 * (plus + minus)
    return np.where(positive, plus, minus)
