import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.errors import GraphError
from analogeq.network import (
    Network,
    Parameters,
    glorot_uniform,
    graph_from_network,
    layered_graph,
    network_from_graph,
    node_name,
    parameters_from_graph,
    random_graph,
)

SIZES = st.lists(st.integers(1, 5), min_size=2, max_size=5)


@st.composite
def graphs(draw):
    """Connected graphs of any topology, with the layers that distance gives."""
    sizes = [draw(st.integers(low, 4)) for low in (1, 0, 1)]
    return random_graph(*sizes, draw(st.floats(0.0, 1.0)), seed=draw(st.integers(0, 10**6)))


def with_numbers(graph, seed):
    """Give every edge a weight and every neuron a bias."""
    rng, numbered = np.random.default_rng(seed), nx.Graph(graph)
    nx.set_edge_attributes(numbered, {edge: float(rng.normal()) for edge in graph.edges}, "weight")
    neurons = [key for key, role in graph.nodes(data="role") if role != "input"]
    nx.set_node_attributes(numbered, {key: float(rng.normal()) for key in neurons}, "bias")
    return numbered


def shuffled(graph, seed):
    """Rebuild with nodes and edges in another order and edges turned round at random."""
    rng = np.random.default_rng(seed)
    nodes, edges = list(graph.nodes(data=True)), list(graph.edges(data=True))
    again = nx.DiGraph()
    again.add_nodes_from(nodes[k] for k in rng.permutation(len(nodes)))
    for k in rng.permutation(len(edges)):
        a, b, held = edges[k]
        again.add_edges_from([(a, b, held) if rng.random() < 0.5 else (b, a, held)])
    return again


def energy(graph, signals):
    """Hopfield energy of signals by name, through the arrays of the network."""
    network, theta = network_from_graph(graph), parameters_from_graph(graph)
    s = np.array([signals[name] for name in network.names])
    total = 0.5 * np.sum(s[network.n_inputs :] ** 2) - theta.biases @ s[network.n_inputs :]
    starts = np.cumsum([0, *network.layer_sizes])
    for block in network.blocks:
        pre = s[starts[block.pre] : starts[block.pre + 1]]
        post = s[starts[block.post] : starts[block.post + 1]]
        total -= pre @ (block.matrix(theta.weights) @ post)
    return total


@given(SIZES)
def test_a_layered_graph_gives_the_network_that_is_built_directly(sizes):
    assert network_from_graph(layered_graph(sizes)).same_as(Network.layered(sizes))


def test_same_as_sees_one_missing_edge_another_name_and_another_output():
    whole = layered_graph([2, 3, 2])
    network = network_from_graph(whole)
    fewer = nx.Graph(whole)
    fewer.remove_edge("x0", "h1_1")
    renamed = nx.relabel_nodes(whole, {"h1_0": "other"})
    moved = nx.Graph(whole)
    moved.nodes["y0"]["role"] = "hidden"
    for graph in (fewer, renamed, moved):
        assert not network.same_as(network_from_graph(graph))


@given(graphs(), st.integers(0, 99))
def test_a_network_drawn_as_a_graph_comes_back_with_its_numbers(graph, seed):
    network = network_from_graph(graph)
    theta = glorot_uniform(network, np.random.default_rng(seed))
    theta = Parameters(theta.weights, np.random.default_rng(seed).normal(size=network.n_nodes))
    drawn = graph_from_network(network, theta)
    assert network_from_graph(drawn).same_as(network)
    back = parameters_from_graph(drawn)
    assert np.array_equal(back.weights, theta.weights)
    assert np.array_equal(back.biases, theta.biases)


@given(graphs())
def test_nodes_stand_by_layer_and_edges_by_layer_row_and_column(graph):
    network = network_from_graph(graph)
    assert sorted(network.names) == sorted(map(node_name, graph))
    assert network.n_edges == graph.number_of_edges()
    keys = [(b.pre, b.post) for b in network.blocks]
    assert keys == sorted(set(keys))
    found = set()
    starts = np.cumsum([0, *network.layer_sizes])
    for block in network.blocks:
        rows, cols = block.endpoints()
        places = list(zip(rows.tolist(), cols.tolist(), strict=True))
        assert places == sorted(set(places))
        assert block.edges.stop - block.edges.start == len(places)
        assert not block.lateral or all(r < c for r, c in places)
        assert block.dense == (not block.lateral and len(places) == block.shape[0] * block.shape[1])
        names = network.names
        found |= {frozenset((names[starts[block.pre] + r], names[starts[block.post] + c])) for r, c in places}
    assert found == {frozenset(edge) for edge in graph.edges}
    roles = dict(graph.nodes(data="role"))
    assert {roles[name] for name in network.input_names} == {"input"}
    chosen = [network.node_names[k] for k in network.outputs]
    assert {roles[name] for name in chosen} == {"output"}
    assert len(chosen) == sum(role == "output" for role in roles.values())


