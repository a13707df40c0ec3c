"""Random circuits of every kind of network, clamp and phase, programmed and driven.

Circuit number k of seed s depends on (s, k) alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether
from analogeq.hardware import Clamp, DiodeClamp, IdealClamp, Technology
from analogeq.network import (
    Network,
    glorot_uniform,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
)

Doubles = NDArray[np.float64]

BATCH = 2
"""Samples of each circuit: start, inputs, prediction and targets are drawn for each."""


@dataclass(frozen=True, eq=False)
class Case:
    """One circuit, programmed and driven."""

    name: str
    circuit: Circuit
    conductances: Conductances
    drive: Drive
    start: Doubles

    @property
    def clamp(self) -> Literal["ideal", "diode"]:
        """What holds its nodes."""
        return "diode" if isinstance(self.circuit.technology.clamp, DiodeClamp) else "ideal"

    @property
    def unit_current(self) -> float:
        """G0 times the rail [A]."""
        return self.circuit.technology.unit_conductance * self.circuit.technology.rail

    @property
    def unit_power(self) -> float:
        """G0 times the rail squared [W]."""
        return self.unit_current * self.circuit.technology.rail

    @property
    def has_energy(self) -> bool:
        """Whether both directions of every weight agree."""
        return np.array_equal(self.conductances.weights, self.conductances.backward)


def only(drive: Drive, rows: NDArray[np.intp]) -> Drive:
    """Keep some samples of a drive."""
    tether = drive.tether and replace(drive.tether, voltages=drive.tether.voltages[rows])
    nudge = drive.nudge and replace(drive.nudge, voltages=drive.nudge.voltages[rows])
    return Drive(drive.inputs[rows], tether, nudge)


def draw(seed: int, number: int) -> Case:
    """Draw circuit ``number`` of ``seed``."""
    rng = np.random.default_rng((seed, number))
    name, network = _draw_network(rng)
    tech = _draw_technology(rng)
    circuit = Circuit(network, tech)
    theta = glorot_uniform(network, rng, scale=float(rng.choice([0.2, 0.5, 1.0, 2.0, 3.5])))
    theta.biases[:] = rng.uniform(-0.6, 1.1, network.n_nodes)
    rail, unit = tech.rail, tech.unit_conductance
    tether = nudge = None
    strength = float(rng.uniform(0.01, 1.0)) if rng.random() < 0.4 else 0.0
    if strength:
        tether = Tether(rng.uniform(0.0, rail, (BATCH, network.n_nodes)), strength * unit)
    phase = rng.choice(["free", "nudged", "pushed away"], p=[0.5, 0.3, 0.2])
    if phase != "free":
        # Below -(1 + lambda) / 2 an output has no equilibrium but the rail.
        beta = rng.uniform(0.01, 2.0) if phase == "nudged" else -0.45 * (1.0 + strength) * rng.uniform(0.02, 1.0)
        nudge = Nudge(rng.uniform(0.0, rail, (BATCH, network.n_outputs)), float(2.0 * beta * unit))
    drive = Drive(rng.uniform(0.0, rail, (BATCH, network.n_inputs)), tether, nudge)
    start = rng.uniform(0.0, rail, (BATCH, network.n_nodes))
    return Case(f"seed {seed}, circuit {number}: {name}", circuit, circuit.program(theta), drive, start)


def _draw_network(rng: np.random.Generator) -> tuple[str, Network]:
    def sizes(fewest: int, most: int) -> tuple[int, ...]:
        widest = 12 if rng.random() < 0.05 else 4
        hidden = rng.integers(1, widest + 1, rng.integers(fewest, most + 1))
        return (int(rng.integers(1, 5)), *map(int, hidden), int(rng.integers(1, 4)))

    kind = str(rng.choice(["layered", "layered", "layered", "skip", "lateral", "lattice", "sparse", "no layers"]))
    seed = int(rng.integers(2**31))
    if kind == "layered":
        shape = sizes(0, 3)
        return f"layered {shape}", Network.layered(shape)
    graphs = {
        "skip": lambda: with_skip_connections(layered_graph(sizes(1, 3))),
        "lateral": lambda: with_lateral_connections(layered_graph(sizes(1, 2))),
        "lattice": lambda: lattice_graph(int(rng.integers(1, 5)), int(rng.integers(2, 5))),
        "sparse": lambda: sparse_graph(sizes(1, 3), float(rng.uniform(0.2, 0.9)), seed=seed),
        "no layers": lambda: random_graph(
            int(rng.integers(1, 4)), int(rng.integers(1, 9)), int(rng.integers(1, 4)), rng.uniform(0.1, 0.6), seed=seed
        ),
    }
    return kind, network_from_graph(graphs[kind]())


def _draw_technology(rng: np.random.Generator) -> Technology:
    unit = float(10.0 ** rng.uniform(-6.0, -3.0))
    mirrored = rng.random() < 0.3
    return Technology(
        unit_conductance=unit,
        node_capacitance=float(10.0 ** rng.uniform(-13.0, -10.0)),
        rail=float(rng.uniform(0.3, 3.3)),
        conductance_low=0.01 * unit,
        conductance_high=10.0 * unit,
        follower_gain=float(10.0 ** rng.uniform(1.0, 4.0)) if rng.random() < 0.3 else np.inf,
        clamp=_draw_clamp(rng, unit),
        arrays="mirrored" if mirrored else "shared",
        mirror_mismatch=float(rng.choice([0.0, 0.01, 0.1, 0.3])) if mirrored else 0.0,
        mirror_seed=int(rng.integers(2**31)),
        temperature=float(rng.choice([27.0, 27.0, -40.0, 85.0])),
    )


def _draw_clamp(rng: np.random.Generator, unit: float) -> Clamp:
    if rng.random() < 0.5:
        return IdealClamp()
    # A clamp behind more than this conducts less than the couplings push: the voltages would grow without end.
    resistance = float(10.0 ** rng.uniform(-6.0, -2.0)) / unit if rng.random() < 0.4 else 0.0
    return DiodeClamp(float(10.0 ** rng.uniform(-16.0, -9.0)), float(rng.uniform(0.1, 2.0)), resistance)
