"""Random circuits, settled by the native engine and by ngspice, and held against the circuit's own laws.

    python sim/random_circuits.py --count 2000 --seed 0 --json > sim/results/random_circuits.json
    python sim/random_circuits.py --smoke

Circuit number k of seed s depends on (s, k) alone. Where the energy is strictly convex both engines
have to stand at the same place. Where it may have several minima, both have to be where the dynamics
go from the start; if they are not, scipy's Radau follows the equations from the same start and tells
which one is. Besides, for every answer: Kirchhoff's residual; Tellegen's theorem on the elements of
the netlist; and, for circuits that have an energy, its fall along the waveform, its minimum at the end
and the symmetry of the couplings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether, co_content, kirchhoff_residual
from analogeq.circuit.elements import CurrentSources, Diodes, IdealClamps, Resistors, Transconductances
from analogeq.circuit.landscape import is_strictly_convex
from analogeq.circuit.netlist.simulation import folded_schematic
from analogeq.engines import Engine, Status, engine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.engines.ngspice.library import describe_library
from analogeq.engines.small_signal import Linearisation
from analogeq.flow.measurements import Row, at_least, at_most, recorded, surroundings
from analogeq.hardware import Clamp, DiodeClamp, IdealClamp, Technology
from analogeq.hardware.diode import clamp_current, resisted_diode_current, thermal_voltage
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

AGREEMENT = {"ideal": 1e-6, "diode": 1e-9}
"""How far apart the engines may stand in a circuit with one equilibrium, in rails: an ideal clamp is a
conductance of 1e9 G0 to ngspice; diodes obey the same equation in both."""

SAME_MINIMUM = 1e-6
"""The same where there may be several and ngspice comes down by a transient: the Kirchhoff residual that
an answer is accepted with, in units of G0 times the rail. Where the minimum is flatter than a node alone
would make it, so much the farther."""

NATIVE_RESIDUAL, NGSPICE_RESIDUAL = 1e-9, 1e-6
"""Kirchhoff's law at an answer, in units of G0 times the rail: rounding behind a diode as steep as
1e6 G0; what the engines' contract accepts."""

TELLEGEN = {"native": 1e-9, "ngspice": 1e-6}
"""Sum of all branch powers over the sum of their magnitudes."""

RISE = 1e-12
"""Largest step up of the energy along a waveform, in G0 times the rail squared. The waveform errs by
1e-8 rails; that shows as a rise only where the fall is as small, which is where the slope is, too."""

LOWER = 1e-13
"""How far below the answer's energy a neighbour may lie, in the same unit: rounding of sums of order ten."""

ASYMMETRY = 1e-15
"""Difference of the two directions of a coupling over the largest, with shared arrays."""

NEARER = 1e-3
"""Distance to the followed dynamics [rail] within which an engine was right; its stiff clamp errs by 1e-6."""


@dataclass(frozen=True)
class Config:
    """How many circuits, drawn from which seed."""

    count: int = 2000
    seed: int = 0


SMOKE = Config(count=16)


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


@dataclass(frozen=True)
class Finding:
    """What one circuit showed.

    Attributes
    ----------
    name : str
    kind : str
        "one minimum" or "several", and the clamp.
    apart : float
        Largest distance between the engines where they ended alike [rail].
    elsewhere : tuple of str
        Who was right, for each sample in which they did not: "native", "ngspice", "neither", "both".
    unsettled : tuple of str
        Engine and status of each sample that did not settle.
    measures : dict
        Largest value of each law's measure; see `LIMITS`.
    """

    name: str
    kind: str
    apart: float
    elsewhere: tuple[str, ...]
    unsettled: tuple[str, ...]
    measures: dict[str, float]


LIMITS = {
    "Kirchhoff's residual, native": NATIVE_RESIDUAL,
    "Kirchhoff's residual, ngspice": NGSPICE_RESIDUAL,
    "Tellegen's sum, native": TELLEGEN["native"],
    "Tellegen's sum, ngspice": TELLEGEN["ngspice"],
    "asymmetry of the couplings": ASYMMETRY,
    "rise of the energy along the waveform": RISE,
    "energy of a neighbour below the answer's": LOWER,
}


