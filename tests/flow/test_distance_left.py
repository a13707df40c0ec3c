"""More steps leave less distance; sweeps that know when to stop leave as little as they say."""

import numpy as np

from analogeq.controller import Schedule
from analogeq.data import load
from analogeq.flow.distance_left import distances_left
from analogeq.network import Network
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig


def ends(free_time: float) -> dict[tuple[str, str], float]:
    data = load("digits", dtype=np.float32)
    schedule = Schedule(beta=0.2, tether=0.1, free_time=free_time, nudged_time=2.0)
    config = TrainingConfig(epochs=1, rates=(0.1, 0.05, 0.02), scale=0.5, schedule=schedule)
    trainer = DigitalTrainer(Network.layered((64, 12, 12, 10)), data, config, DigitalSettings(fastest=True))
    trainer.match()
    targets = data.targets(data.y_test[:20])
    found = list(distances_left(trainer, data.x_test[:20], targets, epsilon=0.5))
    assert all(
        one.count == round((free_time if one.phase == "free" else 2.0) / 0.5) for one in found if one.kind == "steps"
    )
    return {(one.phase, one.kind): one.distance for one in found}


def test_longer_phases_stop_nearer_to_the_equilibrium_and_every_phase_is_told() -> None:
    short, long = ends(2.0), ends(10.0)
    phases = {"free", "nudged +0.2", "nudged -0.2"}
    assert set(short) == {(phase, kind) for phase in phases for kind in ("steps", "sweeps")}
    assert long["free", "steps"] < 0.1 * short["free", "steps"]
    # Sweeps are as many as come as near as the steps do; they may come much nearer.
    assert long["free", "sweeps"] <= 1.5 * long["free", "steps"]
