"""Transferred instead of trained in place: learned on a chip without flaws, then written once to this one."""

from __future__ import annotations

from dataclasses import replace
from typing import overload

import numpy as np

from analogeq.data import Dataset
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler
from analogeq.hardware import NudgeConductance, ResistiveTechnology, Technology, Wires
from analogeq.hardware.memory import Memory
from analogeq.training import Learned, TrainingResult, error_percent

WIDE = 1000.0
"""On/off ratio of a chip without flaws where the given range is one value; 100 uS / 0.1 uS, the default's."""

ROOM = 1e6
"""By how much weights may exceed what pairs of the same range and gain could hold, where gains follow the weights."""


@overload
def ideal_counterpart(technology: Technology) -> Technology: ...


@overload
def ideal_counterpart(technology: ResistiveTechnology) -> ResistiveTechnology: ...


def ideal_counterpart(technology: Technology | ResistiveTechnology) -> Technology | ResistiveTechnology:
    """Return the chip without flaws that has the same gains, mapping, range, unit conductance, rail and time constant.

    A range of one value, with which nothing learns, is a flaw, too. Of an affine chip, whose gains are made for the
    weights that it is to hold, it is one of pairs that leave room for any. What stands between a node of the resistive
    family and ground is none: its networks compute with it.
    """
    low, high = technology.conductance_low, technology.conductance_high
    high = low * WIDE if low == high else high
    if isinstance(technology, ResistiveTechnology):
        nudge = NudgeConductance()
        return replace(technology, conductance_high=high, memory=Memory(), wires=Wires(), nudge=nudge)
    affine = technology.mapping == "affine"
    return Technology(
        unit_conductance=technology.unit_conductance,
        node_capacitance=technology.node_capacitance,
        rail=technology.rail,
        conductance_low=low,
        conductance_high=high,
        sense_gain=technology.sense_gain * (ROOM if affine else 1.0),
        mapping="differential" if affine else technology.mapping,
    )


def written(
    circuit: AnyCircuit, config: AnyConfig, trained: TrainingResult, data: Dataset, settler: Settler
) -> TrainingResult:
    """Write what was learned to a new chip and settle the test samples there.

    Returns
    -------
    TrainingResult
        What the chip holds, the copy as it was taught, and the history with this chip's settled error at its end.
    """
    with settler.open(circuit) as session:
        learner = config.learner(session, np.dtype(data.x_train.dtype).type)
        learner.restore(Learned(trained.circuit, trained.copy.parameters))
        error = error_percent(learner.outputs(learner.settled(data.x_test)), data.y_test)
        last = replace(trained.history[-1], settled_test_error=error)
        return TrainingResult(learner.parameters, learner.copy, (*trained.history[:-1], last))
