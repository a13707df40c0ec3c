"""How a settling approaches where it comes to rest: circuits span by span, digital relaxations step by step.

The distance of a sample is that of its farthest node, over the rail, to where this very way of settling
ends from this very start: a circuit with several minima may end elsewhere than Euler steps do, and is not
late for that. It is "within" a distance from the moment it stays there for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Conductances, Drive, power_flow
from analogeq.digital import Arithmetic, EulerSteps, LayeredWeights, Sweeps, settle
from analogeq.digital.layered import Pull
from analogeq.engines import Session, Waveform
from analogeq.engines.energy import phase_energy
from analogeq.flow.convergence import Settling

Doubles = NDArray[np.float64]

CLOSE = 3e-7
"""Distance in rails at which following ends: a third of the nearest threshold."""

AT_REST = 1e-12
"""Largest move of a digital step, in signals, at its end: its distance is that over 1 less its rate of decay,
below the nearest threshold up to a rate of 1 - 1e-6."""


@dataclass(frozen=True, eq=False)
class CircuitApproach:
    """A circuit on its way.

    Attributes
    ----------
    settling : Settling
        Samples that do not settle stay at an infinite distance.
    dissipated : ndarray, shape (batch, time)
        Energy [J] up to each time of ``settling``.
    power : ndarray, shape (batch,)
        Dissipated at the last time [W].
    """

    settling: Settling
    dissipated: Doubles
    power: Doubles

    def energy_to(self, threshold: float) -> Doubles:
        """Energy [J] dissipated until each sample is within ``threshold``, shape (batch,); infinite if never."""
        times = self.settling.times_to(threshold)
        found = [np.interp(t, self.settling.abscissa, e) for t, e in zip(times, self.dissipated, strict=True)]
        return np.where(np.isfinite(times), found, np.inf)


def spans(session: Session, drive: Drive, start: Doubles, span: float, points: int) -> Iterator[Waveform]:
    """Follow a circuit for ``span`` [s] again and again, each from the last one's end; without end."""
    while True:
        wave = session.transient(drive, span, start, points=points)
        yield wave
        start = wave.final


def circuit_approach(
    session: Session,
    conductances: Conductances,
    drive: Drive,
    start: Doubles,
    ends: Doubles,
    *,
    span: float = 20.0,
    density: int = 20,
    most: float = 1000.0,
) -> CircuitApproach:
    """Follow a circuit until every sample that settles is close to its end.

    Parameters
    ----------
    session : Session
        Programmed with ``conductances``; as accurate as the nearest distance that matters.
    start, ends : ndarray, shape (batch, node)
        Voltages [V]; a row of ``ends`` that is not finite belongs to a sample that does not settle.
    span, most : float
        Time constants followed at a time, and in all.
    density : int
        Points of the waveform in a time constant.
    """
    tech = session.circuit.technology
    resting = np.isfinite(ends).all(axis=1)
    at, times, distances, energies = (
        start,
        [0.0],
        [_distance(start[:, None], ends) / tech.rail],
        [np.zeros((len(start), 1))],
    )
    waves = spans(session, drive, start, span * tech.time_constant, round(span * density) + 1)
    while times[-1] < most and (distances[-1][resting, -1] > CLOSE).any():
        wave = next(waves)
        at = wave.final
        spent = phase_energy(session.circuit, conductances, drive, wave).dissipated
        energies.append(energies[-1][:, -1:] + spent[:, 1:])
        distances.append(_distance(wave.voltages[:, 1:], ends) / tech.rail)
        times += (times[-1] + wave.times[1:] / tech.time_constant).tolist()
    settling = Settling("circuit", "", "time constants", np.array(times), np.concatenate(distances, axis=1))
    power = power_flow(session.circuit, conductances, drive, at).dissipated
    return CircuitApproach(settling, np.concatenate(energies, axis=1), power)


def _distance(path: Doubles, ends: Doubles) -> Doubles:
    """Largest distance of a node, shape (batch, time); infinite where there is no end."""
    away: Doubles = np.abs(path - ends[:, None, :]).max(axis=2)
    return np.where(np.isfinite(away), away, np.inf)


def step_approach(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    pull: Pull,
    how: EulerSteps | Sweeps,
    start: Doubles,
    *,
    most: int = 10_000,
) -> tuple[Settling, Doubles]:
    """Take steps until every sample that comes to rest is close to its end.

    Parameters
    ----------
    how : EulerSteps or Sweeps
        Its size; how many is found.
    start : ndarray, shape (batch, node)
        Signals.

    Returns
    -------
    settling : Settling
        In steps.
    ends : ndarray, shape (batch, node)
        Signals at rest; not finite for samples that ``most`` steps leave moving.
    """
    one = replace(how, steps=1)
    ends = _rest(arithmetic, weights, pull, one, start, most)
    resting = np.isfinite(ends).all(axis=1)
    signals, distances = start.copy(), [_distance(start[:, None], ends)]
    while len(distances) <= most and (distances[-1][resting, -1] > CLOSE).any():
        settle(arithmetic, weights, pull, one, signals)
        distances.append(_distance(signals[:, None], ends))
    path = np.concatenate(distances, axis=1)
    unit = how.epsilon if isinstance(how, EulerSteps) else 1.0
    name = f"Euler, ε = {how.epsilon:g}" if isinstance(how, EulerSteps) else "sweeps"
    return Settling(name, "", "steps", np.arange(float(path.shape[1])), path, unit), ends


def _rest(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    pull: Pull,
    one: EulerSteps | Sweeps,
    start: Doubles,
    most: int,
) -> Doubles:
    signals, many = start.copy(), replace(one, steps=50)
    moved = np.full(len(start), np.inf)
    for _ in range(0, most, many.steps + 1):
        settle(arithmetic, weights, pull, many, signals)
        before = signals.copy()
        settle(arithmetic, weights, pull, one, signals)  # one alone: a cycle of two is no rest
        moved = np.abs(signals - before).max(axis=1)
        if (moved <= AT_REST).all():
            break
    signals[moved > AT_REST] = np.inf
    return signals
