"""A programmed chip, and samples to price it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from analogeq.digital import FeedforwardCopy
from analogeq.flow.families import AnyCircuit, AnyConfig
from analogeq.network import Parameters

Floats = NDArray[np.floating]
K = TypeVar("K", bound=AnyCircuit)
T = TypeVar("T", bound=AnyConfig)


@dataclass(frozen=True, eq=False)
class Priced(Generic[K, T]):
    """A chip of either family, the copy beside it, and samples to run on it.

    Attributes
    ----------
    circuit : Circuit or ResistiveCircuit
    config : TrainingConfig or ResistiveTrainingConfig
        Of the same family.
    parameters : Parameters
    copy : FeedforwardCopy
    inputs : ndarray, shape (sample, input)
    targets : ndarray, shape (sample, output)
    """

    circuit: K
    config: T
    parameters: Parameters
    copy: FeedforwardCopy
    inputs: Floats
    targets: Floats
