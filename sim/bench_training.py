"""How near digital equilibrium propagation comes to backpropagation, measured side by side.

Both sides train the same layers on the same batches in float32 with the same number of threads, one
block of minibatches after the other in turn; a figure is the median over the rounds, a ratio the
median of the rounds' ratios. Weights have been trained for some hundred minibatches before, so that
neurons are as saturated as they get to be.

Backpropagation is measured twice: by BLAS with updates accumulated in place, and with the compiled
kernels that equilibrium propagation uses; ratios are to the quicker of the two.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path

import numpy as np

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.data.stand_in import stand_in
from analogeq.digital import choose_arithmetic, descend
from analogeq.flow.distance_left import distances_left
from analogeq.flow.measurements import Row, at_most, processor_name, recorded
from analogeq.flow.timing import seconds_in_turn
from analogeq.network import Network
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig
from analogeq.training.loop import plan_epoch

TUNING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Set on some machines for another program's sake; BLAS shall choose for the machine it runs on."""

SHALLOW, DEEP = (784, 500, 10), (784, 500, 500, 500, 10)


@dataclass(frozen=True)
class Config:
    """What is measured.

    Attributes
    ----------
    data_dir : str or None
        Folder of MNIST's IDX files; without it samples are made up that are as sparse.
    threads : tuple of int
        Numbers of threads, each measured in a process of its own.
    rounds : int
        Blocks of each case.
    shallow_block, deep_block : int
        Minibatches in a block.
    warm_up : int
        Minibatches trained before.
    epochs : int
        Trained for the error table; 0 leaves it out.
    samples : int
        Training samples: an epoch's length, and what made-up data hold.
    """

    data_dir: str | None = None
    threads: tuple[int, ...] = (1, 2)
    rounds: int = 15
    shallow_block: int = 50
    deep_block: int = 3
    warm_up: int = 400
    epochs: int = 5
    samples: int = 60_000
    batch: int = 20
    seed: int = 0


SMOKE = Config(threads=(1,), rounds=2, shallow_block=2, deep_block=1, warm_up=2, epochs=0, samples=400)


@dataclass(frozen=True)
class Record:
    """Everything a run measured, and on what."""

    config: Config
    data: str
    machine: dict[str, str | int]
    versions: dict[str, str]
    load_before: float
    load_after: float
    rows: tuple[Row, ...] = field(default=())


def run(config: Config) -> Record:
    """Measure with every number of threads, then memory and errors, each in a process of its own."""
    before = os.getloadavg()[0]
    rows: list[Row] = []
    for threads in config.threads:
        rows += _in_process("speed", config, threads)
    rows += _in_process("memory", config, 1)
    if config.epochs:
        rows += _in_process("errors", config, 1)
    names = ["analogeq", "numpy", "scipy", *(["numba"] if _has_numba() else [])]
    return Record(
        config=replace(config, data_dir=config.data_dir and "MNIST"),  # where it lay is nobody's business
        data="MNIST, the files' own split" if config.data_dir else _data(config).source,
        machine=_machine(),
        versions={"python": platform.python_version()} | {name: metadata.version(name) for name in names},
        load_before=before,
        load_after=os.getloadavg()[0],
        rows=tuple(rows),
    )


