"""The experiment on amplifiers' limits, in small."""

import json

import pytest

from analogeq.hardware import technology_from_toml

SCRIPT = "amplifier_limits.py"


def test_every_limit_is_a_key_of_the_amplifiers(script):
    found = technology_from_toml(script.technology("bandwidth", 1.6))
    assert (found.follower_bandwidth, found.sense_bandwidth) == (1.6e6, 1.6e6)
    assert technology_from_toml(script.technology("swing", 0.2)).follower_high == 0.2
    assert technology_from_toml(script.technology("current", 5.0)).sense_current_limit == pytest.approx(5e-6)


def test_a_smoke_run_measures_chips_with_limits(script, tmp_path):
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "amplifier_limits.json").read_text())
    values = {row["case"]: row["value"] for row in record["rows"]}
    # A swing of the whole rail is none: two integrators train one chip, three of 297 samples may turn.
    whole = [values[f"swing 1 V, {way}: settled error"] for way in ("in place", "transferred")]
    assert abs(whole[0] - whole[1]) < 1.1
    assert values["swing 0.2 V, in place: settled error"] != values["swing 1 V, in place: settled error"]
    assert (tmp_path / "amplifier_limits.png").stat().st_size > 10_000
