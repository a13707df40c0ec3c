"""Each thing that keeps a graph from becoming a circuit is told by node, with the remedy."""

import networkx as nx
import pytest

from analogeq.errors import GraphError
from analogeq.network import layered_graph, network_from_graph


def good(kind=nx.Graph):
    return kind(layered_graph([2, 3, 2]))


def refusal(graph) -> str:
    with pytest.raises(GraphError) as caught:
        network_from_graph(graph)
    return str(caught.value)


def test_an_empty_graph_lacks_inputs_and_outputs():
    text = refusal(nx.Graph())
    assert "no input" in text
    assert "no output" in text


@pytest.mark.parametrize("role", ["input", "output"])
def test_a_missing_kind_of_node_is_named(role):
    graph = good()
    nx.set_node_attributes(graph, {k: "hidden" for k, r in graph.nodes(data="role") if r == role}, "role")
    assert f"no {role} among its 7 nodes; give at least one node role='{role}'" in refusal(graph)


def test_an_unknown_role_gets_a_suggestion():
    graph = good()
    graph.nodes["h1_2"]["role"] = "hiden"
    assert refusal(graph) == "node 'h1_2': role 'hiden' is unknown; did you mean 'hidden'?"


def test_a_missing_role_is_named():
    graph = good()
    del graph.nodes["h1_2"]["role"]
    assert refusal(graph) == "node 'h1_2': has no role; give it one of input, hidden, output"


def test_a_self_loop_is_named():
    graph = good()
    graph.add_edge("h1_1", "h1_1")
    assert refusal(graph).startswith("node 'h1_1': self-loop")


@pytest.mark.parametrize("edge", [("x0", "h1_0"), ("h1_0", "x0")])
def test_an_edge_that_stands_twice_is_named(edge):
    graph = good(nx.MultiGraph)
    graph.add_edge(*edge)
    assert "duplicate" in refusal(graph)
    assert "'x0'" in refusal(graph)


def test_a_pair_of_opposite_directed_edges_is_a_duplicate():
    graph = nx.DiGraph()
    graph.add_node("x", role="input")
    graph.add_node("y", role="output")
    graph.add_edges_from([("x", "y"), ("y", "x")])
    assert refusal(graph).startswith("edge 'y' to 'x': duplicate, one weight acts both ways")


def test_names_that_differ_by_case_alone_are_a_duplicate():
    graph = good()
    graph.add_node("H1_0", role="hidden", layer=1)
    graph.add_edge("x0", "H1_0")
    assert "node 'H1_0': duplicate, it is called 'h1_0' as 'h1_0' is" in refusal(graph)


def test_an_int_and_a_string_of_one_name_are_a_duplicate():
    graph = good()
    graph.add_nodes_from([3, "n3"], role="hidden", layer=1)
    assert "node 'n3': duplicate, it is called 'n3' as 3 is" in refusal(graph)


def test_an_edge_between_inputs_is_named():
    graph = good()
    graph.add_edge("x0", "x1")
    assert refusal(graph).startswith("edge 'x0' to 'x1': joins two inputs")


def test_an_input_without_an_edge_is_named():
    graph = good()
    graph.add_node("x9", role="input")
    assert refusal(graph).startswith("input 'x9': has no edge")


def test_an_output_nobody_reaches_is_named():
    graph = good()
    graph.add_node("y9", role="output", layer=2)
    assert refusal(graph).startswith("output 'y9': no path leads to it from an input")


def test_hidden_nodes_apart_are_named_one_by_one():
    graph = good()
    graph.add_nodes_from(["a1", "b1"], role="hidden", layer=1)
    graph.add_edge("a1", "b1")
    text = refusal(graph)
    assert "hidden 'a1': no path" in text
    assert "hidden 'b1': no path" in text


def test_two_networks_in_one_graph_are_disconnected():
    graph = nx.union(good(), nx.relabel_nodes(good(), lambda name: f"z{name}"))
    assert "node 'zx0': the graph is disconnected, nothing joins it to 'x0'" in refusal(graph)


def test_a_directed_graph_is_reached_either_way():
    graph = nx.DiGraph()
    graph.add_node("x", role="input")
    graph.add_node("y", role="output")
    graph.add_edge("y", "x")
    assert network_from_graph(graph).n_edges == 1


def test_an_empty_layer_is_named_with_who_stands_behind_it():
    graph = good()
    for key in ("y0", "y1"):
        graph.nodes[key]["layer"] = 3
    assert refusal(graph).startswith("layer 2: has no node though 'y0' is in layer 3")


@pytest.mark.parametrize("layer", [0, -1, 1.0, "1", True])
def test_a_neuron_s_layer_is_an_int_from_1(layer):
    graph = good()
    graph.nodes["h1_0"]["layer"] = layer
    assert refusal(graph).startswith(f"node 'h1_0': layer {layer!r}; layers of neurons are ints from 1")


def test_an_input_s_layer_is_0():
    graph = good()
    graph.nodes["x0"]["layer"] = 1
    assert "inputs are layer 0" in refusal(graph)


@pytest.mark.parametrize("silent", ["h1_1", "y1"])
def test_layers_are_given_to_all_nodes_of_a_kind_or_none(silent):
    graph = good()
    del graph.nodes[silent]["layer"]
    assert f"'{silent}': has no layer though" in refusal(graph)


def test_outputs_with_layers_and_hidden_nodes_without_are_refused():
    graph = good()
    for key in ("h1_0", "h1_1", "h1_2"):
        del graph.nodes[key]["layer"]
    assert refusal(graph).startswith("hidden node 'h1_0': has no layer though outputs have")


def test_a_bad_name_is_refused_on_one_line():
    graph = nx.relabel_nodes(good(), {"h1_0": "x\n.control\nshell touch canary\n.endc"})
    assert "\n" not in refusal(graph)


def test_many_problems_are_counted_and_the_first_ten_shown():
    graph = nx.empty_graph(25)
    text = refusal(graph)
    assert text.startswith("25 problems in the graph:")
    assert text.count("\n") == 11
    assert text.endswith("and 15 more like these")
