"""What a graph has to satisfy before it can become a circuit; each breach names the node."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterator

import networkx as nx

from analogeq.errors import GraphError
from analogeq.network.names import node_name, shown

ROLES = ("input", "hidden", "output")
MOST_SHOWN = 10


def check_nodes(graph: nx.Graph) -> None:
    """Check names and roles."""
    _raise_all([*_bad_roles(graph), *_bad_names(graph)])
    roles = [role for _, role in graph.nodes(data="role")]
    _raise_all(
        [
            f"graph: no {role} among its {len(roles)} nodes; give at least one node role={role!r}"
            for role in ("input", "output")
            if role not in roles
        ]
    )


def check_edges(graph: nx.Graph) -> None:
    """Check that edges join two different nodes once and that one of them is a neuron."""
    _raise_all(list(_bad_edges(graph)))


def check_reach(graph: nx.Graph) -> None:
    """Check that inputs reach every node and that the graph is in one piece."""
    roles = dict(graph.nodes(data="role"))
    either_way = graph.to_undirected(as_view=True) if graph.is_directed() else graph
    pieces = list(nx.connected_components(either_way))
    if len(pieces) == 1:
        return
    found = []
    for piece in pieces:
        ordered = [key for key in graph if key in piece]
        if not any(roles[key] == "input" for key in piece):
            found += [_unreached(key, roles[key]) for key in ordered]
        elif len(piece) == 1:
            found.append(f"input {shown(ordered[0])}: has no edge; join it to a neuron or remove it")
    if not found:
        first, second = (next(key for key in graph if key in piece) for piece in pieces[:2])
        found.append(
            f"node {shown(second)}: the graph is disconnected, nothing joins it to {shown(first)}; "
            "add an edge, or build a network of each piece"
        )
    _raise_all(found)


def _unreached(key: Hashable, role: str) -> str:
    return f"{role} {shown(key)}: no path leads to it from an input; add an edge towards the inputs or remove it"


def _bad_roles(graph: nx.Graph) -> Iterator[str]:
    for key, role in graph.nodes(data="role"):
        if role in ROLES:
            continue
        close = difflib.get_close_matches(str(role).lower(), ROLES, n=1) if role is not None else []
        said = "has no role" if role is None else f"role {shown(role)} is unknown"
        hint = f"; did you mean {close[0]!r}?" if close else f"; give it one of {', '.join(ROLES)}"
        yield f"node {shown(key)}: {said}{hint}"


def _bad_names(graph: nx.Graph) -> Iterator[str]:
    first: dict[str, Hashable] = {}
    for key in graph:
        try:
            name = node_name(key)
        except GraphError as error:
            yield str(error)
            continue
        if name in first:
            yield (
                f"node {shown(key)}: duplicate, it is called {name!r} as {shown(first[name])} is (SPICE folds case); "
                "rename one"
            )
        first.setdefault(name, key)


def _bad_edges(graph: nx.Graph) -> Iterator[str]:
    seen: set[tuple[Hashable, Hashable]] = set()
    roles = dict(graph.nodes(data="role"))
    for a, b in graph.edges():
        if a == b:
            yield f"node {shown(a)}: self-loop, a neuron's own leak is its only tie to itself; remove the edge"
        elif (a, b) in seen or (b, a) in seen:
            yield (
                f"edge {shown(a)} to {shown(b)}: duplicate, one weight acts both ways; remove all but one edge "
                "between the two"
            )
        elif roles[a] == roles[b] == "input":
            yield f"edge {shown(a)} to {shown(b)}: joins two inputs, whose voltages are given; remove the edge"
        seen.add((a, b))


def _raise_all(problems: list[str]) -> None:
    if not problems:
        return
    if len(problems) == 1:
        raise GraphError(problems[0])
    more = len(problems) - MOST_SHOWN
    lines = problems[:MOST_SHOWN] + ([f"and {more} more like these"] if more > 0 else [])
    raise GraphError(f"{len(problems)} problems in the graph:\n" + "\n".join(f"  - {line}" for line in lines))
