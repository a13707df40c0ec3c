"""ngspice for the netlist tests, and circuits small enough to look at."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether
from analogeq.circuit.stages import sourced_currents
from analogeq.hardware import DiodeClamp, IdealClamp, Technology, Wires
from analogeq.network import Block, Network, glorot_uniform

RUNNER = Path(__file__).with_name("netlist_runner.py")


@pytest.fixture
def run_netlist(tmp_path: Path) -> Callable[..., dict[str, float]]:
    """Run a netlist's text with commands, in a process of its own; give where each vector ends."""

    def run(text: str, *commands: str) -> dict[str, float]:
        from analogeq.engines.ngspice.library import find_library

        path = tmp_path / "netlist.cir"
        path.write_text(text)
        library = find_library()
        done = subprocess.run(
            [sys.executable, str(RUNNER), str(library), str(path), *commands],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def drive_commands() -> Callable[..., list[str]]:
    """What an engine alters in a simulation netlist to apply one sample."""

    def commands(circuit: Circuit, conductances: Conductances, drive: Drive) -> list[str]:
        currents = sourced_currents(circuit, conductances, drive)[0]
        altered = [f"alter i{k}={float(amperes)!r}" for k, amperes in enumerate(currents)]
        for letter, phase, count in (("t", drive.tether, len(currents)), ("n", drive.nudge, circuit.network.n_outputs)):
            if phase is not None:
                siemens = np.full(count, phase.conductance).tolist()
                altered += [f"alter @g{letter}{k}[gain]={siemens[k]!r}" for k in range(count)]
        return altered

    return commands


@dataclass(frozen=True)
class Case:
    circuit: Circuit
    conductances: Conductances
    drive: Drive


def lateral_network() -> Network:
    """Two inputs, three hidden neurons of which two pairs are joined, one output."""
    rows, cols = np.array([0, 1]), np.array([1, 2])
    blocks = (
        Block(0, 1, (2, 3), slice(0, 6)),
        Block(1, 1, (3, 3), slice(6, 8), rows, cols),
        Block(1, 2, (3, 1), slice(8, 11)),
    )
    names = ("left", "right", "a", "b", "c", "sum")
    return Network(names, (2, 3, 1), np.array([3]), blocks)


def case(network: Network, technology: Technology, *, seed: int = 0, phases: bool = True, scale: float = 0.5) -> Case:
    """A circuit with weights small enough to have one equilibrium, and one sample to drive it."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(network, technology)
    parameters = glorot_uniform(network, rng, scale=scale)
    parameters.biases[:] = rng.uniform(-0.2, 0.8, network.n_nodes)
    g0, rail = technology.unit_conductance, technology.rail
    inputs = rng.uniform(0.0, rail, (1, network.n_inputs))
    tether = Tether(rng.uniform(0.0, rail, (1, network.n_nodes)), 0.1 * g0) if phases else None
    targets = rng.uniform(0.0, rail, (1, network.n_outputs))
    nudge = Nudge(targets, 0.5 * g0 * rng.uniform(0.5, 1.5, network.n_outputs)) if phases else None
    return Case(circuit, circuit.program(parameters), Drive(inputs, tether, nudge))


AMPLIFIERS = {
    "sense_offset": 5e-3,
    "sense_offset_spread": 20e-3,
    "sense_gain_spread": 0.1,
    "follower_offset": -3e-3,
    "follower_offset_spread": 10e-3,
    "amplifier_seed": 3,
}
"""Errors some ten times those of careful amplifiers, so that nothing that leaves one out agrees."""

RESISTING = Wires(1e3, 2e3, 4e3, 3e3)

CASES = {
    "layered": lambda: case(Network.layered((2, 2, 1)), Technology()),
    "free phase": lambda: case(Network.layered((2, 2, 1)), Technology(), phases=False),
    "lateral": lambda: case(lateral_network(), Technology(rail=0.8)),
    "diodes": lambda: case(Network.layered((3, 2, 2)), Technology(clamp=DiodeClamp(1e-9, 1.5), temperature=60.0)),
    "limited amplifiers": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(
            follower_gain=99.0,
            follower_offset_spread=5e-3,
            follower_low=0.1,
            follower_high=0.6,
            sense_current_limit=6e-6,
            sense_bandwidth=40e6,
            follower_bandwidth=60e6,
        ),
    ),
    "slow conveyors between diodes": lambda: case(
        Network.layered((2, 3, 2)), Technology(clamp=DiodeClamp(1e-9, 1.5), sense_bandwidth=40e6)
    ),
    "limited, against references": lambda: case(
        Network.layered((2, 3, 2)), Technology(mapping="offset-column", follower_high=0.5, sense_current_limit=6e-6)
    ),
    "wired": lambda: case(Network.layered((2, 3, 2)), Technology(wires=Wires(50.0, 80.0, 400.0, 200.0))),
    "wired, mirrored": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(
            arrays="mirrored",
            mirror_mismatch=0.2,
            sense_gain=2.0,
            wires=Wires(50.0, 0.0, 0.0, 300.0, driven_from="both", sensed_at="top"),
        ),
    ),
    "amplifiers": lambda: case(
        lateral_network(), Technology(rail=0.8, sense_gain=2.0, follower_gain=50.0, **AMPLIFIERS)
    ),
    "warm": lambda: case(
        lateral_network(),
        Technology(device_temperature_coefficient=2e-3, leak_temperature_coefficient=-1e-3, temperature=85.0),
    ),
    "levels": lambda: case(Network.layered((3, 4, 2)), Technology(clamp=IdealClamp(1e9, 0.05, 0.05, 2)), scale=1.0),
    "levels of diodes": lambda: case(
        lateral_network(), Technology(rail=0.8, clamp=DiodeClamp(1e-9, 1.5, 0.0, "", 0.05, 0.05, 2))
    ),
    "wired, amplifiers": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(arrays="mirrored", mirror_mismatch=0.2, wires=Wires(5e3, 4e3, 8e3, 6e3), **AMPLIFIERS),
    ),
    "offset column": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(mapping="offset-column", rail=0.8, sense_gain=2.0, follower_gain=50.0),
    ),
    "affine": lambda: case(
        Network.layered((2, 3, 2, 2)),
        Technology(mapping="affine", arrays="mirrored", temperature=85.0, device_temperature_coefficient=2e-3),
    ),
    "offset column, amplifiers": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(
            mapping="offset-column", arrays="mirrored", mirror_mismatch=0.2, conductance_high=21e-6, **AMPLIFIERS
        ),
    ),
    "affine, wired": lambda: case(Network.layered((2, 3, 2)), Technology(mapping="affine", wires=RESISTING)),
    "offset column, wired, amplifiers": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(mapping="offset-column", conductance_high=21e-6, wires=RESISTING, follower_gain=50.0, **AMPLIFIERS),
    ),
    "mirrored": lambda: case(
        Network.layered((2, 3, 2)),
        Technology(arrays="mirrored", mirror_mismatch=0.2, follower_gain=50.0, sense_gain=2.0),
    ),
}


@pytest.fixture(params=list(CASES))
def any_case(request: pytest.FixtureRequest) -> Case:
    """Each small circuit in turn."""
    return CASES[request.param]()


@pytest.fixture
def small_cases() -> dict[str, Callable[[], Case]]:
    """Every small circuit by name."""
    return CASES
