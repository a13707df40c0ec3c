"""The devices of one chip: what they hold, and what writing, pulsing, waiting and reading make of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.memory.faults import AT_HIGH, AT_LOW, OPEN, with_faults
from analogeq.hardware.memory.memory import Memory
from analogeq.hardware.memory.programming import Ints, Written, write_and_verify
from analogeq.hardware.memory.spread import drawn

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DeviceState:
    """All of a chip that does not follow from its seed.

    Attributes
    ----------
    set_to : ndarray, shape (device,)
        What each device was last moved to [S].
    moved_at : ndarray, shape (device,)
        When [s].
    clock : float
        Now [s].
    generator : str
        State of the generator of everything drawn while working, as JSON.
    layout : ndarray or None, shape (2, array)
        Gains and references [S] of arrays that were made for the weights first written, where a chip has such.
    """

    set_to: Array
    moved_at: Array
    clock: float
    generator: str
    layout: Array | None = None

    def as_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Arrays for a file, under names that begin with ``name``."""
        about = np.array(json.dumps({"clock": self.clock, "generator": self.generator}))
        found = {f"{name}.set_to": self.set_to, f"{name}.moved_at": self.moved_at, f"{name}.about": about}
        return found if self.layout is None else {**found, f"{name}.layout": self.layout}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> DeviceState | None:
        """Read what `as_arrays` made; None if there is nothing of that name."""
        if f"{name}.about" not in arrays:
            return None
        about = json.loads(str(arrays[f"{name}.about"]))
        held = arrays[f"{name}.set_to"], arrays[f"{name}.moved_at"], float(about["clock"]), str(about["generator"])
        return cls(*held, arrays.get(f"{name}.layout"))


