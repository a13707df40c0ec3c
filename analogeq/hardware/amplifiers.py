"""What is wrong with the amplifiers of a chip: offsets and gain errors, drawn for every neuron."""

from __future__ import annotations

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
