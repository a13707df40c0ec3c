"""The only things a netlist is ever made of: typed elements, one table of arrays for each kind.

A table holds a kind's elements as arrays, so that a crossbar of a million devices is checked and
written at array speed; iterating over it gives its elements one by one, for people. Names, node
numbers and values are checked when a table is made, hence what exists can be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.names import GROUND, check_names, check_unique, shown
from analogeq.errors import InputError

Ints = NDArray[np.intp]
Doubles = NDArray[np.float64]


class Element(NamedTuple):
    """One element as people see it: its name, the numbers of its nodes, its values by name."""

    name: str
    nodes: tuple[int, ...]
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class Table:
    """Elements of one kind.

    Attributes
    ----------
    names : tuple of str
        Element names; the first letter is the kind's.
    nodes : ndarray of int, shape (element, terminal)
        Node numbers; 0 is ground.
    """

    names: tuple[str, ...]
    nodes: Ints

    letter: ClassVar[str]
    kind: ClassVar[str]
    terminals: ClassVar[int]
    quantities: ClassVar[tuple[str, ...]]
    form: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse what must not be written."""
        check_names(self.kind, self.names, self.letter)
        if self.nodes.shape != (len(self.names), self.n_terminals):
            raise InputError(
                f"{self.kind} table: nodes of shape {self.nodes.shape}; "
                f"{len(self.names)} elements need ({len(self.names)}, {self.n_terminals})"
            )
        for quantity, array in self.values.items():
            self._check_values(quantity, array)

    def _check_values(self, quantity: str, array: Doubles) -> None:
        if array.shape != (len(self.names),):
            raise InputError(f"{self.kind} table: {quantity} of shape {array.shape}; pass shape ({len(self.names)},)")
        if not np.isfinite(array).all():
            at = int(np.flatnonzero(~np.isfinite(array))[0])
            raise InputError(
                f"{self.kind} {self.names[at]}: {quantity} {array[at]} is not finite; give a finite number"
            )

    @property
    def n_terminals(self) -> int:
        """How many nodes each element has."""
        return self.terminals

    @property
    def values(self) -> dict[str, Doubles]:
        """The kind's numbers, in the order they are written, each of shape (element,)."""
        return {quantity: getattr(self, quantity) for quantity in self.quantities}

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Element]:
        for at, (name, nodes) in enumerate(zip(self.names, self.nodes.tolist(), strict=True)):
            yield Element(name, tuple(nodes), {q: float(array[at]) for q, array in self.values.items()})

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line of netlist an element."""
        terminals = (map(node_names.__getitem__, column) for column in self.nodes.T.tolist())
        # tolist gives Python floats: repr of a numpy scalar is not a number to SPICE
        numbers = (map(repr, array.astype(np.float64).tolist()) for array in self.values.values())
        return map(self.form.format, self.names, *terminals, *numbers)


@dataclass(frozen=True, eq=False)
class Resistors(Table):
    """Two-terminal resistors [Ohm]."""

    ohms: Doubles

    letter, kind, terminals, quantities = "r", "resistor", 2, ("ohms",)
    form = "{} {} {} {}"


@dataclass(frozen=True, eq=False)
class Capacitors(Table):
    """Capacitors [F] with the voltage [V] they start a transient from."""

    farads: Doubles
    initial: Doubles

    letter, kind, terminals, quantities = "c", "capacitor", 2, ("farads", "initial")
    form = "{} {} {} {} ic={}"


@dataclass(frozen=True, eq=False)
class VoltageSources(Table):
    """Constant voltage sources [V]; at 0 V a virtual ground that senses a current."""

    volts: Doubles

    letter, kind, terminals, quantities = "v", "voltage source", 2, ("volts",)
    form = "{} {} {} dc {}"


@dataclass(frozen=True, eq=False)
class CurrentSources(Table):
    """Constant current sources [A], from the first node through the source to the second."""

    amperes: Doubles

    letter, kind, terminals, quantities = "i", "current source", 2, ("amperes",)
    form = "{} {} {} dc {}"


@dataclass(frozen=True, eq=False)
class Transconductances(Table):
    """Voltage-controlled current sources [S]; with the control across the output, conductances.

    Nodes are output plus and minus, control plus and minus; the current flows from plus through
    the source to minus.
    """

    siemens: Doubles

    letter, kind, terminals, quantities = "g", "transconductance", 4, ("siemens",)
    form = "{} {} {} {} {} {}"


@dataclass(frozen=True, eq=False)
class VoltageAmplifiers(Table):
    """Voltage-controlled voltage sources; nodes are output plus and minus, control plus and minus."""

    gain: Doubles

    letter, kind, terminals, quantities = "e", "voltage amplifier", 4, ("gain",)
    form = "{} {} {} {} {} {}"


@dataclass(frozen=True, eq=False)
class CurrentConveyors(Table):
    """Current-controlled current sources.

    Attributes
    ----------
    sensing : tuple of str
        The voltage source whose current each one copies.
    gain : ndarray, shape (element,)
        Dimensionless.
    """

    sensing: tuple[str, ...]
    gain: Doubles

    letter, kind, terminals, quantities = "f", "current conveyor", 2, ("gain",)
    form = "{} {} {} {} {}"

    def __post_init__(self) -> None:
        """Check the sensing sources' names, too."""
        super().__post_init__()
        if len(self.sensing) != len(self.names):
            raise InputError(f"{self.kind} table: {len(self.sensing)} sensing sources for {len(self.names)} elements")
        for name in set(self.sensing):
            check_names("sensing source", (name,), "v")

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line of netlist an element."""
        plus, minus = (map(node_names.__getitem__, column) for column in self.nodes.T.tolist())
        return map(self.form.format, self.names, plus, minus, self.sensing, map(repr, self.gain.tolist()))


@dataclass(frozen=True, eq=False)
class IdealClamps(Table):
    """Stand-ins for two perfect diodes between ground and a rail [V]: beyond it, a conductance [S]."""

    rail: Doubles
    siemens: Doubles

    letter, kind, terminals, quantities = "b", "ideal clamp", 1, ("rail", "siemens")
    form = "{0} {1} 0 i = v({1})>{2} ? (v({1})-{2})*{3} : v({1})<0 ? v({1})*{3} : 0"


@dataclass(frozen=True)
class DiodeModel:
    """A ``.model`` line: IS [A], N, RS [Ohm]."""

    name: str
    saturation_current: float
    ideality: float
    series_resistance: float

    def __post_init__(self) -> None:
        """Refuse what must not be written."""
        check_names("diode model", (self.name,))
        for quantity in ("saturation_current", "ideality", "series_resistance"):
            value = getattr(self, quantity)
            if not np.isfinite(value):
                raise InputError(f"diode model {self.name}: {quantity} {value} is not finite; give a number")

    def line(self) -> str:
        """Write it."""
        numbers = (float(x) for x in (self.saturation_current, self.ideality, self.series_resistance))
        return ".model {} d(is={!r} n={!r} rs={!r})".format(self.name, *numbers)


@dataclass(frozen=True, eq=False)
class Diodes(Table):
    """Exponential diodes of one model, anode first."""

    model: DiodeModel

    letter, kind, terminals, quantities = "d", "diode", 2, ()

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line of netlist an element."""
        anode, cathode = (map(node_names.__getitem__, column) for column in self.nodes.T.tolist())
        return map(f"{{}} {{}} {{}} {self.model.name}".format, self.names, anode, cathode)