class DeviceArray:
    """The devices of one chip.

    The seed decides what the devices are like and everything that is drawn later: the same calls in the same
    order give the same chip, bit for bit. A new chip's devices stand at the low end.

    Parameters
    ----------
    memory : Memory
    low, high : float
        The technology's range [S]; finite.
    n : int
        Number of devices.
    """

    def __init__(self, memory: Memory, low: float, high: float, n: int) -> None:
        if not math.isfinite(high):
            raise TechnologyError(
                f"conductance_high: {high!r} S, and the memory's steps, levels and errors are counted in ranges; "
                "give a finite conductance_high"
            )
        self.memory, self.low, self.high = memory, low, high
        for_chip, for_faults, for_drift, for_work = np.random.SeedSequence(memory.seed).spawn(4)
        self.devices = drawn(memory.spread, low, high, n, np.random.default_rng(for_chip))
        self.faults = memory.faults.drawn(n, np.random.default_rng(for_faults))
        self._exponents = memory.drift.exponents(n, np.random.default_rng(for_drift))
        self._rng = np.random.default_rng(for_work)
        self._set_to = self.devices.low.copy()
        self._moved_at = np.zeros(n)
        self._clock = 0.0

    def __len__(self) -> int:
        return len(self._set_to)

    def write(self, target: Array) -> Written:
        """Write every device.

        Parameters
        ----------
        target : ndarray, shape (device,)
            [S]; beyond the range the end of it is meant.

        Returns
        -------
        Written
            What each device took.
        """
        asked = np.clip(target, self.low, self.high)
        if self.memory.levels is not None:
            asked = self.memory.levels.nearest(asked, self.low, self.high)
        return self._written(np.arange(len(self)), asked)

    def update(self, step: Array) -> Written:
        """Move every device by about ``step`` [S], shape (device,); return what each took."""
        if self.memory.pulses is not None:
            return self._pulsed(step)
        present = self._now()
        levels = self.memory.levels
        if levels is not None:
            present = levels.nearest(present, self.low, self.high)
        target = np.clip(present + step, self.low, self.high)
        if levels is not None and self.memory.rounding == "stochastic":
            target = levels.either_side(target, self.low, self.high, self._rng)
        elif levels is not None:
            target = levels.nearest(target, self.low, self.high)
        moving = np.flatnonzero(target != present)
        return self._written(moving, target[moving]).among(moving, len(self))

    def held(self) -> Array:
        """What the devices hold now [S], shape (device,), without the noise of a reading."""
        shown = self._shown(self._now(), slice(None))
        return shown.copy() if shown is self._set_to else shown

    def read(self, *, aside: bool = False) -> Array:
        """What a reading finds [S]: with read noise, never below zero.

        Parameters
        ----------
        aside : bool
            Draw from a copy of the generator: what is drawn later is the same as without this reading.
        """
        found = self.held()
        if self.memory.read_noise:
            rng = deepcopy(self._rng) if aside else self._rng
            found = np.maximum(self.memory.read_noise.around(found, self.low, self.high, rng), 0.0)
        return found

    def floor(self) -> Array:
        """How far down each device goes [S]: to its own low end, a stuck one nowhere."""
        return self._shown(self.devices.low, slice(None))

    def wait(self, seconds: float) -> None:
        """Let time pass [s]."""
        self._clock += seconds

    @property
    def state(self) -> DeviceState:
        """Everything that a checkpoint keeps; a copy."""
        generator = json.dumps(self._rng.bit_generator.state)
        return DeviceState(self._set_to.copy(), self._moved_at.copy(), self._clock, generator)

    def restore(self, state: DeviceState) -> None:
        """Go on from a state of the same chip.

        Raises
        ------
        TechnologyError
            If it is of another number of devices.
        """
        if state.set_to.shape != self._set_to.shape:
            raise TechnologyError(
                f"devices: a state of {state.set_to.size}, the chip has {len(self)}; it is another chip's"
            )
        self._set_to, self._moved_at, self._clock = state.set_to.copy(), state.moved_at.copy(), state.clock
        self._rng.bit_generator.state = json.loads(state.generator)

    def _now(self) -> Array:
        """What is left of what the devices were set to."""
        if not self.memory.ages:
            return self._set_to
        age, left = self._clock - self._moved_at, self._set_to
        if self.memory.drift:
            left = self.memory.drift.after(left, age, self._exponents)
        if self.memory.retention:
            left = self.memory.retention.after(left, age, self.low, self.high)
        return left

    def _shown(self, set_to: Array, which: slice | NDArray[np.intp]) -> Array:
        """Conductances of devices that are set to something, faults and all."""
        if self.memory.spread.tolerance > 0.0:
            set_to = set_to * self.devices.gain[which]
        if self.memory.faults:
            set_to = with_faults(set_to, self.faults[which], self.low, self.high)
        return set_to

    def _move(self, which: NDArray[np.intp], to: Array) -> None:
        self._set_to[which] = np.clip(to, self.devices.low[which], self.devices.high[which])
        self._moved_at[which] = self._clock

    def _written(self, which: NDArray[np.intp], target: Array) -> Written:
        programming = self.memory.programming
        if programming.budget == 0:
            self._move(which, programming.noise.around(target, self.low, self.high, self._rng))
            return Written(np.ones(len(which), dtype=np.int64), np.zeros(len(which), dtype=np.int64))
        within = programming.tolerance * (self.high - self.low)
        present = self._now()[which]
        self._move(which, present)

        def attempt(off: NDArray[np.intp], shown: Array, left: Ints) -> tuple[Array, Ints]:
            devices = which[off]
            if self.memory.pulses is None:
                self._move(devices, programming.noise.around(target[off], self.low, self.high, self._rng))
                return self._shown(self._set_to[devices], devices), np.ones(len(off), dtype=np.int64)
            wanted = self._in_ranges(target[off] - shown)
            count = np.clip(np.abs(np.rint(self.memory.pulses.asked(wanted))), 1, left)
            self._pulse(devices, np.copysign(count, wanted))
            return self._shown(self._set_to[devices], devices), count.astype(np.int64)

        return write_and_verify(self._shown(present, which), target, within, programming.budget, attempt)

    def _pulsed(self, step: Array) -> Written:
        pulses = self.memory.pulses
        assert pulses is not None  # noqa: S101  its one caller has seen to it
        asked = pulses.asked(self._in_ranges(step))
        fraction = self._rng.random(len(asked)) if self.memory.rounding == "stochastic" else 0.5
        count = np.copysign(np.floor(np.abs(asked) + fraction), asked)
        moving = np.flatnonzero(count)
        self._pulse(moving, count[moving])
        return Written(np.abs(count).astype(np.int64), np.zeros(len(self), dtype=np.int64))

    def _pulse(self, which: NDArray[np.intp], count: Array) -> None:
        pulses, devices = self.memory.pulses, self.devices
        assert pulses is not None  # noqa: S101  no caller comes here without
        low, width = devices.low[which], devices.high[which] - devices.low[which]
        place = np.divide(self._now()[which] - low, width, out=np.zeros_like(low), where=width > 0.0)
        place = np.clip(place, 0.0, 1.0)  # drift may have led below the device's own low end
        moved = pulses.applied(place, count, self._rng, devices.step_up[which], devices.step_down[which])
        self._move(which, low + width * moved)

    def _in_ranges(self, step: Array) -> Array:
        width = self.high - self.low
        return step / width if width > 0.0 else np.zeros_like(step)

    def count_stuck(self) -> dict[str, int]:
        """How many devices are stuck, and how."""
        codes = {"low": AT_LOW, "high": AT_HIGH, "open": OPEN}
        return {name: int(np.count_nonzero(self.faults == code)) for name, code in codes.items()}
