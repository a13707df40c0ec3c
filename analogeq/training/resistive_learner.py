r"""A circuit of the ``resistive`` family and its copy.

The hybrid loop is the first family's: the copy predicts node voltages, the circuit starts from there
and settles, and where it settles is each layer's target. Here there is no tether, since a passive
circuit has one operating point whatever its start; what a start saves is sweeps.

A copy's neuron is clipped where the node's device takes over from its conductances: at the knees,
where it carries what the mean load of its layer would at the same voltage.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.circuit.resistive.devices import EdgeDevices
from analogeq.controller.resistive import run_pair
from analogeq.digital import Activation, FeedforwardCopy
from analogeq.digital.activation import LEAK
from analogeq.engines import ResistiveSession
from analogeq.errors import CheckpointError
from analogeq.hardware.memory import DeviceState
from analogeq.learning import Descent
from analogeq.learning.co_content import Inside, StageGains
from analogeq.learning.conductance_descent import (
    ConductanceDescent,
    ConductanceRates,
    as_the_first,
    half_in_range,
    half_kaiming,
)
from analogeq.network import Parameters, glorot_uniform
from analogeq.training.copy_step import copy_step
from analogeq.training.devices import step_in_place
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
        self.parameters = first_conductances(
            circuit, np.random.default_rng(for_circuit), dtype, spread=config.first_spread
        )
        self._devices: EdgeDevices | None = None
        self._hold(self.parameters)
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

    def _hold(self, parameters: Parameters, state: DeviceState | None = None) -> None:
        """Hold parameters as they are, or as devices do: of a new chip that is written once, or as a state has them."""
        self.parameters = parameters
        circuit = self.session.circuit
        if circuit.technology.memory.ideal:
            return
        self._devices = circuit.new_devices()
        if state is None:
            self._devices.write(parameters)
        else:
            self._devices.restore(state, parameters.biases)
        self.parameters = self._devices.held(parameters.weights.dtype)

    def _program(self, *, aside: bool = False) -> ResistiveConductances:
        """Show the session what is held; ``aside`` leaves what is learned later as it would have been."""
        held = ResistiveConductances(self.parameters.weights, self.parameters.biases)
        if self._devices is not None:
            held = self.session.circuit.reading(self._devices, self.parameters.weights.dtype, aside=aside)
        self.session.program(held)
        return held

    def _descend(self, states: tuple[Floats, Floats, Floats], span: float, inside: Inside | None) -> None:
        def descend(wanted: Parameters) -> None:
            self._descent.step(wanted.weights, wanted.biases, states, span, self._epoch_rates, inside)

        if self._devices is None:
            descend(self.parameters)
        else:
            self.parameters, _ = step_in_place(self._devices, self.parameters, descend)

    @property
    def n_signals(self) -> int:
        """Output nodes, or pairs of them."""
        return self.network.n_outputs // (2 if self.copy.pairs else 1)

    def begin_epoch(self, epoch: int) -> None:
        """Let the rates decay."""
        self._epoch_rates = self._rates.decayed(self.config.decay**epoch)
        self._copy_descent.factor = self.config.copy_decay**epoch

    def learn(self, inputs: Floats, targets: Floats, sign: float) -> Tally:
        """Run the phases on a minibatch and move both sets of weights."""
        forward = self.copy.forward(inputs)
        prediction = forward[0]
        held = self._program()
        start = prediction if self.config.initialise else None
        pair = run_pair(self.session, self._rule, inputs, targets, start=start, sign=sign, sweeps=self.config.sweeps)
        self._descend((pair.sources, pair.first, pair.second), pair.span, self.session.circuit.arrays(held))
        self._copy_descent.step(self.copy.parameters, copy_step(self.copy, self.config, inputs, pair.free, forward))
        gap = float(np.abs(prediction - pair.free).mean())
        return Tally(gap, self._at_the_ends(), float(np.median(pair.points[0].kcl_residual)))

    def _at_the_ends(self) -> int:
        """Conductances that the step left at an end of their range."""
        g, low, high = self.parameters.weights, self._descent.low, self._descent.high
        return int(np.count_nonzero((g <= low) | (g >= high)))

    def settled(self, inputs: Floats) -> Floats:
        """Voltages of all nodes after the free phase [V]."""
        self._program(aside=True)
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
        devices = None if self._devices is None else self._devices.state
        return Learned(self.parameters, self.copy.parameters, devices=devices)

    def restore(self, learned: Learned) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        CheckpointError
            If shared edges or nodes differ in it, so that they could not learn as one; devices that are not ideal
            may differ, since each gets as near to their one conductance as it does.
        """
        if self._devices is None:
            check_shared_alike(self.session.circuit, learned.circuit)
        self._hold(learned.circuit, learned.devices)
        self.copy = FeedforwardCopy(self.network, learned.copy, self.copy.activation, self.copy.pairs)


