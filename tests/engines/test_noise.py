"""Thermal noise: kT/C, Nyquist's integral, ngspice's own noise analysis, and a waveform's statistics."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.circuit.noise import noise_densities, thermal_energy
from analogeq.engines import engine
from analogeq.engines.noise import noise_covariance, noise_density, noisy_waveform
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import Network, Parameters, glorot_uniform

LOW = 1e-15
"""Low end of a range whose crossbars are next to nothing [S]: what is left are leak, tether and nudge."""

BARE = Technology(conductance_low=LOW)


def lone(technology: Technology = BARE, bias: float = 0.5, drive: Drive | None = None):
    """One neuron, pulled inside by its bias and standing there."""
    circuit = Circuit(Network.layered((1, 1)), technology)
    held = circuit.program(Parameters(np.zeros(1), np.array([bias])))
    given = drive or Drive(np.zeros((1, 1)))
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        point = np.asarray(session.settle(given).voltages)
    return circuit, held, given, point


@pytest.mark.parametrize("tether", [0.0, 3.0])
def test_what_has_no_conveyor_has_the_variance_kt_over_c(tether: float) -> None:
    held_by = Tether(np.full((1, 1), 0.4), tether * BARE.unit_conductance) if tether else None
    circuit, held, drive, point = lone(bias=0.0, drive=Drive(np.zeros((1, 1)), held_by) if tether else None)
    if not tether:  # alone it stands at the rail, where an ideal clamp holds it; inside it does not
        point = np.full((1, 1), 0.2)
    found = noise_covariance(circuit, held, drive, point)[0, 0, 0]
    # Devices of 1e-15 S beside 1e-5 S add 4e-10 of it.
    assert found == pytest.approx(thermal_energy(circuit) / circuit.technology.node_capacitance, rel=1e-9)


def test_a_conveyor_heats_without_cooling() -> None:
    tech = Technology(conductance_low=LOW, sense_gain=2.0)
    circuit, held, drive, point = lone(tech, 0.5)
    # w = A g / G0, so the bias's device is g = w G0 / A; through the conveyor it counts A² g beside a leak of G0.
    expected = thermal_energy(circuit) / tech.node_capacitance * (1.0 + 0.5 * tech.sense_gain)
    assert noise_covariance(circuit, held, drive, point)[0, 0, 0] == pytest.approx(expected, rel=1e-8)


def small(clamp: DiodeClamp | None = None):
    rng = np.random.default_rng(3)
    network = Network.layered((3, 4, 2))
    tech = Technology() if clamp is None else Technology(clamp=clamp)
    circuit = Circuit(network, tech)
    theta = glorot_uniform(network, rng, scale=0.3)
    theta.biases[:] = rng.uniform(0.3, 0.5, network.n_nodes)
    drive = Drive(
        rng.random((1, 3)),
        Tether(rng.random((1, network.n_nodes)), 0.1 * tech.unit_conductance),
        Nudge(rng.random((1, 2)), tech.unit_conductance),
    )
    held = circuit.program(theta)
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        point = np.asarray(session.settle(drive).voltages)
    return circuit, held, drive, point


@pytest.mark.parametrize("clamp", [None, DiodeClamp(1e-12, 1.0)], ids=["ideal", "diodes"])
def test_the_density_integrates_to_the_variance(clamp: DiodeClamp | None) -> None:
    circuit, held, drive, point = small(clamp)
    covariance = noise_covariance(circuit, held, drive, point)
    corner = circuit.technology.unit_conductance / (2.0 * np.pi * circuit.technology.node_capacitance)
    for node in (0, 5):

        def density(x: float, node: int = node) -> float:
            """Density by x, where f = corner · tan(x): the integral over all f is one over a finite interval."""
            frequency = np.array([corner * np.tan(x)])
            return noise_density(circuit, held, drive, point, frequency)[0, 0, node] * corner / np.cos(x) ** 2

        total, error = quad(density, 0.0, 0.5 * np.pi - 1e-9, epsrel=1e-9)
        assert total == pytest.approx(covariance[0, node, node], rel=1e-7, abs=10.0 * error)


def test_covariances_are_symmetric_and_positive() -> None:
    circuit, held, drive, point = small()
    assert ((point > 0.0) & (point < 1.0)).all()
    for found in noise_covariance(circuit, held, drive, point):
        assert np.allclose(found, found.T, rtol=1e-12, atol=0.0)
        assert np.linalg.eigvalsh(found).min() > 0.0


def test_a_node_that_a_rail_holds_does_not_move() -> None:
    circuit, held, drive, point = lone(bias=2.0)
    assert point[0, 0] == circuit.technology.rail
    assert noise_covariance(circuit, held, drive, point)[0, 0, 0] == 0.0


def test_where_deviations_grow_there_is_no_variance() -> None:
    nudge = Nudge(np.full((1, 1), 0.5), -2.0 * BARE.unit_conductance)
    circuit = Circuit(Network.layered((1, 1)), BARE)
    held = circuit.program(Parameters(np.zeros(1), np.zeros(1)))
    with pytest.raises(NotSettledError, match="deviations grow"):
        noise_covariance(circuit, held, Drive(np.zeros((1, 1)), None, nudge), np.full((1, 1), 0.3))


def test_a_noisy_waveform_has_the_variance_of_its_own_steps() -> None:
    circuit, held, _, point = lone()
    count, steps = 400, 1600
    drive = Drive(np.zeros((count, 1)))
    tau = circuit.technology.time_constant
    wave = noisy_waveform(circuit, held, drive, np.repeat(point, count, axis=0), 16.0 * tau, seed=1, steps=steps)
    # Euler and Maruyama's stationary variance of dx = -x/τ dt: that of the equation over 1 - h/2τ.
    exact = noise_covariance(circuit, held, drive, wave.voltages[:, -1])[0, 0, 0] / (1.0 - 0.5 * 16.0 / steps)
    late = wave.voltages[:, steps // 4 :, 0]
    # 400 samples of 12 time constants, 2 τ apart as good as independent: 2,400 values, sd of a variance 2.9 %; 4 sd.
    assert late.var() == pytest.approx(exact, rel=0.12)
    assert late.mean() == pytest.approx(point[0, 0], abs=4.0 * np.sqrt(exact / 2400))


def test_a_rail_takes_one_side_of_the_noise_away_and_a_seed_repeats_it() -> None:
    circuit, held, _, _ = lone(bias=1.0)
    drive, start = Drive(np.zeros((50, 1))), np.ones((50, 1))
    tau = circuit.technology.time_constant
    first, same, other = (
        noisy_waveform(circuit, held, drive, start, 5.0 * tau, seed=seed).voltages for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert first.max() == 1.0
    assert first[:, 100:].mean() < 1.0
    with pytest.raises(InputError, match="0 steps"):
        noisy_waveform(circuit, held, drive, start, tau, seed=1, steps=0)


NETLIST = """two neurons that read each other, resistors that make noise, ideal conveyors
.options temp=27 tnom=27
vin in 0 dc 0.8 ac 1
* neuron 1: input device 4 uS through conveyor of gain 2, coupling from neuron 2
rin in g1 {rin}
vg1 g1 0 0
f1 0 n1 vg1 2
e2 w2 0 n2 0 1
rback w2 g3 {rw}
vg3 g3 0 0
f3 0 n1 vg3 2
r1 n1 0 100k
c1 n1 0 1p
* neuron 2: coupling from neuron 1
e1 w1 0 n1 0 1
rw w1 g2 {rw}
vg2 g2 0 0
f2 0 n2 vg2 2
r2 n2 0 100k
c2 n2 0 1p
.noise v(n2) vin dec 40 1 1e12
.control
run
setplot noise2
print onoise_total
.endc
.end
"""


@pytest.mark.ngspice
def test_ngspices_noise_analysis_finds_the_same_variance(tmp_path: Path) -> None:
    tech = Technology(conductance_low=1e-14, sense_gain=2.0)
    circuit = Circuit(Network.layered((1, 1, 1)), tech)
    held = circuit.program(Parameters(np.array([0.8, 0.5]), np.zeros(2)))
    drive = Drive(np.full((1, 1), 0.8))
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        point = np.asarray(session.settle(drive).voltages)
    # w = A g / G0: 0.8 and 0.5 are devices of 4 and 2.5 uS.
    text = NETLIST.replace("{rin}", repr(1 / 4e-6)).replace("{rw}", repr(1 / 2.5e-6))
    (tmp_path / "noise.cir").write_text(text, encoding="utf-8")
    said = subprocess.run(["ngspice", "-b", "noise.cir"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    found = re.search(r"onoise_total = ([0-9.e+-]+)", said.stdout)
    assert found, said.stdout + said.stderr
    covariance = noise_covariance(circuit, held, drive, point)
    # ngspice integrates between 40 points a decade, up to 1e12 Hz: a part in 1e3 is its own error.
    assert float(found.group(1)) == pytest.approx(np.sqrt(covariance[0, 1, 1]), rel=1e-3)


def test_diodes_add_shot_noise_of_what_they_carry() -> None:
    clamp = DiodeClamp(1e-12, 1.0)
    circuit, held, drive, _ = small(clamp)
    inside, beyond = np.full((1, 6), 0.5), np.full((1, 6), 1.3)
    quiet, loud = (noise_densities(circuit, held, drive, v) for v in (inside, beyond))
    plain = noise_densities(*small()[:3], inside)
    # At 0.5 V both diodes block: each carries its saturation current and 0.5 V of gmin, 2 q · 3e-12 A in all.
    assert quiet - plain == pytest.approx(np.full((1, 6), 2.0 * 1.6021766208e-19 * 3e-12), rel=1e-2)
    # 0.3 V forward, the other far back, gmin on both: IS (e^(v / Vt) - 1) + ...; gmin's share is 1e-5 of it.
    forward = 1e-12 * np.expm1(0.3 / 0.025864917007157463)
    assert loud - plain == pytest.approx(np.full((1, 6), 2.0 * 1.6021766208e-19 * forward), rel=1e-3)
