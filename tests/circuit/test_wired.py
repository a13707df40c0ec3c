"""What pairs realise through wires, and that everything downstream works with it."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, compile_circuit
from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.wired import crossbars, pull_back
from analogeq.engines import engine
from analogeq.errors import GraphError
from analogeq.hardware import Technology, Wires
from analogeq.hardware.memory import Levels, Memory
from analogeq.network import Network, Parameters, glorot_uniform, layered_graph, network_from_graph
from analogeq.network.topologies import with_lateral_connections

RESISTING = Wires(50.0, 80.0, 400.0, 200.0)


def drawn(sizes=(3, 4, 2), *, seed=0, dtype=np.float64, **technology):
    network = Network.layered(sizes)
    circuit = Circuit(network, Technology(**technology))
    theta = glorot_uniform(network, np.random.default_rng(seed), scale=0.5, dtype=dtype)
    theta.biases[:] = 0.3
    return circuit, theta, circuit.program(theta)


def test_ideal_wires_leave_conductances_as_they_were():
    _, theta, held = drawn()
    assert held.held is None
    assert held.weights is theta.weights


def test_one_weight_has_its_wires_in_series():
    tech = Technology(wires=RESISTING)
    circuit = Circuit(Network.layered((1, 1, 1)), tech)
    held = circuit.program(Parameters(np.array([0.5, -0.25]), np.zeros(2)))
    extra = 50.0 + 80.0 + 400.0 + 200.0
    low = tech.conductance_low
    for weight, found in zip((0.5, -0.25), held.weights, strict=True):
        up = low + abs(weight) * tech.unit_conductance
        series = (1 / (1 / up + extra) - 1 / (1 / low + extra)) / tech.unit_conductance
        assert found == pytest.approx(np.sign(weight) * series, rel=1e-12)
    step = tech.unit_conductance
    assert held.pairs("weights")[0] == pytest.approx([low + 0.5 * step, low], rel=1e-12)
    assert held.pairs("weights")[1] == pytest.approx([low, low + 0.25 * step], rel=1e-12)


def test_biases_have_no_wire():
    _, theta, held = drawn(wires=RESISTING)
    assert np.array_equal(held.biases, theta.biases)


def test_an_array_read_both_ways_is_one_if_drivers_resist_as_much_as_virtual_grounds():
    _, _, alike = drawn(wires=Wires(50.0, 80.0, 300.0, 300.0))
    assert alike.backward is alike.weights
    circuit, _, unlike = drawn(wires=RESISTING)
    between = circuit.network.coupling_blocks[0].edges
    assert np.abs(unlike.backward[between] - unlike.weights[between]).max() > 1e-6


def test_that_one_array_is_what_solving_it_backward_gives():
    circuit, _, alike = drawn(wires=Wires(50.0, 80.0, 300.0, 300.0, driven_from="both"))
    scale = circuit.technology.sense_gain / circuit.technology.unit_conductance
    for block in circuit.network.coupling_blocks:
        plus, minus = crossbars(circuit.technology, block, alike.pairs("backward"), "backward")
        solved = (plus.equivalent - minus.equivalent).T * scale
        assert block.view(alike.weights) == pytest.approx(solved, rel=1e-12, abs=1e-14)


def test_a_mirrored_array_has_its_own_word_lines():
    # Ideal word lines: then forward only the bit lines of layer 2 resist, backward only those of layer 1.
    wires = Wires(bit_line_resistance=500.0)
    network, theta = Network.layered((1, 1, 2)), np.array([1.0, 1.0, 1.0])
    held = {
        arrays: Circuit(network, Technology(wires=wires, arrays=arrays)).program(Parameters(theta, np.zeros(3)))
        for arrays in ("shared", "mirrored")
    }
    assert held["shared"].weights == pytest.approx(held["mirrored"].weights, rel=1e-15)
    assert np.ptp(held["shared"].backward[1:]) < 1e-12
    # one bit line, whose farther cell loses more
    assert np.ptp(held["mirrored"].backward[1:]) > 1e-3


def test_single_precision_stays_single():
    _, _, held = drawn(wires=RESISTING, dtype=np.float32)
    assert held.weights.dtype == held.backward.dtype == np.float32


def test_wires_refuse_crossbars_of_which_only_some_cells_are_used():
    network = network_from_graph(with_lateral_connections(layered_graph((3, 5, 2))))
    with pytest.raises(GraphError, match=r"layers 1 and 1: .* wires that resist; in a crossbar every row"):
        compile_circuit(network, Technology(wires=RESISTING))
    circuit = Circuit(network, Technology(wires=RESISTING))
    with pytest.raises(GraphError, match="every row then reaches every column"):
        circuit.program(Parameters(np.zeros(network.n_edges), np.zeros(network.n_nodes)))


def test_what_is_written_with_errors_goes_through_the_wires_as_it_was_written():
    memory = Memory(levels=Levels(8))
    circuit, theta, held = drawn(wires=RESISTING, memory=memory)
    tech = circuit.technology
    written = Circuit(circuit.network, replace(tech, wires=Wires())).program(theta)
    assert np.abs(written.weights - theta.weights).max() > 1e-3  # eight levels are coarse
    for block in circuit.network.blocks:
        g_plus, g_minus = (block.view(g) for g in written.pairs("weights"))
        plus, minus = (Crossbar.forward(g, RESISTING).equivalent for g in (g_plus, g_minus))
        found = block.view(held.weights) * (tech.unit_conductance / tech.sense_gain)
        assert found == pytest.approx(plus - minus, rel=1e-12, abs=1e-18)


@pytest.mark.parametrize("arrays", ["shared", "mirrored"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize(("sizes", "pairs"), [((3, 4, 2), "one-sided"), ((2, 3, 5), "balanced")])
def test_pulled_back_slopes_are_those_of_the_realised_weights(arrays, direction, sizes, pairs):
    chip = {"wires": Wires(2e3, 1e3, 4e3, 2e3), "arrays": arrays, "memory": Memory(pairs=pairs)}
    circuit, theta, _ = drawn(sizes, **chip)
    network = circuit.network
    rng = np.random.default_rng(1)
    slopes = rng.normal(size=network.n_edges)
    side = 0 if direction == "forward" else 1
    counted = np.ones(network.n_edges)
    if direction == "backward":
        counted[network.input_blocks[0].edges] = 0.0

    def sum_of(weights):
        held = circuit.program(replace(theta, weights=weights))
        return float(((held.weights, held.backward)[side] * slopes * counted).sum())

    found = pull_back(network, circuit.program(theta), slopes, direction)
    step = 1e-5 * np.sign(theta.weights)  # no weight changes its sign
    for edge in range(network.n_edges):
        move = np.zeros(network.n_edges)
        move[edge] = step[edge]
        slope = (sum_of(theta.weights + move) - sum_of(theta.weights - move)) / (2 * step[edge])
        # second order in a step of 1e-5, and rounding of 1e-15 over it
        assert slope == pytest.approx(found[edge], abs=1e-9)


@pytest.mark.ngspice
@pytest.mark.parametrize(
    "wires",
    [
        Wires(50.0, 80.0, 400.0, 200.0),
        Wires(200.0, 100.0, driven_from="both", sensed_at="top"),
        Wires(0.0, 500.0, 0.0, 300.0, driven_from="right"),
    ],
)
@pytest.mark.parametrize("arrays", ["shared", "mirrored"])
def test_the_native_engine_settles_where_ngspice_settles_the_whole_mesh(run_netlist, wires, arrays):
    mismatch = 0.1 if arrays == "mirrored" else 0.0
    circuit, _, held = drawn(
        (4, 5, 3), wires=wires, arrays=arrays, mirror_mismatch=mismatch, sense_gain=2.0, follower_gain=80.0
    )
    drive = Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    with engine("native").open(circuit) as session:
        session.program(held)
        native = session.settle(drive).voltages[0]
    assert ((native > 0.01) & (native < 0.99)).sum() >= 6
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    meshed = np.array([ends[name] for name in cell_hierarchy(circuit, held, drive).neurons])
    # rail 1 V: this is what the two are asked to agree to
    assert np.abs(native - meshed).max() < 1e-9
    bare = Circuit(circuit.network, Technology(arrays=arrays, sense_gain=2.0, follower_gain=80.0))
    with engine("native").open(bare) as session:
        session.program(bare.program(Parameters(held.held[0], held.biases)))
        ideal = session.settle(drive).voltages[0]
    assert np.abs(native - ideal).max() > 1e-4  # the wires do something
