"""Digital-to-analog and analog-to-digital converters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError


def quantise(values: NDArray[np.floating], bits: int | None, low: float, high: float) -> NDArray[np.floating]:
    """Round ``values`` to the nearest of ``2**bits`` levels from ``low`` to ``high``, both included.

    Values outside saturate at the nearest end. Halves go to the even level, so that rounding has no bias.

    Parameters
    ----------
    values : ndarray
        [V].
    bits : int or None
        Resolution; None returns ``values`` as they are.
    low, high : float
        Range of the converter [V].

    Raises
    ------
    InputError
        If ``bits`` is below 1 or the range is empty.
    """
    if bits is None:
        return values
    if bits < 1:
        raise InputError(f"converter: {bits} bits; a converter has at least 1")
    if not low < high:
        raise InputError(f"converter: range {low} V to {high} V is empty; low must be below high")
    step = (high - low) / (2**bits - 1)
    level = np.rint((np.clip(values, low, high) - low) / step)
    quantised: NDArray[np.floating] = low + level * step
    return quantised
