"""The search for a good setting runs, chooses by validation images, and is held to its choice."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "sim" / "copy_search.py"


def test_the_setting_that_meets_the_test_images_is_the_best_on_the_validation_images(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--smoke", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    record = json.loads((tmp_path / "copy_search.json").read_text())
    value = {row["case"]: row["value"] for row in record["rows"]}
    assert value["validation fast: settled"] < value["validation slow: settled"], said.stderr
    assert value["validation: worse of copy and settled, fast less the best trial"] == 0.0
    tests = [point for point in record["points"] if not point["settings"]["validation"]]
    assert [(point["settings"]["name"], point["settings"]["seed"]) for point in tests] == [("fast", 0)]
    assert (tmp_path / "copy_search.png").stat().st_size > 0
