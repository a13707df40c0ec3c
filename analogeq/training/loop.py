"""Initialized Equilibrium Propagation, minibatch by minibatch (Algorithm 1 of O'Connor et al. 2019)."""

from __future__ import annotations

import hashlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import numpy as np
from numpy.typing import NDArray

from analogeq.controller import Controller
from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.engines import Session
from analogeq.errors import AnalogeqError, CheckpointError, InputError
from analogeq.files import write_text_atomically
from analogeq.learning import Descent, contrastive_gradient
from analogeq.network import Network, Parameters, glorot_uniform
from analogeq.training.checkpoint import Checkpoint, load_checkpoint
from analogeq.training.config import TrainingConfig
from analogeq.training.evaluate import copy_error, settled_error
from analogeq.training.progress import Progress, Silent

CHECKPOINT_SECONDS = 60.0


class TrainingInterruptedError(AnalogeqError):
    """The user asked for a stop; the checkpoint is written."""

    exit_code = 130


@dataclass(frozen=True)
class EpochRecord:
    """One line of the history.

    Errors are in percent of the test samples; ``settled_test_error`` is None in epochs that did not measure it.
    ``gap`` is the mean absolute difference between copy and settled circuit over the training
    samples of the epoch, in signals; ``clipped`` counts updates that hit a device's range;
    ``kirchhoff_residual`` [A] is the median over the epoch's free phases, near zero only where the
    phase was long enough to settle.
    """

    epoch: int
    copy_test_error: float
    settled_test_error: float | None
    gap: float
    clipped: int
    kirchhoff_residual: float
    samples: int
    seconds: float


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a finished run hands over."""

    circuit: Parameters
    copy: FeedforwardCopy
    history: tuple[EpochRecord, ...]


class Trainer:
    """Trains the circuit behind a session, and its feedforward copy.

    Parameters
    ----------
    session : Session
        An open circuit, of whatever engine.
    data : Dataset
    config : TrainingConfig
    folder : Path, optional
        Where checkpoint.npz and history.jsonl are kept; nothing is written without it.
    progress : Progress, optional
    on_epoch : callable, optional
        Called with every `EpochRecord`.
    """

    def __init__(
        self,
        session: Session,
        data: Dataset,
        config: TrainingConfig,
        *,
        folder: Path | None = None,
        progress: Progress | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
    ) -> None:
        self.network = session.circuit.network
        check_fit(self.network, data)
        self.data = data
        self.config = config
        self.folder = folder
        self.progress = progress or Silent()
        self.on_epoch = on_epoch
        self.controller = Controller(session, config.schedule)
        dtype = np.dtype(data.x_train.dtype).type
        for_circuit, for_copy = np.random.SeedSequence(config.seed).spawn(2)
        self.parameters = glorot_uniform(
            self.network, np.random.default_rng(for_circuit), scale=config.scale, dtype=dtype
        )
        drawn = glorot_uniform(self.network, np.random.default_rng(for_copy), scale=config.scale, dtype=dtype)
        self.copy = FeedforwardCopy(self.network, drawn)
        limit = session.circuit.technology.weight_limit
        self._descent = Descent(self.network, config.rates, limit=limit, momentum=config.momentum)
        self._copy_descent = Descent(self.network, config.copy_rates or config.rates, momentum=config.momentum)
        self._targets = data.targets(data.y_train)
        self._fingerprint = f"{config.fingerprint()}-{data_fingerprint(data)}"
        self.epoch, self.batch = 0, 0
        self.history: list[EpochRecord] = []
        self._saved_at = time.monotonic()

    def resume(self) -> None:
        """Go on where the folder's checkpoint stands.

        Raises
        ------
        CheckpointError
            If there is none, it is damaged, or it belongs to another config or dataset.
        """
        if self.folder is None:
            raise CheckpointError("resume: this run has no folder; give one")
        found = load_checkpoint(self.folder / "checkpoint.npz", self.network)
        if found.fingerprint != self._fingerprint:
            raise CheckpointError(
                f"{self.folder / 'checkpoint.npz'}: made with another config or dataset; "
                "use the same ones, or another folder"
            )
        self.parameters, self.epoch, self.batch = found.circuit, found.epoch, found.batch
        self.copy = FeedforwardCopy(self.network, found.copy)
        self._descent.velocity, self._copy_descent.velocity = found.circuit_velocity, found.copy_velocity
        self.history = read_history(self.folder / "history.jsonl")[: self.epoch]

    def run(self) -> TrainingResult:
        """Train up to the config's epochs; a Ctrl-C saves and raises `TrainingInterruptedError`."""
        with stop_request() as stop:
            while self.epoch < self.config.epochs:
                self._run_epoch(stop)
        return TrainingResult(self.parameters, self.copy, tuple(self.history))

    def _run_epoch(self, stop: threading.Event) -> None:
        began = time.perf_counter()
        order, signs = plan_epoch(self.config, self.epoch, len(self.data.x_train))
        size = self.config.batch_size
        tallies: list[tuple[float, int, float]] = []
        self.progress.start_epoch(self.epoch, self.config.epochs, len(signs))
        for number in range(self.batch, len(signs)):
            tallies.append(self.train_minibatch(order[number * size : (number + 1) * size], float(signs[number])))
            self.batch = number + 1
            self.progress.step(self.batch)
            if stop.is_set():
                self.save()
                raise TrainingInterruptedError(
                    f"stopped after minibatch {self.batch} of epoch {self.epoch + 1}; state saved"
                )
            if time.monotonic() - self._saved_at > CHECKPOINT_SECONDS:
                self.save()
        self.epoch, self.batch = self.epoch + 1, 0
        self._finish_epoch(tallies, time.perf_counter() - began)

    def train_minibatch(self, chosen: NDArray[np.intp], sign: float) -> tuple[float, int, float]:
        """Run the phases on the chosen samples and move both sets of weights.

        Returns
        -------
        gap, clipped, residual : float, int, float
            As in `EpochRecord`, of this minibatch.
        """
        inputs, targets = self.data.x_train[chosen], self._targets[chosen]
        inputs.setflags(write=False)
        forward = self.copy.forward(inputs)
        prediction = forward[0]
        self.controller.program(self.parameters)
        pair = self.controller.run(inputs, targets, prediction if self.config.initialise else None, sign=sign)
        gradient = contrastive_gradient(self.network, pair.inputs, pair.first, pair.second, pair.span)
        clipped = self._descent.step(self.parameters, gradient)
        self._copy_descent.step(self.copy.parameters, self.copy.local_gradient(inputs, pair.free, forward))
        return float(np.abs(prediction - pair.free).mean()), clipped, float(np.median(pair.points[0].kcl_residual))

    def _finish_epoch(self, tallies: list[tuple[float, int, float]], seconds: float) -> None:
        gaps, clipped, residuals = zip(*tallies, strict=True) if tallies else ((0.0,), (0,), (0.0,))
        record = EpochRecord(
            epoch=self.epoch,
            copy_test_error=copy_error(self.copy, self.data.x_test, self.data.y_test),
            settled_test_error=self._settled_error() if self._measures_settled() else None,
            gap=float(np.mean(gaps)),
            clipped=sum(clipped),
            kirchhoff_residual=float(np.median(residuals)),
            samples=len(self.data.x_train),
            seconds=seconds,
        )
        self.history.append(record)
        self.save()
        self.progress.finish_epoch(record.epoch, record.copy_test_error, record.settled_test_error)
        if self.on_epoch is not None:
            self.on_epoch(record)

    def _measures_settled(self) -> bool:
        every = self.config.evaluate_settled_every
        return self.epoch == self.config.epochs or (every > 0 and self.epoch % every == 0)

    def _settled_error(self) -> float:
        self.controller.program(self.parameters)
        return settled_error(
            self.controller, self.copy, self.data.x_test, self.data.y_test, initialise=self.config.initialise
        )

    def save(self) -> None:
        """Write checkpoint and history, if the run has a folder."""
        self._saved_at = time.monotonic()
        if self.folder is None:
            return
        Checkpoint(
            self.parameters,
            self.copy.parameters,
            self._descent.velocity,
            self._copy_descent.velocity,
            self.epoch,
            self.batch,
            self._fingerprint,
        ).save(self.folder / "checkpoint.npz")
        lines = [json.dumps(asdict(record)) for record in self.history]
        write_text_atomically(self.folder / "history.jsonl", "".join(line + "\n" for line in lines))


