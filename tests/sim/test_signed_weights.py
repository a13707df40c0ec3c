"""What a mapping of signed weights keeps of the score margins, and what it dissipates."""

import json
from types import ModuleType

import numpy as np
import pytest

SCRIPT = "signed_weights.py"


@pytest.fixture(scope="module")
def found(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("signed_weights")
    assert script.main(["--smoke", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "signed_weights.png").stat().st_size > 0
    rows = json.loads((folder / "signed_weights.json").read_text())["rows"]
    return {row["case"]: row["value"] for row in rows}


def test_with_many_levels_all_mappings_keep_the_margin_and_with_few_the_offset_column_keeps_least(
    found: dict[str, float],
) -> None:
    def kept(mapping: str, levels: int) -> float:
        return found[f"digits, {mapping}, {levels} levels: score margin kept"]

    for mapping in ("differential", "offset-column", "affine"):
        assert kept(mapping, 256) == pytest.approx(100.0, abs=5.0)  # weights off by up to 1/255 of the largest
    # Two levels for either sign, one of them zero, against four.
    assert kept("offset-column", 4) < kept("affine", 4)
    assert kept("offset-column", 4) < kept("differential", 4) < 100.0


def test_only_pairs_save_power_where_devices_can_be_turned_off(found: dict[str, float]) -> None:
    """Devices that stand at a reference conduct however low the range reaches."""
    saved = {
        mapping: found[f"digits, {mapping}, 1000 on/off: power"] / found[f"digits, {mapping}, 3 on/off: power"]
        for mapping in ("differential", "offset-column", "affine")
    }
    assert saved["differential"] < 0.5  # most weights are far below the largest, so most devices stand at the low end
    assert saved["offset-column"] > 0.5
    assert saved["affine"] > 0.5


def test_only_against_references_do_gains_of_conveyors_have_to_match(found: dict[str, float]) -> None:
    """At 3 % a pair's weights are 3 % off; against a reference so is what it leaves of half the range in each."""
    kept = {
        (mapping, gain): found[f"digits, {mapping}, {gain:g} % of the gain: score margin kept"]
        for mapping in ("differential", "offset-column", "affine")
        for gain in (0.1, 3.0)
    }
    assert kept["differential", 3.0] == pytest.approx(100.0, abs=5.0)
    for mapping in ("offset-column", "affine"):
        assert kept[mapping, 0.1] == pytest.approx(100.0, abs=5.0)
        assert kept[mapping, 3.0] < kept["differential", 3.0] - 5.0


def test_wires_cost_those_most_whose_devices_conduct_whatever_they_hold(found: dict[str, float]) -> None:
    kept = {m: found[f"digits, {m}, 30 Ohm: score margin kept"] for m in ("differential", "offset-column", "affine")}
    assert kept["differential"] == pytest.approx(100.0, abs=5.0)
    for mapping in ("offset-column", "affine"):
        assert kept[mapping] < kept["differential"] - 5.0
    for mapping in kept:
        assert found[f"digits, {mapping}, 0.1 Ohm: score margin kept"] == pytest.approx(100.0, abs=2.0)


def test_a_margin_is_the_right_score_less_the_best_wrong_one(script: ModuleType) -> None:
    scores = np.array([[0.9, 0.2, 0.4], [0.1, 0.3, 0.7]])
    assert script.score_margins(scores, np.array([0, 1])) == pytest.approx([0.5, -0.4])
    assert scores[0, 0] == 0.9
