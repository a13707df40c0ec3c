"""Maps show every number, legibly, and maps of one kind share their colours."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from analogeq.errors import InputError
from analogeq.report.heat_maps import HeatMap, Ticks, heat_maps_figure

X, Y = Ticks("levels", ("2", "4", "8")), Ticks("on/off ratio", ("3", "1000"))
ERRORS = HeatMap("in place: settled error [%]", [[90.0, 9.05, None], [80.0, 3.0, 2.5]])
COSINES = HeatMap("gradient cosine", [[0.1, 0.5, 0.9], [0.2, 0.6, 1.0]], decades=False, better="high")


def test_every_cell_is_written_and_what_was_not_measured_is_a_dash() -> None:
    figure = heat_maps_figure([ERRORS, COSINES], X, Y, columns=2, title="Levels and range")
    first, second = figure.axes
    assert [text.get_text() for text in first.texts] == ["90", "9.05", "–", "80", "3", "2.5"]
    assert [label.get_text() for label in first.get_xticklabels()] == ["2", "4", "8"]
    assert first.get_ylabel() == "on/off ratio"
    assert second.get_ylabel() == ""
    assert second.get_xlabel() == "levels"


def test_numbers_stand_out_from_their_cells() -> None:
    figure = heat_maps_figure([ERRORS, COSINES], X, Y, columns=2, title="Levels and range")
    for axes, one in zip(figure.axes, (ERRORS, COSINES), strict=True):
        image = axes.images[0]
        for text, value in zip(axes.texts, one.values.ravel(), strict=True):
            if np.isfinite(value):  # not measured has no colour
                cell, ink = image.cmap(image.norm(value))[:3], to_rgb(text.get_color())
                # Half of all brightness apart: what is readable at small print.
                assert abs(sum(cell) / 3 - sum(ink) / 3) > 0.35


def test_maps_of_one_kind_share_their_colours_and_others_do_not() -> None:
    other = HeatMap("transferred: settled error [%]", [[95.0, 50.0, 40.0], [30.0, 20.0, 10.0]])
    figure = heat_maps_figure([ERRORS, other, COSINES], X, Y, columns=2, title="Levels and range")
    norms = [axes.images[0].norm for axes in figure.axes if axes.get_visible() and axes.images]
    assert (norms[0].vmin, norms[0].vmax) == (norms[1].vmin, norms[1].vmax) == (2.5, 95.0)
    assert (norms[2].vmin, norms[2].vmax) == (0.1, 1.0)


def test_a_grid_that_does_not_fit_its_axes_is_refused() -> None:
    with pytest.raises(InputError, match="full grid"):
        HeatMap("ragged", [[1.0], [1.0, 2.0]])
    with pytest.raises(InputError, match="axes of 2 and 3 names"):
        heat_maps_figure([HeatMap("small", [[1.0]])], X, Y, columns=1, title="")
    with pytest.raises(InputError, match="no map"):
        heat_maps_figure([], X, Y, columns=1, title="")
    with pytest.raises(InputError, match="unknown"):
        HeatMap("wrong", [[1.0]], better="middle")
