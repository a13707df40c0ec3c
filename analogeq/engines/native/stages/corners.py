"""Where the path of a neuron, or what follows it, has a corner: found between both ends of a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.stiff import Step

Indices = NDArray[np.intp]


class Corners(NamedTuple):
    """Corners of one kind: sample, node, time from the step's start over tau, speed there [V]."""

    sample: Indices
    node: Indices
    when: Array
    speed: Array


def at_swings(step: Step, edge: Array) -> Corners:
    """Neurons that pass ``edge`` [V], shape (node,), which their followers do not: by a line between both ends."""
    who, node = np.nonzero((step.start < edge) != (step.end < edge))
    begin, moved, h = step.start[who, node], step.end[who, node] - step.start[who, node], step.length[who]
    return Corners(who, node, h * (edge[node] - begin) / moved, moved / h)


def at_clamps(step: Step, level: Array | float, sign: float) -> Iterator[Corners]:
    """Neurons that meet an ideal clamp at ``level`` [V], upwards for a ``sign`` of 1, and those that leave it."""
    was, held = (sign * (v - level) >= 0.0 for v in (step.start, step.end))
    first, last = sign * step.first, sign * step.last
    before, after = was & (first > 0.0), held & (last > 0.0)
    who, node = np.nonzero(after & ~before)
    if who.size:
        distance, h = np.abs(level - step.start)[who, node], step.length[who]
        yield Corners(who, node, _arrival(h, distance, first[who, node], last[who, node]), last[who, node])
    who, node = np.nonzero(before & ~after)
    if who.size:
        pushed, pushes, h = first[who, node], last[who, node], step.length[who]
        with np.errstate(divide="ignore", invalid="ignore"):
            when = np.nan_to_num(h * pushed / (pushed - pushes))
        yield Corners(who, node, np.clip(when, 0.0, h), pushes)


def _arrival(h: Array, distance: Array, first: Array, last: Array) -> Array:
    """When something that goes at speed ``first``, and at ``last`` after ``h``, is a ``distance`` away; within h."""
    with np.errstate(divide="ignore", invalid="ignore"):
        when = 2.0 * distance / (first + np.sqrt(first**2 + 2.0 * distance * (last - first) / h))
    return np.clip(np.where(np.isfinite(when), when, 0.5 * h), 0.0, h)
