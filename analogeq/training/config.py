"""Everything a training run depends on besides its data, its graph and its circuit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from analogeq.controller import Schedule
from analogeq.digital.activation import LocalLoss
from analogeq.engines import Session
from analogeq.errors import InputError
from analogeq.training.copy_activation import COPY_ACTIVATIONS, CopyActivation
from analogeq.training.hopfield import HopfieldLearner

CopyOptimizer = Literal["plain", "affine-projection"]
CircuitOptimizer = Literal["plain", "affine-projection"]
Order = Literal["shuffled", "as-stored"]

BEFORE_THE_CHOICE = {
    "order": "shuffled",
    "copy_activation": "hard-sigmoid",
    "copy_loss": "squared",
    "circuit_optimizer": "plain",
    "ridge": 0.0,
    "copy_ridge": 0.0,
    "first_spread": None,
}
"""What fields that came later stand for when a fingerprint does not name them."""


@dataclass(frozen=True)
class Plan:
    """What every training has, whatever the circuit.

    Attributes
    ----------
    epochs : int
    batch_size : int
        Samples in a minibatch; the last one of an epoch may be smaller.
    rates : tuple of float
        Learning rate of the circuit for each layer after the inputs.
    copy_rates : tuple of float or None
        The same for the feedforward copy; ``rates`` if None.
    decay, copy_decay : float
        Factor on the rates of the circuit, and of the copy, after each epoch.
    copy_optimizer : {"plain", "affine-projection"}
        The papers' gradient step of each layer's own loss, or one that solves each layer's regression
        on the minibatch (`analogeq.learning.affine_projection`), whose rate is a fraction of the way.
    copy_loss : {"squared", "matching"}
        Of each layer of the copy: the papers' squared error, or the loss that matches its activation, by which
        a neuron beyond its clip learns as fast as others (`analogeq.digital.copy`).
    initialise : bool
        Whether the copy starts the circuit. Without it the circuit starts each sample from zero; the
        copy learns all the same.
    scale : float
        Glorot limits of the first weights of circuit and copy are multiplied by this.
    seed : int
        Of first weights, sample order and nudge signs.
    order : {"shuffled", "as-stored"}
        Of an epoch's training samples: drawn anew each epoch, or as the dataset has them, every time.
    evaluate_settled_every : int
        Epochs between measurements of the settled test error, which costs a free phase a sample;
        0 measures it after the last epoch only.
    """

    epochs: int = 40
    batch_size: int = 10
    rates: tuple[float, ...] = (0.1, 0.05)
    copy_rates: tuple[float, ...] | None = None
    decay: float = 1.0
    copy_decay: float = 1.0
    copy_optimizer: CopyOptimizer = "plain"
    copy_loss: LocalLoss = "squared"
    initialise: bool = True
    scale: float = 1.0
    seed: int = 0
    order: Order = "shuffled"
    evaluate_settled_every: int = 1

    def __post_init__(self) -> None:
        for name, value in (("epochs", self.epochs), ("batch_size", self.batch_size)):
            if value < 1:
                raise InputError(f"training: {name} {value}; give 1 or more")
        for name, rates in (("rates", self.rates), ("copy_rates", self.copy_rates or ())):
            if any(not r >= 0.0 for r in rates):
                raise InputError(f"training: {name} {rates}; a learning rate is 0 or more")
        for name, decay in (("decay", self.decay), ("copy_decay", self.copy_decay)):
            if not 0.0 < decay <= 1.0:
                raise InputError(f"training: {name} {decay}; a factor on the rates lies above 0 and up to 1")
        if self.copy_optimizer not in ("plain", "affine-projection"):
            raise InputError(
                f"training: copy_optimizer {self.copy_optimizer!r} is unknown; choose plain or affine-projection"
            )
        if self.copy_loss not in ("squared", "matching"):
            raise InputError(f"training: copy_loss {self.copy_loss!r} is unknown; choose squared or matching")
        if self.order not in ("shuffled", "as-stored"):
            raise InputError(f"training: order {self.order!r} is unknown; choose shuffled or as-stored")
        if self.seed < 0:
            raise InputError(f"training: seed {self.seed}; give 0 or more")

    def rates_in(self, epoch: int) -> tuple[float, ...]:
        """Rates of the circuit in an epoch, counted from 0."""
        return tuple(rate * self.decay**epoch for rate in self.rates)

    def copy_rates_in(self, epoch: int) -> tuple[float, ...]:
        """Rates of the copy in an epoch, counted from 0."""
        return tuple(rate * self.copy_decay**epoch for rate in self.copy_rates or self.rates)

    def fingerprint(self) -> str:
        """Identify everything that shapes the weights; epochs may grow on resume, so they are left out."""
        shaping = {k: v for k, v in asdict(self).items() if k not in ("epochs", "evaluate_settled_every")}
        # As all runs were before there was a choice: their checkpoints stay good.
        shaping = {k: v for k, v in shaping.items() if (k, v) not in BEFORE_THE_CHOICE.items()}
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class TrainingConfig(Plan):
    """How a circuit of the ``hopfield`` family is trained.

    ``initialise`` also tethers the circuit to the copy; without it this is plain equilibrium propagation.

    Attributes
    ----------
    momentum : float
        Of circuit and copy; in [0, 1).
    schedule : Schedule
        The phases.
    ridge, copy_ridge : float
        What a weight of the circuit, and of the copy, loses of itself with every minibatch, times its rate; 0 or more.
    circuit_optimizer : {"plain", "affine-projection"}
        The papers' step, or one whose edges from the inputs solve the regression of the nudge's movement on the
        minibatch (`analogeq.learning.input_projection`); their rate is then a fraction of the way.
    copy_activation : {"hard-sigmoid", "knees", "curve"}
        What the copy's neurons have for the circuit's clamps: the papers' clip to the rails; a clip where the
        diodes take over from the leak; or the diodes' own curve, which the export formats do not hold. All
        the same with ideal clamps.
    """

    momentum: float = 0.0
    schedule: Schedule = field(default_factory=Schedule)
    ridge: float = 0.0
    copy_ridge: float = 0.0
    circuit_optimizer: CircuitOptimizer = "plain"
    copy_activation: CopyActivation = "hard-sigmoid"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, ridge in (("ridge", self.ridge), ("copy_ridge", self.copy_ridge)):
            if not ridge >= 0.0:
                raise InputError(f"training: {name} {ridge}; weights shrink by it and never grow: give 0 or more")
        if self.circuit_optimizer not in ("plain", "affine-projection"):
            raise InputError(
                f"training: circuit_optimizer {self.circuit_optimizer!r} is unknown; choose plain or affine-projection"
            )
        if self.copy_activation not in COPY_ACTIVATIONS:
            raise InputError(
                f"training: copy_activation {self.copy_activation!r} is unknown; choose {', '.join(COPY_ACTIVATIONS)}"
            )

    def learner(self, session: Session, dtype: type[np.floating]) -> HopfieldLearner:
        """Draw first weights for an open circuit and its copy."""
        return HopfieldLearner(session, self, dtype)
