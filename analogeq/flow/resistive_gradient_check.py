"""How much of the true gradient a rule keeps on a resistive circuit: by strength and read noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.circuit.resistive.laws import loads, supply_currents
from analogeq.controller.resistive import ResistivePair, run_pair
from analogeq.engines import OperatingPoint, ResistiveSession
from analogeq.engines.resistive_gradient import exact_gradient
from analogeq.errors import InputError, NotSettledError
from analogeq.flow.families import Settler, programmed
from analogeq.flow.gradient_check import GradientCheck, GradientRow, Missing, Setting, Sweep, score
from analogeq.learning.co_content import StageGains, co_content_gradient
from analogeq.learning.costs import SoftmaxCrossEntropy, SquaredError, of_pairs
from analogeq.network import Parameters
from analogeq.training import ResistiveTrainingConfig
from analogeq.training.resistive_learner import unit_conductance

Floats = NDArray[np.floating]

AT_A_CORNER = 1e-9
"""Share of a sample's largest supply current below which what presses a node on its diode counts as nothing."""

SIDES: tuple[tuple[str, Literal["positive", "centred"]], ...] = (("one-sided", "positive"), ("centred", "centred"))


@dataclass(frozen=True, eq=False)
class ResistiveSubject:
    """A circuit with its conductances, and the minibatch it is checked on.

    Attributes
    ----------
    circuit : ResistiveCircuit
    parameters : Parameters
        Conductances [S] and bias currents [A].
    inputs : ndarray, shape (batch, input)
    targets : ndarray, shape (batch, output signal)
        [V]
    config : ResistiveTrainingConfig
        Rule and cost; its strength and sides are what is varied.
    """

    circuit: ResistiveCircuit
    parameters: Parameters
    inputs: Floats
    targets: Floats
    config: ResistiveTrainingConfig = field(default_factory=ResistiveTrainingConfig)

    def __post_init__(self) -> None:
        if self.config.rule == "contrastive-learning":
            raise InputError("gradient-check: contrastive learning has no strength to vary; check coupled learning")


def check_resistive_gradients(subject: ResistiveSubject, sweep: Sweep, settler: Settler | None = None) -> GradientCheck:
    """Compare the rule at every strength with the exact gradient, layer by layer.

    Raises
    ------
    InputError
        If phases of finite time are asked for: these circuits have no time.
    """
    if (*sweep.free_times, *sweep.nudged_times) != (None, None):
        raise InputError("times: circuits of the resistive family settle at once; leave free and nudged time at 0")
    circuit, wires = subject.circuit, subject.circuit.wiring
    rows: list[GradientRow] = []
    missing: list[Missing] = []
    with (settler or Settler()).open(circuit) as session:
        held: ResistiveConductances = programmed(circuit, subject.parameters)
        session.program(held)
        free = session.settle(ResistiveDrive(subject.inputs))
        exact = exact_of(subject, np.asarray(free.voltages))
        for setting, pair in _pairs(subject, sweep, session):
            if isinstance(pair, str):
                missing.append(Missing(setting, pair))
                continue
            for noise in sweep.noises:
                rows += score(wires, setting, noise, _read((circuit, held), pair, noise, sweep), exact)
    residual, corners = float(free.kcl_residual.max()), _corners(subject, free)
    return GradientCheck(len(subject.inputs), corners, residual, tuple(rows), tuple(missing), _remark(circuit, rows))


def _pairs(
    subject: ResistiveSubject, sweep: Sweep, session: ResistiveSession
) -> Iterator[tuple[Setting, ResistivePair | str]]:
    """Every strength and side with its two states, or why there are none."""
    unit, pairs = unit_conductance(subject.circuit), subject.circuit.technology.outputs == "pairs"
    for beta in sweep.betas:
        for name, sides in SIDES:
            rule = replace(subject.config, beta=beta, sides=sides).learning_rule(unit, pairs=pairs)
            try:
                found: ResistivePair | str = run_pair(session, rule, subject.inputs, subject.targets)
            except (InputError, NotSettledError) as failure:
                found = str(failure)
            yield Setting(name, beta, None, None), found


def exact_of(subject: ResistiveSubject, voltages: NDArray[np.float64]) -> Parameters:
    """Exact gradient of the config's cost at a free operating point [V]."""
    circuit, config = subject.circuit, subject.config
    cost = SquaredError() if config.cost == "squared-error" else SoftmaxCrossEntropy(config.temperature)
    slope = cost.slope(circuit.signals(voltages), subject.targets)
    slope = of_pairs(slope) if circuit.technology.outputs == "pairs" else slope
    held = programmed(circuit, subject.parameters)
    found = exact_gradient(circuit, held, ResistiveDrive(subject.inputs), voltages, slope)
    return Parameters(found.g, found.bias_currents)


def _read(
    chip: tuple[ResistiveCircuit, ResistiveConductances], pair: ResistivePair, noise: float, sweep: Sweep
) -> list[Parameters]:
    """Gradients of repeated readings of the same two states."""
    found = []
    for draw in range(sweep.draws if noise > 0.0 else 1):
        error = np.random.default_rng((sweep.seed, draw)).standard_normal((2, *pair.first.shape)) * noise
        found.append(read_pair(*chip, replace(pair, first=pair.first + error[0], second=pair.second + error[1])))
    return found


def read_pair(circuit: ResistiveCircuit, held: ResistiveConductances, pair: ResistivePair) -> Parameters:
    """Gradient that the rule reads off two states."""
    gains = StageGains(circuit.voltage_gains, circuit.stages.factors)
    states = (pair.sources, pair.first, pair.second)
    gradient = co_content_gradient(circuit.wiring, *states, pair.span, gains, circuit.arrays(held))
    return Parameters(gradient.g, gradient.bias_currents)


def _corners(subject: ResistiveSubject, free: OperatingPoint) -> int:
    """Nodes that rest on an ideal diode which carries nothing."""
    circuit, held = subject.circuit, programmed(subject.circuit, subject.parameters)
    lowest = circuit.technology.device.lowest
    if not np.isfinite(lowest):
        return 0
    drive = ResistiveDrive(subject.inputs)
    supply = supply_currents(circuit, held, drive)
    push = supply + circuit.coupling_currents(held, free.voltages) - loads(circuit, held, drive) * free.voltages
    resting = (circuit.polarity != 0.0) & (circuit.polarity * free.voltages <= lowest)
    scale = np.abs(supply).max(axis=1, keepdims=True, initial=0.0)
    return int(np.count_nonzero(resting & (np.abs(push) <= AT_A_CORNER * scale)))


def _remark(circuit: ResistiveCircuit, rows: list[GradientRow]) -> str:
    """Say where there is no energy function, and what that costs."""
    if circuit.stages.consistent or not rows:
        return ""
    worst: dict[Setting, float] = {}
    for row in rows:
        worst[row.setting] = min(worst.get(row.setting, 1.0), row.cosine)
    return (
        "the amplifiers' A/c differs between neurons that share a neighbour upstream, so this circuit minimises no "
        f"function and the rule is an approximation: its worst layer's cosine is {max(worst.values()):.6f} at best; "
        "give the neurons of a layer one A/c"
    )
