"""Plain equilibrium propagation runs small, goes on where it stopped, and shows what kept states buy."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

SIM = Path(__file__).parents[2] / "sim"
sys.path.insert(0, str(SIM))
import equilibrium_propagation as script  # noqa: E402  a script of a folder that is no package


def test_a_smoke_run_learns_and_kept_states_end_nearer_to_equilibrium(tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "equilibrium_propagation.json").read_text())
    points = {point["name"]: point["result"] for point in record["points"]}
    assert len(points) == 4
    for name, result in points.items():
        errors = [epoch["settled_test_error"] for epoch in result["history"]]
        assert errors[-1] < errors[0], name
        if "kept" in name:
            assert result["phases"][-1]["kept"][-1] < 0.5 * result["phases"][-1]["zero"][-1]
    assert (tmp_path / "equilibrium_propagation.png").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.rglob("state*.np?")), "states of every image are left behind"


def settings_of(way: str) -> dict:
    return next(dict(p.settings) for p in script.points(script.SMOKE, None) if f"T4 {way}" in p.name)


@pytest.mark.parametrize("way", ["kept", "zero"])
def test_a_stopped_run_goes_on_to_the_same_result(tmp_path: Path, way: str) -> None:
    whole = script.train(settings_of(way), tmp_path / "whole")
    data, _ = script.datasets(settings_of(way))
    watch = script.Watch(settings_of(way), tmp_path / "part")
    first = script.trainer_of(settings_of(way), data, lambda record: watch.after(first, record))
    first.run_epoch()
    first.save(tmp_path / "part" / "state.npz")
    resumed = script.train(settings_of(way), tmp_path / "part")
    assert resumed["phases"] == whole["phases"]
    assert resumed["errors"] == whole["errors"]


def test_distances_are_those_from_where_the_steps_lead(tmp_path: Path) -> None:
    data, _ = script.datasets(settings_of("zero"))
    trainer = script.trainer_of(settings_of("zero"), data, lambda _: None)
    trainer.circuit.flat[:] = 0.0  # no neuron feels another: each goes to its bias by half of the way at every step
    trainer.circuit.biases[:] = 0.5
    _, pull, zero = trainer.present(data.x_train[:3])
    path, goal, rests = script.approach(trainer, pull, zero, [1, 2, 4])
    assert rests.all()
    assert np.array_equal(goal, np.full_like(goal, 0.5))
    assert path == [0.25, 0.125, 0.03125]
