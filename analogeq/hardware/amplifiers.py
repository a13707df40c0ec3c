"""What is wrong with the amplifiers of a chip: offsets and gain errors, drawn for every neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.seeds import drawn
from analogeq.hardware.technology import Technology

Doubles = NDArray[np.float64]


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
