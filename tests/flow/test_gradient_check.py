"""Estimates against the exact gradient: by beta, settling time, noise and mismatch."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.controller import Controller, Schedule
from analogeq.engines import engine
from analogeq.errors import CheckFailedError, InputError
from analogeq.flow.families import first_weights
from analogeq.flow.gradient_check import (
    LIMIT,
    GradientCheck,
    Setting,
    Sweep,
    by_layer,
    check_gradients,
    cosine_loss,
)
from analogeq.flow.gradient_report import flat, random_subject, require_cosine, write_report
from analogeq.flow.oracle import Subject, oracle
from analogeq.flow.training import Settler
from analogeq.hardware import Converter, Technology, Wires
from analogeq.hardware.memory import Memory
from analogeq.network import Network, Parameters

NETWORK = Network.layered((4, 6, 5, 3))
LAYERS = ["weights 0→1", "weights 1→2", "weights 2→3", "biases 1", "biases 2", "biases 3"]
WEAK = Sweep(betas=(2e-3, 4e-3, 8e-3))


def subject(technology: Technology | None = None, **changes: object) -> Subject:
    circuit = Circuit(NETWORK, technology or Technology())
    made = random_subject(circuit, 6, first_weights(circuit, 1, 0.2)[0], seed=1)
    made.parameters.biases[:] = 0.35  # off the corners, where the cost is smooth
    return replace(made, **changes)


@pytest.fixture(scope="module")
def checked() -> GradientCheck:
    return check_gradients(subject(), WEAK)


def losses(check: GradientCheck, nudging: str, noise: float = 0.0) -> list[float]:
    return [r.loss for r in check.worst() if (r.setting.nudging, r.noise) == (nudging, noise)]


def test_every_layer_has_a_row_for_every_setting(checked: GradientCheck) -> None:
    settings = list(dict.fromkeys(row.setting for row in checked.rows))
    kinds = ("one-sided", "centred")
    assert settings == [Setting(LIMIT, 0.0, None, None)] + [
        Setting(kind, beta, None, None) for beta in WEAK.betas for kind in kinds
    ]
    for setting in settings:
        assert [row.layer for row in checked.rows if row.setting == setting] == LAYERS
    assert checked.samples == 6
    assert checked.corners == 0
    assert checked.missing == ()


@pytest.mark.parametrize(("nudging", "order"), [("one-sided", 2), ("centred", 4)])
def test_what_is_lost_falls_with_the_square_of_the_bias(checked: GradientCheck, nudging: str, order: int) -> None:
    weak, _, strong = losses(checked, nudging)
    # The next order's share is a few times beta.
    assert np.log2(strong / weak) / 2 == pytest.approx(order, abs=0.1)


def test_the_limit_of_weak_nudges_loses_nothing_in_a_symmetric_circuit(checked: GradientCheck) -> None:
    (limit,) = losses(checked, LIMIT)
    assert limit < 1e-25  # the square of rounding


def test_mirrored_arrays_lose_what_no_beta_brings_back() -> None:
    chip = Technology(arrays="mirrored", mirror_mismatch=0.2)
    found = check_gradients(subject(chip), WEAK)
    (limit,) = losses(found, LIMIT)
    assert limit > 1e-4
    # What the weakest centred nudge loses on top is of order beta: the cross term of two small angles.
    assert losses(found, "centred")[0] == pytest.approx(limit, rel=0.05)


def test_noise_asks_for_a_stronger_nudge() -> None:
    sweep = Sweep(betas=(1e-3, 1e-2, 0.1), noises=(0.0, 1e-4, 1e-2))
    proposed = {row.noise: row.setting for row in check_gradients(subject(), sweep).proposals()}
    assert [s.beta for s in proposed.values()] == sorted(s.beta for s in proposed.values())
    assert proposed[0.0].beta < proposed[1e-2].beta
    assert {s.nudging for s in proposed.values()} == {"centred"}


def test_noise_adds_to_the_length_what_its_variance_says() -> None:
    sigma, beta, batch = 1e-3, 0.05, 6
    sweep = Sweep(betas=(beta,), noises=(0.0, sigma), draws=400)
    found = check_gradients(subject(Technology(rail=2.0)), sweep)
    clean, noisy = (
        next(r for r in found.rows if (r.setting.nudging, r.noise, r.layer) == ("one-sided", n, "biases 3"))
        for n in (0.0, sigma)
    )
    # Each of 3 biases is the mean over the batch of a difference of two readings over beta; 2 V are one signal.
    added = 3 * 2 * (sigma / 2.0 / beta) ** 2 / batch
    exact, _, _ = oracle(subject(), free_voltages())
    norm = float(np.linalg.norm(by_layer(NETWORK, exact)["biases 3"]))
    # The mean length of 400 draws, its own spread and the curvature of the root: a few percent.
    assert noisy.ratio == pytest.approx(np.sqrt(clean.ratio**2 + added / norm**2), rel=0.02)


def free_voltages() -> np.ndarray:
    made = subject()
    with engine("native").open(made.circuit) as session:
        controller = Controller(session, Schedule(free_time=None))
        controller.program(made.parameters)
        return controller.settle(made.inputs)


def test_the_same_seed_draws_the_same_noise_and_another_seed_another() -> None:
    sweep = Sweep(betas=(0.01,), noises=(1e-3,), draws=2)
    one, again, other = (check_gradients(subject(), replace(sweep, seed=seed)) for seed in (3, 3, 4))
    assert [flat(r) for r in one.rows] == [flat(r) for r in again.rows]
    assert losses(one, "centred", 1e-3) != losses(other, "centred", 1e-3)


def test_longer_phases_lose_less() -> None:
    sweep = Sweep(betas=(1e-3,), free_times=(4.0, None), nudged_times=(1.0, 5.0, None))
    found = check_gradients(subject(), sweep)
    assert len(found.proposals()) == 6
    one_sided = [row for row in found.worst() if row.setting.nudging == "one-sided"]
    lost = {(row.setting.free_time, row.setting.nudged_time): row.loss for row in one_sided}
    assert lost[None, 1.0] > lost[None, 5.0] > lost[None, None]
    assert lost[4.0, None] > lost[None, None]


def test_a_prediction_and_its_tether_are_part_of_what_is_differentiated() -> None:
    prediction = np.random.default_rng(0).random((6, NETWORK.n_nodes))
    made = subject(Technology(dac=Converter(5)), prediction=prediction, tether=0.5)
    found = check_gradients(made, Sweep(betas=(1e-4,)))
    assert losses(found, "centred")[0] < 1e-12
    assert losses(found, LIMIT)[0] < 1e-25


def test_a_nudge_without_an_equilibrium_is_named_and_leaves_the_others() -> None:
    found = check_gradients(subject(), Sweep(betas=(0.01, 0.8)))
    (missing,) = found.missing
    assert missing.setting == Setting("centred", 0.8, None, None)
    assert "beta" in missing.reason
    assert len(losses(found, "one-sided")) == 2


def test_nodes_at_a_corner_are_counted() -> None:
    made = subject()
    still = Parameters(np.zeros(NETWORK.n_edges), np.zeros(NETWORK.n_nodes))
    found = check_gradients(replace(made, parameters=still), Sweep(betas=(0.01,)))
    assert found.corners == 6 * NETWORK.n_nodes


@pytest.mark.ngspice
def test_ngspice_measures_the_same_gradient() -> None:
    sweep = Sweep(betas=(0.03,))
    one, other = (check_gradients(subject(), sweep, Settler(name, workers=1)) for name in ("native", "ngspice"))
    for nudging in ("one-sided", "centred"):
        # Its node voltages are good to about 1e-9 V, over beta.
        assert losses(other, nudging) == pytest.approx(losses(one, nudging), rel=1e-3)
    assert losses(other, LIMIT)[0] < 1e-15


def test_a_required_cosine_that_is_not_met_names_layer_and_beta(checked: GradientCheck) -> None:
    require_cosine(checked, 0.999)
    (best,) = checked.proposals()
    with pytest.raises(CheckFailedError, match=f"{best.layer}.*beta 0.002") as failure:
        require_cosine(checked, best.cosine + 1e-15 if best.cosine < 1 - 1e-15 else 1.1)
    assert failure.value.exit_code == 5


def test_the_report_holds_every_row_and_a_figure(checked: GradientCheck, tmp_path: Path) -> None:
    report = write_report(checked, tmp_path / "deep")
    table, figure = report.files
    with table.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(checked.rows)
    assert float(rows[-1]["loss"]) == checked.rows[-1].loss
    assert rows[0]["free_time"] == ""
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert report.as_dict()["samples"] == 6


@pytest.mark.parametrize("betas", [(), (0.0,), (-0.1,), (float("nan"),)])
def test_betas_that_cannot_nudge_are_refused(betas: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="betas"):
        Sweep(betas=betas)


@pytest.mark.parametrize(
    ("wrong", "named"), [({"noises": (-1.0,)}, "noise"), ({"draws": 0}, "draws"), ({"free_times": ()}, "times")]
)
def test_an_impossible_sweep_names_what_is_wrong(wrong: dict, named: str) -> None:
    with pytest.raises(InputError, match=named):
        Sweep(**wrong)


def test_what_a_cosine_loses_is_exact_where_the_cosine_rounds_to_one() -> None:
    angle = 1e-9
    assert cosine_loss(np.array([1.0, angle]), np.array([2.0, 0.0])) == pytest.approx(angle**2 / 2, rel=1e-6)
    assert cosine_loss(np.zeros(2), np.zeros(2)) == 0.0
    assert cosine_loss(np.zeros(2), np.ones(2)) == 1.0


WIRED = Technology(wires=Wires(800.0, 500.0, 3e3, 1e3))
AMPLIFIED = Technology(
    follower_gain=60.0,
    sense_gain=2.0,
    sense_offset=4e-3,
    sense_offset_spread=20e-3,
    sense_gain_spread=0.1,
    follower_offset_spread=20e-3,
)


@pytest.mark.parametrize(
    "chip",
    [
        WIRED,
        replace(WIRED, arrays="mirrored", mirror_mismatch=0.2),
        AMPLIFIED,
        replace(AMPLIFIED, arrays="mirrored", mirror_mismatch=0.2, memory=Memory(pairs="balanced")),
        replace(AMPLIFIED, device_temperature_coefficient=-2e-3, leak_temperature_coefficient=1e-3, temperature=85.0),
        replace(AMPLIFIED, wires=WIRED.wires, device_temperature_coefficient=2e-3, temperature=85.0),
        replace(AMPLIFIED, wires=WIRED.wires, arrays="mirrored", mirror_mismatch=0.2, memory=Memory(pairs="balanced")),
        replace(WIRED, mapping="offset-column", conductance_high=21e-6),
        replace(AMPLIFIED, mapping="offset-column", conductance_high=11e-6, sense_gain_spread=0.02),
        replace(
            AMPLIFIED,
            mapping="offset-column",
            conductance_high=11e-6,
            sense_gain_spread=0.02,
            wires=WIRED.wires,
            arrays="mirrored",
            mirror_mismatch=0.2,
            device_temperature_coefficient=2e-3,
            temperature=85.0,
        ),
    ],
    ids=[
        "wires", "mirrored wires", "amplifiers", "balanced pairs", "warm", "warm wires", "wires and balanced pairs",
        "wired references", "amplified references", "references, all at once",
    ],
)  # fmt: skip
def test_the_exact_gradient_by_what_devices_hold_is_the_slope_of_the_settled_cost(chip: Technology) -> None:
    made = subject(chip)

    def settled(parameters: Parameters) -> np.ndarray:
        with engine("native").open(made.circuit) as session:
            controller = Controller(session, Schedule(free_time=None))
            controller.program(parameters)
            return controller.settle(made.inputs)

    def cost(weights: np.ndarray, biases: np.ndarray) -> float:
        outputs = settled(Parameters(weights, biases))[:, NETWORK.outputs]
        return float(((outputs - made.targets) ** 2).sum(axis=1).mean())

    exact, _, corners = oracle(made, settled(made.parameters))
    assert corners == 0
    along = np.sign(made.parameters.weights) * np.random.default_rng(2).random(NETWORK.n_edges)
    step = 1e-5  # takes no weight through zero and no neuron to its clamp; settled to rounding, 1e-15 over it is 1e-10
    weights, biases = made.parameters.weights, made.parameters.biases
    kept = np.abs(weights) > 2 * step
    along *= kept
    slope = (cost(weights + step * along, biases) - cost(weights - step * along, biases)) / (2 * step)
    assert exact.weights @ along == pytest.approx(slope, rel=1e-6)
    along = np.random.default_rng(3).random(NETWORK.n_nodes)
    slope = (cost(weights, biases + step * along) - cost(weights, biases - step * along)) / (2 * step)
    assert exact.biases @ along == pytest.approx(slope, rel=1e-6)


def test_wires_cost_the_estimate_some_of_the_gradient_s_direction() -> None:
    losses_of = [
        losses(check_gradients(subject(Technology(wires=wires)), WEAK), LIMIT)[0]
        for wires in (Wires(1.0, 1.0), Wires(100.0, 100.0), Wires(1000.0, 1000.0))
    ]
    assert losses_of[0] < losses_of[1] < losses_of[2]


def test_a_gradient_that_is_zero_everywhere_is_said_to_prove_nothing():
    zero = np.zeros(NETWORK.n_edges)
    biases = np.full(NETWORK.n_nodes, -3.0)  # every node at the lower rail, where nothing moves it
    biases[NETWORK.outputs] = 3.0
    circuit = Circuit(NETWORK, Technology())
    inputs, targets = np.full((4, NETWORK.n_inputs), 0.5), np.ones((4, NETWORK.n_outputs))
    check = check_gradients(Subject(circuit, Parameters(zero, biases), inputs, targets), Sweep(betas=(0.1,)))
    assert set(check.zero) == {row.layer for row in check.rows}
    assert "zero in every layer" in check.vacuous
    with pytest.raises(CheckFailedError, match="zero in every layer"):
        require_cosine(check, 0.9)
