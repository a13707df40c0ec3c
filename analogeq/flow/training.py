"""Training, evaluation and settling as whole commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.engines import OperatingPoint
from analogeq.errors import CheckpointError, InputError
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler, check_family, presented, programmed
from analogeq.flow.runs import DataSource, Run, check_same_circuit, describe_run
from analogeq.hardware.memory import DeviceState
from analogeq.network import Parameters
from analogeq.training import EpochRecord, Learned, Learner, Progress, Trainer, copy_error, error_percent


@dataclass(frozen=True, eq=False)
class Trained:
    """A finished training and what it measured last."""

    folder: Path
    circuit: AnyCircuit
    parameters: Parameters
    copy: FeedforwardCopy
    history: tuple[EpochRecord, ...]
    devices: DeviceState | None = None

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


def train(
    circuit: AnyCircuit,
    source: DataSource,
    data: Dataset,
    config: AnyConfig,
    folder: Path,
    *,
    settler: Settler | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    command: str = "",
) -> Trained:
    """Train into ``folder``; with ``resume``, go on where its checkpoint stands. ``command`` is kept with the run.

    Raises
    ------
    CheckpointError
        If ``folder`` holds a run already and ``resume`` is not set, or there is nothing to resume.
    """
    settler = settler or Settler()
    if not resume and (folder / "checkpoint.npz").exists():
        raise CheckpointError(f"{folder}: holds a run already; go on with --resume, or choose another --output")
    check_family(circuit, config)
    if resume:
        check_same_circuit(folder, circuit)
    with settler.open(circuit) as session:
        trainer = Trainer(session, data, config, folder=folder, progress=progress)
        if resume:
            trainer.resume()
        describe_run(folder, circuit, source, config, settler.name, command)
        result = trainer.run()
    devices = trainer.learner.learned().devices
    return Trained(folder, circuit, result.circuit, result.copy, result.history, devices)


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


def evaluate(run: Run | Trained, data: Dataset, settler: Settler, config: AnyConfig) -> Evaluation:
    """Measure a run's copy and circuit on the test samples."""
    learner: Learner
    with settler.open(run.circuit) as session:
        learner = config.learner(session, np.dtype(data.x_test.dtype).type)
        learner.restore(Learned(run.parameters, run.copy.parameters, devices=run.devices))
        settled = learner.settled(data.x_test)
    read, alone = learner.outputs(settled), run.copy.outputs(data.x_test)
    return Evaluation(
        engine=settler.name,
        samples=len(data.x_test),
        copy_test_error=copy_error(run.copy, data.x_test, data.y_test),
        settled_test_error=error_percent(read, data.y_test),
        agreement=100.0 * float(np.mean(np.argmax(read, axis=1) == np.argmax(alone, axis=1))),
        gap=float(np.abs(settled - run.copy.predict(data.x_test)).mean()),
    )


def settle_one(
    circuit: AnyCircuit, parameters: Parameters, inputs: NDArray[np.floating], settler: Settler
) -> OperatingPoint:
    """Settle input signals, shape (batch, input), from zero to the equilibrium."""
    if inputs.shape[1] != circuit.network.n_inputs:
        raise InputError(f"inputs: {inputs.shape[1]} values, the network has {circuit.network.n_inputs} inputs")
    with settler.open(circuit) as session:
        session.program(programmed(circuit, parameters))
        point: OperatingPoint = session.settle(presented(circuit, inputs))
        return point