def plan_epoch(config: TrainingConfig, epoch: int, n_samples: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw the order of an epoch's samples and the sign of each minibatch's nudge; both follow from the seed."""
    rng = np.random.default_rng((config.seed, epoch))
    order = rng.permutation(n_samples)
    n_batches = -(-n_samples // config.batch_size)
    return order, rng.choice(np.array([-1.0, 1.0]), n_batches)


def check_fit(network: Network, data: Dataset) -> None:
    """Refuse a dataset that does not fit the network's inputs and outputs."""
    if network.n_inputs != data.n_inputs:
        raise InputError(
            f"dataset {data.name}: {data.n_inputs} inputs, the network has {network.n_inputs}; "
            f"build the network with {data.n_inputs} inputs"
        )
    if network.n_outputs != data.n_classes:
        raise InputError(
            f"dataset {data.name}: {data.n_classes} classes, the network has {network.n_outputs} outputs; "
            f"build the network with {data.n_classes} outputs"
        )


def data_fingerprint(data: Dataset) -> str:
    """Identify the training samples and their order."""
    digest = hashlib.sha256(np.ascontiguousarray(data.x_train).tobytes())
    digest.update(np.ascontiguousarray(data.y_train).tobytes())
    return digest.hexdigest()[:16]


def read_history(path: Path) -> list[EpochRecord]:
    """Read history.jsonl; an absent file is an empty history."""
    if not path.exists():
        return []
    return [EpochRecord(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


@contextmanager
def stop_request() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a flag; the second interrupts at once. Outside the main thread it never sets."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  the handler's fixed signature
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
