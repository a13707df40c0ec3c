r"""Where a circuit's power comes from and where it goes, evaluated on any voltages of any engine.

Multiply the node equation (`analogeq.circuit.Circuit`) by :math:`v_j` and sum: with the current
:math:`i_j` that a neuron's conveyor sends into it, the word lines at :math:`u_k` and the current
:math:`i^+_j` that a clamp sends into the upper rail,

.. math:: \frac{d}{dt} \sum_j \tfrac12 C v_j^2 = P_{supplied} - P_{dissipated}

.. math:: P_{supplied} = \sum_k g_k u_k^2 + \sum_j v_j i_j + g_t \sum_j v^f_j (v^f_j - v_j)
    + g_n \sum_{out} y_j (y_j - v_j) - V_u \sum_j i^+_j

.. math:: P_{dissipated} = \sum_k g_k u_k^2 + G_0 \sum_j v_j^2 + g_t \sum_j (v^f_j - v_j)^2
    + g_n \sum_{out} (y_j - v_j)^2 + P_{clamp}

which is Tellegen's theorem for this circuit. Word line k (an input, the rail behind the biases, or a
neuron's follower) ends in all devices of its row, whose other ends are virtual grounds: each device
turns :math:`g u_k^2` into heat, those of the plus array as those of the minus array, and those that
stand at the low end of their range because the sign does not need them, too. Hence
:math:`g_k = \sum (G^+ + G^-)` over the row (:math:`\sum G + G^{ref}_k` where weights share reference
lines). A weight between two neurons is read both ways and counts
twice, whether there are two arrays or both readings share one. Where wires resist, the rows of an
array load each other's drivers: in place of :math:`\sum_k g_k u_k^2` stands :math:`\sum_{kl} u_k Y_{kl} u_l`
with the array's loading Y (`analogeq.circuit.crossbar`), the heat of devices, wires, drivers and
virtual grounds. Where amplifiers have offsets, followers stand at theirs, and virtual grounds at o in place of 0 V:
the arrays then turn :math:`u^T Y u - 2 u^T G o + o^T B o` into heat (`analogeq.circuit.readings`), which drivers and
sense amplifiers supply together.

Where the clamps' levels differ among neurons, each level has a source of its own; what these supply is the rail's.
An ideal clamp stands for two perfect diodes: no drop, no heat, and what pushes against the upper one
flows into the rail. (The netlists' stand-in for it is a source to ground, where the same current ends.)

Amplifiers with limits are taken as settled: a line that still follows its neuron, or a conveyor its column, is counted
where it is going.

What is not in it: the supply of the amplifiers themselves. A conveyor is counted by the power it
hands to its neuron; what its sense amplifier takes to hold the bit lines at 0 V and what its output
stage turns into heat is a matter of its design. A stage that sinks a bit line's current into a supply
at -V_u takes at least what the devices on that line dissipate, since :math:`u \le V_u`: expect no less
than the crossbar's share again.

References
----------
.. [1] Penfield, Spence, Duinker, "Tellegen's Theorem and Electrical Networks", MIT Press (1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Nudge, Tether, Volts
from analogeq.circuit.readings import readings
from analogeq.circuit.reference_lines import line_readings
from analogeq.circuit.wired import drawn_power
from analogeq.circuit.word_lines import WordLines, word_lines
from analogeq.hardware.clamp import DiodeClamp
from analogeq.hardware.diode import resisted_diode_current, thermal_voltage

Doubles = NDArray[np.float64]

AT_RAIL = 1e-6
"""Distance in rails at which an ideal clamp counts as conducting: simulators leave nanovolts there."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """What the parts of a circuit take and give; power or, along a waveform, energy.

    Attributes
    ----------
    inputs, biases, couplings : ndarray
        Dissipated in the crossbars, wires included, and supplied by the word lines' drivers: inputs, rail,
        followers.
    leak, tether, nudge, clamp : ndarray
        Dissipated in these. A nudge of negative conductance is active: its share is negative.
    conveyors : ndarray
        Handed to the neurons by their current conveyors; negative where they take power back.
    converters, targets : ndarray
        Supplied by the sources behind tether and nudge.
    rail : ndarray
        Supplied by the rail through the clamps: negative, they push current into it.
    """

    inputs: Doubles
    biases: Doubles
    couplings: Doubles
    leak: Doubles
    tether: Doubles
    nudge: Doubles
    clamp: Doubles
    conveyors: Doubles
    converters: Doubles
    targets: Doubles
    rail: Doubles

    @property
    def crossbar(self) -> Doubles:
        """Dissipated in the devices of all crossbars."""
        return self.inputs + self.biases + self.couplings

    @property
    def dissipated(self) -> Doubles:
        """In all conductances and clamps."""
        return self.crossbar + self.leak + self.tether + self.nudge + self.clamp

    @property
    def supplied(self) -> Doubles:
        """By all sources; what is not dissipated is on the capacitors."""
        return self.crossbar + self.conveyors + self.converters + self.targets + self.rail


class Power(Ledger):
    """Power of every sample [W], of the voltages' shape without the node axis."""


