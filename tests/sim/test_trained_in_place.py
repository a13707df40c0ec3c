"""Learning in place gets round stuck devices that a transferred network does not, and pays for bent pulses."""

import json
from pathlib import Path
from types import ModuleType

SCRIPT = "trained_in_place.py"


def test_what_is_static_is_absorbed_and_what_every_pulse_does_is_not(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    found = {row["case"]: row["value"] for row in json.loads((tmp_path / "trained_in_place.json").read_text())["rows"]}
    for what in ("stuck 20", "tolerance 50"):
        assert found[f"resistive, {what}: in place"] < found[f"resistive, {what}: transferred"] - 2.0
    ideal = found["resistive, stuck 0: transferred"]
    assert found["resistive, stuck 0: in place"] == ideal  # one and the same training
    assert found["resistive, bend 5: transferred"] == ideal  # a write to exact targets knows no bend
    assert found["resistive, bend 5: in place"] > ideal + 3.0
    rarely = found["resistive, write noise at 64 levels 10: in place"]
    assert rarely < found["resistive, write noise 10: in place"]  # fewer writes, fewer errors
    assert (tmp_path / "trained_in_place.png").stat().st_size > 0


def test_every_chip_is_named_once_and_described_by_keys_of_a_technology_file(script: ModuleType) -> None:
    points = script.points(script.Config(), None)
    assert len({point.name for point in points}) == len(points)
    assert {key for point in points for key in point.settings["memory"]} == {
        "seed", "levels", "write_sd_of_range", "pulses_up", "constant_up", "stuck_low", "stuck_high", "stuck_open",
        "resistance_tolerance",
    }  # fmt: skip
