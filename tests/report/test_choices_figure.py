"""The best settings against the ratio they were chosen for."""

import pytest

from analogeq.errors import InputError
from analogeq.report.choices import ChoiceCurve, choices_figure


def test_errors_gains_and_rates_have_their_panels_and_curves_their_names() -> None:
    curves = [
        ChoiceCurve("start alike", (3.0, 1000.0), (88.0, 9.0), (60.0, 60.0), (0.1, 0.01)),
        ChoiceCurve("start apart", (3.0, 1000.0), (6.4, 7.5), (3000.0, 60.0), (0.1, 0.1)),
    ]
    figure = choices_figure(curves, title="Narrow ranges")
    errors, gains, rates = figure.axes
    assert [line.get_ydata().tolist() for line in errors.lines] == [[88.0, 9.0], [6.4, 7.5]]
    assert gains.lines[1].get_ydata().tolist() == [3000.0, 60.0]
    assert rates.lines[0].get_ydata().tolist() == [0.1, 0.01]
    legend = errors.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["start alike", "start apart"]
    assert all(axes.get_xlabel() == "on/off ratio" for axes in figure.axes)


def test_a_curve_has_one_number_of_each_kind_a_ratio() -> None:
    with pytest.raises(InputError, match="one number for each ratio"):
        ChoiceCurve("short", (3.0, 10.0), (1.0,), (60.0, 60.0), (0.1, 0.1))


def test_no_curve_is_no_figure() -> None:
    with pytest.raises(InputError, match="no curve"):
        choices_figure([], title="")