# ---- drawing


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


# ---- comparing


def examine(case: Case, native: Engine, ngspice: Engine) -> Finding:
    """Settle one circuit in both engines and measure everything."""
    points = []
    waveform = None
    for each in (native, ngspice):
        with each.open(case.circuit) as session:
            session.program(case.conductances)
            points.append(session.settle(case.drive, case.start, check=False))
            if each is native:
                stop = 5.0 * case.circuit.technology.time_constant
                waveform = session.transient(case.drive, stop, case.start, points=101)
    ours, theirs = points
    convex = is_strictly_convex(case.circuit, case.conductances, case.drive).strictly_convex
    distance = np.abs(ours.voltages - theirs.voltages).max(axis=1) / case.circuit.technology.rail
    limit = np.full(BATCH, AGREEMENT[case.clamp]) if convex else SAME_MINIMUM * flatness(case, ours.voltages)
    settled = (ours.status == Status.SETTLED) & (theirs.status == Status.SETTLED)
    other = settled & (distance > NEARER) & (not convex)
    unsettled = tuple(
        f"{who}: {Status(int(s)).name}"
        for who, point in (("native", ours), ("ngspice", theirs))
        for s in point.status[point.status != Status.SETTLED]
    )
    elsewhere = tuple(_who_was_right(case, int(k), ours.voltages[k], theirs.voltages[k]) for k in np.flatnonzero(other))
    measures = {
        "distance over what is allowed": float((distance / limit)[settled & ~other].max(initial=0.0)),
        **_laws(case, "native", ours.voltages[settled], settled),
        **_laws(case, "ngspice", theirs.voltages[settled], settled),
    }
    if case.has_energy:
        assert waveform is not None  # noqa: S101  the native engine came first
        measures |= _energy_measures(case, waveform.voltages, ours.voltages, settled)
    kind = f"{'one minimum' if convex else 'several'}, {case.clamp}"
    return Finding(case.name, kind, float(distance[settled & ~other].max(initial=0.0)), elsewhere, unsettled, measures)


def flatness(case: Case, voltages: Doubles) -> Doubles:
    """Volts that a current of G0 volts may move some node at each answer, at least 1, shape (batch,)."""
    linear = Linearisation.at(case.circuit, case.conductances, case.drive, voltages)
    reach = np.ones(len(voltages))
    for sample, held in enumerate(linear.held):
        matrix = linear.jacobian(sample)[np.ix_(~held, ~held)]
        if matrix.size:
            reach[sample] = np.abs(np.linalg.inv(matrix)).sum(axis=1).max() * case.circuit.technology.unit_conductance
    return np.maximum(reach, 1.0)


def _who_was_right(case: Case, sample: int, ours: Doubles, theirs: Doubles) -> str:
    """Follow the equations themselves and see which answer is theirs."""
    end = follow(case, sample)
    rail = case.circuit.technology.rail
    right = [np.abs(end - answer).max() < NEARER * rail for answer in (ours, theirs)]
    return {(True, False): "native", (False, True): "ngspice", (True, True): "both", (False, False): "neither"}[
        right[0], right[1]
    ]


def follow(case: Case, sample: int, time_constants: float = 1000.0, stiffness: float = 1e5) -> Doubles:
    """Where one sample ends after ``time_constants`` by scipy's Radau; an ideal clamp is a stiff conductance."""
    tech = case.circuit.technology
    one = _only(case.drive, np.array([sample]))
    unit, rail = tech.unit_conductance, tech.rail
    n = case.circuit.network.n_nodes
    current = (case.circuit.norton_currents(case.conductances, one)[0] / unit).astype(np.float64)
    load = (case.circuit.load_conductances(one) / unit).astype(np.float64)
    coupling = (case.circuit.coupling_currents(case.conductances, np.eye(n)).T / unit).astype(np.float64)

    def clamped(v: Doubles) -> tuple[Doubles, Doubles]:
        if isinstance(tech.clamp, DiodeClamp):
            drawn, slope = clamp_current(v, tech.clamp, rail, tech.temperature)
            return (drawn / unit).astype(np.float64), (slope / unit).astype(np.float64)
        outside = v - np.clip(v, 0.0, rail)
        return stiffness * outside, stiffness * (outside != 0.0)

    def rate(_: float, v: Doubles) -> Doubles:
        moved: Doubles = current + coupling @ v - load * v - clamped(v)[0]
        return moved

    def slope(_: float, v: Doubles) -> Doubles:
        matrix: Doubles = coupling - np.diag(load + clamped(v)[1])
        return matrix

    path = solve_ivp(
        rate, (0.0, time_constants), case.start[sample], "Radau", rtol=1e-8, atol=1e-10 * rail, jac=slope
    )  # fmt: skip
    if not path.success:
        raise RuntimeError(f"{case.name}, sample {sample}: {path.message}")
    end: Doubles = path.y[:, -1]
    return end


