"""Digital training against the same steps taken one by one with arrays of gradients."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.controller import Schedule
from analogeq.data import Dataset
from analogeq.digital import EulerRelaxation, FeedforwardCopy, Forces
from analogeq.digital.weights import LayeredWeights
from analogeq.errors import CheckpointError, InputError
from analogeq.learning import Descent, contrastive_gradient
from analogeq.learning.input_projection import project_inputs
from analogeq.network import Network, Parameters, glorot_uniform
from analogeq.training import DigitalEpoch, DigitalSettings, DigitalTrainer, TrainingConfig
from analogeq.training.loop import plan_epoch

NETWORK = Network.layered((6, 8, 3))
DEEP = Network.layered((6, 9, 7, 3))
CONFIG = TrainingConfig(epochs=1, batch_size=4, rates=(0.4, 0.2), copy_rates=(0.5, 0.3), seed=3)
NUMPY = DigitalSettings(compiled=False)


@pytest.fixture(scope="module")
def data() -> Dataset:
    def stripes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 3, n)
        x = 0.2 * rng.random((n, 6))
        for k in range(3):
            x[labels == k, 2 * k : 2 * k + 2] += 0.8
        return x, labels.astype(np.intp)

    (x, y), (x_test, y_test) = stripes(45, 0), stripes(30, 1)
    return Dataset("stripes", x, y, x_test, y_test, 3, "as is", "made here", (6,), ("a", "b", "c"))


def _one_by_one(network: Network, data: Dataset, config: TrainingConfig, limit: float) -> tuple[Parameters, Parameters]:
    """Algorithm 1 of O'Connor et al. 2019 with the project's plain parts."""
    one, two = (np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(2))
    theta, phi = glorot_uniform(network, one), glorot_uniform(network, two)
    descent = Descent(network, config.rates, limit=limit, ridge=config.ridge)
    copy_descent = Descent(network, config.copy_rates or config.rates, ridge=config.copy_ridge)
    schedule, hot = config.schedule, data.targets(data.y_train)
    order, signs = plan_epoch(config, 0, len(data.x_train))
    for k, sign in enumerate(signs):
        chosen = order[k * config.batch_size : (k + 1) * config.batch_size]
        x, y = data.x_train[chosen], hot[chosen]
        copy, relaxation = FeedforwardCopy(network, phi), EulerRelaxation(network, theta)
        s_f = copy.predict(x) if config.initialise else None
        start = np.zeros((len(x), network.n_nodes)) if s_f is None else np.clip(s_f, 0.0, 1.0)

        def phase(begin, steps, beta=None, x=x, y=y, s_f=s_f, relaxation=relaxation):
            nudge = {} if beta is None else {"targets": y, "beta": beta}
            return relaxation.relax(Forces(x, s_f, schedule.tether, **nudge), begin, steps)

        free = phase(start, 20)
        beta = schedule.beta * (sign if schedule.nudging == "random-sign" else 1.0)
        first, span = (phase(free, 4, -beta), 2 * beta) if schedule.nudging == "centred" else (free, beta)
        second = phase(free, 4, beta)
        gradient = contrastive_gradient(network, x, first, second, span)
        if config.circuit_optimizer == "affine-projection":
            project_inputs(network, gradient, x, first, second, span)
        descent.step(theta, gradient)
        if config.initialise:
            copy_descent.step(phi, copy.local_gradient(x, free, loss=config.copy_loss))
    return theta, phi


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("nudging", ["one-sided", "random-sign", "centred"])
@pytest.mark.parametrize("initialise", [True, False])
@pytest.mark.parametrize(
    ("limit", "better"),
    [(np.inf, {}), (0.6, {}), (0.6, {"circuit_optimizer": "affine-projection", "ridge": 0.1, "copy_ridge": 0.2})],
)
def test_an_epoch_ends_where_plain_steps_end(
    data: Dataset, compiled: bool, nudging: str, initialise: bool, limit: float, better: dict
) -> None:
    if compiled:
        pytest.importorskip("numba", reason="the compiled arithmetic is the optional extra 'fast'")
    schedule = Schedule(beta=0.4, nudging=nudging, tether=0.1, free_time=10.0, nudged_time=2.0)
    config = replace(CONFIG, schedule=schedule, initialise=initialise, **better)
    theta, phi = _one_by_one(NETWORK, data, config, limit)
    result = DigitalTrainer(NETWORK, data, config, DigitalSettings(compiled=compiled, limit=limit)).run()
    # Rounding of reordered sums, over 12 updates and some 300 steps that mostly contract.
    assert result.circuit.weights == pytest.approx(theta.weights, abs=1e-11)
    assert result.circuit.biases == pytest.approx(theta.biases, abs=1e-11)
    assert (result.history[0].clipped > 0) == np.isfinite(limit)
    assert (result.copy is not None) == initialise
    if result.copy is not None:
        assert result.copy.parameters.weights == pytest.approx(phi.weights, abs=1e-11)
        assert result.copy.parameters.biases == pytest.approx(phi.biases, abs=1e-11)


def test_by_the_matching_loss_an_epoch_ends_where_plain_steps_of_it_end(data: Dataset) -> None:
    config = replace(CONFIG, copy_loss="matching")
    _, phi = _one_by_one(NETWORK, data, config, np.inf)
    _, squared = _one_by_one(NETWORK, data, CONFIG, np.inf)
    result = DigitalTrainer(NETWORK, data, config, NUMPY).run()
    assert result.copy is not None
    assert result.copy.parameters.weights == pytest.approx(phi.weights, abs=1e-11)  # as above
    assert np.abs(phi.weights - squared.weights).max() > 1e-3


@pytest.mark.parametrize("fastest", [False, True])
def test_learns_to_tell_three_stripes_apart(data: Dataset, fastest: bool) -> None:
    told: list[DigitalEpoch] = []
    config = replace(CONFIG, epochs=40, batch_size=3, copy_rates=(0.5, 0.5))
    result = DigitalTrainer(NETWORK, data, config, replace(NUMPY, fastest=fastest), on_epoch=told.append).run()
    assert result.history[-1].copy_test_error == 0.0
    assert result.history[-1].settled_test_error == 0.0
    assert tuple(told) == result.history
    assert [r.epoch for r in told] == list(range(1, 41))


def test_decayed_rates_of_an_epoch_are_the_rates_of_a_trainer_that_stands_there(data: Dataset) -> None:
    decayed = DigitalTrainer(NETWORK, data, replace(CONFIG, epochs=2, decay=0.5, copy_decay=0.25), NUMPY)
    decayed.run_epoch()
    slower = replace(CONFIG, rates=(0.2, 0.1), copy_rates=(0.125, 0.075))
    constant = DigitalTrainer(NETWORK, data, slower, NUMPY)
    before = decayed.circuit.parameters()
    constant.circuit = LayeredWeights(NETWORK, before)
    constant.copy = LayeredWeights(NETWORK, decayed.copy.parameters())
    constant.epoch = 1  # the order of samples follows from it
    decayed.run_epoch()
    constant.run_epoch()
    assert np.array_equal(constant.circuit.flat, decayed.circuit.flat)
    assert np.array_equal(constant.copy.flat, decayed.copy.flat)
    assert not np.array_equal(before.weights, decayed.circuit.parameters().weights)


def test_the_fastest_settling_takes_fewer_sweeps_than_the_steps_it_matches(data: Dataset) -> None:
    config = replace(CONFIG, rates=(0.4, 0.2, 0.1), copy_rates=None)
    trainer = DigitalTrainer(DEEP, data, config, replace(NUMPY, fastest=True))
    record = trainer.run_epoch()
    assert record.free_steps < 10.0
    assert record.nudged_steps <= 4.0
    for phase, match in trainer.match().items():
        pairs = zip(match.distance, match.steps_distance, strict=True)
        assert match.how.steps > 0, phase
        assert all(mine <= theirs for mine, theirs in pairs), phase


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(data: Dataset) -> None:
    def weights(seed: int) -> np.ndarray:
        return DigitalTrainer(NETWORK, data, replace(CONFIG, seed=seed), NUMPY).run().circuit.weights

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_what_digital_training_cannot_do_is_refused_with_a_remedy(data: Dataset) -> None:
    with pytest.raises(InputError, match="use Trainer"):
        DigitalTrainer(NETWORK, data, replace(CONFIG, momentum=0.5), NUMPY)
    with pytest.raises(InputError, match="free_time"):
        DigitalTrainer(NETWORK, data, replace(CONFIG, schedule=Schedule(free_time=None)), NUMPY)
    with pytest.raises(InputError, match="one for each"):
        DigitalTrainer(DEEP, data, CONFIG, NUMPY)
    with pytest.raises(InputError, match="the network has 5"):
        DigitalTrainer(Network.layered((5, 4, 3)), data, CONFIG, NUMPY)
    with pytest.raises(InputError, match="epsilon"):
        DigitalSettings(epsilon=0.0)


def test_samples_taken_as_stored_come_in_their_order_with_the_signs_of_shuffled_ones(data: Dataset) -> None:
    stored, shuffled = (plan_epoch(replace(CONFIG, order=order), 2, 45) for order in ("as-stored", "shuffled"))
    assert stored[0].tolist() == list(range(45)) == sorted(shuffled[0])
    assert shuffled[0].tolist() != list(range(45))
    assert np.array_equal(stored[1], shuffled[1])
    with pytest.raises(InputError, match="shuffled or as-stored"):
        replace(CONFIG, order="backwards")


def test_a_run_in_adaptive_steps_nears_one_in_many_small_euler_steps(data: Dataset) -> None:
    schedule = Schedule(beta=0.4, tether=4.0, free_time=2.0, nudged_time=1.0)
    config = replace(CONFIG, schedule=schedule)
    fine = DigitalTrainer(NETWORK, data, config, replace(NUMPY, epsilon=0.001)).run()
    away = {}
    for settings in (replace(NUMPY, epsilon=0.5), replace(NUMPY, tolerance=1e-2), replace(NUMPY, tolerance=1e-4)):
        result = DigitalTrainer(NETWORK, data, config, settings).run()
        away[settings.tolerance] = np.abs(result.circuit.weights - fine.circuit.weights).max()
        assert result.history[0].free_steps > 0.0
    assert away[1e-4] < 0.1 * away[1e-2] < 0.1 * away[None]


def test_a_tolerance_goes_with_neither_the_fastest_settling_nor_another_run_s_checkpoint(
    data: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="choose one of them"):
        DigitalSettings(fastest=True, tolerance=1e-3)
    config = replace(CONFIG, epochs=2)
    trainer = DigitalTrainer(NETWORK, data, config, replace(NUMPY, tolerance=1e-3))
    trainer.run_epoch()
    trainer.save(tmp_path / "run.npz")
    with pytest.raises(CheckpointError, match="another network, config, settings"):
        DigitalTrainer(NETWORK, data, config, NUMPY).resume(tmp_path / "run.npz")
    resumed = DigitalTrainer(NETWORK, data, config, trainer.settings)
    resumed.resume(tmp_path / "run.npz")
    assert np.array_equal(resumed.run().circuit.weights, trainer.run().circuit.weights)
