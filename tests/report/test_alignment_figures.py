"""The figures of alignment draw what they are given."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.alignment import Alignment, alignment_figure
from analogeq.report.neighbourhood import Neighbourhood, neighbourhood_figure

TIMES = np.array([0.0, 10.0, 20.0])


def alignment(cosines: np.ndarray) -> Alignment:
    losses = {"local losses": (TIMES, np.array([[4.0, 2.0, 1.0], [2.0, 2.0, 1.0]]))}
    return Alignment(losses, losses, TIMES, cosines, np.array([0.1, 1.0]), np.full((2, 2, 2), 0.3))


def test_losses_are_means_over_the_seeds_and_every_layer_has_a_line() -> None:
    far, _, training, _ = alignment_figure(alignment(np.full((2, 3, 2), 0.5))).axes
    assert np.array_equal(far.lines[0].get_ydata(), [3.0, 2.0, 1.0])
    assert [line.get_label() for line in training.lines if not line.get_label().startswith("_")] == [
        "layer 1",
        "layer 2",
    ]


def test_cosines_of_another_length_than_their_iterations_are_refused() -> None:
    with pytest.raises(InputError, match="pass \\(seed, time, layer\\)"):
        alignment_figure(alignment(np.full((2, 4, 2), 0.5)))


def neighbourhood(sampled: np.ndarray) -> Neighbourhood:
    values = np.array([[0.1, 0.5], [0.2, 0.4]])
    losses = np.array([[2.0, 1.0, 0.5], [4.0, 1.0, 0.5]])
    return Neighbourhood(values, values, sampled, np.full((2, 3), -0.5), np.arange(3), losses, losses)


def test_eigenvalues_fall_and_losses_start_at_one() -> None:
    eigenvalues, _, losses = neighbourhood_figure(neighbourhood(np.full((2, 3, 5), 0.4))).axes
    assert np.array_equal(eigenvalues.lines[0].get_ydata(), [0.5, 0.1])
    assert all(line.get_ydata()[0] == 1.0 for line in losses.lines)


def test_quantiles_of_another_number_are_refused() -> None:
    with pytest.raises(InputError, match="pass \\(seed, layer, 5\\)"):
        neighbourhood_figure(neighbourhood(np.full((2, 3, 4), 0.4)))
