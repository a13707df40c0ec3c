"""Speed and agreement of the native engine against ngspice, side by side in one run.

    python sim/bench_engines.py --output sim/results/bench_engines.json
    python sim/bench_engines.py --smoke --json

Both engines answer the same samples on one core. ngspice is driven at its best: inputs folded to
Norton currents, sources and capacitor presets altered in place, one message for a batch, nothing
parsed while the clock runs. The native engine settles a batch of 64, ngspice as many of them as its
share of time allows; both are counted per sample, medians over repeats, and take turns.
What counts is the processor time of both sides, all of their processes, one core each: what the clock
shows on a machine that does nothing else, and little more on one that does. Ratios by the clock stand below.

All circuits have one equilibrium (`Config.convex_scale`). A transient to 1e-6 V starts from zero and
lasts until the slowest sample is half of that away, by the tight native transient. It is run
twice: coarse against fast, where both engines take steps of about half a time constant and only the end is
accurate (its agreement is the larger distance of either from the equilibrium), and, without a
target, tight against tight, where all of the way is (agreement of the two ends).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from analogeq.circuit import Circuit, Drive
from analogeq.engines import Accuracy, OperatingPoint, Session, engine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.engines.ngspice.library import describe_library
from analogeq.flow.measurements import processor_name
from analogeq.flow.runs import versions
from analogeq.hardware import Clamp, DiodeClamp, IdealClamp, Technology
from analogeq.network import Network, Parameters, glorot_uniform

DISTANCE = 1e-6
"""[V] What a transient has to come within, of the fixed point."""


@dataclass(frozen=True)
class Config:
    """What is measured.

    Attributes
    ----------
    layers : tuple of tuple of int
    batch : int
        Samples of a native batch.
    spice_samples : int
        How many of them ngspice settles for one timing.
    repeats, tight_repeats : int
        Timings of each, those of tight transients apart; the median counts.
    native_runs : int
        Native timings for one of ngspice: they are a hundredth of a second long, and others may run.
    convex_scale : float
        Of Glorot's limits where one equilibrium is wanted.
    seed : int
    """

    layers: tuple[tuple[int, ...], ...] = ((784, 128, 10), (784, 500, 10))
    batch: int = 64
    spice_samples: int = 8
    repeats: int = 5
    tight_repeats: int = 2
    native_runs: int = 5
    convex_scale: float = 0.5
    seed: int = 0


SMOKE = Config(layers=((20, 12, 4),), batch=8, spice_samples=2, repeats=2, tight_repeats=1, convex_scale=0.3)


@dataclass(frozen=True)
class Row:
    """One measurement; ``met`` is None where nothing has to be reached."""

    case: str
    value: float
    unit: str
    target: str
    met: bool | None
    command: str


@dataclass(frozen=True)
class Record:
    """Everything one run measured, and on what."""

    config: Config
    rows: tuple[Row, ...]
    machine: dict[str, object]
    versions: dict[str, str]


@dataclass(frozen=True)
class Timed:
    """Processor seconds a sample of each engine, the clock's, and their answers to the same first samples."""

    native: float
    ngspice: float
    by_clock: tuple[float, float]
    apart: float
    analyses: tuple[str, str]


def run(config: Config, command: str) -> Record:
    """Measure every case."""
    rows: list[Row] = []
    for layers in config.layers:
        name = "–".join(map(str, layers))
        rows += _operating_points(
            config, layers, f"operating point, ideal clamps, {name}", IdealClamp(), 200, 1e-6, command
        )
        diode = DiodeClamp(saturation_current=1e-14, ideality=1.0)
        rows += _operating_points(
            config, layers, f"operating point, exponential diodes, {name}", diode, 25, 1e-9, command
        )
        rows += _transient(config, layers, f"transient to 1e-6, ideal clamps, {name}", command)
    return Record(config, tuple(rows), machine(), versions())


def _operating_points(
    config: Config, layers: tuple[int, ...], case: str, clamp: Clamp, ratio: float, agreement: float, command: str
) -> list[Row]:
    circuit, theta, inputs = _subject(config, layers, clamp, config.convex_scale)
    timed = _time(config, circuit, theta, lambda s, x: s.settle(Drive(x)), inputs)
    return _rows(case, timed, ratio, agreement, command)


