"""The compiled kernels behind the signatures of their numpy originals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native import coarse as coarse_original
from analogeq.engines.native import stiff as stiff_original
from analogeq.engines.native.clamps import Diodes
from analogeq.engines.native.compiled import coarse, stiff, transient, twolayer
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.transient import MOST, Path
from analogeq.engines.native.twolayer import CLOSE, TwoLayers
from analogeq.engines.native.twolayer import MOST as MOST_ITERATIONS

NO_DIODES = (0.0, 1.0, 0.0, 0.0)


def follow(
    problem: Problem, start: Array, duration: float, tolerance: float, marks: Array | None = None, n_times: int = 0
) -> Path:
    """Go ``duration`` time constants on from ``start``; see `analogeq.engines.native.transient.follow`."""
    batch, n = start.shape
    packed, states = problem.coupling.packed, np.array(start, dtype=np.float64)
    wanted = np.empty(0) if marks is None else marks
    kept, times = np.empty((batch, len(wanted), n)), np.zeros((batch, n_times))
    counts = np.zeros((batch, 3), dtype=np.int64)
    links = (packed.table, packed.ends, packed.to_outer, packed.to_inner, problem.coupling.factor)
    node = (problem.load, problem.current, problem.rail)
    if isinstance(problem.clamps, Diodes):
        stops, constants, most = np.append(wanted, duration), problem.clamps.constants, stiff_original.MOST_WORK
        stiff.follow(*links, *node, constants, states, duration, tolerance, most, stops, kept, times, counts)
        counts[counts[:, 0] < 0, 0] = MOST
    else:
        transient.follow(*links, problem.bend, *node, states, duration, tolerance, MOST, wanted, kept, times, counts)
    method = stiff_original.METHOD if isinstance(problem.clamps, Diodes) else Path.method
    return Path(states, kept, times, counts[:, 0], counts[:, 1], counts[:, 2], method)


def follow_coarsely(
    problem: Problem, start: Array, duration: float, strength: float, longest: float = coarse_original.LONGEST
) -> Path:
    """Go ``duration`` time constants on in long steps; see `analogeq.engines.native.coarse.follow`."""
    packed = problem.coupling.packed
    steps = coarse_original.Steps.through(problem, duration, strength, longest)
    states = np.clip(np.asarray(start, dtype=np.float64), 0.0, problem.rail)
    counts = np.zeros((len(start), 3), dtype=np.int64)
    links = (packed.table, packed.ends, packed.to_outer, packed.to_inner, problem.coupling.factor)
    bounds = (steps.gentle, steps.rest, steps.still, steps.count)
    coarse.follow(
        *links,
        problem.load,
        problem.current,
        problem.rail,
        steps.decay,
        steps.hold,
        steps.ramp,
        *bounds,
        states,
        counts,
    )
    return coarse_original.as_path(states, counts)


def solve_two_layers(layers: TwoLayers, problem: Problem, start: Array) -> tuple[Array, NDArray[np.int64]]:
    """Find the equilibrium of every sample; see `analogeq.engines.native.twolayer.solve`."""
    outer, inner = start[:, layers.outer].copy(), start[:, layers.inner].copy()
    iterations = np.zeros(len(start), dtype=np.int64)
    twolayer.solve(
        layers.to_outer,
        layers.to_inner,
        problem.load[layers.outer],
        problem.load[layers.inner],
        np.ascontiguousarray(problem.current[:, layers.outer]),
        np.ascontiguousarray(problem.current[:, layers.inner]),
        problem.rail,
        problem.clamps.constants if isinstance(problem.clamps, Diodes) else NO_DIODES,
        problem.precise(CLOSE),
        MOST_ITERATIONS,
        outer,
        inner,
        iterations,
    )
    voltages = np.empty_like(start)
    voltages[:, layers.outer], voltages[:, layers.inner] = outer, inner
    return voltages, iterations
