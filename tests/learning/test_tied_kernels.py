"""Convolutions whose positions keep one kernel, by initial values and by averaged updates."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.circuit.resistive.wiring import wired_groups
from analogeq.data import load
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.flow.resistive_training import epochs_of, trainer_of
from analogeq.hardware.resistive import DoubleShockley, ResistiveTechnology
from analogeq.learning.conductance_descent import ConductanceRates, half_kaiming
from analogeq.learning.rules import EquilibriumPropagation
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    Network,
    layered_graph,
    network_from_graph,
    with_lateral_connections,
)
from analogeq.training.resistive import ResistiveSchedule, ResistiveState


def setting(*, shared=True, dtype=np.float64, **technology):
    layers = (LocalLayer(6, 3, 2, 1, shared=shared),)
    topology = MapTopology(Maps(1, 8, 8), layers, (10,))
    technology = {"input_gain": 10.0, "device": DoubleShockley(1e-3, 0.2, 0.3), **technology}
    circuit = ResistiveCircuit(topology.network(), ResistiveTechnology(**technology))
    biased = circuit.technology.bias_voltage is not None
    nodes = topology.shared_nodes()
    tied = wired_groups(circuit.network, topology.shared(), nodes if shared else None, doubled=True, biased=biased)
    g = half_kaiming(circuit.wiring, np.random.default_rng(0), dtype=dtype, tied=tied)
    return circuit, tied, ResistiveState(g, np.zeros(circuit.network.n_nodes, dtype=dtype))


def spread(circuit, tied, g):
    """Largest difference within any group [S]."""
    worst = 0.0
    for number, groups in tied.items():
        own = g[circuit.wiring.blocks[number].edges]
        for group in np.unique(groups):
            worst = max(worst, float(np.ptp(own[groups == group])))
    return worst


@pytest.mark.parametrize("bias_voltage", [None, 0.5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_kernel_is_one_at_the_start_and_stays_exactly_one_while_it_learns(bias_voltage, dtype):
    digits = load("digits")
    circuit, tied, state = setting(bias_voltage=bias_voltage, dtype=dtype)
    start = state.g.copy()
    assert spread(circuit, tied, start) == 0.0
    assert len(np.unique(tied[0])) >= 2 * 6 * 9
    rates = ConductanceRates((0.1, 0.02), (0.02, 0.02))
    trainer = trainer_of(circuit, EquilibriumPropagation(0.2), ResistiveSchedule(4, rates, sweeps=4))
    nodes = np.repeat(np.arange(6 + 10), [16] * 6 + [1] * 10)
    trainer = replace(trainer, descent=replace(trainer.descent, tied=tied, tied_biases=nodes))
    assert epochs_of(trainer) is trainer  # no compiled epoch forgets the ties
    x, labels = digits.x_train[:200].astype(dtype), digits.y_train[:200]
    before = trainer.error(state, x, labels)
    for _ in range(3):
        state = trainer.epoch(state, x, digits.targets(labels).astype(dtype))
    assert state.g.dtype == dtype
    assert spread(circuit, tied, state.g) == 0.0
    assert all(np.ptp(state.bias_currents[nodes == k]) == 0.0 for k in range(6))
    assert len(np.unique(state.bias_currents)) == 6 + 10
    assert np.abs(state.g - start)[circuit.wiring.blocks[0].edges].max() > 1e-3
    assert trainer.error(state, x, labels) < min(0.5, before - 0.3)


def test_tied_biases_alone_are_not_forgotten_by_compiled_epochs_or_steps():
    digits = load("digits")
    circuit = ResistiveCircuit(Network.layered((64, 6, 10)), ResistiveTechnology(input_gain=10.0, conductance_low=0.02))
    rates = ConductanceRates((0.02, 0.02), (0.02, 0.02))
    trainer = trainer_of(circuit, EquilibriumPropagation(0.05), ResistiveSchedule(4, rates, sweeps=4))
    groups = np.repeat(np.arange(12), [3, 3] + [1] * 10)
    trainer = replace(trainer, descent=replace(trainer.descent, tied_biases=groups))
    assert epochs_of(trainer) is trainer
    state = ResistiveState(half_kaiming(circuit.wiring, np.random.default_rng(0), low=0.02), np.zeros(16))
    state = trainer.epoch(state, digits.x_train[:40].astype(float), digits.targets(digits.y_train[:40]).astype(float))
    moved = state.bias_currents
    assert np.ptp(moved[:3]) == np.ptp(moved[3:6]) == 0.0
    assert moved[0] != moved[3]


def test_maps_of_one_kernel_move_with_the_image():
    topology = MapTopology(Maps(1, 8, 8), (LocalLayer(6, 3, shared=True),), (1,))
    circuit = ResistiveCircuit(topology.network(), ResistiveTechnology(device=DoubleShockley(1e-3, 0.2, 0.3)))
    tied = wired_groups(circuit.network, topology.shared(), doubled=True, biased=False)
    g = half_kaiming(circuit.wiring, np.random.default_rng(1), tied=tied)
    g[circuit.wiring.blocks[-1].edges] = 0.0  # the output would pull at all positions
    image = np.zeros((2, 8, 8))
    image[0, 2:5, 2:4] = image[1, 3:6, 4:6] = np.random.default_rng(2).normal(size=(3, 2))
    session = ResistiveSession(circuit)
    session.program(circuit.program(g))
    maps = session.settle(ResistiveDrive(image.reshape(2, 64))).voltages[:, :-1].reshape(2, 6, 6, 6)
    assert maps[1, :, 1:, 2:] == pytest.approx(maps[0, :, :-1, :-2], rel=1e-9, abs=1e-12)
    assert np.ptp(maps[0]) > 0.05


def test_without_ties_every_position_goes_its_own_way():
    circuit, tied, state = setting(shared=False)
    assert tied == {}
    shared = setting()[1]
    assert spread(circuit, shared, state.g) > 0.1


def test_the_fan_in_of_a_window_is_its_edges():
    topology = MapTopology(Maps(2, 9, 9), (LocalLayer(30, 3),), (10,))
    g = half_kaiming(topology.network(), np.random.default_rng(0))
    first = g[topology.network().blocks[0].edges]
    assert first.max() <= 1 / np.sqrt(2 * 9)
    assert first.max() > 0.99 / np.sqrt(2 * 9)  # of 26,460 draws


def test_nodes_that_a_block_does_not_reach_do_not_make_its_conductances_large():
    graph = layered_graph((40, 8, 4))
    graph.add_edges_from((f"x{k}", "y0") for k in range(36))  # a skip to one output of four
    skip = next(b for b in network_from_graph(graph).blocks if (b.pre, b.post) == (0, 2))
    g = half_kaiming(network_from_graph(graph), np.random.default_rng(0))
    assert g[skip.edges].max() <= 1 / 6


def test_an_edge_within_a_layer_counts_for_both_of_its_nodes():
    network = network_from_graph(with_lateral_connections(layered_graph((2, 50, 1)), [1]))
    lateral = next(b for b in network.blocks if b.lateral)
    g = half_kaiming(network, np.random.default_rng(0))
    assert 0.99 / 7 < g[lateral.edges].max() <= 1 / 7  # each of 50 nodes is joined to 49


def test_dense_blocks_are_drawn_as_before():
    wiring = Network.layered((7, 5, 3))
    rng = np.random.default_rng(4)
    wanted = [np.maximum(rng.uniform(-(n**-0.5), n**-0.5, n * m), 0.0) for n, m in ((7, 5), (5, 3))]
    assert half_kaiming(wiring, np.random.default_rng(4)) == pytest.approx(np.concatenate(wanted), rel=1e-15)
