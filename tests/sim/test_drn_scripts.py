"""The scripts that measure the resistive family run, write their rows and go on where they were."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SIM = Path(__file__).parents[2] / "sim"


def run(name, folder, *options):
    done = subprocess.run(
        [sys.executable, str(SIM / name), "--smoke", "--results", str(folder), *options],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_training_smokes_and_resumes(tmp_path):
    pytest.importorskip("numba")
    code, said = run("drn_mnist.py", tmp_path, "--epochs", "2")
    assert "epoch 2" in said, said
    assert code in (0, 1)  # two epochs do not reach the target of five
    code, said = run("drn_mnist.py", tmp_path)
    assert code == 0, said
    assert "epoch 1:" not in said
    record = json.loads((tmp_path / "drn_mnist_smoke.json").read_text())
    assert len(record["curve"]["errors"]) == 5
    assert {"case", "value", "unit", "target", "met", "command"} == set(record["rows"][0])
    assert record["surroundings"]["numpy"]
    assert (tmp_path / "drn_mnist_smoke.csv").read_text().count("\n") == len(record["rows"]) + 1


def test_recorded_runs_are_drawn(tmp_path):
    (tmp_path / "drn_mnist_100.json").write_text(json.dumps({"curve": {"errors": [0.05, 0.04]}}))
    code, said = run("drn_mnist.py", tmp_path, "--figure")
    assert code == 0, said
    assert (tmp_path / "drn_mnist.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.ngspice
def test_the_comparison_with_ngspice_smokes(tmp_path):
    _, said = run("drn_vs_ngspice.py", tmp_path)
    rows = json.loads((tmp_path / "drn_vs_ngspice_smoke.json").read_text())["rows"]
    assert len(rows) == 6, said
    assert rows[0]["met"]  # agreement; how fast depends on the machine
