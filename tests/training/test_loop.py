"""Training: it learns, it repeats, it resumes bit for bit."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.controller import Schedule
from analogeq.data import Dataset
from analogeq.engines import Session, engine
from analogeq.errors import CheckpointError, InputError
from analogeq.hardware import Technology
from analogeq.network import Network
from analogeq.training import EpochRecord, Trainer, TrainingConfig, TrainingInterruptedError, read_history
from analogeq.training.config import CopyOptimizer

CONFIG = TrainingConfig(
    epochs=20, batch_size=3, rates=(0.4, 0.2), copy_rates=(0.5, 0.5), schedule=Schedule(free_time=10.0), seed=3
)


def _stripes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    x = 0.2 * rng.random((n, 6))
    for k in range(3):
        x[labels == k, 2 * k : 2 * k + 2] += 0.8
    return x, labels.astype(np.intp)


@pytest.fixture(scope="module")
def data() -> Dataset:
    x, y = _stripes(45, 0)
    x_test, y_test = _stripes(30, 1)
    return Dataset("stripes", x, y, x_test, y_test, 3, "as is", "made here", (6,), ("a", "b", "c"))


@pytest.fixture
def session() -> Iterator[Session]:
    with engine("native").open(Circuit(Network.layered((6, 8, 3)), Technology())) as opened:
        yield opened


def test_learns_to_tell_three_stripes_apart(session: Session, data: Dataset) -> None:
    result = Trainer(session, data, CONFIG).run()
    assert result.history[-1].copy_test_error == 0.0
    assert result.history[-1].settled_test_error == 0.0
    assert [r.epoch for r in result.history] == list(range(1, 21))


def test_learns_from_the_response_to_an_infinitely_weak_nudge(session: Session, data: Dataset) -> None:
    # Small first weights keep outputs off their rails, where a weak nudge moves nothing.
    config = replace(CONFIG, scale=0.3, schedule=Schedule(nudging="small-signal", free_time=None))
    assert Trainer(session, data, config).run().history[-1].settled_test_error == 0.0


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(session: Session, data: Dataset) -> None:
    def weights(seed: int) -> np.ndarray:
        config = TrainingConfig(epochs=1, batch_size=6, schedule=CONFIG.schedule, seed=seed)
        return Trainer(session, data, config).run().circuit.weights

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_a_stopped_run_goes_on_bit_for_bit(session: Session, data: Dataset, tmp_path: Path, momentum: float) -> None:
    config = TrainingConfig(
        epochs=3,
        batch_size=6,
        rates=(0.1, 0.1),
        decay=0.5,
        copy_decay=0.7,
        schedule=CONFIG.schedule,
        momentum=momentum,
        seed=5,
    )
    whole = Trainer(session, data, config).run()

    class PressCtrlC:
        """Interrupts in the middle of the second epoch."""

        def start_epoch(self, epoch: int, epochs: int, steps: int) -> None:
            self.epoch = epoch

        def step(self, done: int) -> None:
            if self.epoch == 1 and done == 3:
                os.kill(os.getpid(), signal.SIGINT)

        def finish_epoch(self, epoch: int, copy_error: float, settled_error: float | None) -> None:
            pass

    with pytest.raises(TrainingInterruptedError, match="minibatch 3 of epoch 2"):
        Trainer(session, data, config, folder=tmp_path, progress=PressCtrlC()).run()
    again = Trainer(session, data, config, folder=tmp_path)
    again.resume()
    assert (again.epoch, again.batch) == (1, 3)
    result = again.run()
    assert np.array_equal(result.circuit.weights, whole.circuit.weights)
    assert np.array_equal(result.copy.parameters.weights, whole.copy.parameters.weights)
    assert [r.copy_test_error for r in result.history] == [r.copy_test_error for r in whole.history]


@pytest.mark.parametrize("optimizer", ["plain", "affine-projection"])
def test_rates_that_decay_a_thousandfold_leave_nothing_to_learn_after_the_first_epoch(
    session: Session, data: Dataset, optimizer: CopyOptimizer
) -> None:
    config = replace(CONFIG, epochs=1, decay=1e-3, copy_decay=1e-3, copy_optimizer=optimizer)
    first = Trainer(session, data, config).run()
    second = Trainer(session, data, replace(config, epochs=2)).run()
    begun = Trainer(session, data, config).learner
    for one, two, start in (
        (first.circuit, second.circuit, begun.parameters),
        (first.copy.parameters, second.copy.parameters, begun.copy.parameters),
    ):
        early, late = np.linalg.norm(one.weights - start.weights), np.linalg.norm(two.weights - one.weights)
        # A step is a thousandth of what it was, gradients do not grow; 10 allows for steps that cancelled.
        assert 0.0 < late < 10.0 * 1e-3 * early


@pytest.mark.parametrize("optimizer", ["plain", "affine-projection"])
def test_by_the_matching_loss_the_copy_alone_goes_another_way_while_it_teaches_nobody(
    session: Session, data: Dataset, optimizer: CopyOptimizer
) -> None:
    config = replace(CONFIG, epochs=1, initialise=False, copy_optimizer=optimizer)
    squared, matching = (
        Trainer(session, data, replace(config, copy_loss=loss)).run() for loss in ("squared", "matching")
    )
    assert np.array_equal(squared.circuit.weights, matching.circuit.weights)
    # Neurons that were held beyond the clip moved.
    moved = np.abs(squared.copy.parameters.weights - matching.copy.parameters.weights)
    assert moved.max() > 1e-2


def test_a_local_loss_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="copy_loss 'hinge' is unknown; choose squared or matching"):
        TrainingConfig(copy_loss="hinge")


def test_the_interrupt_handler_is_given_back(session: Session, data: Dataset) -> None:
    before = signal.getsignal(signal.SIGINT)
    Trainer(session, data, TrainingConfig(epochs=1, batch_size=15)).run()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_history_is_one_json_line_an_epoch(session: Session, data: Dataset, tmp_path: Path) -> None:
    told: list[EpochRecord] = []
    config = TrainingConfig(epochs=2, batch_size=15, evaluate_settled_every=0)
    Trainer(session, data, config, folder=tmp_path, on_epoch=told.append).run()
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
    assert read_history(tmp_path / "history.jsonl") == told
    assert told[0].settled_test_error is None
    assert told[1].settled_test_error is not None


def test_another_config_does_not_resume(session: Session, data: Dataset, tmp_path: Path) -> None:
    Trainer(session, data, TrainingConfig(epochs=1, batch_size=15), folder=tmp_path).run()
    other = Trainer(session, data, TrainingConfig(epochs=1, batch_size=9), folder=tmp_path)
    with pytest.raises(CheckpointError, match="another config"):
        other.resume()


def test_a_damaged_checkpoint_is_named(session: Session, data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(CheckpointError, match=r"checkpoint\.npz: damaged"):
        Trainer(session, data, CONFIG, folder=tmp_path).resume()


def test_more_epochs_than_the_run_was_made_for_go_on(session: Session, data: Dataset, tmp_path: Path) -> None:
    def config(epochs: int) -> TrainingConfig:
        return TrainingConfig(epochs=epochs, batch_size=9, seed=8)

    Trainer(session, data, config(1), folder=tmp_path).run()
    longer = Trainer(session, data, config(2), folder=tmp_path)
    longer.resume()
    assert np.array_equal(longer.run().circuit.weights, Trainer(session, data, config(2)).run().circuit.weights)


def test_a_dataset_that_does_not_fit_says_what_would(data: Dataset) -> None:
    with (
        engine("native").open(Circuit(Network.layered((5, 4, 3)), Technology())) as narrow,
        pytest.raises(InputError, match="6 inputs"),
    ):
        Trainer(narrow, data, CONFIG)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"rates": (-0.1,)},
        {"seed": -1},
        {"decay": 0.0},
        {"copy_decay": 1.1},
        {"ridge": -1e-4},
        {"copy_ridge": -1e-4},
        {"circuit_optimizer": "newton"},
    ],
)
def test_an_impossible_config_is_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        TrainingConfig(**wrong)
