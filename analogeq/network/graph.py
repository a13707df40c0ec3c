"""networkx graphs to checked arrays and back.

A graph may be of any networkx class. Every node has a ``role``: input, hidden or output. Direction
of edges does not matter, since a weight between neurons acts both ways. Edges may carry ``weight``
and nodes ``bias``, which `parameters_from_graph` reads, and both ``shared``, which is read by
`shared_from_graph` and `shared_nodes_from_graph`.

Layers order the nodes; they restrict nothing. Inputs are layer 0. Neurons may carry an integer
``layer`` of 1 or more. Where hidden nodes carry none they are put at their distance from the inputs,
over hidden nodes; where outputs carry none they make a last layer of their own. Inside a layer nodes keep the order
of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np

from analogeq.errors import GraphError
from analogeq.network.names import node_name, shown
from analogeq.network.network import Block, Ints, Network
from analogeq.network.parameters import Parameters
from analogeq.network.rules import check_edges, check_nodes, check_reach
from analogeq.network.sorting import layer_numbers


@dataclass(frozen=True, eq=False)
class _Sorted:
    """A graph's nodes and edges in the order of its arrays.

    ``place`` gives the node number of each key, ``layers`` the layer of each node, ``ends`` the two
    node numbers of each edge of ``graph.edges``, ``order`` the edge that comes first, second, ….
    """

    keys: list[object]
    place: dict[object, int]
    sizes: tuple[int, ...]
    starts: Ints
    layers: Ints
    ends: Ints
    order: Ints


def network_from_graph(graph: nx.Graph) -> Network:
    """Check a graph and turn it into arrays.

    Parameters
    ----------
    graph : networkx graph of any class

    Returns
    -------
    Network
        Nodes sorted by layer, edges by layers and then by position. `Network.outputs` is increasing.

    Raises
    ------
    GraphError
        Naming every node at fault and what to do: no inputs or outputs, unknown role, bad name or
        two alike, self-loop, duplicate edge, edge between inputs, empty layer, a node or output
        that no input reaches, a graph in pieces.
    """
    check_nodes(graph)
    check_edges(graph)
    check_reach(graph)
    done = _sort(graph)
    names = tuple(node_name(key) for key in done.keys)
    n_inputs = done.sizes[0]
    outputs = [i - n_inputs for i, key in enumerate(done.keys) if graph.nodes[key]["role"] == "output"]
    return Network(names, done.sizes, _frozen(np.array(outputs, dtype=np.intp)), _blocks(done))


def parameters_from_graph(graph: nx.Graph) -> Parameters:
    """Read the ``weight`` of each edge and the ``bias`` of each neuron (0 where there is none).

    In the order of ``network_from_graph(graph)``.

    Raises
    ------
    GraphError
        If an edge has no weight or a number is not finite.
    """
    network = network_from_graph(graph)
    done = _sort(graph)
    found = []
    for a, b, weight in graph.edges(data="weight"):
        found.append(_number(weight, f"edge {shown(a)} to {shown(b)}: weight"))
    weights = np.array(found)[done.order]
    biases = [
        _number(graph.nodes[key].get("bias", 0.0), f"node {shown(key)}: bias") for key in done.keys[network.n_inputs :]
    ]
    return Parameters(weights, np.array(biases))


def shared_from_graph(graph: nx.Graph) -> dict[int, Ints]:
    """Read which edges are to keep one conductance: those with the same ``shared``, any hashable label.

    Returns
    -------
    dict of int to ndarray of int, shape (edge of the block,)
        For each block of ``network_from_graph(graph)`` with such edges, a group number for each of its
        edges, in the network's order; an edge without ``shared`` is a group of its own.

    Raises
    ------
    GraphError
        If a label stands in two blocks: their edges do not learn at one rate.
    """
    network, done = network_from_graph(graph), _sort(graph)
    drawn = list(graph.edges(data="shared"))
    labels = [drawn[k][2] for k in done.order.tolist()]
    found: dict[int, Ints] = {}
    first: dict[object, int] = {}
    for number, block in enumerate(network.blocks):
        own = labels[block.edges]
        for label in own:
            if label is not None and first.setdefault(label, number) != number:
                raise GraphError(
                    f"shared {shown(label)}: stands on edges between different layers; give each pair of layers labels "
                    "of its own"
                )
        if any(label is not None for label in own):
            found[number] = _grouped(own)
    return found


def shared_nodes_from_graph(graph: nx.Graph) -> Ints | None:
    """Read which neurons are to keep one bias: those with the same ``shared``, any hashable label.

    Returns
    -------
    ndarray of int, shape (node,), or None
        A group number for each neuron of ``network_from_graph(graph)``; one without ``shared`` is a group of its
        own. None where no neuron has any.

    Raises
    ------
    GraphError
        If an input has a label, or one label stands in two layers: their biases do not learn at one rate.
    """
    labels = dict(graph.nodes(data="shared"))
    if all(label is None for label in labels.values()):
        return None
    done = _sort(graph)
    first: dict[object, int] = {}
    for key, layer in zip(done.keys, done.layers.tolist(), strict=True):
        label = labels[key]
        if label is not None and layer == 0:
            raise GraphError(f"node {shown(key)}: shared {shown(label)} on an input, which has no bias; leave it out")
        if label is not None and first.setdefault(label, layer) != layer:
            raise GraphError(
                f"node {shown(key)}: shared {shown(label)} stands in layers {first[label]} and {layer}; give each "
                "layer labels of its own"
            )
    return _grouped([labels[key] for key in done.keys[done.sizes[0] :]])


def _grouped(labels: list[object]) -> Ints:
    """Group numbers by label, in order of appearance; what has no label is a group of its own."""
    groups: dict[object, int] = {}
    keys = [("alone", k) if label is None else ("shared", label) for k, label in enumerate(labels)]
    return _frozen(np.array([groups.setdefault(key, len(groups)) for key in keys], dtype=np.intp))


def graph_from_network(
    network: Network,
    parameters: Parameters | None = None,
    *,
    shared: Mapping[int, Ints] | None = None,
    shared_nodes: Ints | None = None,
) -> nx.Graph:
    """Draw a network as a graph again, with ``role`` and ``layer`` of nodes.

    With ``parameters`` edges carry ``weight`` and neurons ``bias``; with ``shared`` the edges of its blocks, and
    with ``shared_nodes`` the neurons that are not alone in their group, carry a label. The inverse of
    `network_from_graph`: nodes and edges come in the network's order.
    """
    graph = nx.Graph()
    n_inputs, chosen = network.n_inputs, set(network.outputs.tolist())
    layers = np.repeat(np.arange(len(network.layer_sizes)), network.layer_sizes).tolist()
    for i, (name, layer) in enumerate(zip(network.names, layers, strict=True)):
        role = "input" if layer == 0 else "output" if i - n_inputs in chosen else "hidden"
        graph.add_node(name, role=role, layer=layer)
        if parameters is not None and layer > 0:
            graph.nodes[name]["bias"] = float(parameters.biases[i - n_inputs])
    starts = np.concatenate([[0], np.cumsum(network.layer_sizes)])
    for number, block in enumerate(network.blocks):
        rows, cols = block.endpoints()
        pre, post = (starts[block.pre] + rows).tolist(), (starts[block.post] + cols).tolist()
        pairs = [(network.names[a], network.names[b]) for a, b in zip(pre, post, strict=True)]
        if parameters is None:
            graph.add_edges_from(pairs)
        else:
            held = parameters.weights[block.edges].tolist()
            graph.add_weighted_edges_from((a, b, w) for (a, b), w in zip(pairs, held, strict=True))
        if shared is not None and number in shared:
            labels = [(number, group) for group in shared[number].tolist()]
            nx.set_edge_attributes(graph, dict(zip(pairs, labels, strict=True)), "shared")
    if shared_nodes is not None:
        many = np.bincount(shared_nodes)[shared_nodes] > 1
        maps = {network.node_names[k]: int(shared_nodes[k]) for k in np.flatnonzero(many).tolist()}
        nx.set_node_attributes(graph, maps, "shared")
    return graph


def _sort(graph: nx.Graph) -> _Sorted:
    numbers = layer_numbers(graph)
    keys = sorted(graph.nodes, key=numbers.__getitem__)  # stable: the graph's order inside a layer
    place = {key: i for i, key in enumerate(keys)}
    layers = np.array([numbers[key] for key in keys], dtype=np.intp)
    sizes = np.bincount(layers)
    ends = np.array([(place[a], place[b]) for a, b in graph.edges()], dtype=np.intp).reshape(-1, 2)
    ends.sort(axis=1)  # nodes are numbered by layer, so this is first layer, then row below column
    order = np.lexsort((ends[:, 1], ends[:, 0], layers[ends[:, 1]], layers[ends[:, 0]]))
    starts = (np.cumsum(sizes) - sizes).astype(np.intp)
    return _Sorted(keys, place, tuple(sizes.tolist()), starts, layers, ends, order.astype(np.intp))


def _blocks(done: _Sorted) -> tuple[Block, ...]:
    pre, post = done.ends[done.order].T
    pre_layer, post_layer = done.layers[pre], done.layers[post]
    changes = np.flatnonzero(np.diff(pre_layer * len(done.sizes) + post_layer)) + 1
    bounds = [0, *changes.tolist(), len(pre)]
    blocks = []
    for start, stop in pairwise(bounds):
        a, b = int(pre_layer[start]), int(post_layer[start])
        shape = (done.sizes[a], done.sizes[b])
        edges = slice(start, stop)
        if a != b and stop - start == shape[0] * shape[1]:
            blocks.append(Block(a, b, shape, edges))
        else:
            rows, cols = pre[edges] - done.starts[a], post[edges] - done.starts[b]
            blocks.append(Block(a, b, shape, edges, _frozen(rows), _frozen(cols)))
    return tuple(blocks)


def _frozen(array: Ints) -> Ints:
    array.setflags(write=False)
    return array


def _number(value: object, what: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]  # any failure is the error below
    except (TypeError, ValueError):
        raise GraphError(f"{what} {shown(value)} is not a number; give one") from None
    if not np.isfinite(number):
        raise GraphError(f"{what} {number} is not finite; a device cannot hold it")
    return number
