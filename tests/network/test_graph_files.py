import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.errors import GraphError
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    lattice_graph,
    layered_graph,
    map_graph,
    network_from_graph,
    parameters_from_graph,
    random_graph,
    read_graph,
    shared_from_graph,
    shared_nodes_from_graph,
    with_lateral_connections,
    with_skip_connections,
    write_graph,
)

FORMATS = st.sampled_from([".graphml", ".csv", ".tsv"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)

EDGE_LIST = """source,target,role,layer,weight,bias
x0,,input,,,
h0,,hidden,1,,-0.5

y0,,output,2,,
x0,h0,,,0.25,
y0,h0,,,1e-3,
"""
NO_KEY = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">'
    '<node id="x"><data key="role">input</data></node></graph></graphml>'
)


def written(tmp_path, text, name="net.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@given(st.integers(1, 3), st.integers(0, 4), st.integers(1, 3), st.integers(0, 999), FORMATS, st.data())
def test_a_graph_reads_back_as_it_was_written(tmp_path_factory, n_inputs, n_hidden, n_outputs, seed, suffix, data):
    graph = random_graph(n_inputs, n_hidden, n_outputs, 0.4, seed=seed)
    nx.set_edge_attributes(graph, {edge: data.draw(NUMBERS) for edge in graph.edges}, "weight")
    nx.set_node_attributes(graph, {k: data.draw(NUMBERS) for k, r in graph.nodes(data="role") if r != "input"}, "bias")
    path = tmp_path_factory.mktemp("graphs") / f"net{suffix}"
    write_graph(graph, path)
    back = read_graph(path)
    assert network_from_graph(back).same_as(network_from_graph(graph))
    theta, again = parameters_from_graph(graph), parameters_from_graph(back)
    assert np.array_equal(theta.weights, again.weights)
    assert np.array_equal(theta.biases, again.biases)


@pytest.mark.parametrize("suffix", [".graphml", ".csv", ".tsv"])
@pytest.mark.parametrize(
    "graph", [lattice_graph(3, 4, periodic=True), layered_graph([3, 2, 2])], ids=["lattice", "layered"]
)
def test_lattices_and_layers_keep_names_and_layers(tmp_path, graph, suffix):
    write_graph(graph, tmp_path / f"net{suffix}")
    assert network_from_graph(read_graph(tmp_path / f"net{suffix}")).same_as(network_from_graph(graph))


def test_numpy_numbers_and_a_directed_graph_are_written_too(tmp_path):
    graph = nx.DiGraph()
    graph.add_node(np.int64(0), role="input")
    graph.add_node("Y", role="output", layer=np.int64(1), bias=np.float64(0.1))
    graph.add_edge("Y", np.int64(0), weight=np.float32(0.5))
    for suffix in (".csv", ".graphml"):
        write_graph(graph, tmp_path / f"net{suffix}")
        back = read_graph(tmp_path / f"net{suffix}")
        assert network_from_graph(back).names == ("n0", "y")
        assert parameters_from_graph(back).weights.tolist() == [0.5]


def test_an_edge_list_by_hand_is_read(tmp_path):
    graph = read_graph(written(tmp_path, EDGE_LIST))
    assert network_from_graph(graph).names == ("x0", "h0", "y0")
    theta = parameters_from_graph(graph)
    assert theta.weights.tolist() == [0.25, 1e-3]
    assert theta.biases.tolist() == [-0.5, 0.0]


def test_columns_that_are_not_needed_may_be_left_out_and_a_byte_order_mark_is_skipped(tmp_path):
    graph = read_graph(written(tmp_path, "\ufeffSource,Target,Role\nx,,input\ny,,output\nx,y,\n"))
    assert network_from_graph(graph).names == ("x", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no column 'source'"),
        ("source,target\nx,y\n", "line 1: no column 'role'"),
        ("source,target,rule\n", "line 1: column 'rule' is unknown; did you mean 'role'"),
        ("source,target,role,role\n", "stands twice in the head"),
        ("source,target,role\nx,,input\nx,z,\n", "line 3: edge to node 'z', which no line before gives a role"),
        ("source,target,role\nx,,input\nx,,output\n", "line 3: node 'x' is a duplicate"),
        ("source,target,role\nx,,input\ny,,output\nx,y,\ny,x,\n", "line 5: edge 'y' to 'x' is a duplicate"),
        ("source,target,role\nx,,input,extra\n", "line 2: 4 cells under 3 columns"),
        ("source,target,role\n,y,\n", "line 2: no source"),
        ("source,target,role\nx,,input\ny,,output\nx,y,hidden\n", "line 4: an edge has no role"),
        ("source,target,role,weight\nx,,input,1\n", "line 2: a node has no weight"),
        ("source,target,role,layer\nx,,hidden,one\n", "line 2: layer 'one' is not a whole number"),
        ("source,target,role,bias\nx,,hidden,1k\n", "line 2: bias '1k' is not a number"),
        ('source,target,role\n"x,,input\n', "cannot be read as csv"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_edge_list_is_told_by_file_and_line(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(GraphError, match=message) as caught:
        read_graph(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "not xml", "<graphml></graphml>", NO_KEY])
def test_a_damaged_graphml_file_is_refused(tmp_path, text):
    with pytest.raises(GraphError, match="cannot be read as graphml"):
        read_graph(written(tmp_path, text, "net.graphml"))


def test_a_missing_file_and_an_unknown_suffix_are_refused(tmp_path):
    with pytest.raises(GraphError, match="cannot be read as csv"):
        read_graph(tmp_path / "none.csv")
    with pytest.raises(GraphError, match=r"name it \.graphml, \.csv or \.tsv"):
        read_graph(tmp_path / "net.json")
    with pytest.raises(GraphError, match="unknown kind of graph file"):
        write_graph(layered_graph([1, 1]), tmp_path / "net")


def doubled(kind):
    graph = kind(layered_graph([1, 1]).edges)
    nx.set_node_attributes(graph, {"x0": "input", "y0": "output"}, "role")
    graph.add_edge("y0", "x0")
    return graph


@pytest.mark.parametrize("kind", [nx.MultiGraph, nx.DiGraph])
@pytest.mark.parametrize("suffix", [".graphml", ".csv"])
def test_doubled_edges_are_not_lost_on_the_way_through_a_file(tmp_path, kind, suffix):
    write_graph(doubled(kind), tmp_path / f"net{suffix}")
    with pytest.raises(GraphError, match="duplicate"):
        network_from_graph(read_graph(tmp_path / f"net{suffix}"))


def test_names_that_differ_by_case_are_not_merged_on_the_way_to_a_file(tmp_path):
    graph = layered_graph([1, 1])
    graph.add_node("X0", role="input")
    with pytest.raises(GraphError, match="differ by case alone"):
        write_graph(graph, tmp_path / "net.csv")
    assert not (tmp_path / "net.csv").exists()


@pytest.mark.parametrize("suffix", [".graphml", ".csv", ".tsv"])
def test_what_is_shared_reads_back_from_every_kind_of_file(tmp_path, suffix):
    topology = MapTopology(Maps(1, 4, 4), (LocalLayer(2, 3, 1, 1, shared=True), LocalLayer(2, 2)), (3, 2))
    graph = with_lateral_connections(with_skip_connections(map_graph(topology), [(0, 3), (1, 3)]), [4])
    write_graph(graph, tmp_path / f"net{suffix}")
    back = read_graph(tmp_path / f"net{suffix}")
    assert network_from_graph(back).same_as(network_from_graph(graph))
    wanted, found = shared_from_graph(graph), shared_from_graph(back)
    assert wanted.keys() == found.keys() == {0}
    assert np.array_equal(found[0], wanted[0])
    assert np.array_equal(shared_nodes_from_graph(back), shared_nodes_from_graph(graph))
    assert shared_nodes_from_graph(back).max() == 1 + len(topology.network().node_names) - 32  # two maps of 16 nodes


def test_labels_by_hand_are_read_from_an_edge_list(tmp_path):
    text = (
        "source,target,role,shared\nx0,,input,\nx1,,input,\ny0,,output,b\ny1,,output, b\nx0,y0,,w\nx1,y1,,w\nx0,y1,,\n"
    )
    graph = read_graph(written(tmp_path, text))
    assert shared_from_graph(graph)[0].tolist() == [0, 1, 0]
    assert shared_nodes_from_graph(graph).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [(1, "1", "reads as 1 in a file"), (" ", "a", "cannot be written"), ("\0", "a", "cannot be written")],
)
def test_labels_that_a_file_would_mix_up_are_refused(tmp_path, one, other, message):
    graph = layered_graph([1, 2])
    graph.edges["x0", "y0"]["shared"], graph.edges["x0", "y1"]["shared"] = one, other
    with pytest.raises(GraphError, match=message):
        write_graph(graph, tmp_path / "net.csv")


def test_an_edge_list_with_semicolons_and_decimal_commas_is_read_as_one_with_commas(tmp_path):
    text = "source,target,role,weight,bias\nx,,input,,\ny,,output,,0.25\nx,y,,-0.5,\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv").write_text(text.replace(",", ";").replace(".", ","), encoding="utf-8-sig")
    one, other = (parameters_from_graph(read_graph(tmp_path / name)) for name in ("a.csv", "b.csv"))
    assert other.weights.tolist() == one.weights.tolist() == [-0.5]
    assert other.biases.tolist() == one.biases.tolist() == [0.25]
