"""ngspice's own sensitivity analysis against the adjoint and the learning rule.

Three roads to dC/dg that share no step but the circuit: ngspice moves every conductance of the unfolded netlist,
the adjoint solves the transposed equations of the package once, and the rule compares two settled states.
"""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.controller.resistive import run_pair
from analogeq.engines.native import NativeEngine
from analogeq.engines.ngspice.sensitivity import output_sensitivities
from analogeq.engines.resistive_gradient import exact_gradient
from analogeq.errors import InputError
from analogeq.hardware import Wires
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    MeasuredCurve,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.learning.co_content import StageGains, co_content_gradient
from analogeq.learning.costs import SquaredError
from analogeq.learning.rules import EquilibriumPropagation
from analogeq.network import Network

pytestmark = pytest.mark.ngspice

DEVICES = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(1e-3, 0.2),
    "double": DoubleShockley(1e-3, 0.2, 0.3),
    "pair": DiodePair(upper=0.5, lower=-0.2),
    "curve": MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6])),
}

AMPLIFIERS = {
    "passive": None,
    "A = 4, c = 1/4": Amplifier(4.0, 0.25),
    "unequal": Amplifier((4.0, 3.0, 5.0, 2.0, 4.0), 0.25),
}

CLOSE = 1e-9
"""Relative, over the largest: ngspice divides what a millionth part of a conductance changes by that millionth, so ten
of sixteen digits are left; 8e-11 is the most that was seen."""


class Lab:
    """One small circuit with a minibatch."""

    def __init__(self, amplifier=None, device=DEVICES["double"], sizes=(3, 3, 2, 2), **more):
        technology = ResistiveTechnology(device=device, amplifier=amplifier, bias_voltage=0.4, input_gain=2.0, **more)
        self.circuit = ResistiveCircuit(Network.layered(sizes), technology)
        # Of this seed no ideal diode stands so near its corner that a nudge turns it, and no other blocks more than
        # the three thermal voltages down to which ngspice's diode has the stated law.
        rng = np.random.default_rng(3)
        n_nodes = self.circuit.network.n_nodes
        g = rng.uniform(0.1, 1.0, self.circuit.wiring.n_edges)
        g[::7] = 0.0  # what cannot be a resistor
        self.held = self.circuit.program(g, 0.1 * rng.normal(size=n_nodes))
        self.drive = ResistiveDrive(rng.normal(size=(3, sizes[0])))
        self.targets = np.eye(sizes[-1])[rng.integers(0, sizes[-1], 3)]

    def slope(self, voltages):
        return SquaredError().slope(self.circuit.signals(voltages), self.targets)

    def by_ngspice(self, drive=None):
        found = output_sensitivities(self.circuit, self.held, drive or self.drive)
        return found, found.cost_gradient(self.slope(found.voltages))

    def by_adjoint(self, drive=None):
        with NativeEngine().open(self.circuit) as session:
            session.program(self.held)
            voltages = session.settle(drive or self.drive).voltages
        return exact_gradient(self.circuit, self.held, drive or self.drive, voltages, self.slope(voltages)).g

    def by_rule(self, beta):
        """Centred equilibrium propagation, with the factors of amplifiers."""
        with NativeEngine().open(self.circuit) as session:
            session.program(self.held)
            pair = run_pair(session, EquilibriumPropagation(beta, "centred"), self.drive.inputs, self.targets)
        gains = StageGains(self.circuit.voltage_gains, self.circuit.stages.factors)
        states = (pair.sources, pair.first, pair.second)
        return co_content_gradient(self.circuit.wiring, *states, pair.span, gains).g


def apart(one, other):
    return np.abs(one - other).max() / np.abs(other).max()


@pytest.mark.parametrize("amplifier", AMPLIFIERS.values(), ids=list(AMPLIFIERS))
@pytest.mark.parametrize("device", DEVICES.values(), ids=list(DEVICES))
def test_ngspice_and_the_adjoint_find_the_same_gradient(device, amplifier):
    lab = Lab(amplifier, device)
    _, gradient = lab.by_ngspice()
    assert apart(gradient, lab.by_adjoint()) < CLOSE


