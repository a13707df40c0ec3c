"""Keeping settled states from epoch to epoch, the trick of Scellier and Bengio (2017)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital.layered import EulerSteps, Settling, pull_of, settle
from analogeq.digital.matching import distances, equilibrium
from analogeq.errors import InputError
from analogeq.network import Network
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

NETWORK = Network.layered((4, 9, 7, 3))
SHORT = Schedule(beta=0.5, tether=0.0, free_time=2.0, nudged_time=1.0)
CONFIG = TrainingConfig(
    epochs=3, batch_size=4, rates=(0.05, 0.02, 0.01), schedule=SHORT, initialise=False, scale=0.5, seed=2
)
ALL = np.arange(100)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("iris")


def trainer(data: Dataset, *, keep: bool, fastest: bool = False, config: TrainingConfig = CONFIG) -> DigitalTrainer:
    settings = DigitalSettings(keep_states=keep, fastest=fastest, compiled=False)
    return DigitalTrainer(NETWORK, data, config, settings)


def left(run: DigitalTrainer, start: np.ndarray, how: Settling) -> float:
    """How far from equilibrium a free phase from ``start`` ends."""
    pull = pull_of(run.arithmetic, run.circuit, run.data.x_train[ALL])
    signals = start.copy()
    settle(run.arithmetic, run.circuit, pull, how, signals)
    goal = equilibrium(run.arithmetic, run.circuit, pull, signals)
    assert goal is not None
    return max(distances(run.circuit, signals, goal))


def test_a_free_phase_starts_where_the_samples_last_one_ended(data: Dataset) -> None:
    run, chosen = trainer(data, keep=True), np.array([5, 2, 11, 7])
    run.train_minibatch(chosen, 1.0)
    start = run.kept[chosen].copy()
    settle(run.arithmetic, run.circuit, pull_of(run.arithmetic, run.circuit, data.x_train[chosen]), run.free, start)
    run.train_minibatch(chosen, 1.0)
    assert np.array_equal(run.kept[chosen], start)
    assert not np.delete(run.kept, chosen, axis=0).any()


def test_the_first_epoch_is_that_of_starting_from_zero_and_the_second_is_not(data: Dataset) -> None:
    kept, plain = trainer(data, keep=True), trainer(data, keep=False)
    for same in (True, False):
        kept.train_epoch()
        plain.train_epoch()
        assert np.array_equal(kept.circuit.flat, plain.circuit.flat) == same


def test_a_short_phase_from_the_kept_states_ends_nearer_to_equilibrium(data: Dataset) -> None:
    run = trainer(data, keep=True, config=replace(CONFIG, rates=(0.005, 0.002, 0.001)))
    for _ in range(2):
        run.train_epoch()
    assert left(run, run.kept[ALL], run.free) < 0.2 * left(run, np.zeros_like(run.kept[ALL]), run.free)


def test_samples_outside_training_settle_from_zero(data: Dataset) -> None:
    run, same = trainer(data, keep=True), trainer(data, keep=False)
    for _ in range(2):
        run.train_epoch()
    same.circuit.flat[:], same.circuit.biases[:] = run.circuit.flat, run.circuit.biases
    assert run.test_errors(data.x_test, data.y_test) == same.test_errors(data.x_test, data.y_test)


def test_the_quickest_settling_is_looked_for_from_where_phases_start(data: Dataset) -> None:
    config = replace(CONFIG, schedule=replace(SHORT, free_time=15.0))
    run = trainer(data, keep=True, fastest=True, config=config)
    assert set(run.match()) == {"free", "nudged +0.5", "nudged -0.5"}
    for _ in range(2):
        run.train_epoch()
    match = run.match()
    assert (run.free, run.fresh) == (match["free"].how, match["fresh"].how)
    zero = np.zeros_like(run.kept[ALL])
    # The probe's samples chose the sweeps and are 60 of these 100, whose mean may lie a little above theirs.
    assert left(run, zero, run.fresh) < 3.0 * left(run, zero, EulerSteps(30)) + 1e-6
    assert left(run, run.kept[ALL], run.free) < 3.0 * left(run, run.kept[ALL], EulerSteps(30)) + 1e-6


@pytest.mark.parametrize("fastest", [False, True])
def test_kept_states_are_part_of_the_checkpoint(tmp_path: Path, data: Dataset, fastest: bool) -> None:
    whole = trainer(data, keep=True, fastest=fastest)
    whole.run()
    trainer(data, keep=True, fastest=fastest, config=replace(CONFIG, epochs=2)).run(tmp_path / "state.npz")
    resumed = trainer(data, keep=True, fastest=fastest)
    resumed.run(tmp_path / "state.npz")
    assert np.array_equal(whole.kept, resumed.kept)
    assert np.array_equal(whole.circuit.flat, resumed.circuit.flat)


def test_kept_states_beside_a_copy_are_refused_with_a_remedy(data: Dataset) -> None:
    with pytest.raises(InputError, match="initialise=False"):
        trainer(data, keep=True, config=replace(CONFIG, initialise=True))
