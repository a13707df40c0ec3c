"""The feedforward network trained by its exact gradient, beside a trainer of equilibrium propagation."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

from analogeq.digital import Arithmetic, LayeredWeights, choose_arithmetic, descend, feed_forward
from analogeq.network.network import Floats
from analogeq.training.digital_loop import DigitalTrainer
from analogeq.training.evaluate import error_percent
from analogeq.training.loop import plan_epoch

TAKES = 5
"""Times that a way of calculating is timed; the least is what the machine can do when nothing cuts in."""

MINIBATCHES = 20
"""Of one take; fewer where there are not so many samples."""


class Backpropagation:
    """Plain gradient steps of the squared error, from a trainer's first weights, on its samples in its order.

    The network is the copy's: hard sigmoids between the circuit's layers. The trainer is left as it is.

    Parameters
    ----------
    trainer : DigitalTrainer
        Not trained yet.
    rate : float
        Of all layers.
    arithmetic : Arithmetic
    """

    def __init__(self, trainer: DigitalTrainer, rate: float, arithmetic: Arithmetic) -> None:
        self.weights = LayeredWeights(trainer.network, trainer.circuit.parameters())
        self.data, self.config, self.arithmetic = trainer.data, trainer.config, arithmetic
        self.rates = (rate,) * len(trainer.network.layers)
        self.targets, self.epoch = trainer.data.targets(trainer.data.y_train), 0

    def train_epoch(self) -> None:
        """Train one epoch."""
        self.train(len(self.data.x_train))
        self.epoch += 1

    def train(self, samples: int) -> None:
        """Train on the epoch's first samples."""
        order, size = plan_epoch(self.config, self.epoch, len(self.data.x_train))[0], self.config.batch_size
        for first in range(0, samples, size):
            chosen = order[first : first + size]
            descend(self.arithmetic, self.weights, self.data.x_train[chosen], self.targets[chosen], self.rates)

    def error(self, x: Floats, y: Any) -> float:
        """Error on samples and their classes [%]."""
        signals = feed_forward(self.arithmetic, self.weights, x).signals
        return error_percent(signals[:, self.weights.network.outputs], y)


def quickest(trainer: DigitalTrainer, rate: float) -> Backpropagation:
    """Calculate by BLAS or by compiled kernels, whichever trains a trainer's minibatches in less processor time."""
    compiled = (False, True) if find_spec("numba") is not None else (False,)
    ways = [choose_arithmetic(compiled=each) for each in compiled]
    return Backpropagation(trainer, rate, min(ways, key=lambda way: _seconds(Backpropagation(trainer, rate, way))))


def _seconds(runner: Backpropagation) -> float:
    """Least processor time of some minibatches."""
    takes, samples = [], min(MINIBATCHES * runner.config.batch_size, len(runner.data.x_train))
    for _ in range(TAKES + 1):  # the first one compiles
        began = time.process_time()
        runner.train(samples)
        takes.append(time.process_time() - began)
    return min(takes[1:])
