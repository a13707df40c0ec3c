"""A digital run that was stopped goes on as if it had not been."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.data import Dataset, load
from analogeq.errors import CheckpointError
from analogeq.network import Network
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

NETWORK = Network.layered((4, 7, 6, 3))
CONFIG = TrainingConfig(epochs=3, batch_size=4, rates=(0.1, 0.1, 0.05), seed=2)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("iris")


def trainer(data: Dataset, config: TrainingConfig = CONFIG, *, fastest: bool = False) -> DigitalTrainer:
    return DigitalTrainer(NETWORK, data, config, DigitalSettings(fastest=fastest, compiled=False))


@pytest.mark.parametrize("fastest", [False, True])
def test_a_stopped_run_ends_with_the_same_bits(tmp_path: Path, data: Dataset, fastest: bool) -> None:
    whole = trainer(data, fastest=fastest).run()
    path = tmp_path / "here" / "state.npz"
    trainer(data, replace(CONFIG, epochs=1), fastest=fastest).run(path)
    resumed = trainer(data, fastest=fastest).run(path)
    for mine, theirs in ((whole.circuit, resumed.circuit), (whole.copy.parameters, resumed.copy.parameters)):
        assert np.array_equal(mine.weights, theirs.weights)
        assert np.array_equal(mine.biases, theirs.biases)
    assert [replace(e, seconds=0.0) for e in whole.history] == [replace(e, seconds=0.0) for e in resumed.history]


def test_a_finished_run_is_read_and_not_run_again(tmp_path: Path, data: Dataset) -> None:
    path = tmp_path / "state.npz"
    first = trainer(data).run(path)
    again = trainer(data).run(path)
    assert again.history == first.history


def test_another_config_settings_or_damage_is_refused(tmp_path: Path, data: Dataset) -> None:
    path = tmp_path / "state.npz"
    trainer(data, replace(CONFIG, epochs=1)).run(path)
    for other in (trainer(data, replace(CONFIG, seed=3)), trainer(data, fastest=True)):
        with pytest.raises(CheckpointError, match="another"):
            other.resume(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CheckpointError, match="damaged"):
        trainer(data).resume(path)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        trainer(data).resume(tmp_path / "nowhere.npz")


def test_errors_on_other_samples_are_those_of_the_record_on_the_test_set(data: Dataset) -> None:
    run = trainer(data)
    record = run.run_epoch()
    assert run.test_errors(data.x_test, data.y_test) == (record.copy_test_error, record.settled_test_error)
    plain = trainer(data, replace(CONFIG, initialise=False))
    assert plain.test_errors(data.x_train, data.y_train)[0] is None