def _in_process(part: str, config: Config, threads: int) -> list[Row]:
    shown = {f"{name}_NUM_THREADS": str(threads) for name in ("OPENBLAS", "OMP", "NUMBA")}
    env = {k: v for k, v in os.environ.items() if k not in TUNING} | shown
    command = [sys.executable, str(Path(__file__)), "--part", part, "--threads", str(threads), "--config", "-"]
    done = subprocess.run(  # noqa: S603  this file, with the interpreter that runs it
        command, env=env, input=json.dumps(asdict(config)), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{part} with {threads} threads failed:\n{done.stderr}")
    again = " ".join(["env", *(f"-u {n}" for n in TUNING), "python sim/bench_training.py", f"--threads {threads}"])
    again += " --data-dir MNIST" if config.data_dir else ""
    return [Row(**{**row, "command": again}) for row in json.loads(done.stdout)]


def _speed(config: Config, threads: int) -> list[Row]:
    data, marks = _data(config), f"{threads} thread" + "s" * (threads > 1)
    rows: list[Row] = []
    shallow = _shallow_cases(config, data, threads)
    times = seconds_in_turn(shallow, config.rounds, config.shallow_block)
    rows += _epochs("784-500-10", times, config, marks)
    rows += [
        _ratio(f"784-500-10 plain, 20 + 4 Euler steps, {marks}", times, "plain", 2.0),
        _ratio(f"784-500-10 initialised, 20 + 4 Euler steps, {marks}", times, "initialised", 3.0),
        _ratio(f"784-500-10 initialised, fastest settling, {marks}", times, "initialised, fastest", None),
        _ratio(f"784-500-10 plain without numba, {marks}", times, "plain, numpy", None),
    ]
    steps = _trainer(config, data, DEEP, threads)
    fastest = _trainer(config, data, DEEP, threads, fastest=True)
    _warm(fastest, config)
    steps.circuit.flat[:], steps.copy.flat[:] = fastest.circuit.flat, fastest.copy.flat
    steps.circuit.biases[:], steps.copy.biases[:] = fastest.circuit.biases, fastest.copy.biases
    fastest.match()
    rows += _left(fastest, data, marks)
    deep = _backpropagations(config, data, DEEP, threads)
    deep |= {"initialised": _minibatches(steps), "initialised, fastest": _minibatches(fastest)}
    times = seconds_in_turn(deep, config.rounds, config.deep_block)
    rows += _epochs("784-500-500-500-10", times, config, marks)
    rows += [
        _ratio(f"784-500-500-500-10 initialised, 50 + 8 Euler steps, {marks}", times, "initialised", 28.0),
        _ratio(f"784-500-500-500-10 initialised, fastest settling, {marks}", times, "initialised, fastest", 8.0),
    ]
    return rows


def _shallow_cases(config: Config, data: Dataset, threads: int) -> dict[str, Callable[[int], None]]:
    cases = _backpropagations(config, data, SHALLOW, threads)
    trainers = {
        "plain": _trainer(config, data, SHALLOW, threads, initialise=False),
        "initialised": _trainer(config, data, SHALLOW, threads),
        "initialised, fastest": _trainer(config, data, SHALLOW, threads, fastest=True),
        "plain, numpy": _trainer(config, data, SHALLOW, threads, initialise=False, compiled=False),
    }
    for trainer in trainers.values():
        _warm(trainer, config)
    return cases | {name: _minibatches(trainer) for name, trainer in trainers.items()}


def _trainer(
    config: Config,
    data: Dataset,
    sizes: tuple[int, ...],
    threads: int,
    *,
    initialise: bool = True,
    fastest: bool = False,
    compiled: bool | None = None,
) -> DigitalTrainer:
    deep = sizes == DEEP
    free, nudged = (25.0, 4.0) if deep else (10.0, 2.0)
    training = TrainingConfig(
        epochs=max(config.epochs, 1),
        batch_size=config.batch,
        rates=(0.128, 0.032, 0.008, 0.002) if deep else (0.1, 0.05),
        schedule=Schedule(beta=0.5, tether=0.1 if initialise else 0.0, free_time=free, nudged_time=nudged),
        initialise=initialise,
        scale=0.5 if deep else 1.0,  # with Glorot's own limits four layers saturate before they learn
        seed=config.seed,
    )
    settings = DigitalSettings(fastest=fastest, compiled=compiled, threads=threads)
    return DigitalTrainer(Network.layered(sizes), data, training, settings)


def _warm(trainer: DigitalTrainer, config: Config) -> None:
    do = _minibatches(trainer)
    for k in range(config.warm_up):
        do(k)


def _minibatches(trainer: DigitalTrainer) -> Callable[[int], None]:
    size = trainer.config.batch_size
    order, signs = plan_epoch(trainer.config, 0, len(trainer.data.x_train))

    def one(k: int) -> None:
        at = k % (len(order) // size)
        trainer.train_minibatch(order[at * size : (at + 1) * size], float(signs[at]))

    return one


def _backpropagations(
    config: Config, data: Dataset, sizes: tuple[int, ...], threads: int
) -> dict[str, Callable[[int], None]]:
    targets = data.targets(data.y_train)

    def case(*, compiled: bool) -> Callable[[int], None]:
        # A trainer's own first weights, so that both sides start alike; it is not used otherwise.
        weights, rates = _trainer(config, data, sizes, threads).copy, (0.1,) * (len(sizes) - 1)
        calculate = choose_arithmetic(compiled=compiled, threads=threads)
        order = np.random.default_rng(config.seed).permutation(len(data.x_train))

        def one(k: int) -> None:
            at = k % (len(order) // config.batch) * config.batch
            chosen = order[at : at + config.batch]
            descend(calculate, weights, data.x_train[chosen], targets[chosen], rates)

        for k in range(min(config.warm_up, 20)):  # its time does not depend on how saturated neurons are
            one(k)
        return one

    kinds = {"backpropagation, BLAS": False} | ({"backpropagation, compiled": True} if _has_numba() else {})
    return {name: case(compiled=compiled) for name, compiled in kinds.items()}


def _epochs(net: str, times: dict[str, np.ndarray], config: Config, marks: str) -> list[Row]:
    n = -(-config.samples // config.batch)
    return [recorded(f"{net} {k}, {marks}, epoch", float(np.median(t)) * n, "s", "") for k, t in times.items()]


def _ratio(name: str, times: dict[str, np.ndarray], case: str, target: float | None) -> Row:
    quicker = min((t for k, t in times.items() if k.startswith("backpropagation")), key=lambda t: float(np.median(t)))
    value, name = float(np.median(times[case] / quicker)), f"{name}, epoch to backpropagation"
    return recorded(name, value, "x", "") if target is None else at_most(name, value, "x", target, "")


def _left(trainer: DigitalTrainer, data: Dataset, marks: str) -> list[Row]:
    """How far from equilibrium steps and sweeps stop, on test samples that chose nothing."""
    some = slice(0, 200)
    ends = distances_left(trainer, data.x_test[some], data.targets(data.y_test[some]), epsilon=0.5)
    net = "-".join(map(str, DEEP))
    return [
        recorded(f"{net} {one.phase}, {one.count} {one.kind}, {marks}: distance left", one.distance, "signal", "")
        for one in ends
    ]


def _memory(config: Config) -> list[Row]:
    trainer = _trainer(config, _data(config), SHALLOW, 1)
    trainer.run_epoch()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return [at_most("peak memory, data loaded and one epoch of 784-500-10", peak, "GB", 1.0, "")]


def _errors(config: Config) -> list[Row]:
    rows = []
    for name, fastest in (("Euler steps", False), ("fastest settling", True)):
        trainer = _trainer(config, _data(config), SHALLOW, 1, fastest=fastest)
        for record in trainer.run().history:
            at = f"784-500-10 initialised, {name}, after epoch {record.epoch}"
            for what, value in (("copy", record.copy_test_error), ("settled", record.settled_test_error)):
                if value is not None:
                    rows.append(recorded(f"{at}: test error, {what}", value, "%", ""))
    return rows


def _data(config: Config) -> Dataset:
    if config.data_dir is not None:
        return load("mnist", data_dir=config.data_dir, dtype=np.float32)
    return stand_in(config.samples, config.seed)


def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


def _machine() -> dict[str, str | int]:
    """Say what was measured on; real-time scheduling keeps other programs of a busy machine from cutting in."""
    urgent = os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)
    scheduling = "real time" if urgent else "normal"
    return {
        "cpu": processor_name(),
        "cores": os.cpu_count() or 1,
        "system": platform.platform(),
        "scheduling": scheduling,
    }


def table(record: Record) -> str:
    """Show the rows in Markdown."""
    lines = ["| case | value | target | met |", "| --- | --- | --- | --- |"]
    for row in record.rows:
        met = "" if row.met is None else "yes" if row.met else "no"
        lines.append(f"| {row.case} | {row.value:.3g} {row.unit} | {row.target} | {met} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder of MNIST's IDX files; made-up samples without it")
    parser.add_argument("--threads", type=int, nargs="+", help="numbers of threads (default: 1 2)")
    parser.add_argument("--smoke", action="store_true", help="everything once, in seconds; its figures mean nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--config", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        config = Config(**json.load(sys.stdin))
        print(json.dumps([asdict(row) for row in PARTS[given.part](config, given.threads[0])]))
        return
    changes = {"data_dir": given.data_dir} | ({"threads": tuple(given.threads)} if given.threads else {})
    base = asdict(SMOKE if given.smoke else Config())
    record = run(Config(**base | changes))
    text = json.dumps(asdict(record), indent=1)
    if given.output:
        given.output.write_text(text + "\n", encoding="utf-8")
    print(text if given.json else table(record))


PARTS: dict[str, Callable[[Config, int], list[Row]]] = {
    "speed": _speed,
    "memory": lambda config, _: _memory(config),
    "errors": lambda config, _: _errors(config),
}

if __name__ == "__main__":
    main()
