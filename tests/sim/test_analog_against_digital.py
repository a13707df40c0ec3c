"""The comparison of settlings runs small and finds the physics that is there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "analog_against_digital.py"


@pytest.mark.ngspice
def test_copies_save_time_sweeps_save_steps_and_ngspice_agrees(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--smoke", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "analog_against_digital.json").read_text())
    value = {row["case"]: row["value"] for row in record["rows"]}
    at = "chain, 2 hidden, from zero, to 0.1 %: "
    assert value[at + "sweeps"] < value[at + "Euler 0.9"] < value[at + "Euler 0.5"] < value[at + "Euler 0.1"]
    # A chain is linear between the rails: small steps follow it, at most 10 % faster at rates up to 2.
    assert 0.1 * value[at + "Euler 0.1"] == pytest.approx(value[at + "circuit"], rel=0.1)
    assert value["chain, all depths, to 0.1 %: time from copy over from zero"] < 1.0
    assert value["chain, from zero: sweeps ends where the circuit does"] == 100.0  # it has one minimum
    assert value["chain, from zero, to 0.1 %: growth of circuit with depth, exponent of a power law"] > 0.0
    # Steps of 0.02 tau in ngspice, of 0.05 tau between the samples of a waveform.
    assert value["ngspice against native, time to 0.1 %: largest difference"] < 0.1
    assert (tmp_path / "analog_against_digital.png").stat().st_size > 0
