"""Physical learning networks: resistors joined at random, sources and targets anywhere, no other device.

As in Stern et al., Phys. Rev. X 11, 021045 (2021): each edge is one conductance and learns by itself.
"""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from analogeq.circuit.compilation import compile_circuit
from analogeq.circuit.resistive import ResistiveDrive
from analogeq.engines.native import NativeEngine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.flow.resistive_training import trainer_of
from analogeq.hardware.resistive import NoDevice, ResistiveTechnology
from analogeq.learning.conductance_descent import ConductanceRates
from analogeq.learning.costs import SquaredError
from analogeq.learning.rules import CoupledLearning, EquilibriumPropagation
from analogeq.network import network_from_graph, with_terminals
from analogeq.training.resistive import ResistiveSchedule, ResistiveState

RULES = {
    "coupled": (CoupledLearning(0.1), 10.0),
    "coupled, centred": (CoupledLearning(0.1, "centred"), 10.0),
    "equilibrium": (EquilibriumPropagation(1e-2), 40.0),
    "equilibrium, current": (EquilibriumPropagation(1e-2, by="current"), 40.0),
}
"""And the rate of each [S²/V²]: a nudging conductance moves an output some times less than a source that holds it."""


def disordered():
    """Each of 24 nodes joined to four others; two sources and ground, two targets."""
    return with_terminals(nx.random_regular_graph(4, 24, seed=3), [0, 1, 2], [10, 17])


def lattice():
    """A square lattice with its terminals in the middle, at corners and along a side."""
    return with_terminals(nx.grid_2d_graph(5, 5), [(2, 2), (0, 0), (4, 4)], [(0, 4), (3, 1)])


class Lab:
    """A network and something for it to learn."""

    def __init__(self, graph, rule, rate):
        net = network_from_graph(graph)
        technology = ResistiveTechnology(
            conductance_low=1e-3, conductance_high=10.0, inputs="single", bias_currents="none", device=NoDevice()
        )
        self.circuit = compile_circuit(net, technology)
        n_layers = len(net.layers)
        rates = ConductanceRates((rate,) * n_layers, (0.0,) * n_layers)
        self.trainer = trainer_of(self.circuit, rule, ResistiveSchedule(4, rates))
        g = np.random.default_rng(1).uniform(0.5, 1.5, net.n_edges)
        self.state = ResistiveState(g, np.zeros(net.n_nodes))

    def outputs(self, x, engine=None):
        with (engine or NativeEngine()).open(self.circuit) as session:
            session.program(self.circuit.program(self.state.g, self.state.bias_currents))
            return self.circuit.signals(session.settle(ResistiveDrive(x)).voltages)

    def cost(self, x, y):
        return float(SquaredError().value(self.outputs(x), y).mean())

    def train(self, x, y, epochs):
        for _ in range(epochs):
            self.state = self.trainer.epoch(self.state, x, y)


def regression():
    """Two outputs, each a sum of shares of two sources; the third terminal is ground."""
    x = np.random.default_rng(0).uniform(0.0, 1.0, (40, 3))
    x[:, 2] = 0.0
    return x, x[:, :2] @ np.array([[0.2, 0.5], [0.3, 0.1]])


@pytest.mark.parametrize("rule", RULES)
def test_a_disordered_network_learns_a_regression(rule):
    lab, (x, y) = Lab(disordered(), *RULES[rule]), regression()
    before = lab.cost(x, y)
    lab.train(x, y, 10)
    assert lab.cost(x, y) < 1e-3 * before
    unseen = np.array([[0.9, 0.0, 0.0], [0.0, 0.9, 0.0], [-0.5, 0.5, 0.0]])
    truth = unseen[:, :2] @ np.array([[0.2, 0.5], [0.3, 0.1]])
    assert np.abs(lab.outputs(unseen) - truth).max() < 0.02  # V; the network is linear, so it knows them all


@pytest.mark.parametrize("rule", ["coupled", "equilibrium"])
@pytest.mark.parametrize("graph", [disordered, lattice])
def test_a_network_learns_to_answer_at_a_distance(graph, rule):
    """Allostery: a given voltage at each target when the sources are on."""
    lab = Lab(graph(), *RULES[rule])
    x, y = np.array([[1.0, 0.2, 0.0]]), np.array([[0.55, 0.25]])
    before = lab.cost(x, y)
    lab.train(x, y, 200)
    assert before > 1e-4
    assert lab.cost(x, y) < 1e-3 * before
    assert lab.state.bias_currents.tolist() == [0.0] * lab.circuit.network.n_nodes


@pytest.mark.ngspice
@pytest.mark.parametrize("graph", [disordered, lattice])
def test_a_network_that_has_learned_settles_alike_in_ngspice(graph):
    lab, (x, y) = Lab(graph(), *RULES["coupled"]), regression()
    lab.train(x, y, 5)
    with NgspiceEngine(workers=1) as ngspice:
        native, reference = lab.outputs(x), lab.outputs(x, ngspice)
    assert reference == pytest.approx(native, rel=1e-9, abs=1e-12)  # linear: rounding alone is between them


@pytest.mark.ngspice
def test_a_network_learns_in_ngspice_as_it_does_natively():
    (rule, rate), (x, y) = RULES["coupled"], regression()
    native, reference = Lab(disordered(), rule, rate), Lab(disordered(), rule, rate)
    native.train(x[:8], y[:8], 2)
    with NgspiceEngine(workers=1) as ngspice, ngspice.open(reference.circuit) as session:
        reference.trainer = replace(reference.trainer, session=session)
        reference.train(x[:8], y[:8], 2)
    # A held output's source is 1e9 times the largest load there, and the difference is taken over eta = 0.1.
    assert reference.state.g == pytest.approx(native.state.g, rel=1e-6)
