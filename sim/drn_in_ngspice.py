"""Train a deep resistive network on MNIST with ngspice as the circuit: one epoch, every phase an operating point.

    python sim/drn_in_ngspice.py --data-dir FOLDER
    python sim/drn_in_ngspice.py --smoke

1568-100-10 with ideal diodes. ngspice settles the free and the nudged state of every image in worker processes;
the gradient and the programming are Python's, in float64. Rates and the nudge's side were chosen with the native
engine (`--engine native`), whose operating points are the same. An interrupted run goes on at its last thousand images.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.data import Dataset, load
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.files import write_text_atomically
from analogeq.flow.measurements import Row, at_most, recorded, save_rows
from analogeq.flow.resistive_training import trainer_of
from analogeq.hardware.resistive import IdealDiode, ResistiveTechnology
from analogeq.learning.conductance_descent import ConductanceRates, half_kaiming
from analogeq.learning.rules import EquilibriumPropagation, Sides
from analogeq.network import Network
from analogeq.training.resistive import ResistiveSchedule, ResistiveState, ResistiveTrainer, load_state

Array = NDArray[np.floating]
RESULTS = Path(__file__).parent / "results"
CHUNK = 500


@dataclass(frozen=True)
class Config:
    """One epoch of one circuit.

    Attributes
    ----------
    name : str
        Of the files.
    sizes : tuple of int
        Inputs before doubling, hidden layer, outputs.
    input_gain : float
    beta : float
        Nudge [S].
    sides : str
        A nudge of random sign needs two operating points an image, a centred one three.
    rate : float
        Of conductances [S²/cost] and bias currents [A²/cost].
    batch, seed : int
    engine : {"ngspice", "native"}
    workers : int
        Processes that run ngspice.
    part : int
        Images between two checkpoints.
    samples, tests : int or None
        Images to train on and to test with; all if None.
    largest_error, seconds : float or None
        What to reach.
    """

    name: str = "drn_in_ngspice"
    sizes: tuple[int, ...] = (784, 100, 10)
    input_gain: float = 100.0
    beta: float = 0.3
    sides: Sides = "random-sign"
    rate: float = 0.012
    batch: int = 8
    seed: int = 0
    engine: str = "ngspice"
    workers: int = 2
    part: int = 1000
    samples: int | None = None
    tests: int | None = None
    largest_error: float | None = 0.07
    seconds: float | None = 900.0


SMOKE = Config(
    "drn_in_ngspice_smoke", (64, 32, 10), 30.0, batch=4, part=400, samples=1000, largest_error=0.6, seconds=60.0
)


@dataclass(frozen=True)
class Record:
    """What a run gave; the lists have one entry for each part of the epoch.

    Attributes
    ----------
    seconds : list of float
        By the clock; loading, checkpoints and tests not counted.
    processor_seconds : list of float
        Of this process and the workers together; a worker that was replaced counts from its start.
    load : list of float
        The machine's load average over the last minute, after each part.
    errors : dict of str to float
        Test error by the engine that settled; ``disagreements`` counts images of which the two
        engines disagree.
    tests : int
        Images tested with.
    settled_by : str
        As the engine says it.
    """

    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    errors: dict[str, float] = field(default_factory=dict)
    tests: int = 0
    settled_by: str = ""


def native_trainer(config: Config) -> ResistiveTrainer:
    """Put circuit, rule and schedule together, settled by the native engine."""
    technology = ResistiveTechnology(
        conductance_low=0.0, conductance_high=float("inf"), input_gain=config.input_gain, device=IdealDiode()
    )
    circuit = ResistiveCircuit(Network.layered(config.sizes), technology)
    rates = ConductanceRates((config.rate,) * 2, (config.rate,) * 2)
    schedule = ResistiveSchedule(config.batch, rates, seed=config.seed)
    return trainer_of(circuit, EquilibriumPropagation(config.beta, config.sides), schedule)


def run(config: Config, data: Dataset, folder: Path) -> Record:
    """Train one epoch, then test with both engines; go on where an interrupted run was."""
    native = native_trainer(config)
    print_ = hashlib.sha256(json.dumps(asdict(config)).encode()).hexdigest()
    with NgspiceEngine(config.workers) as engine, engine.open(native.session.circuit) as session:
        trainer = replace(native, session=session) if config.engine == "ngspice" else native
        record, state = _train(config, trainer, engine, data, folder, print_)
        if not record.errors:
            x, labels = data.x_test[: config.tests], data.y_test[: config.tests]
            classes = {config.engine: predictions(trainer, state, x), "native": predictions(native, state, x)}
            found = {name: float(np.mean(each != labels)) for name, each in classes.items()}
            found["disagreements"] = float(np.count_nonzero(classes[config.engine] != classes["native"]))
            said = trainer.session.settle(ResistiveDrive(x[:1])).analysis
            record = replace(record, errors=found, tests=len(labels), settled_by=said)
            _write(folder, config, record)
    return record


def _train(
    config: Config, trainer: ResistiveTrainer, engine: NgspiceEngine, data: Dataset, folder: Path, fingerprint: str
) -> tuple[Record, ResistiveState]:
    """Train part after part: each is an epoch to the trainer, so that it starts and ends in a file."""
    record, state = _begun(config, trainer, folder, fingerprint)
    x, targets = data.x_train, data.targets(data.y_train)
    order = np.random.default_rng(config.seed).permutation(len(x))[: config.samples]
    parts = range(state.epoch, -(-len(order) // config.part))
    _warm_up(trainer, state, x, targets)
    for part in _shown(parts, config, record):
        chosen = order[part * config.part : (part + 1) * config.part]
        wall, processor = time.perf_counter(), _Processor(engine.worker_pids)
        state = trainer.epoch(state, x[chosen], targets[chosen])
        record.seconds.append(time.perf_counter() - wall)
        record.processor_seconds.append(processor.seconds(engine.worker_pids))
        record.load.append(os.getloadavg()[0])
        _write(folder, config, record)
        state.save(_saved(folder, config), fingerprint)
    return record, state


def _begun(config: Config, trainer: ResistiveTrainer, folder: Path, fingerprint: str) -> tuple[Record, ResistiveState]:
    """Where an interrupted run was, or a new one's start."""
    if _saved(folder, config).exists():
        state = load_state(_saved(folder, config), fingerprint)
        kept = json.loads(_curve(folder, config).read_text(encoding="utf-8"))
        # A part is noted before it is saved: what was not saved is done, and noted, again.
        lists = {name: kept[name][: state.epoch] for name in ("seconds", "processor_seconds", "load")}
        return Record(**{**kept, **lists}), state
    circuit = trainer.session.circuit
    g = half_kaiming(circuit.wiring, np.random.default_rng(config.seed))
    return Record(), ResistiveState(g, np.zeros(circuit.network.n_nodes))


