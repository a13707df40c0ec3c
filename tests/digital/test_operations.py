"""Counts of multiply-accumulates, against a count by running."""

import numpy as np

from analogeq.digital import EulerRelaxation, Forces
from analogeq.digital.operations import predicting, presenting, settling
from analogeq.network import Network, Parameters


class Counted(np.ndarray):
    """An array that counts the multiply-accumulates of the matrix products it is in."""

    total = 0

    def __matmul__(self, other):
        Counted.total += self.shape[0] * self.shape[1] * other.shape[1]
        return np.asarray(self) @ np.asarray(other)


def test_the_papers_shape_costs_what_its_matrices_hold() -> None:
    network = Network.layered((784, 500, 10))
    assert presenting(network) == 784 * 500
    assert settling(network, 20) == 20 * (2 * 500 * 10 + 510)
    assert predicting(network) == 784 * 500 + 500 * 10


def test_a_run_multiplies_as_often_as_is_counted(monkeypatch) -> None:
    """Matrix products counted where they happen; a neuron's own product is one more a step."""
    network = Network.layered((5, 4, 3, 2))
    relaxation = EulerRelaxation(network, Parameters(np.ones(network.n_edges), np.zeros(network.n_nodes)))
    monkeypatch.setattr(Counted, "total", 0)
    clip = np.clip
    monkeypatch.setattr(np, "clip", lambda *a, **k: clip(*a, **k).view(Counted))
    relaxation.relax(Forces(np.ones((1, 5)).view(Counted)), np.zeros((1, 9)).view(Counted), steps=6)
    assert Counted.total == presenting(network) + settling(network, 6) - 6 * network.n_nodes