def _only(drive: Drive, rows: NDArray[np.intp]) -> Drive:
    tether = drive.tether and replace(drive.tether, voltages=drive.tether.voltages[rows])
    nudge = drive.nudge and replace(drive.nudge, voltages=drive.nudge.voltages[rows])
    return Drive(drive.inputs[rows], tether, nudge)


# ---- laws


def _laws(case: Case, who: str, voltages: Doubles, settled: NDArray[np.bool_]) -> dict[str, float]:
    drive = _only(case.drive, np.flatnonzero(settled))
    residual = kirchhoff_residual(case.circuit, case.conductances, drive, voltages) / case.unit_current
    sums = [tellegen_sum(case, _only(drive, np.array([k])), v) for k, v in enumerate(voltages)]
    return {
        f"Kirchhoff's residual, {who}": float(residual.max(initial=0.0)),
        f"Tellegen's sum, {who}": max(sums, default=0.0),
    }


def tellegen_sum(case: Case, drive: Drive, voltages: Doubles) -> float:
    """Sum of the powers of all elements of the netlist over the sum of their magnitudes, for one sample."""
    currents = case.circuit.norton_currents(case.conductances, drive)[0]
    at = np.concatenate([[0.0], voltages, [case.circuit.technology.rail]])
    supplied = 0.0
    powers: list[float] = []
    for table in folded_schematic(case.circuit, case.conductances).tables:
        ends = at[table.nodes[:, :2]] if table.terminals > 1 else at[table.nodes[:, :1]]
        across = ends[:, 0] - (ends[:, 1] if ends.shape[1] > 1 else 0.0)
        if isinstance(table, CurrentSources):
            through: Doubles = currents.astype(np.float64)
        elif isinstance(table, Resistors):
            through = across / table.ohms
        elif isinstance(table, Transconductances):
            control = at[table.nodes[:, 2]] - at[table.nodes[:, 3]]
            through = _siemens(table, drive) * control
        elif isinstance(table, IdealClamps):
            through = _clamp_currents(case, drive, voltages, table)
        elif isinstance(table, Diodes):
            through = _diode_currents(case, across)
            # What the upper diodes carry, the rail's source takes.
            supplied += float(through[table.nodes[:, 1] == len(at) - 1].sum())
        else:
            continue
        powers += (across * through).tolist()
    powers.append(supplied * case.circuit.technology.rail)
    total = sum(map(abs, powers))
    return abs(sum(powers)) / total if total else 0.0  # nothing flows where all nodes lie at ground


def _siemens(table: Transconductances, drive: Drive) -> Doubles:
    if table.names and table.names[0].startswith("gt"):
        return np.full(len(table), drive.tether.conductance if drive.tether else 0.0)
    if table.names and table.names[0].startswith("gn"):
        return np.full(len(table), drive.nudge.conductance if drive.nudge else 0.0)
    return table.siemens


def _clamp_currents(case: Case, drive: Drive, voltages: Doubles, table: IdealClamps) -> Doubles:
    """What clamps draw: all that pushes a node outwards that stands at its rail, to the clamp's stiffness."""
    rail = case.circuit.technology.rail
    near = 100.0 * case.unit_current / table.siemens
    net = case.circuit.linear_currents(case.conductances, drive, voltages[None])[0]
    high = np.where(voltages >= rail - near, np.maximum(net, 0.0), 0.0)
    drawn: Doubles = np.where(voltages <= near, np.minimum(net, 0.0), high)
    return drawn


