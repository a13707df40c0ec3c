"""What a chip of the ``hopfield`` family costs: time and energy of its phases, parts, and the digital copy's work.

Every number comes with its formula and what it takes as given. Energies of phases are what conductances and clamps
dissipate, integrated along the waveform (`analogeq.engines.energy`, which is held against ngspice's own currents);
converters, amplifiers, pulses, areas and digital work count with the figures of the technology (`HopfieldCost`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.reference_lines import column_counts
from analogeq.controller.controller import Nudging, presented
from analogeq.controller.controller import nudged as nudged_to
from analogeq.digital.operations import predicting
from analogeq.engines import Session, Waveform
from analogeq.engines.energy import phase_energy
from analogeq.flow.convergence import settling_time
from analogeq.flow.cost.parts import SAMPLE, Built, Conversions, Held, copy_parts
from analogeq.flow.cost.priced import Priced
from analogeq.flow.cost.rows import CostRow, times, value_of
from analogeq.network import Network
from analogeq.training import TrainingConfig

Floats = NDArray[np.floating]

ARRIVED = 0.01
"""Distance from the fixed point, over the rail, at which a circuit counts as settled."""

WATCHED = 80.0
"""Time constants that a free phase is followed for where the training follows it to its end."""

POINTS_PER_TIME_CONSTANT = 20
"""Of the waveforms that are integrated; the integral's error is second order in their distance."""

AMPLIFIERS = 2
"""To a neuron that reads pairs: its conveyor, and the follower that drives its word line."""

INFERENCE, NUDGED = "energy of a free phase, an inference", "energy of a nudged phase"
"""Rows that others are made of."""


def phase_costs(priced: Priced[Circuit, TrainingConfig], held: Conductances, session: Session) -> tuple[CostRow, ...]:
    """Rows of phases, and of an inference and a training sample with everything that takes part."""
    phases = _phases(priced, held, session)
    return (*phases, *_whole(priced, phases))


def _phases(priced: Priced[Circuit, TrainingConfig], held: Conductances, session: Session) -> tuple[CostRow, ...]:
    circuit, schedule, tech = priced.circuit, priced.config.schedule, priced.circuit.technology
    prediction = priced.copy.predict(priced.inputs) if priced.config.initialise else None
    drive = presented(tech, priced.inputs, prediction, schedule.tether)
    nodes = (len(priced.inputs), circuit.network.n_nodes)
    start = np.zeros(nodes) if prediction is None else np.clip(prediction, 0.0, 1.0) * tech.rail
    end = session.settle(drive, start).voltages
    free_time = schedule.free_time or WATCHED
    free = _waveform(session, drive, free_time, start)
    distances = np.abs(free.voltages - end[:, None, :]).max(axis=2) / tech.rail
    settled = float(np.median([settling_time(free.times, one, ARRIVED) for one in distances]))
    nudge = nudged_to(tech, priced.targets, schedule.beta)
    nudged_drive, nudged_time = replace(drive, nudge=nudge), schedule.nudged_time or WATCHED
    nudged = _waveform(session, nudged_drive, nudged_time, free.voltages[:, -1])
    spent = phase_energy(circuit, held, drive, free)
    first, sunk = (float(np.median(energy[:, -1])) for energy in (spent.dissipated, spent.crossbar))
    second = float(np.median(phase_energy(circuit, held, nudged_drive, nudged).dissipated[:, -1]))
    heat = "crossbars, leaks, tether, nudge and clamps; supplies of the amplifiers are not counted"
    return (
        CostRow("time constant", tech.time_constant, "s", "C / G0", "ideal conveyors and followers"),
        CostRow(
            "settling time", settled, "s", "until every node is within 1 % of the rail of its end, for good",
            f"started by the copy; infinite where it takes longer than {free_time:g} τ" if priced.config.initialise
            else f"from zero; infinite where it takes longer than {free_time:g} τ",
        ),
        CostRow("free phase, an inference", free_time * tech.time_constant, "s", f"{free_time:g} τ", "as trained"),
        CostRow("nudged phase", nudged_time * tech.time_constant, "s", f"{nudged_time:g} τ", "as trained"),
        CostRow(INFERENCE, first, "J", "∫ Σ g Δv² dt along the waveform", heat),
        CostRow(
            "sense stages of a free phase, at least", sunk, "J", "the crossbars' share of it, once more",
            "they sink what bit lines carry into a supply at -V_u; in no sum, since amplifier_power may have it",
        ),
        CostRow(NUDGED, second, "J", f"the same over {nudged_time:g} τ", "the positive nudge"),
        CostRow(
            "energy of a training sample", first + nudged_phases(schedule.nudging) * second, "J",
            _phases_formula(schedule.nudging), "converters, copy and programming are not counted",
        ),
    )  # fmt: skip


