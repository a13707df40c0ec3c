"""Training a circuit and its copy, epoch by epoch; what a minibatch does is the learner's."""

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
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.errors import AnalogeqError, CheckpointError, InputError
from analogeq.files import write_text_atomically
from analogeq.network import Network, Parameters
from analogeq.training.checkpoint import Checkpoint, load_checkpoint
from analogeq.training.evaluate import copy_error, error_percent
from analogeq.training.learner import Tally, Teaching
from analogeq.training.progress import Progress, Silent

S = TypeVar("S")

CHECKPOINT_SECONDS = 60.0


class TrainingInterruptedError(AnalogeqError):
    """The user asked for a stop; the checkpoint is written."""

    exit_code = 130


@dataclass(frozen=True)
class EpochRecord:
    """One line of the history.

    Errors are in percent of the test samples; ``settled_test_error`` is None in epochs that did not measure it.
    ``gap`` is the mean absolute difference between copy and settled circuit over the training
    samples of the epoch, in signals; ``clipped`` counts updates that hit a device's range (in resistive
    circuits, conductances that a step left at an end of theirs, those that stay there included);
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
        An open circuit, of whatever engine and family.
    data : Dataset
    config : TrainingConfig or ResistiveTrainingConfig
        Of the circuit's family.
    folder : Path, optional
        Where checkpoint.npz and history.jsonl are kept; nothing is written without it.
    progress : Progress, optional
    on_epoch : callable, optional
        Called with every `EpochRecord`.
    """

    def __init__(
        self,
        session: S,
        data: Dataset,
        config: Teaching[S],
        *,
        folder: Path | None = None,
        progress: Progress | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
    ) -> None:
        self.learner = config.learner(session, np.dtype(data.x_train.dtype).type)
        check_fit(self.learner.network, data, self.learner.n_signals)
        self.data = data
        self.config = config
        self.folder = folder
        self.progress = progress or Silent()
        self.on_epoch = on_epoch
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
        found = load_checkpoint(self.folder / "checkpoint.npz", self.learner.network, self.learner.wiring)
        if found.fingerprint != self._fingerprint:
            raise CheckpointError(
                f"{self.folder / 'checkpoint.npz'}: made with another config or dataset; "
                "use the same ones, or another folder"
            )
        self.learner.restore(found.learned)
        self.epoch, self.batch = found.epoch, found.batch
        self.history = read_history(self.folder / "history.jsonl")[: self.epoch]

    def run(self) -> TrainingResult:
        """Train up to the config's epochs; a Ctrl-C saves and raises `TrainingInterruptedError`."""
        with stop_request() as stop:
            while self.epoch < self.config.epochs:
                self._run_epoch(stop)
        return TrainingResult(self.learner.parameters, self.learner.copy, tuple(self.history))

    def _run_epoch(self, stop: threading.Event) -> None:
        began = time.perf_counter()
        order, signs = plan_epoch(self.config, self.epoch, len(self.data.x_train))
        size = self.config.batch_size
        tallies: list[Tally] = []
        self.learner.begin_epoch(self.epoch)
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

    def train_minibatch(self, chosen: NDArray[np.intp], sign: float) -> Tally:
        """Run the phases on the chosen samples and move both sets of weights."""
        inputs = self.data.x_train[chosen]
        inputs.setflags(write=False)
        return self.learner.learn(inputs, self._targets[chosen], sign)

    def _finish_epoch(self, tallies: list[Tally], seconds: float) -> None:
        gaps, clipped, residuals = zip(*tallies, strict=True) if tallies else ((0.0,), (0,), (0.0,))
        record = EpochRecord(
            epoch=self.epoch,
            copy_test_error=copy_error(self.learner.copy, self.data.x_test, self.data.y_test),
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
        settled = self.learner.settled(self.data.x_test)
        return error_percent(self.learner.outputs(settled), self.data.y_test)

    def save(self) -> None:
        """Write checkpoint and history, if the run has a folder."""
        self._saved_at = time.monotonic()
        if self.folder is None:
            return
        checkpoint = Checkpoint(self.learner.learned(), self.epoch, self.batch, self._fingerprint)
        checkpoint.save(self.folder / "checkpoint.npz")
        lines = [json.dumps(asdict(record)) for record in self.history]
        write_text_atomically(self.folder / "history.jsonl", "".join(line + "\n" for line in lines))


def plan_epoch(config: Teaching[S], epoch: int, n_samples: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw the order of an epoch's samples and the sign of each minibatch's nudge; both follow from the seed.

    Samples taken as stored meet the same signs as shuffled ones.
    """
    rng = np.random.default_rng((config.seed, epoch))
    drawn = rng.permutation(n_samples)
    order = drawn if config.order == "shuffled" else np.arange(n_samples)
    n_batches = -(-n_samples // config.batch_size)
    return order, rng.choice(np.array([-1.0, 1.0]), n_batches)


def check_fit(network: Network, data: Dataset, n_signals: int) -> None:
    """Refuse a dataset that does not fit the network's inputs and its ``n_signals`` output signals."""
    if network.n_inputs != data.n_inputs:
        raise InputError(
            f"dataset {data.name}: {data.n_inputs} inputs, the network has {network.n_inputs}; "
            f"build the network with {data.n_inputs} inputs"
        )
    if n_signals != data.n_classes:
        needed = data.n_classes * network.n_outputs // n_signals
        raise InputError(
            f"dataset {data.name}: {data.n_classes} classes, the network reads {n_signals} outputs; "
            f"build the network with {needed} output nodes"
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
    try:
        return [EpochRecord(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (ValueError, TypeError) as damage:
        raise CheckpointError(f"{path}: damaged ({damage}); remove the lines that are no epochs") from damage


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
