import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.race import QuotedPoint, RaceCurve, RacePanel, race_figure


def test_curves_and_quoted_points_stand_where_they_belong_within_the_axes() -> None:
    curves = [RaceCurve("one", np.array([1.0, 2.0]), np.array([5.0, 3.0])), RaceCurve("two", np.array([4.0]), [2.5], 1)]
    panels = [RacePanel("net", curves), RacePanel("deep net", curves[:1])]
    figure = race_figure(panels, quoted=[QuotedPoint("then", 3600.0, 1.6)], title="Race")
    axes = figure.axes[0]
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()}
    assert drawn["one: 3.00 %"] == ([1.0, 2.0], [5.0, 3.0])
    assert drawn["then: 1.6 %"] == ([3600.0], [1.6])
    for (low, high), values in ((axes.get_xlim(), (1.0, 3600.0)), (axes.get_ylim(), (1.6, 5.0))):
        assert low < values[0]
        assert values[1] < high
    assert [a.get_title(loc="left") for a in figure.axes] == ["net", "deep net"]


def test_a_network_without_contestants_is_refused() -> None:
    with pytest.raises(InputError, match="at least one curve"):
        race_figure([RacePanel("net", [])], title="Race")
