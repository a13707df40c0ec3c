r"""What a neuron of the copy does with its sum.

.. math:: \rho(x) = \mathrm{clip}(x, \text{lower}, \text{upper}) + \text{leak} \cdot x

The clip is what holds the circuit's node: between ground and the rail (0 and 1 in signals), on one
side of an ideal diode, between the knees of a pair. The small slope beyond lets a neuron that is held
learn all the same (O'Connor et al., ICLR 2019, take 0.01).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analogeq.errors import InputError
from analogeq.network.network import Floats

LocalLoss = Literal["squared", "matching"]
"""Of a layer of the copy; see `analogeq.digital.copy`."""

LEAK = 0.01
"""Slope of rho outside the clip (the authors' value)."""


def rho(x: Floats, lower: Floats | float = 0.0, upper: Floats | float = 1.0, leak: Floats | float = LEAK) -> Floats:
    """``clip(x, lower, upper) + leak · x``; the papers' hard sigmoid if no bounds are given."""
    out: Floats = np.clip(x, lower, upper)
    out += leak * x
    return out


def rho_slope(
    x: Floats, lower: Floats | float = 0.0, upper: Floats | float = 1.0, leak: Floats | float = LEAK
) -> Floats:
    """Derivative of `rho`."""
    inside: Floats = ((x >= lower) & (x <= upper)).astype(x.dtype)
    return inside + x.dtype.type(leak) if isinstance(leak, float) else inside + leak


@dataclass(frozen=True, eq=False)
class Activation:
    """`rho` of every neuron.

    Attributes
    ----------
    lower, upper, leak : float or ndarray, shape (node,)
        One for all neurons or one for each, in signals; infinite where nothing holds a neuron.
    """

    lower: Floats | float = 0.0
    upper: Floats | float = 1.0
    leak: Floats | float = LEAK

    def __post_init__(self) -> None:
        if not np.all(np.asarray(self.lower) < np.asarray(self.upper)):
            raise InputError("activation: a lower bound is not below its upper one; give lower < upper for each neuron")
        for values in (self.lower, self.upper, self.leak):
            if isinstance(values, np.ndarray):
                values.setflags(write=False)

    @property
    def uniform(self) -> bool:
        """Whether all neurons share one rho."""
        return not any(isinstance(values, np.ndarray) for values in (self.lower, self.upper, self.leak))

    def of(self, x: Floats, layer: slice) -> Floats:
        """Signals of a layer's neurons, from their sums of shape (batch, layer)."""
        return rho(x, *self._at(layer, x.dtype))

    def slope(self, x: Floats, layer: slice = slice(None)) -> Floats:
        """Derivative at sums ``x`` of a layer, or of all neurons."""
        return rho_slope(x, *self._at(layer, x.dtype))

    def _at(self, layer: slice, dtype: np.dtype[np.floating]) -> tuple[Floats | float, ...]:
        return tuple(
            values[layer].astype(dtype, copy=False) if isinstance(values, np.ndarray) else values
            for values in (self.lower, self.upper, self.leak)
        )


HARD_SIGMOID = Activation()
"""Of the papers and of the ``hopfield`` family."""
