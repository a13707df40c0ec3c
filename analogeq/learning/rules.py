r"""Sibling rules: which two states of a circuit are compared.

All of them change a conductance by the difference of :math:`\tfrac12 (\Delta v)^2` between two
states, over a span; they differ in what is done to the outputs in each.

============================== ============================================== ===================
rule                           outputs in the second state                    span
============================== ============================================== ===================
equilibrium propagation [1]_   nudged, by a conductance β to the target or    β, or 2β between -β
                               a constant current -β·slope of the cost        and +β (centred)
coupled learning [2]_          held at ``free + η (target - free)``           η, or 2η (centred)
contrastive learning [3]_      held at the target                             1
============================== ============================================== ===================

Positive: free and nudged; negative: nudged the other way and free; random sign: one of the two, drawn for
each minibatch; centred: both ways, without the free state.

References
----------
.. [1] Scellier & Bengio, Front. Comput. Neurosci. 11 (2017).
.. [2] Stern, Hexner, Rocks, Liu, Phys. Rev. X 11, 021045 (2021).
.. [3] Movellan, Contrastive Hebbian learning in the continuous Hopfield model (1991).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.learning.costs import Cost, SquaredError, of_pairs

Array = NDArray[np.floating]
Sides = Literal["positive", "negative", "random-sign", "centred"]


@dataclass(frozen=True, eq=False)
class Action:
    """What is done to the outputs in one state; at most one of the three.

    Attributes
    ----------
    conductance : float
        From each output to ``targets`` [S].
    targets : ndarray, shape (batch, output), or None
        [V]
    injected : ndarray, shape (batch, output), or None
        Constant currents [A].
    held : ndarray, shape (batch, output), or None
        Voltages of ideal sources [V].
    """

    conductance: float = 0.0
    targets: Array | None = None
    injected: Array | None = None
    held: Array | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two states to compare; ``None`` is the free one."""

    first: Action | None
    second: Action | None
    span: float


class Rule(Protocol):
    """Decides what is compared."""

    def comparison(self, free: Array, targets: Array, sign: float) -> Comparison:
        """Two states for a minibatch.

        Parameters
        ----------
        free : ndarray, shape (batch, output node)
            Output voltages of the free state [V].
        targets : ndarray, shape (batch, output)
            What the outputs, or the differences of their pairs, should be.
        sign : float
            +1 or -1, drawn by the caller, for rules of random sign.
        """
        ...


def _two_sides(sides: Sides, size: float, sign: float) -> tuple[float, float]:
    """Strengths of the first and second state."""
    if sides == "centred":
        return -size, size
    if sides == "negative":
        return -size, 0.0
    return 0.0, size if sides == "positive" else size * sign


def _check(name: str, size: float, sides: str) -> None:
    if not size > 0.0:
        raise InputError(f"{name}: {size} compares a state with itself; give it above zero, and the side by name")
    if sides not in ("positive", "negative", "random-sign", "centred"):
        raise InputError(f"sides: {sides!r} is unknown; choose positive, negative, random-sign or centred")


@dataclass(frozen=True)
class EquilibriumPropagation:
    """Nudge the outputs a little down the cost.

    Attributes
    ----------
    beta : float
        Strength: a conductance [S] for a squared error, else a factor of the current.
    sides : {"positive", "negative", "random-sign", "centred"}
    by : {"conductance", "current"}
        A conductance is the nudge of a squared error of single outputs; a current does for any cost.
    cost : Cost
    pairs : bool
        Whether two output nodes make one output.
    """

    beta: float = 1.0
    sides: Sides = "centred"
    by: Literal["conductance", "current"] = "conductance"
    cost: Cost = field(default_factory=SquaredError)
    pairs: bool = False

    def __post_init__(self) -> None:
        _check("beta", self.beta, self.sides)
        if self.by == "conductance" and (self.pairs or not isinstance(self.cost, SquaredError)):
            raise InputError(
                "nudge: a conductance to the target is the slope of a squared error of single outputs; "
                "use by = 'current' for other costs and for pairs"
            )

    def comparison(self, free: Array, targets: Array, sign: float) -> Comparison:
        """Compare nudges of the two strengths."""
        first, second = _two_sides(self.sides, self.beta, sign)
        if self.by == "conductance":
            actions = [Action(conductance=b, targets=targets) if b else None for b in (first, second)]
        else:
            slope = self._slope(free, targets)
            actions = [Action(injected=-b * slope) if b else None for b in (first, second)]
        return Comparison(actions[0], actions[1], second - first)

    def _slope(self, free: Array, targets: Array) -> Array:
        if not self.pairs:
            return self.cost.slope(free, targets)
        return of_pairs(self.cost.slope(free[:, 0::2] - free[:, 1::2], targets))


@dataclass(frozen=True)
class CoupledLearning:
    """Hold the outputs a little nearer to the targets than they are.

    Attributes
    ----------
    eta : float
        Fraction of the way.
    sides : {"positive", "negative", "random-sign", "centred"}
    """

    eta: float = 0.1
    sides: Sides = "positive"

    def __post_init__(self) -> None:
        _check("eta", self.eta, self.sides)

    def comparison(self, free: Array, targets: Array, sign: float) -> Comparison:
        """Compare outputs held at two fractions of the way."""
        first, second = _two_sides(self.sides, self.eta, sign)
        actions = [Action(held=free + e * (targets - free)) if e else None for e in (first, second)]
        return Comparison(actions[0], actions[1], second - first)


@dataclass(frozen=True)
class ContrastiveLearning:
    """Hold the outputs at the targets: coupled learning with the whole way."""

    def comparison(self, free: Array, targets: Array, sign: float) -> Comparison:  # noqa: ARG002  one side only
        """Compare the free state with held targets."""
        del free
        return Comparison(None, Action(held=targets), 1.0)
