"""`gradient-check` on circuits of conductances."""

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.errors import InputError
from analogeq.flow.families import first_weights
from analogeq.flow.gradient_check import Sweep
from analogeq.flow.gradient_report import random_subject
from analogeq.flow.resistive_gradient_check import ResistiveSubject, check_resistive_gradients
from analogeq.hardware import Wires
from analogeq.hardware.resistive import Amplifier, DoubleShockley, ResistiveTechnology
from analogeq.network import Network, Parameters
from analogeq.training import ResistiveTrainingConfig

SWEEP = Sweep(betas=(1e-3, 1e-2))


def subject(sizes=(4, 5, 4, 2), **technology):
    technology = {"device": DoubleShockley(1e-3, 0.2, 0.3), "input_gain": 2.0, **technology}
    circuit = compile_circuit(Network.layered(sizes), ResistiveTechnology(**technology))
    rng = np.random.default_rng(0)
    held = Parameters(rng.uniform(0.1, 1.0, circuit.wiring.n_edges), np.zeros(circuit.network.n_nodes))
    return ResistiveSubject(circuit, held, rng.normal(size=(5, sizes[0])), np.eye(sizes[-1])[rng.integers(2, size=5)])


def losses(check, nudging):
    return {row.setting.beta: row.loss for row in check.worst() if row.setting.nudging == nudging}


def test_the_loss_falls_with_beta_by_the_order_of_the_sides() -> None:
    check = check_resistive_gradients(subject(), SWEEP)
    one, centred = losses(check, "one-sided"), losses(check, "centred")
    # 1 - cosine is half the square of the error's angle: orders 2 and 4 in beta.
    assert np.log10(one[1e-2] / one[1e-3]) == pytest.approx(2.0, abs=0.2)
    assert centred[1e-2] < 1e-2 * one[1e-2]
    assert check.remark == ""
    assert check.corners == 0
    assert {row.layer for row in check.rows} == {
        "weights 0→1", "weights 1→2", "weights 2→3", "biases 1", "biases 2", "biases 3",
    }  # fmt: skip


def test_amplifiers_keep_the_gradient_where_their_ratio_is_one_and_say_so_where_it_is_not() -> None:
    same = check_resistive_gradients(subject(amplifier=Amplifier(4.0, 0.25)), SWEEP)
    assert losses(same, "centred")[1e-3] < 1e-6
    assert same.remark == ""
    gains = (4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 1.0, 8.0, 2.0)
    uneven = check_resistive_gradients(subject(amplifier=Amplifier(gains, 0.25)), SWEEP)
    assert losses(uneven, "centred")[1e-3] > 1e-3
    assert "minimises no function" in uneven.remark
    best = 1.0 - min(losses(uneven, "centred").values())
    assert f"{best:.4f}"[:5] in uneven.remark


def test_devices_between_wires_learn_by_what_they_see_themselves() -> None:
    check = check_resistive_gradients(subject(wires=Wires(0.05, 0.1, 0.3, 0.2)), Sweep(betas=(1e-4, 1e-3)))
    one, centred = losses(check, "one-sided"), losses(check, "centred")
    assert np.log10(one[1e-3] / one[1e-4]) == pytest.approx(2.0, abs=0.2)
    assert np.log10(centred[1e-3] / centred[1e-4]) == pytest.approx(4.0, abs=0.2)


def test_read_noise_costs_more_at_a_weaker_nudge() -> None:
    check = check_resistive_gradients(subject(), Sweep(betas=(1e-3, 1e-1), noises=(1e-4,)))
    assert losses(check, "centred")[1e-3] > losses(check, "centred")[1e-1]


def test_a_nudge_too_negative_is_missing_with_its_reason() -> None:
    check = check_resistive_gradients(subject(), Sweep(betas=(50.0,)))
    assert [m.setting.nudging for m in check.missing] == ["centred"]
    assert "stays stable down to" in check.missing[0].reason


def test_times_and_contrastive_learning_are_refused() -> None:
    with pytest.raises(InputError, match="settle at once"):
        check_resistive_gradients(subject(), Sweep(free_times=(10.0,)))
    one = subject()
    with pytest.raises(InputError, match="no strength to vary"):
        ResistiveSubject(
            one.circuit, one.parameters, one.inputs, one.targets, ResistiveTrainingConfig(rule="contrastive-learning")
        )


def test_pairs_are_nudged_by_a_current() -> None:
    circuit = compile_circuit(Network.layered((4, 5, 4)), ResistiveTechnology(outputs="pairs"))
    check = check_resistive_gradients(random_subject(circuit, 4, first_weights(circuit, 0)[0], seed=0), SWEEP)
    assert losses(check, "centred")[1e-3] < 1e-9


@pytest.mark.ngspice
def test_ngspice_gives_the_same_rows() -> None:
    from analogeq.flow.families import Settler

    native = check_resistive_gradients(subject(), Sweep(betas=(0.1,)))
    spice = check_resistive_gradients(subject(), Sweep(betas=(0.1,)), Settler("ngspice", 1))
    for mine, theirs in zip(native.rows, spice.rows, strict=True):
        assert theirs.cosine == pytest.approx(mine.cosine, abs=1e-9)
