"""Write the golden netlists: small circuits in both renderings, kept byte for byte.

    python netlists/golden/make.py

Run it after a change of the renderings that is meant, and read the difference before committing it.
The tests compare these files with what the package writes, and run each in ngspice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether, compile_circuit
from analogeq.circuit.netlist import readable_netlist, simulation_netlist
from analogeq.hardware import DiodeClamp, IdealClamp, Technology, Wires
from analogeq.network import Block, Network, Parameters

FOLDER = Path(__file__).parent
SETTLING = 60.0
"""Time constants of the readable netlists' transients; ends below 1e-9 V of where they settle."""


@dataclass(frozen=True)
class Golden:
    """One circuit, what it holds and what drives it."""

    circuit: Circuit
    conductances: Conductances
    drive: Drive

    @property
    def duration(self) -> float:
        """How long the readable netlist's transient runs [s]."""
        return SETTLING * self.circuit.technology.time_constant

    def renderings(self) -> dict[str, str]:
        """Text by rendering.

        Where wires resist, the folded rendering holds weights that a linear solver found: their last digits are the
        machine's, so there is no such file.
        """
        readable = readable_netlist(self.circuit, self.conductances, self.drive, duration=self.duration)
        if not self.circuit.technology.wires.are_ideal:
            return {"readable": readable}
        return {"readable": readable, "simulation": simulation_netlist(self.circuit, self.conductances)}


def toy() -> Golden:
    """Two inputs, two hidden neurons, one output: the nudged phase of one sample."""
    circuit = compile_circuit(Network.layered((2, 2, 1)), Technology())
    weights = np.array([0.75, -0.5, 0.25, 1.0, 0.625, -0.375])
    conductances = circuit.program(Parameters(weights, np.array([0.125, -0.25, 0.0])))
    g0 = circuit.technology.unit_conductance
    tether = Tether(np.array([[0.5, 0.25, 0.375]]), 0.125 * g0)
    nudge = Nudge(np.array([[1.0]]), 2 * 0.5 * g0)
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]]), tether, nudge))


def lateral() -> Golden:
    """Hidden neurons that inhibit each other, mirrored arrays, followers of finite gain: a free phase."""
    blocks = (
        Block(0, 1, (2, 3), slice(0, 6)),
        Block(1, 1, (3, 3), slice(6, 8), np.array([0, 1]), np.array([1, 2])),
        Block(1, 2, (3, 1), slice(8, 11)),
    )
    names = ("left", "right", "near", "middle", "far", "sum")
    technology = Technology(rail=0.8, arrays="mirrored", mirror_mismatch=0.125, follower_gain=99.0, sense_gain=2.0)
    circuit = compile_circuit(Network(names, (2, 3, 1), np.array([3]), blocks), technology)
    weights = np.array([0.5, 0.25, -0.75, -0.25, 0.5, 1.0, -0.25, -0.25, 0.5, 0.25, 0.125])
    conductances = circuit.program(Parameters(weights, np.array([0.25, 0.25, 0.25, 0.0])))
    return Golden(circuit, conductances, Drive(np.array([[0.8, 0.2]])))


def diodes() -> Golden:
    """Neurons clamped by exponential diodes with series resistance, pushed into both rails."""
    clamp = DiodeClamp(saturation_current=1e-12, ideality=1.25, series_resistance=50.0)
    circuit = compile_circuit(Network.layered((2, 2, 1)), Technology(clamp=clamp, temperature=60.0))
    weights = np.array([4.0, -4.0, 0.5, 0.25, 0.5, -0.5])
    conductances = circuit.program(Parameters(weights, np.array([0.0, 0.0, 0.25])))
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]])))