@pytest.mark.parametrize("name", ["passive", "A = 4, c = 1/4"])
def test_they_find_the_same_gradient_by_devices_between_wires(name):
    lab = Lab(AMPLIFIERS[name], wires=Wires(0.05, 0.1, 0.3, 0.2))
    _, gradient = lab.by_ngspice()
    assert apart(gradient, lab.by_adjoint()) < CLOSE
    assert apart(gradient, Lab(AMPLIFIERS[name]).by_ngspice()[1]) > 0.1


def test_ngspice_and_the_adjoint_agree_output_by_output():
    lab = Lab(AMPLIFIERS["A = 4, c = 1/4"])
    found, _ = lab.by_ngspice()
    for output in range(2):
        for sample in range(3):
            slope = np.zeros((1, 2))
            slope[0, output] = 1.0
            drive = ResistiveDrive(lab.drive.inputs[sample : sample + 1])
            exact = exact_gradient(lab.circuit, lab.held, drive, found.voltages[sample : sample + 1], slope)
            assert apart(found.g[sample, output], exact.g) < CLOSE


@pytest.mark.parametrize("name", ["passive", "A = 4, c = 1/4"])
@pytest.mark.parametrize("device", ["ideal", "double"])
def test_the_learning_rule_goes_to_what_ngspice_finds_as_beta_squared(device, name):
    lab = Lab(AMPLIFIERS[name], DEVICES[device])
    _, gradient = lab.by_ngspice()
    far, near = (apart(lab.by_rule(beta), gradient) for beta in (2e-2, 1e-2))
    assert near < 2e-3
    assert far / near == pytest.approx(4.0, rel=0.05)  # centred: the next term is of the fourth order


def test_without_its_factor_the_rule_is_sixteen_times_short_of_what_ngspice_finds_for_each_stage():
    lab = Lab(AMPLIFIERS["A = 4, c = 1/4"])
    _, gradient = lab.by_ngspice()
    blind = lab.by_rule(1e-3) / lab.circuit.stages.factors[_ends(lab.circuit)]
    for block in lab.circuit.wiring.blocks:
        expected = {1: 256.0, 2: 16.0, 3: 1.0}[block.post]  # A/c = 16 for each stage down to the outputs
        told = gradient[block.edges]
        strong = np.abs(told) > 1e-2 * np.abs(told).max()
        assert told[strong] / blind[block.edges][strong] == pytest.approx(expected, rel=1e-3)  # beta squared


def _ends(circuit):
    """The node that each edge leads to."""
    net = circuit.wiring
    return np.concatenate([b.endpoints()[1] + net.layer(b.post).start for b in net.blocks])


def test_a_nudge_and_injected_currents_are_part_of_the_circuit():
    lab = Lab(AMPLIFIERS["A = 4, c = 1/4"])
    nudged = ResistiveDrive(lab.drive.inputs, None, Nudge(lab.targets, 0.3))
    pushed = ResistiveDrive(lab.drive.inputs, injected=0.2 * lab.targets)
    gradients = [lab.by_ngspice(drive)[1] for drive in (lab.drive, nudged, pushed)]
    for drive, gradient in zip((nudged, pushed), gradients[1:], strict=True):
        assert apart(gradient, lab.by_adjoint(drive)) < CLOSE
        assert apart(gradient, gradients[0]) > 1e-2


def test_names_that_mean_something_to_ngspice_do_not_reach_it():
    lab = Lab()
    net = lab.circuit.network
    names = ("all", "time", "sens", "op", "v", "tran1", *(f"e{k}" for k in range(len(net.names) - 6)))
    named = replace(lab.circuit, network=replace(net, names=names))
    found = output_sensitivities(named, lab.held, lab.drive)
    assert np.array_equal(found.g, lab.by_ngspice()[0].g)


def test_a_nudge_that_leaves_nothing_stable_is_refused():
    lab = Lab()
    with pytest.raises(InputError, match="unstable"):
        output_sensitivities(lab.circuit, lab.held, ResistiveDrive(lab.drive.inputs, None, Nudge(lab.targets, -50.0)))
