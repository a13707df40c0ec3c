import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report import LagCurve, lag_figure


def test_the_lag_is_the_copys_error_less_the_circuits_and_its_aim_begins_where_it_counts() -> None:
    curve = LagCurve("one", np.array([1.0, 2.0, 3.0]), np.array([30.0, 6.0, 4.2]), np.array([10.0, 5.0, 4.0]))
    figure = lag_figure([curve], allowed=0.3, from_epoch=2, title="Lag")
    errors, lags = figure.axes
    assert [line.get_ydata()[-1] for line in errors.get_lines()] == [4.2, 4.0]
    lag, aim = lags.get_lines()
    assert lag.get_ydata() == pytest.approx([20.0, 1.0, 0.2])
    assert (list(aim.get_xdata()), list(aim.get_ydata())) == ([2, 3.0], [0.3, 0.3])


def test_a_lag_without_a_curve_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        lag_figure([], allowed=0.3, from_epoch=10, title="Lag")
