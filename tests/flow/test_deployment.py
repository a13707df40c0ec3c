"""A copy on its own and its circuit's weights on another chip, against what training itself measured."""

from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit, compile_circuit
from analogeq.data import load
from analogeq.digital import HARD_SIGMOID
from analogeq.engines import engine
from analogeq.export import CopyMetadata
from analogeq.flow.deployment import deploy, settled_classes
from analogeq.hardware import Technology, real_diode
from analogeq.network import Network
from analogeq.training import Learned, Trainer, TrainingConfig, TrainingResult

CONFIG = TrainingConfig(
    epochs=15, batch_size=10, rates=(0.2, 0.1), copy_rates=(0.5, 0.5), copy_activation="curve",
    copy_optimizer="affine-projection",
)  # fmt: skip
DATA = load("iris")


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    compiled = compile_circuit(Network.layered((4, 6, 3)), Technology(clamp=real_diode("1n4148")))
    assert isinstance(compiled, Circuit)
    return compiled


@pytest.fixture(scope="module")
def trained(circuit: Circuit) -> TrainingResult:
    with engine("native", accuracy="coarse").open(circuit) as session:
        return Trainer(session, DATA, CONFIG).run()


def about(circuit: Circuit) -> CopyMetadata:
    return CopyMetadata(
        layer_sizes=circuit.network.layer_sizes, dataset="iris", input_scaling="to [0, 1]", seed=0, command="a test",
        netlist_hash="ab" * 32, activation="clip",
    )  # fmt: skip


def test_a_copy_that_follows_a_curve_is_exported_behind_the_clip_at_its_knees(
    circuit: Circuit, trained: TrainingResult, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    copy = trained.copy
    found = deploy(copy, circuit, DATA.x_test, DATA.y_test, tmp_path / "copy.onnx", about(circuit))
    assert found.copy == pytest.approx(trained.history[-1].copy_test_error)
    assert found.elsewhere == 0  # as the file's own clip, run here
    assert found.behind_hard_sigmoid is not None
    assert copy.activation is not HARD_SIGMOID
    assert (tmp_path / "copy.onnx").stat().st_size > 0


def test_what_was_learned_settles_on_its_own_chip_as_it_did_in_training(
    circuit: Circuit, trained: TrainingResult
) -> None:
    learned = Learned(trained.circuit, trained.copy.parameters)
    own = settled_classes(circuit, CONFIG, learned, DATA.x_test)
    error = trained.history[-1].settled_test_error
    assert error is not None
    assert 100.0 * np.mean(own != DATA.y_test) == pytest.approx(error)
