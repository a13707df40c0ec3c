"""Phases of a resistive circuit: present, settle free, act on the outputs, settle again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveDrive
from analogeq.engines import OperatingPoint, ResistiveSession
from analogeq.hardware import ResistiveTechnology

Signals = NDArray[np.floating]


class ActionLike(Protocol):
    """What a learning rule does to the outputs; see `analogeq.learning.rules.Action`."""

    @property
    def conductance(self) -> float:
        """From each output to its target [S]."""
        ...

    @property
    def targets(self) -> Signals | None:
        """Where the conductance leads [V]."""
        ...

    @property
    def injected(self) -> Signals | None:
        """Constant currents [A]."""
        ...

    @property
    def held(self) -> Signals | None:
        """Voltages of ideal sources [V]."""
        ...


class ComparisonLike(Protocol):
    """Two states to compare."""

    @property
    def first(self) -> ActionLike | None:
        """None is the free state."""
        ...

    @property
    def second(self) -> ActionLike | None:
        """None is the free state."""
        ...

    @property
    def span(self) -> float:
        """Strength of the second less that of the first."""
        ...


class RuleLike(Protocol):
    """Decides what is compared; see `analogeq.learning.rules.Rule`."""

    def comparison(self, free: Signals, targets: Signals, sign: float) -> ComparisonLike:
        """Two states for a minibatch."""
        ...


@dataclass(frozen=True, eq=False)
class ResistivePair:
    """Two states whose difference is the gradient, in volts.

    Attributes
    ----------
    sources : ndarray, shape (batch, source)
    free, first, second : ndarray, shape (batch, node)
    span : float
    points : tuple of OperatingPoint
        As the engine answered, free first.
    """

    sources: Signals
    free: Signals
    first: Signals
    second: Signals
    span: float
    points: tuple[OperatingPoint, ...]


def run_pair(
    session: ResistiveSession,
    rule: RuleLike,
    inputs: Signals,
    targets: Signals,
    *,
    start: Signals | None = None,
    sign: float = 1.0,
    sweeps: int | None = None,
) -> ResistivePair:
    """Run one minibatch through the states that a rule compares.

    Parameters
    ----------
    session : Session
        Programmed.
    rule : Rule
    inputs : ndarray, shape (batch, input)
        Signals.
    targets : ndarray, shape (batch, output)
    start : ndarray, shape (batch, node), optional
        Where the free state begins [V], as a digital copy predicts it; zeros if not given.
    sign : float
        For rules of random sign: +1 or -1, drawn by the caller, who owns the seed.
    sweeps : int, optional
        Sweeps for each state; to the operating point if not given.
    """
    circuit = session.circuit
    free = session.settle(ResistiveDrive(inputs), start, sweeps=sweeps)
    asked = rule.comparison(free.voltages[:, circuit.network.outputs], targets, sign)
    points = [free]
    states = []
    for action in (asked.first, asked.second):
        if action is None:
            states.append(free.voltages)
            continue
        points.append(session.settle(acting(circuit.technology, inputs, action), free.voltages, sweeps=sweeps))
        states.append(points[-1].voltages)
    return ResistivePair(
        circuit.source_voltages(inputs), free.voltages, states[0], states[1], asked.span, tuple(points)
    )


def acting(technology: ResistiveTechnology, inputs: Signals, action: ActionLike) -> ResistiveDrive:
    """Inputs, and what is done to the outputs: nudged with what this chip makes of the conductance or the current."""
    nudge, injected = None, action.injected
    if action.targets is not None:
        nudge = Nudge(action.targets, action.conductance)
    if not technology.nudge.nominal:
        if nudge is not None:
            nudge = replace(nudge, conductance=action.conductance * technology.nudge.factors(nudge.voltages.shape[1]))
        if injected is not None:
            injected = (injected * technology.nudge.factors(injected.shape[1])).astype(injected.dtype)
    return ResistiveDrive(inputs, None, nudge, injected=injected, held=action.held)
