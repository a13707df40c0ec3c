"""What the programmable devices of a chip are like: every facet in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_int, check_label, check_not_negative
from analogeq.hardware.memory.ageing import Drift, Retention
from analogeq.hardware.memory.faults import Faults
from analogeq.hardware.memory.levels import Levels
from analogeq.hardware.memory.noise import Noise
from analogeq.hardware.memory.programming import Programming
from analogeq.hardware.memory.pulses import Pulses
from analogeq.hardware.memory.spread import Spread


@dataclass(frozen=True)
class Memory:
    """A kind of device, its range left to the technology; with nothing set it holds exactly what is written.

    Attributes
    ----------
    name : str
        Of a preset, empty for a made-up one.
    levels : Levels or None
        What it can be told to hold; None for a continuous device.
    programming : Programming
        How a target is written.
    pulses : Pulses or None
        How learning moves it: by counted pulses. Without, every device that is to move is written anew.
    rounding : {"stochastic", "nearest"}
        What becomes of the fraction of a pulse or level in an update: drawn, so that the mean is right, or rounded,
        so that steps below half a pulse are lost.
    spread : Spread
        From device to device.
    read_noise : Noise
        Of a conductance each time the chip is read, which is once a minibatch: its phases see one error, since the
        noise of these devices is slow (1/f).
    drift, retention : Drift, Retention
        What time does.
    faults : Faults
        Devices that do not move.
    pairs : {"one-sided", "balanced"}
        Signed weights as pairs: the device that a sign does not need stands at the low end, or both stand
        symmetrically about the middle of the range and every update is shared between them.
    update_period : float
        Time from one update to the next [s], in which devices drift and leak.
    read_after : float
        Time from programming a chip to reading it [s], likewise.
    seed : int
        Which chip: of all that is drawn.
    """

    name: str = ""
    levels: Levels | None = None
    programming: Programming = field(default_factory=Programming)
    pulses: Pulses | None = None
    rounding: Literal["stochastic", "nearest"] = "stochastic"
    spread: Spread = field(default_factory=Spread)
    read_noise: Noise = field(default_factory=Noise)
    drift: Drift = field(default_factory=Drift)
    retention: Retention = field(default_factory=Retention)
    faults: Faults = field(default_factory=Faults)
    pairs: Literal["one-sided", "balanced"] = "one-sided"
    update_period: float = 0.0
    read_after: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_label("name", self.name, empty=True)
        check_not_negative("update_period", self.update_period, "s")
        check_not_negative("read_after", self.read_after, "s")
        check_int("seed", self.seed, 0, None, "give a seed from 0")
        for key, allowed in (("rounding", ("stochastic", "nearest")), ("pairs", ("one-sided", "balanced"))):
            if getattr(self, key) not in allowed:
                raise TechnologyError(
                    f"{key}: {getattr(self, key)!r} is unknown; give {' or '.join(map(repr, allowed))}"
                )

    @cached_property
    def ideal(self) -> bool:
        """Whether a chip of it holds exactly what is written, however and whenever."""
        return replace(self, name="", seed=0, rounding="stochastic", update_period=0.0, read_after=0.0) == Memory()

    @property
    def ages(self) -> bool:
        """Whether time does anything."""
        return bool(self.drift) or bool(self.retention)


def check_range(low: float, high: float, memory: Memory) -> None:
    """Refuse a range that is none, or none that the memory's steps and errors can be counted in.

    Only an ideal memory needs more than one value: what a real one makes of a range of 1 is for the user to see.
    """
    if low > high or (low == high and memory.ideal):
        raise TechnologyError(
            f"conductance_low: {low!r} S is not below conductance_high, {high!r} S; widen the range or swap the two"
        )
    if math.isinf(high) and not memory.ideal:
        raise TechnologyError(
            f"conductance_high: {high!r} S, and the memory's levels, steps and errors are counted in ranges; give a "
            "finite conductance_high"
        )
    if low == 0.0 and memory.levels is not None and memory.levels.spacing == "resistance":
        raise TechnologyError(
            "conductance_low: 0.0 S is no end for levels equally spaced in resistance; give one above zero"
        )
