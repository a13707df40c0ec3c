"""At a narrow range it is the start, the cost and the gain that decide whether a chip learns."""

import json
from types import ModuleType

import pytest

SCRIPT = "range_settings.py"


@pytest.fixture(scope="module")
def found(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("range_settings")
    assert script.main(["--smoke", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "range_settings.png").stat().st_size > 0
    record = json.loads((folder / "range_settings.json").read_text())
    assert all(point["settings"]["validation"] for point in record["points"])  # the test set chooses nothing
    return {row["case"]: row["value"] for row in record["rows"]}


def test_at_a_ratio_of_three_neurons_that_start_alike_learn_nothing_and_others_do(found: dict[str, float]) -> None:
    # Ten classes: guessing is 90 % wrong. Two kinds of neurons, all alike, tell two or three digits from the rest.
    assert found["ratio 3, by fan-in, cross-entropy: settled validation error"] > 60.0
    assert found["ratio 3, in the range, cross-entropy: settled validation error"] < 30.0


def test_a_narrow_range_wants_more_volts_at_its_inputs_than_a_wide_one(found: dict[str, float]) -> None:
    gains = [found[f"ratio {ratio}, in the range, cross-entropy: input gain"] for ratio in (3, 100)]
    assert gains[0] > gains[1]


def test_the_best_of_what_was_tried_is_the_least_mean_over_seeds(script: ModuleType) -> None:
    from analogeq.flow.points import Finished, Point

    def tried(gain: float, seed: int, error: float) -> Finished:
        settings = {
            "ratio": 3.0,
            "start": "by fan-in",
            "cost": "squared error",
            "gain": gain,
            "rate": 0.1,
            "seed": seed,
        }
        return Finished(Point("p", settings), {"metrics": {"settled_error": error}}, "", 0.0, 0.0)

    runs = [tried(60.0, 0, 10.0), tried(60.0, 1, 40.0), tried(600.0, 0, 20.0), tried(600.0, 1, 24.0)]
    assert script.best_of(runs) == {(3.0, "by fan-in", "squared error"): (22.0, 600.0, 0.1)}
