"""Near a minimum local losses are descended whatever the angle, and there are directions without alignment."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np

from analogeq.digital import FeedforwardCopy, backpropagate_layers
from analogeq.network import Network, glorot_uniform

SCRIPT = "alignment_neighbourhood.py"


def test_random_directions_align_the_worst_do_not_and_local_descent_arrives_from_there(
    script: ModuleType, tmp_path: Path
) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "alignment_neighbourhood.json").read_text())
    for point in record["points"]:
        result = point["result"]
        for layer in result["layers"]:
            assert layer["sampled_positive"] > 0.99
            assert layer["lowest"] < 0.0
            assert layer["worst"] < 0.0
        local = result["descents"]["local"]
        assert local[1] > local[0]
        assert local[-1] < 1e-5 * local[0]
    assert (tmp_path / "alignment_neighbourhood.png").stat().st_size > 0


def test_the_slopes_of_the_summed_gradient_are_symmetric_and_those_of_the_last_layer_local(script: ModuleType) -> None:
    rng = np.random.default_rng(7)
    network = Network.layered((3, 3, 3))
    inputs = rng.standard_normal((40, 3))
    copy = FeedforwardCopy(network, glorot_uniform(network, rng, scale=1.6), script.RHO)
    targets = copy.predict(inputs)
    local = script.slopes(copy, inputs, targets, FeedforwardCopy.local_gradient)
    whole = script.slopes(copy, inputs, targets, backpropagate_layers)
    # rounding over the step, 1e-16 / 1e-6, of gradients of order 1
    assert np.allclose(whole, whole.T, atol=1e-8)
    last = network.blocks[-1].edges
    assert np.allclose(local[last], whole[last], atol=1e-8)
    assert np.linalg.eigvalsh(whole)[0] > -1e-8
