"""Native against ngspice on circuits of the resistive family."""

import numpy as np
import pytest

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.data import load
from analogeq.engines.native import NativeEngine
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.learning.conductance_descent import half_kaiming
from analogeq.network import Network

pytestmark = pytest.mark.ngspice

DEVICES = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(1e-12, 0.05),
    "double": DoubleShockley(),
    "pair": DiodePair(upper=0.5, lower=-0.2),
    "curve": MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6])),
}


@pytest.fixture(scope="module")
def ngspice():
    with NgspiceEngine(workers=1) as engine:
        yield engine


def both(ngspice, circuit, held, drive):
    with NativeEngine().open(circuit) as native, ngspice.open(circuit) as reference:
        native.program(held)
        reference.program(held)
        return native.settle(drive).voltages, reference.settle(drive).voltages


def relative(native, reference):
    """Node errors over the sample's largest voltage: at an ideal diode a node's own is 0 V."""
    return np.abs(native - reference) / np.abs(native).max(axis=1, keepdims=True)


@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25)])
@pytest.mark.parametrize("name", list(DEVICES))
def test_every_device_settles_alike(ngspice, name, amplifier):
    technology = ResistiveTechnology(device=DEVICES[name], amplifier=amplifier, bias_voltage=0.3)
    circuit = ResistiveCircuit(Network.layered((5, 6, 4, 2)), technology)
    rng = np.random.default_rng(0)
    held = circuit.program(rng.uniform(0, 1, circuit.wiring.n_edges), 0.1 * rng.normal(size=12))
    drive = ResistiveDrive(rng.normal(size=(4, 5)), None, Nudge(rng.random((4, 2)), -0.05))
    assert relative(*both(ngspice, circuit, held, drive)).max() < 1e-7  # stand-ins and shunts: 1e-9 and less


REAL = {
    "1n4148": JunctionDiode.of_part("1n4148"),
    "cold bat54": JunctionDiode.of_part("bat54", temperature=-20.0),
    "1n34a pair": JunctionPair.of_part("1n34a", upper=0.4, lower=-0.3),
    "1n4148 pair": JunctionPair.of_part("1n4148", upper=0.5, lower=-0.2),
    "made up": JunctionPair(1e-6, 1.2, 1e3, upper=0.05, lower=-0.02),
}


@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25)])
@pytest.mark.parametrize("name", list(REAL))
def test_a_real_diode_is_ngspices_own(ngspice, name, amplifier):
    technology = ResistiveTechnology(device=REAL[name], amplifier=amplifier, bias_voltage=0.3, input_gain=4.0)
    circuit = ResistiveCircuit(Network.layered((5, 6, 4, 2)), technology)
    rng = np.random.default_rng(0)
    held = circuit.program(rng.uniform(0, 1e-2, circuit.wiring.n_edges), 1e-4 * rng.normal(size=12))
    drive = ResistiveDrive(rng.normal(size=(4, 5)), None, Nudge(rng.random((4, 2)), -5e-5))
    # One model card in one equation: what is left are roundings, and ngspice's last Newton step.
    assert relative(*both(ngspice, circuit, held, drive)).max() < 1e-9


def test_held_outputs_and_injected_currents_settle_alike(ngspice):
    circuit = ResistiveCircuit(Network.layered((4, 5, 2)), ResistiveTechnology(device=DoubleShockley()))
    rng = np.random.default_rng(1)
    held = circuit.program(rng.uniform(0, 1, circuit.wiring.n_edges), 0.1 * rng.normal(size=7))
    x = rng.normal(size=(3, 4))
    for drive in (ResistiveDrive(x, held=rng.random((3, 2))), ResistiveDrive(x, injected=rng.normal(size=(3, 2)))):
        assert relative(*both(ngspice, circuit, held, drive)).max() < 1e-7  # a source's stand-in leaves 1e-9


@pytest.mark.parametrize("device", [IdealDiode(), DoubleShockley()])
def test_360_digits_agree_to_a_ten_millionth(ngspice, device):
    digits = load("digits")
    circuit = ResistiveCircuit(
        Network.layered((64, 64, 20)), ResistiveTechnology(device=device, input_gain=5.0, outputs="pairs")
    )
    g = half_kaiming(circuit.wiring, np.random.default_rng(0), low=1e-7)
    drive = ResistiveDrive(digits.x_train[:360].astype(np.float64))
    native, reference = both(ngspice, circuit, circuit.program(g), drive)
    assert len(native) == 360
    errors = np.abs(native - reference) / np.maximum(np.abs(native), 1e-3 * np.abs(native).max())
    assert np.percentile(errors, 90) <= 1e-7  # published: 1e-5


