import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.depth import DepthCurve, DepthPanel, depth_figure


def curve(values: list[list[float]]) -> DepthCurve:
    return DepthCurve("native", np.arange(1, len(values) + 1), np.array(values))


def test_a_curve_is_the_median_of_what_came_to_an_end_and_has_a_gap_where_nothing_did() -> None:
    figure = depth_figure(
        [DepthPanel("times", "time [τ]", [curve([[1.0, 3.0, np.inf], [np.inf] * 3, [5.0, 6.0, 7.0]])])]
    )
    drawn = figure.axes[0].get_lines()[0].get_ydata()
    assert np.array_equal(drawn, [2.0, np.nan, 6.0], equal_nan=True)
    assert figure.axes[0].get_yscale() == "log"
    assert figure.axes[0].get_ylabel() == "time [τ]"


def test_a_panel_without_curves_is_refused() -> None:
    with pytest.raises(InputError, match="curve"):
        depth_figure([DepthPanel("times", "time [τ]", [])])


def test_panels_stand_in_rows_and_a_law_is_drawn_through_its_values() -> None:
    fitted = DepthCurve("native", np.arange(1, 4), np.array([[1.0], [2.0], [3.9]]), fitted=np.array([1.0, 2.0, 4.0]))
    figure = depth_figure([DepthPanel(t, "time [τ]", [fitted]) for t in "abc"], columns=2)
    places = [axes.get_subplotspec().rowspan.start for axes in figure.axes]
    assert places == [0, 0, 1]
    assert np.array_equal(figure.axes[0].get_lines()[1].get_ydata(), [1.0, 2.0, 4.0])
