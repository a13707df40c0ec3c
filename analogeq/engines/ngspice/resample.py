"""From ngspice's time points to the times asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.stages import into_neurons, settled_states
from analogeq.engines.ngspice.pool import SampleResult
from analogeq.hardware import IdealClamp

Doubles = NDArray[np.float64]

AT_RAIL = 1e-6
"""Distance, in rails, at which a node counts as held; clamps of finite stiffness yield less."""


class Resampler:
    """Interpolates linearly, but knows that a node meets and leaves a rail with a corner.

    In a step that ends (or begins) on a rail the straight line would be wrong by a quarter of the
    step times the node's speed. There the node is taken to run on at the speed of its free end, and
    to stop at the rail.
    """

    def __init__(self, circuit: Circuit, conductances: Conductances, drive: Drive) -> None:
        self._circuit = circuit
        self._conductances = conductances
        self._drive = drive

    def voltages(self, sample: int, result: SampleResult, start: Doubles, times: Doubles) -> Doubles:
        """Voltages of one sample at ``times``, shape (time, node).

        ngspice's own record begins after its first step; the presets stand before it.
        """
        own = np.concatenate(([0.0], result.times))
        part = self._drive.only(np.array([sample]))
        states = np.vstack((settled_states(self._circuit, self._conductances, part, start[None]), result.voltages))
        waves = states[:, : len(start)]
        right = np.clip(np.searchsorted(own, times), 1, len(own) - 1)
        left = right - 1
        share = np.clip((times - own[left]) / (own[right] - own[left]), 0.0, 1.0)[:, None]
        blended: Doubles = (1.0 - share) * waves[left] + share * waves[right]
        if isinstance(self._circuit.technology.clamp, IdealClamp):
            self._bend_at_rails(blended, self._speed(part, states), (own, waves), (left, right), times)
        exact = np.flatnonzero(np.isin(times, own))
        blended[exact] = waves[np.searchsorted(own, times[exact])]
        return blended

    def _bend_at_rails(
        self,
        blended: Doubles,
        speed: Doubles,
        record: tuple[Doubles, Doubles],
        ends: tuple[NDArray[np.intp], NDArray[np.intp]],
        times: Doubles,
    ) -> None:
        own, waves = record
        rail, (lower, upper) = self._circuit.technology.rail, self._circuit.levels
        held = (waves < lower + AT_RAIL * rail) | (waves > upper - AT_RAIL * rail)
        for free, other in (ends, ends[::-1]):
            run_on = np.clip(waves[free] + speed[free] * (times - own[free])[:, None], lower, upper)
            corner = ~held[free] & held[other]
            blended[corner] = run_on[corner]

    def _speed(self, part: Drive, states: Doubles) -> Doubles:
        """Return dv/dt [V/s] of nodes that no clamp holds, at all states of one sample."""
        into = into_neurons(self._circuit, self._conductances, part, states)
        return into / self._circuit.technology.node_capacitance


def common_times(results: list[SampleResult], stop: float, points: int | None) -> Doubles:
    """Times [s] of the whole batch: ngspice's own if all samples share them, else equidistant ones."""
    if points is not None:
        return np.linspace(0.0, stop, points)
    first = results[0].times
    if all(np.array_equal(first, r.times) for r in results[1:]):
        # The last two may be one time: the breakpoint and ngspice's clock, which sums its steps.
        return np.concatenate(([0.0], first[first < stop * (1.0 - 1e-9)], [stop]))
    return np.linspace(0.0, stop, max(len(r.times) for r in results))
