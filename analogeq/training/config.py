"""Everything a training run depends on besides its data, its graph and its circuit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field

from analogeq.controller import Schedule
from analogeq.errors import InputError


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes
    ----------
    epochs : int
    batch_size : int
        Samples in a minibatch; the last one of an epoch may be smaller.
    rates : tuple of float
        Learning rate of the circuit for each layer after the inputs.
    copy_rates : tuple of float or None
        The same for the feedforward copy; ``rates`` if None.
    momentum : float
        Of both; in [0, 1).
    schedule : Schedule
        The phases.
    initialise : bool
        Whether the copy starts and tethers the circuit. Without it the circuit starts each sample
        from zero, which is plain equilibrium propagation; the copy learns all the same.
    scale : float
        Glorot limits of the first weights are multiplied by this.
    seed : int
        Of first weights, sample order and nudge signs.
    evaluate_settled_every : int
        Epochs between measurements of the settled test error, which costs a free phase a sample;
        0 measures it after the last epoch only.
    """

    epochs: int = 40
    batch_size: int = 10
    rates: tuple[float, ...] = (0.1, 0.05)
    copy_rates: tuple[float, ...] | None = None
    momentum: float = 0.0
    schedule: Schedule = field(default_factory=Schedule)
    initialise: bool = True
    scale: float = 1.0
    seed: int = 0
    evaluate_settled_every: int = 1

    def __post_init__(self) -> None:
        for name, value in (("epochs", self.epochs), ("batch_size", self.batch_size)):
            if value < 1:
                raise InputError(f"training: {name} {value}; give 1 or more")
        for name, rates in (("rates", self.rates), ("copy_rates", self.copy_rates or ())):
            if any(not r >= 0.0 for r in rates):
                raise InputError(f"training: {name} {rates}; a learning rate is 0 or more")
        if self.seed < 0:
            raise InputError(f"training: seed {self.seed}; give 0 or more")

    def fingerprint(self) -> str:
        """Identify everything that shapes the weights; epochs may grow on resume, so they are left out."""
        shaping = {k: v for k, v in asdict(self).items() if k not in ("epochs", "evaluate_settled_every")}
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:16]
