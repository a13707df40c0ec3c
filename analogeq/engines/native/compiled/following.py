"""The compiled transient behind the signature of `analogeq.engines.native.transient.follow`."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.compiled.transient import follow as follow_each
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.transient import MOST, Path


def follow(
    problem: Problem, start: Array, duration: float, tolerance: float, marks: Array | None = None, n_times: int = 0
) -> Path:
    """Go ``duration`` time constants on from ``start``; see `analogeq.engines.native.transient.follow`."""
    batch, n = start.shape
    packed, states = problem.coupling.packed, np.array(start, dtype=np.float64)
    wanted = np.empty(0) if marks is None else marks
    kept, times = np.empty((batch, len(wanted), n)), np.zeros((batch, n_times))
    counts = np.zeros((batch, 3), dtype=np.int64)
    follow_each(
        packed.table,
        packed.ends,
        packed.to_outer,
        packed.to_inner,
        problem.coupling.factor,
        problem.bend,
        problem.load,
        problem.current,
        problem.rail,
        states,
        duration,
        tolerance,
        MOST,
        wanted,
        kept,
        times,
        counts,
    )
    return Path(states, kept, times, *counts.T)
