"""One circuit, opened by the ngspice engine."""

from __future__ import annotations

import weakref
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.drive import Volts
from analogeq.circuit.landscape import Landscape, is_stable, is_strictly_convex
from analogeq.circuit.laws import KCL_TOLERANCE, kirchhoff_residual
from analogeq.circuit.netlist.noise import SampledNoise
from analogeq.circuit.netlist.simulation import coupling_ends, simulation_netlist
from analogeq.circuit.noise import noise_currents
from analogeq.circuit.stages import Stages, settled_states, sourced_currents
from analogeq.engines.contract import OperatingPoint, Status, Waveform
from analogeq.engines.ngspice.accuracy import (
    PHASES,
    SETTLING,
    WAVEFORMS,
    AccuracyName,
    analysis_task,
    landing_task,
    operating_point_task,
)
from analogeq.engines.ngspice.noise import at_samples, noise_by_rows
from analogeq.engines.ngspice.pool import Deck, Gains, SampleResult, WorkerPool
from analogeq.engines.ngspice.presets import check_drive, check_span, start_voltages
from analogeq.engines.ngspice.resample import Resampler, common_times
from analogeq.engines.noise import noise_steps
from analogeq.errors import InputError, SimulatorError

Doubles = NDArray[np.float64]

STRETCHES = (10.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 360.0)
"""Time constants followed between two attempts to land on an equilibrium: 1000 in all."""

LANDING_DISTANCE = 1e-2
"""Farthest that a landing may end from where the dynamics stood, in rails."""

_NEUTRAL_WEIGHT = 0.01


