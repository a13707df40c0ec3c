"""Learning in place: every step of the weights goes through the devices that hold them.

The rule asks for new weights; the devices get as near as they do; the next minibatch sees what they hold. A
network trained on an ideal memory and then written to these devices is *transferred* instead: train with
``memory`` ideal, then restore what was learned into a learner of the real technology, or program its circuit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from analogeq.hardware.memory import Written
from analogeq.network import Parameters

R = TypeVar("R")


class Devices(Protocol):
    """What a circuit family's devices can do for learning."""

    def move(self, before: Parameters, wanted: Parameters) -> Written:
        """Move the devices by a difference; return what each took."""
        ...

    def held(self, dtype: np.dtype[np.floating]) -> Parameters:
        """What the devices hold now."""
        ...


def step_in_place(devices: Devices, held: Parameters, descend: Callable[[Parameters], R]) -> tuple[Parameters, R]:
    """Take a step through the devices.

    Parameters
    ----------
    devices : Devices
    held : Parameters
        What they hold.
    descend : callable
        Moves the parameters it is given, in place, to where the rule wants them.

    Returns
    -------
    held : Parameters
        What they hold after it.
    result : object
        What ``descend`` returned.
    """
    wanted = held.copy()
    result = descend(wanted)
    devices.move(held, wanted)
    return devices.held(held.weights.dtype), result
