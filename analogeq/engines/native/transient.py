r"""Follow the dynamics exactly from corner to corner.

Between two events (a node reaching a rail, or leaving one) the circuit is linear, so its Taylor
series is cheap: every further term is one product with the couplings,

.. math:: c_{k+1} = \frac{(M - \mathrm{diag}(a))\, c_k}{k + 1} \quad\text{at free nodes, 0 at held ones.}

Its tail bounds the step; the event times are roots of its polynomials. A step may run on past an
event as long as what follows is small: the node itself then ends exactly at its rail, what its
neighbours were wrongly told, :math:`r(t)`, is put right to first order by one more product,
:math:`M \int r\,dt`, and the next order, about :math:`\lVert A M \rVert r h^2 / 6`, has to pass the
tolerance, or else the step ends earlier, in the limit at the event.

Every sample has its own time; samples march side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import AT_ONCE, HIGHEST, Problem
from analogeq.engines.native.roots import first_rise, value_and_slope

MOST = 20_000
"""Steps after which a sample is given up; a thousand is a lot."""


@dataclass(frozen=True, eq=False)
class Path:
    """Where a batch went.

    Attributes
    ----------
    states : ndarray, shape (batch, node)
        At the end [V].
    kept : ndarray, shape (batch, mark, node)
        At the marks asked for [V].
    times : ndarray, shape (batch, any)
        Ends of the steps over tau, as many as were asked for; zero where a sample took fewer.
    steps, events, products : ndarray of int, shape (batch,)
    method : str
        By what kind of steps.
    early : ndarray of int, shape (batch,), optional
        1 where a sample was done before the end, because nothing could move it any more.
    """

    states: Array
    kept: Array
    times: Array
    steps: NDArray[np.int64]
    events: NDArray[np.int64]
    products: NDArray[np.int64]
    method: str = "Taylor steps"
    early: NDArray[np.int64] | None = None

    @property
    def arrived(self) -> NDArray[np.bool_]:
        """Which samples came to the end within the limit of work."""
        return self.steps < MOST


@dataclass(eq=False)
class _Series:
    """The Taylor series of the samples that are still on their way."""

    terms: Array  # (order + 1, sample, node), free nodes
    inflow: Array  # (order, sample, node), into every node
    held: NDArray[np.int8]  # 1 at the upper rail, -1 at the lower

    @property
    def order(self) -> int:
        return len(self.terms) - 1


def follow(
    problem: Problem, start: Array, duration: float, tolerance: float, marks: Array | None = None, n_times: int = 0
) -> Path:
    """Go ``duration`` time constants on from ``start``.

    Parameters
    ----------
    problem : Problem
    start : ndarray, shape (batch, node)
        [V]; what lies outside the rails is put to them, as an ideal clamp does at once.
    duration : float
        Over tau.
    tolerance : float
        Local error of a step [V]; waveforms end up several times closer than that.
    marks : ndarray, optional
        Ascending times over tau in [0, duration] at which to keep the states.
    n_times : int
        How many ends of steps to report.
    """
    batch, n = start.shape
    marks = np.empty(0) if marks is None else marks
    states = np.clip(start, 0.0, problem.rail)
    path = Path(
        states,
        np.empty((batch, len(marks), n), dtype=states.dtype),
        np.zeros((batch, n_times)),
        *np.zeros((3, batch), dtype=np.int64),
    )
    now, last, mark = np.zeros(batch), np.full(batch, 0.1), np.zeros(batch, dtype=np.int64)
    alive = np.arange(batch)
    while alive.size:
        rest = duration - now[alive]
        aim = np.minimum(2.0 * last[alive], rest)
        series = _expand(problem, alive, states[alive], aim, tolerance)
        h, who, node, when = _plan(problem, series, aim, tolerance, len(marks) == 0)
        _keep(problem, series, marks, now[alive], h, h >= rest, mark, alive, path.kept)
        states[alive] = _advance(problem, series, h, who, node, when)
        done = h >= rest
        now[alive], last[alive] = np.where(done, duration, now[alive] + h), h
        early = alive[path.steps[alive] < n_times]
        path.times[early, path.steps[early]] = now[early]
        path.steps[alive] += 1
        path.events[alive] += np.bincount(who[when <= h[who]], minlength=alive.size)
        path.products[alive] += series.order
        alive = alive[~done & (path.steps[alive] < MOST)]
    return path


def _expand(problem: Problem, alive: NDArray[np.intp], v: Array, aim: Array, tolerance: float) -> _Series:
    """Terms until the last is negligible at time ``aim`` for every sample."""
    net = problem.coupling.product(v) + problem.current[alive] - problem.load * v
    held = ((v >= problem.rail) & (net > 0.0)).astype(np.int8) - ((v <= 0.0) & (net < 0.0))
    free = held == 0
    terms: list[Array] = [v, np.where(free, net, 0.0)]
    inflow: list[Array] = [net]
    goal, power, before = 0.2 * tolerance, aim.copy(), np.zeros(len(v))
    high = np.abs(terms[1]).max(axis=1)
    while len(terms) <= HIGHEST:
        order = len(terms) - 1
        inflow.append(problem.coupling.product(terms[-1]))
        term = inflow[-1] - problem.load * terms[-1]
        term *= free
        term /= order + 1
        terms.append(term)
        before, high = high, np.abs(term).max(axis=1)
        power *= aim
        if order >= 2 and (high * power <= goal).all() and (before * power <= 10.0 * goal * aim).all():
            break
    return _Series(np.array(terms), np.array(inflow), held)


def _plan(
    problem: Problem,
    series: _Series,
    aim: Array,
    tolerance: float,
    merge: bool,  # noqa: FBT001  an internal flag
) -> tuple[Array, NDArray[np.intp], NDArray[np.intp], Array]:
    """Length of every sample's step, and its events: sample, node, time."""
    order = series.order
    high, before = (np.abs(series.terms[k]).max(axis=1) for k in (-1, -2))
    h = aim.copy()
    for peak, power, slack in ((high, order, 1.0), (before, order - 1, 10.0)):
        moving = peak > 0.0
        h[moving] = np.minimum(h[moving], (slack * tolerance / peak[moving]) ** (1.0 / power))
    who, node, when = _events(series, h, problem.rail)
    if who.size:
        h = _shorten(problem, series, h, who, node, when, tolerance, merge)
    return h, who, node, when


