r"""What about a memory no training can mend, said before anybody waits for one.

A write or a reading says nothing if its error is as wide as the range: a conductance drawn evenly from the range
has a standard deviation of :math:`(g_{high} - g_{low})/\sqrt{12}`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from analogeq.hardware.memory.memory import Memory
from analogeq.hardware.memory.noise import Noise

EVENLY = 1.0 / math.sqrt(12.0)
HALF = 0.5


def remarks(memory: Memory, low: float, high: float) -> tuple[str, ...]:
    """Say what is hopeless about devices with this range [S], a sentence each; nothing if nothing is."""
    if memory.ideal:
        return ()
    if low == high:
        return (f"memory: the range is the one value {low!r} S, which stores nothing; widen the range",)
    return (*_of_noise(memory, low, high), *_of_steps(memory), *_of_verifying(memory), *_of_time_and_faults(memory))


def _of_noise(memory: Memory, low: float, high: float) -> Iterator[str]:
    for what, noise, verified in (
        ("write", memory.programming.noise, memory.programming.budget > 0),
        ("read", memory.read_noise, False),
    ):
        share = _share(noise, low, high)
        if share >= EVENLY and not verified:
            yield (
                f"memory: a {what} in the middle of the range misses by {100.0 * share:.0f} % of the range, and a "
                f"conductance drawn blindly by {100.0 * EVENLY:.0f} %; "
                + ("verify writes, or lower their noise" if what == "write" else "lower the noise of reading")
            )


def _share(noise: Noise, low: float, high: float) -> float:
    """Standard deviation in the middle of the range, in ranges."""
    return float(noise.sd(np.array([0.5 * (low + high)]), low, high)[0]) / (high - low)


def _of_steps(memory: Memory) -> Iterator[str]:
    if memory.levels is not None and memory.levels.count == 2 and memory.pulses is None:
        yield "memory: two levels are one bit, and an update moves a device all the way or not at all; give more levels"
    if memory.pulses is not None:
        step = max(memory.pulses.up.mean_step, memory.pulses.down.mean_step)
        if step >= HALF * HALF:  # from the middle there is half the range to go, and a pulse takes half of it
            yield f"memory: one pulse goes {100.0 * step:.0f} % of the range; learning needs smaller steps: more pulses"
        if (spread := memory.pulses.of_range) >= EVENLY:
            yield (
                f"memory: the spread of one pulse is {100.0 * spread:.0f} % of the range, and that of conductances "
                f"drawn blindly {100.0 * EVENLY:.0f} %; the device does not follow its pulses, average its readings"
            )


def _of_verifying(memory: Memory) -> Iterator[str]:
    """Updates that a verified write takes for done before it has begun; counted pulses are not verified."""
    levels, tolerance = memory.levels, memory.programming.tolerance
    if levels is None or memory.pulses is not None or levels.spacing != "conductance":
        return
    apart = 1.0 / (levels.count - 1)
    if tolerance >= apart:
        yield (
            f"memory: a verified write is content within {100.0 * tolerance:.2g} % of the range, and levels are "
            f"{100.0 * apart:.2g} % apart, so an update by one level moves nothing; learning in place needs a "
            "verify_tolerance below half of that"
        )


def _of_time_and_faults(memory: Memory) -> Iterator[str]:
    stuck = memory.faults.stuck_low + memory.faults.stuck_high + memory.faults.stuck_open
    if stuck >= HALF:
        yield f"memory: {100.0 * stuck:.0f} % of the devices are stuck; learning finds ways round some, not round half"
    if memory.drift and memory.read_after > 0.0:
        left = float(
            memory.drift.after(np.ones(1), np.array([memory.read_after]), np.array([memory.drift.exponent]))[0]
        )
        if left <= HALF:
            yield f"memory: {100.0 * left:.0f} % of a conductance is left when it is read; read sooner, or write again"
