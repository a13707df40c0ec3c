"""Layers of feature maps against windows drawn one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analogeq.errors import GraphError
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    Network,
    graph_from_network,
    layered_graph,
    map_graph,
    network_from_graph,
    shared_from_graph,
    shared_nodes_from_graph,
    with_lateral_connections,
    with_skip_connections,
)

SMALL = MapTopology(Maps(2, 5, 4), (LocalLayer(3, 3, 2, 1, shared=True), LocalLayer(2, 2)), (6, 3))


def drawn(topology):
    """Draw the same graph window by window: a fully connected one, less the edges that no window has."""
    graph = layered_graph(topology.sizes)
    for k, (layer, before) in enumerate(zip(topology.layers, topology.maps[:-1], strict=True)):
        after = topology.maps[k + 1]
        names = [[key for key, n in graph.nodes(data="layer") if n == depth] for depth in (k, k + 1)]
        seen = set()
        for c, y, x in product(range(after.channels), range(after.height), range(after.width)):
            here = names[1][(c * after.height + y) * after.width + x]
            for d, dy, dx in product(range(before.channels), range(layer.kernel), range(layer.kernel)):
                top, left = y * layer.stride + dy - layer.padding, x * layer.stride + dx - layer.padding
                if 0 <= top < before.height and 0 <= left < before.width:
                    there = names[0][(d * before.height + top) * before.width + left]
                    seen.add((there, here))
                    graph.edges[there, here]["shared"] = (k, c, d, dy, dx)
        graph.remove_edges_from(list(set(product(*names)) - seen))
        if not layer.shared:
            for edge in seen:
                del graph.edges[edge]["shared"]
    return graph


def same_groups(one, other):
    """Whether two numberings put the same edges together."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def layers():
    return st.builds(
        LocalLayer,
        st.integers(1, 2),
        st.integers(2, 3),
        stride=st.integers(1, 2),
        padding=st.integers(0, 1),
        shared=st.booleans(),
    )


@given(
    st.builds(Maps, st.integers(1, 2), st.integers(2, 6), st.integers(2, 6)),
    st.lists(layers(), min_size=0, max_size=2),
    st.lists(st.integers(1, 3), min_size=1, max_size=2),
)
def test_arrays_graph_and_windows_drawn_one_by_one_are_one_network(image, layers, dense):
    try:
        topology = MapTopology(image, tuple(layers), tuple(dense))
    except GraphError:
        assume(False)
    network, windows = topology.network(), drawn(topology)
    assert network.same_as(network_from_graph(windows))
    assert network.same_as(network_from_graph(map_graph(topology)))
    shared, read, wanted = topology.shared(), shared_from_graph(map_graph(topology)), shared_from_graph(windows)
    assert shared.keys() == read.keys() == wanted.keys()
    for block, numbers in shared.items():
        assert same_groups(numbers, wanted[block])
        assert same_groups(read[block], wanted[block])
    maps = shared_nodes_from_graph(map_graph(topology))
    alone = np.arange(network.n_nodes)
    assert same_groups(alone if maps is None else maps, topology.shared_nodes())


def test_labels_of_neurons_are_refused_at_inputs_and_across_layers():
    graph = layered_graph((1, 2, 1))
    assert shared_nodes_from_graph(graph) is None
    graph.nodes["h1_0"]["shared"] = graph.nodes["h1_1"]["shared"] = "b"
    assert shared_nodes_from_graph(graph).tolist() == [0, 0, 1]
    graph.nodes["y0"]["shared"] = "b"
    with pytest.raises(GraphError, match="node 'y0': shared 'b' stands in layers 1 and 2"):
        shared_nodes_from_graph(graph)
    graph.nodes["x0"]["shared"] = "c"
    with pytest.raises(GraphError, match="shared 'c' on an input"):
        shared_nodes_from_graph(graph)


def test_a_network_drawn_again_keeps_its_groups_whatever_the_order_of_its_blocks():
    graph = with_skip_connections(layered_graph((2, 2, 2, 1)))
    network = network_from_graph(graph)
    groups = {k: np.array([0, 1, 0, 1])[: b.edges.stop - b.edges.start] for k, b in enumerate(network.blocks)}
    again = shared_from_graph(graph_from_network(network, shared=groups))
    assert {k: v.tolist() for k, v in again.items()} == {k: v.tolist() for k, v in groups.items()}


