"""Equilibrium propagation trained without a circuit, as fast as the machine does it.

The phases are those of the papers' own code, synchronous Euler steps, or the fastest way to the same
equilibrium; order of samples, first weights and signs of the nudges are those of `Trainer` for the
same seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.digital.arithmetic import Arithmetic, arithmetic
from analogeq.digital.layered import Forward, Pull, Settling, feed_forward, pull_of, settle
from analogeq.digital.weights import LayeredWeights
from analogeq.errors import InputError
from analogeq.learning.descent import Ceiling
from analogeq.learning.in_place import descend_contrast, descend_locally
from analogeq.network import Network, Parameters, glorot_uniform
from analogeq.network.network import Floats
from analogeq.training.config import TrainingConfig
from analogeq.training.evaluate import error_percent
from analogeq.training.loop import check_fit, plan_epoch


@dataclass(frozen=True)
class DigitalSettings:
    """What the digital settling depends on besides the training's config.

    Attributes
    ----------
    epsilon : float
        Euler step in units of tau; a phase of time t takes ``t / epsilon`` steps.
    free_distance, nudged_distance : float or None
        If given, the phase is settled by alternating layers to about this distance from its
        equilibrium, in signals, instead of for its time.
    limit : float
        Largest magnitude of the circuit's weights and biases.
    compiled : bool or None
        Numba kernels: asked for, refused, or used where installed.
    threads : int
        Of the kernels.
    """

    epsilon: float = 0.5
    free_distance: float | None = None
    nudged_distance: float | None = None
    limit: float = np.inf
    compiled: bool | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        if not 0.0 < self.epsilon <= 1.0:
            raise InputError(f"epsilon {self.epsilon}: a step beyond tau overshoots; give more than 0, at most 1")
        for name, value in (("free_distance", self.free_distance), ("nudged_distance", self.nudged_distance)):
            if value is not None and not value > 0.0:
                raise InputError(f"{name} {value}: no sum of finite steps gets that near; give more than 0")


@dataclass(frozen=True)
class DigitalEpoch:
    """One line of the history.

    Errors are in percent of the test samples; ``copy_test_error`` is None where there is no copy,
    ``settled_test_error`` in epochs that did not measure it. ``gap`` is the mean absolute difference
    between copy and settled network over the training samples, in signals; ``clipped`` counts
    updates that hit the limit; ``free_steps`` and ``nudged_steps`` are the means of Euler steps or
    sweeps a sample took, which cost the same.
    """

    epoch: int
    copy_test_error: float | None
    settled_test_error: float | None
    gap: float
    clipped: int
    free_steps: float
    nudged_steps: float
    samples: int
    seconds: float


@dataclass(frozen=True, eq=False)
class DigitalResult:
    """What a finished run hands over: as `TrainingResult`; ``copy`` is None where none was trained."""

    circuit: Parameters
    copy: FeedforwardCopy | None
    history: tuple[DigitalEpoch, ...]


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
        check_fit(network, data)
        self.network, self.data, self.config = network, data, config
        self.settings = settings or DigitalSettings()
        self.on_epoch = on_epoch
        self._check()
        self.arithmetic: Arithmetic = arithmetic(compiled=self.settings.compiled, threads=self.settings.threads)
        dtype = np.dtype(data.x_train.dtype).type
        draws = [np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(2)]
        self.circuit, self.copy = (
            LayeredWeights(network, glorot_uniform(network, rng, scale=config.scale, dtype=dtype)) for rng in draws
        )
        bounded = np.isfinite(self.settings.limit)
        self._ceilings = [Ceiling(self.settings.limit) for _ in range(len(network.blocks) + 1)] if bounded else []
        schedule = config.schedule
        self.free = self._settling(schedule.free_time, self.settings.free_distance)
        self.nudged = self._settling(schedule.nudged_time, self.settings.nudged_distance)
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

    def _settling(self, duration: float | None, distance: float | None) -> Settling:
        if duration is None and distance is None:
            raise InputError(
                "schedule: a phase without duration needs a distance to settle to; give it in the settings"
            )
        steps = 0 if duration is None else max(1, round(duration / self.settings.epsilon))
        return Settling(self.settings.epsilon, steps, distance)

    def run(self) -> DigitalResult:
        """Train up to the config's epochs."""
        while self.epoch < self.config.epochs:
            self.run_epoch()
        return DigitalResult(self.circuit.parameters(), self.feedforward_copy(), tuple(self.history))

    def feedforward_copy(self) -> FeedforwardCopy | None:
        """The copy as it stands, sharing no memory; None where none is trained."""
        return FeedforwardCopy(self.network, self.copy.parameters()) if self.config.initialise else None

    def run_epoch(self) -> DigitalEpoch:
        """Train one epoch, measure the test errors, and add them to the history."""
        began = time.perf_counter()
        tallies = self.train_epoch()
        seconds = time.perf_counter() - began
        gaps, clipped, free_steps, nudged_steps = zip(*tallies, strict=True)
        record = DigitalEpoch(
            epoch=self.epoch,
            copy_test_error=self._copy_error(),
            settled_test_error=self._settled_error() if self._measures_settled() else None,
            gap=float(np.mean(gaps)),
            clipped=sum(clipped),
            free_steps=float(np.mean(free_steps)),
            nudged_steps=float(np.mean(nudged_steps)),
            samples=len(self.data.x_train),
            seconds=seconds,
        )
        self.history.append(record)
        if self.on_epoch is not None:
            self.on_epoch(record)
        return record

    def train_epoch(self) -> list[tuple[float, int, float, float]]:
        """Train one epoch and measure nothing; return what `train_minibatch` did for each minibatch."""
        order, signs = plan_epoch(self.config, self.epoch, len(self.data.x_train))
        size = self.config.batch_size
        tallies = [self.train_minibatch(order[k * size : (k + 1) * size], float(sign)) for k, sign in enumerate(signs)]
        self.epoch += 1
        return tallies

    def train_minibatch(self, chosen: NDArray[np.intp], sign: float) -> tuple[float, int, float, float]:
        """Run the phases on the chosen samples and move both sets of weights.

        Returns
        -------
        gap, clipped, free_steps, nudged_steps : float, int, float, float
            As in `DigitalEpoch`, of this minibatch.
        """
        inputs, n = self.data.x_train[chosen], len(chosen)
        forward = feed_forward(self.arithmetic, self.copy, inputs) if self.config.initialise else None
        pull = self._pull(inputs, forward)
        states = np.empty((2 * n, self.network.n_nodes), dtype=self.circuit.dtype)
        free = self._start(forward, n)
        taken = settle(self.arithmetic, self.circuit, pull, self.free, free)
        nudges, span = self._nudges(sign)
        states[:n], states[n:] = free, free
        steps = 0.0
        for beta, at in zip(nudges, (slice(0, n), slice(n, 2 * n)), strict=False):
            nudged = pull.nudged(self._targets[chosen], beta)
            steps += settle(self.arithmetic, self.circuit, nudged, self.nudged, states[at])
        rates = self.config.rates
        clipped = descend_contrast(self.arithmetic, self.circuit, inputs, states, span, rates, self._ceilings)
        gap = 0.0
        if forward is not None:
            descend_locally(self.arithmetic, self.copy, inputs, forward, free, self.config.copy_rates or rates)
            gap = float(np.abs(forward.signals - free).mean())
        return gap, clipped, taken, steps / len(nudges)

    def _nudges(self, sign: float) -> tuple[tuple[float, ...], float]:
        beta = self.config.schedule.beta
        if self.config.schedule.nudging == "centred":
            return (beta, -beta), 2.0 * beta
        signed = beta * sign if self.config.schedule.nudging == "random-sign" else beta
        return (signed,), signed

    def _pull(self, inputs: Floats, forward: Forward | None) -> Pull:
        prediction = None if forward is None else forward.signals
        return pull_of(self.arithmetic, self.circuit, inputs, prediction, self.config.schedule.tether)

    def _start(self, forward: Forward | None, n: int) -> Floats:
        if forward is None:
            return np.zeros((n, self.network.n_nodes), dtype=self.circuit.dtype)
        return np.clip(forward.signals, 0.0, 1.0)

    def _measures_settled(self) -> bool:
        every = self.config.evaluate_settled_every
        return self.epoch == self.config.epochs or (every > 0 and self.epoch % every == 0)

    def _copy_error(self) -> float | None:
        if not self.config.initialise:
            return None
        signals = feed_forward(self.arithmetic, self.copy, self.data.x_test).signals
        return error_percent(signals[:, self.network.outputs], self.data.y_test)

    def _settled_error(self) -> float:
        outputs = []
        for first in range(0, len(self.data.x_test), 100):
            inputs = self.data.x_test[first : first + 100]
            forward = feed_forward(self.arithmetic, self.copy, inputs) if self.config.initialise else None
            signals = self._start(forward, len(inputs))
            settle(self.arithmetic, self.circuit, self._pull(inputs, forward), self.free, signals)
            outputs.append(signals[:, self.network.outputs])
        return error_percent(np.concatenate(outputs), self.data.y_test)