def _saved(folder: Path, config: Config) -> Path:
    return folder / f"{config.name}.npz"


def _curve(folder: Path, config: Config) -> Path:
    return folder / f"{config.name}_curve.json"


def _write(folder: Path, config: Config, record: Record) -> None:
    write_text_atomically(_curve(folder, config), json.dumps(asdict(record)))


def _warm_up(trainer: ResistiveTrainer, state: ResistiveState, x: Array, targets: Array) -> None:
    """Compile, start workers and load the netlist on a copy, so that the first part is timed like the rest."""
    copy = ResistiveState(state.g.copy(), state.bias_currents.copy(), state.epoch)
    trainer.epoch(copy, x[:4], targets[:4])


def _shown(parts: range, config: Config, record: Record) -> Iterable[int]:
    """A bar on a terminal, a line a part elsewhere."""
    console = Console()
    if console.is_terminal:
        yield from track(parts, f"{config.name}, parts of {config.part} images", console=console)
        return
    for part in parts:
        yield part
        print(f"part {part + 1} of {parts.stop}: {sum(record.seconds):.0f} s, load {record.load[-1]:.1f}", flush=True)


class _Processor:
    """Processor time from here on, of this process and its workers."""

    def __init__(self, pids: tuple[int, ...]) -> None:
        self._own = time.process_time()
        self._before = {pid: _used(pid) for pid in pids}

    def seconds(self, pids: tuple[int, ...]) -> float:
        """Of the workers that run now, those that are new included."""
        return time.process_time() - self._own + sum(_used(pid) - self._before.get(pid, 0.0) for pid in pids)


