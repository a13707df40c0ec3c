"""Settle a circuit whose amplifiers have limits: by its dynamics, and by Newton's method where they end."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.landscape import is_stable, is_strictly_convex
from analogeq.circuit.laws import KCL_TOLERANCE, kirchhoff_residual, node_imbalance
from analogeq.circuit.stages import Stages
from analogeq.engines.contract import OperatingPoint, Status, Waveform
from analogeq.engines.native.coupling import Coupling
from analogeq.engines.native.equilibrium import CAREFUL, FIRST_STRETCH, LONGEST, UNSTABLE_TIME
from analogeq.engines.native.presets import check_shapes
from analogeq.engines.native.stages.rates import StageRates
from analogeq.engines.native.stiff import METHOD, follow_rates
from analogeq.engines.native.transient import Path
from analogeq.engines.small_signal import Linearisation
from analogeq.errors import InputError, SimulatorError
from analogeq.hardware import IdealClamp

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

LANDING_DISTANCE = 1e-2
"""Farthest that Newton's method may end from where the dynamics stand, in rails: no other equilibrium is as near
as that but in circuits that a part in a hundred changes."""

MOST_NEWTON = 30
"""Newton steps from there; it takes two or three."""

STILL = 1e-14
"""Newton step that is none, in rails."""


class StageSession:
    """Settles one circuit in this process; see `analogeq.engines.contract.Session`.

    Parameters
    ----------
    circuit : Circuit
        With `Circuit.limits`.
    tolerance : float
        Local error of a transient's step [V].
    """

    def __init__(self, circuit: Circuit, tolerance: float) -> None:
        stages = Stages.of(circuit)
        if stages is None:
            raise InputError("native engine: these amplifiers have no limits; open the circuit by the engine itself")
        self.circuit = circuit
        self.tolerance = tolerance
        self._stages = stages
        self._conductances: Conductances | None = None
        self._coupling: Coupling | None = None

    def program(self, conductances: Conductances) -> None:
        """Take new conductances; the topology stays."""
        self._conductances = conductances
        self._coupling = Coupling.of(self.circuit, conductances, np.dtype(np.float64))

    def settle(
        self,
        drive: Drive,
        start: NDArray[np.floating] | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
    ) -> OperatingPoint:
        """Go where the dynamics go from ``start``; see `analogeq.engines.contract.Session.settle`."""
        rates, at = self._prepared(drive, start)
        if duration is None:
            point = self._settled(drive, rates, at)
        else:
            path = follow_rates(rates, at, self._over_tau(duration), self.tolerance)
            status = np.where(path.arrived, Status.FOLLOWED, Status.NOT_SETTLED).astype(np.int8)
            point = self._answer(drive, path.states, status, f"transient by {METHOD}", _work(path))
        return point.checked() if check else point

    def transient(
        self, drive: Drive, stop: float, start: NDArray[np.floating] | None = None, *, points: int | None = None
    ) -> Waveform:
        """Follow the dynamics; see `analogeq.engines.contract.Session.transient`."""
        (rates, at), length = self._prepared(drive, start), self._over_tau(stop)
        marks = self._own_marks(rates, at, length) if points is None else np.linspace(0.0, length, points)
        path = follow_rates(rates, at, length, self.tolerance, marks)
        if not path.arrived.all():
            late = int(np.flatnonzero(~path.arrived)[0])
            raise SimulatorError(
                f"native transient: sample {late} took {path.products[late]} evaluations; follow it for less time"
            )
        waves = path.kept[:, :, self._stages.neurons].astype(np.float64)
        return Waveform(marks * self.circuit.technology.time_constant, waves, f"transient by {METHOD}", _work(path))

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self._conductances = self._coupling = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepared(self, drive: Drive, start: NDArray[np.floating] | None) -> tuple[StageRates, Doubles]:
        net = self.circuit.network
        if self._conductances is None or self._coupling is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(parameters)) first")
        check_shapes(net, drive)
        rates = StageRates.of(self.circuit, self._stages, self._conductances, self._coupling, drive)
        for what, currents in (("columns", rates.asked), ("sources", rates.sources)):
            if not np.isfinite(currents).all():
                sample, node = (int(i) for i in np.argwhere(~np.isfinite(currents))[0])
                raise InputError(
                    f"drive: in sample {sample} the {what} of node {net.node_names[node]} carry "
                    f"{currents[sample, node]}; give finite inputs, predictions and targets"
                )
        shape = (drive.batch, net.n_nodes)
        at = np.zeros(shape) if start is None else np.asarray(start, dtype=np.float64)
        if at.shape != shape or not np.isfinite(at).all():
            raise InputError(f"start: shape {at.shape}; give finite voltages of shape {shape}")
        return rates, rates.start(at)

    def _over_tau(self, seconds: float) -> float:
        if not 0.0 < seconds < np.inf:
            raise InputError(f"duration: {seconds} s; a phase lasts a positive, finite time")
        return seconds / self.circuit.technology.time_constant

    def _own_marks(self, rates: StageRates, at: Doubles, length: float) -> Doubles:
        path = follow_rates(rates, at, length, self.tolerance, n_times=4096)
        if not path.steps.size:
            return np.array([0.0, length])
        most = int(path.steps.argmax())
        return np.concatenate([[0.0], path.times[most, : int(path.steps[most])]])

    def _settled(self, drive: Drive, rates: StageRates, states: Doubles) -> OperatingPoint:
        """Look where Newton's method ends, and between two looks follow the dynamics, each time twice as long."""
        status = np.full(len(states), Status.NOT_SETTLED, dtype=np.int8)
        alive, length, stretch = np.arange(len(states)), 0.0, FIRST_STRETCH
        supported = bool((rates.load > 0.0).all())
        while alive.size:
            if supported:
                landed, proven = self._land(drive.only(alive), states[alive, self._stages.neurons])
                states[alive[proven], self._stages.neurons] = landed[proven]
                status[alive[proven]] = Status.SETTLED
                alive = alive[~proven]
            if not alive.size or length >= (LONGEST if supported else UNSTABLE_TIME):
                break
            rough = CAREFUL * self.circuit.technology.rail
            states[alive] = follow_rates(rates.only(alive), states[alive], stretch, rough).states
            length, stretch = length + stretch, 2.0 * stretch
        if not supported:
            status[:] = Status.UNSTABLE
        how = f"transient by {METHOD}, then by Newton's method from there"
        return self._answer(drive, states, status, how, {"time_constants": length})

    def _land(self, drive: Drive, voltages: Doubles) -> tuple[Doubles, NDArray[np.bool_]]:
        """Where Newton's method ends, and where that is the equilibrium that the dynamics end in."""
        held = self._held()
        landed = newton(self.circuit, held, drive, voltages)
        near = np.abs(landed - voltages).max(axis=1, initial=0.0) < LANDING_DISTANCE * self.circuit.technology.rail
        if is_strictly_convex(self.circuit, held, drive).strictly_convex:
            near[:] = True  # there is no other one
        near &= kirchhoff_residual(self.circuit, held, drive, landed) <= self._enough
        near[near] = is_stable(self.circuit, held, drive.only(np.flatnonzero(near)), landed[near])
        return landed, near

    @property
    def _enough(self) -> float:
        tech = self.circuit.technology
        return KCL_TOLERANCE * tech.unit_conductance * tech.rail

    def _held(self) -> Conductances:
        assert self._conductances is not None  # noqa: S101  _prepared has seen to it
        return self._conductances

    def _answer(
        self, drive: Drive, states: NDArray[np.floating], status: NDArray[np.int8], how: str, stats: dict[str, float]
    ) -> OperatingPoint:
        voltages = states[:, self._stages.neurons].astype(np.float64)
        residual = kirchhoff_residual(self.circuit, self._held(), drive, voltages)
        return OperatingPoint(voltages, np.asarray(residual, dtype=np.float64), status, how, stats)


def newton(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Doubles) -> Doubles:
    """Where Newton's method ends from ``voltages`` [V], shape (batch, node), an answer or not."""
    v, tech = voltages, circuit.technology
    for _ in range(MOST_NEWTON):
        around = Linearisation.at(circuit, conductances, drive, v)
        net = node_imbalance(circuit, conductances, drive, v)
        new = v + np.stack([_step(around, net[k], k) for k in range(len(v))])
        if isinstance(tech.clamp, IdealClamp):
            new = np.clip(new, *circuit.levels)
        moved = np.abs(new - v).max(initial=0.0)
        v = new
        if not moved > STILL * tech.rail:
            break
    return v


def _step(around: Linearisation, net: Doubles, sample: int) -> Doubles:
    free = np.flatnonzero(~around.held[sample])
    step = np.zeros(net.size)
    step[free] = np.linalg.lstsq(around.jacobian(sample)[np.ix_(free, free)], net[free], rcond=None)[0]
    return step


def _work(path: Path) -> dict[str, float]:
    return {name: float(getattr(path, name).max(initial=0)) for name in ("steps", "products")}
