"""A network settled from every start in every way: what must agree, agrees."""

import numpy as np
import pytest

from analogeq.digital import FeedforwardCopy
from analogeq.engines import engine
from analogeq.flow.ways import METHODS, NAMES, Phases, Ways
from analogeq.hardware import Converter, NudgeSource, Technology
from analogeq.network import Network, orthogonal_chain


@pytest.fixture(scope="module")
def ways() -> Ways:
    """A chain of 5-6-6-3 with one minimum, on another rail, its older weights a little off."""
    rng = np.random.default_rng(5)
    network = Network.layered((5, 6, 6, 3))
    inputs, targets = rng.random((3, 5)), rng.integers(0, 2, (3, 3)).astype(float)
    theta = orthogonal_chain(network, rng, gain=0.4, inputs=inputs.mean(axis=0))
    older = theta.copy()
    older.weights[:] *= 0.99
    copy = FeedforwardCopy(network, theta.copy())
    return Ways(network, theta, copy, Phases(inputs, targets, 0.2, 0.5), {"last update": older}, Technology(rail=0.7))


def times(found, method: str, to: str) -> np.ndarray:
    return np.array(found[method][to], dtype=np.float64)


def test_every_start_is_measured_in_every_way_and_ends_alike(ways: Ways) -> None:
    assert list(ways.starts) == ["zero", "copy", "tethered copy", "last update", "nudged from free", "nudged from zero"]
    for start in ways.starts:
        found = ways.measure(start)
        assert set(found["same end"].values()) == {3}, start  # one minimum
        for method in METHODS:
            # a nearer distance is later
            assert (times(found, method, "1 %") <= times(found, method, "0.1 %")).all(), (start, method)
            assert (times(found, method, "0.1 %") < times(found, method, "1e-6")).all(), (start, method)


def test_small_euler_steps_take_the_circuit_s_time(ways: Ways) -> None:
    found = ways.measure("zero")
    # A mode of rate k falls by 1 - 0.1 k a step, about 0.05 k faster than exponentially; and a step is whole.
    for to in NAMES.values():
        assert times(found, "Euler 0.1", to) * 0.1 == pytest.approx(times(found, "circuit", to), rel=0.08, abs=0.1)


def test_a_small_change_of_weights_leaves_the_kept_state_near(ways: Ways) -> None:
    kept, zero = ways.measure("last update"), ways.measure("zero")
    assert (times(kept, "circuit", "0.1 %") < times(zero, "circuit", "0.1 %")).all()
    assert (np.array(kept["joules"]["0.1 %"]) < np.array(zero["joules"]["0.1 %"])).all()


def test_a_tether_makes_settling_faster(ways: Ways) -> None:
    """It adds lambda to every rate of the same matrix."""
    tethered, free = ways.measure("tethered copy"), ways.measure("zero")
    assert (times(tethered, "circuit", "1e-6") < times(free, "circuit", "1e-6")).all()


def test_what_is_applied_passes_the_chip_s_converters_and_nudges(ways: Ways) -> None:
    tech = Technology(dac=Converter(2), nudge=NudgeSource(1, offset=0.1, conductance_gain=0.5))
    copy = FeedforwardCopy(ways.network, ways.parameters.copy())
    chip = Ways(ways.network, ways.parameters, copy, ways.phases, technology=tech)
    nudged, tethered = chip.drive("nudged from zero"), chip.drive("tethered copy", slice(2))
    levels = {0.0, 1.0, 2.0, 3.0}
    assert set(np.round(3.0 * nudged.inputs, 9).ravel()) <= levels
    assert nudged.nudge is not None
    assert nudged.nudge.voltages == pytest.approx(ways.phases.targets + 0.1, rel=1e-15)
    assert nudged.nudge.each(3) == pytest.approx(np.full(3, 0.5 * 2.0 * 0.2 * tech.unit_conductance), rel=1e-15)
    assert tethered.batch == 2
    assert tethered.nudge is None
    assert tethered.tether is not None
    assert set(np.round(3.0 * tethered.tether.voltages, 9).ravel()) <= levels


@pytest.mark.ngspice
def test_ngspice_takes_the_same_time_and_energy(ways: Ways) -> None:
    native = ways.measure("zero")
    with engine("ngspice", workers=1).open(ways.circuit) as session:
        spice = ways.first_sample(session, "zero", 100.0)
    for to in NAMES.values():
        # Gear's steps of 0.02 tau err by 1e-4 in the rate; a node that leaves a rail inside one by less than the step.
        assert spice["circuit"][to][0] == pytest.approx(native["circuit"][to][0], rel=1e-3, abs=0.02)
        assert spice["joules"][to][0] == pytest.approx(native["joules"][to][0], rel=1e-3, abs=1e-12)
