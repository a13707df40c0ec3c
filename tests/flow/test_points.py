"""Studies of many points: resumed, parallel, failures counted."""

import json
from pathlib import Path

import pytest

from analogeq.errors import InputError, NotSettledError
from analogeq.flow.points import Point, failures, run_points


def square(settings, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    runs = folder / "runs"
    runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
    if settings["x"] == 13:
        raise NotSettledError("thirteen never settles")
    return {"y": settings["x"] ** 2}


def points(*values):
    return [Point(f"x={v}", {"x": v}) for v in values]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_asked_for_however_many_workers(tmp_path: Path, jobs: int) -> None:
    found = run_points(points(5, 3, 4), square, tmp_path, jobs=jobs)
    assert [one.result["y"] for one in found] == [25, 9, 16]
    assert failures(found) == ""
    assert all(one.seconds >= 0.0 for one in found)


def test_what_is_there_is_not_run_again(tmp_path: Path) -> None:
    run_points(points(2, 3), square, tmp_path)
    found = run_points(points(2, 3, 4), square, tmp_path)
    assert [one.result["y"] for one in found] == [4, 9, 16]
    assert sorted(len(file.read_text()) for file in (tmp_path / "work").glob("*/runs")) == [1, 1, 1]


def test_a_damaged_result_is_made_anew(tmp_path: Path) -> None:
    run_points(points(2), square, tmp_path)
    points(2)[0].file(tmp_path).write_text('{"half":')
    assert run_points(points(2), square, tmp_path)[0].result == {"y": 4}


def test_a_failed_point_is_counted_with_its_reason_and_tried_again(tmp_path: Path) -> None:
    found = run_points(points(2, 13), square, tmp_path)
    assert found[1].result is None
    assert "1 of 2 points failed" in failures(found)
    assert "thirteen never settles" in failures(found)
    run_points(points(2, 13), square, tmp_path)
    assert max(len(file.read_text()) for file in (tmp_path / "work").glob("*/runs")) == 2


def test_a_result_says_what_made_it(tmp_path: Path) -> None:
    run_points(points(2), square, tmp_path)
    stored = json.loads(points(2)[0].file(tmp_path).read_text())
    assert stored["settings"] == {"x": 2}
    assert stored["surroundings"]["numpy"]


def test_names_that_are_paths_and_points_that_are_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="letters, digits"):
        Point("../up", {})
    with pytest.raises(InputError, match="same name and settings"):
        run_points(points(2, 2), square, tmp_path)
