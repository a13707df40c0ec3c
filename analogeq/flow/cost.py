"""What a chip of the ``hopfield`` family costs: time and energy of its phases, parts, and the digital copy's work.

Every number comes with its formula and what it takes as given. Energies are what conductances and clamps dissipate,
integrated along the waveform (`analogeq.engines.energy`, which is held against ngspice's own currents).

References
----------
.. [1] M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, 10-14: in 45 nm at 0.9 V a
   32-bit floating-point multiplication takes 3.7 pJ and an addition 0.9 pJ, of 8-bit integers 0.2 pJ and 0.03 pJ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive, Nudge
from analogeq.controller.controller import presented
from analogeq.digital import FeedforwardCopy
from analogeq.digital.operations import predicting
from analogeq.engines import Session, Waveform
from analogeq.engines.energy import phase_energy
from analogeq.flow.convergence import settling_time
from analogeq.flow.families import Settler, programmed
from analogeq.network import Parameters
from analogeq.training import TrainingConfig

Floats = NDArray[np.floating]

MAC_ENERGIES = {"32-bit floating point": 4.6e-12, "8-bit integers": 0.23e-12}
"""One multiplication and one addition [J] in 45 nm [1]_, memory not included."""

ARRIVED = 0.01
"""Distance from the fixed point, over the rail, at which a circuit counts as settled."""

WATCHED = 80.0
"""Time constants that a free phase is followed for where the training follows it to its end."""

POINTS_PER_TIME_CONSTANT = 20
"""Of the waveforms that are integrated; the integral's error is second order in their distance."""


@dataclass(frozen=True)
class CostRow:
    """One number.

    Attributes
    ----------
    what : str
    value : float
        In SI units, or a count.
    unit : str
    formula, assumptions : str
    """

    what: str
    value: float
    unit: str
    formula: str
    assumptions: str


@dataclass(frozen=True, eq=False)
class Priced:
    """A programmed chip, the copy that starts it, and samples to run on it.

    Attributes
    ----------
    circuit : Circuit
    config : TrainingConfig
    parameters : Parameters
    copy : FeedforwardCopy
    inputs : ndarray, shape (sample, input)
    targets : ndarray, shape (sample, output)
    """

    circuit: Circuit
    config: TrainingConfig
    parameters: Parameters
    copy: FeedforwardCopy
    inputs: Floats
    targets: Floats


def costs(priced: Priced, settler: Settler | None = None) -> tuple[CostRow, ...]:
    """Measure and count; medians over the samples."""
    circuit = priced.circuit
    held: Conductances = programmed(circuit, priced.parameters)
    with (settler or Settler()).open(circuit) as session:
        session.program(held)
        phases = _phases(priced, held, session)
    return (*phases, *_parts(circuit), *_digital(circuit))


def _phases(priced: Priced, held: Conductances, session: Session) -> tuple[CostRow, ...]:
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
    nudge = Nudge(priced.targets * tech.rail, 2.0 * schedule.beta * tech.unit_conductance)
    nudged_drive, nudged_time = replace(drive, nudge=nudge), schedule.nudged_time or WATCHED
    nudged = _waveform(session, nudged_drive, nudged_time, free.voltages[:, -1])
    first = float(np.median(phase_energy(circuit, held, drive, free).dissipated[:, -1]))
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
        CostRow("energy of a free phase, an inference", first, "J", "∫ Σ g Δv² dt along the waveform", heat),
        CostRow("energy of a nudged phase", second, "J", f"the same over {nudged_time:g} τ", "the positive nudge"),
        CostRow(
            "energy of a training sample", first + second, "J", "free and nudged phase",
            "programming the devices is not counted",
        ),
    )  # fmt: skip


def _waveform(session: Session, drive: Drive, duration: float, start: Floats) -> Waveform:
    tau = session.circuit.technology.time_constant
    points = max(2, round(duration * POINTS_PER_TIME_CONSTANT)) + 1
    return session.transient(drive, duration * tau, start, points=points)


def _parts(circuit: Circuit) -> tuple[CostRow, ...]:
    net = circuit.network
    directions = 2 if circuit.technology.arrays == "mirrored" else 1
    inputs = sum(block.edges.stop - block.edges.start for block in net.input_blocks)
    devices = 2 * (inputs + directions * (net.n_edges - inputs) + net.n_nodes)
    return (
        CostRow("devices", devices, "1", "2 (input weights + arrays × couplings + biases)", "a pair for every weight"),
        CostRow("neurons", net.n_nodes, "1", "hidden and output", "each a capacitor, a leak, a clamp, two amplifiers"),
    )


def _digital(circuit: Circuit) -> tuple[CostRow, ...]:
    macs = predicting(circuit.network)
    rows = [
        CostRow(
            f"the copy in {kind}", macs * energy, "J", f"multiply-accumulates × {energy * 1e12:g} pJ",
            "45 nm, arithmetic alone (Horowitz, ISSCC 2014)",
        )
        for kind, energy in MAC_ENERGIES.items()
    ]  # fmt: skip
    return (CostRow("multiply-accumulates of the copy", macs, "1", "one for every weight", "biases are added"), *rows)
