"""How well a trained chip measures the gradient: against the exact one, and against a chip without flaws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, compile_circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.controller import Controller
from analogeq.controller.controller import presented
from analogeq.controller.resistive import ResistivePair, run_pair
from analogeq.flow.families import AnyCircuit, Settler, programmed, wiring_of
from analogeq.flow.gradient_check import by_layer, cosine_loss
from analogeq.flow.oracle import Subject, oracle
from analogeq.flow.resistive_gradient_check import ResistiveSubject, exact_of, read_pair
from analogeq.flow.sweep.transfer import ideal_counterpart
from analogeq.learning import contrastive_gradient
from analogeq.network import Network, Parameters
from analogeq.training import ResistiveTrainingConfig, TrainingConfig
from analogeq.training.resistive_learner import unit_conductance

if TYPE_CHECKING:
    from analogeq.flow.sweep.metrics import Outcome

Array = NDArray[np.floating]


def gradient_cosine(outcome: Outcome) -> float | None:
    """Worst block's cosine of what this chip measures with the exact gradient of an ideal chip of the same weights.

    None where that gradient is zero, as with outputs at the rails: it has no direction (see `zero_gradients`).
    """
    exact = _exact(outcome)(np.arange(len(outcome.inputs)))
    return _worst(wiring_of(outcome.circuit), _measured(outcome, outcome.circuit), exact)


def phase_cosine(outcome: Outcome) -> float | None:
    """Worst block's cosine with what an ideal chip of the same weights measures by the same phases.

    What the chip's flaws cost and nothing else: the bias of a nudge that is not small, and of phases that end
    before the equilibrium, is in both. None where an ideal chip measures no difference at all.
    """
    ideal = compile_circuit(outcome.circuit.network, ideal_counterpart(outcome.circuit.technology))
    here, there = (_measured(outcome, circuit) for circuit in (outcome.circuit, ideal))
    return _worst(wiring_of(ideal), here, there)


def zero_gradients(outcome: Outcome) -> float:
    """Share of the samples whose exact gradient is zero in every block of weights [%].

    Their outputs are at their targets, or stand at a clamp that lets no small change through, whichever target they
    have. They add nothing to the direction that `gradient_cosine` compares with.
    """
    exact, network = _exact(outcome), wiring_of(outcome.circuit)
    zero = [not _directed(network, exact(np.array([sample]))) for sample in range(len(outcome.inputs))]
    return 100.0 * float(np.mean(zero))


def _worst(network: Network, found: Parameters, truth: Parameters) -> float | None:
    """Smallest cosine of all blocks of weights that have one: a block whose true gradient is zero has no direction."""
    ours, theirs = by_layer(network, found), _directed(network, truth)
    return min((1.0 - cosine_loss(ours[name], true) for name, true in theirs.items()), default=None)


def _directed(network: Network, gradient: Parameters) -> dict[str, Array]:
    """Blocks of weights whose gradient is not zero."""
    parts = by_layer(network, gradient)
    return {name: part for name, part in parts.items() if name.startswith("weights") and np.any(part)}


def _measured(outcome: Outcome, circuit: AnyCircuit) -> Parameters:
    """Gradient that a chip of the outcome's weights reads off its free and nudged phase."""
    if not isinstance(circuit, Circuit):
        return read_pair(circuit, programmed(circuit, outcome.parameters), _resistive_pair(outcome, circuit))
    config = outcome.config
    assert isinstance(config, TrainingConfig)  # noqa: S101  family and config were checked when they were made
    prediction = outcome.copy.predict(outcome.inputs) if config.initialise else None
    with outcome.settler.open(circuit) as session:
        chip = Controller(session, config.schedule)
        chip.program(outcome.parameters)
        pair = chip.run(outcome.inputs, outcome.targets, prediction)
    return contrastive_gradient(circuit.network, pair.inputs, pair.first, pair.second, pair.span)


Exact = Callable[[NDArray[np.intp]], Parameters]
"""From numbers of samples to the exact gradient of their mean cost."""


def _exact(outcome: Outcome) -> Exact:
    return _exact_hopfield(outcome) if isinstance(outcome.circuit, Circuit) else _exact_resistive(outcome)


def _exact_hopfield(outcome: Outcome) -> Exact:
    circuit, config, inputs = outcome.circuit, outcome.config, outcome.inputs
    assert isinstance(circuit, Circuit)  # noqa: S101  its one caller has seen to it
    assert isinstance(config, TrainingConfig)  # noqa: S101  likewise
    prediction = outcome.copy.predict(inputs) if config.initialise else None
    ideal = compile_circuit(circuit.network, ideal_counterpart(circuit.technology))
    tether = config.schedule.tether if config.initialise else 0.0
    drive = presented(ideal.technology, inputs, prediction, tether)
    start = None if prediction is None else np.clip(prediction, 0.0, 1.0) * ideal.technology.rail
    with Settler().open(ideal) as session:
        session.program(programmed(ideal, outcome.parameters))
        free = np.asarray(session.settle(drive, start).voltages)

    def exact(some: NDArray[np.intp]) -> Parameters:
        guess = None if prediction is None else prediction[some]
        subject = Subject(ideal, outcome.parameters, inputs[some], outcome.targets[some], guess, tether)
        return oracle(subject, free[some])[0]

    return exact


def _exact_resistive(outcome: Outcome) -> Exact:
    circuit, config = outcome.circuit, outcome.config
    assert not isinstance(circuit, Circuit)  # noqa: S101  its one caller has seen to it
    assert isinstance(config, ResistiveTrainingConfig)  # noqa: S101  likewise
    free = np.asarray(_resistive_pair(outcome, circuit).free, dtype=np.float64)

    def exact(some: NDArray[np.intp]) -> Parameters:
        inputs, targets = outcome.inputs[some], outcome.targets[some]
        return exact_of(ResistiveSubject(circuit, outcome.parameters, inputs, targets, config), free[some])

    return exact


def _resistive_pair(outcome: Outcome, circuit: ResistiveCircuit) -> ResistivePair:
    config = outcome.config
    assert isinstance(config, ResistiveTrainingConfig)  # noqa: S101  likewise
    rule = config.learning_rule(unit_conductance(circuit), pairs=circuit.technology.outputs == "pairs")
    with outcome.settler.open(circuit) as session:
        session.program(programmed(circuit, outcome.parameters))
        return run_pair(session, rule, outcome.inputs, outcome.targets)
