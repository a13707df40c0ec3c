"""The learning curves run small: circuits learn, both held-out sets are noted, stopped runs go on."""

import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = "mnist_curves.py"


def test_circuits_learn_the_digits_and_so_does_the_copy_where_there_is_one(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "mnist_curves.json").read_text())
    assert len(record["points"]) == 4
    for point in record["points"]:
        result, plain = point["result"], point["settings"]["tether"] is None
        assert result["settled"][-1] < 10.0 < result["settled"][0]
        assert len(result["validation"]) == len(result["settled"]) == 30
        assert all(error is None for error in result["copy"]) if plain else result["copy"][-1] < result["copy"][0]
    means = {row["case"]: row["value"] for row in record["rows"]}
    seeds = [p["result"]["settled"][-1] for p in record["points"] if "T- 20 initialised" in p["name"]]
    assert means["40 T- 20 initialised lambda 0.1, epoch 30: settled, mean of 2 seeds"] == pytest.approx(sum(seeds) / 2)
    assert (tmp_path / "mnist_curves.png").stat().st_size > 0


def test_a_run_stopped_between_a_note_and_its_checkpoint_ends_as_if_it_had_not(
    script: ModuleType, tmp_path: Path
) -> None:
    [point] = [p for p in script.points(script.SMOKE, None) if p.name == "40 T- 4 initialised lambda 0.1 seed 0"]
    settings = {**point.settings, "epochs": 3}
    whole = script.train(settings, tmp_path / "whole")
    stopped = tmp_path / "stopped"
    script.train({**settings, "epochs": 1}, stopped)
    kept = (stopped / "checkpoint.npz").read_bytes()
    script.train({**settings, "epochs": 2}, stopped)
    (stopped / "checkpoint.npz").write_bytes(kept)
    again = script.train(settings, stopped)
    del whole["training_seconds"], again["training_seconds"]
    assert again == whole


def test_every_case_has_its_seeds_and_is_found_again_from_its_settings(script: ModuleType) -> None:
    points = script.points(script.FULL, None)
    assert len(points) == sum(case.seeds for case in script.FULL.cases)
    for case in script.FULL.cases:
        mine = [
            p
            for p in points
            if script.case_of(p.settings).label == case.label and script.case_of(p.settings).net == case.net
        ]
        assert sorted(p.settings["seed"] for p in mine) == list(script.FULL.seeds[: case.seeds])
