import math
from dataclasses import replace

import numpy as np
import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware import Converter, DiodeClamp, IdealClamp, Technology


def test_defaults_have_a_time_constant_of_100_ns_and_weights_up_to_9_99():
    tech = Technology()
    assert tech.time_constant == pytest.approx(100e-9, rel=1e-15)
    assert tech.weight_limit == pytest.approx(9.99, rel=1e-14)
    assert tech.follower_factor == 1.0


def test_a_follower_of_gain_nine_stands_at_nine_tenths():
    assert Technology(follower_gain=9.0).follower_factor == 0.9


@pytest.mark.parametrize(
    "key", ["unit_conductance", "node_capacitance", "rail", "conductance_low", "conductance_high", "sense_gain"]
)
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        *((value, "not above zero") for value in (0.0, -1e-6)),
        *((value, "not finite") for value in (math.nan, math.inf, 10**400)),
        *((value, "not a number") for value in ("1", True, None)),
    ],
)
def test_what_has_to_be_positive_is(key, value, rule):
    with pytest.raises(TechnologyError, match=f"^{key}: .* is {rule}"):
        Technology(**{key: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"follower_gain": 0.0}, "follower_gain: 0.0 is not above zero"),
        ({"follower_gain": math.nan}, "follower_gain: nan is not finite"),
        (
            {"conductance_low": 1e-4},
            "conductance_low: 0.0001 S is not below conductance_high, 0.0001 S; widen the range",
        ),
        ({"conductance_low": 1e-3}, "conductance_low: 0.001 S is not below"),
        ({"mirror_mismatch": -0.1, "arrays": "mirrored"}, "mirror_mismatch: -0.1 is below zero"),
        ({"mirror_mismatch": 0.1}, "with shared arrays"),
        ({"mirror_seed": -1}, "mirror_seed: -1 is outside the range 0 or more"),
        ({"mirror_seed": 1.5}, "mirror_seed: 1.5 is not a whole number"),
        ({"arrays": "double"}, "arrays: 'double' is unknown; give 'shared' or 'mirrored'"),
        ({"dac": 8}, "dac: 8 is no Converter; give one"),
        ({"temperature": -273.15}, "temperature: -273.15 degC is not above absolute zero"),
        ({"temperature": math.inf}, "temperature: inf degC is not finite"),
        (
            {"device_temperature_coefficient": -0.02, "temperature": 85.0},
            "device_temperature_coefficient: -0.02 1/K makes a conductance -0.16 of itself at 85 degC; give a smaller",
        ),
        ({"leak_temperature_coefficient": math.inf}, "leak_temperature_coefficient: inf 1/K is not finite"),
        ({"clamp": "ideal"}, "clamp: 'ideal' is no clamp"),
        ({"name": "x\n.control"}, "is not a plain name"),
        ({"name": ""}, "is not a plain name"),
    ],
)
def test_an_impossible_chip_is_refused_with_value_rule_and_remedy(changes, message):
    with pytest.raises(TechnologyError) as caught:
        Technology(**changes)
    assert message in str(caught.value)


def test_a_change_to_a_good_technology_is_checked_too():
    with pytest.raises(TechnologyError, match="rail"):
        replace(Technology(), rail=0.0)


def test_numpy_numbers_are_numbers():
    tech = Technology(rail=np.float32(1.5), dac=Converter(np.int64(8)), unit_conductance=np.float64(1e-5))
    assert (tech.rail, tech.dac.bits) == (1.5, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IdealClamp(stiffness=0.0), "stiffness: 0.0 is not above zero"),
        (lambda: DiodeClamp(saturation_current=0.0), "saturation_current: 0.0 A is not above zero"),
        (lambda: DiodeClamp(ideality=-1.0), "ideality: -1.0 is not above zero"),
        (lambda: DiodeClamp(series_resistance=-0.1), "series_resistance: -0.1 Ohm is below zero"),
        (lambda: DiodeClamp(name="a;b"), "diode name: 'a;b' is not a plain name"),
    ],
)
def test_an_impossible_clamp_is_refused(make, message):
    with pytest.raises(TechnologyError, match=message):
        make()
