"""Analog against digital: how long a circuit needs to its fixed point, and how many steps that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive, Tether
from analogeq.digital import EulerRelaxation, FeedforwardCopy, Forces
from analogeq.engines import Session
from analogeq.network import Parameters

Floats = NDArray[np.float64]

THRESHOLDS = (1e-2, 1e-3, 1e-6)
"""Distances to the fixed point, as fractions of the rail, that a settling is timed to."""

EPSILONS = (0.1, 0.5, 0.9)
"""Euler steps compared with the circuit, in time constants."""


@dataclass(frozen=True)
class Start:
    """Where a settling starts and whether it is tethered.

    Attributes
    ----------
    name : {"zero", "copy", "tethered copy"}
    from_copy : bool
    tether : float
        Lambda.
    """

    name: str
    from_copy: bool
    tether: float


@dataclass(frozen=True, eq=False)
class Settling:
    """Distance to the fixed point along one way of settling.

    Attributes
    ----------
    method : str
        "circuit (native)", "circuit (ngspice)" or "Euler, ε = 0.5".
    start : str
    unit : {"time constants", "steps"}
    abscissa : ndarray, shape (time,)
        In ``unit``.
    distances : ndarray, shape (batch, time)
        Largest distance of a node from the fixed point, over the rail.
    unit_in_time_constants : float
        1 for a waveform, epsilon for Euler steps.
    """

    method: str
    start: str
    unit: str
    abscissa: Floats
    distances: Floats
    unit_in_time_constants: float = 1.0

    def times_to(self, threshold: float) -> Floats:
        """When each sample came within ``threshold`` for good, shape (batch,); infinite if it did not.

        Steps are whole: the first after which it is there.
        """
        times = np.array([settling_time(self.abscissa, d, threshold) for d in self.distances])
        return np.ceil(times) if self.unit == "steps" else times


def from_where(settling: Settling) -> str:
    """Say where a settling starts."""
    return f"from {settling.start}" if settling.start == "zero" else f"from the {settling.start}"


@dataclass(frozen=True)
class SettlingRow:
    """One line of the comparison's table; medians and worst over the samples that arrived."""

    method: str
    start: str
    threshold: float
    median: float | None
    worst: float | None
    unit: str
    arrived: int
    samples: int


def settling_time(abscissa: Floats, distances: Floats, threshold: float) -> float:
    """Return the first abscissa from which ``distances`` stays at or below ``threshold``; inf if it never does.

    Between two samples the distance is taken to fall exponentially.
    """
    above = np.flatnonzero(distances > threshold)
    if len(above) == 0:
        return float(abscissa[0])
    last = int(above[-1])
    if last == len(distances) - 1:
        return float("inf")
    if distances[last + 1] <= 0.0:
        return float(abscissa[last + 1])
    share = np.log(distances[last] / threshold) / np.log(distances[last] / distances[last + 1])
    return float(abscissa[last] + share * (abscissa[last + 1] - abscissa[last]))


def starts(tether: float) -> tuple[Start, ...]:
    """Ways to begin: from zero, from the copy, from the copy with its tether."""
    plain = (Start("zero", from_copy=False, tether=0.0), Start("copy", from_copy=True, tether=0.0))
    return (*plain, Start("tethered copy", from_copy=True, tether=tether)) if tether > 0.0 else plain


@dataclass(frozen=True, eq=False)
class Comparison:
    """Settles the same samples as waveforms and as Euler steps.

    Attributes
    ----------
    circuit : Circuit
    parameters : Parameters
        What the circuit is programmed with.
    copy : FeedforwardCopy
    inputs : ndarray, shape (batch, input)
        Signals.
    horizon : float
        How long settling is watched, in time constants.
    points : int
        Samples of each waveform.
    """

    circuit: Circuit
    parameters: Parameters
    copy: FeedforwardCopy
    inputs: Floats
    horizon: float = 80.0
    points: int = 1601

    def drive(self, start: Start) -> tuple[Drive, Floats]:
        """What is applied, and the capacitors' preset [V]."""
        tech = self.circuit.technology
        batch, nodes = len(self.inputs), self.circuit.network.n_nodes
        applied = self.inputs * tech.rail
        if not start.from_copy:
            return Drive(applied), np.zeros((batch, nodes))
        predicted = self.copy.predict(self.inputs) * tech.rail
        tether = Tether(predicted, start.tether * tech.unit_conductance) if start.tether > 0.0 else None
        return Drive(applied, tether), np.clip(predicted, 0.0, tech.rail)

    def fixed_points(self, reference: Session, start: Start) -> Floats:
        """Where the dynamics go from ``start`` [V], shape (batch, node)."""
        drive, preset = self.drive(start)
        return np.asarray(reference.settle(drive, preset).voltages)

    def waveform(self, session: Session, method: str, start: Start, fixed: Floats) -> Settling:
        """Distance along the circuit's waveform."""
        tech = self.circuit.technology
        drive, preset = self.drive(start)
        wave = session.transient(drive, self.horizon * tech.time_constant, preset, points=self.points)
        distances = np.abs(wave.voltages - fixed[:, None, :]).max(axis=2) / tech.rail
        return Settling(method, start.name, "time constants", wave.times / tech.time_constant, distances)

    def euler(self, epsilon: float, start: Start, fixed: Floats) -> Settling:
        """Distance along the digital relaxation with steps of ``epsilon``."""
        tech = self.circuit.technology
        _, preset = self.drive(start)
        prediction = self.copy.predict(self.inputs) if start.tether > 0.0 else None
        steps = round(self.horizon / epsilon)
        relaxation = EulerRelaxation(self.circuit.network, self.parameters, epsilon)
        forces = Forces(self.inputs, prediction, start.tether)
        path = relaxation.trajectory(forces, preset / tech.rail, steps)
        distances = np.abs(path - fixed[:, None, :] / tech.rail).max(axis=2)
        return Settling(f"Euler, ε = {epsilon:g}", start.name, "steps", np.arange(steps + 1.0), distances, epsilon)


def compare(
    comparison: Comparison, sessions: dict[str, Session], tether: float, epsilons: Sequence[float] = EPSILONS
) -> tuple[Settling, ...]:
    """Settle every sample every way.

    Parameters
    ----------
    comparison : Comparison
    sessions : mapping of str to Session
        Programmed with the comparison's parameters; the first is the reference for fixed points.
    tether : float
        Lambda of the tethered start.
    epsilons : sequence of float
    """
    reference = next(iter(sessions.values()))
    found: list[Settling] = []
    for start in starts(tether):
        fixed = comparison.fixed_points(reference, start)
        found += [comparison.waveform(s, f"circuit ({name})", start, fixed) for name, s in sessions.items()]
        found += [comparison.euler(e, start, fixed) for e in epsilons]
    return tuple(found)


def table(settlings: Sequence[Settling], thresholds: Sequence[float] = THRESHOLDS) -> tuple[SettlingRow, ...]:
    """Time constants or steps to each threshold: one row for each settling and threshold."""
    rows = []
    for settling in settlings:
        for threshold in thresholds:
            times = settling.times_to(threshold)
            arrived = times[np.isfinite(times)]
            rows.append(
                SettlingRow(
                    method=settling.method,
                    start=settling.start,
                    threshold=threshold,
                    median=float(np.median(arrived)) if arrived.size else None,
                    worst=float(arrived.max()) if arrived.size else None,
                    unit=settling.unit,
                    arrived=int(arrived.size),
                    samples=int(times.size),
                )
            )
    return tuple(rows)
