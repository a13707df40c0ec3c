"""What a chip of the ``resistive`` family costs: power of its operating points, energy for a stated time, parts.

The description of such a chip has no capacitors and so no time of its own: what a phase takes is its static power
(`analogeq.circuit.resistive.power`, held against ngspice's own currents) for as long as it is held, which the
technology's cost figures may state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.circuit.resistive.power import ResistivePower, power_flow
from analogeq.controller.resistive import ActionLike
from analogeq.digital import FeedforwardCopy
from analogeq.digital.operations import predicting
from analogeq.engines import ResistiveSession
from analogeq.flow.cost.parts import FIGURES, Built, Conversions, digital
from analogeq.flow.cost.rows import CostRow, times, total
from analogeq.flow.cost.updates import update_costs
from analogeq.flow.families import Settler, programmed
from analogeq.hardware.resistive import NoDevice
from analogeq.network import Parameters
from analogeq.training import ResistiveTrainingConfig
from analogeq.training.resistive_learner import unit_conductance

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class PricedResistive:
    """A programmed chip, its copy, and samples to run on it.

    Attributes
    ----------
    circuit : ResistiveCircuit
    config : ResistiveTrainingConfig
    parameters : Parameters
    copy : FeedforwardCopy
    inputs : ndarray, shape (sample, input)
    targets : ndarray, shape (sample, output signal)
    """

    circuit: ResistiveCircuit
    config: ResistiveTrainingConfig
    parameters: Parameters
    copy: FeedforwardCopy
    inputs: Floats
    targets: Floats


def resistive_costs(priced: PricedResistive, settler: Settler | None = None) -> tuple[CostRow, ...]:
    """Measure and count; medians over the samples."""
    circuit = priced.circuit
    held: ResistiveConductances = programmed(circuit, priced.parameters)
    with (settler or Settler()).open(circuit) as session:
        session.program(held)
        free, acted = _powers(priced, held, session)
    energies = _energies(priced, free, acted)
    update = update_costs(circuit, priced.config, priced.parameters, priced.copy, priced.inputs, priced.targets)
    rows = (*energies, *update, *_parts(circuit))
    return (*rows, *digital(predicting(circuit.network), circuit.technology.cost))


def _powers(
    priced: PricedResistive, held: ResistiveConductances, session: ResistiveSession
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
            acting = _drive(priced.inputs, action)
            acted.append(power_flow(circuit, held, acting, session.settle(acting, point.voltages).voltages))
    return power_flow(circuit, held, drive, point.voltages), acted


def _drive(inputs: Floats, action: ActionLike) -> ResistiveDrive:
    nudge = None if action.targets is None else Nudge(action.targets, action.conductance)
    return ResistiveDrive(inputs, None, nudge, injected=action.injected, held=action.held)


def _energies(priced: PricedResistive, free: ResistivePower, acted: list[ResistivePower]) -> tuple[CostRow, ...]:
    circuit, cost = priced.circuit, priced.circuit.technology.cost
    first, more = _median(free.supplied), [_median(power.supplied) for power in acted]
    inference, sample = conversions(circuit, 0), conversions(circuit, len(acted))
    held = "a phase is held for phase_time of the [cost] table"
    given = "conductances, devices and their bias sources; supplies of the amplifiers are not counted"
    supply = times(circuit.n_hidden if circuit.technology.amplifier else 0, cost.amplifier_power)
    one, all_phases = times(first, cost.phase_time), times(first + sum(more), cost.phase_time)
    amplifiers = None if supply is None else times(supply, cost.phase_time)
    return (
        CostRow("power of a free phase, an inference", first, "W", "Σ g Δv² + Σ v i_device", given),
        CostRow("power of a nudged phase", max(more), "W", "the same", "the side that takes more"),
        CostRow("of the free phase, handed over by amplifiers", _median(free.amplifiers), "W", "Σ (A - c) v J",
                "J is what is drawn from an amplifier"),
        CostRow("free phase, an inference", cost.phase_time, "s", "as stated", held),
        CostRow("energy of a free phase, an inference", one, "J", "power × time", held),
        inference.row("converters, an inference", cost),
        total("energy of an inference, converters included",
              {"free phase": one, "amplifiers": amplifiers, **inference.energy(cost)}, "J", FIGURES),
        CostRow("energy of a training sample", all_phases, "J", f"{1 + len(acted)} phases", held),
        sample.row("converters, a training sample", cost),
    )  # fmt: skip


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


def _parts(circuit: ResistiveCircuit) -> tuple[CostRow, ...]:
    net, wires, tech = circuit.network, circuit.wiring, circuit.technology
    clamps = 0 if isinstance(tech.device, NoDevice) else circuit.n_hidden
    amplifiers = circuit.n_hidden if tech.amplifier is not None else 0
    stands = Built(wires.n_edges, net.n_nodes, amplifiers, clamps, wires.n_inputs + net.n_outputs, net.n_nodes)
    return (
        CostRow("devices", stands.devices, "1", "one for every conductance", "inputs and bias doubled where they are"),
        CostRow("nodes", stands.nodes, "1", "hidden and output", "the area of bias currents' sources is not counted"),
        stands.area(tech.cost),
    )
