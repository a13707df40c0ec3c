"""What the readable rendering draws as cells of ``netlists/lib``: doubled inputs, devices of hidden nodes.

The twin of `analogeq.circuit.resistive.netlist.devices`, which has the same devices flat; that both are one
circuit is tested by simulating both.
"""

from __future__ import annotations

import numpy as np

from analogeq.circuit.elements import Diodes, Doubles, Instances, Ints, Table, VoltageSources
from analogeq.circuit.resistive.circuit import ResistiveCircuit
from analogeq.circuit.resistive.netlist.devices import NodeDiodes, device_tables
from analogeq.hardware.resistive import NodeDevice


def device_cells(
    device: NodeDevice, names: tuple[str, ...], at: Ints, sign: Doubles, biases: tuple[int, ...]
) -> tuple[Table, ...]:
    """Cells of the devices at nodes ``at``, made of what `device_tables` gives for the same arguments.

    Bias sources stay sources. A measured curve stays an element: its table of points is its own, and no cell.
    """
    flat = device_tables(device, names, at, sign, biases)
    called = tuple(f"xd{name}" for name in names)
    diodes = [table for table in flat if isinstance(table, Diodes)]
    if len(diodes) == 2:
        upper, lower = diodes
        ends = np.column_stack((at, upper.nodes[:, 1], lower.nodes[:, 0]))
        held = tuple(table for table in flat if isinstance(table, VoltageSources))
        return (*held, Instances(called, ends, "diode_pair", {}), _model_of(upper))
    if diodes:
        return (Instances(called, diodes[0].nodes, "diode", {}), _model_of(diodes[0]))
    return tuple(_ideal(table, called) if isinstance(table, NodeDiodes) else table for table in flat)


def _ideal(table: NodeDiodes, names: tuple[str, ...]) -> Instances:
    node = table.nodes[:, 0]
    ground = np.zeros_like(node)
    upright = (table.sign > 0.0)[:, None]
    ends = np.where(upright, np.column_stack((ground, node)), np.column_stack((node, ground)))
    return Instances(names, ends, "ideal_diode", {"g": table.siemens})


def _model_of(table: Diodes) -> Diodes:
    """No diodes, but their model: it is checked and written, and cells refer to it."""
    return Diodes((), np.zeros((0, 2), dtype=np.intp), table.model)


def doubled_inputs(circuit: ResistiveCircuit, inputs: Doubles, sources: Ints) -> Instances:
    """Cells of doubled inputs, and of the bias source if there is one.

    Parameters
    ----------
    circuit : ResistiveCircuit
    inputs : ndarray, shape (input,)
        One sample's [V], not amplified.
    sources : ndarray of int, shape (source,)
        Node numbers: inputs, inputs turned round, bias, bias turned round.
    """
    tech, n = circuit.technology, len(inputs)
    ends = np.column_stack((sources[:n], sources[n : 2 * n]))
    x, gain = inputs.astype(np.float64), np.full(n, float(tech.input_gain))
    if tech.bias_voltage is not None:
        ends = np.concatenate((ends, sources[None, 2 * n :]))
        x, gain = np.append(x, tech.bias_voltage), np.append(gain, 1.0)
    names = tuple(f"xs{k}" for k in range(len(x)))
    return Instances(names, ends, "doubled_input", {"x": x, "gain": gain})
