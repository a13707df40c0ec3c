"""Converters between volts and codes: what a DAC presents and what an ADC reports."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.hardware.limits import check_int, check_not_negative, check_number, check_positive
from analogeq.hardware.seeds import drawn

Volts = NDArray[np.floating]

MOST_BITS = 32
"""Above this a step is below the rounding of the arithmetic; ask for an ideal converter instead."""


def quantise(values: Volts, bits: int | None, low: float, high: float) -> Volts:
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
    levels: Volts = (low * (1.0 - share) + high * share).astype(values.dtype)
    return levels


@dataclass(frozen=True)
class Converter:
    r"""One kind of converter; every channel of a chip has one of its own.

    Its transfer, with :math:`u` the share of full scale,

    .. math:: u \mapsto g\,u + o / F + 4 n\, u (1 - u),

    follows the rounding to codes in a DAC and precedes it in an ADC. The last term is the integral
    non-linearity of a bow: n of full scale at half scale, none at the ends.

    Attributes
    ----------
    bits : int or None
        Resolution over 0 … full scale; None rounds nothing and saturates nowhere.
    full_scale : float or None
        F [V]; the rail if None.
    gain : float
        g; 1 where nothing is wrong.
    offset : float
        o [V].
    nonlinearity : float
        n, a fraction of full scale.
    gain_spread : float
        Standard deviation of g among channels.
    offset_spread : float
        Standard deviation of o among channels [V].
    noise : float
        Standard deviation of every single conversion [V], on the side of the voltages: what a sampling capacitor
        keeps, :math:`\sqrt{kT/C}`, and the reference. The draw depends on nothing but the seed and what is
        converted, so a run that is resumed reads the same; the very same voltages give the same codes again.
    seed : int
        Which chip.
    """

    bits: int | None = None
    full_scale: float | None = None
    gain: float = 1.0
    offset: float = 0.0
    nonlinearity: float = 0.0
    gain_spread: float = 0.0
    offset_spread: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.bits is not None:
            check_int("bits", self.bits, 1, MOST_BITS, "give the resolution, or None for an ideal converter")
        if self.full_scale is not None:
            check_positive("full_scale", self.full_scale, "V")
        check_positive("gain", self.gain)
        check_number("offset", self.offset, "V")
        check_number("nonlinearity", self.nonlinearity)
        check_not_negative("gain_spread", self.gain_spread)
        check_not_negative("offset_spread", self.offset_spread, "V")
        check_not_negative("noise", self.noise, "V")
        check_int("seed", self.seed, 0, None, "give a seed from 0")

    @property
    def is_linear(self) -> bool:
        """Whether it does nothing but round."""
        flaws = (self.offset, self.nonlinearity, self.gain_spread, self.offset_spread, self.noise)
        return self.gain == 1.0 and not any(flaws)

    def to_volts(self, wanted: Volts, rail: float, channels: str) -> Volts:
        """What DACs put out where ``wanted`` is asked for [V], the last axis over channels called ``channels``."""
        top = rail if self.full_scale is None else self.full_scale
        return self._bent(quantise(wanted, self.bits, 0.0, top), top, f"dac {channels}")

    def to_codes(self, present: Volts, rail: float, channels: str) -> Volts:
        """What ADCs report of voltages that are ``present`` [V], likewise."""
        top = rail if self.full_scale is None else self.full_scale
        return quantise(self._bent(present, top, channels), self.bits, 0.0, top)

    def _bent(self, volts: Volts, top: float, part: str) -> Volts:
        """Bend by the flaws of a part: ADCs draw under the name of their channels, DACs under one of their own."""
        if self.is_linear:
            return volts
        gains, offsets = _channels(self, part, volts.shape[-1])
        share = volts / top
        bent = gains * volts + offsets + 4.0 * self.nonlinearity * top * share * (1.0 - share)
        converted: Volts = (bent + self._noise(volts, part)).astype(volts.dtype)
        return converted

    def _noise(self, volts: Volts, part: str) -> Volts | float:
        if self.noise == 0.0:
            return 0.0
        converted = zlib.crc32(np.ascontiguousarray(volts).tobytes())
        return self.noise * drawn(self.seed, part, converted).standard_normal(volts.shape)


@lru_cache(maxsize=64)
def _channels(converter: Converter, part: str, count: int) -> tuple[Volts, Volts]:
    """Gain and offset [V] of every channel; the same whatever other channels there are."""
    normal = drawn(converter.seed, part).standard_normal((2, count))
    gains = converter.gain + converter.gain_spread * normal[0]
    offsets = converter.offset + converter.offset_spread * normal[1]
    for flaws in (gains, offsets):
        flaws.setflags(write=False)
    return gains, offsets