def nudged_phases(nudging: Nudging) -> int:
    """How many phases follow the free one."""
    return {"centred": 2, "small-signal": 0}.get(nudging, 1)


def _phases_formula(nudging: Nudging) -> str:
    names = ("the free phase alone", "free and nudged phase", "free phase and two nudged ones, each as the positive")
    return names[nudged_phases(nudging)]


def inference_conversions(circuit: Circuit, *, initialise: bool) -> Conversions:
    """Inputs, and the copy's prediction where it starts the circuit; outputs are read."""
    tech, net = circuit.technology, circuit.network
    predicted = net.n_nodes if initialise else 0
    return Conversions(net.n_inputs + predicted, net.n_outputs, tech.dac.bits, tech.adc.bits)


def sample_conversions(circuit: Circuit, config: TrainingConfig) -> Conversions:
    """The same, targets as well; all nodes are read at the end of each phase."""
    free, net = inference_conversions(circuit, initialise=config.initialise), circuit.network
    phases = 1 + nudged_phases(config.schedule.nudging)
    return replace(free, dac=free.dac + net.n_outputs, adc=net.n_nodes * phases)


def _whole(priced: Priced[Circuit, TrainingConfig], phases: tuple[CostRow, ...]) -> tuple[CostRow, ...]:
    circuit, config = priced.circuit, priced.config
    cost = circuit.technology.cost
    free_time, nudged_time = (value_of(phases, name) or 0.0 for name in ("free phase, an inference", "nudged phase"))
    count, amplifiers = nudged_phases(config.schedule.nudging), amplifier_count(circuit)
    started = copy_parts(predicting(circuit.network), cost) if config.initialise else {}
    free, nudged = (
        {"free phase": value_of(phases, INFERENCE)},
        {"nudged phases": times(count, value_of(phases, NUDGED))},
    )
    asked = inference_conversions(circuit, initialise=config.initialise), sample_conversions(circuit, config)
    inference = Held(free, free_time, amplifiers, asked[0], started)
    sample = Held({**free, **nudged}, free_time + count * nudged_time, amplifiers, asked[1], started)
    return (
        *inference.rows("an inference", "converters and start", cost),
        *sample.rows("a training sample", "converters and start", cost, SAMPLE),
    )


def _waveform(session: Session, drive: Drive, duration: float, start: Floats) -> Waveform:
    tau = session.circuit.technology.time_constant
    points = max(2, round(duration * POINTS_PER_TIME_CONSTANT)) + 1
    return session.transient(drive, duration * tau, start, points=points)


def built(circuit: Circuit) -> Built:
    """What stands on the chip."""
    net, tech = circuit.network, circuit.technology
    directions = 2 if tech.arrays == "mirrored" else 1
    inputs = sum(block.edges.stop - block.edges.start for block in net.input_blocks)
    weights = inputs + directions * (net.n_edges - inputs) + net.n_nodes
    devices = 2 * weights if tech.mapping == "differential" else weights + _reference_devices(net)
    density = tech.cost.capacitor_density
    return Built(
        devices,
        net.n_nodes,
        amplifier_count(circuit),
        net.n_nodes,
        net.n_inputs + net.n_nodes + net.n_outputs,
        net.n_nodes,
        None if density is None else tech.node_capacitance / density,
    )


def amplifier_count(circuit: Circuit) -> int:
    """Conveyors and followers: as drawn, a conveyor for every column and for every reference where lines are shared."""
    net = circuit.network
    if circuit.technology.mapping == "differential":
        return AMPLIFIERS * net.n_nodes
    return net.n_nodes + sum(columns + 1 for columns in column_counts(net))


def _reference_devices(network: Network) -> int:
    """One for every word line of every array in each direction that it is read, and the biases' line."""
    return 1 + sum(block.shape[0] + (block.shape[1] if block.pre > 0 else 0) for block in network.blocks)


def part_costs(circuit: Circuit) -> tuple[CostRow, ...]:
    """Rows of what stands on the chip."""
    stands = built(circuit)
    formula, given = "2 (input weights + arrays × couplings + biases)", "a pair for every weight"
    sensed = "2 neurons", "a conveyor and a follower each"
    if circuit.technology.mapping != "differential":
        formula, given = "input weights + arrays × couplings + biases + word lines", "a reference on every word line"
        sensed = (
            "neurons + columns + references",
            "a follower for each neuron, a conveyor for each column and reference",
        )
    return (
        CostRow("devices", stands.devices, "1", formula, given),
        CostRow("neurons", stands.nodes, "1", "hidden and output", "each a capacitor, a leak, a clamp"),
        CostRow("amplifiers", stands.amplifiers, "1", *sensed),
        stands.area(circuit.technology.cost),
    )  # fmt: skip