def power_flow(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Power:
    """Say what every part takes and gives at ``voltages`` [V].

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
    voltages : ndarray, shape (batch, node) or (batch, time, node)

    Returns
    -------
    Power
        Of arrays of shape (batch,) or (batch, time).
    """
    tech = circuit.technology
    v = np.asarray(voltages, dtype=np.float64)
    conveyors = (conveyor_currents(circuit, conductances, drive, v) * v).sum(axis=-1)
    clamp, rail = _clamps(circuit, conductances, drive, v)
    tether, converters = _through(drive.tether, v, v)
    nudge, targets = _through(drive.nudge, v[..., circuit.network.outputs], v)
    heat = _crossbars if conductances.references is None else _against_references
    inputs, couplings, biases = heat(circuit, conductances, drive.inputs.astype(np.float64), v)
    return Power(
        inputs=_spread(inputs, v),
        biases=np.full(v.shape[:-1], biases),
        couplings=couplings,
        leak=tech.leak_conductance * (v**2).sum(axis=-1),
        tether=tether,
        nudge=nudge,
        clamp=clamp,
        conveyors=conveyors,
        converters=converters,
        targets=targets,
        rail=rail,
    )


def _driven(circuit: Circuit, v: Doubles) -> Doubles:
    """Where followers put word lines [V]."""
    offsets = circuit.follower_offsets
    v = v if circuit.limits is None else circuit.limits.followed(v)
    driven: Doubles = circuit.technology.follower_factor * (v if offsets is None else v + offsets)
    return driven


def _against_references(
    circuit: Circuit, conductances: Conductances, inputs: Doubles, v: Doubles
) -> tuple[Doubles, Doubles, float]:
    """Power of the arrays behind the inputs, of those between neurons, and of the biases."""
    driven = _driven(circuit, v)
    behind, between, biases = np.zeros(len(inputs)), np.zeros(v.shape[:-1]), 0.0
    for read in line_readings(circuit, conductances):
        if read.block is None:
            biases = float(read.heat(np.full(1, circuit.technology.rail)))
        elif read.sender is None:
            behind += read.heat(inputs)
        else:
            between += read.heat(driven[..., read.sender])
    return behind, between, biases


def _crossbars(
    circuit: Circuit, conductances: Conductances, inputs: Doubles, v: Doubles
) -> tuple[Doubles, Doubles, float]:
    """Power of the arrays behind the inputs, of those between neurons, and of the biases."""
    net, flaws, driven = circuit.network, circuit.amplifiers, _driven(circuit, v)
    lines = word_lines(circuit, conductances)
    biases = _bias_heat(circuit, conductances, lines)
    if flaws is None:
        return (*_grounded(circuit, conductances, lines, inputs, driven), biases)
    behind, between = _grounded(circuit, conductances, lines, inputs, driven)
    for read in readings(net, conductances):
        words = inputs if read.sender is None else driven[..., read.sender]
        added = sum(
            (array.pulled(ground) - 2.0 * array.currents(words)) @ ground
            for array, ground in ((read.plus, flaws.plus[read.receiver]), (read.minus, flaws.minus[read.receiver]))
        )
        if read.sender is None:
            behind = behind + added
        else:
            between = between + added
    return behind, between, biases


def _bias_heat(circuit: Circuit, conductances: Conductances, lines: WordLines) -> float:
    rail, flaws = circuit.technology.rail, circuit.amplifiers
    if flaws is None:
        return lines.bias * rail**2
    g_plus, g_minus = conductances.doubles("biases")
    return float(g_plus @ (rail - flaws.plus) ** 2 + g_minus @ (rail - flaws.minus) ** 2)


def _grounded(
    circuit: Circuit, conductances: Conductances, lines: WordLines, inputs: Doubles, driven: Doubles
) -> tuple[Doubles, Doubles]:
    """Power of the arrays with their virtual grounds at 0 V."""
    net, tech = circuit.network, circuit.technology
    if tech.wires.are_ideal:
        return inputs**2 @ lines.inputs, driven**2 @ lines.neurons
    forward, backward = conductances.pairs("weights"), conductances.pairs("backward")
    behind, between = np.zeros(len(inputs)), np.zeros(driven.shape[:-1])
    for block in net.input_blocks:
        behind += drawn_power(tech, block, forward, "forward", inputs)
    for block in net.coupling_blocks:
        pre, post = net.layer(block.pre), net.layer(block.post)
        between += drawn_power(tech, block, forward, "forward", driven[..., pre])
        between += drawn_power(tech, block, backward, "backward", driven[..., post])
    return behind, between


def conveyor_currents(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Volts:
    """Return the current [A] that each neuron's conveyor sends into it, of the shape of ``voltages``."""
    lines = voltages if circuit.limits is None else circuit.limits.followed(voltages)
    flat = lines.reshape(-1, circuit.network.n_nodes)
    coupled = circuit.coupling_currents(conductances, flat).reshape(voltages.shape)
    asked = coupled + _aligned(circuit.input_currents(conductances, drive.inputs), voltages)
    return asked if circuit.limits is None else circuit.limits.sent(asked)


def stored_energy(circuit: Circuit, voltages: Volts) -> Doubles:
    """Energy [J] on the node capacitors, the node axis summed."""
    stored: Doubles = 0.5 * circuit.technology.node_capacitance * np.sum(np.square(voltages, dtype=np.float64), axis=-1)
    return stored


def _aligned(per_sample: Volts, voltages: Volts) -> Volts:
    """Give (batch, node) a time axis where the voltages have one."""
    return per_sample if voltages.ndim == per_sample.ndim else per_sample[:, None]


def _spread(per_sample: Doubles, voltages: Volts) -> Doubles:
    shape = voltages.shape[:-1]
    return np.broadcast_to(per_sample.reshape(-1, *(1,) * (len(shape) - 1)), shape).copy()


def _through(source: Tether | Nudge | None, ends: Volts, voltages: Volts) -> tuple[Doubles, Doubles]:
    """Power dissipated in the conductances to a source's voltages, and supplied by the source."""
    if source is None:
        return np.zeros(voltages.shape[:-1]), np.zeros(voltages.shape[:-1])
    held = _aligned(source.voltages.astype(np.float64), voltages)
    drop = held - ends
    return (source.conductance * drop**2).sum(axis=-1), (source.conductance * drop * held).sum(axis=-1)


def _clamps(circuit: Circuit, conductances: Conductances, drive: Drive, v: Volts) -> tuple[Doubles, Doubles]:
    """Power dissipated in the clamps, and supplied through them by the rail."""
    tech, (lower, upper) = circuit.technology, circuit.levels
    if isinstance(tech.clamp, DiodeClamp):
        junction = (tech.clamp.saturation_current, tech.clamp.ideality * thermal_voltage(tech.temperature))
        down, _ = resisted_diode_current(v - upper, *junction, tech.clamp.series_resistance)
        up, _ = resisted_diode_current(lower - v, *junction, tech.clamp.series_resistance)
        return ((v - upper) * down + (lower - v) * up).sum(axis=-1), (lower * up - upper * down).sum(axis=-1)
    push = conveyor_currents(circuit, conductances, drive, v) - circuit.load_conductances(drive) * v
    for source, at in ((drive.tether, slice(None)), (drive.nudge, circuit.network.outputs)):
        if source is not None:
            push[..., at] += source.conductance * _aligned(source.voltages.astype(np.float64), v)
    high = (v >= (1.0 - AT_RAIL) * upper) & (push > 0.0)
    low = (v <= lower + AT_RAIL * tech.rail) & (push < 0.0)
    return np.zeros(v.shape[:-1]), -(np.where(high, upper * push, 0.0) + np.where(low, lower * push, 0.0)).sum(axis=-1)
