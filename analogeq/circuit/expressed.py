"""Elements whose current is an expression of a voltage: the output stages of amplifiers that reach their limits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from analogeq.circuit.elements import Doubles, Table, written


@dataclass(frozen=True, eq=False)
class ExpressedSources(Table):
    """Currents out of ground into the first node, by an expression of the second node's voltage."""

    letter, terminals = "b", 2

    @staticmethod
    @abstractmethod
    def current(control: str, *values: str) -> str:
        """Expression of one element's current [A] from its written `values`."""

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line an element."""
        outputs, controls = ([node_names[k] for k in column] for column in self.nodes.T.tolist())
        currents = map(self.current, controls, *map(written, self.values.values()))
        return map("{} 0 {} i = {}".format, self.names, outputs, currents)


@dataclass(frozen=True, eq=False)
class LimitedConveyors(ExpressedSources):
    """Transconductances [S] whose current saturates at a limit [A] as a hyperbolic tangent does."""

    siemens: Doubles
    amperes: Doubles

    kind, quantities = "limited conveyor", ("siemens", "amperes")

    @staticmethod
    def current(control: str, *values: str) -> str:
        """I_max tanh(g v / I_max)."""
        siemens, amperes = values
        return f"tanh(v({control})*{siemens}/{amperes})*{amperes}"


@dataclass(frozen=True, eq=False)
class LimitedFollowers(ExpressedSources):
    """Transconductances [S] of a voltage that is kept between two ends [V]."""

    siemens: Doubles
    low: Doubles
    high: Doubles

    kind, quantities = "limited follower", ("siemens", "low", "high")

    @staticmethod
    def current(control: str, *values: str) -> str:
        """G min(max(v, low), high)."""
        siemens, low, high = values
        return f"min(max(v({control}),{low}),{high})*{siemens}"
