"""Sources folded to what the nodes see of them, once for each program and presentation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.engines.native.resistive.problem import Array


@dataclass(frozen=True, eq=False)
class Folded:
    """Norton equivalents of the sources, and the couplings' share of the loads.

    Attributes
    ----------
    inputs : ndarray, shape (batch, input)
        A copy of the signals that were folded.
    supply : ndarray, shape (batch, node)
        [A]
    load : ndarray, shape (node,)
        [S]
    """

    inputs: Array
    supply: Array
    load: Array

    def of(self, inputs: Array) -> bool:
        """Whether these are the signals that were folded."""
        return np.array_equal(self.inputs, inputs)


def fold(circuit: ResistiveCircuit, conductances: ResistiveConductances, inputs: Array) -> Folded:
    """Fold every source."""
    supply = circuit.norton_currents(conductances, inputs)
    load = circuit.source_load(conductances) + circuit.coupling_load(conductances)
    return Folded(inputs.copy(), supply, load.astype(supply.dtype))


def is_plain(circuit: ResistiveCircuit) -> bool:
    """Whether the first layer is fully joined to doubled inputs and nothing else is joined to any."""
    sources = circuit.wiring.input_blocks
    tech = circuit.technology
    return (
        len(sources) == 1
        and sources[0].dense
        and sources[0].post == 1
        and tech.inputs == "doubled"
        and tech.bias_voltage is None
        and tech.wires.are_ideal
    )


def fold_plain(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, inputs: Array, coupling_load: Array
) -> Folded:
    """Fold doubled inputs by the compiled kernel, in one pass over the first layer."""
    from analogeq.engines.native.resistive.compiled.folding import fold as fold_doubled

    g, block = conductances.g, circuit.wiring.input_blocks[0]
    width = block.shape[1]
    supply = np.zeros((len(inputs), width), dtype=g.dtype)
    load = np.zeros(width, dtype=g.dtype)
    fold_doubled(np.ascontiguousarray(inputs), block.view(g), circuit.technology.input_gain, supply, load)
    total = np.empty((len(inputs), circuit.network.n_nodes), dtype=g.dtype)
    total[:] = conductances.bias_currents
    total[:, :width] += supply
    loads = coupling_load.copy()
    loads[:width] += load
    return Folded(inputs.copy(), total, loads)
