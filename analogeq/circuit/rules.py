r"""The electrical rule check: what a simulator would answer wrongly or not at all.

ngspice "solves" a floating node, takes R = 0 for a milliohm and a negative R as it stands, and
folds names by case. So a circuit is checked here, on its element tables, before any simulator
starts. A *DC path* is a chain of resistors, conductances, voltage sources, diodes and clamps;
capacitors, current sources and transconductances are none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analogeq.circuit.elements import (
    Capacitors,
    CurrentConveyors,
    CurrentSources,
    Diodes,
    IdealClamps,
    Instances,
    Ints,
    Resistors,
    Table,
    Transconductances,
    VoltageAmplifiers,
    VoltageSources,
)
from analogeq.circuit.expressed import ExpressedSources, LimitedConveyors
from analogeq.circuit.names import shown
from analogeq.circuit.schematic import (
    Schematic,
    Violation,
    first_of,
    illegal_names,
    name_collisions,
    refuse,
    unwritable,
)
from analogeq.errors import InputError
from analogeq.network import Network

_SHOWN_NODES = 5


def check(schematic: Schematic) -> tuple[Violation, ...]:
    """Check a flat schematic.

    Returns
    -------
    tuple of Violation
        Empty for a sound circuit. Rules: *illegal name*, *name collision*, *non-finite value*,
        *value not positive*, *no ground*, *floating node*, *floating island*,
        *voltage-source loop*, *missing reference*.

    Raises
    ------
    InputError
        If the schematic has subcircuit instances; flatten it first.
    """
    if any(isinstance(table, Instances) for table in schematic.tables):
        raise InputError("schematic: subcircuit instances hide what they connect; flatten it before the rule check")
    return (
        *unwritable(schematic),
        *_values_not_positive(schematic),
        *_missing_references(schematic),
        *_grounding(schematic),
        *_source_loops(schematic),
    )


def check_names(network: Network) -> tuple[Violation, ...]:
    """Check that a network's own names can stand in a netlist, where case is folded."""
    illegal = tuple(illegal_names("node", [str(name).lower() for name in network.names]))
    return illegal or tuple(name_collisions("node", network.names))


def require(schematic: Schematic) -> None:
    """Raise `ElectricalRuleError` listing every violation, if there is one."""
    refuse(check(schematic))


def _values_not_positive(schematic: Schematic) -> Iterator[Violation]:
    remedy = "give a value above zero; leave the element out where there is none"
    for table in schematic.tables:
        for kind, quantity in (
            (Resistors, "ohms"),
            (Capacitors, "farads"),
            (IdealClamps, "rail"),
            (LimitedConveyors, "amperes"),
        ):
            if isinstance(table, kind):
                yield from first_of(table, quantity, table.values[quantity] <= 0.0, "value not positive", remedy)
        if _one_ended(table) and "siemens" in table.values:
            yield from first_of(table, "siemens", table.values["siemens"] <= 0.0, "value not positive", remedy)
    for table in schematic.diode_tables:
        values = table.model.values
        for quantity, bad in (("is", values["is"] <= 0.0), ("n", values["n"] <= 0.0), ("rs", values["rs"] < 0.0)):
            if bad:
                at = f"diode model {table.model.name}"
                yield Violation("value not positive", at, f"{quantity} = {values[quantity]!r}", remedy)


def _missing_references(schematic: Schematic) -> Iterator[Violation]:
    sources = {name for table in schematic.tables if isinstance(table, VoltageSources) for name in table.names}
    for table in schematic.tables:
        if isinstance(table, CurrentConveyors):
            for name, sensing in zip(table.names, table.sensing, strict=True):
                if sensing not in sources:
                    value = f"copies the current of {shown(sensing)}, which is not there"
                    yield Violation("missing reference", f"{table.kind} {shown(name)}", value, "add the voltage source")


def _grounding(schematic: Schematic) -> Iterator[Violation]:
    if not any((_terminals(table) == 0).any() for table in schematic.tables):
        yield Violation("no ground", "circuit", "no element is on node 0", "connect one node to ground")
        return
    pairs = [_dc_pairs(table) for table in schematic.tables]
    island = _islands(len(schematic.nodes), np.concatenate([*pairs, np.zeros((0, 2), dtype=np.intp)]))
    for label in np.unique(island[island != island[0]]):
        yield _floating([schematic.nodes[k] for k in np.flatnonzero(island == label)])


def _floating(names: list[str]) -> Violation:
    value, remedy = "no DC path to ground", "connect it to ground through a resistor or a source"
    if len(names) == 1:
        return Violation("floating node", f"node {shown(names[0])}", value, remedy)
    listed = ", ".join(map(shown, names[:_SHOWN_NODES])) + (", …" if len(names) > _SHOWN_NODES else "")
    return Violation("floating island", f"nodes {listed} ({len(names)} in all)", value, remedy)


def _source_loops(schematic: Schematic) -> Iterator[Violation]:
    tables = [table for table in schematic.tables if isinstance(table, VoltageSources | VoltageAmplifiers)]
    if not tables:
        return
    pairs = np.concatenate([table.nodes[:, :2] for table in tables])
    n_nodes = len(schematic.nodes)
    # a forest on n nodes in k trees has n - k edges; one more closes a loop
    if len(pairs) <= n_nodes - len(np.unique(_islands(n_nodes, pairs))):
        return
    names = [(table.kind, name) for table in tables for name in table.names]
    for at in _closing(n_nodes, pairs):
        kind, name = names[at]
        value = f"closes a loop of voltage sources at node {shown(schematic.nodes[pairs[at, 0]])}"
        yield Violation(
            "voltage-source loop", f"{kind} {shown(name)}", value, "remove one, or put a resistor in series"
        )


def _closing(n_nodes: int, pairs: Ints) -> Iterator[int]:
    """Positions of the edges that join what the edges before them have joined."""
    root = list(range(n_nodes))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for at, ends in enumerate(pairs.tolist()):
        a, b = map(find, ends)
        if a == b:
            yield at
        root[a] = b


def _islands(n_nodes: int, pairs: Ints) -> Ints:
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_nodes, n_nodes))
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.intp)
    return labels


def _terminals(table: Table) -> Ints:
    if _one_ended(table):
        return np.column_stack((table.nodes, np.zeros_like(table.nodes)))
    return table.nodes


def _one_ended(table: Table) -> bool:
    """Whether the elements are clamps, node diodes or curves: on one node, their other end always on ground."""
    return table.n_terminals == 1


def _dc_pairs(table: Table) -> Ints:
    """Which nodes a table joins for direct current, shape (pair, 2)."""
    if isinstance(table, Transconductances):
        return table.nodes[table.conducting, :2]
    if isinstance(table, Capacitors | CurrentSources | CurrentConveyors | ExpressedSources):
        return np.zeros((0, 2), dtype=np.intp)
    if isinstance(table, Resistors | VoltageSources | VoltageAmplifiers | Diodes) or _one_ended(table):
        return _terminals(table)[:, :2]
    raise TypeError(f"{type(table).__name__}: the rule check does not know what it connects")
