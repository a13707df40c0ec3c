"""The copy's neurons stand for the clamps of the circuit's nodes."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.digital import HARD_SIGMOID, FeedforwardCopy, TabulatedActivation
from analogeq.engines import engine
from analogeq.errors import InputError
from analogeq.hardware import DiodeClamp, Technology, real_diode
from analogeq.hardware.diode import clamp_current
from analogeq.network import Network, Parameters
from analogeq.training import TrainingConfig
from analogeq.training.copy_activation import activation_for

DIODES = Technology(rail=2.0, clamp=real_diode("1n4148"))
EVERY = slice(None)


def test_ideal_clamps_are_the_papers_hard_sigmoid_by_every_name() -> None:
    assert all(activation_for(Technology(), name) is HARD_SIGMOID for name in ("hard-sigmoid", "knees", "curve"))
    assert activation_for(DIODES, "hard-sigmoid") is HARD_SIGMOID


def test_at_the_knees_a_diode_carries_as_much_as_the_leak() -> None:
    clip = activation_for(DIODES, "knees")
    assert clip.lower < 0.0 and clip.upper > 1.0  # silicon lets go of both rails
    for signal in (float(clip.lower), float(clip.upper)):
        current, _ = clamp_current(np.array(signal * DIODES.rail), DIODES.clamp, DIODES.rail, DIODES.temperature)
        # Rounding of an exponent of nine.
        assert current == pytest.approx(signal * DIODES.rail * DIODES.unit_conductance, rel=1e-12)


def test_the_curve_is_where_one_node_settles_in_the_circuit() -> None:
    curve = activation_for(DIODES, "curve")
    sums = np.linspace(-6.0, 7.0, 27)[:, None]
    # One input of 0 V and one neuron: all that flows in is the bias.
    network = Network.layered((1, 1))
    copy = FeedforwardCopy(network, Parameters(np.zeros(1), np.zeros(1)), curve)
    predicted = copy.activation.of(sums, EVERY)
    with engine("native").open(Circuit(network, DIODES)) as session:
        for x, s in zip(sums[:, 0], predicted[:, 0], strict=True):
            session.program(session.circuit.program(Parameters(np.zeros(1), np.array([x]))))
            settled = session.settle(Drive(np.zeros((1, 1)))).voltages[0, 0] / DIODES.rail
            # Straight between points 7e-4 rails apart where the diode's curve bends over 0.02 rails: 7e-4² / 8 / 0.02.
            assert s == pytest.approx(settled, abs=1e-5)


def test_the_curve_s_slope_is_its_finite_difference() -> None:
    curve = activation_for(DIODES, "curve")
    sums, step = np.linspace(-6.0, 7.0, 53)[:, None], 0.02
    difference = (curve.of(sums + step, EVERY) - curve.of(sums - step, EVERY)) / (2 * step)
    # The step's square times the third derivative, 1/20 at the bend of 0.02 rails over 1.
    assert curve.slope(sums) == pytest.approx(difference, abs=3e-2)
    assert curve.slope(sums).min() > 0.0


def test_a_sharp_diode_s_curve_is_the_hard_sigmoid_but_for_its_leak() -> None:
    sharp = Technology(clamp=DiodeClamp(saturation_current=1e-9, ideality=1e-3))
    curve = activation_for(sharp, "curve")
    sums = np.linspace(-1.0, 2.0, 31)[:, None]
    # ln(1e-5 A / 1e-9 A) times 0.026 mV.
    assert curve.of(sums, EVERY) == pytest.approx(np.clip(sums, 0.0, 1.0), abs=3e-4)


@pytest.mark.parametrize("name", ["knees", "curve"])
def test_a_restored_learner_keeps_its_activation(name) -> None:
    config = TrainingConfig(copy_activation=name)
    with engine("native").open(Circuit(Network.layered((3, 4, 2)), DIODES)) as session:
        learner = config.learner(session, np.float64)
        before = learner.copy.activation
        learner.restore(learner.learned())
    assert learner.copy.activation is before
    assert isinstance(before, TabulatedActivation) is (name == "curve")


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="copy_activation 'tanh' is unknown; choose hard-sigmoid, knees, curve"):
        TrainingConfig(copy_activation="tanh")


def test_checkpoints_from_before_the_choice_stay_good() -> None:
    # What the config without the field gave.
    assert TrainingConfig().fingerprint() == "1b22a9c49ec4df33"
    assert TrainingConfig(copy_activation="knees").fingerprint() != TrainingConfig().fingerprint()