def _events(series: _Series, h: Array, rail: float) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Find which nodes reach a rail or leave one within ``h``, and when."""
    powers = h[None, :, None] ** np.arange(series.order + 1)[:, None, None]
    reach = (np.abs(series.terms[1:]) * powers[1:]).sum(axis=0)
    swing = (np.abs(series.inflow[1:]) * powers[1:-1]).sum(axis=0)
    v, free = series.terms[0], series.held == 0
    wanted = (
        (1.0, series.terms, rail, free & (v + reach > rail)),
        (-1.0, series.terms, 0.0, free & (v - reach < 0.0)),
        (-1.0, series.inflow, 0.0, (series.held > 0) & (series.inflow[0] < swing)),
        (1.0, series.inflow, 0.0, (series.held < 0) & (-series.inflow[0] < swing)),
    )
    first = np.full(v.shape, np.inf)
    for sign, source, level, mask in wanted:
        who, node = np.nonzero(mask)
        if who.size:
            terms = sign * source[:, who, node]
            terms[0] -= sign * level
            at = first_rise(terms, h[who])
            seen = at >= 0.0
            first[who[seen], node[seen]] = np.minimum(first[who[seen], node[seen]], at[seen])
    who, node = np.nonzero(first < np.inf)
    return who, node, first[who, node]


def _shorten(
    problem: Problem,
    series: _Series,
    h: Array,
    who: NDArray[np.intp],
    node: NDArray[np.intp],
    when: Array,
    tolerance: float,
    merge: bool,  # noqa: FBT001  an internal flag
) -> Array:
    """End a step where what its events do to each other would pass the tolerance."""
    first = h.copy()
    np.minimum.at(first, who, when)
    if not merge:
        h = np.where(first > AT_ONCE, first, h)
    for _ in range(200):
        span = np.maximum(h[who] - when, 0.0)
        error = problem.bend / 6.0 * np.bincount(who, _overshoot(problem, series, h, who, node, when) * span**2, len(h))
        over = (error > tolerance) & (h > first)
        if not over.any():
            break
        window = (h - first) * np.maximum(0.2, 0.9 * np.cbrt(tolerance / np.where(over, error, tolerance)))
        window[(first > AT_ONCE) & (window < 1e-4 * first)] = 0.0
        h = np.where(over, first + window, h)
    return h


def _overshoot(
    problem: Problem, series: _Series, h: Array, who: NDArray[np.intp], node: NDArray[np.intp], when: Array
) -> Array:
    """How far each event's node leaves the series it is taken to follow [V]."""
    stop = np.maximum(h[who], when)
    times = np.stack([stop, 0.5 * (when + stop)])
    (end, half), _ = value_and_slope(series.terms[:, who, node], times)
    level = np.where(half > 0.5 * problem.rail, problem.rail, 0.0)
    hit = np.maximum(np.abs(end - level), 2.0 * np.abs(half - level))
    (end, half), _ = value_and_slope(series.inflow[:, who, node], times)
    released = np.maximum(np.abs(end), 2.0 * np.abs(half)) * (stop - when) / 4.0
    overshoot: Array = np.where(series.held[who, node] == 0, hit, released)
    return overshoot


