r"""What a chip nudges its outputs with: conductances to the targets, which are not exactly those asked for.

Output j is nudged with :math:`f_j` times the conductance asked for (or the current, where that is what nudges),

.. math:: f_j = \max(0,\; \bar f\,(1 + \sigma \xi_j)), \qquad \xi_j \sim N(0, 1),

the same in every phase, of either sign of the nudge. A learning rule divides by the nudge that it asked for, so that
it follows, in the limit of weak nudges, the gradient of :math:`\sum_j f_j C_j` instead of the cost's, with
:math:`C_j` the share of output j.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.converter import Converter
from analogeq.hardware.limits import check_int, check_not_negative, check_positive
from analogeq.hardware.seeds import drawn

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class NudgeConductance:
    r"""The nudge's conductances, or its current sources.

    Attributes
    ----------
    conductance_gain : float
        :math:`\bar f`; 1 where nothing is wrong.
    conductance_spread : float
        :math:`\sigma`, a relative standard deviation among outputs.
    seed : int
        Which chip.
    """

    conductance_gain: float = 1.0
    conductance_spread: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self.conductance_gain, self.conductance_spread)
        check_int("seed", self.seed, 0, None, "give a seed from 0")

    @property
    def nominal(self) -> bool:
        """Whether outputs are nudged with what is asked for."""
        return self.conductance_gain == 1.0 and self.conductance_spread == 0.0

    def factors(self, count: int) -> Doubles:
        """Of each of ``count`` outputs what its nudge is over what was asked for, shape (output,)."""
        return _factors(self.conductance_gain, self.conductance_spread, self.seed, count)


@dataclass(frozen=True)
class NudgeSource(Converter):
    r"""Converters that put out targets, and the conductances from there to the outputs.

    Attributes
    ----------
    conductance_gain, conductance_spread : float
        As in `NudgeConductance`; ``gain`` is that of the converters' voltage. One seed is the chip's for both.
    """

    conductance_gain: float = 1.0
    conductance_spread: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.conductance_gain, self.conductance_spread)

    @property
    def conductance(self) -> NudgeConductance:
        """The conductances alone."""
        return NudgeConductance(self.conductance_gain, self.conductance_spread, self.seed)


def _check(gain: float, spread: float) -> None:
    check_positive("conductance_gain", gain)
    check_not_negative("conductance_spread", spread)


@lru_cache(maxsize=64)
def _factors(gain: float, spread: float, seed: int, count: int) -> Doubles:
    normal = drawn(seed, "nudge conductances").standard_normal(count)
    factors: Doubles = np.maximum(0.0, gain * (1.0 + spread * normal))
    factors.setflags(write=False)
    return factors