def _transient(config: Config, layers: tuple[int, ...], case: str, command: str) -> list[Row]:
    circuit, theta, inputs = _subject(config, layers, IdealClamp(), config.convex_scale)
    fixed, tau = _fixed_points(circuit, theta, inputs)
    stop = _time_to(circuit, theta, inputs, fixed)
    few = replace(config, spice_samples=max(1, config.spice_samples // 4), repeats=config.tight_repeats)

    def ask(session: Session, x: np.ndarray) -> OperatingPoint:
        return session.settle(Drive(x), duration=stop)

    coarse = _time(config, circuit, theta, ask, inputs, fixed, ("coarse", "fast"))
    tight = _time(few, circuit, theta, ask, inputs, None, ("tight", "tight"))
    return [
        *_rows(case, coarse, 2000, DISTANCE, command),
        Row(f"{case}: circuit time", stop / tau, "time constants", "", None, command),
        *_rows(f"{case}, all of the way", tight, None, DISTANCE, command),
    ]


def _rows(case: str, timed: Timed, ratio: float | None, agreement: float, command: str) -> list[Row]:
    reached, target = timed.ngspice / timed.native, "" if ratio is None else f"≥ {ratio:g}"
    native, ngspice = timed.analyses
    return [
        Row(f"{case}: ratio", reached, "×", target, None if ratio is None else reached >= ratio, command),
        Row(f"{case}: ratio by the clock", timed.by_clock[1] / timed.by_clock[0], "×", "", None, command),
        Row(f"{case}: agreement", timed.apart, "V", f"≤ {agreement:g}", timed.apart <= agreement, command),
        Row(f"{case}: native ({native})", 1e6 * timed.native, "µs a sample", "", None, command),
        Row(f"{case}: ngspice ({ngspice})", 1e6 * timed.ngspice, "µs a sample", "", None, command),
    ]


def _subject(
    config: Config, layers: tuple[int, ...], clamp: Clamp, scale: float
) -> tuple[Circuit, Parameters, np.ndarray]:
    network = Network.layered(layers)
    rng = np.random.default_rng(config.seed)
    theta = glorot_uniform(network, rng, scale=scale)
    inputs = rng.random((config.batch, layers[0]))
    inputs.setflags(write=False)
    return Circuit(network, replace(Technology(), clamp=clamp)), theta, inputs


def _fixed_points(circuit: Circuit, theta: Parameters, inputs: np.ndarray) -> tuple[np.ndarray, float]:
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(circuit.program(theta))
        return session.settle(Drive(inputs)).voltages, circuit.technology.time_constant


def _time_to(circuit: Circuit, theta: Parameters, inputs: np.ndarray, fixed: np.ndarray) -> float:
    """Find the shortest power-of-1.2 time [s] after which the whole batch is within `DISTANCE`."""
    tau = circuit.technology.time_constant
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(circuit.program(theta))
        for count in 10.0 * 1.2 ** np.arange(24):
            end = session.settle(Drive(inputs), duration=float(count * tau)).voltages
            # Half of it is left to the simulators' own errors.
            if np.abs(end - fixed).max() <= 0.5 * DISTANCE:
                return float(count * tau)
    raise RuntimeError("the batch does not settle; another seed gives a circuit that does")


Ask = Callable[[Session, np.ndarray], OperatingPoint]


def _time(
    config: Config,
    circuit: Circuit,
    theta: Parameters,
    ask: Ask,
    inputs: np.ndarray,
    fixed: np.ndarray | None = None,
    accuracies: tuple[Accuracy, Literal["fast", "tight"]] = ("fast", "fast"),
) -> Timed:
    few = inputs[: config.spice_samples]
    native_seconds, spice_seconds = [], []
    with (
        NgspiceEngine(workers=1, accuracy=accuracies[1]) as simulator,
        engine("native", accuracy=accuracies[0]).open(circuit) as native,
        simulator.open(circuit) as spice,
    ):
        for session in (native, spice):
            session.program(circuit.program(theta))
        point, answer = ask(native, inputs), ask(spice, few[:1])
        for _ in range(config.repeats):
            for _ in range(config.native_runs):
                # A fresh copy, so that nothing is kept from the last time.
                fresh = inputs.copy()
                fresh.setflags(write=False)
                seconds, point = _clock(native, fresh, ask)
                native_seconds.append(seconds / len(inputs))
            seconds, answer = _clock(spice, few, ask, simulator.worker_pids)
            spice_seconds.append(seconds / len(few))
    apart = float(np.abs(point.voltages[: len(few)] - answer.voltages).max())
    if fixed is not None:
        apart = max(
            float(np.abs(point.voltages - fixed).max()), float(np.abs(answer.voltages - fixed[: len(few)]).max())
        )
    said = [
        each.analysis + ("" if "operating" in each.analysis else f", {accuracy}")
        for each, accuracy in zip((point, answer), accuracies, strict=True)
    ]
    of_native, of_spice = np.median(native_seconds, axis=0), np.median(spice_seconds, axis=0)
    by_clock = (float(of_native[1]), float(of_spice[1]))
    return Timed(float(of_native[0]), float(of_spice[0]), by_clock, apart, (said[0], said[1]))


def _clock(
    session: Session, inputs: np.ndarray, ask: Ask, workers: tuple[int, ...] = ()
) -> tuple[np.ndarray, OperatingPoint]:
    """Seconds of processors, of this process and its ``workers``, and by the clock."""
    began, used = time.perf_counter(), time.process_time() + _used(workers)
    answer = ask(session, inputs)
    return np.array([time.process_time() + _used(workers) - used, time.perf_counter() - began]), answer


def _used(workers: tuple[int, ...]) -> float:
    """Seconds that processes have had a processor, as Linux counts them."""
    return sum(1e-9 * int(Path(f"/proc/{pid}/schedstat").read_text(encoding="utf-8").split()[0]) for pid in workers)


def machine() -> dict[str, object]:
    """Describe the computer, and what slows its arithmetic down."""
    library = describe_library()
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OPENBLAS_NUM_THREADS", "all"),
        "load": os.getloadavg()[0],
        "ngspice": f"{library.version}, {library.solver}",
    }


def markdown(record: Record) -> str:
    """Write the rows as a table for the README."""
    lines = ["| case | value | target | met |", "| --- | --- | --- | --- |"]
    for row in record.rows:
        met = "" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.case} | {row.value:.4g} {row.unit} | {row.target} | {met} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a small circuit, in seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    config = replace(SMOKE if options.smoke else Config(), seed=options.seed)
    command = f"OPENBLAS_NUM_THREADS=1 python sim/bench_engines.py --seed {options.seed}"
    record = run(config, command + (" --smoke" if options.smoke else ""))
    text = json.dumps(asdict(record), indent=1, ensure_ascii=False)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    print(text if options.json else markdown(record))


if __name__ == "__main__":
    main()
