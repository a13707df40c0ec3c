import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analogeq.errors import InputError, TechnologyError
from analogeq.hardware.converter import Converter, quantise

VALUES = arrays(np.float64, st.integers(1, 20), elements=st.floats(-3.0, 3.0))
BITS = st.integers(1, 12)


def test_an_ideal_converter_hands_the_very_array_on():
    values = np.array([-5.0, 0.1234567, 9.0])
    assert quantise(values, None, 0.0, 1.0) is values


def test_two_bits_over_three_volts_make_the_levels_0_1_2_3():
    values = np.array([-9.0, 0.0, 0.49, 0.5, 1.49, 1.5, 2.49, 2.5, 3.0, 9.0])
    assert quantise(values, 2, 0.0, 3.0).tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0]


def test_one_bit_decides_at_half_the_range():
    assert quantise(np.array([0.89, 0.91]), 1, 0.0, 1.8).tolist() == [0.0, 1.8]


@given(VALUES, BITS, st.floats(-2.0, 0.0), st.floats(0.1, 2.0))
def test_error_inside_the_range_is_half_a_step_at_most(values, bits, low, high):
    inside = np.clip(values, low, high)
    step = (high - low) / (2**bits - 1)
    # rounding of the arithmetic, a few units in the last place of numbers up to 2
    assert np.abs(quantise(inside, bits, low, high) - inside).max() <= step / 2 + 1e-14


@given(VALUES, BITS, st.floats(-2.0, 0.0), st.floats(0.1, 2.0))
def test_converting_twice_changes_nothing_and_the_ends_are_met_exactly(values, bits, low, high):
    once = quantise(values, bits, low, high)
    assert np.array_equal(quantise(once, bits, low, high), once)
    assert quantise(np.array([low - 1.0, high + 1.0]), bits, low, high).tolist() == [low, high]
    assert np.all((once >= low) & (once <= high))


@given(VALUES, BITS)
def test_order_is_kept(values, bits):
    ordered = np.sort(values)
    assert np.all(np.diff(quantise(ordered, bits, 0.0, 1.0)) >= 0.0)


def test_a_ramp_meets_every_level_of_eight_bits_equally_often():
    ramp = (np.arange(255 * 100) + 0.5) / (255 * 100)
    counts = np.unique(quantise(ramp, 8, 0.0, 1.0), return_counts=True)[1]
    assert len(counts) == 256
    assert counts[1:-1].tolist() == [100] * 254
    assert counts[[0, -1]].tolist() == [50, 50]


def test_error_power_of_a_ramp_is_a_twelfth_of_a_step_squared():
    ramp = np.linspace(0.0, 1.0, 200_001)
    step = 1.0 / 63
    power = np.mean((quantise(ramp, 6, 0.0, 1.0) - ramp) ** 2)
    assert power == pytest.approx(step**2 / 12, rel=1e-3)  # the ramp has 3,000 points a step


def test_precision_of_the_values_is_kept():
    assert quantise(np.zeros(3, dtype=np.float32), 4, 0.0, 1.0).dtype == np.float32


@pytest.mark.parametrize(
    ("bits", "low", "high"), [(0, 0.0, 1.0), (-1, 0.0, 1.0), (33, 0.0, 1.0), (8, 1.0, 1.0), (8, 2.0, 1.0)]
)
def test_an_impossible_converter_is_refused(bits, low, high):
    with pytest.raises(InputError, match="converter"):
        quantise(np.zeros(1), bits, low, high)


def test_gain_offset_and_bow_are_those_of_a_line_fitted_to_the_transfer():
    converter = Converter(gain=1.02, offset=0.003, nonlinearity=0.01)
    asked = np.linspace(0.0, 2.0, 201)
    given = np.concatenate([converter.to_volts(one[None, None], 2.0, "inputs")[0] for one in asked])
    assert given[0] == 0.003
    # End-point fit: the line through both ends; the bow is 1 % of 2 V at half scale. Rounding of sums of a few volts.
    slope = (given[-1] - given[0]) / 2.0
    assert slope == pytest.approx(1.02, abs=1e-14)
    off_line = given - (given[0] + slope * asked)
    assert off_line.max() == pytest.approx(0.02, abs=1e-14)
    assert asked[off_line.argmax()] == 1.0


