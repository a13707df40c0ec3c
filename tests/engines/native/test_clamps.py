"""A single node's balance behind exponential diodes."""

import numpy as np
import pytest

from analogeq.engines.native.clamps import Diodes
from analogeq.hardware import DiodeClamp, Technology


@pytest.mark.parametrize("inflow", [-1e4, -20.0, 0.4, 20.0, 1e4])
def test_a_node_balances_in_a_few_steps_however_far_it_is_pushed(
    inflow: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    diodes = Diodes.of(Technology(rail=3.0, clamp=DiodeClamp(1e-11, 0.3, 1e4)))
    assert diodes is not None
    evaluations = 0
    current = Diodes.current

    def counted(self: Diodes, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal evaluations
        evaluations += 1
        return current(self, v)

    monkeypatch.setattr(Diodes, "current", counted)
    v, _ = diodes.balance(np.array([inflow]), np.ones(1))
    assert evaluations < 20
    # Rounding of the currents that cancel.
    assert v + current(diodes, v)[0] == pytest.approx(inflow, rel=1e-12)
