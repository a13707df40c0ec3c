import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware.quantities import parse_quantity, show_quantity

UNITS = st.sampled_from(["S", "F", "V", "A", "Ohm", "degC", "s", "J", "W", "m", "m2", "F/m2", "1/K"])


def read(value, unit="S"):
    return parse_quantity(value, unit, "key", "10 uS")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10 uS", "S", 10e-6),
        ("10uS", "S", 10e-6),
        (" 10 µS ", "S", 10e-6),
        ("1e1 uS", "S", 10e-6),
        ("1 A/V", "S", 1.0),
        ("100 kOhm", "S", 10e-6),
        ("100 kohm", "S", 10e-6),
        ("100 kΩ", "S", 10e-6),
        ("3 MOhms", "S", 1 / 3e6),
        ("100 pF", "F", 100e-12),
        ("1 farad", "F", 1.0),
        (".5 V", "V", 0.5),
        ("-3 mV", "V", -3e-3),
        ("2.52 nA", "A", 2.52e-9),
        ("1 A", "A", 1.0),
        ("0.568 Ohm", "Ohm", 0.568),
        ("27 degC", "degC", 27.0),
        ("20 fJ", "J", 20e-15),
        ("130 nm", "m", 130e-9),
        ("1 metre", "m", 1.0),
        ("1200 um2", "m2", 1.2e-9),
        ("0.5 µm^2", "m2", 5e-13),
        ("0.0012 mm2", "m2", 1.2e-9),
        ("1.5 fF/um2", "F/m2", 1.5e-3),
        ("500 ppm/K", "1/K", 5e-4),
        ("-1500 ppm/degC", "1/K", -1.5e-3),
        ("2 ppm/°C", "1/K", 2e-6),
        ("0.0025 1/K", "1/K", 2.5e-3),
        ("27 °C", "degC", 27.0),
        ("300 K", "degC", 26.85),
        ("300 kelvin", "degC", 26.85),
    ],
)
def test_a_value_with_its_unit_is_read_to_the_last_digit(text, unit, value):
    assert read(text, unit) == value


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("1M", "milli to SPICE, mega in SI"),
        ("1 M", "milli to SPICE, mega in SI"),
        ("1m", "the prefix milli, or a metre"),
        ("1K", "kilo to SPICE, kelvin in SI"),
        ("1k", "Boltzmann"),
        ("1G", "giga to SPICE, gauss"),
        ("1F", "femto to SPICE, farad in SI"),
        ("1A", "atto to SPICE, ampere in SI"),
        ("1u", "without a unit"),
    ],
)
def test_a_bare_suffix_is_refused_with_the_things_it_could_mean(text, meanings):
    with pytest.raises(TechnologyError, match="could mean two things") as caught:
        read(text)
    assert meanings in str(caught.value)
    assert "'10 uS' say" in str(caught.value)


def test_a_bare_farad_is_refused_even_for_a_capacitance():
    with pytest.raises(TechnologyError, match="femto to SPICE, farad in SI"):
        read("1F", "F")


@pytest.mark.parametrize("text", ["1meg", "1 MEG", "1mil"])
def test_a_long_spice_suffix_is_refused(text):
    with pytest.raises(TechnologyError, match="SPICE suffix and no unit"):
        read(text)


@pytest.mark.parametrize("value", [1e-5, 10, "1e-5", "10", math.inf])
def test_a_number_alone_is_refused(value):
    with pytest.raises(TechnologyError, match="has no unit"):
        read(value)


@pytest.mark.parametrize(
    "value", [True, None, [], "", "uS", "10 u S", "ten uS", "1e99999 S", "nan S", "1,5 uS", "10\nuS x"]
)
def test_what_is_no_number_and_unit_is_refused(value):
    with pytest.raises(TechnologyError, match="is not a number and a unit"):
        read(value)


@pytest.mark.parametrize("text", ["1 uSS", "1 d_S", "1 S**2", "1 __class__", "1 S/V/A", "1 uS;quit", "1 ()"])
def test_an_unknown_unit_is_refused(text):
    with pytest.raises(TechnologyError, match=r"unknown unit|is not a unit"):
        read(text)


@pytest.mark.parametrize(
    ("text", "unit"), [("1 uF", "S"), ("1 V", "S"), ("1 S", "F"), ("27 C", "degC"), ("1 S", "Ohm")]
)
def test_another_dimension_is_refused(text, unit):
    with pytest.raises(TechnologyError, match=f"is not in {unit}"):
        read(text, unit)


def test_no_resistance_is_no_conductance():
    with pytest.raises(TechnologyError, match="short circuit"):
        read("0 Ohm")


@settings(deadline=None)  # the first value imports pint
@given(st.floats(allow_nan=False, allow_infinity=False), UNITS)
def test_what_is_shown_reads_back_as_the_very_same_float(value, unit):
    assert read(show_quantity(value, unit), unit) == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e-5, "S", "10 uS"),
        (1e-7, "S", "100 nS"),
        (1.0, "V", "1 V"),
        (1.8, "V", "1.8 V"),
        (0.0, "Ohm", "0 Ohm"),
        (0.568, "Ohm", "568 mOhm"),
        (1e-12, "F", "1 pF"),
        (1.0, "F", "1.0 farad"),
        (-40.5, "degC", "-40.5 degC"),
    ],
)
def test_values_are_shown_as_people_write_them(value, unit, text):
    assert show_quantity(value, unit) == text


def test_nothing_is_shown_with_a_unit_that_reads_back():
    for unit in ("S", "F", "V", "A", "Ohm", "degC"):
        assert parse_quantity(show_quantity(0.0, unit), unit, "key", "1 V") == 0.0
