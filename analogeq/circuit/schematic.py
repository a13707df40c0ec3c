"""Nodes and element tables put together, and the one way from them to text."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.elements import Diodes, Element, Table
from analogeq.circuit.names import GROUND, alike, all_writable, name_problem, shown
from analogeq.errors import ElectricalRuleError, InputError


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Attributes
    ----------
    rule : str
        The rule's name, as in "floating node".
    element : str
        Kind and name of what breaks it.
    value : str
        What was found there, with its unit.
    remedy : str
        What to change.
    """

    rule: str
    element: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.element}: {self.value} ({self.rule}); {self.remedy}"


@dataclass(frozen=True, eq=False)
class Schematic:
    """A whole circuit, ready to check and to write.

    Attributes
    ----------
    nodes : tuple of str
        Node names by number; number 0 is ground, ``"0"``.
    tables : tuple of Table
        In the order they are written.
    """

    nodes: tuple[str, ...]
    tables: tuple[Table, ...]

    def __post_init__(self) -> None:
        """Refuse elements on nodes that are not there."""
        if not self.nodes or self.nodes[0] != GROUND:
            raise InputError(f"schematic: node 0 is {shown(self.nodes[:1])}, which must be ground; put '0' first")
        for table in self.tables:
            if len(table) and (table.nodes.min() < 0 or table.nodes.max() >= len(self.nodes)):
                raise InputError(f"{table.kind} table: node number outside 0 … {len(self.nodes) - 1}; add the node")

    def __len__(self) -> int:
        return sum(map(len, self.tables))

    def __iter__(self) -> Iterator[Element]:
        for table in self.tables:
            yield from table

    @property
    def diode_tables(self) -> tuple[Diodes, ...]:
        """The tables of diodes."""
        return tuple(table for table in self.tables if isinstance(table, Diodes))

    def lines(self) -> Iterator[str]:
        """Every element's line and every diode model's.

        Raises
        ------
        ElectricalRuleError
            Before the first line, if a name or a value must not be written.
        """
        refuse_unwritable(self)
        return self._lines()

    def _lines(self) -> Iterator[str]:
        for table in self.tables:
            yield from table.lines(self.nodes)
        for model in {table.model: None for table in self.diode_tables}:
            yield model.line()


def refuse_unwritable(schematic: Schematic) -> None:
    """Raise `ElectricalRuleError` if a name or a value must not be in a netlist."""
    refuse(tuple(unwritable(schematic)))


def refuse(violations: tuple[Violation, ...]) -> None:
    """Raise `ElectricalRuleError` listing ``violations``, if there are any."""
    if violations:
        raise ElectricalRuleError(tuple(map(str, violations)))


def unwritable(schematic: Schematic) -> Iterator[Violation]:
    """Yield what must not be in a netlist: names, then values."""
    yield from illegal_names("node", schematic.nodes[1:])
    for table in schematic.tables:
        yield from illegal_names(table.kind, table.names, table.letter)
        yield from illegal_names(f"{table.kind}'s reference", set(table.references))
    yield from name_collisions("node", schematic.nodes)
    yield from name_collisions("element", list(chain.from_iterable(table.names for table in schematic.tables)))
    for table in schematic.tables:
        for quantity, array in table.values.items():
            yield from first_of(table, quantity, ~np.isfinite(array), "non-finite value", "give a finite number")
    for table in schematic.diode_tables:
        for quantity, value in table.model.values.items():
            if not np.isfinite(value):
                at = f"diode model {table.model.name}"
                yield Violation("non-finite value", at, f"{quantity} = {value}", "give a finite number")


def illegal_names(kind: str, names: Collection[str], letter: str = "") -> Iterator[Violation]:
    """Yield a violation for each name that must not be in a netlist."""
    if all_writable(names, letter):
        return
    for name in names:
        problem = name_problem(name, letter)
        if problem is not None:
            yield Violation("illegal name", f"{kind} {shown(name)}", *problem)


def name_collisions(kind: str, names: Collection[str]) -> Iterator[Violation]:
    """Yield a violation if two names are one after lower-casing."""
    same = alike(names)
    if same:
        value = f"stands {len(same)} times once case is folded, as {', '.join(map(shown, same[:3]))}"
        yield Violation("name collision", f"{kind} {shown(same[0].lower())}", value, "rename all but one")


def first_of(table: Table, quantity: str, broken: NDArray[np.bool_], rule: str, remedy: str) -> Iterator[Violation]:
    """Yield one violation for all ``broken`` elements of a table, naming the first."""
    at = np.flatnonzero(broken)
    if len(at):
        more = f" (and {len(at) - 1} more)" if len(at) > 1 else ""
        element = f"{table.kind} {shown(table.names[at[0]])}{more}"
        yield Violation(rule, element, f"{quantity} = {float(table.values[quantity][at[0]])!r}", remedy)
