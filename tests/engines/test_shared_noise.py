"""Thermal noise that neurons have in common: of reference lines and of wires, by hand and by ngspice's analysis."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.noise import crossbar_noise, noise_currents, noise_densities, thermal_energy
from analogeq.engines import engine
from analogeq.engines.noise import noise_covariance, noise_density, noisy_waveform
from analogeq.hardware import Technology, Wires
from analogeq.network import Network, Parameters, glorot_uniform

PLAIN = Technology(mapping="offset-column", conductance_low=1e-6, conductance_high=21e-6, sense_gain=2.0)
RESISTING = Wires(2e3, 3e3, 5e3, 4e3)
CHIPS = {
    "offset column": PLAIN,
    "gains that differ": replace(PLAIN, sense_gain_spread=0.02, amplifier_seed=1),
    "affine, mirrored": replace(PLAIN, mapping="affine", arrays="mirrored", mirror_mismatch=0.1),
    "wires": replace(PLAIN, wires=RESISTING),
    "pairs, wires": replace(PLAIN, mapping="differential", wires=RESISTING),
}


def standing(technology: Technology, sizes: tuple[int, ...] = (2, 3, 2)):
    """A chip whose neurons all stand between the rails, held there by their biases."""
    circuit = Circuit(Network.layered(sizes), technology)
    theta = glorot_uniform(circuit.network, np.random.default_rng(3), scale=0.3)
    theta.biases[:] = np.linspace(0.3, 0.5, circuit.network.n_nodes)
    held, drive = circuit.program(theta), Drive(np.array([np.linspace(0.2, 0.8, sizes[0])]))
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        point = np.asarray(session.settle(drive).voltages)
    assert ((point > 0.0) & (point < 1.0)).all()
    return circuit, held, drive, point


def test_a_reference_is_sensed_once_so_its_noise_is_the_same_in_all_neurons_of_the_layer() -> None:
    circuit, held, *_ = standing(PLAIN)
    found = crossbar_noise(circuit, held) / (4.0 * thermal_energy(circuit) * PLAIN.sense_gain**2)
    # Layers of 2, 3, 2; references of 11 uS on every word line. In common: what the references of inputs and of the
    # layer above add up to in the hidden layer, of the hidden layer in the outputs, and in all the one of the biases.
    expected = np.full((5, 5), 11e-6)
    expected[:3, :3] += (2 + 2) * 11e-6
    expected[3:, 3:] += 3 * 11e-6
    off = ~np.eye(5, dtype=bool)
    assert found[off] == pytest.approx(expected[off], rel=1e-12)
    own = held.pairs("biases")[0].copy()
    for block in circuit.network.blocks:
        g = block.view(held.pairs("weights")[0])
        own[circuit.network.layer(block.post)] += g.sum(axis=0)
        if block.pre > 0:
            own[circuit.network.layer(block.pre)] += g.sum(axis=1)
    assert np.diag(found) == pytest.approx(np.diag(expected) + own, rel=1e-12)


def test_pairs_without_wires_have_no_noise_in_common() -> None:
    circuit, held, drive, point = standing(replace(PLAIN, mapping="differential"))
    noise = noise_currents(circuit, held, drive, point)
    assert np.array_equal(noise.crossbars, np.diag(np.diag(noise.crossbars)))
    assert noise_densities(circuit, held, drive, point) == pytest.approx(np.diag(noise.matrix(0))[None], rel=1e-12)


def test_two_columns_of_one_wired_word_line_send_each_other_s_noise_the_other_way() -> None:
    """One driver of resistance R and two devices: B of a star, whose cross term is -g1 g2 / (1/R + g1 + g2)."""
    tech = replace(PLAIN, mapping="differential", wires=Wires(0.0, 0.0, driver_resistance=20e3), sense_gain=1.0)
    circuit = Circuit(Network.layered((1, 2)), tech)
    held = circuit.program(Parameters(np.array([1.0, 0.5]), np.zeros(2)))
    found = crossbar_noise(circuit, held) / (4.0 * thermal_energy(circuit))
    plus, minus = np.array([11e-6, 6e-6]), np.array([1e-6, 1e-6])
    stars = [np.diag(g) - np.outer(g, g) / (50e-6 + g.sum()) for g in (plus, minus)]
    assert found == pytest.approx(stars[0] + stars[1] + np.diag([2e-6, 2e-6]), rel=1e-12)  # and pairs of biases of zero


@pytest.mark.parametrize("name", CHIPS)
def test_covariances_are_what_densities_integrate_to(name: str) -> None:
    circuit, held, drive, point = standing(CHIPS[name])
    covariance = noise_covariance(circuit, held, drive, point)[0]
    assert np.allclose(covariance, covariance.T, rtol=1e-12, atol=0.0)
    assert np.linalg.eigvalsh(covariance).min() > 0.0
    corner = circuit.technology.unit_conductance / (2.0 * np.pi * circuit.technology.node_capacitance)
    # Midpoints of x, f = corner · tan(x): a smooth function of period pi, of which they integrate 2,000 to rounding.
    x = (np.arange(2000) + 0.5) * (0.5 * np.pi / 2000)
    density = noise_density(circuit, held, drive, point, corner * np.tan(x))[0]
    total = (density * (corner / np.cos(x) ** 2)[:, None]).sum(axis=0) * (x[1] - x[0])
    assert total == pytest.approx(np.diag(covariance), rel=1e-9)


def test_a_noisy_waveform_has_the_covariance_of_its_sources() -> None:
    circuit, held, drive, point = standing(PLAIN)
    count, steps, tau = 400, 1000, circuit.technology.time_constant
    many = Drive(np.repeat(drive.inputs, count, axis=0))
    start = np.repeat(point, count, axis=0)
    wave = noisy_waveform(circuit, held, many, start, 10.0 * tau, seed=1, steps=steps)
    ends = wave.voltages[:, steps // 2 :: 100].reshape(-1, circuit.network.n_nodes) - point
    found = ends.T @ ends / len(ends)
    exact = noise_covariance(circuit, held, drive, point)[0]
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    # 2,000 states a time constant apart, some 1,200 independent: a correlation is known to 3 %; five times that.
    assert np.abs(found - exact).max() < 0.15 * scale.max()
    between = exact[0, 1] / scale[0, 1]
    assert between > 0.4  # so that a waveform of independent sources, 0.0 there, would fail
    assert found[0, 1] / scale[0, 1] == pytest.approx(between, abs=0.15)


def noisy_cells(text: str) -> str:
    """A netlist whose devices are resistors: a G source, which is also right for 0 S, has no noise in ngspice."""
    text = re.sub(r"^gdevice upper lower upper lower \{g\}$", "rdevice upper lower {1/g}", text, flags=re.M)
    for sign in ("plus", "minus"):
        text = re.sub(rf"^g{sign} .*\{{g_{sign}\}}$", f"r{sign} line {sign} {{1/g_{sign}}}", text, flags=re.M)
    return re.sub(r"^(vi0 .*)$", r"\1 ac 1", text, flags=re.M)


@pytest.mark.ngspice
@pytest.mark.parametrize("name", CHIPS)
def test_ngspices_noise_analysis_of_the_drawn_chip_finds_the_same_variances(
    name: str, ngspice_program: str, tmp_path: Path
) -> None:
    circuit, held, drive, point = standing(CHIPS[name])
    covariance = noise_covariance(circuit, held, drive, point)[0]
    names = circuit.network.node_names
    wanted = {f"v({names[k]})": covariance[k, k] for k in (0, 4)}
    for j, k in ((0, 1), (3, 4)):  # a difference of two nodes tells what they have in common
        wanted[f"v({names[j]},{names[k]})"] = covariance[j, j] + covariance[k, k] - 2.0 * covariance[j, k]
    text = noisy_cells(readable_netlist(circuit, held, drive))
    assert "rdevice" in text or "rplus" in text
    runs = "".join(f"noise {what} vi0 dec 40 1 1e12\nprint onoise_total\n" for what in wanted)
    (tmp_path / "noise.cir").write_text(
        text.replace(".end\n", f".control\n{runs}quit\n.endc\n.end\n"), encoding="utf-8"
    )
    said = subprocess.run(
        [ngspice_program, "-b", "noise.cir"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    found = [float(total) for total in re.findall(r"onoise_total = ([0-9.e+-]+)", said.stdout)]
    assert len(found) == len(wanted), said.stdout + said.stderr
    # ngspice integrates between 40 points a decade, up to 1e12 Hz: a part in 1e3 is its own error.
    assert found == pytest.approx(np.sqrt(list(wanted.values())), rel=1e-3)
