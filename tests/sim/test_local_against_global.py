"""Both ways of teaching start alike, teach the circuit alike, and the global one descends what it says."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from analogeq.digital import LayeredWeights, choose_arithmetic, feed_forward
from analogeq.network import Network, glorot_uniform

SCRIPT = "local_against_global.py"


def test_both_ways_start_alike_and_the_circuit_learns_by_either(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "local_against_global.json").read_text())
    for one, other in zip(record["points"][0::2], record["points"][1::2], strict=True):
        ways = one["result"], other["result"]
        assert ways[0]["alignment"][0] == ways[1]["alignment"][0]
        assert ways[0]["alignment"][1] != ways[1]["alignment"][1]
        for way in ways:
            settled = [epoch["settled_test_error"] for epoch in way["history"]]
            assert settled[-1] < 0.5 * settled[0]
            assert np.shape(way["alignment"][-1]["losses"]) == (len(one["settings"]["hidden"]) + 1,)
    assert (tmp_path / "local_against_global.png").stat().st_size > 0


def test_a_stopped_training_goes_on_with_the_same_numbers(script: ModuleType, tmp_path: Path) -> None:
    settings = dict(script.points(script.SMOKE, None)[1].settings)
    whole = script.train(settings, tmp_path / "whole")
    script.train({**settings, "epochs": 4}, tmp_path / "stopped")
    resumed = script.train(settings, tmp_path / "stopped")
    assert resumed["alignment"] == whole["alignment"]


def test_the_global_error_is_the_slope_of_the_summed_loss(script: ModuleType) -> None:
    rng = np.random.default_rng(3)
    network = Network.layered((4, 5, 4, 3))
    weights = LayeredWeights(network, glorot_uniform(network, rng))
    arithmetic = choose_arithmetic(compiled=False)
    inputs, settled = rng.random((6, 4)), rng.random((6, network.n_nodes))
    forward = feed_forward(arithmetic, weights, inputs)
    expected = script.global_error(arithmetic, weights, forward, settled).sum(axis=0)

    def loss() -> float:
        return float(0.5 * ((feed_forward(arithmetic, weights, inputs).signals - settled) ** 2).sum())

    for node in range(network.n_nodes):
        held, ends = weights.biases[node], []
        for step in (1e-6, -1e-6):
            weights.biases[node] = held + step
            ends.append(loss())
        weights.biases[node] = held
        # rounding of a loss of order 1 over the step, 1e-16 / 1e-6, with room for 72 terms
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(expected[node], abs=1e-7)
