r"""Follow the dynamics with exponential diodes: extrapolated linearly implicit Euler steps.

The diodes are stiff, the couplings are not, so only each node's own slope is taken implicitly and no
system is solved. A step h is made n = 1, 2, 3, … times finer,

.. math:: z \leftarrow z + \frac{(h/n)\, f(z)}{1 + (h/n)\,(a + i'_{clamp}(v))}

with the slope held at the step's start, and the results are extrapolated to n = ∞ [1]_ (section IV.9; the
expansion in h holds for any approximate Jacobian [2]_). The difference of the last two columns is
the error of column k, so a step of :math:`h_k = 0.9\, h\, (tol / err_k)^{1/k}` would just have passed; order
and step go where the evaluations for a unit of time, :math:`A_k / h_k`, are fewest.

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

COLUMNS = 10
"""Highest order."""

FIRST_ORDER = 4

CHANGE = 4.0
"""How many times softer or stiffer a moving node may become within a step."""

EVALUATIONS = np.array([0, *(1 + np.cumsum(np.arange(COLUMNS + 1)))])
"""What the first k columns cost: the rate at the start once, and k - 1 more for column k."""

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
    order = np.full(batch, FIRST_ORDER)
    _keep_reached(path, stops, now, mark, np.arange(batch))
    alive = np.arange(batch)
    while alive.size:
        rest = stops[mark[alive]] - now[alive]
        # A sliver left over would cost a step of its own.
        tried = np.where(rest <= 1.1 * h[alive], rest, h[alive])
        tried = np.minimum(tried, rest)
        ends, good, better, target, work = _step(problem, alive, path.states[alive], tried, order[alive], tolerance)
        path.products[alive] += work
        cut = good & (tried < 0.9 * h[alive])  # a mark came in the way: go on as before
        h[alive] = np.where(cut, np.maximum(h[alive], better), better)
        order[alive] = np.where(cut, order[alive], target)
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
    problem: Problem, alive: Indices, v: Array, h: Array, order: Indices, tolerance: float
) -> tuple[Array, NDArray[np.bool_], Array, Indices, int]:
    """Try one step of every sample: its end, whether it is good, the next length and order, the evaluations."""
    clamps, current = problem.clamps, problem.current[alive]
    assert isinstance(clamps, Diodes)  # noqa: S101  ideal clamps go by their events
    drawn, slope = clamps.current(v)
    first = problem.coupling.product(v) + current - problem.load * v - drawn
    stiffness = problem.load + slope
    rows: list[Array] = []
    ends, passed = v.copy(), np.zeros(len(v), dtype=np.intp)
    wishes = np.zeros((COLUMNS + 1, len(v)))
    last = np.minimum(order + 1, COLUMNS)
    for k in range(1, int(last.max()) + 1):
        part = (h / k)[:, None]
        z = v + part * first / (1.0 + part * stiffness)
        for _ in range(1, k):
            rate = problem.coupling.product(z) + current - problem.load * z - clamps.current(z)[0]
            z = z + part * rate / (1.0 + part * stiffness)
        new: list[Array] = [z]
        for m, older in enumerate(rows):
            new.append(new[-1] + (new[-1] - older) * ((k - m - 1.0) / (m + 1.0)))
        rows = new
        if k == 1:
            continue
        error = np.abs(new[-1] - new[-2]).max(axis=1)
        error = np.where(np.isfinite(error), np.maximum(error, 1e-300), np.inf)
        wishes[k] = h * np.clip(0.9 * (tolerance / error) ** (1.0 / k), 0.05, 5.0)
        fresh = (passed == 0) & (error <= tolerance) & (k >= order - 1) & (k <= last)
        ends[fresh], passed[fresh] = new[-1][fresh], k
        if ((passed > 0) | (k >= last)).all():
            break
    drawn, slope = clamps.current(ends)
    rate = problem.coupling.product(ends) + current - problem.load * ends - drawn
    wrong = (passed > 0) & overlooked(h, tolerance, stiffness, problem.load + slope, rate)
    better, target = _next(wishes, passed, order)
    better, target = np.where(wrong, 0.3 * h, better), np.where(wrong, np.maximum(order - 1, 2), target)
    return ends, (passed > 0) & ~wrong, better, target, int(EVALUATIONS[k]) + 1


def overlooked(h: Array, tolerance: float, before: Array, after: Array, rate: Array) -> NDArray[np.bool_]:
    """Whether a sample's step began in a diode's grip and ended out of it, or the other way round.

    The slope at the start then pinned the node in all columns alike, or the end lies where no column
    has looked, and the columns agree on what is wrong.
    """
    then, now = 1.0 + h[:, None] * before, 1.0 + h[:, None] * after
    changed = np.maximum(then, now) > CHANGE * np.minimum(then, now)
    missed = np.abs(h[:, None] * rate * (1.0 / now - 1.0 / then)) > 10.0 * tolerance
    return np.asarray((changed & missed).any(axis=1), dtype=np.bool_)


def _next(wishes: Array, passed: Indices, order: Indices) -> tuple[Array, Indices]:
    """Length and order of every sample's next step."""
    each = np.arange(len(passed))
    k = np.where(passed > 0, passed, order)
    now = EVALUATIONS[k] / wishes[k, each]
    lower = np.where(k > 2, EVALUATIONS[k - 1] / np.maximum(wishes[k - 1, each], 1e-300), np.inf)
    down = lower < 0.8 * now
    up = ~down & (now < 0.9 * lower) & (passed > 0) & (k < COLUMNS - 1)
    target = np.where(down, k - 1, np.where(up, k + 1, k))
    length = np.where(down, wishes[k - 1, each], wishes[k, each])
    return np.where(up, length * EVALUATIONS[k + 1] / EVALUATIONS[k], length), target
