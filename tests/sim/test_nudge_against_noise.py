"""The theory foretells how noisy readings err, and too weak a nudge teaches nothing."""

import json
from pathlib import Path
from types import ModuleType

SCRIPT = "nudge_against_noise.py"


def test_errors_of_gradients_are_the_predicted_ones_and_weak_nudges_drown(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    found = {
        row["case"]: row["value"] for row in json.loads((tmp_path / "nudge_against_noise.json").read_text())["rows"]
    }
    # 120 draws of some 2,000 independent errors each: their mean square is known to half a percent.
    assert found["centred, diode clamps: measured from predicted error, up to the best nudge, median"] < 5.0
    case = "learning, centred, diode clamps, 10 mV"
    assert found[f"{case}: best beta"] == 0.3
    assert found[f"{case}: settled error at the weakest nudge"] > found[f"{case}: least settled error"] + 20.0
    assert (tmp_path / "nudge_against_noise.png").stat().st_size > 0
