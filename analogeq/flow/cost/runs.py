"""What the chip of a training run costs."""

from __future__ import annotations

import numpy as np

from analogeq.circuit import Circuit
from analogeq.flow.cost.hopfield import Priced, costs
from analogeq.flow.cost.resistive import PricedResistive, resistive_costs
from analogeq.flow.cost.rows import CostRow
from analogeq.flow.runs import Run
from analogeq.training import ResistiveTrainingConfig, TrainingConfig

PRICED = 20
"""Test samples whose phases are measured."""


def run_costs(run: Run, samples: int = PRICED) -> tuple[CostRow, ...]:
    """Price a run's chip on its first test samples, settled natively."""
    circuit, config, data = run.circuit, run.config, run.source.load()
    inputs = data.x_test[:samples].astype(np.float64)
    targets = data.targets(data.y_test[:samples]).astype(np.float64)
    if isinstance(circuit, Circuit):
        assert isinstance(config, TrainingConfig)  # noqa: S101  a run's config is of its circuit's family
        return costs(Priced(circuit, config, run.parameters, run.copy, inputs, targets))
    assert isinstance(config, ResistiveTrainingConfig)  # noqa: S101  likewise
    return resistive_costs(PricedResistive(circuit, config, run.parameters, run.copy, inputs, targets))
