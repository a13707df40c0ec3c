import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.error_curves import ErrorCurve, error_curves_figure


def test_a_run_and_the_number_it_is_compared_with_share_a_colour() -> None:
    figure = error_curves_figure(
        [ErrorCurve("one", np.array([5.0, 3.0]), 2.5), ErrorCurve("two", np.array([4.0]))], title="Errors"
    )
    lines = figure.axes[0].get_lines()
    assert [list(line.get_ydata()) for line in lines] == [[5.0, 3.0], [2.5, 2.5], [4.0]]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert list(lines[0].get_xdata()) == [1, 2]


def test_a_run_without_epochs_is_refused() -> None:
    with pytest.raises(InputError, match="at least one error"):
        error_curves_figure([ErrorCurve("none", np.array([]))], title="Errors")


def test_the_seventh_run_is_drawn_with_a_marker_and_a_nineteenth_is_refused() -> None:
    runs = [ErrorCurve(f"run {k}", np.array([5.0 + k])) for k in range(19)]
    lines = error_curves_figure(runs[:18], title="Errors").axes[0].get_lines()
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 18
    with pytest.raises(InputError, match="series 19"):
        error_curves_figure(runs, title="Errors")
