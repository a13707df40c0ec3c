r"""Follow the dynamics with exponential diodes: extrapolated linearly implicit Euler steps.

Diodes are stiff and so are quick amplifiers, the couplings are not, so only each state's own slope is taken implicitly
and no system is solved. A step h is made n = 1, 2, 3, … times finer,

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

from dataclasses import dataclass
from typing import NamedTuple, Protocol

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


class Rates(Protocol):
    """What a batch of states does; time over tau."""

    def rate(self, states: Array, samples: Indices) -> Array:
        """How fast each state of some samples changes [V]."""
        ...

    def rate_and_stiffness(self, states: Array, samples: Indices) -> tuple[Array, Array]:
        """`rate`, and minus its slope by each state itself."""
        ...

    def within(self, states: Array) -> Array:
        """Put ``states`` where they can be; they are not used any more."""
        ...

    def corner(self, step: Step, tolerance: float) -> Array:
        """Length at which each sample's step has to end, where it ran on past a corner of its path; else infinite."""
        ...


class Step(NamedTuple):
    """One step of some samples: its length over tau, states and rates at both ends, shape (sample, state)."""

    length: Array
    start: Array
    end: Array
    first: Array
    last: Array


@dataclass(frozen=True, eq=False)
class DiodeRates:
    """Rates of a problem between diodes."""

    problem: Problem
    clamps: Diodes

    def rate(self, states: Array, samples: Indices) -> Array:
        """See `Rates.rate`."""
        drawn, _ = self.clamps.current(states)
        return self._net(states, samples, drawn)

    def rate_and_stiffness(self, states: Array, samples: Indices) -> tuple[Array, Array]:
        """See `Rates.rate_and_stiffness`."""
        drawn, slope = self.clamps.current(states)
        return self._net(states, samples, drawn), self.problem.load + slope

    def within(self, states: Array) -> Array:
        """Anywhere."""
        return states

    def corner(self, step: Step, tolerance: float) -> Array:
        """Nowhere."""
        del tolerance
        return np.full(len(step.length), np.inf)

    def _net(self, states: Array, samples: Indices, drawn: Array) -> Array:
        problem = self.problem
        return problem.coupling.product(states) + problem.current[samples] - problem.load * states - drawn


def follow(
    problem: Problem, start: Array, duration: float, tolerance: float, marks: Array | None = None, n_times: int = 0
) -> Path:
    """Follow a problem between diodes; see `analogeq.engines.native.transient.follow`."""
    assert isinstance(problem.clamps, Diodes)  # noqa: S101  ideal clamps go by their events
    return follow_rates(DiodeRates(problem, problem.clamps), start, duration, tolerance, marks, n_times)


def follow_rates(
    rates: Rates, start: Array, duration: float, tolerance: float, marks: Array | None = None, n_times: int = 0
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
        ends, good, better, target, work = _step(rates, alive, path.states[alive], tried, order[alive], tolerance)
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
    rates: Rates, alive: Indices, v: Array, h: Array, order: Indices, tolerance: float
) -> tuple[Array, NDArray[np.bool_], Array, Indices, int]:
    """Try one step of every sample: its end, whether it is good, the next length and order, the evaluations."""
    first, stiffness = rates.rate_and_stiffness(v, alive)
    rows: list[Array] = []
    ends, passed = v.copy(), np.zeros(len(v), dtype=np.intp)
    wishes = np.zeros((COLUMNS + 1, len(v)))
    last = np.minimum(order + 1, COLUMNS)
    for k in range(1, int(last.max()) + 1):
        part = (h / k)[:, None]
        z = rates.within(v + part * first / (1.0 + part * stiffness))
        for _ in range(1, k):
            z = rates.within(z + part * rates.rate(z, alive) / (1.0 + part * stiffness))
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
    ends = rates.within(ends)
    rate, ending = rates.rate_and_stiffness(ends, alive)
    wrong = (passed > 0) & overlooked(h, tolerance, stiffness, ending, rate)
    better, target = _next(wishes, passed, order)
    better, target = np.where(wrong, 0.3 * h, better), np.where(wrong, np.maximum(order - 1, 2), target)
    until = rates.corner(Step(h, v, ends, first, rate), tolerance)
    late = (passed > 0) & (until < h)
    # Not by less than a tenth: that would be taken for a sliver left over.
    better, target = np.where(late, np.minimum(until, 0.9 * h), better), np.where(late, order, target)
    return ends, (passed > 0) & ~wrong & ~late, better, target, int(EVALUATIONS[k]) + 1


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
