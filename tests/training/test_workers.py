"""Training with ngspice does not depend on how many workers share the samples."""

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.controller import Schedule
from analogeq.data import Dataset
from analogeq.engines import engine
from analogeq.hardware import Technology
from analogeq.network import Network
from analogeq.training import Trainer, TrainingConfig


@pytest.mark.ngspice
def test_any_number_of_workers_gives_the_same_weights_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((14, 4)), (np.arange(14) % 2).astype(np.intp)
    data = Dataset("noise", x, y, x[:4], y[:4], 2, "as is", "made here", (4,), ("a", "b"))
    circuit = Circuit(Network.layered((4, 5, 2)), Technology())
    config = TrainingConfig(epochs=2, batch_size=5, schedule=Schedule(free_time=4.0), seed=1)
    found = []
    for workers in (1, 2, 3):
        with engine("ngspice", workers=workers).open(circuit) as session:
            result = Trainer(session, data, config).run()
        found.append(np.concatenate([result.circuit.weights, result.copy.parameters.weights]))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
