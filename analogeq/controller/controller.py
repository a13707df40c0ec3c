"""The order of phases: present, settle free, nudge, release. Nothing learns here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Conductances, Drive, Nudge, Tether
from analogeq.controller.states import Event, State, after
from analogeq.engines import OperatingPoint, Session
from analogeq.engines.small_signal import nudge_response
from analogeq.errors import InputError, PhaseError
from analogeq.hardware import Technology
from analogeq.network import Parameters

Signals = NDArray[np.floating]
Nudging = Literal["one-sided", "random-sign", "centred", "small-signal"]
NUDGINGS: tuple[Nudging, ...] = ("one-sided", "random-sign", "centred", "small-signal")


@dataclass(frozen=True)
class Schedule:
    """How long and how hard.

    Attributes
    ----------
    beta : float
        Nudge strength, dimensionless (a conductance 2·beta·G0); not zero.
    nudging : {"one-sided", "random-sign", "centred", "small-signal"}
        One nudged phase at beta; one at +beta or -beta, drawn for each minibatch; both; or none: the
        response to an infinitely weak nudge, by one solve of the circuit linearised where the free
        phase ended, whatever beta is. It cannot lift an output off a rail that it is pressed against,
        so weights have to start small.
    tether : float
        Lambda, dimensionless (a conductance lambda·G0).
    free_time, nudged_time : float or None
        Duration of the phases in time constants; None follows the circuit to its equilibrium.
    """

    beta: float = 0.5
    nudging: Nudging = "random-sign"
    tether: float = 0.1
    free_time: float | None = 10.0
    nudged_time: float | None = 2.0

    def __post_init__(self) -> None:
        if self.beta == 0.0:
            raise InputError("schedule: beta 0 does not nudge and leaves nothing to compare; give beta != 0")
        if not math.isfinite(self.beta):
            raise InputError(f"schedule: beta {self.beta} is no strength of a nudge; give a finite number")
        if not 0.0 <= self.tether < math.inf:
            raise InputError(f"schedule: tether {self.tether}; a tether is a conductance: give 0 or more, finite")
        if self.nudging not in NUDGINGS:
            raise InputError(f"schedule: nudging {self.nudging!r} is unknown; choose one of {', '.join(NUDGINGS)}")
        for name, value in (("free_time", self.free_time), ("nudged_time", self.nudged_time)):
            if value is not None and not value > 0.0:
                raise InputError(f"schedule: {name} {value} time constants; a phase lasts longer than nothing")


@dataclass(frozen=True, eq=False)
class PhasePair:
    """Two states whose difference is the gradient, in signals (voltages over the rail).

    Attributes
    ----------
    inputs : ndarray, shape (batch, input)
        What the converters presented.
    free : ndarray, shape (batch, node)
        The free phase's end.
    first, second : ndarray, shape (batch, node)
        The states to compare; ``first`` is ``free`` unless nudging is centred.
    span : float
        Beta of the second less beta of the first.
    points : tuple of OperatingPoint
        The phases as the engine answered them, free first.
    """

    inputs: Signals
    free: Signals
    first: Signals
    second: Signals
    span: float
    points: tuple[OperatingPoint, ...]


class Controller:
    """Runs the phases on one open session.

    A phase that fails raises and leaves the controller where it was.

    Parameters
    ----------
    session : Session
    schedule : Schedule
    """

    def __init__(self, session: Session, schedule: Schedule | None = None) -> None:
        self.session = session
        self.schedule = schedule or Schedule()
        self.state = State.IDLE
        self._conductances: Conductances | None = None
        self._drive = Drive(np.empty((0, 0)))
        self._start: Signals | None = None
        self._free: OperatingPoint | None = None

    @property
    def _rail(self) -> float:
        return self.session.circuit.technology.rail

    def program(self, parameters: Parameters) -> int:
        """Write weights and biases to the conductances; return how many were out of range."""
        after(self.state, Event.PROGRAM)
        return self.take(self.session.circuit.program(parameters))

    def take(self, conductances: Conductances) -> int:
        """Go on with conductances that a chip holds already; return how many of them were asked out of range."""
        state = after(self.state, Event.PROGRAM)
        self.session.program(conductances)
        self._conductances = conductances
        self.state = state
        return conductances.clipped

    def present(self, inputs: Signals, prediction: Signals | None = None) -> None:
        """Apply input signals; preset the nodes to the prediction, and tether them to it.

        Parameters
        ----------
        inputs : ndarray, shape (batch, input)
        prediction : ndarray, shape (batch, node), optional
            s^f of the feedforward copy. Without it nodes start from zero, untethered.
        """
        state = after(self.state, Event.PRESENT)
        tech = self.session.circuit.technology
        self._drive = presented(tech, inputs, prediction, self.schedule.tether)
        self._start = None if prediction is None else np.clip(_converted(tech, prediction, "nodes"), 0.0, tech.rail)
        self._free = None
        self.state = state

    def free_phase(self) -> OperatingPoint:
        """Settle with the outputs left alone."""
        state = after(self.state, Event.SETTLE_FREE)
        self._free = self.session.settle(self._drive, self._start, duration=self._seconds(self.schedule.free_time))
        self.state = state
        return self._free

    def nudged_phase(self, targets: Signals, beta: float) -> OperatingPoint:
        """Settle from the free state with the outputs pulled toward ``targets``, shape (batch, output)."""
        state = after(self.state, Event.NUDGE)
        assert self._free is not None  # noqa: S101  the table lets nobody here without a free phase
        nudge = nudged(self.session.circuit.technology, targets, beta)
        drive = Drive(self._drive.inputs, self._drive.tether, nudge)
        point = self.session.settle(drive, self._free.voltages, duration=self._seconds(self.schedule.nudged_time))
        self.state = state
        return point

    def release(self) -> None:
        """Let go of outputs and inputs; the next thing may be programmed or presented."""
        self.state = after(self.state, Event.RELEASE)

    def run(
        self,
        inputs: Signals,
        targets: Signals,
        prediction: Signals | None = None,
        *,
        sign: float = 1.0,
    ) -> PhasePair:
        """Run one minibatch through its phases and release the circuit.

        Parameters
        ----------
        sign : float
            +1 or -1: the sign of beta where nudging is "random-sign"; drawn by the caller, who owns the seed.
        """
        beta = self.schedule.beta
        betas: tuple[float, ...]
        if self.schedule.nudging == "small-signal":
            return self._run_weakly(inputs, targets, prediction)
        if self.schedule.nudging == "centred":
            betas, span = (-beta, beta), 2.0 * beta
        else:
            span = beta * sign if self.schedule.nudging == "random-sign" else beta
            betas = (span,)
        try:
            self.present(inputs, prediction)
            points = [self.free_phase()]
            points += [self.nudged_phase(targets, b) for b in betas]
        finally:
            if self.state is not State.IDLE:
                self.release()
        signals = [self.read(p) for p in points]
        return PhasePair(self._drive.inputs / self._rail, signals[0], signals[-2], signals[-1], span, tuple(points))

    def _run_weakly(self, inputs: Signals, targets: Signals, prediction: Signals | None) -> PhasePair:
        r"""Stand one response :math:`r = ds/d\beta` below and above the free state.

        The contrast of products is odd in r but for terms that cancel, so the gradient of this pair
        is the beta → 0 estimate to rounding.
        """
        if self._conductances is None:
            raise PhaseError("cannot linearise: the circuit holds no conductances; program it first")
        try:
            self.present(inputs, prediction)
            point = self.free_phase()
        finally:
            if self.state is not State.IDLE:
                self.release()
        response = nudge_response(
            self.session.circuit,
            self._conductances,
            self._drive,
            point.voltages,
            arriving(self.session.circuit.technology, targets),
        )
        moved = response.voltages / self._rail
        free = self.read(point)
        return PhasePair(self._drive.inputs / self._rail, free, free - moved, free + moved, 2.0, (point,))

    def settle(self, inputs: Signals, prediction: Signals | None = None) -> Signals:
        """Run the free phase alone and release: signals of all neurons, shape (batch, node)."""
        self.present(inputs, prediction)
        try:
            return self.read(self.free_phase())
        finally:
            self.release()

    def read(self, point: OperatingPoint) -> Signals:
        """Read node voltages through the converters, as signals."""
        voltages: Signals = self.session.circuit.technology.adc.to_codes(point.voltages, self._rail, "nodes")
        return voltages / self._rail if self._rail != 1.0 else voltages

    def _seconds(self, time_constants: float | None) -> float | None:
        return None if time_constants is None else time_constants * self.session.circuit.technology.time_constant


def presented(technology: Technology, inputs: Signals, prediction: Signals | None, tether: float) -> Drive:
    """What is applied for these signals: through the converters, tethered if there is a prediction.

    Parameters
    ----------
    technology : Technology
    inputs : ndarray, shape (batch, input)
    prediction : ndarray, shape (batch, node), optional
    tether : float
        Lambda; 0 leaves the neurons untethered.
    """
    held = None
    if prediction is not None and tether > 0.0:
        held = Tether(_converted(technology, prediction, "nodes"), tether * technology.unit_conductance)
    return Drive(_converted(technology, inputs, "inputs"), held)


def nudged(technology: Technology, targets: Signals, beta: float) -> Nudge:
    """What pulls the outputs to ``targets``, shape (batch, output): through its converters, with 2·beta·G0.

    Each with what this chip's nudge makes of that.
    """
    asked, source = 2.0 * beta * technology.unit_conductance, technology.nudge.conductance
    exact = source.nominal
    return Nudge(arriving(technology, targets), asked if exact else asked * source.factors(targets.shape[1]))


def arriving(technology: Technology, targets: Signals) -> Signals:
    """Voltages [V] that the converters behind the nudge put out where ``targets`` are asked for."""
    return technology.nudge.to_volts(targets * technology.rail, technology.rail, "targets")


def _converted(technology: Technology, signals: Signals, channels: str) -> Signals:
    voltages = signals * technology.rail if technology.rail != 1.0 else signals
    return technology.dac.to_volts(voltages, technology.rail, channels)
