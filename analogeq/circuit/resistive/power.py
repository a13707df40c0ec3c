r"""Where the power of a resistive circuit comes from and where it goes, evaluated on any voltages of any engine.

Multiply the node equation (`analogeq.circuit.resistive.circuit`) by :math:`v_j` and sum over the nodes. With sources
at :math:`u_s`, an edge's drop :math:`\Delta v_e` (sources and amplifiers stand at what they put out) and the current
:math:`J_j = \sum_k g_{jk} (A_j v_j - v_k)` that is drawn from node j's amplifier,

.. math:: P_{dissipated} = \sum_e g_e (\Delta v_e)^2 + \sum_j v_j\, i_d(v_j) + \beta \sum_{out} (y_j - v_j)^2

.. math:: P_{supplied} = \sum_{s,j} g_{sj} u_s (u_s - v_j) + \sum_j I_j v_j + \sum_j (A_j - c_j) v_j J_j
    + \beta \sum_{out} y_j (y_j - v_j)

differ by :math:`\sum_j v_j` times the net current into node j, which is nothing at an operating point: Tellegen's
theorem [1]_. A node's device is counted with its bias sources, where it has any. An ideal diode takes no power: it
carries current at 0 V only. Sources that hold the outputs supply what is missing at those nodes.

Through wires that resist, :math:`\Delta v_e` is the drop across the device itself, the sources and amplifiers supply
what enters their word lines, and what neither devices nor nodes take turns into heat in the wires.

What is not in it: the supply of the amplifiers themselves, of which this counts what they hand to the circuit.

References
----------
.. [1] Penfield, Spence, Duinker, "Tellegen's Theorem and Electrical Networks", MIT Press (1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.resistive.circuit import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.drive import ResistiveDrive
from analogeq.circuit.resistive.laws import device_currents, loads, supply_currents

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResistivePower:
    """Power of every sample [W], shape (batch,).

    Attributes
    ----------
    conductances, wires, devices, nudge : ndarray
        Dissipated in the programmable conductances, in the wires between them, in what stands at hidden nodes, and in
        the nudge; a nudge of negative conductance is active: its share is negative.
    sources, biases, amplifiers, outputs : ndarray
        Supplied by inputs and bias source, by bias currents, by amplifiers (negative where they take power), and by
        what acts on the outputs: targets of the nudge, injected currents, holding sources.
    """

    conductances: Doubles
    wires: Doubles
    devices: Doubles
    nudge: Doubles
    sources: Doubles
    biases: Doubles
    amplifiers: Doubles
    outputs: Doubles

    @property
    def dissipated(self) -> Doubles:
        """In everything."""
        return self.conductances + self.wires + self.devices + self.nudge

    @property
    def supplied(self) -> Doubles:
        """By everything; equal to what is dissipated at an operating point."""
        return self.sources + self.biases + self.amplifiers + self.outputs


def power_flow(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, voltages: Volts
) -> ResistivePower:
    """Say what every part takes and gives at ``voltages`` [V], shape (batch, node)."""
    v = np.asarray(voltages, dtype=np.float64)
    shares = _in_arrays if circuit.arrays(conductances) else _in_devices
    taken, wires, sources, amplifiers = shares(circuit, conductances, drive.inputs, v)
    nudge, outputs = _at_outputs(circuit, conductances, drive, v)
    return ResistivePower(
        conductances=taken,
        wires=wires,
        devices=(v * device_currents(circuit, v)[0]).sum(axis=1),
        nudge=nudge,
        sources=sources,
        biases=v @ conductances.bias_currents.astype(np.float64),
        amplifiers=amplifiers,
        outputs=outputs,
    )


def _in_devices(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, inputs: Volts, v: Doubles
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Power of conductances, of wires (which are ideal), of sources and of amplifiers."""
    sources, behind = _from_sources(circuit, conductances, inputs, v)
    between, amplifiers = _between_nodes(circuit, conductances, v)
    return behind + between, np.zeros(len(v)), sources, amplifiers


