"""Backpropagation beside a trainer: its start, its samples, its order, and nothing of it changed."""

import numpy as np
import pytest

from analogeq.data import Dataset, load
from analogeq.digital import FeedforwardCopy, choose_arithmetic
from analogeq.digital.backprop import backpropagate
from analogeq.network import Network
from analogeq.training import DigitalTrainer, TrainingConfig
from analogeq.training.backpropagation import Backpropagation, quickest
from analogeq.training.loop import plan_epoch

CONFIG = TrainingConfig(epochs=1, batch_size=10, seed=5)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("iris", dtype=np.float32)


def trainer(data: Dataset) -> DigitalTrainer:
    return DigitalTrainer(Network.layered((4, 6, 3)), data, CONFIG)


def test_a_minibatch_is_a_step_down_the_exact_gradient_of_the_epochs_first_samples(data: Dataset) -> None:
    beside = trainer(data)
    runner = Backpropagation(beside, 0.2, choose_arithmetic(compiled=False))
    first = runner.weights.parameters()
    runner.train(10)
    chosen = plan_epoch(CONFIG, 0, len(data.x_train))[0][:10]
    copy = FeedforwardCopy(beside.network, first)
    slope = backpropagate(copy, data.x_train[chosen], data.targets(data.y_train[chosen]))
    moved = runner.weights.parameters()
    for what in ("weights", "biases"):
        step = getattr(first, what).astype(np.float64) - getattr(moved, what)
        assert np.abs(step).max() > 1e-3
        assert step == pytest.approx(0.2 * getattr(slope, what), abs=1e-6)  # float32


def test_the_trainer_is_left_as_it_is_and_the_error_falls(data: Dataset) -> None:
    beside = trainer(data)
    first = beside.circuit.flat.copy()
    runner = quickest(beside, 0.2)
    assert runner.epoch == 0
    assert np.array_equal(runner.weights.flat, first)
    before = runner.error(data.x_test, data.y_test)
    for _ in range(150):
        runner.train_epoch()
    assert runner.epoch == 150
    assert np.array_equal(beside.circuit.flat, first)
    assert runner.error(data.x_test, data.y_test) < min(before, 30.0)  # guessing among three is 66.7 % wrong
