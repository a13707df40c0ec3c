"""Training with fixed phases runs small; what stands for the circuit follows its waveform."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "sim" / "fixed_circuit_time.py"


def test_longer_phases_learn_more_and_take_more(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--smoke", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "fixed_circuit_time.json").read_text())
    value = {row["case"]: row["value"] for row in record["rows"]}
    short, long = (f"initialised, circuit, phases of {t} tau: " for t in (1, 4))
    assert value[long + "settled, epoch 3"] < value[short + "settled, epoch 3"]
    assert value[long + "both phases' energy"] > 3.0 * value[short + "both phases' energy"]
    counts = [value[f"plain, Euler, phases of {n} steps: a training sample"] for n in (1, 2, 4, 8)]
    steps = 2 * (2 * 30 * 10 + 40)  # of both phases: couplings both ways, and each neuron itself
    assert counts == [64 * 30 + n * steps for n in (1, 2, 4, 8)]
    # The step's own tolerance is 1e-3 of the rail; errors of several steps decay before the end.
    assert value["steps from the native waveform, end of free phase"] < 3e-3
    assert value["steps from the native waveform, end of nudged phase"] < 3e-3
