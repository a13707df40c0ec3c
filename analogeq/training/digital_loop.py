"""Equilibrium propagation trained without a circuit, as fast as the machine does it.

The phases are those of the papers' own code, synchronous Euler steps, or the fastest way to the same
equilibrium; order of samples, first weights and signs of the nudges are those of `Trainer` for the
same seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.digital.adaptive import AdaptiveSteps
from analogeq.digital.arithmetic import Arithmetic, choose_arithmetic
from analogeq.digital.layered import EulerSteps, Forward, Pull, Settling, feed_forward, pull_of, settle
from analogeq.digital.matching import Match, match_steps
from analogeq.digital.weights import LayeredWeights
from analogeq.errors import CheckpointError, InputError
from analogeq.learning.descent import Ceiling
from analogeq.learning.in_place import descend_contrast, descend_locally, project_locally, shrink
from analogeq.network import Network, glorot_uniform
from analogeq.network.network import Floats
from analogeq.training.config import TrainingConfig
from analogeq.training.digital_checkpoint import DigitalCheckpoint, load_digital_checkpoint
from analogeq.training.digital_records import DigitalEpoch, DigitalResult, DigitalSettings, Tally
from analogeq.training.evaluate import error_percent
from analogeq.training.loop import check_fit, data_fingerprint, plan_epoch

PROBE = 60
"""Training samples on which the quickest settling is looked for."""


class DigitalTrainer:
    """Trains a layered network by equilibrium propagation, and its feedforward copy.

    Without ``config.initialise`` this is plain equilibrium propagation and no copy is trained.

    Parameters
    ----------
    network : Network
        Fully connected layer by layer.
    data : Dataset
        Its dtype is that of the whole calculation; float32 is twice as fast.
    config : TrainingConfig
        Momentum must be 0.
    settings : DigitalSettings, optional
    on_epoch : callable, optional
        Called with every `DigitalEpoch`.
    """

    def __init__(
        self,
        network: Network,
        data: Dataset,
        config: TrainingConfig,
        settings: DigitalSettings | None = None,
        *,
        on_epoch: Callable[[DigitalEpoch], None] | None = None,
    ) -> None:
        check_fit(network, data, network.n_outputs)
        self.network, self.data, self.config = network, data, config
        self.settings = settings or DigitalSettings()
        self.on_epoch = on_epoch
        self._check()
        self.arithmetic: Arithmetic = choose_arithmetic(compiled=self.settings.compiled, threads=self.settings.threads)
        dtype = np.dtype(data.x_train.dtype).type
        draws = [np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(2)]
        self.circuit, self.copy = (
            LayeredWeights(network, glorot_uniform(network, rng, scale=config.scale, dtype=dtype)) for rng in draws
        )
        bounded = np.isfinite(self.settings.limit)
        self._ceilings = [Ceiling(self.settings.limit) for _ in range(len(network.blocks) + 1)] if bounded else []
        self.free: Settling = self._phase(config.schedule.free_time)
        self.fresh: Settling = self.free
        n_kept = len(data.x_train) if self.settings.keep_states else 0
        self.kept: Floats = np.zeros((n_kept, network.n_nodes), dtype=dtype)
        self.nudged: dict[float, Settling] = {b: self._phase(config.schedule.nudged_time) for b in self._betas()}
        self._trained, self._match_at = 0, 0
        self._targets = data.targets(data.y_train)
        self.epoch = 0
        self.history: list[DigitalEpoch] = []

    def _check(self) -> None:
        layers = len(self.network.layers)
        for name, rates in (("rates", self.config.rates), ("copy_rates", self.config.copy_rates)):
            if rates is not None and len(rates) != layers:
                raise InputError(
                    f"{name} {rates}: {len(rates)} for {layers} layers; give one for each after the inputs"
                )
        if self.config.momentum != 0.0:
            raise InputError(f"momentum {self.config.momentum}: updates go straight into the weights; use Trainer")
        if self.settings.keep_states and self.config.initialise:
            raise InputError(
                "keep_states: with a copy, a free phase starts where the copy predicts; "
                "give initialise=False, or leave keep_states out"
            )
        if self.config.copy_activation != "hard-sigmoid":
            raise InputError(
                f"copy_activation {self.config.copy_activation!r}: digital phases clip at the rails, and so does their "
                "copy; leave it out, or train a circuit with diodes with Trainer"
            )

    def _phase(self, duration: float | None) -> Settling:
        if self.settings.tolerance is None or duration is None:
            return self._steps(duration)
        return AdaptiveSteps(duration, self.settings.tolerance)

    def _steps(self, duration: float | None) -> EulerSteps:
        if duration is None:
            raise InputError("schedule: a digital phase is a number of steps; give free_time and nudged_time")
        return EulerSteps(max(1, round(duration / self.settings.epsilon)), self.settings.epsilon)

    def _betas(self) -> tuple[float, ...]:
        beta = self.config.schedule.beta
        return (beta,) if self.config.schedule.nudging == "one-sided" else (beta, -beta)

    def run(self, checkpoint: Path | None = None) -> DigitalResult:
        """Train up to the config's epochs.

        Parameters
        ----------
        checkpoint : Path, optional
            A .npz to go on from where it exists; written after every epoch.
        """
        if checkpoint is not None and checkpoint.exists():
            self.resume(checkpoint)
        while self.epoch < self.config.epochs:
            self.run_epoch()
            if checkpoint is not None:
                self.save(checkpoint)
        return DigitalResult(self.circuit.parameters(), self.feedforward_copy(), tuple(self.history))

    def feedforward_copy(self) -> FeedforwardCopy | None:
        """The copy as it stands, sharing no memory; None where none is trained."""
        return FeedforwardCopy(self.network, self.copy.parameters()) if self.config.initialise else None

    def save(self, path: Path) -> None:
        """Write where the run stands after its last whole epoch to ``path`` (.npz)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        DigitalCheckpoint(
            self.fingerprint(),
            self.circuit.parameters(),
            self.copy.parameters(),
            tuple(self.history),
            self._trained,
            self._match_at,
            self.free,
            self.fresh,
            self.nudged,
            self.kept,
        ).save(path)

    def resume(self, path: Path) -> None:
        """Go on from what `save` wrote, bit for bit; ``config.epochs`` may be another.

        Raises
        ------
        CheckpointError
            If it is missing, damaged, or of another network, config, settings or dataset.
        """
        found = load_digital_checkpoint(path)
        if found.fingerprint != self.fingerprint():
            raise CheckpointError(
                f"{path}: made with another network, config, settings or dataset; use the same ones, or another file"
            )
        self.circuit, self.copy = (LayeredWeights(self.network, part) for part in (found.circuit, found.copy))
        self.history, self.epoch = list(found.history), len(found.history)
        self._trained, self._match_at = found.trained, found.match_at
        self.free, self.fresh, self.nudged = found.free, found.fresh, dict(found.nudged)
        self.kept = found.kept

    def fingerprint(self) -> str:
        """Identify everything that shapes the weights."""
        sizes = "-".join(str(layer.stop - layer.start) for layer in self.network.layers)
        followed = "" if self.settings.tolerance is None else f"-tolerance {self.settings.tolerance}"
        return f"{self.config.fingerprint()}-{data_fingerprint(self.data)}-{sizes}-{self.settings}{followed}"

    def run_epoch(self) -> DigitalEpoch:
        """Train one epoch, measure the test errors, and add them to the history."""
        began = time.perf_counter()
        tallies = self.train_epoch()
        seconds = time.perf_counter() - began
        held_out = self.data.x_test, self.data.y_test
        record = DigitalEpoch(
            epoch=self.epoch,
            copy_test_error=self.copy_error(*held_out),
            settled_test_error=self.settled_error(*held_out) if self._measures_settled() else None,
            gap=float(np.mean([t.gap for t in tallies])),
            clipped=sum(t.clipped for t in tallies),
            free_steps=float(np.mean([t.free_steps for t in tallies])),
            nudged_steps=float(np.mean([t.nudged_steps for t in tallies])),
            samples=len(self.data.x_train),
            seconds=seconds,
        )
        self.history.append(record)
        if self.on_epoch is not None:
            self.on_epoch(record)
        return record

    def train_epoch(self) -> list[Tally]:
        """Train one epoch and measure nothing; return what each minibatch did."""
        order, signs = plan_epoch(self.config, self.epoch, len(self.data.x_train))
        size = self.config.batch_size
        tallies = [self.train_minibatch(order[k * size : (k + 1) * size], float(sign)) for k, sign in enumerate(signs)]
        self.epoch += 1
        return tallies

    def train_minibatch(self, chosen: NDArray[np.intp], sign: float) -> Tally:
        """Run the phases on the chosen samples and move both sets of weights."""
        if self.settings.fastest and self._trained == self._match_at:
            self.match()
        inputs, n = self.data.x_train[chosen], len(chosen)
        forward, pull, free, free_steps = self._free_phase(inputs, chosen)
        betas, span = self._nudges(sign)
        states = np.concatenate((free, free))
        nudged_steps = sum(
            settle(self.arithmetic, self.circuit, pull.nudged(self._targets[chosen], beta), self.nudged[beta], state)
            for beta, state in zip(betas, (states[:n], states[n:]), strict=False)
        )
        rates = self.config.rates_in(self.epoch)
        shrink(self.circuit, rates, self.config.ridge)
        projected = self.config.circuit_optimizer == "affine-projection"
        clipped = descend_contrast(
            self.arithmetic, self.circuit, inputs, states, span, rates, self._ceilings, projected=projected
        )
        gap = 0.0
        if forward is not None:
            self.teach(inputs, forward, free)
            gap = float(np.abs(forward.signals - free).mean())
        self._trained += 1
        return Tally(gap, clipped, free_steps, nudged_steps / len(betas))

    def teach(self, inputs: Floats, forward: Forward, settled: Floats) -> None:
        """Move the copy's weights toward where the circuit settled; an experiment may teach in another way."""
        step = descend_locally if self.config.copy_optimizer == "plain" else project_locally
        rates = self.config.copy_rates_in(self.epoch)
        shrink(self.copy, rates, self.config.copy_ridge)
        step(self.arithmetic, self.copy, inputs, forward, settled, rates, self.config.copy_loss)

    def _free_phase(self, inputs: Floats, chosen: NDArray[np.intp]) -> tuple[Forward | None, Pull, Floats, int]:
        forward, pull, signals = self.present(inputs)
        if self.settings.keep_states:
            signals = self.kept[chosen]
        steps = settle(self.arithmetic, self.circuit, pull, self.free, signals)
        if self.settings.keep_states:
            self.kept[chosen] = signals
        return forward, pull, signals, steps

    def _nudges(self, sign: float) -> tuple[tuple[float, ...], float]:
        """Betas of the nudged phases, the second state's first, and the span between the two states."""
        if self.config.schedule.nudging == "centred":
            return self._betas(), 2.0 * self.config.schedule.beta
        signed = self.config.schedule.beta * (sign if self.config.schedule.nudging == "random-sign" else 1.0)
        return (signed,), signed

    def present(self, inputs: Floats) -> tuple[Forward | None, Pull, Floats]:
        """Run the copy forward once, for start, tether and its own error; multiply the inputs once for all phases."""
        if not self.config.initialise:
            start = np.zeros((len(inputs), self.network.n_nodes), dtype=self.circuit.dtype)
            return None, pull_of(self.arithmetic, self.circuit, inputs), start
        forward = feed_forward(self.arithmetic, self.copy, inputs)
        pull = pull_of(self.arithmetic, self.circuit, inputs, forward.signals, self.config.schedule.tether)
        return forward, pull, np.clip(forward.signals, 0.0, 1.0)

    def match(self) -> dict[str, Match]:
        """Find the quickest settling anew for the weights as they are, on the first training samples.

        Done by itself at minibatches 0, 25, 50, 100, 200, 400 and every 500 from there on.

        Returns
        -------
        dict
            By phase: "free", "nudged" followed by beta, and, where states are kept, "fresh": a free
            phase from zero.
        """
        self._match_at = max(25, self._trained + min(self._trained, 500))
        some = slice(0, PROBE)
        _, pull, signals = self.present(self.data.x_train[some])
        steps = self._steps(self.config.schedule.free_time)
        found = {"free": match_steps(self.arithmetic, self.circuit, pull, steps, signals)}
        self.fresh = self.free = found["free"].how
        if self.settings.keep_states and self.epoch > 0:  # in the first epoch every sample starts from zero
            signals = self.kept[some].copy()
            found |= {"fresh": found["free"], "free": match_steps(self.arithmetic, self.circuit, pull, steps, signals)}
            self.free = found["free"].how
        settle(self.arithmetic, self.circuit, pull, self.free, signals)
        steps = self._steps(self.config.schedule.nudged_time)
        for beta in self.nudged:
            nudged = pull.nudged(self._targets[some], beta)
            match = match_steps(self.arithmetic, self.circuit, nudged, steps, signals)
            found[f"nudged {beta:+g}"], self.nudged[beta] = match, match.how
        return found

    def _measures_settled(self) -> bool:
        every = self.config.evaluate_settled_every
        return self.epoch == self.config.epochs or (every > 0 and self.epoch % every == 0)

    def test_errors(self, x: Floats, y: NDArray[np.intp]) -> tuple[float | None, float]:
        """Errors of copy (None where there is none) and settled network on samples and their classes [%]."""
        return self.copy_error(x, y), self.settled_error(x, y)

    def copy_error(self, x: Floats, y: NDArray[np.intp]) -> float | None:
        """Error of the copy on samples and their classes [%]; None where none is trained."""
        if not self.config.initialise:
            return None
        signals = feed_forward(self.arithmetic, self.copy, x).signals
        return error_percent(signals[:, self.network.outputs], y)

    def settled_error(self, x: Floats, y: NDArray[np.intp]) -> float:
        """Error of the network after a free phase on samples, seen for the first time, and their classes [%]."""
        outputs = []
        for first in range(0, len(x), 100):
            _, pull, signals = self.present(x[first : first + 100])
            settle(self.arithmetic, self.circuit, pull, self.fresh, signals)
            outputs.append(signals[:, self.network.outputs])
        return error_percent(np.concatenate(outputs), y)
