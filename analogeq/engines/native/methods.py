"""Which implementation runs: numpy, or the compiled kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native import coarse, stepping, stiff, transient, twolayer
from analogeq.engines.native.clamps import Diodes, Ideal
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.twolayer import TwoLayers


@dataclass(frozen=True)
class Methods:
    """The two heavy solvers, in one of their two forms.

    Attributes
    ----------
    compiled : bool
    """

    compiled: bool = False

    def follow(
        self,
        problem: Problem,
        start: Array,
        duration: float,
        tolerance: float,
        marks: Array | None = None,
        n_times: int = 0,
    ) -> transient.Path:
        """Follow a transient; see `analogeq.engines.native.transient.follow`."""
        if self.compiled:
            from analogeq.engines.native.compiled.calls import follow

            return follow(problem, start, duration, tolerance, marks, n_times)
        rough = tolerance >= stepping.LEAST_TOLERANCE * problem.rail and marks is None and n_times == 0
        if rough and isinstance(problem.clamps, Ideal):
            return stepping.follow(problem, start, duration)
        method = stiff.follow if isinstance(problem.clamps, Diodes) else transient.follow
        return method(problem, start, duration, tolerance, marks, n_times)

    def follow_coarsely(
        self, problem: Problem, start: Array, duration: float, strength: float, longest: float = coarse.LONGEST
    ) -> transient.Path:
        """Follow a transient in long steps; see `analogeq.engines.native.coarse.follow`."""
        if self.compiled:
            from analogeq.engines.native.compiled.calls import follow_coarsely

            return follow_coarsely(problem, start, duration, strength, longest)
        return coarse.follow(problem, start, duration, strength, longest)

    def solve_two_layers(self, layers: TwoLayers, problem: Problem, start: Array) -> tuple[Array, NDArray[np.int64]]:
        """Find an operating point; see `analogeq.engines.native.twolayer.solve`."""
        if self.compiled:
            from analogeq.engines.native.compiled.calls import solve_two_layers

            return solve_two_layers(layers, problem, start)
        return twolayer.solve(layers, problem, start)
