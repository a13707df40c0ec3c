import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.phase_time import PhaseTimeCurve, phase_time_figure


def curve(*, circuit: bool, length: float, errors: list[list[float]]) -> PhaseTimeCurve:
    time = length if circuit else 0.5 * length
    return PhaseTimeCurve(initialised=True, circuit=circuit, length=length, time=time, errors=np.array(errors))


def test_errors_at_the_end_stand_at_the_time_of_a_phase_with_the_median_of_the_seeds() -> None:
    curves = [
        curve(circuit=True, length=1.0, errors=[[50.0, 9.0], [50.0, 5.0], [50.0, 7.0]]),
        curve(circuit=True, length=4.0, errors=[[40.0, 3.0], [40.0, 4.0], [40.0, 2.0]]),
        curve(circuit=False, length=4.0, errors=[[40.0, 6.0]]),
    ]
    figure = phase_time_figure(curves, title="Phases")
    training, end = figure.axes
    assert [line.get_label() for line in training.get_lines()] == ["circuit, 1 τ", "circuit, 4 τ", "Euler, 4 steps"]
    analog, digital = end.get_lines()
    assert np.array_equal(analog.get_xydata(), [[1.0, 7.0], [4.0, 3.0]])
    assert np.array_equal(digital.get_xydata(), [[2.0, 6.0]])


def test_no_curve_is_refused() -> None:
    with pytest.raises(InputError, match="curve"):
        phase_time_figure([], title="Phases")
