"""Make docs/flow.png, the README's picture: `python docs/make_figures.py`.

A small network is compiled and settled for it by the native engine; the netlist lines and the
waveforms in the picture are that circuit's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analogeq.circuit import Circuit, Drive, Nudge
from analogeq.circuit.netlist import simulation_netlist
from analogeq.engines import engine
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform
from analogeq.report import PhaseStory, flow_figure, save_figure

SIZES = (4, 5, 2)
FREE, NUDGED = 8.0, 5.0  # time constants
BETA = 0.5
SEED = 78  # chosen for a picture in which both outputs move


def main() -> None:
    """Settle the small network, draw, save."""
    circuit = Circuit(Network.layered(SIZES), Technology())
    tech = circuit.technology
    rng = np.random.default_rng(SEED)
    parameters = glorot_uniform(circuit.network, rng, scale=0.8)
    parameters.biases[:] = 0.2
    conductances = circuit.program(parameters)
    inputs, targets = rng.random((1, SIZES[0])), np.array([[1.0, 0.0]])
    with engine("native").open(circuit) as session:
        session.program(conductances)
        free = session.transient(Drive(inputs), FREE * tech.time_constant, points=161)
        nudge = Nudge(targets, 2.0 * BETA * tech.unit_conductance)
        drive = Drive(inputs, nudge=nudge)
        nudged = session.transient(drive, NUDGED * tech.time_constant, free.final, points=101)
    story = PhaseStory(
        np.concatenate([free.times, nudged.times + FREE * tech.time_constant]) / tech.time_constant,
        np.concatenate([free.voltages[0], nudged.voltages[0]]),
        circuit.network.outputs,
        targets[0],
        FREE,
    )
    figure = flow_figure(SIZES, _lines(simulation_netlist(circuit, conductances)), story)
    save_figure(figure, Path(__file__).with_name("flow.png"))


def _lines(netlist: str) -> tuple[str, ...]:
    """Pick what stands for one neuron: its capacitor and one coupling, both ways."""
    wanted = ("c0 ", "gw20_f ", "gw20_b ")
    return tuple(line for line in netlist.splitlines() if line.startswith(wanted))


if __name__ == "__main__":
    main()
