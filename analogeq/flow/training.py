"""Training, evaluation and settling as whole commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive
from analogeq.controller import Controller
from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.engines import OperatingPoint, engine
from analogeq.errors import CheckpointError, InputError
from analogeq.flow.runs import DataSource, Run, describe_run
from analogeq.network import Parameters
from analogeq.training import (
    EpochRecord,
    Progress,
    Trainer,
    TrainingConfig,
    copy_error,
    error_percent,
    settled_signals,
)


@dataclass(frozen=True, eq=False)
class Trained:
    """A finished training and what it measured last."""

    folder: Path
    circuit: Circuit
    parameters: Parameters
    copy: FeedforwardCopy
    history: tuple[EpochRecord, ...]

    def as_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        last = self.history[-1]
        return {
            "folder": str(self.folder),
            "epochs": last.epoch,
            "copy_test_error": last.copy_test_error,
            "settled_test_error": last.settled_test_error,
            "gap": last.gap,
            "clipped": sum(r.clipped for r in self.history),
            "seconds": sum(r.seconds for r in self.history),
        }


@dataclass(frozen=True)
class Settler:
    """Which engine settles, and with how many workers."""

    name: str = "native"
    workers: int | None = None


def train(
    circuit: Circuit,
    source: DataSource,
    data: Dataset,
    config: TrainingConfig,
    folder: Path,
    *,
    settler: Settler | None = None,
    progress: Progress | None = None,
    resume: bool = False,
) -> Trained:
    """Train into ``folder``; with ``resume``, go on where its checkpoint stands.

    Raises
    ------
    CheckpointError
        If ``folder`` holds a run already and ``resume`` is not set, or there is nothing to resume.
    """
    settler = settler or Settler()
    if not resume and (folder / "checkpoint.npz").exists():
        raise CheckpointError(f"{folder}: holds a run already; go on with --resume, or choose another --output")
    with engine(settler.name, workers=settler.workers).open(circuit) as session:
        trainer = Trainer(session, data, config, folder=folder, progress=progress)
        if resume:
            trainer.resume()
        describe_run(folder, circuit, source, config, settler.name)
        result = trainer.run()
    return Trained(folder, circuit, result.circuit, result.copy, result.history)


@dataclass(frozen=True)
class Evaluation:
    """Errors of a run on its test samples, in percent.

    Attributes
    ----------
    copy_test_error : float
        Of the feedforward copy alone (Algorithm 2).
    settled_test_error : float
        Of the copy followed by settling (Algorithm 3).
    agreement : float
        Percentage of samples on which both choose the same class.
    gap : float
        Mean absolute difference between copy and settled circuit, in signals.
    """

    engine: str
    samples: int
    copy_test_error: float
    settled_test_error: float
    agreement: float
    gap: float


def evaluate(run: Run | Trained, data: Dataset, settler: Settler, config: TrainingConfig) -> Evaluation:
    """Measure a run's copy and circuit on the test samples."""
    signals = settle_signals(run, data.x_test, settler, config)
    predicted = run.copy.predict(data.x_test)
    outputs = run.circuit.network.outputs
    same = np.argmax(signals[:, outputs], axis=1) == np.argmax(predicted[:, outputs], axis=1)
    return Evaluation(
        engine=settler.name,
        samples=len(data.x_test),
        copy_test_error=copy_error(run.copy, data.x_test, data.y_test),
        settled_test_error=error_percent(signals[:, outputs], data.y_test),
        agreement=100.0 * float(np.mean(same)),
        gap=float(np.abs(signals - predicted).mean()),
    )


def settle_signals(
    run: Run | Trained, inputs: NDArray[np.floating], settler: Settler, config: TrainingConfig
) -> NDArray[np.floating]:
    """Signals of all neurons after the free phase of a run's schedule, shape (sample, node)."""
    with engine(settler.name, workers=settler.workers).open(run.circuit) as session:
        controller = Controller(session, config.schedule)
        controller.program(run.parameters)
        return settled_signals(controller, run.copy, inputs, initialise=config.initialise)


def settle_one(
    circuit: Circuit, parameters: Parameters, inputs: NDArray[np.floating], settler: Settler
) -> OperatingPoint:
    """Settle input signals, shape (batch, input), from zero to the equilibrium."""
    if inputs.shape[1] != circuit.network.n_inputs:
        raise InputError(f"inputs: {inputs.shape[1]} values, the network has {circuit.network.n_inputs} inputs")
    with engine(settler.name, workers=settler.workers).open(circuit) as session:
        session.program(circuit.program(parameters))
        return session.settle(Drive(inputs * circuit.technology.rail))