def _diode_currents(case: Case, across: Doubles) -> Doubles:
    clamp, tech = case.circuit.technology.clamp, case.circuit.technology
    assert isinstance(clamp, DiodeClamp)  # noqa: S101  only such a circuit has diodes
    nvt = clamp.ideality * thermal_voltage(tech.temperature)
    current = resisted_diode_current(across, clamp.saturation_current, nvt, clamp.series_resistance)[0]
    return current.astype(np.float64)


def _energy_measures(case: Case, waveform: Doubles, answers: Doubles, settled: NDArray[np.bool_]) -> dict[str, float]:
    couplings = netlist_couplings(case)
    rises, lower = [0.0], [0.0]
    for sample in range(BATCH):
        one = np.array([sample])
        rises.append(float(np.diff(energy(case, one, waveform[sample])).max(initial=0.0)))
        if settled[sample]:
            near = _neighbours(case, answers[sample], sample)
            values = energy(case, one, near)
            lower.append(float((values[0] - values[1:]).max()))
    return {
        "asymmetry of the couplings": float(np.abs(couplings - couplings.T).max() / np.abs(couplings).max())
        if couplings.any()
        else 0.0,
        "rise of the energy along the waveform": max(rises) / case.unit_power,
        "energy of a neighbour below the answer's": max(lower) / case.unit_power,
    }


def netlist_couplings(case: Case) -> Doubles:
    """Current into each node per voltage of each other [S], by the netlist's elements."""
    size = case.circuit.network.n_nodes + 1
    matrix = np.zeros((size, size))
    for table in folded_schematic(case.circuit, case.conductances).tables:
        if isinstance(table, Transconductances):
            source, target, plus, minus = table.nodes.T
            for out, sign in ((source, -1.0), (target, 1.0)):
                np.add.at(matrix, (out, plus), sign * table.siemens)
                np.add.at(matrix, (out, minus), -sign * table.siemens)
    return matrix[1:, 1:]


def energy(case: Case, sample: NDArray[np.intp], voltages: Doubles) -> Doubles:
    """Energy of the circuit with its clamps [W] at each row of ``voltages``, under one sample's drive."""
    drive = _only(case.drive, np.repeat(sample, len(voltages)))
    stored: Doubles = co_content(case.circuit, case.conductances, drive, voltages).astype(np.float64)
    tech = case.circuit.technology
    if isinstance(tech.clamp, DiodeClamp):
        stored += (diode_content(voltages - tech.rail, tech) + diode_content(-voltages, tech)).sum(axis=1)
    return stored


def diode_content(v: Doubles, technology: Technology) -> Doubles:
    """Integral of a clamp diode's current from zero to ``v`` [W], its series resistance included."""
    clamp = technology.clamp
    assert isinstance(clamp, DiodeClamp)  # noqa: S101  asked of such circuits only
    saturation, nvt = clamp.saturation_current, clamp.ideality * thermal_voltage(technology.temperature)
    current = resisted_diode_current(v, saturation, nvt, clamp.series_resistance)[0]
    x = v - clamp.series_resistance * current
    corner = -3.0 * nvt
    forward = saturation * (nvt * np.expm1(np.maximum(x, corner) / nvt) - np.maximum(x, corner))
    below = np.minimum(x, corner)
    reverse = -saturation * ((below - corner) - 0.5 * (3.0 * nvt / np.e) ** 3 * (below**-2.0 - corner**-2.0))
    gmin = 1e-12
    content: Doubles = forward + reverse + 0.5 * gmin * x**2 + 0.5 * clamp.series_resistance * current**2
    return content


def _neighbours(case: Case, answer: Doubles, sample: int, count: int = 20) -> Doubles:
    """Draw the answer and admissible points close to it, shape (1 + count, node)."""
    rng = np.random.default_rng(sample)
    rail = case.circuit.technology.rail
    size = rail * 10.0 ** rng.uniform(-6.0, -3.0, (count, 1))
    near = answer + size * rng.standard_normal((count, answer.size))
    if case.clamp == "ideal":
        near = np.clip(near, 0.0, rail)
    return np.vstack([answer, near])


# ---- running