def wired() -> Golden:
    """The toy's weights on arrays whose wires resist, driven from the right: its free phase."""
    wires = Wires(word_line_resistance=64.0, bit_line_resistance=32.0, driver_resistance=512.0, driven_from="right")
    circuit = compile_circuit(Network.layered((2, 2, 1)), Technology(wires=wires))
    weights = np.array([0.75, -0.5, 0.25, 1.0, 0.625, -0.375])
    conductances = circuit.program(Parameters(weights, np.array([0.125, 0.25, 0.0])))
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]])))


def offset_column() -> Golden:
    """The toy's weights, one device each, against references in the middle of the range: its free phase."""
    return _referenced("offset-column")


def affine() -> Golden:
    """The toy's weights scaled array by array to the whole of the range: its free phase."""
    return _referenced("affine")


def _referenced(mapping: Literal["offset-column", "affine"]) -> Golden:
    technology = Technology(mapping=mapping, conductance_low=1e-6, conductance_high=33e-6)
    circuit = compile_circuit(Network.layered((2, 2, 1)), technology)
    weights = np.array([0.75, -0.5, 0.25, 1.0, 0.625, -0.375])
    conductances = circuit.program(Parameters(weights, np.array([0.125, 0.25, 0.0])))
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]])))


def flawed() -> Golden:
    """The toy's weights at 85 degC, with errors of every amplifier and of every clamp: its free phase."""
    technology = Technology(
        sense_offset=2e-3,
        sense_offset_spread=4e-3,
        sense_gain_spread=0.0625,
        follower_offset_spread=4e-3,
        clamp=IdealClamp(lower_spread=0.03125, upper_spread=0.03125),
        temperature=85.0,
        device_temperature_coefficient=1e-3,
        leak_temperature_coefficient=-5e-4,
    )
    circuit = compile_circuit(Network.layered((2, 2, 1)), technology)
    weights = np.array([0.75, -0.5, 0.25, 1.0, 0.625, -0.375])
    conductances = circuit.program(Parameters(weights, np.array([0.125, -0.75, 0.0])))
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]])))


def limited() -> Golden:
    """The toy's weights behind amplifiers of limited swing, current and bandwidth: the nudged phase of one sample."""
    technology = Technology(
        follower_high=0.375, follower_bandwidth=64e6, sense_bandwidth=32e6, sense_current_limit=8e-6
    )
    circuit = compile_circuit(Network.layered((2, 2, 1)), technology)
    weights = np.array([0.75, -0.5, 0.25, 1.0, 0.625, -0.375])
    conductances = circuit.program(Parameters(weights, np.array([0.125, -0.25, 0.0])))
    nudge = Nudge(np.array([[1.0]]), 2 * 0.5 * technology.unit_conductance)
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]]), None, nudge))


def references() -> Golden:
    """The toy's weights against references, mirrored, with wires that resist and errors of every amplifier."""
    technology = Technology(
        mapping="offset-column",
        conductance_low=1e-6,
        conductance_high=33e-6,
        arrays="mirrored",
        mirror_mismatch=0.125,
        sense_offset_spread=4e-3,
        sense_gain_spread=0.03125,
        follower_offset_spread=4e-3,
        wires=Wires(word_line_resistance=64.0, bit_line_resistance=32.0, sense_resistance=256.0),
    )
    circuit = compile_circuit(Network.layered((2, 2, 1)), technology)
    weights = np.array([0.75, -0.5, 0.25, 1.0, 0.625, -0.375])
    conductances = circuit.program(Parameters(weights, np.array([0.125, 0.25, 0.0])))
    return Golden(circuit, conductances, Drive(np.array([[1.0, 0.5]])))


GOLDEN = {
    "toy": toy,
    "lateral": lateral,
    "diodes": diodes,
    "wired": wired,
    "offset_column": offset_column,
    "affine": affine,
    "flawed": flawed,
    "limited": limited,
    "references": references,
}


def main() -> None:
    """Write every golden netlist beside this script."""
    for name, make in GOLDEN.items():
        for rendering, text in make().renderings().items():
            (FOLDER / f"{name}.{rendering}.cir").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
