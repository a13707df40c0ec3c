"""Write the golden netlists of the resistive family, kept byte for byte.

    python netlists/golden/resistive/make.py

Run it after a change of the renderings that is meant, and read the difference before committing it.
The tests compare these files with what the package writes, and run each in ngspice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.circuit.resistive.netlist import readable_netlist, simulation_netlist
from analogeq.hardware import Wires
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    ResistiveTechnology,
)
from analogeq.network import Network

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Golden:
    """One circuit, what it holds and what drives it."""

    circuit: ResistiveCircuit
    conductances: ResistiveConductances
    drive: ResistiveDrive

    def renderings(self) -> dict[str, str]:
        """Text by rendering; what nodes see through wires is computed, and differs by roundings among machines."""
        written = {"readable": readable_netlist(self.circuit, self.conductances, self.drive)}
        if self.circuit.technology.wires.are_ideal:
            written["simulation"] = simulation_netlist(self.circuit, self.conductances)
        return written


def _golden(sizes: tuple[int, ...], technology: ResistiveTechnology, drive: ResistiveDrive) -> Golden:
    return _of(Network.layered(sizes), technology, drive)


def _of(network: Network, technology: ResistiveTechnology, drive: ResistiveDrive) -> Golden:
    circuit = ResistiveCircuit(network, technology)
    g = 0.125 * (1.0 + np.arange(circuit.wiring.n_edges) % 5)
    bias = 0.0625 * (np.arange(circuit.network.n_nodes) % 3)
    return Golden(circuit, circuit.program(g, bias), drive)


def ideal() -> Golden:
    """Ideal diodes, doubled inputs, a gain: the nudged phase of one sample."""
    drive = ResistiveDrive(np.array([[1.0, -0.5]]), None, Nudge(np.array([[1.0]]), 0.5))
    return _golden((2, 2, 1), ResistiveTechnology(input_gain=4.0), drive)


def amplified() -> Golden:
    """A bias source, diode pairs to two biases, amplifiers, constant nudging currents."""
    technology = ResistiveTechnology(
        device=DiodePair(upper=0.5, lower=-0.25), amplifier=Amplifier(4.0, 0.25), bias_voltage=0.5
    )
    drive = ResistiveDrive(np.array([[1.0, -2.0]]), injected=np.array([[0.125, -0.125]]))
    return _golden((2, 2, 2, 2), technology, drive)


def measured() -> Golden:
    """A measured curve, half of a layer each way, single inputs, held outputs."""
    curve = MeasuredCurve(np.array([-0.5, 0.0, 0.25]), np.array([-1.0, 0.0, 0.0625]), half=True)
    drive = ResistiveDrive(np.array([[1.0, -2.0]]), held=np.array([[0.5]]))
    return _golden((2, 2, 1), ResistiveTechnology(device=curve, inputs="single"), drive)


def real() -> Golden:
    """One BAT54 to ground at each hidden node, at 60 degC, half of a layer each way."""
    drive = ResistiveDrive(np.array([[1.0, -0.5]]), None, Nudge(np.array([[1.0]]), 0.5))
    device = JunctionDiode.of_part("bat54", temperature=60.0)
    return _golden((2, 2, 1), ResistiveTechnology(device=device, input_gain=2.0), drive)


def real_pairs() -> Golden:
    """Antiparallel pairs of 1N4148 to two bias sources, beside a node that is called like one of them."""
    technology = ResistiveTechnology(device=JunctionPair.of_part("1n4148", upper=0.5, lower=-0.25), input_gain=4.0)
    drive = ResistiveDrive(np.array([[1.0, -0.5]]))
    network = replace(Network.layered((2, 2, 1)), names=("upper", "x1", "h1_0", "h1_1", "y0"))
    return _of(network, technology, drive)


def wired() -> Golden:
    """Crossbars whose lines resist, their word lines driven from both sides, amplifiers, a bias source."""
    technology = ResistiveTechnology(
        device=DiodePair(upper=0.5, lower=-0.25),
        amplifier=Amplifier(4.0, 0.25),
        bias_voltage=0.5,
        wires=Wires(0.0625, 0.125, 0.25, 0.0, driven_from="both"),
    )
    drive = ResistiveDrive(np.array([[1.0, -2.0]]), None, Nudge(np.array([[0.5, -0.5]]), 0.25))
    return _golden((2, 2, 2), technology, drive)


GOLDEN = {
    "ideal": ideal,
    "amplified": amplified,
    "measured": measured,
    "real": real,
    "real_pairs": real_pairs,
    "wired": wired,
}


def main() -> None:
    """Write every golden netlist beside this script."""
    for name, make in GOLDEN.items():
        for rendering, text in make().renderings().items():
            (FOLDER / f"{name}.{rendering}.cir").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