def test_a_dac_bends_after_rounding_and_an_adc_before():
    flawed = Converter(1, gain=0.8)
    volts = np.array([[0.55, 0.9]])
    assert flawed.to_volts(volts, 1.0, "inputs").tolist() == [[0.8, 0.8]]
    # 0.55 reads as 0.44 and rounds down, 0.9 as 0.72 and rounds up.
    assert flawed.to_codes(volts, 1.0, "nodes").tolist() == [[0.0, 1.0]]


def test_channels_differ_by_their_spread_the_same_for_every_batch_and_another_chip_differs():
    converter = Converter(gain_spread=0.05, offset_spread=0.01, seed=3)
    zeros, ones = np.zeros((1, 4000)), np.ones((1, 4000))
    offsets = converter.to_codes(zeros, 1.0, "nodes")[0]
    gains = converter.to_codes(ones, 1.0, "nodes")[0] - offsets
    # Of n draws the sd is known to 1 / sqrt(2 n): 1.1 %; four of these.
    assert offsets.std() == pytest.approx(0.01, rel=0.045)
    assert gains.std() == pytest.approx(0.05, rel=0.045)
    assert np.array_equal(converter.to_codes(np.zeros((5, 4000)), 1.0, "nodes")[4], offsets)
    assert not np.array_equal(converter.to_codes(zeros, 1.0, "inputs")[0], offsets)
    assert not np.array_equal(Converter(offset_spread=0.01, seed=4).to_codes(zeros, 1.0, "nodes")[0], offsets)


def test_a_dac_and_an_adc_of_one_seed_differ_on_channels_of_one_name():
    converter = Converter(offset_spread=0.01, seed=3)
    noisy = Converter(noise=0.01, seed=3)
    zeros = np.zeros((1, 4000))
    for one in (converter, noisy):
        put_out, read = one.to_volts(zeros, 1.0, "nodes")[0], one.to_codes(zeros, 1.0, "nodes")[0]
        assert abs(np.corrcoef(put_out, read)[0, 1]) < 0.065  # four times 1 / sqrt(4,000)


def test_every_conversion_misses_by_its_noise_and_the_same_voltages_read_the_same():
    converter = Converter(noise=2e-3, seed=1)
    volts = np.random.default_rng(0).uniform(size=(50, 400))
    errors = converter.to_codes(volts, 1.0, "nodes") - volts
    # Of 20,000 draws the sd is known to 0.5 % and the mean to 1.4e-5 V; four of these.
    assert errors.std() == pytest.approx(2e-3, rel=0.02)
    assert abs(errors.mean()) < 6e-5
    assert np.array_equal(converter.to_codes(volts.copy(), 1.0, "nodes"), volts + errors)
    others = (
        converter.to_codes(volts + 1e-9, 1.0, "nodes") - volts,
        converter.to_volts(volts, 1.0, "inputs") - volts,
        Converter(noise=2e-3, seed=2).to_codes(volts, 1.0, "nodes") - volts,
    )
    for other in others:
        assert abs(np.corrcoef(errors.ravel(), other.ravel())[0, 1]) < 0.03  # four times 1 / sqrt(20,000)


def test_a_full_scale_below_the_rail_saturates():
    assert Converter(8, full_scale=0.5).to_codes(np.array([[0.7]]), 1.0, "nodes").tolist() == [[0.5]]


def test_an_ideal_converter_of_a_chip_hands_the_very_array_on():
    values = np.array([[-5.0, 9.0]])
    assert Converter().to_volts(values, 1.0, "inputs") is values
    assert Converter().to_codes(values, 1.0, "nodes") is values


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bits": 0}, "bits: 0 is outside the range 1 to 32"),
        ({"bits": 8.0}, "bits: 8.0 is not a whole number"),
        ({"bits": True}, "bits: True is not a whole number"),
        ({"full_scale": -1.0}, "full_scale: -1.0 V is not above zero"),
        ({"gain": 0.0}, "gain: 0.0 is not above zero"),
        ({"offset_spread": -0.1}, "offset_spread: -0.1 V is below zero"),
        ({"noise": -0.1}, "noise: -0.1 V is below zero"),
    ],
)
def test_what_no_converter_can_be_is_refused(wrong, said):
    with pytest.raises(TechnologyError, match=re.escape(said)):
        Converter(**wrong)
