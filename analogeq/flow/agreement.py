"""Native against ngspice: the same samples, voltage by voltage and gradient by gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveConductances
from analogeq.controller import Controller, PhasePair, Schedule
from analogeq.controller.resistive import run_pair
from analogeq.engines import ResistiveSession, Session
from analogeq.flow.families import programmed
from analogeq.flow.training import Trained
from analogeq.learning import contrastive_gradient
from analogeq.learning.co_content import StageGains, co_content_gradient
from analogeq.network import Network, Parameters
from analogeq.training import ResistiveTrainingConfig
from analogeq.training.resistive_learner import unit_conductance

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Agreement:
    """How two engines' answers to one minibatch differ.

    Attributes
    ----------
    max_voltage_difference : float
        Largest over samples, nodes, free and nudged phases [V].
    gradient_cosine : float
        Cosine between the two gradients, of the worst layer.
    kirchhoff_residual : float
        Largest residual of the reference engine's settled states [A].
    samples : int
    voltages : tuple of ndarray
        Free and nudged voltages of the first engine, then of the second, each (2, batch, node) [V].
    analyses : tuple of str
        How each engine found the free phase.
    """

    max_voltage_difference: float
    gradient_cosine: float
    kirchhoff_residual: float
    samples: int
    voltages: tuple[Floats, Floats]
    analyses: tuple[str, str]

    def as_dict(self) -> dict[str, object]:
        """Return the numbers alone, for a summary."""
        return {
            "samples": self.samples,
            "max_voltage_difference": self.max_voltage_difference,
            "gradient_cosine": self.gradient_cosine,
            "kirchhoff_residual": self.kirchhoff_residual,
            "analyses": list(self.analyses),
        }


def agree(
    first: Session,
    second: Session,
    trained: Trained,
    schedule: Schedule,
    inputs: Floats,
    targets: Floats,
) -> Agreement:
    """Run the same free and nudged phases on two engines.

    Parameters
    ----------
    first, second : Session
        Of one circuit; ``second`` is the reference, whose Kirchhoff residual is reported.
    trained : Trained
        Its parameters are programmed; its copy predicts the start and the tether of both.
    schedule : Schedule
    inputs : ndarray, shape (batch, input)
    targets : ndarray, shape (batch, output)
    """
    network = trained.copy.network
    prediction = trained.copy.predict(inputs)
    pairs = []
    for session in (first, second):
        controller = Controller(session, schedule)
        controller.program(trained.parameters)
        pairs.append(controller.run(inputs, targets, prediction))
    stacked = [np.stack([p.voltages for p in pair.points]) for pair in pairs]
    gradients = [_gradient(network, pair) for pair in pairs]
    return Agreement(
        max_voltage_difference=float(np.abs(stacked[0] - stacked[1]).max()),
        gradient_cosine=min(layer_cosines(network, *gradients)),
        kirchhoff_residual=float(max(p.kcl_residual.max() for p in pairs[1].points)),
        samples=len(inputs),
        voltages=(stacked[0], stacked[1]),
        analyses=(pairs[0].points[0].analysis, pairs[1].points[0].analysis),
    )


def agree_resistive(
    first: ResistiveSession,
    second: ResistiveSession,
    trained: Trained,
    config: ResistiveTrainingConfig,
    inputs: Floats,
    targets: Floats,
) -> Agreement:
    """Settle the same states of a resistive circuit on two engines; see `agree`."""
    circuit = first.circuit
    wiring, outputs_in_pairs = circuit.wiring, circuit.technology.outputs == "pairs"
    rule = config.learning_rule(unit_conductance(circuit), pairs=outputs_in_pairs)
    gains = StageGains(circuit.voltage_gains, circuit.stages.factors)
    start = trained.copy.predict(inputs)
    pairs, gradients = [], []
    for session in (first, second):
        held: ResistiveConductances = programmed(circuit, trained.parameters)
        session.program(held)
        pair = run_pair(session, rule, inputs, targets, start=start)
        states = (pair.sources, pair.first, pair.second)
        found = co_content_gradient(wiring, *states, pair.span, gains, circuit.arrays(held))
        pairs.append(pair)
        gradients.append(Parameters(found.g, found.bias_currents))
    stacked = [np.stack([p.voltages for p in pair.points]) for pair in pairs]
    return Agreement(
        max_voltage_difference=float(np.abs(stacked[0] - stacked[1]).max()),
        gradient_cosine=min(layer_cosines(wiring, *gradients)),
        kirchhoff_residual=float(max(p.kcl_residual.max() for p in pairs[1].points)),
        samples=len(inputs),
        voltages=(stacked[0], stacked[1]),
        analyses=(pairs[0].points[0].analysis, pairs[1].points[0].analysis),
    )


def _gradient(network: Network, pair: PhasePair) -> Parameters:
    return contrastive_gradient(network, pair.inputs, pair.first, pair.second, pair.span)


def layer_cosines(network: Network, one: Parameters, other: Parameters) -> list[float]:
    """Cosine between two gradients for each block of weights and each layer of biases."""
    pairs = [(one.weights[b.edges], other.weights[b.edges]) for b in network.blocks]
    pairs += [(one.biases[layer], other.biases[layer]) for layer in network.layers]
    return [cosine(a, b) for a, b in pairs]


def cosine(a: Floats, b: Floats) -> float:
    """Cosine of the angle between two vectors; 1 if both are zero, 0 if one is."""
    norms = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if norms == (0.0, 0.0):
        return 1.0
    if 0.0 in norms:
        return 0.0
    return float(np.dot(a.ravel(), b.ravel()) / (norms[0] * norms[1]))
