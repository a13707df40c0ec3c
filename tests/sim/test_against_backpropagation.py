"""The race is fair: one start, one order of images, a rate found on the validation split, training timed alone."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from analogeq.data import load
from analogeq.digital import choose_arithmetic

SIM = Path(__file__).parents[2] / "sim"
sys.path.insert(0, str(SIM))
import against_backpropagation as script  # noqa: E402  a script of a folder that is no package

SETTINGS = script.points(script.SMOKE, None)[0].settings


def test_all_contestants_learn_and_are_timed_in_a_smoke_run(tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "against_backpropagation.json").read_text())
    result = record["points"][0]["result"]
    assert list(result["curves"]) == ["backpropagation", "plain", "initialised", "projected"]
    for curve in result["curves"].values():
        assert all(0.0 < a < b for a, b in zip([1e-9, *curve["seconds"]], curve["seconds"], strict=False))
        for errors in (curve[part] for part in curve if part != "seconds"):
            assert errors[-1] < errors[0]
    means = {rate: np.mean(errors[-3:]) for rate, errors in result["validation_errors"].items()}
    assert means[str(result["rate"])] == min(means.values())
    assert (tmp_path / "against_backpropagation.png").read_bytes().startswith(b"\x89PNG")


def test_backpropagation_starts_from_the_circuits_first_weights_and_leaves_them_alone() -> None:
    trainer = script.trainer_of(SETTINGS, load("digits", dtype=np.float32), "initialised")
    first = trainer.circuit.flat.copy()
    runner = script.Backpropagation(trainer, 0.2, choose_arithmetic(compiled=False))
    assert np.array_equal(runner.weights.flat, first)
    assert np.array_equal(script.trainer_of(SETTINGS, trainer.data, "plain").circuit.flat, first)
    runner.train_epoch()
    assert not np.array_equal(runner.weights.flat, first)
    assert np.array_equal(trainer.circuit.flat, first)


def test_the_rate_is_chosen_without_the_test_set() -> None:
    split = load("digits", validation=True, dtype=np.float32)
    found = script.search({**SETTINGS, "search_epochs": 1}, split)
    whole = load("digits", dtype=np.float32)
    held = {row.tobytes() for row in split.x_test}
    assert held <= {row.tobytes() for row in whole.x_train}
    assert not held & {row.tobytes() for row in whole.x_test}
    assert list(found["validation_errors"]) == [str(rate) for rate in SETTINGS["backprop_rates"]]


def test_time_to_an_error_is_that_of_the_first_epoch_that_has_it() -> None:
    seconds, errors = [1.0, 2.0, 3.0, 4.0], [9.0, 3.0, 3.5, 2.0]
    assert script.seconds_to(3.0, seconds, errors) == 2.0
    assert script.seconds_to(2.0, seconds, errors) == 4.0
    assert script.seconds_to(1.9, seconds, errors) is None


def test_ratios_are_to_backpropagations_time_to_the_same_error() -> None:
    base = {"seconds": [1.0, 2.0], "output": [4.0, 2.9]}
    rows = script._part_rows("it", [3.0, 6.0], [5.0, 2.5], base, "c")
    found = {row.case.removeprefix("it: "): row.value for row in rows}
    assert found["to 3 %, over backpropagation's"] == pytest.approx(3.0)
    assert found["to 2.5 %, processor"] == 6.0
    assert "to 2.5 %, over backpropagation's" not in found
    assert "to 2 %, processor" not in found
