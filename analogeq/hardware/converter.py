"""Converters between volts and codes: what a DAC presents and what an ADC reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError

MOST_BITS = 32
"""Above this a step is below the rounding of the arithmetic; ask for an ideal converter instead."""


def quantise(values: NDArray[np.floating], bits: int | None, low: float, high: float) -> NDArray[np.floating]:
    r"""Round to the nearest of :math:`2^n` levels that lie evenly from ``low`` to ``high``, both included.

    Mid-tread: a level is in the middle of the values that round to it, a value half-way between
    two goes to the upper one. Beyond the ends the converter saturates. One step is
    ``(high - low) / (2**bits - 1)``, so both rails are met exactly and the error inside the range is
    at most half a step.

    Parameters
    ----------
    values : ndarray
        Volts, or anything in the unit of ``low`` and ``high``.
    bits : int or None
        Resolution; None for an ideal converter, which hands ``values`` on as they are, those
        beyond the ends included.
    low, high : float
        The ends of the range.

    Returns
    -------
    ndarray
        Of the shape and dtype of ``values``; ``values`` itself if ``bits`` is None.

    Raises
    ------
    InputError
        If ``bits`` is not between 1 and 32 or ``low`` is not below ``high``.
    """
    if bits is None:
        return values
    if not 1 <= bits <= MOST_BITS:
        raise InputError(f"bits {bits}: a converter has 1 to {MOST_BITS}; give None for an ideal one")
    if not low < high:
        raise InputError(f"converter range {low!r} to {high!r}: the low end must be below the high end; swap them")
    top = 2**bits - 1
    codes = np.floor((np.asarray(values, dtype=np.float64) - low) / (high - low) * top + 0.5)
    share = np.clip(codes, 0, top) / top
    levels: NDArray[np.floating] = (low * (1.0 - share) + high * share).astype(values.dtype)
    return levels
