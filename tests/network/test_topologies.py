import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.circuit import Circuit, Drive, kirchhoff_residual
from analogeq.engines import engine
from analogeq.errors import GraphError
from analogeq.hardware import Technology
from analogeq.network import (
    Network,
    glorot_uniform,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
    with_terminals,
)

SIZES = st.lists(st.integers(1, 5), min_size=2, max_size=4)


def joined(network):
    return [(b.pre, b.post, b.dense) for b in network.blocks]


def test_skip_connections_join_all_layers_that_are_not_neighbours():
    network = network_from_graph(with_skip_connections(layered_graph([2, 3, 4, 2])))
    assert joined(network) == [(a, b, True) for a in range(4) for b in range(a + 1, 4)]
    assert network.layer_sizes == (2, 3, 4, 2)


def test_chosen_skip_connections_join_these_layers_alone():
    network = network_from_graph(with_skip_connections(layered_graph([2, 3, 4, 2]), [(3, 0)]))
    assert joined(network) == [(0, 1, True), (0, 3, True), (1, 2, True), (2, 3, True)]


def test_lateral_connections_join_all_pairs_of_a_layer():
    network = network_from_graph(with_lateral_connections(layered_graph([2, 4, 3])))
    assert joined(network) == [(0, 1, True), (1, 1, False), (1, 2, True), (2, 2, False)]
    assert network.n_edges == 2 * 4 + 6 + 4 * 3 + 3


def test_chosen_lateral_connections_leave_other_layers_alone():
    network = network_from_graph(with_lateral_connections(layered_graph([2, 4, 3]), [2]))
    assert (1, 1, False) not in joined(network)
    assert (2, 2, False) in joined(network)


@pytest.mark.parametrize("build", [with_skip_connections, with_lateral_connections])
def test_builders_do_not_hide_a_doubled_edge(build):
    graph = nx.MultiGraph(layered_graph([2, 2, 2]))
    graph.add_edge("x0", "h1_0")
    with pytest.raises(GraphError, match="duplicate"):
        build(graph)


