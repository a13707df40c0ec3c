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
from analogeq.engines.native.transient import Path, follow
from analogeq.errors import InputError, SimulatorError

Volts = NDArray[np.float64]

LONGEST = 1000.0
"""Time constants after which a settle to equilibrium gives up."""

STRETCH = 5.0
"""Time constants followed between two attempts to land on the equilibrium."""


class NativeSession:
    """Settles one circuit in this process; see `analogeq.engines.contract.Session`.

    Parameters
    ----------
    circuit : Circuit
    tolerance : float
        Local error of a transient's step [V].
    compiled : bool
        Whether to use the compiled kernels.
    """

    def __init__(self, circuit: Circuit, tolerance: float = 1e-9, *, compiled: bool = False) -> None:
        self.circuit = circuit
        self.tolerance = tolerance
        self.compiled = compiled
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
            path = self._follow(problem, at, self._over_tau(duration))
            status = np.where(path.arrived, Status.FOLLOWED, Status.NOT_SETTLED).astype(np.int8)
            return self._answer(drive, path.states, status, "transient by Taylor steps", _work(path), check)
        voltages, time, settled = self._to_equilibrium(problem, at)
        status = np.where(settled, Status.SETTLED, Status.NOT_SETTLED).astype(np.int8)
        if (problem.load <= 0.0).any():
            status[:] = Status.UNSTABLE
        how = "transient by Taylor steps, finished on the linear piece"
        return self._answer(drive, voltages, status, how, {"time_constants": time}, check)

    def transient(
        self, drive: Drive, stop: float, start: Volts | None = None, *, points: int | None = None
    ) -> Waveform:
        """Follow the dynamics; see `analogeq.engines.contract.Session.transient`.

        Without ``points`` the time points are the step ends of the sample that took the most steps.
        """
        problem, at = self._problem(drive), self._start(drive, start)
        length = self._over_tau(stop)
        marks = self._own_marks(problem, at, length) if points is None else np.linspace(0.0, length, points)
        path = self._follow(problem, at, length, marks)
        if not path.arrived.all():
            late = int(np.flatnonzero(~path.arrived)[0])
            raise SimulatorError(
                f"native transient: sample {late} needs more than {path.steps[late]} steps; follow less"
            )
        times = np.asarray(marks * self.circuit.technology.time_constant, dtype=np.float64)
        waves = np.asarray(path.kept, dtype=np.float64)
        return Waveform(times, waves, "transient by Taylor steps", _work(path))

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self._conductances = self._coupling = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _over_tau(self, seconds: float) -> float:
        if not 0.0 < seconds < np.inf:
            raise InputError(f"duration: {seconds} s; a phase lasts a positive, finite time")
        return seconds / self.circuit.technology.time_constant

    def _follow(
        self, problem: Problem, start: Array, duration: float, marks: Array | None = None, n_times: int = 0
    ) -> Path:
        if self.compiled:
            from analogeq.engines.native.compiled.following import follow as follow_compiled

            return follow_compiled(problem, start, duration, self.tolerance, marks, n_times)
        return follow(problem, start, duration, self.tolerance, marks, n_times)

    def _own_marks(self, problem: Problem, start: Array, duration: float) -> Array:
        path = self._follow(problem, start, duration, n_times=4096)
        most = int(path.steps.argmax()) if path.steps.size else 0
        ends = path.times[most, : int(path.steps[most])] if path.steps.size else np.array([duration])
        return np.concatenate([[0.0], ends])

    def _programmed(self) -> Conductances:
        if self._conductances is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(parameters)) first")
        return self._conductances

    def _problem(self, drive: Drive) -> Problem:
        held, tech = self._programmed(), self.circuit.technology
        if self._coupling is None:
            self._coupling = Coupling.of(self.circuit, held, np.dtype(np.float64))
        current = self.circuit.norton_currents(held, drive).astype(np.float64) / tech.unit_conductance
        if not np.isfinite(current).all():
            sample, node = (int(i[0]) for i in np.nonzero(~np.isfinite(current)))
            name = self.circuit.network.node_names[node]
            raise InputError(
                f"drive: sample {sample} sends {current[sample, node]} A into node {name}; give finite volts"
            )
        load = self.circuit.load_conductances(drive) / tech.unit_conductance
        return Problem(self._coupling, load, current, tech.rail)

    def _start(self, drive: Drive, start: Volts | None) -> Volts:
        shape = (drive.batch, self.circuit.network.n_nodes)
        if start is None:
            return np.zeros(shape)
        if start.shape != shape:
            raise InputError(f"start: shape {start.shape}; this drive and circuit need {shape} (batch, node)")
        if not np.isfinite(start).all():
            raise InputError("start: a voltage is not finite; preset every node to a voltage")
        return start.astype(np.float64)

    def _answer(
        self,
        drive: Drive,
        voltages: Array,
        status: NDArray[np.int8],
        analysis: str,
        stats: dict[str, float],
        check: bool,  # noqa: FBT001  the contract's own word, handed on
    ) -> OperatingPoint:
        residual = kirchhoff_residual(self.circuit, self._programmed(), drive, voltages).astype(np.float64)
        tech = self.circuit.technology
        lost = (status == Status.SETTLED) & (residual > KCL_TOLERANCE * tech.unit_conductance * tech.rail)
        status[lost] = Status.NOT_SETTLED
        point = OperatingPoint(voltages.astype(np.float64, copy=False), residual, status, analysis, stats)
        return point.checked() if check else point

    def _to_equilibrium(self, problem: Problem, start: Array) -> tuple[Array, float, NDArray[np.bool_]]:
        """Follow until the linear piece holds an equilibrium next to where the dynamics stand."""
        at, time = start, 0.0
        while True:
            at, time = self._follow(problem, at, STRETCH).states, time + STRETCH
            landed = np.clip(solve_piece(problem, at, active_set(problem, at)), 0.0, problem.rail)
            still = np.abs(problem.imbalance(landed)).max(axis=1, initial=0.0) < 1e-9 * problem.rail
            near = np.abs(landed - at).max(axis=1, initial=0.0) < 1e-3 * problem.rail
            if (still & near).all() or time >= LONGEST:
                return np.where((still & near)[:, None], landed, at), time, still & near


def _work(path: Path) -> dict[str, float]:
    return {name: float(getattr(path, name).max(initial=0)) for name in ("steps", "events", "products")}
