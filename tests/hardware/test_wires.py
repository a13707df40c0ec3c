"""Wires are described in Ohm and by side, and read both ways."""

import math

import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.wires import Line, Wires


def test_wires_are_ideal_unless_something_resists():
    assert Wires().are_ideal
    for key in ("word_line_resistance", "bit_line_resistance", "driver_resistance", "sense_resistance"):
        assert not Wires(**{key: 1e-3}).are_ideal


def test_sides_are_ends_of_the_lines_in_the_order_of_their_cells():
    word, bit = Wires(1.0, 2.0, 3.0, 4.0, driven_from="right", sensed_at="top").forward
    assert word == Line(1.0, 3.0, "last")
    assert bit == Line(2.0, 4.0, "first")


def test_read_backward_the_same_ends_are_held_and_driver_and_virtual_ground_change_places():
    driven, sensed = Wires(1.0, 2.0, 3.0, 4.0, driven_from="both").backward
    assert driven == Line(2.0, 3.0, "last")
    assert sensed == Line(1.0, 4.0, "both")


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, "1 Ohm", True])
def test_a_resistance_is_a_finite_number_from_zero_up(value):
    with pytest.raises(TechnologyError, match="bit_line_resistance"):
        Wires(bit_line_resistance=value)


def test_a_side_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(TechnologyError, match=r"driven_from: 'top' is no side; give 'left' or 'right' or 'both'"):
        Wires(driven_from="top")
    with pytest.raises(TechnologyError, match=r"sensed_at: 'left' is no side; give 'top' or 'bottom'"):
        Wires(sensed_at="left")
