"""Ready-made graphs: layered, with skip and lateral connections, lattices, feature maps, random ones."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations, pairwise, product

import networkx as nx
import numpy as np

from analogeq.errors import GraphError
from analogeq.network.feature_maps import MapTopology
from analogeq.network.graph import graph_from_network
from analogeq.network.names import shown
from analogeq.network.network import check_layer_sizes, layer_names
from analogeq.network.rules import check_edges, check_nodes, check_reach
from analogeq.network.sorting import layer_numbers


def layered_graph(sizes: Sequence[int]) -> nx.Graph:
    """Join every node of a layer to every node of the next.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden layers, outputs.
    """
    return join_layers(*_unjoined(check_layer_sizes(sizes)))


def with_skip_connections(graph: nx.Graph, pairs: Sequence[tuple[int, int]] | None = None) -> nx.Graph:
    """Return a copy in which layers that are not neighbours are joined, too.

    Parameters
    ----------
    graph : networkx graph
    pairs : sequence of (int, int), optional
        Layers to join, 0 being the inputs; every two layers that are not neighbours if not given.
    """
    layers = _layers(graph)
    every = [(a, b) for a, b in combinations(range(len(layers)), 2) if b > a + 1]
    joined = nx.Graph(graph)
    for a, b in every if pairs is None else pairs:
        _check_layer(a, layers)
        _check_layer(b, layers)
        if a == b:
            raise GraphError(f"skip connection ({a}, {b}): joins a layer to itself; with_lateral_connections does that")
        joined.add_edges_from(product(layers[min(a, b)], layers[max(a, b)]))
    return joined


def with_lateral_connections(graph: nx.Graph, layers: Sequence[int] | None = None) -> nx.Graph:
    """Return a copy in which all nodes of a layer are joined to each other.

    Parameters
    ----------
    graph : networkx graph
    layers : sequence of int, optional
        Layers of neurons, counted from 1; every one if not given.
    """
    found = _layers(graph)
    joined = nx.Graph(graph)
    for index in range(1, len(found)) if layers is None else layers:
        _check_layer(index, found)
        if index == 0:
            raise GraphError("lateral connections in layer 0: the voltages of inputs are given; choose layers from 1")
        joined.add_edges_from(combinations(found[index], 2))
    return joined


def lattice_graph(rows: int, cols: int, *, periodic: bool = False) -> nx.Graph:
    """Lay nodes out in a grid, each joined to its neighbours; left column inputs, right column outputs.

    Node ``(r, c)`` stands in layer ``c``, so the edges along a column are lateral. Between inputs
    there are none.

    Parameters
    ----------
    rows, cols : int
        At least 1 row and 2 columns.
    periodic : bool
        Join the last row to the first as well, which makes a cylinder; needs 3 rows.
    """
    if rows < 1 or cols < 2:
        raise GraphError(f"lattice {rows}×{cols}: needs 1 row and 2 columns at least, for inputs and outputs")
    if periodic and rows < 3:
        raise GraphError(f"periodic lattice {rows}×{cols}: below 3 rows an edge would stand twice; give 3 or more")
    graph = nx.Graph()
    for r, c in product(range(rows), range(cols)):
        role = "input" if c == 0 else "output" if c == cols - 1 else "hidden"
        graph.add_node((r, c), role=role, layer=c)
    graph.add_edges_from(((r, c), (r, c + 1)) for r, c in product(range(rows), range(cols - 1)))
    last = rows if periodic else rows - 1
    graph.add_edges_from(((r, c), ((r + 1) % rows, c)) for r, c in product(range(last), range(1, cols)))
    return graph


def sparse_graph(sizes: Sequence[int], density: float, *, seed: int) -> nx.Graph:
    """Draw a layered graph in which each edge stands with probability ``density``.

    Edges are added where a node would have none towards the inputs or towards the outputs, or where
    the graph would fall into pieces.
    """
    _check_density(density)
    graph, layers = _unjoined(check_layer_sizes(sizes))
    rng = np.random.default_rng(seed)
    for before, after in pairwise(layers):
        drawn = rng.random((len(before), len(after))) < density
        for r in np.flatnonzero(~drawn.any(axis=1)):
            drawn[r, rng.integers(len(after))] = True
        for c in np.flatnonzero(~drawn.any(axis=0)):
            drawn[rng.integers(len(before)), c] = True
        graph.add_edges_from((before[r], after[c]) for r, c in np.argwhere(drawn))
    pieces = list(nx.connected_components(graph))
    for piece in pieces[1:]:  # each piece has a node of every layer
        graph.add_edge(next(x for x in layers[0] if x in pieces[0]), next(x for x in layers[1] if x in piece))
    return graph


def random_graph(n_inputs: int, n_hidden: int, n_outputs: int, density: float, *, seed: int) -> nx.Graph:
    """Draw a connected graph without layers: a random tree, and other edges with probability ``density``.

    Any two nodes may be joined, but two inputs; the layers are those of distance from the inputs.
    """
    _check_density(density)
    names = [f"h{k}" for k in range(n_hidden)] + [f"y{k}" for k in range(n_outputs)]
    check_layer_sizes((n_inputs, n_outputs))
    graph = nx.Graph()
    graph.add_nodes_from((f"x{k}" for k in range(n_inputs)), role="input")
    graph.add_nodes_from(names[:n_hidden], role="hidden")
    graph.add_nodes_from(names[n_hidden:], role="output")
    rng = np.random.default_rng(seed)
    grown = [names[k] for k in rng.permutation(len(names))]
    graph.add_edges_from((grown[rng.integers(k)], grown[k]) for k in range(1, len(grown)))
    graph.add_edges_from((f"x{k}", grown[rng.integers(len(grown))]) for k in range(n_inputs))
    pairs = [(a, b) for a, b in combinations(graph, 2) if b in names]
    drawn = rng.random(len(pairs)) < density
    graph.add_edges_from(pair for pair, here in zip(pairs, drawn, strict=True) if here)
    return graph


def map_graph(topology: MapTopology) -> nx.Graph:
    """Draw layers of feature maps; edges of one number of a shared kernel, and nodes of its maps, carry one label."""
    return graph_from_network(topology.network(), shared=topology.shared(), shared_nodes=topology.shared_nodes())


def with_terminals(graph: nx.Graph, inputs: Sequence[Hashable], outputs: Sequence[Hashable]) -> nx.Graph:
    """Return a copy of any graph with inputs and outputs anywhere: a physical learning network.

    All other nodes are hidden. Layers are left out, and so are edges between two inputs: their voltages are
    given, so no node sees what flows there.
    """
    missing = next((key for key in (*inputs, *outputs) if key not in graph), None)
    if missing is not None:
        raise GraphError(f"terminal {shown(missing)}: this graph has no such node; choose among its nodes")
    both = next((key for key in inputs if key in outputs), None)
    if both is not None:
        raise GraphError(f"terminal {shown(both)}: is an input and an output; choose one of the two")
    made = nx.Graph(graph)
    for key, data in made.nodes(data=True):
        data.pop("layer", None)
        data["role"] = "input" if key in inputs else "output" if key in outputs else "hidden"
    made.remove_edges_from(list(made.subgraph(inputs).edges))
    return made


def join_layers(graph: nx.Graph, layers: Sequence[Sequence[Hashable]]) -> nx.Graph:
    """Join every node of a layer to every node of the next, in place."""
    for before, after in pairwise(layers):
        graph.add_edges_from(product(before, after))
    return graph


def _unjoined(sizes: tuple[int, ...]) -> tuple[nx.Graph, list[list[Hashable]]]:
    graph, names = nx.Graph(), iter(layer_names(sizes))
    layers: list[list[Hashable]] = []
    for index, size in enumerate(sizes):
        layers.append([next(names) for _ in range(size)])
        role = "input" if index == 0 else "output" if index == len(sizes) - 1 else "hidden"
        graph.add_nodes_from(layers[-1], role=role, layer=index)
    return graph, layers


def _layers(graph: nx.Graph) -> list[list[Hashable]]:
    check_nodes(graph)
    check_edges(graph)
    check_reach(graph)
    numbers = layer_numbers(graph)
    layers: list[list[Hashable]] = [[] for _ in range(max(numbers.values()) + 1)]
    for key in graph:
        layers[numbers[key]].append(key)
    return layers


def _check_layer(index: int, layers: Sequence[Sequence[Hashable]]) -> None:
    if not 0 <= index < len(layers):
        raise GraphError(f"layer {index}: this graph has layers 0 to {len(layers) - 1}; choose among them")


def _check_density(density: float) -> None:
    if not 0.0 <= density <= 1.0:
        raise GraphError(f"density {density}: a probability lies between 0 and 1; change it")