@dataclass(frozen=True)
class Record:
    """Everything a run found."""

    seed: int
    command: str
    versions: dict[str, str]
    machine: str
    rows: tuple[Row, ...]


def findings(config: Config, native: Engine, ngspice: Engine) -> Iterator[Finding]:
    """Examine every circuit of a configuration, one after the other."""
    for number in range(config.count):
        yield examine(draw(config.seed, number), native, ngspice)


def broken(finding: Finding) -> list[str]:
    """Everything that no tolerance and no followed dynamics explains, as sentences."""
    found = [f"engine {text}" for text in finding.unsettled]
    found += [f"engines ended in two minima and {who} is right" for who in finding.elsewhere if who != "native"]
    if finding.measures["distance over what is allowed"] > 1.0:
        found.append(f"engines are {finding.apart:.3g} rails apart")
    for name, limit in LIMITS.items():
        if finding.measures.get(name, 0.0) > limit:
            found.append(f"{name} is {finding.measures[name]:.3g}, above {limit:g}")
    return [f"{finding.name} ({finding.kind}): {text}" for text in found]


def run(config: Config, command: str, tell: Callable[[str], None] = lambda _: None) -> Record:
    """Examine all circuits; what is broken is told at once."""
    found = []
    with NgspiceEngine(workers=1, accuracy="tight") as ngspice:
        for finding in findings(config, engine("native", accuracy="tight"), ngspice):
            found.append(finding)
            for text in broken(finding):
                tell(text)
            if len(found) % 100 == 0:
                tell(f"{len(found)} circuits")
    about = surroundings()
    machine = about.pop("machine")
    library = describe_library()
    about["ngspice"] = f"{library.version}, {library.solver}"
    return Record(config.seed, command, about, machine, tuple(rows(found, command)))


def rows(found: Sequence[Finding], command: str) -> Iterator[Row]:
    """Sum findings up."""
    kinds = Counter(f.kind for f in found)
    yield recorded("circuits", len(found), "circuits", command)
    yield recorded("samples", BATCH * len(found), "samples", command)
    for kind in sorted(kinds):
        yield recorded(f"circuits: {kind}", kinds[kind], "circuits", command)
        these = [f for f in found if f.kind == kind]
        worst, where = max(f.apart for f in these), f"largest distance of the engines: {kind}"
        if kind.startswith("one"):
            yield at_most(where, worst, "rail", AGREEMENT[kind.split(", ")[1]], command)
        else:
            yield recorded(where, worst, "rail", command)
            share = max(f.measures["distance over what is allowed"] for f in these)
            yield at_most(f"{where}, over flatness", share * SAME_MINIMUM, "rail", SAME_MINIMUM, command)
    who = Counter(name for f in found for name in f.elsewhere)
    yield recorded("samples settled in two different minima", sum(who.values()), "samples", command)
    yield recorded("of these, native where the dynamics go", who["native"], "samples", command)
    yield at_most("of these, native elsewhere", sum(who.values()) - who["native"], "samples", 0, command)
    for name in ("native", "ngspice"):
        lost = sum(text.startswith(name) for f in found for text in f.unsettled)
        yield at_most(f"samples that {name} did not settle", lost, "samples", 0, command)
    for name, limit in LIMITS.items():
        measured = [f.measures[name] for f in found if name in f.measures]
        yield at_most(f"{name} (of {len(measured)} circuits)", max(measured, default=0.0), "1", limit, command)
    explained = sum(not broken(f) for f in found)
    yield at_least("circuits with nothing unexplained", explained, "circuits", len(found), command)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=Config.count)
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--smoke", action="store_true", help=f"{SMOKE.count} circuits, in seconds")
    options = parser.parse_args()
    config = Config(SMOKE.count if options.smoke else options.count, options.seed)
    command = f"python sim/random_circuits.py --count {config.count} --seed {config.seed}"
    record = run(config, command, lambda text: print(text, file=sys.stderr, flush=True))
    if options.json:
        print(json.dumps(asdict(record), indent=2))
        return
    for row in record.rows:
        met = "" if row.met is None else "met" if row.met else "NOT MET"
        print(f"{row.case:62} {row.value:<12.4g} {row.unit:9} {row.target:12} {met}")


if __name__ == "__main__":
    main()
