"""How far from equilibrium the phases of a digital training stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analogeq.digital import EulerSteps, settle
from analogeq.digital.matching import distances, equilibrium
from analogeq.network.network import Floats
from analogeq.training import DigitalTrainer


@dataclass(frozen=True)
class Stopped:
    """Where a phase stopped.

    Attributes
    ----------
    phase : str
        "free", or "nudged" with its beta.
    kind : {"steps", "sweeps"}
        Euler steps for the schedule's time, or what the trainer does.
    count : int
        Of steps or sweeps.
    distance : float
        To the equilibrium: of each layer's farthest neuron, mean over samples and layers, in signals.
    """

    phase: str
    kind: Literal["steps", "sweeps"]
    count: int
    distance: float


def distances_left(trainer: DigitalTrainer, inputs: Floats, targets: Floats, *, epsilon: float) -> Iterator[Stopped]:
    """Every phase of a trainer that settles by sweeps, stopped by Euler steps of ``epsilon`` and by its sweeps.

    Phases without an equilibrium that can be found are left out.

    Parameters
    ----------
    trainer : DigitalTrainer
        With `DigitalSettings.fastest`.
    inputs, targets : ndarray
        Samples that chose nothing about the training.
    epsilon : float
        Step in time constants.
    """
    _, pull, start = trainer.present(inputs)
    free, schedule = start, trainer.config.schedule
    phases = [("free", pull, trainer.free, schedule.free_time)]
    phases += [
        (f"nudged {b:+g}", pull.nudged(targets, b), how, schedule.nudged_time) for b, how in trainer.nudged.items()
    ]
    for name, on, quick, duration in phases:
        ends, counts = {}, {}
        for how in (EulerSteps(round((duration or 0.0) / epsilon), epsilon), quick):
            ends[how] = (start if name == "free" else free).copy()
            counts[how] = settle(trainer.arithmetic, trainer.circuit, on, how, ends[how])
        goal = equilibrium(trainer.arithmetic, trainer.circuit, on, next(iter(ends.values())))
        free = ends[quick] if name == "free" else free
        if goal is not None:
            for how, end in ends.items():
                left = float(np.mean(distances(trainer.circuit, end, goal)))
                yield Stopped(name, "sweeps" if how is quick else "steps", counts[how], left)
