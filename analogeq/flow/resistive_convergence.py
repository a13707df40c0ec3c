"""How many sweeps a digital computer needs where the resistive circuit settles at once.

A passive circuit without capacitors has no time of its own: it stands at its operating point. What a
computer does instead is coordinate descent, sweep by sweep, from zero or from where the copy predicts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveDrive
from analogeq.digital import FeedforwardCopy
from analogeq.engines import ResistiveSession
from analogeq.errors import InputError
from analogeq.flow.convergence import Settling

Floats = NDArray[np.float64]

METHOD = "coordinate descent"


def sweep_by_sweep(session: ResistiveSession, copy: FeedforwardCopy, inputs: Floats, most: int) -> tuple[Settling, ...]:
    """Distance to the operating point after each sweep, from zero and from the copy.

    Parameters
    ----------
    session : ResistiveSession
        Of the native engine, programmed.
    copy : FeedforwardCopy
    inputs : ndarray, shape (batch, input)
        Signals.
    most : int
        Sweeps to watch.

    Returns
    -------
    tuple of Settling
        Distances are the largest of any node over the sample's largest voltage.
    """
    circuit = session.circuit
    if not circuit.wiring_is_bipartite:
        raise InputError(
            "compare: this circuit joins layers of one parity, so that they cannot take turns and there are no sweeps "
            "to count; it is settled by Newton steps"
        )
    fixed = session.settle(ResistiveDrive(inputs)).voltages
    starts = (("zero", np.zeros_like(fixed)), ("copy", copy.predict(inputs).astype(np.float64)))
    return tuple(_watched(session, inputs, fixed, name, start, most) for name, start in starts)


def _watched(session: ResistiveSession, inputs: Floats, fixed: Floats, name: str, start: Floats, most: int) -> Settling:
    at, drive = start, ResistiveDrive(inputs)
    scale = np.abs(fixed).max(axis=1)
    distances = [_distance(at, fixed, scale)]
    for _ in range(most):
        at = session.settle(drive, at, sweeps=1).voltages
        distances.append(_distance(at, fixed, scale))
    return Settling(METHOD, name, "steps", np.arange(most + 1.0), np.stack(distances, axis=1))


def _distance(at: Floats, fixed: Floats, scale: Floats) -> Floats:
    apart: Floats = np.abs(at - fixed).max(axis=1) / np.where(scale > 0.0, scale, 1.0)
    return apart
