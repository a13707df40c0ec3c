"""One circuit, opened by the native engine."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.laws import KCL_TOLERANCE, kirchhoff_residual
from analogeq.engines.contract import OperatingPoint, Status, Waveform
from analogeq.engines.native.coupling import Array, Coupling
from analogeq.engines.native.pieces import active_set, solve_piece
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.stepping import follow
from analogeq.errors import InputError

Volts = NDArray[np.float64]

LONGEST = 1000.0
"""Time constants after which a settle to equilibrium gives up."""

STRETCH = 5.0
"""Time constants followed between two attempts to land on the equilibrium."""


class NativeSession:
    """Settles one circuit in this process; see `analogeq.engines.contract.Session`."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._conductances: Conductances | None = None
        self._coupling: Coupling | None = None

    def program(self, conductances: Conductances) -> None:
        """Take new conductances; the topology stays."""
        self._conductances = conductances
        self._coupling = None

    def settle(
        self,
        drive: Drive,
        start: Volts | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
    ) -> OperatingPoint:
        """Go where the dynamics go from ``start``; see `analogeq.engines.contract.Session.settle`."""
        problem, at = self._problem(drive), self._start(drive, start)
        if duration is not None:
            voltages, steps = follow(problem, at, duration / self.circuit.technology.time_constant)
            return self._answer(drive, voltages, None, "transient by exponential steps", {"steps": steps}, check)
        voltages, time, settled = _to_equilibrium(problem, at)
        status = np.where(settled, Status.SETTLED, Status.NOT_SETTLED).astype(np.int8)
        if (problem.load <= 0.0).any():
            status[:] = Status.UNSTABLE
        how = "transient by exponential steps, finished on the linear piece"
        return self._answer(drive, voltages, status, how, {"time_constants": time}, check)

    def transient(
        self, drive: Drive, stop: float, start: Volts | None = None, *, points: int | None = None
    ) -> Waveform:
        """Follow the dynamics; see `analogeq.engines.contract.Session.transient`."""
        problem, at = self._problem(drive), self._start(drive, start)
        kept: list[Array] = []
        _, steps = follow(problem, at, stop / self.circuit.technology.time_constant, kept)
        times = np.linspace(0.0, stop, steps + 1)
        waves = np.stack(kept, axis=1).astype(np.float64)
        if points is not None:
            wanted = np.linspace(0.0, stop, points)
            right = np.clip(np.searchsorted(times, wanted), 1, steps)
            share = ((wanted - times[right - 1]) / (times[right] - times[right - 1]))[None, :, None]
            times, waves = wanted, (1.0 - share) * waves[:, right - 1] + share * waves[:, right]
        return Waveform(times, waves, "transient by exponential steps", {"steps": steps})

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self._conductances = self._coupling = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _programmed(self) -> Conductances:
        if self._conductances is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(parameters)) first")
        return self._conductances

    def _problem(self, drive: Drive) -> Problem:
        held, tech = self._programmed(), self.circuit.technology
        if self._coupling is None:
            self._coupling = Coupling.of(self.circuit, held, np.dtype(np.float64))
        current = self.circuit.norton_currents(held, drive).astype(np.float64) / tech.unit_conductance
        load = self.circuit.load_conductances(drive) / tech.unit_conductance
        return Problem(self._coupling, load, current, tech.rail)

    def _start(self, drive: Drive, start: Volts | None) -> Volts:
        shape = (drive.batch, self.circuit.network.n_nodes)
        if start is None:
            return np.zeros(shape)
        if start.shape != shape:
            raise InputError(f"start: shape {start.shape}; this drive and circuit need {shape} (batch, node)")
        return start.astype(np.float64)

    def _answer(
        self,
        drive: Drive,
        voltages: Array,
        status: NDArray[np.int8] | None,
        analysis: str,
        stats: dict[str, float],
        check: bool,  # noqa: FBT001  the contract's own word, handed on
    ) -> OperatingPoint:
        residual = kirchhoff_residual(self.circuit, self._programmed(), drive, voltages).astype(np.float64)
        if status is None:
            status = np.full(len(voltages), Status.FOLLOWED, dtype=np.int8)
        tech = self.circuit.technology
        lost = (status == Status.SETTLED) & (residual > KCL_TOLERANCE * tech.unit_conductance * tech.rail)
        status[lost] = Status.NOT_SETTLED
        point = OperatingPoint(voltages.astype(np.float64, copy=False), residual, status, analysis, stats)
        return point.checked() if check else point


def _to_equilibrium(problem: Problem, start: Array) -> tuple[Array, float, NDArray[np.bool_]]:
    """Follow until the linear piece holds an equilibrium next to where the dynamics stand."""
    at, time = start, 0.0
    settled = np.zeros(len(start), dtype=bool)
    while time < LONGEST:
        at, _ = follow(problem, at, STRETCH)
        time += STRETCH
        landed = np.clip(solve_piece(problem, at, active_set(problem, at)), 0.0, problem.rail)
        still = np.abs(problem.imbalance(landed)).max(axis=1) < 1e-9 * problem.rail
        near = np.abs(landed - at).max(axis=1) < 1e-3 * problem.rail
        settled = still & near
        if settled.all():
            return landed, time, settled
    return np.where(settled[:, None], landed, at), time, settled
