"""The alignment experiment runs small, and its cosines are those of the two gradients it names."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from analogeq.digital import FeedforwardCopy
from analogeq.network import Network, glorot_uniform

SCRIPT = Path(__file__).parents[2] / "sim" / "gradient_alignment.py"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("sim_gradient_alignment", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_a_smoke_run_learns_aligns_near_the_minimum_and_writes_its_files(script: ModuleType, tmp_path: Path) -> None:
    record = script.run(script.SMOKE)
    (result,) = record.results
    for way in ("local", "global"):
        assert result[way]["loss"][-1] < 0.5 * result[way]["loss"][0]
    near = np.array(result["near"])
    assert (near[0] > 0.0).all()
    assert near[0].min() > near[-1].min()
    script.save(record, tmp_path / "alignment.json")
    assert json.loads((tmp_path / "alignment.json").read_text())["config"]["seeds"] == [0]
    assert len((tmp_path / "alignment.csv").read_text().splitlines()) == 1 + len(result["local"]["iterations"])
    assert (tmp_path / "alignment.png").read_bytes().startswith(b"\x89PNG")


def test_the_global_gradient_is_the_slope_of_the_summed_loss(script: ModuleType) -> None:
    rng = np.random.default_rng(1)
    network = Network.layered((4, 4, 4))
    theta = glorot_uniform(network, rng)
    inputs, targets = rng.standard_normal((9, 4)), rng.standard_normal((9, network.n_nodes))
    copy = FeedforwardCopy(network, theta, script.RHO)

    def loss() -> float:
        return float(((copy.predict(inputs) - targets) ** 2).sum(axis=1).mean())

    expected = script.global_gradient(copy, inputs, targets).weights.copy()
    for edge in range(network.n_edges):
        held, ends = theta.weights[edge], []
        for step in (1e-6, -1e-6):
            theta.weights[edge] = held + step
            ends.append(loss())
        theta.weights[edge] = held
        # rounding over the step: 1e-16 / 1e-6, with room for sums of 36 terms
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(expected[edge], abs=1e-7)
