"""What is wrong with the amplifiers of a chip: offsets and gain errors, drawn for every neuron, and their limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.seeds import drawn
from analogeq.hardware.technology import Technology

Doubles = NDArray[np.float64]

FAR = 1e6
"""Rails that no voltage of a circuit comes to."""


@dataclass(frozen=True, eq=False)
class AmplifierFlaws:
    """One chip's amplifiers; every array is read-only and of shape (node,).

    Attributes
    ----------
    gain : ndarray
        A neuron's own conveyor gain over the nominal A, dimensionless.
    plus, minus : ndarray
        Where the virtual grounds of its two columns stand [V].
    follower : ndarray
        Offset of its word line's follower, referred to its input [V]: the line stands at a/(1 + a) of the neuron's
        voltage and this.
    """

    gain: Doubles
    plus: Doubles
    minus: Doubles
    follower: Doubles

    def __post_init__(self) -> None:
        for array in (self.gain, self.plus, self.minus, self.follower):
            array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class LineAmplifiers:
    """Sense amplifiers of one array whose weights share a reference line, as it is read in one direction; read-only.

    Attributes
    ----------
    own : ndarray, shape (column,)
        Gain with which a column's current is copied into its neuron, over the nominal A of the array.
    copies : ndarray, shape (column,)
        Gain with which the reference's current is copied out of each neuron, likewise.
    grounds : ndarray, shape (column + 1,)
        Where the virtual grounds of the columns stand, and of the reference's [V].
    """

    own: Doubles
    copies: Doubles
    grounds: Doubles

    def __post_init__(self) -> None:
        for array in (self.own, self.copies, self.grounds):
            array.setflags(write=False)

    @classmethod
    def ideal(cls, columns: int) -> LineAmplifiers:
        """Without errors."""
        return cls(np.ones(columns), np.ones(columns), np.zeros(columns + 1))


def line_amplifiers(technology: Technology, columns: Sequence[int]) -> tuple[LineAmplifiers, ...] | None:
    """Draw the sense amplifiers of arrays of so many columns; None where nothing is wrong with them.

    Every column and every reference has a virtual ground of its own, every neuron a copy of each column's current and
    one of each reference's, so that all of these err independently.
    """
    tech = technology
    if not any((tech.sense_offset, tech.sense_offset_spread, tech.sense_gain_spread)):
        return None
    rng = drawn(tech.amplifier_seed, "amplifiers of reference lines")

    def sense(count: int) -> LineAmplifiers:
        own, copies = 1.0 + tech.sense_gain_spread * rng.standard_normal((2, count))
        grounds = tech.sense_offset + tech.sense_offset_spread * rng.standard_normal(count + 1)
        return LineAmplifiers(own, copies, grounds)

    return tuple(map(sense, columns))


def amplifier_flaws(technology: Technology, count: int) -> AmplifierFlaws | None:
    """Draw the amplifiers of ``count`` neurons from the technology's seed; None where nothing is wrong with them."""
    tech = technology
    flaws = (tech.sense_offset, tech.sense_offset_spread, tech.sense_gain_spread)
    if not any((*flaws, tech.follower_offset, tech.follower_offset_spread)):
        return None
    gain, plus, minus, follower = drawn(tech.amplifier_seed, "amplifiers").standard_normal((4, count))
    return AmplifierFlaws(
        1.0 + tech.sense_gain_spread * gain,
        tech.sense_offset + tech.sense_offset_spread * plus,
        tech.sense_offset + tech.sense_offset_spread * minus,
        tech.follower_offset + tech.follower_offset_spread * follower,
    )


@dataclass(frozen=True, eq=False)
class AmplifierLimits:
    r"""How far and how fast a chip's amplifiers drive.

    A follower's output leaves its range for no input (a hard limit: inside of it, feedback keeps it linear), then its
    line follows with one pole. A conveyor passes its column's current on with one pole, and what it can send ends at
    its bias current, :math:`I_{max} \tanh(I / I_{max})` as of a differential pair in weak inversion [1]_.

    Attributes
    ----------
    low, high : ndarray, shape (node,)
        Neuron voltages [V] beyond which the neuron's word line goes no further; infinite for no limit. Read-only.
    current : float
        I_max [A]; infinite for no limit.
    line_time, column_time : float
        Time constants of followers and conveyors [s]; 0 for none.

    References
    ----------
    .. [1] C. Mead, "Analog VLSI and Neural Systems", Addison-Wesley (1989), chapter 5.
    """

    low: Doubles
    high: Doubles
    current: float
    line_time: float
    column_time: float

    def __post_init__(self) -> None:
        for array in (self.low, self.high):
            array.setflags(write=False)

    @property
    def of_lines(self) -> bool:
        """Whether word lines stand elsewhere than their neurons, gain and offset apart."""
        return bool(self.line_time > 0.0 or np.isfinite(self.low).any() or np.isfinite(self.high).any())

    @property
    def of_columns(self) -> bool:
        """Whether conveyors send something else than their columns draw, gain apart."""
        return self.column_time > 0.0 or math.isfinite(self.current)

    def reach(self, rail: float) -> tuple[Doubles, Doubles]:
        """`low` and `high` for a netlist, which knows no infinity: a million rails [V] where there is no limit."""
        return np.maximum(self.low, -FAR * rail), np.minimum(self.high, FAR * rail)

    def followed(self, voltages: NDArray[np.floating]) -> Doubles:
        """Neuron voltages [V] as followers can put them out."""
        found: Doubles = np.clip(voltages, self.low, self.high)
        return found

    def following(self, voltages: NDArray[np.floating]) -> Doubles:
        """Slope of `followed`: 1 inside of a follower's range, 0 beyond."""
        return ((voltages > self.low) & (voltages < self.high)).astype(np.float64)

    def sent(self, currents: NDArray[np.floating]) -> Doubles:
        """What conveyors send for the currents that they are asked for [A]."""
        asked = np.asarray(currents, dtype=np.float64)
        return asked if math.isinf(self.current) else self.current * np.tanh(asked / self.current)

    def sending(self, currents: NDArray[np.floating]) -> Doubles:
        """Slope of `sent`."""
        if math.isinf(self.current):
            return np.ones(currents.shape)
        slope: Doubles = 1.0 - np.tanh(currents / self.current) ** 2
        return slope


def amplifier_limits(technology: Technology, count: int) -> AmplifierLimits | None:
    """Find how far and how fast the amplifiers of ``count`` neurons drive; None where nothing limits them."""
    tech, flaws = technology, amplifier_flaws(technology, count)
    offset = np.zeros(count) if flaws is None else flaws.follower
    low, high = (end / tech.follower_factor - offset for end in (tech.follower_low, tech.follower_high))
    found = AmplifierLimits(
        low, high, tech.sense_current_limit, _lag(tech.follower_bandwidth), _lag(tech.sense_bandwidth)
    )
    return found if found.of_lines or found.of_columns else None


def _lag(bandwidth: float) -> float:
    """Time constant [s] of one pole at ``bandwidth`` [Hz]."""
    return 0.0 if math.isinf(bandwidth) else 1.0 / (2.0 * math.pi * bandwidth)
