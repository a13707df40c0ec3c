"""Settle the same digits natively and in ngspice: how far apart, how much faster.

    python sim/drn_vs_ngspice.py
    python sim/drn_vs_ngspice.py --smoke

Circuits of double Shockley elements on 360 handwritten digits (scikit-learn's), 64 pixels doubled, driven as the
published MNIST circuit is: hard enough that in most samples most nodes of the first layer are held by their devices.
ngspice is at its best: sources folded, the netlist loaded and programmed before the clock starts, sources altered in
place. Both run on one core, in turn.

The time that counts is processor time, which does not depend on who else uses the machine: natively the median of
several runs of all digits, each from programming to the proven stop; of ngspice the median, over groups of digits
sent together, of a digit's share, times the number of digits, its worker's time and this process's together. Wall
time stands beside it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.data import load
from analogeq.engines.native import NativeEngine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.flow.measurements import Row, at_least, at_most, recorded, save_rows
from analogeq.hardware.resistive import DoubleShockley, ResistiveTechnology
from analogeq.learning.conductance_descent import half_kaiming
from analogeq.network import Network

Array = NDArray[np.floating]
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Case:
    """One circuit and what it should reach.

    Attributes
    ----------
    sizes : tuple of int
        Inputs before doubling, hidden layers, output nodes.
    seconds : float
        For the native engine to settle all digits.
    ratio : float
        Of ngspice's time to it.
    reference : int
        Digits that ngspice settles.
    together : int
        Digits sent to ngspice in one go, which saves talk where they are quick.
    """

    sizes: tuple[int, ...]
    seconds: float
    ratio: float
    reference: int
    together: int


@dataclass(frozen=True)
class Config:
    """All circuits.

    Attributes
    ----------
    cases : tuple of Case
    digits : int
    input_gain : float
    offset, scale : float
        An input signal is (pixel - offset) · scale.
    repeats : int
        Native runs, of which the median counts; ngspice settles each digit once.
    seed : int
    """

    cases: tuple[Case, ...] = (
        Case((64, 64, 20), 0.1, 25.0, 360, 36),
        Case((64, 1024, 20), 0.5, 100.0, 36, 4),
        Case((64, 512, 512, 20), 1.5, 2000.0, 3, 1),
    )
    digits: int = 360
    input_gain: float = 50.0
    offset: float = 0.1307
    scale: float = 0.3 / 0.3081
    repeats: int = 9
    seed: int = 0


SMOKE = replace(Config(), cases=(Case((64, 64, 20), 5.0, 1.0, 20, 5),), digits=40, repeats=1)


@dataclass(frozen=True)
class Spent:
    """Time of one thing done.

    Attributes
    ----------
    processor, wall : float
        [s]
    """

    processor: float
    wall: float


def run(config: Config, command: str) -> tuple[list[Row], str]:
    """Measure every case; say which simulator answered."""
    pixels = load("digits").x_train[: config.digits].astype(np.float64)
    x: Array = (pixels - config.offset) * config.scale
    rows: list[Row] = []
    simulator = ""
    with NgspiceEngine(workers=1, time_limit=600.0) as ngspice:
        for case in config.cases:
            found, simulator = _measure(case, config, x, ngspice, command)
            for row in found:
                print(f"{row.case}: {row.value:.4g} {row.unit} {row.target} {row.met}", flush=True)
            rows += found
    return rows, simulator


def _measure(case: Case, config: Config, x: Array, ngspice: NgspiceEngine, command: str) -> tuple[list[Row], str]:
    technology = ResistiveTechnology(
        conductance_low=1e-7,
        conductance_high=100.0,
        input_gain=config.input_gain,
        device=DoubleShockley(1e-6, 0.05, 1.0),
        outputs="pairs",
    )
    circuit = ResistiveCircuit(Network.layered(case.sizes), technology)
    held = circuit.program(half_kaiming(circuit.wiring, np.random.default_rng(config.seed), low=1e-7))
    native, own = _natively(circuit, held, x, config.repeats)
    few = x[: case.reference]
    settled, theirs, simulator = _in_ngspice(circuit, held, few, case.together, ngspice)
    errors = np.abs(settled - native[: len(few)]) / np.abs(settled)
    name = "-".join(map(str, (2 * case.sizes[0], *case.sizes[1:])))
    at = f"{len(x)} digits, {name}, double Shockley"
    digit = f"median digit in ngspice, of {len(few)}"
    ratio = theirs.processor * len(x) / own.processor
    compared = f"90th percentile of relative node error, {len(few)} digits compared"
    rows = [
        at_most(f"{at}: {compared}", float(np.percentile(errors, 90)), "1", 1e-7, command),
        at_most(f"{at}: settling, processor time", own.processor, "s", case.seconds, command),
        recorded(f"{at}: settling, wall time", own.wall, "s", command),
        recorded(f"{at}: {digit}, processor time", theirs.processor, "s", command),
        recorded(f"{at}: {digit}, wall time", theirs.wall, "s", command),
        at_least(f"{at}: {len(x)} median digits in ngspice over it", ratio, "1", case.ratio, command),
    ]
    return rows, simulator


def _natively(circuit: ResistiveCircuit, held: ResistiveConductances, x: Array, repeats: int) -> tuple[Array, Spent]:
    """Voltages, and the median time to program, fold and settle; nothing is left from the run before."""
    spent = []
    with NativeEngine().open(circuit) as session:
        session.program(held)
        voltages = session.settle(ResistiveDrive(x)).voltages  # compiles, which is not what is timed
        for _ in range(repeats):
            wall, processor = time.perf_counter(), time.process_time()
            session.program(held)
            session.settle(ResistiveDrive(x))
            spent.append(Spent(time.process_time() - processor, time.perf_counter() - wall))
    return voltages, _median(spent)


def _in_ngspice(
    circuit: ResistiveCircuit, held: ResistiveConductances, x: Array, together: int, ngspice: NgspiceEngine
) -> tuple[Array, Spent, str]:
    """Voltages, the median over the groups of a digit's share of the time, and the analysis by its solver's name."""
    voltages, spent = [], []
    with ngspice.open(circuit) as session:
        session.program(held)
        analysis = session.settle(ResistiveDrive(x[:1])).analysis  # loads and programs, which is not what is timed
        for first in range(0, len(x), together):
            group = x[first : first + together]
            wall, processor = time.perf_counter(), _processor_time(ngspice)
            voltages.append(session.settle(ResistiveDrive(group)).voltages)
            processor, wall = _processor_time(ngspice) - processor, time.perf_counter() - wall
            spent.append(Spent(processor / len(group), wall / len(group)))
    return np.concatenate(voltages), _median(spent), analysis


def _processor_time(ngspice: NgspiceEngine) -> float:
    """Processor time of this process and the workers so far [s]."""
    # Linux numbers the clock of another process so (bits 0-1: scheduled time; the rest: the process, inverted).
    return time.process_time() + sum(time.clock_gettime((~pid << 3) | 2) for pid in ngspice.worker_pids)


def _median(spent: list[Spent]) -> Spent:
    return Spent(float(np.median([s.processor for s in spent])), float(np.median([s.wall for s in spent])))


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, write JSON and CSV; 0 if every target was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--smoke", action="store_true", help="40 digits on the smallest circuit, seconds")
    parser.add_argument("--first", type=int, default=3, help="only so many circuits; ngspice takes long over the third")
    parser.add_argument("--digits", type=int, default=0, help="settle at least so many digits of each in ngspice")
    options = parser.parse_args(arguments)
    config = SMOKE if options.smoke else Config()
    least = min(options.digits, config.digits)
    cases = tuple(replace(case, reference=max(case.reference, least)) for case in config.cases[: options.first])
    config = replace(config, cases=cases)
    asked = "--smoke" if options.smoke else f"--first {options.first}" + (f" --digits {least}" if least else "")
    rows, simulator = run(config, f"python sim/drn_vs_ngspice.py {asked}")
    # Libraries with KLU are named by NGSPICE_LIBRARY_PATH; what they reach stands beside the system's own.
    solver = "_klu" if "KLU" in simulator else ""
    name = f"drn_vs_ngspice{'_smoke' if options.smoke else ''}{solver}.json"
    save_rows(options.results / name, rows, {"config": asdict(config), "seed": config.seed, "simulator": simulator})
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
