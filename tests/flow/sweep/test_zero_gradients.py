"""A gradient of zero has no direction: it has no cosine, and what is zero is counted."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, compile_circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.controller import Schedule
from analogeq.data import load
from analogeq.errors import AnalogeqError
from analogeq.flow.families import Settler, first_weights
from analogeq.flow.points import Finished, Point
from analogeq.flow.sweep import sensitivity
from analogeq.flow.sweep.metrics import METRICS, Outcome
from analogeq.flow.sweep.study import Study
from analogeq.flow.sweep.summary import summarise, table
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.network import Network, Parameters
from analogeq.training import ResistiveTrainingConfig, TrainingConfig

SAMPLES = 10


def hopfield(output_bias: float) -> Outcome:
    """Untrained network, its outputs pushed up by a bias; a rail is at a signal of 1."""
    circuit = compile_circuit(Network.layered((4, 5, 3)), Technology())
    assert isinstance(circuit, Circuit)
    drawn, copy = first_weights(circuit, 0)
    biases = np.array([*[0.3] * 5, *[output_bias] * 3])
    config = TrainingConfig(initialise=False, schedule=Schedule(beta=0.5, free_time=None, nudged_time=None))
    parameters = Parameters(0.3 * drawn.weights, biases)
    return Outcome(circuit, config, parameters, copy, (), load("iris"), Settler(), SAMPLES)


def measured(name: str, outcome: Outcome) -> float | None:
    return METRICS[name].measure(outcome)


def test_outputs_at_the_rails_leave_no_direction_though_a_nudge_would_pull_them_off() -> None:
    held = hopfield(1.3)  # 0.3 above the rail: a small nudge moves nothing, one of 2 beta = 1 does
    assert measured("zero_gradients", held) == 100.0
    assert measured("gradient_cosine", held) is None
    between = hopfield(0.5)
    assert measured("zero_gradients", between) == 0.0
    cosine = measured("gradient_cosine", between)
    assert cosine is not None
    assert cosine > 0.9


def test_some_samples_without_a_gradient_are_counted_and_do_not_hide_the_others() -> None:
    mixed = hopfield(0.995)  # within what the hidden layer adds of the rail: some flowers reach it with all outputs
    share = measured("zero_gradients", mixed)
    assert share is not None
    assert 0.0 < share < 100.0
    assert measured("gradient_cosine", mixed) is not None
    alone = [measured("zero_gradients", replace(mixed, samples=n)) for n in range(1, SAMPLES + 1)]
    counts = [round(n * one / 100.0) for n, one in enumerate(alone, start=1) if one is not None]
    assert len(counts) == SAMPLES
    assert all(step in (0, 1) for step in np.diff([0, *counts]))  # a sample's zero is its own, whoever is beside it


def test_linear_outputs_of_a_resistive_chip_always_have_a_gradient() -> None:
    technology = ResistiveTechnology(conductance_low=1e-5, conductance_high=1e-3, input_gain=8.0)
    circuit = compile_circuit(Network.layered((4, 5, 3)), technology)
    assert isinstance(circuit, ResistiveCircuit)
    drawn, copy = first_weights(circuit, 0)
    outcome = Outcome(circuit, ResistiveTrainingConfig(), drawn, copy, (), load("iris"), Settler(), SAMPLES)
    assert measured("zero_gradients", outcome) == 0.0
    assert measured("gradient_cosine", outcome) is not None


STUDY = Study.model_validate(
    {
        "study": {"name": "zero", "layers": [4, 5, 3], "metrics": ["gradient_cosine", "gap"]},
        "specs": {"gradient_cosine": {"min": 0.5}},
        "sensitivity": {"metric": "gradient_cosine", "ranges": {"training.beta": {"low": 0.1, "high": 0.5}}},
    }
)


def finished(*cosines: float | None) -> list[Finished]:
    place = {"corner": "nominal", "varied": {}, "draw": None}
    return [
        Finished(
            Point(f"seed {k}", {"metrics": ["gradient_cosine", "gap"], "place": {**place, "seed": k}}),
            {"metrics": {"gradient_cosine": cosine, "gap": 0.1}},
            "",
            0.0,
            0.0,
        )
        for k, cosine in enumerate(cosines)
    ]


def test_statistics_are_of_the_points_that_have_a_number_and_count_the_others() -> None:
    summary = summarise(STUDY, finished(0.9, None, 0.7))
    (group,) = summary.groups
    spread = group.spreads["gradient_cosine"]
    assert (spread.median, spread.low, spread.high, spread.without) == (pytest.approx(0.8), 0.7, 0.9, 1)
    assert not group.verdicts["gradient_cosine"]  # what has no number is not known to keep it
    assert group.chips is not None
    assert (group.chips.passed, group.chips.chips) == (2, 3)
    (row,) = table(summary)
    assert row["gradient_cosine without a number"] == 1
    assert "gap without a number" not in row


def test_a_place_where_no_point_has_a_number_has_no_statistics() -> None:
    (group,) = summarise(STUDY, finished(None, None)).groups
    assert set(group.spreads) == {"gap"}
    assert not group.verdicts["gradient_cosine"]


def test_an_influence_on_what_is_not_there_is_refused() -> None:
    with pytest.raises(AnalogeqError, match="seed 1 and 0 other runs have no gradient_cosine"):
        sensitivity._means(finished(0.9, None), "gradient_cosine", 1)
