"""How a circuit of the ``resistive`` family is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analogeq.engines import ResistiveSession
from analogeq.errors import InputError
from analogeq.learning.costs import SoftmaxCrossEntropy, SquaredError
from analogeq.learning.rules import ContrastiveLearning, CoupledLearning, EquilibriumPropagation, Rule, Sides
from analogeq.training.config import CopyOptimizer, Plan
from analogeq.training.resistive_learner import ResistiveLearner

RuleName = Literal["equilibrium-propagation", "coupled-learning", "contrastive-learning"]
RULES: tuple[RuleName, ...] = ("equilibrium-propagation", "coupled-learning", "contrastive-learning")


@dataclass(frozen=True)
class ResistiveTrainingConfig(Plan):
    """Rule, cost and rates.

    Conductances, nudges and rates are in units of a conductance G that the technology sets: 1 S, or the
    high end of its range where that is less. Scaling every conductance of a circuit by G moves no
    voltage, so one config serves chips of siemens and of microsiemens: ``beta`` is β/G, a rate is that of
    g/G by the cost times G². ``scale`` is of the copy's first weights alone: it begins near zero, since it
    cannot know the circuit's volts.

    Attributes
    ----------
    rule : {"equilibrium-propagation", "coupled-learning", "contrastive-learning"}
    sides : {"positive", "negative", "random-sign", "centred"}
        Of what is done to the outputs; contrastive learning has one side only.
    beta : float
        Strength of the nudge; of coupled learning the fraction of the way to the target.
    by : {"conductance", "current"}
        What nudges.
    cost : {"squared-error", "cross-entropy"}
    temperature : float
        Output signal that counts as one unit of cross-entropy [V].
    bias_rates : tuple of float or None
        For the bias currents of each layer; ``rates`` if None.
    sweeps : int or None
        Sweeps of coordinate descent for each state, as papers count them; to the operating point if None.
    first_spread : float or None
        Share of the range, in (0, 1], over which first conductances are drawn; if None they are drawn by fan-in as
        the published networks' are, which leaves them all alike at the low end of a narrow range.
    """

    rates: tuple[float, ...] = (0.03, 0.1)
    copy_rates: tuple[float, ...] | None = (0.5, 0.5)
    copy_optimizer: CopyOptimizer = "affine-projection"
    scale: float = 0.1
    rule: RuleName = "equilibrium-propagation"
    sides: Sides = "centred"
    beta: float = 0.1
    by: Literal["conductance", "current"] = "conductance"
    cost: Literal["squared-error", "cross-entropy"] = "squared-error"
    temperature: float = 1.0
    bias_rates: tuple[float, ...] | None = None
    sweeps: int | None = None
    first_spread: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rule not in RULES:
            raise InputError(f"training: rule {self.rule!r} is unknown; choose {', '.join(RULES)}")
        if self.cost not in ("squared-error", "cross-entropy"):
            raise InputError(f"training: cost {self.cost!r} is unknown; choose squared-error or cross-entropy")
        if self.by not in ("conductance", "current"):
            raise InputError(f"training: by {self.by!r} is unknown; nudge by 'conductance' or by 'current'")
        if not math.isfinite(self.beta):
            raise InputError(f"training: beta {self.beta} is no strength of a nudge; give a finite number")
        if not 0.0 < self.temperature < math.inf:
            raise InputError(f"training: temperature {self.temperature} V; give a positive voltage")
        if any(not r >= 0.0 for r in self.bias_rates or ()):
            raise InputError(f"training: bias_rates {self.bias_rates}; a learning rate is 0 or more")
        if self.first_spread is not None and not 0.0 < self.first_spread <= 1.0:
            raise InputError(
                f"training: first_spread {self.first_spread}; a share of the range lies above 0 and up to 1"
            )
        self.learning_rule(1.0, pairs=False)

    def learning_rule(self, unit: float, *, pairs: bool) -> Rule:
        """Build the rule for a circuit whose conductances come in units of ``unit`` [S]."""
        if self.rule == "contrastive-learning":
            return ContrastiveLearning()
        if self.rule == "coupled-learning":
            return CoupledLearning(self.beta, self.sides)
        cost = SquaredError() if self.cost == "squared-error" else SoftmaxCrossEntropy(self.temperature)
        return EquilibriumPropagation(self.beta * unit, self.sides, self.by, cost, pairs=pairs)

    def learner(self, session: ResistiveSession, dtype: type[np.floating]) -> ResistiveLearner:
        """Draw first conductances for an open circuit, and first weights for its copy."""
        return ResistiveLearner(session, self, dtype)
