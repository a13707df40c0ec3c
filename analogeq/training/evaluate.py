"""Test errors of the copy alone and of the copy followed by settling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.controller import Controller
from analogeq.digital import FeedforwardCopy

Floats = NDArray[np.floating]
Labels = NDArray[np.intp]


def error_percent(outputs: Floats, labels: Labels) -> float:
    """Percentage of samples whose largest output is not their label's."""
    return 100.0 * float(np.mean(np.argmax(outputs, axis=1) != labels))


def copy_error(copy: FeedforwardCopy, inputs: Floats, labels: Labels) -> float:
    """Test error [%] of the feedforward copy deployed alone (Algorithm 2 of O'Connor et al. 2019)."""
    return error_percent(copy.outputs(inputs), labels)


def settled_signals(
    controller: Controller, copy: FeedforwardCopy, inputs: Floats, *, initialise: bool = True, batch: int = 100
) -> Floats:
    """Signals of all neurons after the free phase, shape (sample, node) (Algorithm 3).

    Without ``initialise`` the circuit starts from zero, untethered.
    """
    parts = []
    for start in range(0, len(inputs), batch):
        some = inputs[start : start + batch]
        parts.append(controller.settle(some, copy.predict(some) if initialise else None))
    return np.concatenate(parts)
