"""How the work of settling grows with depth: 1 to 8 hidden layers of 128.

    python sim/depth.py --out sim/results/depth.json
    python sim/depth.py --smoke

Random inputs, Glorot's weights, ideal clamps, free phase without a tether. Each circuit settles from
zero and from the prediction of its feedforward copy, which has learned for a few local steps on settled
states of other samples. Distances are those of the node that is farthest away, in rails; the fixed
point is where the dynamics go from the same start. Writes a table (CSV), a figure (PNG) and a
record (JSON) with the growth fitted as a power law and as a line.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit
from analogeq.digital import EulerRelaxation, FeedforwardCopy, Forces
from analogeq.engines import Session, engine
from analogeq.files import write_text_atomically
from analogeq.flow.convergence import THRESHOLDS, Comparison, Start
from analogeq.flow.measurements import Row, recorded, surroundings
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform
from analogeq.report.depth import DepthCurve, DepthPanel, depth_figure
from analogeq.report.style import save_figure

Doubles = NDArray[np.float64]
T = TypeVar("T")

STARTS = (Start("zero", from_copy=False, tether=0.0), Start("copy", from_copy=True, tether=0.0))
NAMES = {1e-2: "1 %", 1e-3: "0.1 %", 1e-6: "1e-6"}


@dataclass(frozen=True)
class Config:
    """What is measured.

    Attributes
    ----------
    depths : tuple of int
        Numbers of hidden layers.
    width, inputs, outputs : int
    seeds : tuple of int
        Circuits drawn at each depth.
    batch : int
        Samples of each.
    scale : float
        Of Glorot's limits.
    lessons, lesson_batch, lesson_steps : int
        Local steps of the copy; settled samples it learns from; Euler steps that settled those.
    horizon : float
        Time constants that a settling is watched for.
    points : int
        Samples of a waveform.
    epsilon : float
        Euler step in time constants.
    """

    depths: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    width: int = 128
    inputs: int = 784
    outputs: int = 10
    seeds: tuple[int, ...] = (0,)
    batch: int = 4
    scale: float = 1.0
    lessons: int = 60
    lesson_batch: int = 64
    lesson_steps: int = 200
    horizon: float = 400.0
    points: int = 2001
    epsilon: float = 0.5


SMOKE = Config(depths=(1, 2), width=10, inputs=12, outputs=3, lessons=20, lesson_batch=32, horizon=80.0, points=401)


@dataclass(frozen=True)
class Times:
    """One circuit on its way from one start; medians over its samples, times in time constants.

    A quantity is infinite where the median sample did not get there within the horizon.
    """

    start_distance: float
    time_1_percent: float
    time_01_percent: float
    time_1e_6: float
    euler_steps_1_percent: float
    euler_steps_01_percent: float
    euler_steps_1e_6: float
    arrived: int
    follow_products_1e_6: float
    follow_ms_per_sample_1e_6: float
    euler_ms_per_sample_1e_6: float


@dataclass(frozen=True, kw_only=True)
class Measured(Times):
    """The same, and how long the native engine takes to the equilibrium itself.

    ``same_end`` samples of the batch end in the same equilibrium from both starts.
    """

    depth: int
    seed: int
    start: str
    same_end: int
    settle_analysis: str
    settle_steps: float
    settle_ms_per_sample: float


@dataclass(frozen=True)
class Fit:
    """Growth with depth L: ``factor · L**exponent`` and ``offset + slope · L``, and how well each fits.

    Errors are relative, root mean square; only the depths whose median sample arrived are in it.
    """

    quantity: str
    start: str
    n_depths: int
    factor: float
    exponent: float
    power_error: float
    offset: float
    slope: float
    line_error: float
    better: str


@dataclass(frozen=True)
class Record:
    """Everything one run measured."""

    config: Config
    command: str
    measured: tuple[Measured, ...]
    fits: tuple[Fit, ...]
    rows: tuple[Row, ...]
    machine: str
    versions: dict[str, str]
    load: float


def run(config: Config, command: str = "python sim/depth.py", tell: Callable[[str], None] = lambda _: None) -> Record:
    """Measure every depth and seed."""
    found: list[Measured] = []
    for depth in config.depths:
        for seed in config.seeds:
            found += measure(config, depth, seed)
            zero, copy = found[-2:]
            tell(f"{depth} hidden layers, seed {seed}: {zero.time_1e_6:.1f} and {copy.time_1e_6:.1f} tau to 1e-6")
    fits = tuple(_fits(found))
    about = surroundings()
    machine = about.pop("machine")
    return Record(
        config, command, tuple(found), fits, tuple(_rows(found, fits, command)), machine, about, os.getloadavg()[0]
    )


def measure(config: Config, depth: int, seed: int) -> Iterator[Measured]:
    """Settle one circuit from both starts."""
    rng = np.random.default_rng((seed, depth))
    network = Network.layered((config.inputs, *[config.width] * depth, config.outputs))
    circuit = Circuit(network, Technology())
    theta = glorot_uniform(network, rng, scale=config.scale)
    inputs = rng.random((config.batch, config.inputs))
    copy = taught(config, FeedforwardCopy(network, theta.copy()), EulerRelaxation(network, theta, config.epsilon), rng)
    compared = Comparison(circuit, theta, copy, inputs, config.horizon, config.points)
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(circuit.program(theta))
        drive, preset = compared.drive(STARTS[0])
        session.settle(drive, preset, duration=circuit.technology.time_constant)  # what is compiled, is compiled now
        clocked = [_clock(partial(session.settle, *compared.drive(start))) for start in STARTS]
        ends = [point.voltages for _, point in clocked]
        same = int((np.abs(ends[0] - ends[1]).max(axis=1) < 1e-6 * circuit.technology.rail).sum())
        for start, (seconds, point) in zip(STARTS, clocked, strict=True):
            times = _times(config, compared, session, start, point.voltages)
            yield Measured(
                depth=depth,
                seed=seed,
                start=start.name,
                same_end=same,
                settle_analysis=point.analysis,
                settle_steps=point.stats.get("steps", 0.0) + point.stats.get("iterations", 0.0),
                settle_ms_per_sample=1e3 * seconds / config.batch,
                **asdict(times),
            )


def taught(
    config: Config, copy: FeedforwardCopy, relaxation: EulerRelaxation, rng: np.random.Generator
) -> FeedforwardCopy:
    """Let the copy take a few local steps towards settled states; every layer's step is set by what feeds it."""
    net = copy.network
    inputs = rng.random((config.lesson_batch, net.n_inputs))
    settled = relaxation.relax(Forces(inputs), np.zeros((len(inputs), net.n_nodes)), config.lesson_steps)
    for _ in range(config.lessons):
        signals, summed = copy.forward(inputs)
        gradient = copy.local_gradient(inputs, settled, (signals, summed))
        for block in net.blocks:
            source = inputs if block.pre == 0 else signals[:, net.layer(block.pre)]
            rate = 1.0 / (1.0 + float((source**2).sum(axis=1).mean()))
            copy.parameters.weights[block.edges] -= rate * gradient.weights[block.edges]
            at = net.layer(block.post)
            copy.parameters.biases[at] -= rate * gradient.biases[at]
    return copy


