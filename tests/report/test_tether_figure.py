import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.tether import TetherCurve, tether_figure

TETHERS = np.array([0.0, 0.1, 10.0])


def curve(way: str, steps: int, settled: list[float]) -> TetherCurve:
    return TetherCurve(way, steps, TETHERS, np.array(settled) + 1.0, np.array(settled))


def test_each_way_has_a_panel_each_length_a_colour_and_the_bounds_a_line() -> None:
    curves = [curve("Euler", 4, [3, 3, 90]), curve("Euler", 20, [2, 2, 90]), curve("adaptive", 4, [3, 3, 5])]
    figure = tether_figure(curves, bounds=(1.4, 2.0), title="Tethers")
    euler, adaptive = figure.axes
    assert [list(line.get_ydata()) for line in adaptive.get_lines()[:2]] == [[4, 4, 6], [3, 3, 5]]
    assert euler.get_lines()[0].get_color() == adaptive.get_lines()[0].get_color() != euler.get_lines()[2].get_color()
    assert [line.get_xdata()[0] for line in euler.get_lines()[-2:]] == [1.4, 2.0]
    assert len(adaptive.texts) == 2
    assert not euler.texts
    assert euler.get_xlim()[0] < 0.0


def test_a_bound_below_zero_is_not_drawn_and_missing_errors_are_refused() -> None:
    figure = tether_figure([curve("Euler", 4, [3, 3, 90])], bounds=(-0.2, 2.0), title="Tethers")
    assert len(figure.axes[0].get_lines()) == 3
    with pytest.raises(InputError, match="each tether"):
        TetherCurve("Euler", 4, TETHERS, np.ones(3), np.ones(2))
    with pytest.raises(InputError, match="at least one"):
        tether_figure([], bounds=(1.0, 2.0), title="Tethers")