@given(graphs(), st.integers(0, 10**6))
def test_energy_does_not_depend_on_names_order_or_direction(graph, seed):
    weighted = with_numbers(graph, seed)
    rng = np.random.default_rng(seed)
    signals = {name: float(rng.random()) for name in weighted}
    new_names = dict(zip(weighted, map(int, rng.permutation(len(weighted))), strict=True))
    other = nx.relabel_nodes(shuffled(weighted, seed), new_names)
    moved = {node_name(new_names[name]): value for name, value in signals.items()}
    by_hand = sum(
        0.5 * signals[n] ** 2 - held["bias"] * signals[n] for n, held in weighted.nodes(data=True) if "bias" in held
    )
    by_hand -= sum(w * signals[a] * signals[b] for a, b, w in weighted.edges(data="weight"))
    # sums of at most 80 terms of order 1, added in another order
    assert energy(weighted, signals) == pytest.approx(by_hand, abs=1e-12)
    assert energy(other, moved) == pytest.approx(by_hand, abs=1e-12)


def test_a_neuron_without_layer_stands_at_its_distance_from_the_inputs_and_outputs_last():
    graph = nx.Graph()
    graph.add_nodes_from(["x0", "x1"], role="input")
    graph.add_nodes_from(["far", "near", "deep"], role="hidden")
    graph.add_nodes_from(["y"], role="output")
    graph.add_edges_from([("x0", "near"), ("x1", "near"), ("near", "far"), ("far", "deep"), ("deep", "y"), ("x0", "y")])
    network = network_from_graph(graph)
    assert network.names == ("x0", "x1", "near", "far", "deep", "y")
    assert network.layer_sizes == (2, 1, 1, 1, 1)


def test_a_hidden_node_behind_an_output_leaves_no_empty_layer():
    graph = nx.path_graph(["x", "y", "h"])
    nx.set_node_attributes(graph, {"x": "input", "y": "output", "h": "hidden"}, "role")
    network = network_from_graph(graph)
    assert network.names == ("x", "h", "y")
    assert [(b.pre, b.post) for b in network.blocks] == [(0, 2), (1, 2)]


def test_outputs_may_stand_in_a_layer_of_their_own_choice():
    graph = layered_graph([2, 2, 2])
    graph.nodes["y1"]["layer"] = 1
    network = network_from_graph(graph)
    assert network.layer_sizes == (2, 3, 1)
    assert [network.node_names[k] for k in network.outputs] == ["y1", "y0"]


def test_outputs_follow_the_last_hidden_layer_when_only_hidden_nodes_say_theirs():
    graph = layered_graph([1, 2, 3, 1])
    del graph.nodes["y0"]["layer"]
    assert network_from_graph(graph).same_as(Network.layered([1, 2, 3, 1]))


def test_weights_come_in_the_order_of_the_edges():
    graph = layered_graph([2, 2])
    for k, edge in enumerate([("x1", "y1"), ("x0", "y1"), ("x1", "y0"), ("x0", "y0")]):
        graph.edges[edge]["weight"] = k
    assert parameters_from_graph(graph).weights.tolist() == [3.0, 1.0, 2.0, 0.0]


def test_arrays_are_read_only():
    network = network_from_graph(random_graph(2, 5, 2, 0.3, seed=0))
    sparse = next(b for b in network.blocks if not b.dense)
    for array in (network.outputs, sparse.rows, sparse.cols):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("weight", "message"),
    [(None, "weight None is not a number"), ("a", "is not a number"), (float("inf"), "not finite")],
)
def test_an_edge_without_a_usable_weight_is_named(weight, message):
    graph = layered_graph([1, 1])
    graph.edges["x0", "y0"]["weight"] = weight
    with pytest.raises(GraphError, match=message) as caught:
        parameters_from_graph(graph)
    assert "'x0' to 'y0'" in str(caught.value)
