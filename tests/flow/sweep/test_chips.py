"""What experiments on chips share: the lesson, and how their numbers are gathered."""

from pathlib import Path

import pytest

from analogeq.flow.points import Finished, Point
from analogeq.flow.sweep.chips import Lesson, lesson_of, means, measured, taught

LESSON = Lesson(data="iris", layers=(4, 6, 3), train=30, epochs=1)


def finished(error: float | None, **settings: object) -> Finished:
    result = None if error is None else {"metrics": {"settled_error": error}}
    return Finished(Point("chip", settings), result, "" if result else "failed", 0.0, 0.0)


def test_a_lesson_is_all_that_a_point_needs_besides_its_chip(tmp_path: Path) -> None:
    settings = {
        **LESSON.settings(None, ["copy_error", "settled_error"]),
        "seed": 0,
        "technology": '[chip]\nfamily = "hopfield"\n',
        "training": LESSON.training({"rates": "0.2,0.1"}, "in place"),
    }
    assert settings["training"] == {"rates": "0.2,0.1", "epochs": 1, "batch": 20, "transferred": False}
    assert set(taught(settings, tmp_path)["metrics"]) == {"copy_error", "settled_error"}


def test_a_lesson_without_ways_says_nothing_of_transfer() -> None:
    assert "transferred" not in LESSON.training({})


def test_numbers_are_gathered_by_what_tells_chips_apart_and_failures_are_left_out() -> None:
    runs = [finished(10.0, bits=2, seed=0), finished(4.0, bits=8, seed=0), finished(20.0, bits=2, seed=1)]
    runs.append(finished(None, bits=8, seed=1))
    assert measured(runs, "settled_error", "bits") == {(2,): [10.0, 20.0], (8,): [4.0]}
    assert means(runs, "settled_error", "bits") == {(2,): pytest.approx(15.0), (8,): 4.0}


def test_a_title_says_what_was_taught() -> None:
    assert lesson_of([finished(1.0, layers=[784, 50, 10], train=5000, data="mnist")]) == (
        "784-50-10 on 5,000 images of mnist"
    )
    assert lesson_of([finished(1.0, layers=[4, 3], train=None, data="iris")]) == "4-3 on all images of iris"