def _times(config: Config, compared: Comparison, session: Session, start: Start, fixed: Doubles) -> Times:
    tech = session.circuit.technology
    drive, preset = compared.drive(start)
    analog = compared.waveform(session, "native", start, fixed)
    digital = compared.euler(config.epsilon, start, fixed)
    times = [float(np.median(analog.times_to(t))) for t in THRESHOLDS]
    steps = [float(np.median(digital.times_to(t))) for t in THRESHOLDS]
    following = products = stepping = np.inf
    if np.isfinite(times[-1]) and times[-1] > 0.0:
        stop = times[-1] * tech.time_constant
        following, phase = _clock(lambda: session.settle(drive, preset, duration=stop))
        products = phase.stats["products"]
    if np.isfinite(steps[-1]):
        relaxation = EulerRelaxation(compared.circuit.network, compared.parameters, config.epsilon)
        forces, first, count = Forces(compared.inputs), preset / tech.rail, int(steps[-1])
        stepping, _ = _clock(lambda: relaxation.relax(forces, first, count))
    return Times(
        start_distance=float(np.median(analog.distances[:, 0])),
        time_1_percent=times[0],
        time_01_percent=times[1],
        time_1e_6=times[2],
        euler_steps_1_percent=steps[0],
        euler_steps_01_percent=steps[1],
        euler_steps_1e_6=steps[2],
        arrived=int(np.isfinite(analog.times_to(THRESHOLDS[-1])).sum()),
        follow_products_1e_6=products,
        follow_ms_per_sample_1e_6=1e3 * following / config.batch,
        euler_ms_per_sample_1e_6=1e3 * stepping / config.batch,
    )


