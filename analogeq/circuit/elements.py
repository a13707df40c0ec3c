"""The only things a netlist is ever made of: typed elements, one table of arrays for each kind.

A table holds a kind's elements as arrays, so that a crossbar of a million devices is checked and
written at array speed; iterating over it gives its elements one by one, for people. A table may
hold any name and number, so that the rule check can speak about them; what must not be written is
refused by `analogeq.circuit.schematic.Schematic.lines`, the one way from tables to text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    quantities: ClassVar[tuple[str, ...]] = ()
    prefixes: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together."""
        count = len(self.names)
        if self.nodes.shape != (count, self.n_terminals):
            raise InputError(
                f"{self.kind} table: nodes of shape {self.nodes.shape} for {count} elements; "
                f"pass ({count}, {self.n_terminals})"
            )
        for quantity, array in self.values.items():
            if array.shape != (count,):
                raise InputError(f"{self.kind} table: {quantity} of shape {array.shape}; pass ({count},)")

    @property
    def n_terminals(self) -> int:
        """How many nodes each element has."""
        return self.terminals

    @property
    def values(self) -> dict[str, Doubles]:
        """The kind's numbers, in the order they are written, each of shape (element,)."""
        return {quantity: getattr(self, quantity) for quantity in self.quantities}

    @property
    def references(self) -> tuple[str, ...]:
        """Names the lines carry beside those of elements and nodes."""
        return ()

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Element]:
        for at, (name, nodes) in enumerate(zip(self.names, self.nodes.tolist(), strict=True)):
            yield Element(name, tuple(nodes), {q: float(array[at]) for q, array in self.values.items()})

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line an element, unchecked: for `Schematic.lines` to call."""
        terminals = (map(node_names.__getitem__, column) for column in self.nodes.T.tolist())
        return map(" ".join, zip(self.names, *terminals, *self.columns(), strict=False))

    def columns(self) -> list[Iterable[str]]:
        """What follows the terminals, each at least as long as the table."""
        return [written(array, prefix) for array, prefix in zip(self.values.values(), self.prefixes, strict=True)]


def written(numbers: Doubles, prefix: str = "") -> list[str]:
    """Write numbers with full precision, each behind ``prefix``.

    Half the devices of a crossbar stand at the low end of their range; that number is written once.
    """
    lowest = float(numbers.min(initial=np.inf))
    low = f"{prefix}{lowest!r}"
    # tolist gives Python floats: repr of a numpy scalar is no number to SPICE
    return [low if number == lowest else f"{prefix}{number!r}" for number in numbers.tolist()]


@dataclass(frozen=True, eq=False)
class Resistors(Table):
    """Two-terminal resistors [Ohm]."""

    ohms: Doubles

    letter, kind, terminals, quantities = "r", "resistor", 2, ("ohms",)
    prefixes = ("",)


@dataclass(frozen=True, eq=False)
class Capacitors(Table):
    """Capacitors [F] with the voltage [V] they start a transient from."""

    farads: Doubles
    initial: Doubles

    letter, kind, terminals, quantities = "c", "capacitor", 2, ("farads", "initial")
    prefixes = ("", "ic=")


@dataclass(frozen=True, eq=False)
class VoltageSources(Table):
    """Constant voltage sources [V]; at 0 V a virtual ground that senses a current."""

    volts: Doubles

    letter, kind, terminals, quantities = "v", "voltage source", 2, ("volts",)
    prefixes = ("dc ",)


@dataclass(frozen=True, eq=False)
class CurrentSources(Table):
    """Constant current sources [A], from the first node through the source to the second."""

    amperes: Doubles

    letter, kind, terminals, quantities = "i", "current source", 2, ("amperes",)
    prefixes = ("dc ",)


@dataclass(frozen=True, eq=False)
class NoiseSources(Table):
    """Current sources of white noise in a transient, nothing elsewhere.

    Gaussian samples of zero mean and a standard deviation [A], one every step [s], straight lines between them.
    """

    amperes: Doubles
    seconds: Doubles

    letter, kind, terminals, quantities = "i", "noise source", 2, ("amperes", "seconds")
    prefixes = ("dc 0 trnoise(", "")

    def __post_init__(self) -> None:
        """Refuse what no noise is; ngspice never comes back from a step below zero."""
        super().__post_init__()
        for quantity, wrong, rule in (
            ("amperes", self.amperes < 0.0, "below"),
            ("seconds", self.seconds <= 0.0, "not above"),
        ):
            if wrong.any():
                at = int(np.argmax(wrong))
                value = f"{quantity} = {float(self.values[quantity][at])!r} is {rule} zero"
                raise InputError(f"noise source {self.names[at]}: {value}; give a deviation from 0 and a step above it")

    def columns(self) -> list[Iterable[str]]:
        """Deviation, step, and no 1/f noise."""
        return [*super().columns(), repeat("0 0)")]


@dataclass(frozen=True, eq=False)
class Transconductances(Table):
    """Voltage-controlled current sources [S]; with the control across the output, conductances.

    Nodes are output plus and minus, control plus and minus; the current flows from plus through
    the source to minus.
    """

    siemens: Doubles

    letter, kind, terminals, quantities = "g", "transconductance", 4, ("siemens",)
    prefixes = ("",)

    @property
    def conducting(self) -> NDArray[np.bool_]:
        """Which are two-terminal conductances that conduct."""
        own: NDArray[np.bool_] = (self.nodes[:, :2] == self.nodes[:, 2:]).all(axis=1) & (self.siemens != 0.0)
        return own


@dataclass(frozen=True, eq=False)
class VoltageAmplifiers(Table):
    """Voltage-controlled voltage sources; nodes are output plus and minus, control plus and minus."""

    gain: Doubles

    letter, kind, terminals, quantities = "e", "voltage amplifier", 4, ("gain",)
    prefixes = ("",)


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
    prefixes = ("",)

    @property
    def references(self) -> tuple[str, ...]:
        """The sensing sources."""
        return self.sensing

    def columns(self) -> list[Iterable[str]]:
        """Sensing source, gain."""
        return [self.sensing, *super().columns()]


@dataclass(frozen=True, eq=False)
class IdealClamps(Table):
    """Stand-ins for two perfect diodes between ground and a rail [V]: beyond it, a conductance [S].

    ``lower`` [V] takes the place of ground where it is given.
    """

    rail: Doubles
    siemens: Doubles
    lower: Doubles | None = None

    letter, kind, terminals, quantities = "b", "ideal clamp", 1, ("rail", "siemens")
    expression: ClassVar[str] = "v({0})>{1} ? (v({0})-{1})*{2} : v({0})<0 ? v({0})*{2} : 0"
    between: ClassVar[str] = "v({0})>{1} ? (v({0})-{1})*{2} : v({0})<({3}) ? (v({0})-({3}))*{2} : 0"

    @property
    def values(self) -> dict[str, Doubles]:
        """Rail, conductance and, where it is not ground, the lower level."""
        own = super().values
        return own if self.lower is None else {**own, "lower": self.lower}

    @staticmethod
    def current(node: str, *values: str) -> str:
        """Expression of one clamp's current, from its written `values`."""
        return (IdealClamps.expression if len(values) == 2 else IdealClamps.between).format(node, *values)

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line an element: its current out of the node, by expression."""
        nodes = [node_names[k] for k in self.nodes[:, 0].tolist()]
        currents = map(self.current, nodes, *map(written, self.values.values()))
        return map("{} {} 0 i = {}".format, self.names, nodes, currents)


@dataclass(frozen=True)
class DiodeModel:
    """A ``.model`` line: IS [A], N, RS [Ohm]."""

    name: str
    saturation_current: float
    ideality: float
    series_resistance: float

    @property
    def values(self) -> dict[str, float]:
        """Its numbers by their SPICE names."""
        return {
            "is": float(self.saturation_current),
            "n": float(self.ideality),
            "rs": float(self.series_resistance),
        }

    def line(self) -> str:
        """Write it."""
        return f".model {self.name} d({' '.join(f'{name}={value!r}' for name, value in self.values.items())})"


@dataclass(frozen=True, eq=False)
class Diodes(Table):
    """Exponential diodes of one model, anode first."""

    model: DiodeModel

    letter, kind, terminals = "d", "diode", 2

    @property
    def references(self) -> tuple[str, ...]:
        """The model."""
        return (self.model.name,)

    def columns(self) -> list[Iterable[str]]:
        """The model."""
        return [repeat(self.model.name)]


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

    @property
    def n_terminals(self) -> int:
        """As many nodes as the subcircuit has ports."""
        return int(self.nodes.shape[1])

    @property
    def values(self) -> dict[str, Doubles]:
        """The parameters."""
        return self.parameters

    @property
    def references(self) -> tuple[str, ...]:
        """The subcircuit and its parameters."""
        return (self.subcircuit, *self.parameters)

    def columns(self) -> list[Iterable[str]]:
        """The subcircuit and its parameters."""
        return [repeat(self.subcircuit), *(written(array, f"{name}=") for name, array in self.parameters.items())]