def test_a_new_program_and_another_sample_leave_nothing_behind(ngspice):
    circuit = ResistiveCircuit(Network.layered((4, 5, 2)), ResistiveTechnology())
    rng = np.random.default_rng(2)
    programs = [circuit.program(rng.uniform(0, 1, circuit.wiring.n_edges)) for _ in range(2)]
    x = rng.normal(size=(2, 4))
    with ngspice.open(circuit) as session:
        session.program(programs[0])
        before = session.settle(ResistiveDrive(x)).voltages
        session.program(programs[1])
        session.settle(ResistiveDrive(x[::-1]))
        session.program(programs[0])
        after = session.settle(ResistiveDrive(x)).voltages
    assert after == pytest.approx(before, abs=1e-12)


def test_inputs_changed_in_place_are_folded_anew(ngspice):
    circuit = ResistiveCircuit(Network.layered((4, 5, 2)), ResistiveTechnology())
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 4))
    with ngspice.open(circuit) as session:
        session.program(circuit.program(rng.uniform(0, 1, circuit.wiring.n_edges)))
        before = session.settle(ResistiveDrive(x)).voltages
        nudged = session.settle(ResistiveDrive(x, None, Nudge(np.ones((2, 2)), 0.5))).voltages
        x *= 2.0
        after = session.settle(ResistiveDrive(x)).voltages
    assert after == pytest.approx(2.0 * before, abs=1e-12)  # ideal diodes: scaling inputs scales everything
    assert not np.allclose(before, nudged)


def test_what_ngspice_does_not_do_is_refused(ngspice):
    circuit = ResistiveCircuit(Network.layered((4, 5, 2)), ResistiveTechnology())
    with ngspice.open(circuit) as session:
        with pytest.raises(InputError, match="nothing is programmed"):
            session.settle(ResistiveDrive(np.zeros((1, 4))))
        session.program(circuit.program(np.ones(circuit.wiring.n_edges)))
        with pytest.raises(InputError, match="native engine"):
            session.settle(ResistiveDrive(np.zeros((1, 4))), sweeps=3)
        with pytest.raises(InputError, match="no capacitors"):
            session.transient(ResistiveDrive(np.zeros((1, 4))), 1.0)


def test_an_engine_opens_either_family():
    circuit = ResistiveCircuit(Network.layered((2, 2, 1)), ResistiveTechnology())
    assert isinstance(NativeEngine().open(circuit), ResistiveSession)


@pytest.mark.parametrize(("thermal_voltage", "offset"), [(0.02, 1.0), (0.05, 5.0)])
def test_diodes_that_conduct_far_from_zero_settle_alike(ngspice, thermal_voltage, offset):
    # Saturation currents at 0 V of 2e-31 A and 4e-53 A, below the floor that ngspice puts under them by default.
    device = DoubleShockley(1e-9, thermal_voltage, offset)
    circuit = ResistiveCircuit(Network.layered((6, 5, 2)), ResistiveTechnology(input_gain=1e3, device=device))
    rng = np.random.default_rng(0)
    held = circuit.program(half_kaiming(circuit.wiring, rng), np.zeros(7))
    drive = ResistiveDrive(rng.random((3, 6)))
    native, reference = both(ngspice, circuit, held, drive)
    assert np.abs(native[:, :5]).max() > offset  # they do conduct
    # Every diode of ngspice has a shunt of 1e-12 S, here beside loads down to some 10 mS.
    assert relative(native, reference).max() < 1e-9


def test_diodes_whose_reverse_current_matters_are_refused_with_the_reason(ngspice):
    # At -8 thermal voltages ngspice's reverse law is 1e-3 A · (3/8e)³ = 3e-6 A from the element's.
    circuit = ResistiveCircuit(
        Network.layered((6, 5, 2)), ResistiveTechnology(input_gain=10.0, device=DoubleShockley(1e-3, 0.05, 0.0))
    )
    rng = np.random.default_rng(0)
    held = circuit.program(half_kaiming(circuit.wiring, rng), np.zeros(7))
    drive = ResistiveDrive(rng.random((3, 6)))
    with ngspice.open(circuit) as session:
        session.program(held)
        with pytest.raises(NotSettledError, match=r"another law.*native engine"):
            session.settle(drive)
