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
from analogeq.engines.native.stiff import Step

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]


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
        if self._lines_lag:
            parts.append(lines)
        if self._columns_lag:
            parts.append(self.asked + self.coupling.product(lines))
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
            neurons = self.stages.neurons
            states[:, neurons] = self._between(states[:, neurons])
        return states

    def corner(self, step: Step, tolerance: float) -> Array:
        r"""See `analogeq.engines.native.stiff.Rates`.

        No polynomial goes round a corner. What is behind a node that turns at :math:`t_c` with speed s is told wrongly
        by :math:`s (t - t_c)`, and stands wrong by :math:`K s (h - t_c)^2 / 2` at the step's end, K the rate at which
        it follows; a step may run on as long as that is within the tolerance.
        """
        n = self.load.size
        start, end, first, last = (part[:, :n] for part in step[1:])
        h = step.length[:, None]
        until = np.full(start.shape, np.inf)
        for turns, when, speed in self._turns(h, start, end, first, last):
            with np.errstate(divide="ignore", invalid="ignore"):
                window = np.sqrt(2.0 * tolerance / (self._following * np.abs(speed)))
                late = turns & (h - when > window)
                until = np.where(late, np.minimum(until, when + 0.5 * window), until)
        lengths: Array = until.min(axis=1)
        return lengths

    def _turns(
        self, h: Array, start: Array, end: Array, first: Array, last: Array
    ) -> Iterator[tuple[NDArray[np.bool_], Array, Array]]:
        """Which neurons turn a corner, when, and how fast they are there: by lines and parabolas between both ends."""
        with np.errstate(divide="ignore", invalid="ignore"):
            for edge in (self.stages.limits.low, self.stages.limits.high):
                yield (start < edge) != (end < edge), h * (edge - start) / (end - start), (end - start) / h
            if self.clamps is not None:
                return
            for sign, level in zip((-1.0, 1.0), self.circuit.levels, strict=True):
                was, held = (sign * (v - level) >= 0.0 for v in (start, end))
                pushed, pushes = sign * first > 0.0, sign * last > 0.0
                yield (
                    ~(was & pushed) & held & pushes,
                    _arrival(h, np.abs(level - start), sign * first, sign * last),
                    last,
                )
                yield was & pushed & ~(held & pushes), np.clip(h * first / (first - last), 0.0, h), last

    @cached_property
    def _following(self) -> float:
        """How fast what is behind a neuron follows it: a line, a column, or another neuron; four times for safety."""
        (lines_lag, line_speed), (columns_lag, column_speed) = self._speeds
        largest = 4.0 * self.coupling.strength[0]
        return line_speed if lines_lag else largest * (column_speed if columns_lag else 1.0)

    def _rate(self, states: Array, samples: Indices, drawn: Array | float) -> Array:
        n, unit = self.load.size, self.circuit.technology.unit_conductance
        v, lines = states[:, :n], self._followed(states[:, :n])
        (lines_lag, line_speed), (columns_lag, column_speed) = self._speeds
        parts = []
        if lines_lag:
            u = states[:, n : 2 * n]
            parts.append((lines - u) * line_speed)
            lines = u
        column: Array = self.asked[samples] + self.coupling.product(lines)
        if columns_lag:
            z = states[:, -n:]
            parts.append((column - z) * column_speed)
            column = z
        sent = self.stages.limits.sent(unit * column) / unit
        return np.hstack([sent + self.sources[samples] - self.load * v - drawn, *parts])

    @property
    def _lines_lag(self) -> bool:
        return self.stages.limits.line_time > 0.0

    @property
    def _columns_lag(self) -> bool:
        return self.stages.limits.column_time > 0.0

    @property
    def _speeds(self) -> tuple[tuple[bool, float], tuple[bool, float]]:
        """Whether followers and conveyors lag, and tau over their time constants."""
        tau, limits = self.circuit.technology.time_constant, self.stages.limits
        times = (limits.line_time, limits.column_time)
        line, column = ((time > 0.0, tau / time if time > 0.0 else 0.0) for time in times)
        return line, column

    def _followed(self, voltages: Array) -> Array:
        return self.stages.limits.followed(voltages)

    def _between(self, voltages: Array) -> Array:
        return voltages if self.clamps is not None else np.clip(voltages, *self.circuit.levels)


def _arrival(h: Array, distance: Array, first: Array, last: Array) -> Array:
    """When something that goes at speed ``first``, and at ``last`` after ``h``, is a ``distance`` away; within h."""
    when = 2.0 * distance / (first + np.sqrt(first**2 + 2.0 * distance * (last - first) / h))
    return np.clip(np.where(np.isfinite(when), when, 0.5 * h), 0.0, h)
