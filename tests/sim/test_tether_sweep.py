"""A strong tether undoes training by Euler steps and not by adaptive ones, and the stability bound says so."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from analogeq.digital.layered import EulerSteps, Pull, settle

SCRIPT = "tether_sweep.py"


def test_euler_steps_fail_above_the_bound_and_adaptive_ones_do_not(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "tether_sweep.json").read_text())
    found = {row["case"]: row["value"] for row in record["rows"]}
    weak, strong = script.SMOKE.tethers
    bound = found["Euler: lambda of the stability bound, nudged outputs, any weights"]
    assert weak < bound < strong
    assert found[f"Euler, T- 20, lambda {weak:g}: settled"] < 15.0
    assert found[f"Euler, T- 20, lambda {strong:g}: settled"] > 80.0
    assert found["adaptive, T- 20: worst settled error"] < 30.0
    assert found["Euler, T- 20: smallest lambda that fails"] == strong
    assert (tmp_path / "tether_sweep.png").stat().st_size > 0


@pytest.mark.parametrize(("side", "grows"), [(0.95, False), (1.05, True)])
def test_a_deviation_grows_on_the_far_side_of_the_bound_only(script: ModuleType, side: float, grows: bool) -> None:
    [point] = [p for p in script.points(script.SMOKE, None) if p.name == "Euler T- 20 lambda 0.1 seed 0"]
    trainer = script.trainer_of(point.settings)
    tether = side * (2.0 / script.EPSILON - 1.0 - script.strength(trainer))
    [coupling] = trainer.circuit.couplings
    matrix = coupling.upright.astype(np.float64)
    left, _, right = np.linalg.svd(matrix)
    # The middle of the rails is held as the equilibrium; the deviation is the mode that a step turns around.
    centre = np.full(matrix.shape[0] + matrix.shape[1], 0.5)
    constant = (1.0 + tether) * centre - np.concatenate([matrix @ np.full(10, 0.5), matrix.T @ np.full(40, 0.5)])
    mode = np.concatenate([left[:, 0], -right[0]]) * 1e-3
    signals = (centre + mode)[None].astype(np.float32)
    pull = Pull(constant[None].astype(np.float32), np.full(50, 1.0 + tether, dtype=np.float32))
    settle(trainer.arithmetic, trainer.circuit, pull, EulerSteps(20, script.EPSILON), signals)
    assert (np.abs(signals - centre).max() > np.abs(mode).max()) == grows
