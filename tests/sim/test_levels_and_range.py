"""A conductance that cannot come near zero learns nothing, and neither does one of few levels."""

import json
from types import ModuleType

import pytest

SCRIPT = "levels_and_range.py"


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


def test_every_chip_of_the_recorded_size_is_one_point(script: ModuleType) -> None:
    points = script.points(script.Config(), None)
    config = script.Config()
    assert len({point.name for point in points}) == len(points)
    chips = len(config.families) * len(config.levels) * len(config.ratios) * len(config.seeds)
    assert len(points) == 2 * chips
    assert len({point.settings["technology"] for point in points}) == chips