def check_shared_alike(circuit: ResistiveCircuit, parameters: Parameters) -> None:
    """Refuse a checkpoint in which what the circuit shares is not equal, naming the first edge."""
    for number, groups in circuit.tied.items():
        edges = circuit.wiring.blocks[number].edges
        differ = np.flatnonzero(parameters.weights[edges] != as_the_first(parameters.weights[edges], groups))
        if len(differ):
            name = circuit.edge_name(edges.start + int(differ[0]))
            raise CheckpointError(
                f"checkpoint: conductance of edge {name} is not that of the edges it shares with; the run was made "
                "without sharing, or with other groups; train anew"
            )
    nodes, biases = circuit.shared_nodes, parameters.biases
    if nodes is not None and not np.array_equal(biases, as_the_first(biases, nodes)):
        raise CheckpointError("checkpoint: bias currents of shared nodes differ; it is another network's; train anew")


def unit_conductance(circuit: ResistiveCircuit) -> float:
    """What conductances are counted in [S]: 1 S, or the high end of their range where that is less."""
    return min(1.0, circuit.technology.conductance_high)


def first_conductances(
    circuit: ResistiveCircuit,
    rng: np.random.Generator,
    dtype: type[np.floating] = np.float64,
    *,
    spread: float | None = None,
) -> Parameters:
    """Draw conductances in units of the circuit's own; no bias currents.

    As the published networks do, by fan-in and clipped to the range; or, with ``spread``, inside the range
    (`analogeq.learning.conductance_descent.half_in_range`), which is what a narrow range asks for.

    Shared edges start with one conductance. Half of the draw starts at the low end of the range; where that
    is 0 S it may leave an output without any conductance, which no negative nudge suits. While there is such
    an output, conductances are drawn anew, and its edges, with those that share with them, take what they get.
    """
    unit, tech = unit_conductance(circuit), circuit.technology
    draw = _draw_of(circuit, rng, tech.conductance_low / unit, dtype, spread)
    g = draw()
    while (bare := _edges_of_bare_outputs(circuit, g)).any():
        g = np.where(bare, draw(), g)
    held = np.clip(g * dtype(unit), tech.conductance_low, tech.conductance_high)
    return Parameters(held, np.zeros(circuit.network.n_nodes, dtype=dtype))


def _draw_of(
    circuit: ResistiveCircuit, rng: np.random.Generator, low: float, dtype: type[np.floating], spread: float | None
) -> Callable[[], Floats]:
    if spread is None:
        return partial(half_kaiming, circuit.wiring, rng, low=low, dtype=dtype, tied=circuit.tied)
    return partial(half_in_range, circuit.wiring, rng, low=low, high=1.0, spread=spread, dtype=dtype, tied=circuit.tied)


def _edges_of_bare_outputs(circuit: ResistiveCircuit, g: Floats) -> NDArray[np.bool_]:
    """Which edges end at an output that has no conductance above 0 S, or share with such an edge; shape (edge,)."""
    net, found = circuit.wiring, np.zeros(len(g), dtype=bool)
    held = ResistiveConductances(g, np.zeros(net.n_nodes, dtype=g.dtype))
    bare = np.zeros(net.n_nodes, dtype=bool)
    bare[net.outputs] = (circuit.source_load(held) + circuit.coupling_load(held))[net.outputs] <= 0.0
    if not bare.any():
        return found
    for number, block in enumerate(net.blocks):
        rows, cols = block.endpoints()
        own = bare[net.layer(block.post)][cols]
        if block.pre > 0:
            own |= bare[net.layer(block.pre)][rows]
        if number in circuit.tied:
            own = np.isin(circuit.tied[number], circuit.tied[number][own])
        found[block.edges] = own
    return found


def descent_of(circuit: ResistiveCircuit) -> ConductanceDescent:
    """Descent with the factors of the circuit's amplifiers and the groups of its shared edges and nodes."""
    tech = circuit.technology
    gains = None if tech.amplifier is None else StageGains(circuit.voltage_gains, circuit.stages.factors)
    compiled = find_spec("numba") is not None
    return ConductanceDescent(
        circuit.wiring,
        tech.conductance_low,
        tech.conductance_high,
        gains,
        tied=circuit.tied,
        tied_biases=circuit.shared_nodes,
        compiled=compiled,
    )


def activation_of(circuit: ResistiveCircuit) -> Activation:
    """Clip of each copy neuron: the knees of its device at the mean load that published first conductances give."""
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