def _clock(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


QUANTITIES = {
    "time_1_percent": "time constants to 1 %",
    "time_01_percent": "time constants to 0.1 %",
    "time_1e_6": "time constants to 1e-6",
    "euler_steps_1e_6": "Euler steps to 1e-6",
    "follow_products_1e_6": "native products, followed to 1e-6",
    "settle_ms_per_sample": "native settle to rounding [ms a sample]",
    "euler_ms_per_sample_1e_6": "Euler steps to 1e-6 [ms a sample]",
}


def _median(found: Sequence[Measured], quantity: str, start: str, depth: int) -> float:
    values = [float(getattr(m, quantity)) for m in found if (m.start, m.depth) == (start, depth)]
    return statistics.median(values)


def _fits(found: Sequence[Measured]) -> Iterator[Fit]:
    depths = np.array(sorted({m.depth for m in found}), dtype=np.float64)
    for quantity in QUANTITIES:
        for start in STARTS:
            values = np.array([_median(found, quantity, start.name, int(d)) for d in depths])
            there = np.isfinite(values) & (values > 0.0)
            if there.sum() < 2:
                continue
            yield fit(quantity, start.name, depths[there], values[there])


def fit(quantity: str, start: str, depths: Doubles, values: Doubles) -> Fit:
    """Fit a power law and a line, each for the least relative errors; compare what is left of them."""
    exponent, log_factor = np.polyfit(np.log(depths), np.log(values), 1)
    weights = 1.0 / values
    slope, offset = np.polyfit(depths, values, 1, w=weights)
    power = np.exp(log_factor) * depths**exponent
    line = offset + slope * depths
    errors = [float(np.sqrt(np.mean((model / values - 1.0) ** 2))) for model in (power, line)]
    better = "power law" if errors[0] < errors[1] else "line"
    return Fit(
        quantity, start, len(depths), float(np.exp(log_factor)), float(exponent), errors[0],
        float(offset), float(slope), errors[1], better,
    )  # fmt: skip


def _rows(found: Sequence[Measured], fits: Sequence[Fit], command: str) -> Iterator[Row]:
    depths = sorted({m.depth for m in found})
    for quantity, name in QUANTITIES.items():
        for start in STARTS:
            for depth in (depths[0], depths[-1]):
                value = _median(found, quantity, start.name, depth)
                yield recorded(f"{name}, {depth} hidden layers, from {start.name}", value, "", command)
    for each in fits:
        name = (
            f"growth of {QUANTITIES[each.quantity]}, from {each.start} ({each.n_depths} depths; better: {each.better})"
        )
        yield recorded(name, each.exponent, "exponent of depth", command)
    total = sum(1 for m in found) * 1.0
    yield recorded("settlings", total, "circuits and starts", command)


def figure_panels(record: Record) -> tuple[DepthPanel, DepthPanel]:
    """Times on the left, work on the right."""
    times = ("time_1_percent", "time_01_percent", "time_1e_6")
    left = [
        _curve(record, q, start, f"{NAMES[t]}, from {start}", colour)
        for colour, (q, t) in enumerate(zip(times, THRESHOLDS, strict=True))
        for start in ("zero", "copy")
    ]
    work = {
        "settle_ms_per_sample": "native to rounding",
        "follow_ms_per_sample_1e_6": "native waveform to 1e-6",
        "euler_ms_per_sample_1e_6": f"Euler, ε = {record.config.epsilon:g}, to 1e-6",
    }
    right = [
        _curve(record, q, start, f"{name}, from {start}", 3 + colour)
        for colour, (q, name) in enumerate(work.items())
        for start in ("zero", "copy")
    ]
    return (
        DepthPanel("circuit time until within", "time [τ]", left),
        DepthPanel("work on one core", "time [ms a sample]", right),
    )


def _curve(record: Record, quantity: str, start: str, label: str, colour: int) -> DepthCurve:
    depths = np.array(record.config.depths, dtype=np.int64)
    values = [[getattr(m, quantity) for m in record.measured if (m.depth, m.start) == (d, start)] for d in depths]
    return DepthCurve(label, depths, np.array(values), colour, dashed=start == "copy")


def save(record: Record, path: Path) -> None:
    """Write ``path`` (.json), and beside it the table (.csv) and the figure (.png)."""
    write_text_atomically(path, json.dumps(_finite(asdict(record)), indent=2) + "\n")
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[f.name for f in fields(Measured)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(m) for m in record.measured)
    write_text_atomically(path.with_suffix(".csv"), text.getvalue())
    width = record.config.width
    title = f"Settling against depth: hidden layers of {width}, Glorot weights, random inputs"
    save_figure(depth_figure(figure_panels(record), title=title), path.with_suffix(".png"))


def _finite(value: object) -> object:
    """Replace what JSON cannot hold by null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="two small depths, in seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write record, table and figure: a .json path")
    options = parser.parse_args()
    record = run(SMOKE if options.smoke else Config(), tell=lambda text: print(text, file=sys.stderr, flush=True))
    if options.out:
        save(record, options.out)
    if options.json:
        print(json.dumps(_finite(asdict(record)), indent=2))
        return
    for row in record.rows:
        print(f"{row.case:90} {row.value:<10.4g} {row.unit}")


if __name__ == "__main__":
    main()
