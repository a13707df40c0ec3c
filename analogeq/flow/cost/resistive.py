"""What a chip of the ``resistive`` family costs: power of its operating points, energy for a stated time, parts.

The description of such a chip has no capacitors and so no time of its own: what a phase takes is its static power
(`analogeq.circuit.resistive.power`, held against ngspice's own currents) for as long as it is held, which the
technology's cost figures may state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.circuit.resistive.power import ResistivePower, power_flow
from analogeq.controller.resistive import acting
from analogeq.engines import ResistiveSession
from analogeq.flow.cost.parts import FIGURES, SAMPLE, Built, Conversions, Held
from analogeq.flow.cost.priced import Priced
from analogeq.flow.cost.rows import CostRow, times
from analogeq.hardware.resistive import NoDevice
from analogeq.training import ResistiveTrainingConfig
from analogeq.training.resistive_learner import unit_conductance

Floats = NDArray[np.floating]


ResistivePriced = Priced[ResistiveCircuit, ResistiveTrainingConfig]


def phase_costs(priced: ResistivePriced, held: ResistiveConductances, session: ResistiveSession) -> tuple[CostRow, ...]:
    """Rows of phases, and of an inference and a training sample with everything that takes part."""
    free, acted = _powers(priced, held, session)
    return _energies(priced.circuit, free, acted)


def _powers(
    priced: ResistivePriced, held: ResistiveConductances, session: ResistiveSession
) -> tuple[ResistivePower, list[ResistivePower]]:
    """Power of the free state, and of the states that the rule compares besides it."""
    circuit, config = priced.circuit, priced.config
    drive = ResistiveDrive(priced.inputs)
    point = session.settle(drive)
    rule = config.learning_rule(unit_conductance(circuit), pairs=circuit.technology.outputs == "pairs")
    asked = rule.comparison(point.voltages[:, circuit.network.outputs], priced.targets, 1.0)
    acted = []
    for action in (asked.first, asked.second):
        if action is not None:
            nudged = acting(circuit.technology, priced.inputs, action)
            acted.append(power_flow(circuit, held, nudged, session.settle(nudged, point.voltages).voltages))
    return power_flow(circuit, held, drive, point.voltages), acted


def _energies(circuit: ResistiveCircuit, free: ResistivePower, acted: list[ResistivePower]) -> tuple[CostRow, ...]:
    cost, seconds = circuit.technology.cost, circuit.technology.cost.phase_time
    first, more = _median(free.supplied), [_median(power.supplied) for power in acted]
    held = "a phase is held for phase_time of the [cost] table"
    given = "conductances, devices and their bias sources; supplies of the amplifiers are not counted"
    one, all_phases = times(first, seconds), times(first + sum(more), seconds)
    count = _amplifiers(circuit)
    inference = Held({"free phase": one}, seconds, count, conversions(circuit, 0), {})
    acting = Held({"phases": all_phases}, times(1 + len(acted), seconds), count, conversions(circuit, len(acted)), {})
    return (
        CostRow("power of a free phase, an inference", first, "W", _FORMULA[circuit.technology.wires.are_ideal], given),
        CostRow("power of a nudged phase", max(more), "W", "the same", "the side that takes more"),
        CostRow("of the free phase, handed over by amplifiers", _median(free.amplifiers), "W", "Σ (A - c) v J",
                "J is what is drawn from an amplifier"),
        *_in_wires(circuit, free),
        CostRow("free phase, an inference", seconds, "s", "as stated", held),
        CostRow("energy of a free phase, an inference", one, "J", "power × time", held),
        *inference.rows("an inference", "converters", cost, FIGURES),
        CostRow("energy of a training sample", all_phases, "J", f"{1 + len(acted)} phases", held),
        *acting.rows("a training sample", "converters", cost, SAMPLE),
    )  # fmt: skip


_FORMULA = {True: "Σ g Δv² + Σ v i_device", False: "Σ g Δv² + Σ i²r of wires + Σ v i_device"}
"""Of the power, by whether wires are ideal."""


def _in_wires(circuit: ResistiveCircuit, free: ResistivePower) -> tuple[CostRow, ...]:
    if circuit.technology.wires.are_ideal:
        return ()
    row = CostRow(
        "of the free phase, heat of the wires",
        _median(free.wires),
        "W",
        "Σ i²r",
        "word and bit lines, with what stands at their ends",
    )
    return (row,)


def _amplifiers(circuit: ResistiveCircuit) -> int:
    return 0 if circuit.technology.amplifier is None else circuit.n_hidden


def _median(power: NDArray[np.float64]) -> float:
    return float(np.median(power))


def conversions(circuit: ResistiveCircuit, acted: int) -> Conversions:
    """Conversions of a sample with ``acted`` phases besides the free one: sources and targets; what is read.

    An inference reads the outputs, a training sample all nodes at the end of each phase.
    """
    net = circuit.network
    sources = circuit.wiring.n_inputs
    if acted == 0:
        return Conversions(sources, net.n_outputs)
    return Conversions(sources + net.n_outputs, net.n_nodes * (1 + acted))


def part_costs(circuit: ResistiveCircuit) -> tuple[CostRow, ...]:
    """Rows of what stands on the chip."""
    net, wires, tech = circuit.network, circuit.wiring, circuit.technology
    clamps = 0 if isinstance(tech.device, NoDevice) else circuit.n_hidden
    stands = Built(
        wires.n_edges, net.n_nodes, _amplifiers(circuit), clamps, wires.n_inputs + net.n_outputs, net.n_nodes
    )
    return (
        CostRow("devices", stands.devices, "1", "one for every conductance", "inputs and bias doubled where they are"),
        CostRow("nodes", stands.nodes, "1", "hidden and output", "the area of bias currents' sources is not counted"),
        stands.area(tech.cost),
    )
