"""Settle the same digits natively and in ngspice: how far apart, how much faster.

    python sim/drn_vs_ngspice.py
    python sim/drn_vs_ngspice.py --smoke

Circuits of double Shockley elements on 360 handwritten digits (scikit-learn's), 64 pixels doubled. ngspice is
at its best here: sources folded, loaded once, sources altered in place. Both run on one core, in turn.
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
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.flow.measurements import Row, at_least, at_most, save_rows
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
        Digits that ngspice settles; its time for all is extrapolated from theirs.
    """

    sizes: tuple[int, ...]
    seconds: float
    ratio: float
    reference: int


@dataclass(frozen=True)
class Config:
    """All circuits.

    Attributes
    ----------
    cases : tuple of Case
    digits : int
    input_gain : float
    repeats : int
        Native runs, of which the fastest counts; ngspice runs once.
    seed : int
    """

    cases: tuple[Case, ...] = (
        Case((64, 64, 20), 0.1, 25.0, 360),
        Case((64, 1024, 20), 0.5, 100.0, 36),
        Case((64, 512, 512, 20), 1.5, 2000.0, 2),
    )
    digits: int = 360
    input_gain: float = 5.0
    repeats: int = 3
    seed: int = 0


SMOKE = replace(Config(), cases=(Case((64, 64, 20), 5.0, 1.0, 20),), digits=40, repeats=1)


def run(config: Config, command: str) -> list[Row]:
    """Measure every case."""
    x = load("digits").x_train[: config.digits].astype(np.float64)
    rows: list[Row] = []
    with NgspiceEngine(workers=1, time_limit=600.0) as ngspice:
        for case in config.cases:
            rows += _measure(case, config, x, ngspice, command)
            for row in rows[-3:]:
                print(f"{row.case}: {row.value:.4g} {row.unit} {row.target} {row.met}", flush=True)
    return rows


def _measure(case: Case, config: Config, x: Array, ngspice: NgspiceEngine, command: str) -> list[Row]:
    technology = ResistiveTechnology(
        conductance_low=1e-7,
        conductance_high=100.0,
        input_gain=config.input_gain,
        device=DoubleShockley(1e-6, 0.05, 1.0),
        outputs="pairs",
    )
    circuit = ResistiveCircuit(Network.layered(case.sizes), technology)
    held = circuit.program(half_kaiming(circuit.wiring, np.random.default_rng(config.seed), low=1e-7))
    with NativeEngine().open(circuit) as session:
        session.program(held)
        native = session.settle(ResistiveDrive(x)).voltages
        own = min(_settling_time(session, held, x) for _ in range(config.repeats))
    few = x[: case.reference]
    with ngspice.open(circuit) as reference:
        reference.program(held)
        reference.settle(ResistiveDrive(x[:1]))  # load and program, which is not what is timed
        start = time.perf_counter()
        settled = reference.settle(ResistiveDrive(few)).voltages
        theirs = (time.perf_counter() - start) * len(x) / len(few)
    errors = np.abs(settled - native[: len(few)]) / np.abs(settled)
    name = "-".join(map(str, (2 * case.sizes[0], *case.sizes[1:])))
    at = f"{len(x)} digits, {name}, double Shockley"
    return [
        at_most(f"{at}: 90th percentile of relative node error", float(np.percentile(errors, 90)), "1", 1e-7, command),
        at_most(f"{at}: settling time", own, "s", case.seconds, command),
        at_least(f"{at}: ngspice's time over it ({len(few)} digits timed)", theirs / own, "1", case.ratio, command),
    ]


def _settling_time(session: ResistiveSession, held: ResistiveConductances, x: Array) -> float:
    """Seconds to program, fold and settle; nothing is left from the run before."""
    start = time.perf_counter()
    session.program(held)
    session.settle(ResistiveDrive(x))
    return time.perf_counter() - start


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, write JSON and CSV; 0 if every target was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--smoke", action="store_true", help="40 digits on the smallest circuit, seconds")
    parser.add_argument("--first", type=int, default=3, help="only so many circuits; ngspice takes long over the third")
    options = parser.parse_args(arguments)
    config = SMOKE if options.smoke else Config()
    config = replace(config, cases=config.cases[: options.first])
    command = f"python sim/drn_vs_ngspice.py{' --smoke' if options.smoke else f' --first {options.first}'}"
    rows = run(config, command)
    name = "drn_vs_ngspice_smoke.json" if options.smoke else "drn_vs_ngspice.json"
    save_rows(options.results / name, rows, {"config": asdict(config), "seed": config.seed})
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
