"""A run on real devices: its folder says what they are and what they hold, and its evaluation is of that chip."""

import json
from dataclasses import replace

import pytest

from analogeq.circuit import compile_circuit
from analogeq.data import load
from analogeq.flow.families import Settler
from analogeq.flow.runs import DataSource, open_run
from analogeq.flow.training import evaluate, train
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.hardware.memory import PRESETS, Faults, Noise
from analogeq.network import Network
from analogeq.training import ResistiveTrainingConfig, TrainingConfig

MEMORY = replace(PRESETS["ecram-tang2018"].memory, faults=Faults(stuck_open=0.02), read_noise=Noise(of_value=0.01))


@pytest.mark.parametrize(
    ("technology", "config"),
    [
        (Technology(conductance_high=20e-6, memory=MEMORY), TrainingConfig(epochs=1)),
        (
            ResistiveTechnology(conductance_high=1e-3, input_gain=8.0, memory=MEMORY),
            ResistiveTrainingConfig(epochs=1, rates=(0.01, 0.01)),
        ),
    ],
)
def test_a_saved_run_is_evaluated_on_its_own_chip(technology, config, tmp_path):
    data = load("iris")
    circuit = compile_circuit(Network.layered((data.n_inputs, 5, data.n_classes)), technology)
    trained = train(circuit, DataSource("iris"), data, config, tmp_path / "run")
    opened = open_run(tmp_path / "run")
    assert opened.circuit.technology == technology
    assert opened.devices is not None
    found = evaluate(opened, data, Settler(), config)
    assert found == evaluate(trained, data, Settler(), config)
    assert found.settled_test_error == trained.history[-1].settled_test_error
    assert json.loads((tmp_path / "run" / "run.json").read_text())["family"] == technology.family