def _advance(
    problem: Problem, series: _Series, h: Array, who: NDArray[np.intp], node: NDArray[np.intp], when: Array
) -> Array:
    """States at the end of the step, corners put right."""
    ends, _ = value_and_slope(series.terms, np.broadcast_to(h[:, None], series.held.shape))
    within = when <= h[who]
    if within.any():
        who, node, when = who[within], node[within], when[within]
        level, untold = _corners(problem, series, h[who], who, node, when)
        told = np.zeros_like(ends)
        told[who, node] = untold
        ends += problem.coupling.product(told) * (series.held == 0)
        ends[who, node] = level
    result: Array = np.clip(ends, 0.0, problem.rail)
    return result


def _corners(
    problem: Problem, series: _Series, h: Array, who: NDArray[np.intp], node: NDArray[np.intp], when: Array
) -> tuple[Array, Array]:
    """Where each event's node ends, and the integral of what its neighbours were not told [V]."""
    held, span = series.held[who, node], h - when
    terms = series.terms[:, who, node]
    reached, _ = value_and_slope(terms, when)
    rail = np.where(reached > 0.5 * problem.rail, problem.rail, 0.0)
    kept_from = np.where(held > 0, problem.rail, 0.0)
    gone = _area(series.inflow[:, who, node], when, h)
    left = kept_from + gone * (1.0 - problem.load[node] * span / 3.0)
    free = held == 0
    return np.where(free, rail, left), np.where(free, rail * span - _area(terms, when, h), gone * span / 3.0)


def _area(terms: Array, start: Array, stop: Array) -> Array:
    """Integrals of polynomials from ``start`` to ``stop``."""
    integral = np.concatenate([np.zeros_like(terms[:1]), terms / np.arange(1, len(terms) + 1)[:, None]])
    upper, _ = value_and_slope(integral, stop)
    lower, _ = value_and_slope(integral, start)
    area: Array = upper - lower
    return area


def _keep(
    problem: Problem,
    series: _Series,
    marks: Array,
    now: Array,
    h: Array,
    ends: NDArray[np.bool_],
    mark: NDArray[np.int64],
    alive: NDArray[np.intp],
    kept: Array,
) -> None:
    """Evaluate the series at the marks it passes."""
    for i, sample in enumerate(alive):
        upto = len(marks) if ends[i] else int(np.searchsorted(marks, now[i] + h[i], side="right"))
        passed = slice(int(mark[sample]), upto)
        times = np.clip(marks[passed] - now[i], 0.0, h[i])[:, None]
        if times.size:
            values, _ = value_and_slope(series.terms[:, i], np.broadcast_to(times, (len(times), kept.shape[2])))
            kept[sample, passed] = np.clip(values, 0.0, problem.rail)
            mark[sample] = upto
