"""What nodes see of each other through wires: closed forms, and the whole nodal matrix of the mesh."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive, co_content
from analogeq.circuit.resistive.arrays import Arrays, seen_through
from analogeq.engines import engine
from analogeq.errors import GraphError
from analogeq.hardware import Wires
from analogeq.hardware.resistive import Amplifier, DoubleShockley, NoDevice, ResistiveTechnology
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    Network,
    layered_graph,
    network_from_graph,
    sparse_graph,
    with_lateral_connections,
)

ROUNDING = 1e-12
"""Relative; sums of some ten terms of one sign."""

EXACT = 1e-11
"""Of the largest number; two solutions of some thirty linear equations of resistances a hundred times apart."""


def whole(g, wires):
    """Laplacian of an array's mesh: terminals of word and of bit lines, then points inside; and which point is which.

    What 0 Ohm join is one node.
    """
    (n_words, n_bits), inside = g.shape, g.size
    ends, points = n_words + n_bits, np.arange(inside).reshape(g.shape)
    matrix = np.zeros((ends + 2 * inside,) * 2)
    node = np.arange(len(matrix))

    def join(a, b, siemens):
        matrix[[a, b], [a, b]] += siemens
        matrix[[a, b], [b, a]] -= siemens

    def wire(a, b, ohms):
        if ohms:
            join(a, b, 1.0 / ohms)
        else:
            node[node == max(node[a], node[b])] = min(node[a], node[b])

    for i, j in np.ndindex(g.shape):
        join(ends + points[i, j], ends + inside + points[i, j], g[i, j])
        if j:
            wire(ends + points[i, j - 1], ends + points[i, j], wires.word_line_resistance)
        if i:
            wire(ends + inside + points[i - 1, j], ends + inside + points[i, j], wires.bit_line_resistance)
    lead = wires.word_line_resistance + wires.driver_resistance
    for i in range(n_words):
        for side in {"left": (0,), "right": (-1,), "both": (0, -1)}[wires.driven_from]:
            wire(i, ends + points[i, side], lead)
    lead = wires.bit_line_resistance + wires.sense_resistance
    for j in range(n_bits):
        wire(n_words + j, ends + inside + points[0 if wires.sensed_at == "top" else -1, j], lead)
    known = (node[:, None] == np.unique(node)).astype(float)
    return known.T @ matrix @ known, known, ends


def reduced(matrix, known, ends):
    """Schur complement onto the first ``ends`` nodes, and the points inside by those."""
    inside = -np.linalg.solve(matrix[ends:, ends:], matrix[ends:, :ends])
    points = known[ends:] @ np.concatenate([np.eye(ends), inside])
    return matrix[:ends, :ends] + matrix[:ends, ends:] @ inside, points


CASES = {
    "left to bottom": Wires(0.05, 0.03, 0.4, 0.2),
    "right to top": Wires(0.05, 0.03, 0.4, 0.2, driven_from="right", sensed_at="top"),
    "both sides": Wires(0.05, 0.03, 0.4, 0.2, driven_from="both"),
    "ends alone": Wires(0.0, 0.0, 0.4, 0.2),
    "ideal word lines": Wires(0.0, 0.3),
    "ideal bit lines": Wires(0.5, 0.0, 0.4, 0.0),
}


def hidden_block(wires, shape=(4, 3), seed=0):
    """Sources, two layers between which the array stands, and its devices."""
    wiring = Network.layered((1, *shape))
    g = np.random.default_rng(seed).uniform(0.1, 1.0, wiring.n_edges)
    return wiring, Arrays(wiring, wires, g), g[wiring.blocks[1].edges].reshape(shape)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shape", [(4, 3), (2, 5)])
def test_what_terminals_see_is_the_schur_complement_of_the_whole_mesh(name, shape):
    wires = CASES[name]
    wiring, arrays, g = hidden_block(wires, shape)
    expected, _ = reduced(*whole(g, wires))
    seen, found = seen_through(wiring, wires), np.zeros_like(expected)
    starts = {1: 0, 2: shape[0]}
    for coupling in seen.couplings:
        block = coupling.block
        if coupling.raised == (False, False) and block.pre == 1:
            continue  # the bit lines of the array above, whose nodes these are
        rows, cols = (k + starts[layer] for k, layer in zip(block.endpoints(), (block.pre, block.post), strict=True))
        values = arrays.seen[block.edges]
        np.subtract.at(found, (rows, cols), values)
        np.subtract.at(found, (cols, rows), values)
    found -= np.diag(found.sum(axis=1))
    assert np.abs(found - expected).max() < EXACT * np.abs(expected).max()


@pytest.mark.parametrize("name", CASES)
def test_drops_across_devices_are_those_of_the_whole_mesh(name):
    wires = CASES[name]
    _, arrays, g = hidden_block(wires)
    _, inside = reduced(*whole(g, wires))
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 5, 7))
    word, bit = np.split(inside, 2)
    expected = ((one @ (word - bit).T) * (other @ (word - bit).T)).sum(axis=0)
    found = arrays.products(1, (one[:, :4], one[:, 4:]), (other[:, :4], other[:, 4:]))
    assert np.abs(found - expected.ravel()).max() < EXACT * np.abs(expected).max()


def test_a_large_batch_is_gone_through_in_parts(monkeypatch):
    _, arrays, _ = hidden_block(CASES["both sides"])
    rng = np.random.default_rng(1)
    ends = rng.normal(size=(7, 4)), rng.normal(size=(7, 3))
    at_once, flow = arrays.products(1, ends, ends), arrays.flow(1, ends)
    monkeypatch.setattr("analogeq.circuit.resistive.arrays._AT_ONCE", 30)
    assert arrays.products(1, ends, ends) == pytest.approx(at_once, rel=ROUNDING)
    assert arrays.flow(1, ends).bits == pytest.approx(flow.bits, rel=ROUNDING, abs=ROUNDING)


def test_one_cell_is_a_series_of_resistances():
    tech = ResistiveTechnology(inputs="single", wires=Wires(2.0, 3.0, 5.0, 7.0))
    circuit = ResistiveCircuit(Network.layered((1, 1)), tech)
    assert circuit.between(circuit.program(np.array([0.5]))) == pytest.approx([1.0 / (2.0 + 2 + 3 + 5 + 7)], rel=1e-15)


def test_a_word_line_of_equal_cells_is_fibonaccis_ladder():
    """1 Ohm a segment and 1 S a device onto ideal bit lines: cell k of n stands at F(2(n - k) + 1) / F(2n + 1) V."""
    fibonacci = [0, 1]
    while len(fibonacci) < 12:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    circuit = ResistiveCircuit(
        Network.layered((1, 5)), ResistiveTechnology(inputs="single", wires=Wires(word_line_resistance=1.0))
    )
    seen = circuit.between(circuit.program(np.ones(5)))
    expected = [fibonacci[2 * (5 - k) + 1] / fibonacci[11] for k in range(1, 6)]
    assert seen[:5] == pytest.approx(expected, rel=ROUNDING)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.tuples(*[st.sampled_from([0.0, 1e-6, 1.0, 1e6])] * 4),
    st.sampled_from(["left", "right", "both"]),
    st.integers(0, 99),
)
def test_no_conductance_that_is_seen_is_negative_and_wires_never_add_to_what_an_array_conducts(
    n_pre, n_post, ohms, side, seed
):
    wires = Wires(*ohms, driven_from=side)
    if wires.are_ideal:
        return
    wiring = Network.layered((2, n_pre, n_post))
    rng = np.random.default_rng(seed)
    g = rng.uniform(0.0, 1.0, wiring.n_edges) * (rng.random(wiring.n_edges) < 0.8)
    seen = Arrays(wiring, wires, g).seen
    assert (seen >= 0.0).all()
    for block in wiring.blocks:  # all word lines at 1 V, all bit lines at 0 V: Rayleigh's monotonicity
        assert seen[block.edges].sum() <= g[block.edges].sum() * (1.0 + ROUNDING)


def layered(wires, sizes=(3, 4, 3, 2), **technology):
    circuit = ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(wires=wires, **technology))
    rng = np.random.default_rng(3)
    return circuit, circuit.program(rng.uniform(0.1, 1.0, circuit.wiring.n_edges))


def test_wires_of_zero_ohm_are_the_circuit_without_wires_bit_for_bit():
    drive = ResistiveDrive(np.random.default_rng(4).normal(size=(3, 3)))
    found = []
    for tech in (ResistiveTechnology(), ResistiveTechnology(wires=Wires(0.0, 0.0, driven_from="both"))):
        circuit = ResistiveCircuit(Network.layered((3, 4, 3, 2)), tech)
        held = circuit.program(np.random.default_rng(3).uniform(0.1, 1.0, circuit.wiring.n_edges))
        assert circuit.arrays(held) is None
        assert circuit.between(held) is held.g
        assert circuit.seen.network is circuit.wiring
        with engine("native").open(circuit) as session:
            session.program(held)
            found.append(session.settle(drive).voltages)
    assert np.array_equal(*found)


def test_wires_that_hardly_resist_are_hardly_there():
    drive = ResistiveDrive(np.random.default_rng(4).normal(size=(3, 3)))
    settled = []
    for ohms in (0.0, 1e-6, 2e-6):
        circuit, held = layered(Wires(ohms, ohms))
        with engine("native").open(circuit) as session:
            session.program(held)
            settled.append(session.settle(drive).voltages)
    once, twice = settled[1] - settled[0], settled[2] - settled[0]
    assert 1e-7 < np.abs(once).max() < 1e-4
    assert np.abs(twice - 2.0 * once).max() < 1e-4 * np.abs(once).max()  # first order, and 1e-6 Ohm beside 1 S


def test_a_current_into_one_output_moves_another_as_much_as_the_other_way_round():
    circuit, held = layered(Wires(0.3, 0.2, 0.5, 0.1), device=NoDevice())
    drive = ResistiveDrive(np.zeros((2, 3)), injected=np.eye(2))
    with engine("native").open(circuit) as session:
        session.program(held)
        moved = session.settle(drive).voltages[:, circuit.network.outputs]
    assert moved[0, 1] == pytest.approx(moved[1, 0], rel=1e-9)  # the engine's tolerance, some thousand roundings
    assert moved[0, 1] > 1e-3


def test_the_co_content_is_smallest_where_the_circuit_settles():
    circuit, held = layered(Wires(0.3, 0.2, 0.5, 0.1), device=DoubleShockley(1e-3, 0.2, 0.3))
    rng = np.random.default_rng(5)
    drive = ResistiveDrive(rng.normal(size=(1, 3)))
    with engine("native").open(circuit) as session:
        session.program(held)
        settled = session.settle(drive).voltages
    least = co_content(circuit, held, drive, settled)
    for size in (1e-3, 1e-1):
        beside = settled + size * rng.normal(size=(20, circuit.network.n_nodes))
        around = co_content(circuit, held, ResistiveDrive(np.repeat(drive.inputs, 20, axis=0)), beside)
        assert (around > least).all()


@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25)])
def test_the_slope_of_the_co_content_by_a_device_is_half_the_square_of_its_own_drop(amplifier):
    circuit, held = layered(Wires(0.3, 0.2, 0.5, 0.1), amplifier=amplifier)
    rng = np.random.default_rng(5)
    drive, v = ResistiveDrive(np.zeros((1, 3))), rng.normal(size=(1, circuit.network.n_nodes))
    block, step = circuit.wiring.blocks[1], 1e-6
    pre, post = circuit.ends(block)
    ends = (circuit.voltage_gains * v)[:, pre], v[:, post]
    factor = circuit.stages.factors[post][0]
    expected = factor * 0.5 * circuit.arrays(held).products(1, ends, ends)
    for edge in range(block.edges.start, block.edges.stop, 5):
        sides = []
        for g in (held.g[edge] + step, held.g[edge] - step):
            moved = held.g.copy()
            moved[edge] = g
            sides.append(co_content(circuit, circuit.program(moved), drive, v)[0])
        # A central difference of terms of some tens: 1e-14 of them over the step, and the step's square.
        slope = (sides[0] - sides[1]) / (2.0 * step)
        assert slope == pytest.approx(expected[edge - block.edges.start], rel=1e-6, abs=1e-6)


def test_another_chip_has_other_arrays_and_the_same_chip_the_same():
    circuit, held = layered(Wires(0.3, 0.2))
    once = circuit.arrays(held)
    assert circuit.arrays(circuit.program(held.g.copy())) is once
    held.g[0] *= 2.0
    assert circuit.arrays(held) is not once
    assert once.g[0] == pytest.approx(held.g[0] / 2.0)


def test_single_precision_stays_single():
    circuit, held = layered(Wires(0.3, 0.2))
    single = circuit.program(held.g.astype(np.float32))
    assert circuit.between(single).dtype == np.float32
    assert circuit.between(single) == pytest.approx(circuit.between(held), rel=1e-6)  # roundings of what is programmed


KERNELS = MapTopology(Maps(1, 4, 4), (LocalLayer(2, 3, 1, 1, shared=True),), (2,)).network()
LATERAL = network_from_graph(with_lateral_connections(layered_graph((3, 5, 2))))
SPARSE = network_from_graph(sparse_graph((4, 8, 6, 2), 0.4, seed=1))


@pytest.mark.parametrize(
    ("network", "where"), [(KERNELS, "layers 0 and 1"), (LATERAL, "layer 1"), (SPARSE, "layers 0 and 1")]
)
def test_what_is_no_crossbar_has_no_wires_and_is_told_so(network, where):
    with pytest.raises(GraphError, match=rf"{where}: \d+ edges .* Join the two layers in full, or leave \[wires\] out"):
        ResistiveCircuit(network, ResistiveTechnology(wires=Wires(1.0)))
    ResistiveCircuit(network, ResistiveTechnology(wires=Wires(driven_from="both")))


def test_a_bias_source_of_deeper_layers_is_a_small_crossbar_of_its_own():
    circuit, held = layered(Wires(0.3, 0.2, 0.1, 0.4), bias_voltage=0.5)
    arrays = circuit.arrays(held)
    (number,) = (k for k, block in enumerate(circuit.wiring.blocks) if (block.pre, block.post) == (0, 2))
    assert arrays.words(number).tolist() == [6, 7]
    assert arrays.crossbar(number).g.shape == (2, 3)
