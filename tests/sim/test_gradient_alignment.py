"""The alignment experiment runs small, and its cosines are those of the two gradients it names."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np

from analogeq.digital import FeedforwardCopy
from analogeq.network import Parameters

SCRIPT = "gradient_alignment.py"


def test_a_smoke_run_learns_and_aligns_near_the_minimum(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "gradient_alignment.json").read_text())
    results = {point["name"]: point["result"] for point in record["points"]}
    for way in ("local", "global"):
        losses = np.sum(results[f"{way} 0.01 random start seed 0"]["losses"], axis=1)
        assert losses[-1] < 0.5 * losses[0]
    near = np.array(results["around the target seed 0"]["near"])
    assert (near[0] > 0.0).all()
    assert near[0].min() > near[-1].min()
    curvature = results["around the target seed 0"]["curvature"]
    assert curvature["local"]["samples"] < curvature["global"]["samples"]
    assert (tmp_path / "gradient_alignment.png").read_bytes().startswith(b"\x89PNG")


def test_every_way_of_a_seed_starts_from_one_place_and_sees_the_same_minibatches(script: ModuleType) -> None:
    drawn = [script.draw(p.settings) for p in script.points(script.SMOKE, None) if p.settings.get("start") == "random"]
    assert len(drawn) == 3
    for task in drawn[1:]:
        assert np.array_equal(task.start.weights, drawn[0].start.weights)
        assert np.array_equal(task.order, drawn[0].order)


def test_no_step_beyond_the_curvature_found_descends_and_one_within_does(script: ModuleType) -> None:
    settings = {**script.points(script.SMOKE, None)[-1].settings, "power": 200}
    task = script.draw(settings)
    largest = script.curvature(settings, task, "global")
    for share, grows in ((0.9, False), (1.1, True)):
        goal = Parameters(task.goal.weights.astype(np.float64), task.goal.biases.astype(np.float64))
        inputs = task.inputs.astype(np.float64)
        targets = FeedforwardCopy(task.network, goal.copy(), script.RHO).predict(inputs)
        copy = FeedforwardCopy(task.network, goal.copy(), script.RHO)
        copy.parameters.weights[:] += 1e-7 * np.random.default_rng(1).standard_normal(task.network.n_edges)
        lengths = []
        for _ in range(60):
            lengths.append(float(np.linalg.norm(copy.parameters.weights - goal.weights)))
            copy.parameters.weights[:] -= (
                share * 2.0 / largest * script.gradient("global", copy, inputs, targets).weights
            )
        assert (lengths[-1] > lengths[0]) == grows
