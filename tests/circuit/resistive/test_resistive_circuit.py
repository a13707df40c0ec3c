"""Circuits of conductances: wiring, folding, laws, certificates, what is refused."""

import numpy as np
import pytest

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import (
    ResistiveCircuit,
    ResistiveDrive,
    co_content,
    convexity,
    kirchhoff_residual,
    largest_negative_nudge,
    node_imbalance,
)
from analogeq.circuit.resistive.convexity import linear_matrix, refuse_unstable
from analogeq.circuit.resistive.laws import loads
from analogeq.errors import GraphError, InputError
from analogeq.hardware.resistive import Amplifier, DoubleShockley, IdealDiode, ResistiveTechnology
from analogeq.network import Block, Network


def build(sizes=(3, 4, 2), seed=0, **technology):
    circuit = ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(**technology))
    rng = np.random.default_rng(seed)
    held = circuit.program(rng.uniform(0.1, 1.0, circuit.wiring.n_edges), rng.normal(size=circuit.network.n_nodes))
    return circuit, held, rng


def lateral():
    """Two inputs, three hidden nodes of which two pairs are joined, one output, a skip from an input."""
    blocks = (
        Block(0, 1, (2, 3), slice(0, 5), np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2])),
        Block(0, 2, (2, 1), slice(5, 6), np.array([1]), np.array([0])),
        Block(1, 1, (3, 3), slice(6, 8), np.array([0, 1]), np.array([1, 2])),
        Block(1, 2, (3, 1), slice(8, 11)),
    )
    return Network(("left", "right", "a", "b", "c", "sum"), (2, 3, 1), np.array([3]), blocks)


def test_inputs_are_doubled_and_the_bias_reaches_every_node():
    circuit, _, _ = build(bias_voltage=0.5, input_gain=10.0)
    sources = circuit.source_voltages(np.array([[1.0, -2.0, 0.0]]))
    assert sources.tolist() == [[10.0, -20.0, 0.0, -10.0, 20.0, 0.0, 0.5, -0.5]]
    assert circuit.wiring.n_edges == (6 + 2) * 4 + 2 * 2 + 4 * 2
    assert circuit.edge_name(0) == "x0-h1_0"
    assert circuit.edge_name(12) == "x0_minus-h1_0"
    assert circuit.edge_name(8 * 4) == "bias-y0"


def test_a_sparse_network_keeps_its_edges_when_inputs_are_doubled():
    circuit = ResistiveCircuit(lateral(), ResistiveTechnology(bias_voltage=1.0))
    joined = {circuit.edge_name(e) for e in range(circuit.wiring.n_edges)}
    assert {"left-a", "left_minus-a", "right-sum", "right_minus-sum", "bias-c", "bias_minus-sum", "a-b"} <= joined
    assert "left-c" not in joined
    assert len(joined) == 2 * 6 + 2 * 4 + 2 + 3


def test_folded_sources_send_the_current_of_every_device():
    circuit, held, rng = build(bias_voltage=0.5, input_gain=3.0)
    x, v = rng.normal(size=(2, 3)), rng.normal(size=(2, 6))
    sources, wires = circuit.source_voltages(x), circuit.wiring
    folded = circuit.norton_currents(held, x) - circuit.source_load(held) * v
    each = np.tile(held.bias_currents, (2, 1))
    for block in wires.input_blocks:
        rows, cols = block.endpoints()
        for e, (s, j) in enumerate(zip(rows, cols, strict=True)):
            node = wires.layer(block.post).start + j
            each[:, node] += held.g[block.edges.start + e] * (sources[:, s] - v[:, node])
    assert folded == pytest.approx(each, rel=1e-12, abs=1e-12)  # the same sums in another order


@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25), Amplifier(2.0, 0.8)])
def test_the_imbalance_is_minus_the_slope_of_the_co_content(amplifier):
    circuit, held, rng = build((3, 4, 3, 2), device=DoubleShockley(), amplifier=amplifier)
    drive = ResistiveDrive(rng.normal(size=(1, 3)), None, Nudge(rng.random((1, 2)), 0.3), injected=rng.random((1, 2)))
    v = 0.3 * rng.normal(size=(1, 9))
    h = 1e-6
    for node in range(9):
        up, down = v.copy(), v.copy()
        up[0, node] += h
        down[0, node] -= h
        slope = (co_content(circuit, held, drive, up) - co_content(circuit, held, drive, down))[0] / (2 * h)
        wanted = -circuit.stages.factors[node] * node_imbalance(circuit, held, drive, v)[0, node]
        assert slope == pytest.approx(wanted, rel=1e-6, abs=1e-7)  # P is quadratic but for the diodes: h² is 1e-12


def test_stage_factors_multiply_from_the_outputs_up():
    circuit, _, _ = build((3, 4, 3, 2), amplifier=Amplifier(4.0, 0.25))
    assert circuit.stages.consistent
    assert circuit.stages.factors.tolist() == [256.0] * 4 + [16.0] * 3 + [1.0] * 2


def test_ratios_that_differ_below_another_layer_leave_no_energy():
    one_layer, _, _ = build((3, 2, 2), amplifier=Amplifier((4.0, 2.0), 0.25))
    assert one_layer.stages.consistent  # nothing above the layer has to agree with both
    two_layers, _, _ = build((3, 2, 2, 2), amplifier=Amplifier((4.0, 4.0, 4.0, 2.0), 0.25))
    assert not two_layers.stages.consistent
    same_ratio, _, _ = build((3, 2, 2, 2), amplifier=Amplifier((4.0, 4.0, 4.0, 2.0), (0.25, 0.25, 0.25, 0.125)))
    assert same_ratio.stages.consistent