def test_a_convolution_of_a_matrix_is_the_sum_over_its_windows():
    topology = MapTopology(Maps(2, 5, 5), (LocalLayer(3, 3, shared=True),), (1,))
    rng = np.random.default_rng(0)
    kernel, image = rng.normal(size=(3, 2, 3, 3)), rng.normal(size=(2, 5, 5))
    network = topology.network()
    weights = np.zeros(network.n_edges)
    weights[network.blocks[0].edges] = kernel.ravel()[topology.shared()[0]]
    found = image.ravel() @ network.blocks[0].matrix(weights)
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(1, 2))
    assert found == pytest.approx(np.einsum("dyxij,cdij->cyx", windows, kernel).ravel(), rel=1e-12, abs=1e-12)


def test_a_window_as_large_as_its_maps_is_a_dense_block():
    topology = MapTopology(Maps(1, 3, 3), (LocalLayer(4, 3, shared=True),), (2,))
    assert topology.network().same_as(Network.layered((9, 4, 2)))
    assert topology.shared()[0].tolist() == [4 * 0 + 9 * c + k for k in range(9) for c in range(4)]


def test_nodes_of_one_map_of_a_shared_kernel_are_a_group():
    layers = (LocalLayer(2, 2, shared=True), LocalLayer(2, 2))
    groups = MapTopology(Maps(1, 3, 3), layers, (2,)).shared_nodes()
    assert groups.tolist() == [0] * 4 + [1] * 4 + [2, 3] + [4, 5]


def test_an_image_of_mnist_is_laid_out_without_drawing_it():
    topology = MapTopology(Maps(1, 28, 28), (LocalLayer(16, 5, 2, 2), LocalLayer(32, 3, 2, 1)), (10,))
    network = topology.network()
    assert network.layer_sizes == (784, 16 * 14 * 14, 32 * 7 * 7, 10)
    assert [b.dense for b in network.blocks] == [False, False, True]
    # Of 14 windows a side those at the border lose 2, or 1, of their 5 pixels.
    assert network.blocks[0].edges.stop == 16 * (14 * 5 - 2 - 1) ** 2


def test_maps_take_skip_and_lateral_connections_and_keep_what_is_shared():
    plain = map_graph(SMALL)
    richer = with_lateral_connections(with_skip_connections(plain, [(0, 3)]), [3])
    network, shared = network_from_graph(richer), shared_from_graph(richer)
    assert [(network.blocks[k].pre, network.blocks[k].post) for k in shared] == [(0, 1)]
    assert same_groups(shared[0], SMALL.shared()[0])


def test_edges_of_a_graph_without_a_label_are_groups_of_their_own():
    graph = layered_graph((2, 2, 1))
    graph.edges["x0", "h1_0"]["shared"] = graph.edges["x1", "h1_1"]["shared"] = "w"
    assert {k: v.tolist() for k, v in shared_from_graph(graph).items()} == {0: [0, 1, 2, 0]}
    graph.edges["h1_0", "y0"]["shared"] = "w"
    with pytest.raises(GraphError, match="shared 'w': stands on edges between different layers"):
        shared_from_graph(graph)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Maps(1, 0, 3), "maps: height 0 is too small"),
        (lambda: LocalLayer(1, 0), "kernel 0 is too small"),
        (lambda: LocalLayer(1, 2, padding=2), "padding 2 is not below kernel 2"),
        (lambda: LocalLayer(1, 5).after(Maps(1, 9, 4)), "kernel 5 is larger than the width 4"),
        (lambda: LocalLayer(1, 5, 2).after(Maps(1, 28, 28)), "leave out part of height 28"),
        (lambda: LocalLayer(1, 2, 3).after(Maps(1, 5, 5)), "leave out part of height 5"),
        (lambda: MapTopology(Maps(1, 3, 3), (), ()), "give dense one size"),
        (lambda: MapTopology(Maps(1, 3, 3), (), (0,)), "layer 1: size 0"),
    ],
)
def test_maps_that_cannot_be_are_refused_with_the_remedy(build, message):
    with pytest.raises(GraphError, match=message):
        build()
