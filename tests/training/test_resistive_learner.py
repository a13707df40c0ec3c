"""Hybrid training of a resistive circuit: it learns, its copy follows, it repeats and resumes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.data import Dataset
from analogeq.engines import ResistiveSession, engine
from analogeq.errors import CheckpointError, InputError
from analogeq.hardware import Wires
from analogeq.hardware.resistive import Amplifier, DoubleShockley, IdealDiode, ResistiveTechnology
from analogeq.learning.conductance_descent import as_the_first, half_kaiming
from analogeq.network import LocalLayer, Maps, MapTopology, Network
from analogeq.training import ResistiveTrainingConfig, Trainer
from analogeq.training.resistive_learner import activation_of, first_conductances, unit_conductance

CONFIG = ResistiveTrainingConfig(epochs=6, batch_size=3, rates=(0.05, 0.05), seed=3)


def stripes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    x = 0.2 * rng.random((n, 6))
    for k in range(3):
        x[labels == k, 2 * k : 2 * k + 2] += 0.8
    return x, labels.astype(np.intp)


@pytest.fixture(scope="module")
def data() -> Dataset:
    (x, y), (x_test, y_test) = stripes(60, 0), stripes(30, 1)
    return Dataset("stripes", x, y, x_test, y_test, 3, "as is", "made here", (6,), ("a", "b", "c"))


def circuit_of(sizes: tuple[int, ...] = (6, 8, 3), **technology) -> ResistiveCircuit:
    return ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(**{"input_gain": 8.0, **technology}))


@pytest.fixture
def session() -> Iterator[ResistiveSession]:
    with engine("native").open(circuit_of()) as opened:
        yield opened


def test_circuit_and_copy_learn_to_tell_three_stripes_apart(session: ResistiveSession, data: Dataset) -> None:
    history = Trainer(session, data, CONFIG).run().history
    assert history[-1].settled_test_error == 0.0
    assert history[-1].copy_test_error == 0.0
    assert history[-1].gap < 0.5 * history[0].gap
    assert history[-1].kirchhoff_residual < 1e-9  # 1e-12 of a supply of some amperes


def test_a_circuit_learns_in_place_what_the_same_weights_lose_on_its_wires(data: Dataset) -> None:
    wired = circuit_of(wires=Wires(0.03, 0.03, 0.03, 0.03))
    with engine("native").open(wired) as session:
        in_place = Trainer(session, data, CONFIG).run()
    assert in_place.history[-1].settled_test_error == 0.0
    with engine("native").open(circuit_of()) as session:
        ideal = Trainer(session, data, CONFIG).run()
    errors = []
    for learned in (ideal, in_place):
        with engine("native").open(wired) as session:
            session.program(wired.program(learned.circuit.weights, learned.circuit.biases))
            outputs = session.settle(ResistiveDrive(data.x_test)).voltages[:, wired.network.outputs]
        errors.append(np.abs(outputs - np.eye(3)[data.y_test]).mean())
    assert errors[1] < 0.6 * errors[0]


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "coupled-learning", "beta": 0.2, "sides": "positive"},
        {"rule": "contrastive-learning"},
        {"sides": "random-sign", "by": "current"},
        {"cost": "cross-entropy", "by": "current", "temperature": 0.3, "beta": 0.1},
        {"sweeps": 4},
    ],
)
def test_every_rule_goes_through_the_same_loop(session: ResistiveSession, data: Dataset, change: dict) -> None:
    # Contrastive learning compares far states and is no gradient; it learns, but not as surely.
    assert Trainer(session, data, replace(CONFIG, **change)).run().history[-1].settled_test_error <= 10.0


def test_pairs_and_amplifiers_and_shockley_elements_learn(data: Dataset) -> None:
    circuit = circuit_of((6, 8, 6), device=DoubleShockley(), amplifier=Amplifier(2.0, 0.5), outputs="pairs")
    with engine("native").open(circuit) as session:
        config = replace(CONFIG, by="current", beta=0.1, epochs=8)
        result = Trainer(session, data, config).run()
    assert result.copy.outputs(data.x_test).shape == (30, 3)
    assert result.history[-1].settled_test_error == 0.0


def test_a_stopped_run_goes_on_bit_for_bit(session: ResistiveSession, data: Dataset, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=2, sides="random-sign", decay=0.9)
    whole = Trainer(session, data, replace(config, epochs=3)).run()
    Trainer(session, data, config, folder=tmp_path).run()
    again = Trainer(session, data, replace(config, epochs=3), folder=tmp_path)
    again.resume()
    result = again.run()
    assert np.array_equal(result.circuit.weights, whole.circuit.weights)
    assert np.array_equal(result.copy.parameters.weights, whole.copy.parameters.weights)
    other = Trainer(session, data, replace(config, beta=0.4), folder=tmp_path)
    with pytest.raises(CheckpointError, match="another config"):
        other.resume()


def test_a_chip_of_microsiemens_learns_what_one_of_siemens_does(data: Dataset) -> None:
    small = 1e-6
    found = []
    for unit in (1.0, small):
        circuit = circuit_of(conductance_low=1e-3 * unit, conductance_high=unit)
        assert unit_conductance(circuit) == unit
        with engine("native").open(circuit) as session:
            result = Trainer(session, data, replace(CONFIG, epochs=2)).run()
        found.append((result.circuit.weights / unit, result.copy.parameters.weights))
    for at_one, at_small in zip(*found, strict=True):
        assert at_small == pytest.approx(at_one, rel=1e-6, abs=1e-9)  # settled to 1e-12, over forty steps


def test_the_copys_start_changes_the_work_and_not_the_answer(session: ResistiveSession, data: Dataset) -> None:
    result = Trainer(session, data, CONFIG).run()
    session.program(session.circuit.program(result.circuit.weights, result.circuit.biases))
    drive = ResistiveDrive(data.x_test)
    cold = session.settle(drive)
    warm = session.settle(drive, result.copy.predict(data.x_test))
    assert warm.voltages == pytest.approx(cold.voltages, abs=1e-9)  # both to 1e-12 of the supply
    one_cold = session.settle(drive, sweeps=1).voltages
    one_warm = session.settle(drive, result.copy.predict(data.x_test), sweeps=1).voltages
    assert np.abs(one_warm - cold.voltages).mean() < np.abs(one_cold - cold.voltages).mean()


def test_copy_neurons_are_held_where_their_devices_hold_the_nodes() -> None:
    ideal = activation_of(circuit_of((6, 4, 3), device=IdealDiode()))
    assert ideal.lower.tolist() == [0.0, 0.0, -np.inf, -np.inf, -np.inf, -np.inf, -np.inf]
    assert ideal.upper.tolist() == [np.inf, np.inf, 0.0, 0.0, np.inf, np.inf, np.inf]
    circuit = circuit_of((6, 4, 3), device=DoubleShockley(1e-6, 0.05, 1.0))
    soft = activation_of(circuit)
    held = first_conductances(circuit, np.random.default_rng(0))
    programmed = circuit.program(held.weights)
    load = (circuit.source_load(programmed) + circuit.coupling_load(programmed))[:4].mean()
    current, _ = circuit.technology.device.current(soft.upper[:1])
    assert current[0] == pytest.approx(load * soft.upper[0], rel=1e-6)  # of a root found to rounding, times e-folds
    assert soft.lower[:4] == pytest.approx(-soft.upper[:4])


def test_without_current_sources_no_bias_learns(data: Dataset) -> None:
    circuit = circuit_of(bias_currents="none", bias_voltage=0.5)
    with engine("native").open(circuit) as session:
        result = Trainer(session, data, replace(CONFIG, epochs=1)).run()
    assert not result.circuit.biases.any()


def convolution(*, shared: bool = True) -> ResistiveCircuit:
    topology = MapTopology(Maps(1, 2, 3), (LocalLayer(4, 2, shared=True),), (3,))
    technology = ResistiveTechnology(input_gain=8.0, bias_voltage=0.5)
    if not shared:
        return compile_circuit(topology.network(), technology)
    return compile_circuit(
        topology.network(), technology, shared=topology.shared(), shared_nodes=topology.shared_nodes()
    )


def assert_one_kernel(circuit: ResistiveCircuit, weights: np.ndarray, biases: np.ndarray) -> None:
    own = weights[circuit.wiring.blocks[0].edges]
    assert np.array_equal(own, as_the_first(own, circuit.tied[0]))
    assert np.array_equal(biases, as_the_first(biases, circuit.shared_nodes))


def test_a_convolution_learns_with_one_kernel_and_goes_on_bit_for_bit(data: Dataset, tmp_path: Path) -> None:
    circuit = convolution()
    kernel_numbers, bias_sources, maps = 4, 1, 4
    assert len(np.unique(circuit.tied[0])) == 2 * maps * (kernel_numbers + bias_sources)  # doubled inputs
    config = replace(CONFIG, epochs=4)
    with engine("native").open(circuit) as session:
        whole = Trainer(session, data, config)
        start = whole.learner.learned().circuit.weights.copy()
        assert_one_kernel(circuit, start, np.zeros(circuit.network.n_nodes))
        result = whole.run()
        Trainer(session, data, replace(config, epochs=2), folder=tmp_path).run()
        again = Trainer(session, data, config, folder=tmp_path)
        again.resume()
        resumed = again.run()
    first = circuit.wiring.blocks[0].edges
    assert np.abs(result.circuit.weights[first] - start[first]).max() > 0.01
    assert np.abs(result.circuit.biases).max() > 0.001
    assert_one_kernel(circuit, result.circuit.weights, result.circuit.biases)
    assert result.history[-1].settled_test_error < 30.0  # chance is 67
    assert np.array_equal(resumed.circuit.weights, whole.learner.parameters.weights)
    assert np.array_equal(resumed.circuit.biases, result.circuit.biases)


def test_a_checkpoint_whose_positions_differ_is_not_taken_for_a_convolution(data: Dataset, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1)
    with engine("native").open(convolution(shared=False)) as session:
        Trainer(session, data, config, folder=tmp_path).run()
    with engine("native").open(convolution()) as session, pytest.raises(CheckpointError, match="edge x1-h1_1 is"):
        Trainer(session, data, config, folder=tmp_path).resume()


@pytest.mark.parametrize("shared", [True, False])
def test_no_output_starts_without_a_conductance(shared: bool) -> None:
    network = Network.layered((1, 2, 6))
    groups = {1: np.tile(np.arange(6), 2)} if shared else {}
    circuit = ResistiveCircuit(network, ResistiveTechnology(inputs="single", conductance_low=0.0), groups)
    bare = 0
    for seed in range(50):
        plain = half_kaiming(circuit.wiring, np.random.default_rng(seed), tied=circuit.tied)
        g = first_conductances(circuit, np.random.default_rng(seed)).weights
        into, before = (values[circuit.wiring.blocks[1].edges].reshape(2, 6) for values in (g, plain))
        assert (into.sum(axis=0) > 0.0).all()
        assert not shared or np.array_equal(into[0], into[1])
        kept = before.sum(axis=0) > 0.0
        bare += int((~kept).sum())
        assert np.array_equal(into[:, kept], before[:, kept])
        assert np.array_equal(g[:2], plain[:2])
    assert bare > 25  # of 300, a quarter expected, half where shared


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rule": "hebb"}, "equilibrium-propagation"),
        ({"cost": "hinge"}, "cross-entropy"),
        ({"decay": 0.0}, "decay"),
        ({"beta": 0.0}, "beta"),
        ({"by": "voltage"}, "by 'conductance' or by 'current'"),
        ({"temperature": -1.0}, "temperature"),
        ({"bias_rates": (-0.1,)}, "bias_rates"),
        ({"cost": "cross-entropy"}, "by = 'current'"),
    ],
)
def test_an_impossible_config_is_refused(wrong: dict, named: str) -> None:
    with pytest.raises(InputError, match=named):
        ResistiveTrainingConfig(**wrong)


@pytest.mark.ngspice
def test_ngspice_teaches_the_copy_what_the_native_engine_does(data: Dataset) -> None:
    config = replace(CONFIG, epochs=1)
    found = []
    for name in ("native", "ngspice"):
        with engine(name, workers=1).open(circuit_of()) as session:
            result = Trainer(session, data, config).run()
        found.append((result.circuit.weights, result.copy.parameters.weights))
    for native, spice in zip(*found, strict=True):
        assert spice == pytest.approx(native, abs=1e-7)  # engines agree to 1e-9 a step, twenty steps


def narrow(**technology) -> ResistiveCircuit:
    """Circuit whose on/off ratio of 2 is below the square root of its fan-in of 12."""
    return circuit_of(conductance_low=0.5e-3, conductance_high=1e-3, input_gain=40.0, **technology)


def test_in_a_narrow_range_a_draw_by_fan_in_starts_all_alike_and_one_in_the_range_does_not() -> None:
    circuit = narrow()
    alike = first_conductances(circuit, np.random.default_rng(0)).weights
    assert alike == pytest.approx(np.full(circuit.wiring.n_edges, 0.5e-3), rel=1e-15)
    g = first_conductances(circuit, np.random.default_rng(0), spread=0.6).weights
    assert g.min() == pytest.approx(0.5e-3, rel=1e-15)
    assert 0.75e-3 < g.max() <= 0.8e-3  # 0.5 mS and 60 % of the 0.5 mS above, of which 100 draws come near
    assert 0.35 < np.mean(g > 0.5e-3) < 0.65  # half of about 130; three standard deviations are 0.13


def test_neurons_that_start_alike_stay_alike_and_what_starts_apart_learns(data: Dataset) -> None:
    errors = {}
    for spread in (None, 0.6):
        config = replace(CONFIG, rates=(0.1, 0.1), first_spread=spread)
        with engine("native").open(narrow()) as session:
            result = Trainer(session, data, config).run()
        errors[spread] = result.history[-1].settled_test_error
        first = result.circuit.weights[: 12 * 8].reshape(12, 8)
        parted = np.ptp(first[:, :4], axis=1).max() / 1e-3
        assert (parted > 0.1) if spread else (parted < 1e-9)  # rounding of some hundred steps
    assert errors[0.6] is not None and errors[None] is not None
    assert errors[0.6] < errors[None] - 20.0


def test_edges_that_share_start_alike_inside_the_range(data: Dataset) -> None:
    del data
    network = Network.layered((4, 4, 2))
    groups = {1: np.zeros(8, dtype=np.intp)}
    technology = ResistiveTechnology(conductance_low=0.5, conductance_high=1.0)
    circuit = compile_circuit(network, technology, shared=groups)
    assert isinstance(circuit, ResistiveCircuit)
    g = first_conductances(circuit, np.random.default_rng(0), spread=1.0).weights
    assert np.ptp(g[-8:]) == 0.0 < np.ptp(g[:-8])


@pytest.mark.parametrize("spread", [0.0, -0.5, 1.5])
def test_a_spread_is_a_share_of_the_range(spread: float) -> None:
    with pytest.raises(InputError, match="a share of the range"):
        ResistiveTrainingConfig(first_spread=spread)


def test_the_published_draw_leaves_fingerprints_as_they_were() -> None:
    assert replace(CONFIG, first_spread=None).fingerprint() != replace(CONFIG, first_spread=0.5).fingerprint()
    assert ResistiveTrainingConfig().fingerprint() == "b23156b37f7ab802"