def test_half_of_a_hidden_layer_is_turned_round_and_outputs_carry_no_device():
    circuit, _, _ = build((3, 4, 2), device=IdealDiode())
    assert circuit.polarity.tolist() == [1.0, 1.0, -1.0, -1.0, 0.0, 0.0]


def test_below_its_bound_a_node_counts_as_out_of_balance():
    circuit, held, _ = build((3, 4, 2))
    drive = ResistiveDrive(np.zeros((1, 3)))
    v = np.zeros((1, 6))
    inside = kirchhoff_residual(circuit, held, drive, v)[0]
    v[0, 0] = -1.0
    assert kirchhoff_residual(circuit, held, drive, v)[0] >= loads(circuit, held, drive)[0] - inside


def test_every_passive_circuit_with_a_source_has_a_certificate_that_checks_out():
    circuit, held, rng = build((3, 5, 4, 2))
    drive = ResistiveDrive(rng.normal(size=(1, 3)))
    certificate = convexity(circuit, held, drive)
    assert certificate.strictly_convex
    matrix = linear_matrix(circuit, held, loads(circuit, held, drive)).toarray()
    assert (certificate.witness > 0.0).all()
    assert (matrix @ certificate.witness > 0.0).all()
    assert np.linalg.eigvalsh(matrix)[0] > 0.0


def test_a_node_without_a_path_to_a_source_has_no_certificate():
    circuit = ResistiveCircuit(Network.layered((1, 2, 1)), ResistiveTechnology())
    g = np.zeros(circuit.wiring.n_edges)
    g[circuit.wiring.coupling_blocks[0].edges] = 1.0
    assert not convexity(circuit, circuit.program(g), ResistiveDrive(np.zeros((1, 1)))).strictly_convex


def test_the_largest_negative_nudge_is_where_the_certificate_ends():
    circuit, held, _ = build((3, 5, 2))
    most = largest_negative_nudge(circuit, held)
    x, y = np.zeros((1, 3)), np.zeros((1, 2))
    inside = ResistiveDrive(x, None, Nudge(y, -most * (1 - 1e-6)))
    beyond = ResistiveDrive(x, None, Nudge(y, -most * (1 + 1e-6)))
    assert convexity(circuit, held, inside).strictly_convex
    assert not convexity(circuit, held, beyond).strictly_convex
    refuse_unstable(circuit, held, inside)
    with pytest.raises(InputError, match=f"stays stable down to -{most:.6g} S"):
        refuse_unstable(circuit, held, beyond)


def test_an_output_without_any_conductance_is_named_when_a_negative_nudge_is_refused():
    circuit = ResistiveCircuit(Network.layered((1, 2)), ResistiveTechnology(inputs="single"))
    held = circuit.program(np.array([0.5, 0.0]))
    drive = ResistiveDrive(np.zeros((1, 1)), None, Nudge(np.zeros((1, 2)), -0.1))
    with pytest.raises(InputError, match=r"node y1: all conductances to this output are 0 S, .* -0\.1 S"):
        refuse_unstable(circuit, held, drive)


@pytest.mark.parametrize(
    ("shared", "nodes", "message"),
    [
        ({2: np.zeros(2, dtype=int)}, None, "tied block 2: this network has blocks 0 to 1"),
        ({0: np.zeros(3, dtype=int)}, None, "the 2 edges"),
        ({}, np.zeros(3, dtype=int), "group 0 is in layers 1 and 2"),
    ],
)
def test_groups_that_do_not_fit_the_network_are_refused(shared, nodes, message):
    with pytest.raises(InputError, match=message):
        ResistiveCircuit(Network.layered((1, 2, 1)), ResistiveTechnology(), shared, nodes)


def test_conductances_outside_the_range_are_clipped_and_counted_or_named():
    circuit = ResistiveCircuit(
        Network.layered((1, 2, 1)), ResistiveTechnology(conductance_low=0.1, conductance_high=1.0)
    )
    g = np.full(circuit.wiring.n_edges, 0.5)
    g[[0, 3]] = 0.0, 2.0
    held = circuit.program(g)
    assert held.clipped == 2
    assert held.g.min() == 0.1
    assert held.g.max() == 1.0
    with pytest.raises(InputError, match=r"edge x0-h1_0: conductance 0.0 S is below the range's low 0.1 S; clip it"):
        circuit.checked(type(held)(g, held.bias_currents))


def test_what_cannot_be_built_is_refused_by_name():
    with pytest.raises(GraphError, match="amplifier loop: edge a-b"):
        ResistiveCircuit(lateral(), ResistiveTechnology(amplifier=Amplifier()))
    with pytest.raises(GraphError, match="3 output nodes do not make pairs"):
        ResistiveCircuit(Network.layered((1, 2, 3)), ResistiveTechnology(outputs="pairs"))
    with pytest.raises(InputError, match="2 gains for 3 hidden nodes"):
        ResistiveCircuit(Network.layered((1, 3, 1)), ResistiveTechnology(amplifier=Amplifier((1.0, 2.0))))
    circuit, _, _ = build()
    with pytest.raises(InputError, match="pass shape"):
        circuit.program(np.zeros(3))
    with pytest.raises(InputError, match=r"g\[1\]: nan is not finite"):
        circuit.program(np.where(np.arange(circuit.wiring.n_edges) == 1, np.nan, 1.0))


def test_pairs_of_outputs_are_read_as_differences():
    circuit, _, _ = build((3, 4, 4), outputs="pairs")
    v = np.arange(8.0)[None]
    assert circuit.signals(v).tolist() == [[4.0 - 5.0, 6.0 - 7.0]]
