"""One network, settled from every start in every way: circuit, Euler steps, sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.controller.controller import nudged, presented
from analogeq.digital import EulerSteps, FeedforwardCopy, LayeredWeights, Sweeps, choose_arithmetic, pull_of
from analogeq.engines import Session, Status, engine
from analogeq.flow.approach import CircuitApproach, circuit_approach, step_approach
from analogeq.flow.convergence import EPSILONS, THRESHOLDS, Settling
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

Doubles = NDArray[np.float64]

NAMES = {1e-2: "1 %", 1e-3: "0.1 %", 1e-6: "1e-6"}
"""What `THRESHOLDS` are called."""

STEPS: dict[str, EulerSteps | Sweeps] = {**{f"Euler {e:g}": EulerSteps(1, e) for e in EPSILONS}, "sweeps": Sweeps(1)}
METHODS = ("circuit", *STEPS)

_SAME = 1e-6  # of the rail: ends nearer than the nearest threshold are one


@dataclass(frozen=True, eq=False)
class Phases:
    """What is applied.

    Attributes
    ----------
    inputs : ndarray, shape (batch, input)
    targets : ndarray, shape (batch, output)
        Signals.
    beta, tether : float
        Nudge and lambda; dimensionless.
    horizon : float
        How long a settling is followed at most, in time constants.
    """

    inputs: NDArray[np.floating]
    targets: NDArray[np.floating]
    beta: float
    tether: float
    horizon: float = 1000.0


class Ways:
    """Settles a batch from every start: "zero", "copy", "tethered copy", what is kept from older weights, nudged.

    Parameters
    ----------
    network : Network
        Layered.
    parameters : Parameters
    copy : FeedforwardCopy
    phases : Phases
    kept : mapping of str to Parameters
        Older weights; where the batch settled under them, from zero, is a start of that name.
    technology : Technology, optional
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        copy: FeedforwardCopy,
        phases: Phases,
        kept: Mapping[str, Parameters] | None = None,
        technology: Technology | None = None,
    ) -> None:
        self.network, self.parameters, self.phases = network, parameters, phases
        self.circuit = Circuit(network, technology or Technology())
        self.held = self.circuit.program(parameters)
        self.prediction = copy.predict(phases.inputs)
        zero = np.zeros((len(phases.inputs), network.n_nodes))
        preset = np.clip(self.prediction, 0.0, 1.0).astype(np.float64)
        self.starts: dict[str, Doubles] = {"zero": zero, "copy": preset, "tethered copy": preset}
        free = self.drive("zero")
        for name, theta in {**(kept or {}), "nudged from free": parameters}.items():
            ends = self.ends(self.circuit.program(theta), free, zero)
            self.starts[name] = np.where(np.isfinite(ends), ends, 0.0)  # from zero where nothing settled
        self.starts["nudged from zero"] = zero

    def drive(self, start: str, samples: slice = slice(None)) -> Drive:
        """What is applied from a start, through the chip's converters."""
        tech, given = self.circuit.technology, self.phases
        inputs = given.inputs[samples]
        if start == "tethered copy":
            return presented(tech, inputs, self.prediction[samples], given.tether)
        free = presented(tech, inputs, None, 0.0)
        if start.startswith("nudged"):
            return replace(free, nudge=nudged(tech, given.targets[samples], given.beta))
        return free

    def ends(self, held: Conductances, drive: Drive, start: Doubles) -> Doubles:
        """Where the circuit settles from ``start``, in signals; not finite where it does not."""
        rail = self.circuit.technology.rail
        with engine("native", accuracy="tight").open(self.circuit) as session:
            session.program(held)
            point = session.settle(drive, start * rail, check=False)
        return np.where((point.status == Status.SETTLED)[:, None], point.voltages / rail, np.inf)

    def measure(self, start: str) -> dict[str, Any]:
        """Settle from one start in every way: times, steps, joules, and how many ends agree, for JSON."""
        at, drive = self.starts[start], self.drive(start)
        ends = self.ends(self.held, drive, at)
        with engine("native", accuracy="tight").open(self.circuit) as session:
            session.program(self.held)
            found = self._told(self._follow(session, drive, at, ends, self.phases.horizon))
        found["same end"] = {}
        for name, how in STEPS.items():
            digital, theirs = self._step(start, how)
            found[name] = {NAMES[t]: _plain(digital.times_to(t)) for t in THRESHOLDS}
            both = np.isfinite(theirs).all(axis=1) & np.isfinite(ends).all(axis=1)
            found["same end"][name] = int((np.abs(theirs[both] - ends[both]).max(axis=1) < _SAME).sum())
        return found

    def first_sample(self, session: Session, start: str, horizon: float) -> dict[str, Any]:
        """Settle the first sample alone by another engine's ``session``, to where the native one ends."""
        session.program(self.held)
        at, drive = self.starts[start][:1], self.drive(start, slice(1))
        return self._told(self._follow(session, drive, at, self.ends(self.held, drive, at), horizon))

    def _follow(self, session: Session, drive: Drive, at: Doubles, ends: Doubles, horizon: float) -> CircuitApproach:
        rail = self.circuit.technology.rail
        return circuit_approach(session, self.held, drive, at * rail, ends * rail, most=horizon)

    def _told(self, analog: CircuitApproach) -> dict[str, Any]:
        return {
            "circuit": {NAMES[t]: _plain(analog.settling.times_to(t)) for t in THRESHOLDS},
            "joules": {NAMES[t]: _plain(analog.energy_to(t)) for t in THRESHOLDS},
            "watts": analog.power.tolist(),
        }

    def _step(self, start: str, how: EulerSteps | Sweeps) -> tuple[Settling, Doubles]:
        arithmetic, weights = choose_arithmetic(), LayeredWeights(self.network, self.parameters)
        tether = self.phases.tether if start == "tethered copy" else 0.0
        pull = pull_of(arithmetic, weights, self.phases.inputs, self.prediction, tether)
        if start.startswith("nudged"):
            pull = pull.nudged(self.phases.targets, self.phases.beta)
        unit = how.epsilon if isinstance(how, EulerSteps) else 1.0
        return step_approach(arithmetic, weights, pull, how, self.starts[start], most=round(self.phases.horizon / unit))


def _plain(values: Doubles) -> list[float | None]:
    """Give JSON a null where there is no number."""
    return [float(v) if np.isfinite(v) else None for v in values]
