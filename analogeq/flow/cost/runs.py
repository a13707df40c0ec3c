"""What the chip of a training run costs."""

from __future__ import annotations

import numpy as np

from analogeq.flow.cost.chips import costs
from analogeq.flow.cost.priced import Priced
from analogeq.flow.cost.rows import CostRow
from analogeq.flow.runs import Run

PRICED = 20
"""Test samples whose phases are measured."""


def run_costs(run: Run, samples: int = PRICED) -> tuple[CostRow, ...]:
    """Price a run's chip on its first test samples, settled natively."""
    data = run.source.load()
    inputs = data.x_test[:samples].astype(np.float64)
    targets = data.targets(data.y_test[:samples]).astype(np.float64)
    return costs(Priced(run.circuit, run.config, run.parameters, run.copy, inputs, targets))
