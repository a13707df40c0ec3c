"""Errors and shares against wire resistance are drawn with zero on the axis, a line for each size and way."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.wires import WireCurve, wires_figure

OHMS = np.array([0.0, 10.0, 1000.0])


def curve(hidden, way):
    return WireCurve(hidden, way, OHMS, np.array([3.0, 4.0, 20.0]), np.full(3, 3.0), np.array([0.0, 0.1, 0.6]))


def test_every_size_and_way_is_a_line_of_both_panels_and_named_once():
    first = [curve(10, "in place"), curve(10, "transferred"), curve(30, "in place")]
    figure = wires_figure({"hopfield": first, "resistive": [curve(30, "in place")]}, title="wires")
    errors, taken, others, _ = figure.axes
    assert len(others.lines) == 1
    assert others.lines[0].get_color() == errors.lines[2].get_color()  # a size has one colour throughout
    assert [axes.get_ylabel().split(":")[0] for axes in (errors, others)] == ["hopfield", "resistive"]
    assert len(errors.lines) == len(taken.lines) == 3
    colours = [line.get_color() for line in errors.lines]
    assert colours[0] == colours[1] != colours[2]
    assert [text.get_text() for text in taken.get_legend().get_texts()] == [
        "10 columns, in place",
        "10 columns, transferred",
        "30 columns, in place",
    ]
    assert list(taken.lines[0].get_ydata()) == [0.0, 10.0, 60.0]
    assert list(errors.get_xticks()) == OHMS.tolist()


def test_a_curve_without_its_numbers_or_of_an_unknown_way_is_refused():
    with pytest.raises(InputError, match="an error and a share for each resistance"):
        WireCurve(10, "in place", OHMS, np.zeros(2), np.zeros(3), np.zeros(3))
    with pytest.raises(InputError, match="way 'sideways' is unknown"):
        curve(10, "sideways")
    with pytest.raises(InputError, match="no curve to draw"):
        wires_figure({}, title="wires")
