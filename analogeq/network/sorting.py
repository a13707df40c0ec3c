"""Which layer each node of a graph stands in."""

from __future__ import annotations

import operator
from collections.abc import Hashable

import networkx as nx

from analogeq.errors import GraphError
from analogeq.network.names import shown


def layer_numbers(graph: nx.Graph) -> dict[Hashable, int]:
    """Layer of each node: its own ``layer``, else by distance from the inputs; outputs last.

    The graph has passed the checks of roles and reach.

    Raises
    ------
    GraphError
        If a layer is not an int of 1 or more (0 for inputs), some nodes of a kind have one and
        others not, or a layer is empty.
    """
    roles = dict(graph.nodes(data="role"))
    numbers: dict[Hashable, int] = {key: _own_layer(graph, key) or 0 for key, role in roles.items() if role == "input"}
    hidden = [key for key, role in roles.items() if role == "hidden"]
    outputs = [key for key, role in roles.items() if role == "output"]
    own = _own_layers(graph, hidden, "hidden node")
    numbers |= own if own is not None else _by_distance(graph, hidden)
    own_outputs = _own_layers(graph, outputs, "output")
    if own_outputs is None:
        last = 1 + max(numbers.values())
        own_outputs = dict.fromkeys(outputs, last)
    elif hidden and own is None:
        raise GraphError(
            f"hidden node {shown(hidden[0])}: has no layer though outputs have; give every neuron a layer, or none"
        )
    numbers |= own_outputs
    _no_gap(numbers)
    return numbers


def _own_layer(graph: nx.Graph, key: Hashable) -> int | None:
    given = graph.nodes[key].get("layer")
    if given is None:
        return None
    is_input = graph.nodes[key]["role"] == "input"
    rule = "inputs are layer 0" if is_input else "layers of neurons are ints from 1"
    try:
        number = -1 if isinstance(given, bool) else operator.index(given)
    except TypeError:
        number = -1
    if (is_input and number != 0) or (not is_input and number < 1):
        raise GraphError(f"node {shown(key)}: layer {shown(given)}; {rule}; change it or leave it out")
    return number


def _own_layers(graph: nx.Graph, keys: list[Hashable], kind: str) -> dict[Hashable, int] | None:
    """Layers of nodes that all say theirs; None where none does."""
    said = {key: number for key in keys if (number := _own_layer(graph, key)) is not None}
    if not said:
        return None
    silent = next((key for key in keys if key not in said), None)
    if silent is not None:
        raise GraphError(
            f"{kind} {shown(silent)}: has no layer though {shown(next(iter(said)))} has; give each a layer, or none"
        )
    return said


def _by_distance(graph: nx.Graph, hidden: list[Hashable]) -> dict[Hashable, int]:
    """Put hidden nodes at their distance from the inputs over hidden nodes, layers without a gap.

    Those that only outputs join to the inputs come after the others.
    """
    either_way = graph.to_undirected(as_view=True) if graph.is_directed() else graph
    roles = dict(graph.nodes(data="role"))
    distance = _distances(either_way.subgraph(key for key, role in roles.items() if role != "output"), roles)
    through_outputs, behind = _distances(either_way, roles), 1 + max(distance.values())
    whole = {key: distance.get(key, behind + through_outputs[key]) for key in hidden}
    ranks = {d: rank for rank, d in enumerate(sorted(set(whole.values())), start=1)}
    return {key: ranks[d] for key, d in whole.items()}


def _distances(graph: nx.Graph, roles: dict[Hashable, str]) -> dict[Hashable, int]:
    inputs = [key for key, role in roles.items() if role == "input"]
    return {key: d for d, keys in enumerate(nx.bfs_layers(graph, inputs)) for key in keys}


def _no_gap(numbers: dict[Hashable, int]) -> None:
    used = set(numbers.values())
    gap = next((k for k in range(max(used)) if k not in used), None)
    if gap is not None:
        after = next(key for key, k in numbers.items() if k > gap)
        raise GraphError(
            f"layer {gap}: has no node though {shown(after)} is in layer {numbers[after]}; "
            "number the layers 1, 2, … without a gap"
        )
