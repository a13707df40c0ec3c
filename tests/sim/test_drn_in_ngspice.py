"""Training with ngspice as the circuit runs, writes its rows and goes on where it was interrupted."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.data import load
from analogeq.errors import CheckpointError
from analogeq.training.resistive import ResistiveTrainer

SCRIPT = Path(__file__).parents[2] / "sim" / "drn_in_ngspice.py"
pytestmark = pytest.mark.ngspice


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("drn_in_ngspice", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def short(script, **changes):
    return replace(script.SMOKE, sizes=(64, 8, 10), beta=0.05, part=24, samples=96, tests=40, **changes)


def test_the_smoke_run_writes_its_rows_and_does_nothing_twice(tmp_path):
    command = [sys.executable, str(SCRIPT), "--smoke", "--results", str(tmp_path)]
    first, again = (subprocess.run(command, capture_output=True, text=True, timeout=240, check=False) for _ in range(2))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "part 3 of 3" in first.stdout
    assert "part" not in again.stdout.replace("parts", "")
    record = json.loads((tmp_path / "drn_in_ngspice_smoke.json").read_text())
    assert {"case", "value", "unit", "target", "met", "command"} == set(record["rows"][0])
    assert [row["met"] for row in record["rows"][:2]] == [True, True]
    assert record["rows"][3]["value"] == 0.0  # images of which the engines disagree
    assert (tmp_path / "drn_in_ngspice_smoke.csv").read_text().count("\n") == len(record["rows"]) + 1


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(script, tmp_path, monkeypatch):
    config, data = short(script), load("digits")
    whole = script.run(config, data, tmp_path / "whole")
    epoch, calls = ResistiveTrainer.epoch, []

    def interrupted(self, state, inputs, targets):
        calls.append(len(inputs))
        if len(calls) == 4:  # the warm-up and two parts are done
            raise KeyboardInterrupt
        return epoch(self, state, inputs, targets)

    with monkeypatch.context() as patched:
        patched.setattr(ResistiveTrainer, "epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            script.run(config, data, tmp_path / "halves")
    assert calls == [4, 24, 24, 24]
    resumed = script.run(config, data, tmp_path / "halves")
    assert len(resumed.seconds) == len(whole.seconds) == 4
    assert resumed.errors == whole.errors
    ends = [np.load(tmp_path / folder / f"{config.name}.npz") for folder in ("whole", "halves")]
    assert np.array_equal(ends[0]["g"], ends[1]["g"])


def test_ngspice_and_the_native_engine_train_the_same_circuit(script, tmp_path):
    data, ends = load("digits"), []
    for name in ("ngspice", "native"):
        config = short(script, engine=name, name=name)
        script.run(config, data, tmp_path)
        ends.append(np.load(tmp_path / f"{name}.npz")["g"])
    begun = script.half_kaiming(script.native_trainer(config).session.circuit.wiring, np.random.default_rng(0))
    assert np.abs(ends[0] - begun).max() > 1e-2  # both have learned
    # Operating points agree to 1e-9 and less; two dozen steps of a contracting rule do not blow that up.
    assert np.abs(ends[0] - ends[1]).max() < 1e-6 * np.abs(ends[0]).max()


def test_the_checkpoint_of_another_run_is_refused(script, tmp_path):
    data = load("digits")
    script.run(short(script), data, tmp_path)
    with pytest.raises(CheckpointError, match="another run"):
        script.run(short(script, seed=1), data, tmp_path)
