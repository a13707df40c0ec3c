"""Arrays that differ turn the gradient; what is transferred takes its copy with it."""

import json
from types import ModuleType

import pytest

SCRIPT = "array_mismatch.py"


@pytest.fixture(scope="module")
def found(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("array_mismatch")
    assert script.main(["--smoke", "--seeds", "0", "1", "2", "3", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "array_mismatch.png").stat().st_size > 0
    record = json.loads((folder / "array_mismatch.json").read_text())
    assert all("data_dir" not in point["settings"] for point in record["points"])
    return {row["case"]: row["value"] for row in record["rows"]}


def test_equal_arrays_are_one_array_and_unequal_ones_turn_the_gradient(found: dict[str, float]) -> None:
    for way in ("in place", "transferred"):
        cosines = [found[f"{percent} %, {way}: gradient cosine"] for percent in (0, 20, 100)]
        assert cosines[0] == pytest.approx(1.0, abs=1e-9)  # the same arithmetic twice
        assert cosines[0] > cosines[1] > cosines[2]
    # W and W (1 + e) with errors of one have a cosine of 1 / sqrt(2); what learned in place is turned less.
    assert found["100 %, transferred: gradient cosine"] < 0.5**0.5
    assert found["100 %, transferred: gradient cosine"] < found["100 %, in place: gradient cosine"]


def test_without_mismatch_both_ways_are_the_same_training(found: dict[str, float]) -> None:
    for what in ("settled error", "copy error"):
        assert found[f"0 %, in place: {what}"] == found[f"0 %, transferred: {what}"]
    assert found["100 %, transferred: copy error"] == found["0 %, transferred: copy error"]
    assert found["100 %, in place: copy error"] != found["0 %, in place: copy error"]


def test_every_chip_of_the_recorded_size_is_one_point(script: ModuleType) -> None:
    points = script.points(script.Config(), None)
    assert len({point.name for point in points}) == len(points) == 2 * 5 * 12


def test_a_chip_is_lost_against_its_own_training_with_equal_arrays(script: ModuleType) -> None:
    settled = ((9.0, 14.0), (13.9, 18.9), (14.1, 14.1))
    curve = script.MismatchCurve("in place", (0.0, 5.0, 10.0), settled, settled, settled)
    assert [script.lost(curve, amount) for amount in range(3)] == [0, 0, 1]
