r"""How far each output moves with each conductance, by ngspice's own sensitivity analysis.

``.sens`` moves every parameter of every device by a millionth of itself, takes from the device's
model by how much its currents then change, and solves the linearised circuit for what the output
does [1]_: one forward solve for each parameter, where `analogeq.engines.resistive_gradient` makes one
backward solve for all of them, and nothing of this package's equations but the netlist. It reads the
readable netlist, in which every conductance is one element and every amplifier two, sources unfolded:
for small circuits. What is zero it leaves out, so a conductance of 0 S goes in as `NOTHING`. Diodes go in as
the conductance and the current that ngspice itself has for them at the operating point: of a diode it cannot
read some parameters (ngspice 39 says "GET ERROR"), and then gives values to the wrong names.

.. math:: \frac{dC}{dg_e} = \sum_k \frac{\partial C}{\partial v_k} \frac{dv_k}{dg_e}

References
----------
.. [1] ngspice 39 manual, section 15.3.6 (.SENS), and its source, cktsens.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Drive
from analogeq.circuit.elements import CurrentSources, Diodes, Table, Transconductances
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, kirchhoff_residual
from analogeq.circuit.resistive.convexity import refuse_unstable
from analogeq.circuit.resistive.laws import supply_currents
from analogeq.circuit.resistive.netlist.readable import device_names, readable_sections, written_sections
from analogeq.engines.ngspice.library import find_library
from analogeq.engines.ngspice.process import WorkerProcess
from analogeq.engines.ngspice.resistive import RELATIVE_TOLERANCE
from analogeq.engines.resistive_checks import check_drive, check_inputs
from analogeq.errors import NotSettledError

Doubles = NDArray[np.float64]

NOTHING = 1e-12
"""What stands for 0 S, over the largest conductance: as much as ngspice's own shunts, and differentiated as exactly as
any, since the step goes with it."""


@dataclass(frozen=True, eq=False)
class Sensitivities:
    """What ngspice found for a batch.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
        Operating points [V].
    g : ndarray, shape (batch, output, edge)
        Derivative of each output's voltage by each conductance [V/S].
    """

    voltages: Doubles
    g: Doubles

    def cost_gradient(self, slope: NDArray[np.floating]) -> Doubles:
        """Differentiate the mean cost of the batch by every conductance [cost/S], shape (edge,).

        Parameters
        ----------
        slope : ndarray, shape (batch, output)
            Derivative of each sample's cost by its output voltages [cost/V].
        """
        gradient: Doubles = np.einsum("bo,boe->e", slope, self.g) / len(self.g)
        return gradient


def output_sensitivities(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, *, time_limit: float = 60.0
) -> Sensitivities:
    """Let ngspice differentiate every output by every conductance, in a process of its own.

    Parameters
    ----------
    circuit : ResistiveCircuit
    conductances : ResistiveConductances
    drive : Drive
    time_limit : float
        Seconds that one analysis may take.

    Raises
    ------
    InputError
        If the drive does not fit, or its nudge is so negative that nothing is stable.
    NotSettledError
        If an operating point's Kirchhoff residual is above the tolerance.
    SimulatorError
        If ngspice fails.
    """
    check_drive(circuit, drive)
    check_inputs(circuit, drive)
    refuse_unstable(circuit, conductances, drive)
    plain, g = _plainly_named(circuit), conductances.g.astype(np.float64)
    shown = replace(conductances, g=np.where(g == 0.0, NOTHING * g.max(initial=0.0), g))
    worker = WorkerProcess(find_library())
    try:
        asked = _Asked(worker, time_limit)
        found = [_of_sample(asked, plain, shown, drive, sample) for sample in range(drive.batch)]
    finally:
        worker.kill()
    voltages, slopes = (np.stack(part) for part in zip(*found, strict=True))
    _refuse_unsettled(circuit, conductances, drive, voltages)
    return Sensitivities(voltages, slopes)


def _plainly_named(circuit: ResistiveCircuit) -> ResistiveCircuit:
    """Call input k ``s{k}`` and node k ``n{k}``: no name then means anything else to ngspice."""
    net = circuit.network
    names = (*(f"s{k}" for k in range(net.n_inputs)), *(f"n{k}" for k in range(net.n_nodes)))
    return replace(circuit, network=replace(net, names=names))


def _of_sample(
    worker: _Asked, circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, sample: int
) -> tuple[Doubles, Doubles]:
    """Node voltages and slopes: an analysis of the circuit, then one for each output with its diodes made linear."""
    sections, nodes = readable_sections(circuit, conductances, drive, sample)
    diodes = [table for _, tables in sections for table in tables if isinstance(table, Diodes)]
    inside = [f"@{name}[{what}]" for table in diodes for what in ("gd", "id") for name in table.names]
    found, _ = worker.analyse(written_sections(circuit, sections, nodes), [*nodes[1:], *inside], (), ())
    volts, device = np.concatenate(([0.0], found[: len(nodes) - 1])), found[len(nodes) - 1 :]
    linear = {}
    for table in diodes:
        (siemens, amperes), device = np.split(device[: 2 * len(table.names)], 2), device[2 * len(table.names) :]
        linear[table.names] = _tangents(table, volts, siemens, amperes)
    exchanged = [
        (title, tuple(part for table in tables for part in linear.get(table.names, (table,))))
        for title, tables in sections
    ]
    names = circuit.network.node_names
    outputs = [names[k] for k in circuit.network.outputs.tolist()]
    parameters = [f"g.{name}.gdevice_gain" for name in device_names(circuit)]
    _, slopes = worker.analyse(written_sections(circuit, exchanged, nodes), (), outputs, parameters)
    return volts[[nodes.index(name) for name in names]], slopes


def _tangents(table: Diodes, volts: Doubles, siemens: Doubles, amperes: Doubles) -> tuple[Table, ...]:
    """Elements that are to the circuit what diodes are at one operating point."""
    ends = table.nodes
    rest = amperes - siemens * (volts[ends[:, 0]] - volts[ends[:, 1]])
    return (
        Transconductances(tuple(f"g{name}" for name in table.names), np.column_stack((ends, ends)), siemens),
        CurrentSources(tuple(f"i{name}" for name in table.names), ends, rest),
    )


@dataclass(frozen=True)
class _Asked:
    """A worker and how long one answer may take [s]."""

    process: WorkerProcess
    limit: float

    def analyse(
        self, netlist: str, vectors: Sequence[str], outputs: Sequence[str], parameters: Sequence[str]
    ) -> tuple[Doubles, Doubles]:
        """Read vectors after an operating point, and each output's derivatives by the parameters."""
        request = {"netlist": netlist, "vectors": vectors, "outputs": outputs, "parameters": parameters}
        self.process.request({"do": "sensitivities", **request}, {}, self.limit)
        _, found = self.process.answer(self.limit)
        self.process.answer(self.limit)
        return found["values"], found["slopes"]


def _refuse_unsettled(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, voltages: Doubles
) -> None:
    residual = kirchhoff_residual(circuit, conductances, drive, voltages)
    supply = np.abs(supply_currents(circuit, conductances, drive)).max(axis=1, initial=0.0)
    worst = int(np.argmax(residual - RELATIVE_TOLERANCE * supply))
    limit = RELATIVE_TOLERANCE * (float(supply[worst]) + 1e-9)
    if residual[worst] > limit:
        raise NotSettledError(
            f"sample {worst}: ngspice's operating point leaves {float(residual[worst])!r} A at a node, above "
            f"{limit!r} A; its sensitivities would be of no operating point"
        )