def _used(pid: int) -> float:
    """User and system time of another process [s], where the system shows it; 0 elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def predictions(trainer: ResistiveTrainer, state: ResistiveState, x: Array) -> NDArray[np.intp]:
    """Class of every image by the free state's largest output, shape (image,)."""
    session = trainer.session
    session.program(session.circuit.program(state.g, state.bias_currents))
    parts = (x[first : first + CHUNK] for first in range(0, len(x), CHUNK))
    return np.concatenate(
        [session.circuit.signals(session.settle(ResistiveDrive(part)).voltages).argmax(axis=1) for part in parts]
    )


def rows_of(config: Config, record: Record, images: int, command: str) -> list[Row]:
    """Set the numbers beside their targets."""
    sizes = "-".join(map(str, (2 * config.sizes[0], *config.sizes[1:])))
    done = f"{sizes} ideal diodes, {config.engine} as the circuit, one epoch of {images} images"
    wall, used = sum(record.seconds), sum(record.processor_seconds)
    points = images * (3 if config.sides == "centred" else 2)

    def row(case: str, value: float, unit: str, limit: float | None = None) -> Row:
        name = f"{done}: {case}"
        return recorded(name, value, unit, command) if limit is None else at_most(name, value, unit, limit, command)

    most = None if config.largest_error is None else 100.0 * config.largest_error
    tested = f"test error, {record.tests} images"
    return [
        row(f"training by the clock, {config.workers} workers", wall, "s", config.seconds),
        row(f"{tested} settled by {config.engine}", 100.0 * record.errors[config.engine], "%", most),
        row(f"{tested} settled by the native engine", 100.0 * record.errors["native"], "%"),
        row("test images of which the two disagree", record.errors["disagreements"], "images"),
        row("training, processor time of all processes", used, "s"),
        row("training, processor time for each operating point", 1e3 * used / points, "ms"),
        row("load average of the machine meanwhile", float(np.mean(record.load)), "processes"),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, write JSON and CSV; 0 if every target was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--engine", choices=("ngspice", "native"), default="ngspice")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a thousand digits of the bundled set, seconds")
    options = parser.parse_args(arguments)
    config = replace(
        SMOKE if options.smoke else Config(), engine=options.engine, workers=options.workers, seed=options.seed
    )
    if options.engine == "native":
        config = replace(config, name=f"{config.name}_native", seconds=None)
    data = load("digits") if options.smoke else load("mnist", data_dir=options.data_dir)
    chosen = f" --engine native --seed {config.seed}" if config.engine == "native" else f" --seed {config.seed}"
    command = f"python sim/drn_in_ngspice.py{' --smoke' if options.smoke else ''}{chosen} --workers {config.workers}"
    record = run(config, data, options.results)
    rows = rows_of(config, record, min(config.samples or len(data.x_train), len(data.x_train)), command)
    about = {"config": asdict(config), "seed": config.seed, "cores": os.cpu_count(), "parts": asdict(record)}
    save_rows(options.results / f"{config.name}.json", rows, about)
    for row in rows:
        print(f"{row.case}: {row.value:.4g} {row.unit} {row.target} {'' if row.met is None else row.met}")
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