def test_builders_leave_the_graph_they_were_given_alone():
    graph = layered_graph([2, 3, 2])
    before = graph.number_of_edges()
    with_skip_connections(graph)
    with_lateral_connections(graph)
    assert graph.number_of_edges() == before


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: with_skip_connections(layered_graph([1, 1]), [(0, 2)]), "layer 2: this graph has layers 0 to 1"),
        (lambda: with_skip_connections(layered_graph([1, 1, 1]), [(1, 1)]), "joins a layer to itself"),
        (lambda: with_lateral_connections(layered_graph([2, 2]), [0]), "voltages of inputs are given"),
        (lambda: with_lateral_connections(layered_graph([2, 2]), [-1]), "layer -1: this graph"),
        (lambda: lattice_graph(3, 1), "lattice 3×1: needs 1 row and 2 columns"),
        (lambda: lattice_graph(0, 3), "lattice 0×3"),
        (lambda: lattice_graph(2, 3, periodic=True), "below 3 rows an edge would stand twice"),
        (lambda: with_terminals(layered_graph([2, 2]), ["x0", "z"], ["y0"]), "terminal 'z': this graph has no such"),
        (lambda: with_terminals(layered_graph([2, 2]), ["x0"], ["x0"]), "is an input and an output"),
        (lambda: layered_graph([3, 0, 2]), "layer 1: size 0"),
        (lambda: layered_graph([3]), "at least inputs and outputs"),
        (lambda: sparse_graph([2, 2], 1.5, seed=0), "density 1.5"),
        (lambda: random_graph(1, 1, 1, float("nan"), seed=0), "density nan"),
        (lambda: random_graph(0, 1, 1, 0.5, seed=0), "layer 0: size 0"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_rule(build, message):
    with pytest.raises(GraphError, match=message):
        build()


@given(st.integers(1, 5), st.integers(2, 5))
def test_an_open_lattice_joins_neighbours_but_not_inputs(rows, cols):
    network = network_from_graph(lattice_graph(rows, cols))
    assert network.layer_sizes == (rows,) * cols
    assert network.n_edges == rows * (cols - 1) + (rows - 1) * (cols - 1)
    assert network.n_outputs == rows
    assert network.names[:rows] == tuple(f"n{r}_0" for r in range(rows))


@given(st.integers(3, 5), st.integers(2, 5))
def test_a_periodic_lattice_gives_every_inner_node_four_neighbours(rows, cols):
    graph = lattice_graph(rows, cols, periodic=True)
    assert network_from_graph(graph).n_edges == rows * (cols - 1) * 2
    degrees = dict(graph.degree)
    assert all(degrees[r, c] == 4 for r in range(rows) for c in range(1, cols - 1))


@given(SIZES, st.floats(0.0, 1.0), st.integers(0, 10**6))
def test_a_sparse_graph_is_connected_and_joins_neighbouring_layers_alone(sizes, density, seed):
    graph = sparse_graph(sizes, density, seed=seed)
    network = network_from_graph(graph)
    assert all(block.post == block.pre + 1 for block in network.blocks)
    assert nx.utils.graphs_equal(graph, sparse_graph(sizes, density, seed=seed))


def test_a_sparse_graph_has_about_the_density_asked_for_and_at_one_it_is_full():
    graph = sparse_graph([40, 50, 40], 0.25, seed=3)
    # 4,000 edges are drawn: standard deviation of the share 0.007
    assert graph.number_of_edges() / 4000 == pytest.approx(0.25, abs=0.03)
    assert network_from_graph(sparse_graph([4, 5, 3], 1.0, seed=0)).same_as(Network.layered([4, 5, 3]))


@given(st.integers(1, 5), st.integers(0, 6), st.integers(1, 4), st.floats(0.0, 1.0), st.integers(0, 10**6))
def test_a_random_graph_is_a_network_whatever_was_drawn(n_inputs, n_hidden, n_outputs, density, seed):
    network = network_from_graph(random_graph(n_inputs, n_hidden, n_outputs, density, seed=seed))
    assert (network.n_inputs, network.n_nodes, network.n_outputs) == (n_inputs, n_hidden + n_outputs, n_outputs)


def test_at_density_one_everything_is_joined_but_inputs():
    graph = random_graph(3, 4, 2, 1.0, seed=5)
    assert graph.number_of_edges() == 9 * 8 // 2 - 3


def test_terminals_may_be_anywhere_and_nothing_joins_two_inputs():
    grid = nx.grid_2d_graph(3, 3)
    network = network_from_graph(with_terminals(grid, [(1, 1), (1, 2)], [(0, 0), (2, 0)]))
    assert network.input_names == ("n1_1", "n1_2")
    assert [network.node_names[k] for k in network.outputs] == ["n0_0", "n2_0"]
    assert network.n_edges == grid.number_of_edges() - 1
    assert not any("role" in data for _, data in grid.nodes(data=True))
    layered = with_terminals(layered_graph([2, 3, 2]), ["x0", "h1_1"], ["x1"])
    assert network_from_graph(layered).layer_sizes[0] == 2


@pytest.mark.parametrize(
    "graph",
    [
        lattice_graph(4, 5, periodic=True),
        sparse_graph([6, 8, 4], 0.4, seed=1),
        random_graph(4, 9, 3, 0.2, seed=2),
        with_lateral_connections(with_skip_connections(layered_graph([4, 5, 3]))),
    ],
    ids=["lattice", "sparse", "random", "skip and lateral"],
)
def test_any_topology_settles_to_where_kirchhoff_says(graph):
    network = network_from_graph(graph)
    circuit = Circuit(network, Technology())
    rng = np.random.default_rng(0)
    held = circuit.program(glorot_uniform(network, rng, scale=0.3))
    drive = Drive(rng.random((3, network.n_inputs)))
    voltages = np.zeros((3, network.n_nodes))
    for _ in range(500):  # weights are small: the steps contract
        voltages = np.clip(
            voltages + 0.7 * circuit.unclamped_currents(held, drive, voltages) / circuit.technology.unit_conductance,
            0,
            1,
        )
    residual = kirchhoff_residual(circuit, held, drive, voltages)
    assert residual.max() < 1e-9 * circuit.technology.unit_conductance  # what is left of the distance after 500 steps
    assert voltages.std() > 0.0
    with engine("native").open(circuit) as session:
        session.program(held)
        settled = session.settle(drive).voltages
    assert np.abs(settled - voltages).max() < 1e-8  # of the rail, 1 V: a residual of 1e-9 over the softest direction
