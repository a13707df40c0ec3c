"""What a file says about the copy in it."""

from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.data import load
from analogeq.digital import FeedforwardCopy
from analogeq.export import load_copy
from analogeq.export.metadata import ACTIVATION
from analogeq.flow.exporting import OWN_ACTIVATION, export_run
from analogeq.flow.runs import DataSource, open_run
from analogeq.flow.training import train
from analogeq.hardware import Technology, real_diode
from analogeq.network import Network
from analogeq.training import TrainingConfig


@pytest.mark.parametrize(("activation", "said"), [("hard-sigmoid", ACTIVATION), ("knees", OWN_ACTIVATION)])
def test_a_trained_copy_comes_back_from_its_run_and_from_its_file_with_the_activation_it_was_taught_with(
    tmp_path: Path, activation, said: str
) -> None:
    data = load("iris")
    circuit = Circuit(Network.layered((4, 3, 3)), Technology(clamp=real_diode("1n4148")))
    config = TrainingConfig(epochs=1, copy_activation=activation)
    taught: FeedforwardCopy = train(circuit, DataSource("iris"), data, config, tmp_path / "run").copy
    run = open_run(tmp_path / "run")
    path, metadata = export_run(run, tmp_path / "copy.npz")
    assert metadata.activation == said
    for found in (run.copy, load_copy(path)[0]):
        assert np.array_equal(found.predict(data.x_test), taught.predict(data.x_test))
    # A 1N4148 lets go of the rails by 0.3 to 0.4 V.
    assert (float(np.max(taught.activation.upper)) > 1.3) is (activation == "knees")
