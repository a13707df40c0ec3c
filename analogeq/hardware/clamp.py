"""What holds a neuron between its rails: the circuit's hard sigmoid."""

from __future__ import annotations

from dataclasses import dataclass

from analogeq.hardware.limits import check_label, check_not_negative, check_positive


@dataclass(frozen=True)
class IdealClamp:
    """Two perfect diodes: no current inside the rails, any current at them.

    Attributes
    ----------
    stiffness : float
        How a simulator that cannot hold a node exactly stands in for it: the clamp's conductance
        beyond the rails, in units of G0. At 1e9 a node that pushes ten full-scale currents into
        its rail stands 1e-8 of the rail voltage beyond it, and Newton still converges in a few steps.
    """

    stiffness: float = 1e9

    def __post_init__(self) -> None:
        check_positive("stiffness", self.stiffness)


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
    """

    saturation_current: float = 1e-14
    ideality: float = 1.0
    series_resistance: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        check_positive("saturation_current", self.saturation_current, "A")
        check_positive("ideality", self.ideality)
        check_not_negative("series_resistance", self.series_resistance, "Ohm")
        check_label("diode name", self.name, empty=True)


Clamp = IdealClamp | DiodeClamp
