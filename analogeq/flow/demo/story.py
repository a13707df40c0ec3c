"""What a family brings to the demo."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analogeq.data import Dataset
from analogeq.flow.agreement import Agreement
from analogeq.flow.families import AnyCircuit, AnyConfig
from analogeq.flow.training import Trained

Floats = NDArray[np.floating]


class Story(Protocol):
    """Builds, trains, watches and compares circuits of one family."""

    @property
    def unit(self) -> str:
        """Of the gap between copy and circuit."""
        ...

    def circuit(self) -> AnyCircuit:
        """What is trained on digits of 8 x 8 pixels."""
        ...

    def config(self, engine_name: str) -> AnyConfig:
        """How it is trained with an engine as the circuit."""
        ...

    def watch(self, circuit: AnyCircuit, data: Dataset) -> str:
        """Settle a digit before training, write figures, and say in a line what was seen."""
        ...

    def agree(self, trained: Trained, inputs: Floats, targets: Floats) -> dict[str, Agreement]:
        """Hold native and ngspice against each other on a trained circuit, in one way or several."""
        ...
