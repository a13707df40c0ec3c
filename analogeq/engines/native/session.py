"""One circuit, opened by the native engine."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.landscape import MARGIN, is_strictly_convex
from analogeq.circuit.laws import KCL_TOLERANCE
from analogeq.engines.contract import OperatingPoint, Status, Waveform
from analogeq.engines.native.clamps import Clamps, Diodes, Ideal
from analogeq.engines.native.coarse import strongest
from analogeq.engines.native.coupling import Array, Coupling
from analogeq.engines.native.equilibrium import Equilibrium, settle
from analogeq.engines.native.frame import Frame
from analogeq.engines.native.methods import Methods
from analogeq.engines.native.presets import check_shapes
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.transient import Path
from analogeq.engines.native.twolayer import TwoLayers
from analogeq.errors import InputError, SimulatorError
from analogeq.hardware import DiodeClamp

Volts = NDArray[np.float64]


DOUBLE: np.dtype[np.floating] = np.dtype(np.float64)


class NativeSession:
    """Settles one circuit in this process; see `analogeq.engines.contract.Session`.

    Parameters
    ----------
    circuit : Circuit
    tolerance : float
        Local error of a transient's step [V].
    methods : Methods
        Numpy or compiled.
    coarse : bool
        Whether phases of finite time between ideal clamps are followed in long steps.
    dtype : numpy.dtype
        What couplings and currents are held in; diodes need float64.
    """

    def __init__(
        self,
        circuit: Circuit,
        tolerance: float = 1e-9,
        methods: Methods | None = None,
        *,
        coarse: bool = False,
        dtype: np.dtype[np.floating] = DOUBLE,
    ) -> None:
        self.circuit = circuit
        self.tolerance = tolerance
        self.methods = methods or Methods()
        self._clamps: Clamps = Diodes.of(circuit.technology, circuit.clamp_levels) or Ideal(circuit.technology.rail)
        if isinstance(self._clamps, Diodes) and self._clamps.levels is not None:
            self.methods = Methods()  # compiled kernels know one rail
        self._coarse = coarse and isinstance(self._clamps, Ideal)
        self._dtype = dtype if isinstance(self._clamps, Ideal) else DOUBLE
        self._frame = Frame.of(circuit, self._dtype)
        self._programmed: _Programmed | None = None

    def program(self, conductances: Conductances) -> None:
        """Take new conductances; the topology stays. Costs nothing until something settles."""
        self._programmed = _Programmed(self.circuit, conductances, self._dtype, self._frame)

    def settle(
        self,
        drive: Drive,
        start: NDArray[np.floating] | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
    ) -> OperatingPoint:
        """Go where the dynamics go from ``start``; see `analogeq.engines.contract.Session.settle`."""
        problem, at = self._problem(drive), self._start(drive, start)
        if duration is None:
            held = self._held()
            found = settle(problem, at, held.layers, self.methods, convex=held.convex(drive, problem))
            return self._answer(problem, found, check=check)
        if self._coarse:
            path = self.methods.follow_coarsely(problem, at, self._over_tau(duration), self._held().strength)
        else:
            path = self.methods.follow(problem, at, self._over_tau(duration), self.tolerance)
        status = np.where(path.arrived, Status.FOLLOWED, Status.NOT_SETTLED).astype(np.int8)
        return self._answer(
            problem, Equilibrium(path.states, status, f"transient by {path.method}", _work(path)), check=check
        )

    def transient(
        self, drive: Drive, stop: float, start: NDArray[np.floating] | None = None, *, points: int | None = None
    ) -> Waveform:
        """Follow the dynamics; see `analogeq.engines.contract.Session.transient`.

        Without ``points`` the time points are the step ends of the sample that took the most steps.
        """
        problem, at, length = self._problem(drive), self._start(drive, start), self._over_tau(stop)
        marks = self._own_marks(problem, at, length) if points is None else np.linspace(0.0, length, points)
        path = self.methods.follow(problem, at, length, self.tolerance, marks)
        if not path.arrived.all():
            late = int(np.flatnonzero(~path.arrived)[0])
            raise SimulatorError(
                f"native transient: sample {late} took {path.steps[late]} steps; follow it for less time"
            )
        times = np.asarray(marks * self.circuit.technology.time_constant, dtype=np.float64)
        waves = np.asarray(path.kept if self._frame is None else self._frame.out(path.kept), dtype=np.float64)
        return Waveform(times, waves, f"transient by {path.method}", _work(path))

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self._programmed = None

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

    def _own_marks(self, problem: Problem, start: Array, duration: float) -> Array:
        path = self.methods.follow(problem, start, duration, self.tolerance, n_times=4096)
        if not path.steps.size:
            return np.array([0.0, duration])
        most = int(path.steps.argmax())
        return np.concatenate([[0.0], path.times[most, : int(path.steps[most])]])

    def _held(self) -> _Programmed:
        if self._programmed is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(parameters)) first")
        return self._programmed

    def _problem(self, drive: Drive) -> Problem:
        net, unit = self.circuit.network, self.circuit.technology.unit_conductance
        held = self._held()
        check_shapes(net, drive)
        current = held.presented(drive.inputs)
        if drive.tether is not None:
            current = current + (drive.tether.conductance / unit) * drive.tether.voltages
        if drive.nudge is not None:
            current = current.copy() if drive.tether is None else current
            current[:, net.outputs] += (drive.nudge.conductance / unit) * drive.nudge.voltages
        if not np.isfinite(current.sum()):
            sample, node = (int(i) for i in np.argwhere(~np.isfinite(current))[0])
            raise InputError(
                f"drive: sample {sample} sends {current[sample, node] * unit} A into node {net.node_names[node]}; "
                "give finite inputs, predictions and targets"
            )
        load = self.circuit.load_conductances(drive) / unit
        kind = self._dtype
        bare = Problem(held.bare, load.astype(kind, copy=False), current.astype(kind, copy=False), self._clamps)
        return bare if self._frame is None else self._frame.problem(bare, held.coupling)

    def _start(self, drive: Drive, start: NDArray[np.floating] | None) -> Array:
        shape = (drive.batch, self.circuit.network.n_nodes)
        if start is None and self._frame is None:
            return np.zeros(shape, dtype=self._dtype)
        start = np.zeros(shape) if start is None else start
        if start.shape != shape:
            raise InputError(f"start: shape {start.shape}; this drive and circuit need {shape} (batch, node)")
        if not np.isfinite(start.sum()):
            raise InputError("start: a voltage is not finite; preset every node to a voltage")
        at: Array = start.astype(self._dtype, copy=False)
        return at if self._frame is None else self._frame.into(at)

    def _answer(self, problem: Problem, found: Equilibrium, *, check: bool) -> OperatingPoint:
        imbalance, voltages = problem.imbalance(found.voltages), found.voltages
        if self._frame is not None:
            imbalance, voltages = self._frame.stretch * imbalance, self._frame.out(voltages)
        residual = np.abs(imbalance).max(axis=1, initial=0.0)
        status = found.status
        status[(status == Status.SETTLED) & ~(residual <= problem.precise(KCL_TOLERANCE))] = Status.NOT_SETTLED
        point = OperatingPoint(
            voltages.astype(np.float64, copy=False),
            residual.astype(np.float64) * self.circuit.technology.unit_conductance,
            status,
            found.analysis,
            found.stats,
        )
        return point.checked() if check else point


class _Programmed:
    """What depends on the conductances, worked out when first asked for."""

    def __init__(
        self, circuit: Circuit, conductances: Conductances, dtype: np.dtype[np.floating], frame: Frame | None
    ) -> None:
        self.circuit = circuit
        self.frame = frame
        self.conductances = conductances
        self.dtype = dtype
        self._inputs: NDArray[np.floating] | None = None
        self._currents: Array | None = None
        self._convex: dict[bytes, bool] = {}

    @cached_property
    def bare(self) -> Coupling:
        """Couplings among voltages."""
        return Coupling.of(self.circuit, self.conductances, self.dtype)

    @cached_property
    def coupling(self) -> Coupling:
        """Couplings among what is solved for."""
        return self.bare if self.frame is None else self.frame.coupling(self.bare)

    @cached_property
    def layers(self) -> TwoLayers | None:
        """Two dense layers, where there are; diodes to levels of their own are not solved by layers."""
        own = isinstance(self.circuit.technology.clamp, DiodeClamp) and self.circuit.clamp_levels is not None
        return None if own else TwoLayers.of(self.coupling)

    @cached_property
    def strength(self) -> float:
        return strongest(self.coupling, self.layers)

    def presented(self, inputs: NDArray[np.floating]) -> Array:
        """Currents over G0 of inputs and biases; once for an input array that nobody can write to."""
        if self._currents is not None and inputs is self._inputs:
            return self._currents
        raw = self.circuit.input_currents(self._held_as_computed, inputs.astype(self.dtype, copy=False))
        currents: Array = raw.astype(self.dtype, copy=False) / self.dtype.type(self.circuit.technology.unit_conductance)
        if _frozen(inputs):
            self._inputs, self._currents = inputs, currents
        return currents

    @cached_property
    def _held_as_computed(self) -> Conductances:
        """The conductances in the type that is computed in, so that the input product is, too."""
        held = self.conductances
        if held.weights.dtype == self.dtype:
            return held
        weights = held.weights.astype(self.dtype)
        back = weights if held.backward is held.weights else held.backward.astype(self.dtype)
        return replace(held, weights=weights, backward=back, biases=held.biases.astype(self.dtype))

    def convex(self, drive: Drive, problem: Problem) -> bool:
        """Whether there is one equilibrium; worked out once for each set of loads."""
        key = problem.load.tobytes()
        if key not in self._convex:
            if self.layers is not None:
                self._convex[key] = self.layers.strictly_convex(problem.load, MARGIN)
            else:
                self._convex[key] = is_strictly_convex(self.circuit, self.conductances, drive).strictly_convex
        return self._convex[key]


def _frozen(array: NDArray[np.floating]) -> bool:
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return base is None


def _work(path: Path) -> dict[str, float]:
    work = {name: float(getattr(path, name).max(initial=0)) for name in ("steps", "events", "products")}
    if path.early is not None:
        work["mean_steps"] = float(path.steps.mean()) if path.steps.size else 0.0
        work["done_early"] = float(path.early.sum())
    return work
