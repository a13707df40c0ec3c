"""The figure of energy and time against error."""

from dataclasses import replace

import pytest

from analogeq.errors import InputError
from analogeq.report.energy_time import CopyCost, Deployed, energy_time_figure

CHIP = Deployed(10, "zero", 8, 1e-5, 1.0, 1e-7, 1e-9, 2e-9, 0.0, 20.0, 18.0)
LATER = replace(CHIP, time=2.0, seconds=2e-7, heat=2e-9, test_error=9.0)
STARTED = replace(CHIP, start="copy", copy=5e-9, test_error=8.0)


def test_energy_is_the_sum_of_its_parts() -> None:
    assert STARTED.joules == pytest.approx(8e-9, rel=1e-12)


def test_each_size_and_start_is_a_curve_in_both_panels_and_copies_stand_beside_the_energies() -> None:
    figure = energy_time_figure(
        [CHIP, LATER, STARTED], [CHIP, LATER, STARTED], [LATER], [CopyCost(10, 4e-9, 8.5, 8.4)], title="What it costs"
    )
    energy, time = figure.axes
    assert [line.get_label() for line in energy.lines] == [
        "10 hidden, from zero",
        "10 hidden, started by the 8-bit copy",
    ]
    assert energy.lines[0].get_xdata() == pytest.approx([3.0, 4.0])  # nJ
    assert time.lines[0].get_xdata() == pytest.approx([0.1, 0.2])  # µs
    assert len(energy.collections) == len(time.collections) + 1
    assert "nJ" in energy.get_xlabel()
    assert "µs" in time.get_xlabel()


def test_no_curves_are_refused() -> None:
    with pytest.raises(InputError, match="no curve to draw"):
        energy_time_figure([], [], [], [], title="nothing")
