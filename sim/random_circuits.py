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
from dataclasses import asdict, dataclass

import numpy as np
from circuit_cases import BATCH, Case, Doubles, draw, only
from circuit_laws import LIMITS, energy_measures, laws
from scipy.integrate import solve_ivp

from analogeq.circuit.landscape import is_strictly_convex
from analogeq.engines import Engine, Status, engine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.engines.ngspice.library import describe_library
from analogeq.engines.small_signal import Linearisation
from analogeq.flow.measurements import Row, at_least, at_most, recorded, surroundings
from analogeq.hardware import DiodeClamp
from analogeq.hardware.diode import clamp_current

AGREEMENT = {"ideal": 1e-6, "diode": 1e-9}
"""How far apart the engines may stand in a circuit with one equilibrium, in rails: an ideal clamp is a
conductance of 1e9 G0 to ngspice; diodes obey the same equation in both."""

SAME_MINIMUM = 1e-6
"""The same where there may be several and ngspice comes down by a transient: the Kirchhoff residual that
an answer is accepted with, in units of G0 times the rail. Where the minimum is flatter than a node alone
would make it, so much the farther."""

NEARER = 1e-3
"""Distance to the followed dynamics [rail] within which an engine was right; its stiff clamp errs by 1e-6."""


@dataclass(frozen=True)
class Config:
    """How many circuits, drawn from which seed."""

    count: int = 2000
    seed: int = 0


SMOKE = Config(count=16)


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
        **laws(case, "native", ours.voltages[settled], settled),
        **laws(case, "ngspice", theirs.voltages[settled], settled),
    }
    if case.has_energy:
        assert waveform is not None  # noqa: S101  the native engine came first
        measures |= energy_measures(case, waveform.voltages, ours.voltages, settled)
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
    one = only(case.drive, np.array([sample]))
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
