"""An activation by its table: what a neuron of the copy does where that is a curve and no clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.digital.activation import Activation
from analogeq.errors import InputError
from analogeq.network.network import Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class TabulatedActivation(Activation):
    """One curve for all neurons, straight between its points and level beyond its ends.

    The bounds it inherits are the ends of the curve; it has no leak, since its own slope is above 0.

    Attributes
    ----------
    sums : ndarray, shape (point,)
        Increasing.
    signals, slopes : ndarray, shape (point,)
        The neuron's signal at each sum, and its derivative.
    """

    sums: Floats
    signals: Floats
    slopes: Floats

    def __post_init__(self) -> None:
        if not (self.sums.ndim == 1 and self.sums.shape == self.signals.shape == self.slopes.shape):
            raise InputError(
                f"activation: {self.sums.shape} sums, {self.signals.shape} signals and {self.slopes.shape} slopes; "
                "give one of each for every point of the curve"
            )
        if not np.all(np.diff(self.sums) > 0.0):
            raise InputError("activation: sums do not increase from point to point; sort the curve by its sums")
        for name, value in (("lower", self.signals.min()), ("upper", self.signals.max()), ("leak", 0.0)):
            object.__setattr__(self, name, float(value))
        for values in (self.sums, self.signals, self.slopes):
            values.setflags(write=False)
        super().__post_init__()

    def of(self, x: Floats, layer: slice) -> Floats:  # noqa: ARG002  one curve for every layer
        """Signals of a layer's neurons, from their sums of shape (batch, layer)."""
        return np.interp(x, self.sums, self.signals).astype(x.dtype)

    def slope(self, x: Floats, layer: slice = slice(None)) -> Floats:  # noqa: ARG002  likewise
        """Derivative at sums ``x``."""
        return np.interp(x, self.sums, self.slopes).astype(x.dtype)