class NgspiceSession:
    """Settles one circuit in worker processes; see `analogeq.engines.contract.Session`."""

    def __init__(self, circuit: Circuit, pool: WorkerPool, accuracy: AccuracyName) -> None:
        self.circuit = circuit
        self._pool = pool
        self._accuracy = accuracy
        self._edges = coupling_ends(circuit)[2]
        self._deck = _deck(circuit, self._edges)
        self._conductances: Conductances | None = None
        self._gains: Gains | None = None
        self._landscapes: dict[tuple[float, tuple[float, ...]], Landscape] = {}
        pool.hold()
        self._release = weakref.finalize(self, pool.release)
        pool.start()

    def program(self, conductances: Conductances) -> None:
        """Take new conductances; the topology stays."""
        scale = self.circuit.technology.unit_conductance * self.circuit.technology.follower_factor
        forward, backward = conductances.weights.astype(np.float64), conductances.backward.astype(np.float64)
        biases = conductances.biases.astype(np.float64)
        self._conductances = replace(conductances, weights=forward, backward=backward, biases=biases)
        self._gains = Gains(forward[self._edges] * scale, backward[self._edges] * scale)
        self._landscapes.clear()

    def settle(
        self,
        drive: Drive,
        start: Volts | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
    ) -> OperatingPoint:
        """Go where the dynamics go from ``start``; see `analogeq.engines.contract.Session.settle`.

        Without a duration an operating-point analysis is used where the landscape is strictly
        convex, so that there is one equilibrium; elsewhere the dynamics are followed until they
        stand next to a stable equilibrium.
        """
        at = self._prepared(drive, start)
        if duration is not None:
            check_span("duration", duration)
            point = self._follow(drive, at, duration)
        elif self.landscape(drive).strictly_convex:
            point = self._operating_point(drive, at)
        else:
            point = self._to_equilibrium(drive, at)
        return point.checked() if check else point

    def transient(
        self, drive: Drive, stop: float, start: Volts | None = None, *, points: int | None = None
    ) -> Waveform:
        """Follow the dynamics; see `analogeq.engines.contract.Session.transient`.

        Without ``points`` it comes on ngspice's own time points, if all samples of the batch share
        them, and otherwise on as many equidistant ones as the longest has.
        """
        at = self._prepared(drive, start)
        check_span("stop", stop)
        if points is not None and points < 2:
            raise InputError(f"points: {points}; a waveform has both ends: give 2 or more")
        results = self._run(drive, at, analysis_task(WAVEFORMS[self._accuracy], self.circuit, stop, keep="all"))
        _refuse_failures(results)
        times = common_times(results, stop, points)
        resampler = Resampler(self.circuit, self._programmed(), drive)
        waves = np.stack([resampler.voltages(k, r, at[k], times) for k, r in enumerate(results)])
        return Waveform(times, waves, self._analysis("transient", []), _stats(results))

    def noisy_waveform(self, drive: Drive, start: Volts, duration: float, *, steps: int | None = None) -> Waveform:
        """Follow the dynamics with the noise of all that conducts, by ngspice's transient noise.

        As `analogeq.engines.noise.noisy_waveform`, but no seed repeats it, and shot noise of diodes stays that of
        ``start``: ngspice's sources know no voltage.

        Parameters
        ----------
        start : ndarray, shape (batch, node)
            [V]
        duration : float
            [s]
        steps : int, optional
            Samples of the noise; 100 a time constant if not given.

        Raises
        ------
        InputError
            If amplifiers have limits.
        """
        if self.circuit.limits is not None:
            raise InputError(
                "noisy waveform in ngspice: its sources are drawn for amplifiers without limits; follow it with "
                "analogeq.engines.noise.noisy_waveform, which is native and knows them"
            )
        at, count = self._prepared(drive, start), noise_steps(self.circuit, duration, steps)
        times = np.linspace(0.0, duration, count + 1)
        task = analysis_task(WAVEFORMS[self._accuracy], self.circuit, duration, keep="all")
        waves = np.empty((len(at), count + 1, self.circuit.network.n_nodes))
        stats: list[SampleResult] = []
        noise = noise_currents(self.circuit, self._programmed(), drive, at)
        for rows, sampled in noise_by_rows(noise, duration / count):
            results = self._run(drive, at, task, rows, _deck(self.circuit, self._edges, sampled))
            _refuse_failures(results)
            waves[rows] = [at_samples(result, at[row], times) for row, result in zip(rows, results, strict=True)]
            stats += results
        return Waveform(times, waves, self._analysis("transient with noise", []), _stats(stats))

    def landscape(self, drive: Drive) -> Landscape:
        """Whether the circuit has one equilibrium under this drive's tether and nudge."""
        key = _conductances(drive, self.circuit.network.n_outputs)
        if key not in self._landscapes:
            self._landscapes[key] = is_strictly_convex(self.circuit, self._programmed(), drive)
        return self._landscapes[key]

    def close(self) -> None:
        """Give the workers back; a second call does nothing."""
        self._release()
        self._conductances = self._gains = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepared(self, drive: Drive, start: Volts | None) -> Doubles:
        self._programmed()
        check_drive(self.circuit, drive)
        return start_voltages(self.circuit, drive, start)

    def _programmed(self) -> Conductances:
        if not self._release.alive:
            raise InputError("session: it is closed; open the circuit again")
        if self._conductances is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(parameters)) first")
        return self._conductances

    def _run(
        self,
        drive: Drive,
        start: Doubles,
        task: dict[str, object],
        rows: NDArray[np.intp] | None = None,
        deck: Deck | None = None,
    ) -> list[SampleResult]:
        assert self._gains is not None  # noqa: S101  _prepared has seen to it
        tether, nudge = _conductances(drive, self.circuit.network.n_outputs)
        currents = sourced_currents(self.circuit, self._programmed(), drive)
        states = settled_states(self.circuit, self._programmed(), drive, start)
        chosen = slice(None) if rows is None else rows
        task = {**task, "tether": tether, "nudge": nudge}
        return self._pool.run(deck or self._deck, self._gains, task, currents[chosen], states[chosen])

    def _follow(self, drive: Drive, start: Doubles, duration: float) -> OperatingPoint:
        results = self._run(drive, start, analysis_task(PHASES[self._accuracy], self.circuit, duration))
        voltages, failed = _final(results, start)
        status = np.where(failed, Status.SIMULATOR_FAILED, Status.FOLLOWED).astype(np.int8)
        return self._point(drive, voltages, status, "transient", results)

    def _operating_point(self, drive: Drive, start: Doubles) -> OperatingPoint:
        results = self._run(drive, start, operating_point_task())
        voltages, failed = _final(results, start)
        status = np.where(failed, Status.SIMULATOR_FAILED, Status.SETTLED).astype(np.int8)
        return self._point(drive, voltages, status, "operating point", results)

    def _to_equilibrium(self, drive: Drive, start: Doubles) -> OperatingPoint:
        rail = self.circuit.technology.rail
        at, status = start.copy(), np.full(len(start), Status.NOT_SETTLED, dtype=np.int8)
        all_results: list[SampleResult] = []
        for stretch in STRETCHES:
            rows = np.flatnonzero(status == Status.NOT_SETTLED)
            span = stretch * self.circuit.technology.time_constant
            results = self._run(drive, at, analysis_task(SETTLING[self._accuracy], self.circuit, span), rows)
            at[rows], failed = _final(results, at[rows])
            all_results += results
            status[rows[failed]] = Status.SIMULATOR_FAILED
            rows = rows[~failed]
            landed, results = self._land(drive, at, rows)
            all_results += results
            near = np.abs(landed - at[rows]).max(axis=1, initial=0.0) < LANDING_DISTANCE * rail
            settled = near & self._is_equilibrium(drive, landed, rows)
            at[rows[settled]] = landed[settled]
            status[rows[settled]] = Status.SETTLED
            if not (status == Status.NOT_SETTLED).any():
                break
        if self.landscape(drive).smallest_load <= 0.0:
            status[status != Status.SIMULATOR_FAILED] = Status.UNSTABLE
        return self._point(drive, at, status, "transient", all_results)

    def _land(self, drive: Drive, at: Doubles, rows: NDArray[np.intp]) -> tuple[Doubles, list[SampleResult]]:
        task = landing_task(self.circuit, self.landscape(drive).smallest_eigenvalue)
        results = self._run(drive, at, task, rows)
        return _final(results, at[rows])[0], results

    def _is_equilibrium(self, drive: Drive, voltages: Doubles, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        part = drive.only(rows)
        held = self._programmed()
        still = kirchhoff_residual(self.circuit, held, part, voltages) <= self._tolerance
        still[still] = is_stable(self.circuit, held, part.only(np.flatnonzero(still)), voltages[still])
        return still

    @property
    def _tolerance(self) -> float:
        return KCL_TOLERANCE * self.circuit.technology.unit_conductance * self.circuit.technology.rail

    def _point(
        self, drive: Drive, voltages: Doubles, status: NDArray[np.int8], how: str, results: list[SampleResult]
    ) -> OperatingPoint:
        residual = kirchhoff_residual(self.circuit, self._programmed(), drive, voltages).astype(np.float64)
        status[(status == Status.SETTLED) & (residual > self._tolerance)] = Status.NOT_SETTLED
        return OperatingPoint(voltages, residual, status, self._analysis(how, results), _stats(results))

    def _analysis(self, how: str, results: list[SampleResult]) -> str:
        said = next((r.failure for r in results if r.failure), "")
        return f"{how} by {self._pool.simulator}{': ' + said if said else ''}"


def _deck(circuit: Circuit, edges: NDArray[np.intp], noise: SampledNoise | None = None) -> Deck:
    """Render the netlist with one neutral weight: what is programmed goes in by command alone."""
    net, tech = circuit.network, circuit.technology
    weights = np.full(net.n_edges, _NEUTRAL_WEIGHT)
    neutral = Conductances(tech, weights, weights, np.zeros(net.n_nodes))
    text = simulation_netlist(circuit, neutral, noise)
    stages, numbers, n = Stages.of(circuit), edges.tolist(), net.n_nodes
    behind = (0, ()) if stages is None else (stages.n_states - n, stages.lagging[n:].tolist())
    return Deck(text, n, net.n_outputs, numbers, numbers, tech.time_constant, *behind)


def _conductances(drive: Drive, n_outputs: int) -> tuple[float, tuple[float, ...]]:
    """Of the tether, and of each output's nudge [S]."""
    tether = 0.0 if drive.tether is None else float(drive.tether.conductance)
    nudge = np.zeros(n_outputs) if drive.nudge is None else drive.nudge.each(n_outputs)
    return tether, tuple(nudge.tolist())


def _final(results: list[SampleResult], start: Doubles) -> tuple[Doubles, NDArray[np.bool_]]:
    """Last voltages of each sample; a failed one stays where it was."""
    failed = np.array([bool(r.failure) for r in results], dtype=bool)
    rows = [v0 if r.failure else r.voltages[-1, : start.shape[1]] for r, v0 in zip(results, start, strict=True)]
    return np.array(rows).reshape(start.shape), failed


def _refuse_failures(results: list[SampleResult]) -> None:
    for number, result in enumerate(results):
        if result.failure:
            raise SimulatorError(f"sample {number} of {len(results)}: {result.failure}")


def _stats(results: list[SampleResult]) -> dict[str, float]:
    counts = [r.n_points for r in results if not r.failure]
    return {"time_points": float(sum(counts)), "analyses": float(len(counts))}