@dataclass(frozen=True, eq=False)
class Instances(Table):
    """Instances of one subcircuit.

    Attributes
    ----------
    subcircuit : str
        Its name.
    parameters : dict
        Numbers handed to it by name, each of shape (element,).
    """

    subcircuit: str
    parameters: dict[str, Doubles]

    letter, kind = "x", "subcircuit instance"

    def __post_init__(self) -> None:
        """Check the names of subcircuit and parameters, too."""
        super().__post_init__()
        check_names("subcircuit", (self.subcircuit,))
        check_names("parameter", tuple(self.parameters))

    @property
    def n_terminals(self) -> int:
        """As many nodes as the subcircuit has ports."""
        return int(self.nodes.shape[1])

    @property
    def values(self) -> dict[str, Doubles]:
        """The parameters."""
        return self.parameters

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line of netlist an element."""
        ports = " ".join(["{}"] * self.n_terminals)
        passed = "".join(f" {name}={{}}" for name in self.parameters)
        terminals = (map(node_names.__getitem__, column) for column in self.nodes.T.tolist())
        numbers = (map(repr, array.tolist()) for array in self.parameters.values())
        return map(f"{{}} {ports} {self.subcircuit}{passed}".format, self.names, *terminals, *numbers)


@dataclass(frozen=True, eq=False)
class Schematic:
    """Nodes and element tables: a whole circuit, ready to check and to write.

    Attributes
    ----------
    nodes : tuple of str
        Node names; the first is ground.
    tables : tuple of Table
        In the order they are written.
    """

    nodes: tuple[str, ...]
    tables: tuple[Table, ...]

    def __post_init__(self) -> None:
        """Refuse unknown nodes and names that stand twice."""
        if not self.nodes or self.nodes[0] != GROUND:
            raise InputError(f"schematic: its first node is {shown(self.nodes[:1])}; the first must be ground, '0'")
        check_names("node", self.nodes[1:])
        check_unique("element", [name for table in self.tables for name in table.names])
        for table in self.tables:
            if len(table) and (table.nodes.min() < 0 or table.nodes.max() >= len(self.nodes)):
                raise InputError(f"{table.kind} table: a node number outside 0 … {len(self.nodes) - 1}; add the node")

    @cached_property
    def n_elements(self) -> int:
        """How many elements there are."""
        return sum(map(len, self.tables))

    def __iter__(self) -> Iterator[Element]:
        for table in self.tables:
            yield from table

    def lines(self) -> Iterator[str]:
        """Every element's line and every model's."""
        for table in self.tables:
            yield from table.lines(self.nodes)
        for model in sorted({t.model for t in self.tables if isinstance(t, Diodes)}, key=lambda m: m.name):
            yield model.line()
