"""How well a trained chip measures the gradient: against the exact one, and against a chip without flaws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analogeq.circuit import Circuit, compile_circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.controller import Controller
from analogeq.controller.controller import presented
from analogeq.controller.resistive import ResistivePair, run_pair
from analogeq.flow.families import AnyCircuit, Settler, programmed, wiring_of
from analogeq.flow.gradient_check import Subject, by_layer, cosine_loss, oracle
from analogeq.flow.resistive_gradient_check import ResistiveSubject, exact_of, read_pair
from analogeq.flow.sweep.transfer import ideal_counterpart
from analogeq.learning import contrastive_gradient
from analogeq.network import Network, Parameters
from analogeq.training import ResistiveTrainingConfig, TrainingConfig
from analogeq.training.resistive_learner import unit_conductance

if TYPE_CHECKING:
    from analogeq.flow.sweep.metrics import Outcome


def gradient_cosine(outcome: Outcome) -> float:
    """Worst block's cosine of what this chip measures with the exact gradient of an ideal chip of the same weights."""
    hopfield = isinstance(outcome.circuit, Circuit)
    exact = _exact_hopfield(outcome) if hopfield else _exact_resistive(outcome)
    return _worst(wiring_of(outcome.circuit), _measured(outcome, outcome.circuit), exact)


def phase_cosine(outcome: Outcome) -> float:
    """Worst block's cosine with what an ideal chip of the same weights measures by the same phases.

    What the chip's flaws cost and nothing else: the bias of a nudge that is not small, and of phases that end
    before the equilibrium, is in both.
    """
    ideal = compile_circuit(outcome.circuit.network, ideal_counterpart(outcome.circuit.technology))
    here, there = (_measured(outcome, circuit) for circuit in (outcome.circuit, ideal))
    return _worst(wiring_of(ideal), here, there)


def _worst(network: Network, found: Parameters, truth: Parameters) -> float:
    """Smallest cosine of all blocks of weights."""
    ours, theirs = by_layer(network, found), by_layer(network, truth)
    return 1.0 - max(cosine_loss(ours[name], theirs[name]) for name in theirs if name.startswith("weights"))


def _measured(outcome: Outcome, circuit: AnyCircuit) -> Parameters:
    """Gradient that a chip of the outcome's weights reads off its free and nudged phase."""
    if not isinstance(circuit, Circuit):
        return read_pair(circuit, _resistive_pair(outcome, circuit))
    config = outcome.config
    assert isinstance(config, TrainingConfig)  # noqa: S101  family and config were checked when they were made
    prediction = outcome.copy.predict(outcome.inputs) if config.initialise else None
    with outcome.settler.open(circuit) as session:
        chip = Controller(session, config.schedule)
        chip.program(outcome.parameters)
        pair = chip.run(outcome.inputs, outcome.targets, prediction)
    return contrastive_gradient(circuit.network, pair.inputs, pair.first, pair.second, pair.span)


def _exact_hopfield(outcome: Outcome) -> Parameters:
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
    exact, _, _ = oracle(Subject(ideal, outcome.parameters, inputs, outcome.targets, prediction, tether), free)
    return exact


def _exact_resistive(outcome: Outcome) -> Parameters:
    circuit, config = outcome.circuit, outcome.config
    assert not isinstance(circuit, Circuit)  # noqa: S101  its one caller has seen to it
    assert isinstance(config, ResistiveTrainingConfig)  # noqa: S101  likewise
    subject = ResistiveSubject(circuit, outcome.parameters, outcome.inputs, outcome.targets, config)
    return exact_of(subject, np.asarray(_resistive_pair(outcome, circuit).free))


def _resistive_pair(outcome: Outcome, circuit: ResistiveCircuit) -> ResistivePair:
    config = outcome.config
    assert isinstance(config, ResistiveTrainingConfig)  # noqa: S101  likewise
    rule = config.learning_rule(unit_conductance(circuit), pairs=circuit.technology.outputs == "pairs")
    with outcome.settler.open(circuit) as session:
        session.program(programmed(circuit, outcome.parameters))
        return run_pair(session, rule, outcome.inputs, outcome.targets)
