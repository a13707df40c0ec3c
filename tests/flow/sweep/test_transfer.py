"""Points whose weights are learned on a chip without flaws and written once to a real one."""

from dataclasses import replace
from pathlib import Path

import pytest

from analogeq.data import load
from analogeq.errors import InputError
from analogeq.flow.sweep.transfer import ideal_counterpart
from analogeq.flow.sweep.work import planned, work
from analogeq.hardware import NudgeConductance, ResistiveTechnology, Technology, to_toml
from analogeq.hardware.memory import Faults, Levels, Memory
from analogeq.hardware.wires import Wires

LEVELS = Memory(levels=Levels(3))


def settings(technology, **training):
    return {
        "technology": to_toml(technology), "training": {"epochs": 8, **training}, "layers": [4, 8, 3], "seed": 0,
        "data": "iris", "samples": 6, "train": None, "test": None, "engine": "native",
        "metrics": ["copy_error", "settled_error", "gradient_cosine"],
    }  # fmt: skip


CHIPS = {
    "hopfield": Technology(conductance_low=1e-6, conductance_high=21e-6),
    "resistive": ResistiveTechnology(conductance_low=1e-5, conductance_high=1e-3, input_gain=8.0),
}


@pytest.mark.parametrize("family", CHIPS)
def test_a_transfer_to_a_chip_without_flaws_is_the_training_itself(family: str, tmp_path: Path) -> None:
    chip = CHIPS[family]
    assert work(settings(chip, transferred=True), tmp_path / "a") == work(settings(chip), tmp_path / "b")


def test_settings_are_chosen_on_samples_that_are_kept_out_of_the_training(tmp_path: Path) -> None:
    chip = CHIPS["hopfield"]
    chosen_by = {**settings(chip), "validation": True}
    found = work(chosen_by, tmp_path / "a")["metrics"]
    transferred = {**settings(chip, transferred=True), "validation": True}
    assert work(transferred, tmp_path / "b")["metrics"] == found
    held = len(load("iris", validation=True).y_test)
    wrong = found["settled_error"] * held / 100.0
    assert wrong == pytest.approx(round(wrong), abs=1e-9)  # a share of the held samples, of rounding
    assert held != len(load("iris").y_test)
    assert found != work(settings(chip), tmp_path / "c")["metrics"]


@pytest.mark.parametrize("family", CHIPS)
def test_a_transfer_keeps_the_copy_of_the_ideal_training_and_settles_what_the_devices_hold(
    family: str, tmp_path: Path
) -> None:
    chip = CHIPS[family]  # started from zero, without a tether that would show what the copy knows
    stuck = replace(chip, memory=Memory(faults=Faults(stuck_low=1.0)))
    ideal = work(settings(chip, initialise=False), tmp_path / "a")["metrics"]
    asked = settings(stuck, initialise=False, transferred=True)
    found = work({**asked, "metrics": ["copy_error", "settled_error"]}, tmp_path / "b")["metrics"]
    assert found["copy_error"] == ideal["copy_error"]
    assert found["settled_error"] >= 60.0  # no device holds anything; guessing among three is 66.7 % wrong
    assert ideal["settled_error"] < 45.0


def test_the_counterpart_has_no_flaw_and_a_range_even_where_the_chip_has_none() -> None:
    chip = Technology(conductance_low=1e-5, conductance_high=1e-5, memory=LEVELS, wires=Wires(word_line_resistance=1.0))
    ideal = ideal_counterpart(chip)
    assert ideal.memory == Memory()
    assert ideal.wires == Wires()
    assert ideal.conductance_high > ideal.conductance_low == chip.conductance_low
    held = {
        "conductance_low": 1e-5,
        "conductance_high": 1e-5,
        "memory": LEVELS,
        "wires": Wires(word_line_resistance=1.0),
        "nudge": NudgeConductance(conductance_spread=0.1),
    }
    resistive = ideal_counterpart(ResistiveTechnology(**held))
    assert resistive.nudge.nominal
    assert resistive.wires == Wires()
    assert resistive.conductance_high > resistive.conductance_low


def test_only_the_last_settled_error_is_measured() -> None:
    assert planned(settings(CHIPS["hopfield"]))[1].evaluate_settled_every == 0


def test_transferred_is_yes_or_no(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="write true or false"):
        work(settings(CHIPS["hopfield"], transferred="once"), tmp_path)


@pytest.mark.parametrize(
    ("mapping", "transferred"),
    [("offset-column", False), ("offset-column", True), ("affine", False), ("affine", True)],
)
def test_chips_with_reference_lines_are_taught_or_written_and_measured(
    mapping: str, transferred: bool, tmp_path: Path
) -> None:
    metrics = ["settled_error", "gradient_cosine", "saturated", "update_pulses", "inference_energy"]
    chip = replace(CHIPS["hopfield"], mapping=mapping, affine_headroom=4.0, memory=Memory(levels=Levels(4096)))
    asked = {"epochs": 2, "transferred": transferred}
    found, beside = (
        work({**settings(one, **asked), "samples": 30, "metrics": metrics}, tmp_path / one.mapping)["metrics"]
        for one in (chip, replace(chip, mapping="differential"))
    )
    assert found["settled_error"] < 45.0  # guessing among three is 66.7 % wrong
    # 4,096 levels to either: measured to differ by 0.003
    assert found["gradient_cosine"] == pytest.approx(beside["gradient_cosine"], abs=0.01)
    assert found["update_pulses"] > 0
    assert found["inference_energy"] != beside["inference_energy"]


def test_an_affine_chip_clips_what_learns_beyond_the_room_it_was_made_with(tmp_path: Path) -> None:
    metrics = ["clipped", "settled_error"]
    tight, roomy = (
        work({**settings(chip, epochs=2), "metrics": metrics}, tmp_path / str(chip.affine_headroom))["metrics"]
        for chip in (
            replace(CHIPS["hopfield"], mapping="affine", affine_headroom=room, memory=Memory(levels=Levels(4096)))
            for room in (1.0, 8.0)
        )
    )
    assert tight["clipped"] > 10.0
    assert roomy["clipped"] == 0.0


def test_what_an_affine_chip_is_trained_for_is_not_bounded_by_its_range() -> None:
    chip = replace(CHIPS["hopfield"], mapping="affine")
    assert ideal_counterpart(chip).weight_limit > 1e5 * replace(chip, mapping="differential").weight_limit
