r"""Follow the dynamics with exponential diodes: extrapolated linearly implicit Euler steps.

The diodes are stiff, the couplings are not, so only each node's own slope is taken implicitly and no
system is solved. A step h is made n = 1, 2, 3, … times finer,

.. math:: z \leftarrow z + \frac{(h/n)\, f(z)}{1 + (h/n)\,(a + i'_{clamp}(v))}

with the slope held at the step's start, and the results are extrapolated to n = ∞ [1]_ (section IV.9; the
expansion in h holds for any approximate Jacobian [2]_). The difference of the last two columns is
the error; order and step are chosen for the least work.

Every sample has its own time, step and order; samples march side by side.

References
----------
.. [1] Hairer & Wanner, "Solving Ordinary Differential Equations II", 2nd ed. (1996).
.. [2] Deuflhard, Hairer, Zugck, "One-step and extrapolation methods for differential-algebraic
   systems", Numer. Math. 51 (1987).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.clamps import Diodes
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.transient import MOST, Path

Indices = NDArray[np.intp]

METHOD = "extrapolated implicit steps"

COLUMNS = 9
"""Highest order; column k costs k (k + 1) / 2 evaluations."""

MOST_WORK = 50 * MOST
"""Evaluations after which a sample is given up."""

FIRST = 0.01
"""Length over tau of the first step that is tried."""


def follow(
    problem: Problem, start: Array, duration: float, tolerance: float, marks: Array | None = None, n_times: int = 0
) -> Path:
    """Go ``duration`` time constants on from ``start``; see `analogeq.engines.native.transient.follow`.

    Steps end on the ``marks``, so what is kept there is as exact as the end.
    """
    batch, n = start.shape
    stops = np.array([duration]) if marks is None else np.append(marks, duration)
    steps, events, evaluations = np.zeros((3, batch), dtype=np.int64)
    kept = np.empty((batch, len(stops) - 1, n), dtype=start.dtype)
    path = Path(start.copy(), kept, np.zeros((batch, n_times)), steps, events, evaluations, METHOD)
    now, h, mark = np.zeros(batch), np.full(batch, FIRST), np.zeros(batch, dtype=np.intp)
    _keep_reached(path, stops, now, mark, np.arange(batch))
    alive = np.arange(batch)
    while alive.size:
        rest = stops[mark[alive]] - now[alive]
        tried = np.minimum(h[alive], rest)
        # A sliver left over would cost a step of its own.
        tried = np.where((rest - tried < 0.1 * tried) & (rest <= 1.1 * tried), rest, tried)
        ends, good, better, work = _step(problem, alive, path.states[alive], tried, tolerance)
        path.products[alive] += work
        h[alive] = np.where(good & (tried < h[alive]), np.maximum(h[alive], better), better)
        done = alive[good]
        path.states[done] = ends[good]
        now[done] = np.where(tried[good] >= rest[good], stops[mark[done]], now[done] + tried[good])
        early = done[path.steps[done] < n_times]
        path.times[early, path.steps[early]] = now[early]
        path.steps[done] += 1
        _keep_reached(path, stops, now, mark, done)
        alive = alive[(now[alive] < duration) & (path.products[alive] < MOST_WORK)]
    path.steps[now < duration] = MOST
    return path


def _keep_reached(path: Path, stops: Array, now: Array, mark: Indices, samples: Indices) -> None:
    for sample in samples:
        while mark[sample] < len(stops) - 1 and stops[mark[sample]] <= now[sample]:
            path.kept[sample, mark[sample]] = path.states[sample]
            mark[sample] += 1


def _step(
    problem: Problem, alive: Indices, v: Array, h: Array, tolerance: float
) -> tuple[Array, NDArray[np.bool_], Array, int]:
    """Try one step of every sample: its end, whether it is good, the next step's length, and the evaluations."""
    clamps, current = problem.clamps, problem.current[alive]
    assert isinstance(clamps, Diodes)  # noqa: S101  ideal clamps go by their events
    drawn, slope = clamps.current(v)
    first = problem.coupling.product(v) + current - problem.load * v - drawn
    stiffness = problem.load + slope
    rows: list[Array] = []
    ends, good = v.copy(), np.zeros(len(v), dtype=bool)
    better, cheapest, before = 0.2 * h, np.full(len(v), np.inf), np.full(len(v), np.inf)
    work = 1
    for k in range(1, COLUMNS + 1):
        part = (h / k)[:, None]
        z = v
        for i in range(k):
            rate = first
            if i:
                rate = problem.coupling.product(z) + current - problem.load * z - clamps.current(z)[0]
            z = z + part * rate / (1.0 + part * stiffness)
        work += k - 1
        new = [z]
        for m, older in enumerate(rows):
            new.append(new[-1] + (new[-1] - older) * ((k - m - 1.0) / (m + 1.0)))
        if k > 1:
            error = np.abs(new[-1] - new[-2]).max(axis=1)
            error = np.where(np.isfinite(error), error, np.inf)
            wish = h * np.clip(0.9 * (tolerance / np.maximum(error, 1e-300)) ** (1.0 / k), 0.1, 5.0)
            cost = work / wish
            cheaper = cost < cheapest
            better, cheapest = np.where(cheaper, wish, better), np.minimum(cost, cheapest)
            fresh = ~good & (error <= tolerance)
            ends[fresh] = new[-1][fresh]
            good |= fresh
            if (good | (error > 4.0 * before)).all():
                break
            before = error
        rows = new
    return ends, good, better, work
