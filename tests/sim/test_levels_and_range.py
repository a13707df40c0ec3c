"""A conductance that cannot come near zero learns nothing, and neither does one of few levels."""

import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = "levels_and_range.py"
RESULTS = Path(__file__).parents[2] / "sim" / "results"


@pytest.fixture(scope="module")
def found(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("levels_and_range")
    assert script.main(["--smoke", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "levels_and_range.png").stat().st_size > 0
    record = json.loads((folder / "levels_and_range.json").read_text())
    assert all("data_dir" not in point["settings"] for point in record["points"])
    return {row["case"]: row["value"] for row in record["rows"]}


def test_one_conductance_a_weight_needs_range_and_levels(found: dict[str, float]) -> None:
    # Ten classes: guessing is 90 % wrong, and 12 hidden neurons after six epochs are at about 20 %.
    for way in ("in place", "transferred"):
        assert found[f"resistive, 256 levels, ratio 100, {way}: settled error"] < 45.0
        assert found[f"resistive, 256 levels, ratio 3, {way}: settled error"] > 70.0
        assert found[f"resistive, 4 levels, ratio 100, {way}: settled error"] > 70.0


def test_a_transferred_chip_s_copy_knows_its_range_and_not_its_levels(found: dict[str, float]) -> None:
    copies = {n: found[f"resistive, {n} levels, ratio 100, transferred: copy error"] for n in (4, 256)}
    assert copies[4] == copies[256]
    assert copies[4] != found["resistive, 4 levels, ratio 3, transferred: copy error"]


def test_a_narrow_range_learns_once_its_chips_start_apart_and_their_inputs_are_strong(found: dict[str, float]) -> None:
    # Twelve hidden neurons at a ratio of 3, where the settings of a wide range learn nothing.
    for way in ("in place", "transferred"):
        assert found[f"chosen resistive, 256 levels, ratio 3, {way}: settled error"] < 30.0
        assert found[f"resistive, 256 levels, ratio 3, {way}: settled error"] > 70.0


def test_every_chip_of_the_recorded_size_is_one_point(script: ModuleType) -> None:
    config = script.Config()
    points = script.points(config, None)
    assert len({point.name for point in points}) == len(points)
    of_all_ratios = 2 * len(config.levels) * len(config.ratios)
    chips = (of_all_ratios + len(config.chosen_levels) * len(config.chosen)) * len(config.seeds)
    assert len(points) == 2 * chips


def test_chosen_settings_are_the_best_of_the_recorded_search(script: ModuleType) -> None:
    search = json.loads((RESULTS / "range_settings.json").read_text(encoding="utf-8"))
    assert all(point["settings"]["validation"] for point in search["points"])
    for choice in script.Config().chosen:
        tried = [point for point in search["points"] if point["settings"]["ratio"] == choice.ratio]
        best = min(tried, key=lambda point: point["result"]["metrics"]["settled_error"])["settings"]
        asked = {key: best["training"].get(key) for key in ("rates", "cost", "temperature", "first_spread")}
        assert asked == {key: getattr(choice, key) for key in asked}
        assert best["gain"] == choice.input_gain


def test_chosen_chips_are_those_of_the_search_but_for_who_tests_them(script: ModuleType) -> None:
    from analogeq.hardware import technology_from_toml

    search = json.loads((RESULTS / "range_settings.json").read_text(encoding="utf-8"))
    config = script.Config()
    choice = config.chosen[0]
    chip = technology_from_toml(script.technology(script.CHOSEN, choice.ratio, 1024, 0, choice.input_gain))
    same = [p["settings"] for p in search["points"] if p["settings"]["ratio"] == choice.ratio]
    there = next(s for s in same if s["gain"] == choice.input_gain)
    assert technology_from_toml(there["technology"]) == chip
    for key in ("data", "layers", "train", "test"):
        assert there[key] == config.settings(None, [])[key]
