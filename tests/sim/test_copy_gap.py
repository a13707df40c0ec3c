"""The study of the copy's lag runs, keeps its points and finds what it claims."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "sim" / "copy_gap.py"


def test_the_projected_copy_is_nearer_than_the_plain_one(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--smoke", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    record = json.loads((tmp_path / "copy_gap.json").read_text())
    lag = {row["case"].split(" seed")[0]: row["value"] for row in record["rows"] if "lag" in row["case"]}
    assert lag["affine-projection"] < lag["plain"], said.stderr
    assert (tmp_path / "copy_gap.png").stat().st_size > 0
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "copy_gap").glob("*.json")}
    kept = {path: at for path, at in kept.items() if path.name != "copy_gap.json"}
    assert len(kept) == 2
    subprocess.run(command, capture_output=True, timeout=240, check=False)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
