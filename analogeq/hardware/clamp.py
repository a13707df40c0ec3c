"""What holds a neuron between its rails: the circuit's hard sigmoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_int, check_label, check_not_negative, check_positive
from analogeq.hardware.seeds import drawn


@dataclass(frozen=True)
class IdealClamp:
    """Two perfect diodes: no current inside the rails, any current at them.

    Attributes
    ----------
    stiffness : float
        How a simulator that cannot hold a node exactly stands in for it: the clamp's conductance
        beyond the rails, in units of G0. At 1e9 a node that pushes ten full-scale currents into
        its rail stands 1e-8 of the rail voltage beyond it, and Newton still converges in a few steps.
    lower_spread, upper_spread : float
        Standard deviations of the levels it holds a node between, among neurons [V].
    seed : int
        Which chip: the seed of these.
    """

    stiffness: float = 1e9
    lower_spread: float = 0.0
    upper_spread: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_positive("stiffness", self.stiffness)
        _check_spreads(self)


@dataclass(frozen=True)
class DiodeClamp:
    """Two exponential diodes, one from ground into the node and one from the node to the rail.

    Attributes
    ----------
    saturation_current : float
        IS [A].
    ideality : float
        N, the emission coefficient.
    series_resistance : float
        RS [Ohm], zero for none.
    name : str
        The part it describes, empty for a made-up one.
    lower_spread, upper_spread : float
        Standard deviations among neurons [V] of what the two diodes are tied to: the same as a mismatch of their
        forward voltages.
    seed : int
        Which chip: the seed of these.
    """

    saturation_current: float = 1e-14
    ideality: float = 1.0
    series_resistance: float = 0.0
    name: str = ""
    lower_spread: float = 0.0
    upper_spread: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_positive("saturation_current", self.saturation_current, "A")
        check_positive("ideality", self.ideality)
        check_not_negative("series_resistance", self.series_resistance, "Ohm")
        check_label("diode name", self.name, empty=True)
        _check_spreads(self)


Clamp = IdealClamp | DiodeClamp


def _check_spreads(clamp: Clamp) -> None:
    check_not_negative("lower_spread", clamp.lower_spread, "V")
    check_not_negative("upper_spread", clamp.upper_spread, "V")
    check_int("seed", clamp.seed, 0, None, "give a seed from 0")


@dataclass(frozen=True, eq=False)
class ClampLevels:
    """What every neuron of a chip is held between [V]; read-only arrays of shape (node,)."""

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.lower.setflags(write=False)
        self.upper.setflags(write=False)


def clamp_levels(clamp: Clamp, rail: float, count: int) -> ClampLevels | None:
    """Draw the levels of ``count`` neurons from the clamp's seed; None where all are 0 V and the rail.

    Raises
    ------
    TechnologyError
        If a neuron's upper level is drawn at or below its lower one.
    """
    if clamp.lower_spread == clamp.upper_spread == 0.0:
        return None
    lower, upper = drawn(clamp.seed, "clamps").standard_normal((2, count))
    levels = ClampLevels(clamp.lower_spread * lower, rail + clamp.upper_spread * upper)
    crossed = np.flatnonzero(levels.upper <= levels.lower)
    if len(crossed):
        at = int(crossed[0])
        raise TechnologyError(
            f"clamp: neuron {at} is drawn between {float(levels.lower[at]):g} V and {float(levels.upper[at]):g} V, "
            "which leaves it no room; give smaller spreads"
        )
    return levels
