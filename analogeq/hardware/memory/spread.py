"""How one device differs from the next: drawn once a chip, from its seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Device-to-device spread; all zero is none.

    Attributes
    ----------
    step : float
        Relative standard deviation of the size of a device's steps, up and down alike.
    asymmetry : float
        Standard deviation of how much larger its steps up are, and smaller its steps down.
    low_end, high_end : float
        Standard deviation of the ends of a device's own range, in ranges. What lies beyond the technology's
        range is not used, so an end only ever moves inwards, at most to the middle.
    tolerance : float
        Largest relative error of a device's resistance, whatever it is set to: uniform within ±tolerance.
    """

    step: float = 0.0
    asymmetry: float = 0.0
    low_end: float = 0.0
    high_end: float = 0.0
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        for key, value in (
            ("device_sd_of_step", self.step),
            ("device_sd_of_asymmetry", self.asymmetry),
            ("device_sd_of_low", self.low_end),
            ("device_sd_of_high", self.high_end),
            ("resistance_tolerance", self.tolerance),
        ):
            check_not_negative(key, value)
        if self.tolerance >= 1.0:
            raise TechnologyError(
                f"resistance_tolerance: {self.tolerance!r} leaves no resistance; give a fraction below 1, 0.01 for 1 %"
            )


@dataclass(frozen=True, eq=False)
class Devices:
    """What each device of one chip is like.

    Attributes
    ----------
    low, high : ndarray, shape (device,)
        Its own range [S], inside the technology's.
    step_up, step_down : ndarray, shape (device,)
        Its steps over the mean device's.
    gain : ndarray, shape (device,)
        Its conductance over what it is set to.
    """

    low: Array
    high: Array
    step_up: Array
    step_down: Array
    gain: Array


def drawn(spread: Spread, low: float, high: float, n: int, rng: np.random.Generator) -> Devices:
    """Draw ``n`` devices; the same generator gives the same chip."""
    width, middle = high - low, 0.5 * (low + high)
    ends = rng.standard_normal((2, n))
    size = np.abs(1.0 + spread.step * rng.standard_normal(n))
    lean = np.clip(spread.asymmetry * rng.standard_normal(n), -1.0, 1.0)
    error = spread.tolerance * rng.uniform(-1.0, 1.0, n)
    return Devices(
        low=np.clip(low + spread.low_end * width * ends[0], low, middle),
        high=np.clip(high + spread.high_end * width * ends[1], middle, high),
        step_up=size * (1.0 + lean),
        step_down=size * (1.0 - lean),
        gain=1.0 / (1.0 + error),
    )
