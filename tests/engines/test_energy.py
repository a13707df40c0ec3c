"""What a phase dissipates: closed form, the balance of energy, and ngspice's own currents."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.circuit.netlist import readable_netlist
from analogeq.engines import Waveform, engine
from analogeq.engines.energy import phase_energy
from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import Network, Parameters, glorot_uniform

TECH = Technology()
G0, TAU = TECH.unit_conductance, TECH.time_constant


def charging(points: int):
    """One neuron that a bias pulls to half the rail: v = (1 - exp(-t / tau)) / 2, for 3 time constants."""
    circuit = Circuit(Network.layered((1, 1)), TECH)
    held = circuit.program(Parameters(np.zeros(1), np.array([0.5])))
    times = np.linspace(0.0, 3.0 * TAU, points)
    wave = Waveform(times, 0.5 * (1.0 - np.exp(-times / TAU))[None, :, None], "by hand")
    return phase_energy(circuit, held, Drive(np.zeros((1, 1))), wave)


def test_a_charging_capacitor_takes_what_its_closed_form_says():
    energy, gone = charging(3001), 1.0 - np.exp(-3.0)
    # The trapezoidal rule at a thousandth of tau: h²/12 of the size of the answer.
    assert energy.conveyors[0, -1] == pytest.approx(0.25 * G0 * TAU * (3.0 - gone), rel=1e-6)
    assert energy.stored[0, -1] == pytest.approx(0.125 * TECH.node_capacitance * gone**2, rel=1e-12)
    squared = 3.0 - 2.0 * gone + 0.5 * (1.0 - np.exp(-6.0))
    assert energy.leak[0, -1] == pytest.approx(0.25 * G0 * TAU * squared, rel=1e-6)


def test_the_imbalance_falls_with_the_square_of_the_step():
    coarse, fine = (abs(charging(n).imbalance[0, -1]) for n in (31, 61))
    assert coarse / fine == pytest.approx(4.0, rel=0.01)  # the next order is (h/tau)² = 1 % smaller


def small(technology: Technology = TECH):
    """A 3-4-2 circuit with three samples, tethered and nudged."""
    rng = np.random.default_rng(7)
    network = Network.layered((3, 4, 2))
    circuit = Circuit(network, technology)
    theta = glorot_uniform(network, rng, scale=1.5)
    theta.biases[:] = rng.uniform(-0.3, 0.6, network.n_nodes)
    tether = Tether(rng.random((3, network.n_nodes)), 0.1 * G0)
    drive = Drive(rng.random((3, 3)), tether, Nudge(rng.integers(0, 2, (3, 2)).astype(float), 0.5 * G0))
    return circuit, circuit.program(theta), drive


@pytest.mark.parametrize("clamp", [None, DiodeClamp(1e-9, 1.0)], ids=["ideal", "diodes"])
def test_supplied_energy_is_dissipated_or_stored_along_a_native_waveform(clamp):
    circuit, held, drive = small(Technology() if clamp is None else Technology(clamp=clamp))
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        energy = phase_energy(circuit, held, drive, session.transient(drive, 6.0 * TAU, points=6001))
    # Steps of tau/1000 across a corner are wrong by at most one step's power: 1e-3 of a time constant's.
    assert np.abs(energy.imbalance).max() < 1e-4 * energy.dissipated[:, -1].min()
    assert (np.diff(energy.dissipated, axis=1) > 0.0).all()


@pytest.mark.ngspice
@pytest.mark.parametrize("clamp", [None, DiodeClamp(1e-9, 1.0)], ids=["ideal", "diodes"])
def test_ngspice_measures_the_same_energy_at_its_own_sources(tmp_path, clamp):
    """Every source, follower and conveyor of the cell-by-cell netlist, its current times its voltage."""
    from analogeq.engines.ngspice.library import find_library

    circuit, held, drive = small(Technology() if clamp is None else Technology(clamp=clamp))
    stop = 5.0 * TAU
    text = readable_netlist(circuit, held, drive, start=np.zeros(6), duration=stop)
    path = tmp_path / "netlist.cir"
    path.write_text(text)
    sums = {
        "inputs": [f"-v({n})*i(vi{k})" for k, n in enumerate(circuit.network.input_names)],
        "rail": ["-v(rail)*i(vrail)"],
        "converters": [f"-vt{k}#branch*{float(drive.tether.voltages[0, k])!r}" for k in range(6)],
        "targets": [f"-vu{k}#branch*{float(drive.nudge.voltages[0, k])!r}" for k in range(2)],
        "followers": [f"-v(wl_{n})*e.xf{k}.eline#branch" for k, n in enumerate(circuit.network.node_names)],
        "conveyors": [
            f"v({n})*(v.xs{k}.vplus#branch-v.xs{k}.vminus#branch)" for k, n in enumerate(circuit.network.node_names)
        ],
    }
    commands = [f"tran {TAU / 1000!r} {stop!r} 0 {TAU / 500!r} uic"]
    commands += [f"let p{name} = {'+'.join(terms)}" for name, terms in sums.items()]
    commands += [f"meas tran e{name} integ p{name}" for name in sums]
    runner = Path(__file__).parents[1] / "circuit" / "netlist_runner.py"
    done = subprocess.run(
        [sys.executable, str(runner), str(find_library()), str(path), *commands],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    ends = json.loads(done.stdout.splitlines()[-1])
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        energy = phase_energy(circuit, held, drive, session.transient(drive, stop, points=5001))
    ours = {
        "inputs": energy.inputs,
        # The netlist's ideal clamp is a source to ground: what pushes against it does not reach the rail.
        "rail": energy.biases if clamp is None else energy.biases + energy.rail,
        "converters": energy.converters,
        "targets": energy.targets,
        "followers": energy.couplings,
        "conveyors": energy.conveyors,
    }
    size = energy.dissipated[0, -1]
    for name, joules in ours.items():
        # ngspice's steps of tau/500 at corners, its reltol of 1e-6, and `meas` from its first point on.
        assert ends[f"e{name}"] == pytest.approx(joules[0, -1], abs=1e-3 * size), name