def _in_arrays(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, inputs: Volts, v: Doubles
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """As `_in_devices`, of crossbars whose wires resist."""
    arrays, net = circuit.arrays(conductances), circuit.wiring
    assert arrays is not None  # noqa: S101  the caller has seen to it
    u = circuit.source_voltages(inputs.astype(np.float64))
    devices, entering, sources, amplifiers = np.zeros((4, len(v)))
    for number, block in enumerate(net.blocks):
        lower = v[:, net.layer(block.post)]
        upper = u if block.pre == 0 else (v * circuit.voltage_gains)[:, net.layer(block.pre)]
        flow = arrays.flow(number, (upper, lower))
        sent = (upper * flow.words).sum(axis=1)
        devices += flow.devices
        entering += sent - (lower * flow.bits).sum(axis=1)
        if block.pre == 0:
            sources += sent
        else:
            amplifiers += sent - ((v * circuit.current_gains)[:, net.layer(block.pre)] * flow.words).sum(axis=1)
    return devices, entering - devices, sources, amplifiers


def _from_sources(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, inputs: Volts, v: Doubles
) -> tuple[Doubles, Doubles]:
    """Power that sources supply, and that the conductances behind them dissipate."""
    u = circuit.source_voltages(inputs.astype(np.float64))
    supplied, dissipated = np.zeros(len(v)), np.zeros(len(v))
    for block in circuit.wiring.input_blocks:
        g = block.matrix(conductances.g).astype(np.float64)
        ends = v[:, circuit.network.layer(block.post)]
        mutual = ((u @ g) * ends).sum(axis=1)
        own = u**2 @ g.sum(axis=1)
        supplied += own - mutual
        dissipated += own - 2.0 * mutual + ends**2 @ g.sum(axis=0)
    return supplied, dissipated


def _between_nodes(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, v: Doubles
) -> tuple[Doubles, Doubles]:
    """Power dissipated between nodes, and handed to the circuit by amplifiers."""
    gain, back = circuit.voltage_gains, circuit.current_gains
    dissipated, amplifiers = np.zeros(len(v)), np.zeros(len(v))
    for block in circuit.wiring.coupling_blocks:
        g = block.matrix(conductances.g).astype(np.float64)
        pre, post = circuit.network.layer(block.pre), circuit.network.layer(block.post)
        upper, lower = v[:, pre] * gain[pre], v[:, post]
        drawn = upper * g.sum(axis=1) - lower @ g.T
        dissipated += (upper * drawn).sum(axis=1) - (lower * (upper @ g - lower * g.sum(axis=0))).sum(axis=1)
        amplifiers += (v[:, pre] * (gain[pre] - back[pre]) * drawn).sum(axis=1)
    return dissipated, amplifiers


def _at_outputs(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, v: Doubles
) -> tuple[Doubles, Doubles]:
    """Power dissipated in the nudge, and supplied by all that acts on the outputs."""
    at = v[:, circuit.network.outputs]
    nudge, supplied = np.zeros(len(v)), np.zeros(len(v))
    if drive.nudge is not None:
        target = drive.nudge.voltages.astype(np.float64)
        nudge = (drive.nudge.conductance * (target - at) ** 2).sum(axis=1)
        supplied = (drive.nudge.conductance * target * (target - at)).sum(axis=1)
    if isinstance(drive, ResistiveDrive) and drive.injected is not None:
        supplied = supplied + (drive.injected * at).sum(axis=1)
    if isinstance(drive, ResistiveDrive) and drive.held is not None:
        load, supply = loads(circuit, conductances, drive), supply_currents(circuit, conductances, drive)
        net = supply + circuit.coupling_currents(conductances, v) - load * v
        supplied = supplied - (at * net[:, circuit.network.outputs]).sum(axis=1)
    return nudge, supplied
