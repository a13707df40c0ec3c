r"""A circuit of the ``resistive`` family and its copy.

The hybrid loop is the first family's: the copy predicts node voltages, the circuit starts from there
and settles, and where it settles is each layer's target. Here there is no tether, since a passive
circuit has one operating point whatever its start; what a start saves is sweeps.

A copy's neuron is clipped where the node's device takes over from its conductances: at the knees,
where it carries what the mean load of its layer would at the same voltage.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.controller.resistive import run_pair
from analogeq.digital import Activation, FeedforwardCopy
from analogeq.digital.activation import LEAK
from analogeq.engines import ResistiveSession
from analogeq.learning import Descent
from analogeq.learning.co_content import StageGains
from analogeq.learning.conductance_descent import ConductanceDescent, ConductanceRates, half_kaiming
from analogeq.network import Parameters, glorot_uniform
from analogeq.training.copy_step import copy_step
from analogeq.training.learner import Floats, Learned, Tally

if TYPE_CHECKING:
    from analogeq.training.resistive_config import ResistiveTrainingConfig

CHUNK = 500
"""Samples that are settled at once to measure an error."""


class ResistiveLearner:
    """See `analogeq.training.learner.Learner`.

    Parameters
    ----------
    session : ResistiveSession
        An open circuit, of whatever engine.
    config : ResistiveTrainingConfig
    dtype : type
        Of conductances and of the copy's weights.
    """

    def __init__(self, session: ResistiveSession, config: ResistiveTrainingConfig, dtype: type[np.floating]) -> None:
        circuit = session.circuit
        self.session, self.config = session, config
        self.network, self.wiring = circuit.network, circuit.wiring
        unit = unit_conductance(circuit)
        pairs = circuit.technology.outputs == "pairs"
        for_circuit, for_copy = np.random.SeedSequence(config.seed).spawn(2)
        self.parameters = first_conductances(circuit, np.random.default_rng(for_circuit), dtype)
        drawn = glorot_uniform(self.network, np.random.default_rng(for_copy), scale=config.scale, dtype=dtype)
        self.copy = FeedforwardCopy(self.network, drawn, activation_of(circuit), pairs)
        self._rule = config.learning_rule(unit, pairs=pairs)
        self._descent = descent_of(circuit)
        self._rates = ConductanceRates(
            tuple(rate * unit**2 for rate in config.rates),
            _bias_rates(circuit, tuple(rate * unit**2 for rate in config.bias_rates or config.rates)),
        )
        self._copy_descent = Descent(self.network, config.copy_rates or config.rates)
        self._epoch_rates = self._rates

    @property
    def n_signals(self) -> int:
        """Output nodes, or pairs of them."""
        return self.network.n_outputs // (2 if self.copy.pairs else 1)

    def begin_epoch(self, epoch: int) -> None:
        """Let the rates decay."""
        self._epoch_rates = self._rates.decayed(self.config.decay**epoch)

    def learn(self, inputs: Floats, targets: Floats, sign: float) -> Tally:
        """Run the phases on a minibatch and move both sets of weights."""
        forward = self.copy.forward(inputs)
        prediction = forward[0]
        held = ResistiveConductances(self.parameters.weights, self.parameters.biases)
        self.session.program(held)
        start = prediction if self.config.initialise else None
        pair = run_pair(self.session, self._rule, inputs, targets, start=start, sign=sign, sweeps=self.config.sweeps)
        states = (pair.sources, pair.first, pair.second)
        self._descent.step(held.g, held.bias_currents, states, pair.span, self._epoch_rates)
        self._copy_descent.step(self.copy.parameters, copy_step(self.copy, self.config, inputs, pair.free, forward))
        gap = float(np.abs(prediction - pair.free).mean())
        return Tally(gap, self._at_the_ends(), float(np.median(pair.points[0].kcl_residual)))

    def _at_the_ends(self) -> int:
        """Conductances that the step left at an end of their range."""
        g, low, high = self.parameters.weights, self._descent.low, self._descent.high
        return int(np.count_nonzero((g <= low) | (g >= high)))

    def settled(self, inputs: Floats) -> Floats:
        """Voltages of all nodes after the free phase [V]."""
        self.session.program(ResistiveConductances(self.parameters.weights, self.parameters.biases))
        parts = []
        for first in range(0, len(inputs), CHUNK):
            some = inputs[first : first + CHUNK]
            start = self.copy.predict(some) if self.config.initialise else None
            parts.append(self.session.settle(ResistiveDrive(some), start, sweeps=self.config.sweeps).voltages)
        return np.concatenate(parts)

    def outputs(self, settled: Floats) -> Floats:
        """Output voltages, or the differences of pairs [V]."""
        return self.session.circuit.signals(settled)

    def learned(self) -> Learned:
        """Hand over what a checkpoint keeps."""
        return Learned(self.parameters, self.copy.parameters)

    def restore(self, learned: Learned) -> None:
        """Go on from a checkpoint."""
        self.parameters = learned.circuit
        self.copy = FeedforwardCopy(self.network, learned.copy, self.copy.activation, self.copy.pairs)


def unit_conductance(circuit: ResistiveCircuit) -> float:
    """What conductances are counted in [S]: 1 S, or the high end of their range where that is less."""
    return min(1.0, circuit.technology.conductance_high)


def first_conductances(
    circuit: ResistiveCircuit, rng: np.random.Generator, dtype: type[np.floating] = np.float64
) -> Parameters:
    """Draw conductances as the published networks do, in units of the circuit's own; no bias currents."""
    unit, tech = unit_conductance(circuit), circuit.technology
    g = half_kaiming(circuit.wiring, rng, low=tech.conductance_low / unit, dtype=dtype) * dtype(unit)
    held = np.clip(g, tech.conductance_low, tech.conductance_high)
    return Parameters(held, np.zeros(circuit.network.n_nodes, dtype=dtype))


def descent_of(circuit: ResistiveCircuit) -> ConductanceDescent:
    """Descent with the factors of the circuit's amplifiers."""
    tech = circuit.technology
    gains = None if tech.amplifier is None else StageGains(circuit.voltage_gains, circuit.stages.factors)
    compiled = find_spec("numba") is not None
    return ConductanceDescent(circuit.wiring, tech.conductance_low, tech.conductance_high, gains, compiled=compiled)


def activation_of(circuit: ResistiveCircuit) -> Activation:
    """Clip of each copy neuron: the knees of its device at the mean load that first conductances give its layer."""
    net, device = circuit.network, circuit.technology.device
    lower, upper = np.full(net.n_nodes, -np.inf), np.full(net.n_nodes, np.inf)
    drawn = first_conductances(circuit, np.random.default_rng(0))
    held = ResistiveConductances(drawn.weights, drawn.biases)
    load = circuit.source_load(held) + circuit.coupling_load(held)
    for layer in net.layers:
        low, high = device.knees(float(load[layer].mean()))
        sign = circuit.polarity[layer]
        lower[layer] = np.where(sign > 0.0, low, np.where(sign < 0.0, -high, -np.inf))
        upper[layer] = np.where(sign > 0.0, high, np.where(sign < 0.0, -low, np.inf))
    free = np.isinf(lower) & np.isinf(upper)
    return Activation(lower, upper, np.where(free, 0.0, LEAK))


def _bias_rates(circuit: ResistiveCircuit, rates: tuple[float, ...]) -> tuple[float, ...]:
    """Nothing where the technology has no current sources."""
    return rates if circuit.technology.bias_currents == "programmed" else (0.0,) * len(rates)
