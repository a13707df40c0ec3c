"""How neurons, word lines and columns change, in the units the solvers work in; see `analogeq.circuit.stages`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.stages import Stages
from analogeq.engines.native.clamps import Diodes
from analogeq.engines.native.coupling import Array, Coupling
from analogeq.engines.native.stages.corners import Corners, at_clamps, at_swings
from analogeq.engines.native.stiff import Step

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

DENSE_UP_TO = 100
"""Neurons up to which one product with a full matrix is quicker than one for each block."""


@dataclass(frozen=True, eq=False)
class StageRates:
    """One batch of states, laid out as `Stages` says but without those that no capacitor holds.

    Attributes
    ----------
    circuit : Circuit
    stages : Stages
    coupling : Coupling
    asked : ndarray, shape (batch, node)
        What inputs, biases and offsets ask of the conveyors, over G0 [V].
    sources : ndarray, shape (batch, node)
        Of tether and nudge, over G0 [V].
    load : ndarray, shape (node,)
        Over G0.
    clamps : Diodes or None
        None where they are ideal.
    """

    circuit: Circuit
    stages: Stages
    coupling: Coupling
    asked: Doubles
    sources: Doubles
    load: Doubles
    clamps: Diodes | None

    @classmethod
    def of(
        cls, circuit: Circuit, stages: Stages, conductances: Conductances, coupling: Coupling, drive: Drive
    ) -> StageRates:
        """Prepare a batch."""
        unit = circuit.technology.unit_conductance
        currents = (circuit.input_currents(conductances, drive.inputs), circuit.source_currents(drive))
        asked, sources = (np.asarray(i, dtype=np.float64) / unit for i in currents)
        load = np.asarray(circuit.load_conductances(drive), dtype=np.float64) / unit
        clamps = Diodes.of(circuit.technology, circuit.clamp_levels)
        return cls(circuit, stages, coupling, asked, sources, load, clamps)

    def only(self, samples: Indices) -> StageRates:
        """The same for some of the samples."""
        return replace(self, asked=self.asked[samples], sources=self.sources[samples])

    def start(self, voltages: Doubles) -> Doubles:
        """States of amplifiers that have settled on ``voltages`` [V]."""
        parts: list[Array] = [self._between(voltages)]
        lines = self.stages.limits.followed(parts[0])
        (lines_lag, _), (columns_lag, _) = self._speeds
        if lines_lag:
            parts.append(lines)
        if columns_lag:
            parts.append(self.asked + self._coupled(lines))
        return np.concatenate(parts, axis=1, dtype=np.float64)  # a copy, whatever its parts are

    def rate(self, states: Array, samples: Indices) -> Array:
        """See `analogeq.engines.native.stiff.Rates`."""
        v = states[:, : self.load.size]
        drawn = 0.0 if self.clamps is None else self.clamps.current(v)[0]
        return self._rate(states, samples, drawn)

    def rate_and_stiffness(self, states: Array, samples: Indices) -> tuple[Array, Array]:
        """See `analogeq.engines.native.stiff.Rates`."""
        v = states[:, : self.load.size]
        drawn, slope = (0.0, np.zeros_like(v)) if self.clamps is None else self.clamps.current(v)
        parts = [self.load + slope]
        parts += [np.full_like(v, speed) for lags, speed in self._speeds if lags]
        return self._rate(states, samples, drawn), np.hstack(parts)

    def within(self, states: Array) -> Array:
        """See `analogeq.engines.native.stiff.Rates`; neurons stand between ideal clamps."""
        if self.clamps is None:
            neurons = states[:, self.stages.neurons]
            neurons[:] = self._between(neurons)
        return states

    def corner(self, step: Step, tolerance: float) -> Array:
        r"""See `analogeq.engines.native.stiff.Rates`.

        No polynomial goes round a corner. What is behind a node that turns at :math:`t_c` with speed s is told wrongly
        by :math:`s (t - t_c)`, and stands wrong by :math:`K s (h - t_c)^2 / 2` at the step's end, K the rate at which
        it follows; a step may run on as long as that is within the tolerance.
        """
        own = Step(step.length, *(part[:, : self.load.size] for part in step[1:]))
        until = np.full(len(step.length), np.inf)
        for who, _, when, speed in self._corners(own):
            with np.errstate(divide="ignore"):
                window = np.sqrt(2.0 * tolerance / (self._following * np.abs(speed)))
            late = step.length[who] - when > window
            np.minimum.at(until, who[late], (when + 0.5 * window)[late])
        return until

    def _corners(self, step: Step) -> Iterator[Corners]:
        for edge in self._edges:
            yield at_swings(step, edge)
        if self.clamps is None:
            for sign, level in zip((-1.0, 1.0), self._levels, strict=True):
                yield from at_clamps(step, level, sign)

    @cached_property
    def _edges(self) -> tuple[Doubles, ...]:
        """Ends of the followers' swing, where there are any."""
        return tuple(edge for edge in (self.stages.limits.low, self.stages.limits.high) if np.isfinite(edge).any())

    @cached_property
    def _following(self) -> float:
        """How fast what is behind a neuron follows it: a line, a column, or another neuron; four times for safety."""
        (lines_lag, line_speed), (columns_lag, column_speed) = self._speeds
        largest = 4.0 * self.coupling.strength[0]
        return line_speed if lines_lag else largest * (column_speed if columns_lag else 1.0)

    def _rate(self, states: Array, samples: Indices, drawn: Array | float) -> Array:
        n, unit, limits = self.load.size, self.circuit.technology.unit_conductance, self.stages.limits
        (lines_lag, line_speed), (columns_lag, column_speed) = self._speeds
        rates, v = np.empty_like(states), states[:, :n]
        lines: Array = limits.followed(v) if self._edges else v
        if lines_lag:
            u = states[:, n : 2 * n]
            rates[:, n : 2 * n] = (lines - u) * line_speed
            lines = u
        column: Array = self._coupled(lines) + self.asked[samples]
        if columns_lag:
            z = states[:, -n:]
            rates[:, -n:] = (column - z) * column_speed
            column = z
        sent = column if np.isinf(limits.current) else limits.sent(unit * column) / unit
        rates[:, :n] = sent + self.sources[samples] - self.load * v - drawn
        return rates

    def _coupled(self, lines: Array) -> Array:
        """What lines ask of the conveyors, over G0 [V]."""
        small = self.load.size <= DENSE_UP_TO
        coupled: Array = lines @ self.coupling.dense if small else self.coupling.product(lines)
        return coupled

    @cached_property
    def _speeds(self) -> tuple[tuple[bool, float], tuple[bool, float]]:
        """Whether followers and conveyors lag, and tau over their time constants."""
        tau, limits = self.circuit.technology.time_constant, self.stages.limits
        times = (limits.line_time, limits.column_time)
        line, column = ((time > 0.0, tau / time if time > 0.0 else 0.0) for time in times)
        return line, column

    @cached_property
    def _levels(self) -> tuple[Doubles | float, Doubles | float]:
        return self.circuit.levels

    def _between(self, voltages: Array) -> Array:
        if self.clamps is not None:
            return voltages
        lower, upper = self._levels
        between: Array = np.minimum(np.maximum(voltages, lower), upper)
        return between
