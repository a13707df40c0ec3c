"""What word lines drive: the sum of the devices on each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.mapping import References

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WordLines:
    """Conductance that each word line drives into virtual grounds [S]: pairs, or devices and their reference.

    Attributes
    ----------
    inputs : ndarray, shape (input,)
    neurons : ndarray, shape (node,)
        Forward and backward reading of the couplings.
    bias : float
        The line that stands at the rail.
    """

    inputs: Doubles
    neurons: Doubles
    bias: float


def word_lines(circuit: Circuit, conductances: Conductances) -> WordLines:
    """Sum the devices on every word line, see `WordLines`; what it drives if no wire resists."""
    if conductances.references is not None:
        return _referenced_lines(circuit, conductances, conductances.references)
    net = circuit.network
    both, back = np.add(*conductances.doubles("weights")), np.add(*conductances.doubles("backward"))
    inputs, neurons = np.zeros(net.n_inputs), np.zeros(net.n_nodes)
    for block in net.blocks:
        rows, cols = block.endpoints()
        devices = block.edges
        if block.pre == 0:
            np.add.at(inputs, rows, both[devices])
            continue
        np.add.at(neurons, rows + net.layer(block.pre).start, both[devices])
        np.add.at(neurons, cols + net.layer(block.post).start, back[devices])
    bias = float(np.sum(conductances.doubles("biases")))
    return WordLines(inputs, neurons, bias)


def _referenced_lines(circuit: Circuit, conductances: Conductances, references: References) -> WordLines:
    """One device for each weight, and one more on every word line."""
    net = circuit.network
    devices = conductances.doubles("weights")[0]
    inputs, neurons = np.zeros(net.n_inputs), np.zeros(net.n_nodes)
    for block, held in zip(net.blocks, references.forward, strict=True):
        driven = inputs if block.pre == 0 else neurons[net.layer(block.pre)]
        driven += block.view(devices).sum(axis=1) + held
    for block, held in zip(net.coupling_blocks, references.backward, strict=True):
        neurons[net.layer(block.post)] += block.view(devices).sum(axis=0) + held
    return WordLines(inputs, neurons, float(conductances.doubles("biases")[0].sum()) + references.bias)
