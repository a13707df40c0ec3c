"""Errors of copies and circuits by epoch, and at the end."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.hybrid import Taught, hybrid_figure


def taught(label: str, family: str = "hopfield", beside: str = "", *, followed: bool = True) -> Taught:
    errors = np.array([[20.0, 10.0], [30.0, 14.0]])
    return Taught(label, family, errors, errors / 2, np.array([9.0, 13.0]), np.array([5.0, 7.0]), followed, beside)


def test_lines_are_means_over_seeds_and_another_engine_s_are_crosses_of_its_colour() -> None:
    figure = hybrid_figure([taught("one"), taught("one by ngspice", beside="one")], title="Copies")
    curves = figure.axes[0].get_lines()
    copy, circuit, cross, plus = curves[:4]
    assert list(copy.get_ydata()) == [25.0, 12.0]
    assert list(circuit.get_ydata()) == [12.5, 6.0]
    assert (cross.get_marker(), plus.get_marker()) == ("x", "+")
    assert cross.get_linestyle() == "None"
    assert cross.get_color() == copy.get_color()


def test_each_family_has_a_panel_and_every_copy_a_bar_as_long_as_its_mean_error() -> None:
    figure = hybrid_figure([taught("one"), taught("two", "resistive"), taught("three", followed=False)], title="Copies")
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "hopfield circuits",
        "At the end",
        "resistive circuits",
    ]
    bars = figure.axes[1]
    assert [patch.get_width() for patch in bars.patches] == [11.0, 11.0, 11.0]
    assert [text.get_text() for text in bars.get_yticklabels()] == ["one", "two", "three"]
    solid = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "-" and len(line.get_xdata())]
    assert len(solid) == 1  # "three" is not followed


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        hybrid_figure([], title="Copies")
