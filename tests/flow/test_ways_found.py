"""Medians of what was found: by depth and seed, over digits, those that never arrived included."""

import numpy as np
import pytest

from analogeq.digital.operations import presenting, settling
from analogeq.flow.points import Finished, Point
from analogeq.flow.ways_found import WaysFound
from analogeq.hardware.cost_figures import FLOAT32_JOULES
from analogeq.network import Network


def found(depth: int, seed: int, times: list[float | None], kind: str = "chain") -> Finished:
    point = Point(f"{kind} {depth} {seed}", {"kind": kind, "depth": depth, "seed": seed, "width": 8})
    steps = [None if t is None else 2.0 * t for t in times]
    return Finished(point, {"starts": {"zero": {"circuit": {"1 %": times}, "sweeps": {"1 %": steps}}}}, "", 0.0, 0.0)


WAYS = WaysFound(
    [
        found(2, 0, [1.0, 3.0, 5.0]),
        found(1, 0, [1.0, 2.0, None]),
        found(2, 1, [None, None, 4.0]),
        found(1, 1, [2.0, 2.0, 8.0]),
        found(1, 0, [9.0], kind="trained"),
        Finished(Point("lost", {"kind": "chain", "depth": 1, "seed": 2}), None, "lost", 0.0, 0.0),
    ]
)


def test_medians_stand_by_depth_and_seed_and_are_infinite_where_most_digits_never_arrive() -> None:
    assert WAYS.depths == [1, 2]
    assert WAYS.kinds == ["chain", "trained"]
    assert WAYS.starts("chain") == ["zero"]
    expected = [[2.0, 2.0], [3.0, np.inf]]
    assert WAYS.medians("chain", "zero", "circuit", "1 %").tolist() == expected


def test_steps_have_the_energy_of_their_multiply_accumulates() -> None:
    joules = WAYS.medians("chain", "zero", "sweeps joules", "1 %")
    network = Network.layered((64, 8, 10))
    assert joules[0, 0] == pytest.approx(FLOAT32_JOULES * (presenting(network) + settling(network, 4)), rel=1e-12)
    assert joules[1, 1] == np.inf
