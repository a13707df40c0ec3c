"""What parts are said to cost: read, written, refused, and a conversion by its figure of merit."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware import ResistiveTechnology, Technology, technology_from_toml, to_toml
from analogeq.hardware.cost_figures import HopfieldCost, ResistiveCost

FAMILIES = {HopfieldCost: Technology, ResistiveCost: ResistiveTechnology}


@st.composite
def figures(draw):
    kind = draw(st.sampled_from(sorted(FAMILIES, key=lambda one: one.__name__)))
    value = st.none() | st.floats(1e-21, 1e3)
    values = {one.name: draw(value) for one in fields(kind) if one.name != "converter_bits"}
    return kind(converter_bits=draw(st.integers(1, 32)), **values)


@settings(deadline=None)  # the first value imports pint
@given(figures())
def test_figures_written_as_toml_read_back_equal_in_both_families(cost):
    technology = FAMILIES[type(cost)](cost=cost)
    assert technology_from_toml(to_toml(technology)) == technology


@pytest.mark.parametrize("technology", [Technology(), ResistiveTechnology()])
def test_figures_by_default_are_not_written(technology):
    assert "[cost]" not in to_toml(technology)


def test_a_conversion_takes_the_figure_of_merit_for_each_of_its_steps():
    cost = HopfieldCost(adc_energy_per_step=20e-15, dac_energy_per_step=None)
    assert cost.conversion_energy("adc", 10) == pytest.approx(1024 * 20e-15, rel=1e-15)
    assert cost.conversion_energy("adc", None) == pytest.approx(2**cost.converter_bits * 20e-15, rel=1e-15)
    assert cost.conversion_energy("dac", 4) is None


def test_a_pulse_takes_v_squared_g_t_where_no_flat_figure_is_stated():
    """2 V for 10 ns across 5 uS take 0.2 pJ, as NeuroSim's ideal device does."""
    pulsed = HopfieldCost(pulse_voltage=2.0, pulse_width=10e-9)
    assert pulsed.writing_energy(3, 3 * 5e-6) == pytest.approx(3 * 0.2e-12, rel=1e-15)
    assert replace(pulsed, pulse_energy=1e-12).writing_energy(3, 3 * 5e-6) == pytest.approx(3e-12, rel=1e-15)
    assert replace(pulsed, pulse_width=None).writing_energy(3, 3 * 5e-6) is None
    assert (pulsed.device_time, replace(pulsed, pulse_time=1e-6).device_time) == (10e-9, 1e-6)


def test_a_cell_takes_its_squares_of_the_feature_size_where_no_area_is_stated():
    """4 F2 of 130 nm are the square of two line pitches."""
    cell = HopfieldCost(feature_size=130e-9, cell_area_in_f2=4.0)
    assert cell.device_area == pytest.approx((2 * 130e-9) ** 2, rel=1e-15)
    assert replace(cell, cell_area=1e-13).device_area == 1e-13
    assert replace(cell, feature_size=None).device_area is None


@pytest.mark.parametrize(("family", "figures"), [("hopfield", HopfieldCost), ("resistive", ResistiveCost)])
def test_a_published_device_brings_the_figures_of_its_source_unless_the_file_says_otherwise(family, figures):
    text = f'[chip]\nfamily = "{family}"\n[crossbar]\nconductance_high = "40 uS"\n[memory]\nkind = "ecram-tang2018"\n'
    own = technology_from_toml(text)
    assert own.cost == figures(pulse_energy=1e-15, pulse_time=5e-9)
    assert "[cost]" not in to_toml(own)
    for said, energy in (("2 fJ", 2e-15), ("none", None)):
        told = technology_from_toml(f'{text}[cost]\npulse_energy = "{said}"\n')
        assert told.cost == figures(pulse_energy=energy, pulse_time=5e-9)
        assert technology_from_toml(to_toml(told)) == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('pulse_enery = "1 pJ"', "[cost] pulse_enery: unknown key; did you mean 'pulse_energy'?"),
        ('phase_time = "1 us"', "[cost] phase_time: unknown key; it belongs to family 'resistive'"),
        ("cell_area = 4", "[cost] cell_area: 4 has no unit; write a string with one, '100 um2' say"),
        ('cell_area = "1 um"', "[cost] cell_area: '1 um' is not in m2"),
        ('cell_area = "-1 um2"', "[cost] cell_area: -1e-12 m2 is below zero"),
        ('feature_size = "130 um2"', "[cost] feature_size: '130 um2' is not in m"),
        ("cell_area_in_f2 = -4", "[cost] cell_area_in_f2: -4.0 F^2 is below zero"),
        ('pulse_energy = "1 pW"', "[cost] pulse_energy: '1 pW' is not in J"),
        ('capacitor_density = "0 fF/um2"', "[cost] capacitor_density: 0.0 F/m2 is not above zero"),
        ("converter_bits = 40", "[cost] converter_bits: 40 is outside the range 1 to 32"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_and_a_remedy(text, said):
    with pytest.raises(TechnologyError) as caught:
        technology_from_toml(f"[cost]\n{text}\n")
    assert said in str(caught.value)


def test_figures_of_the_other_family_are_refused():
    with pytest.raises(TechnologyError, match="cost: ResistiveCost is not of this family; give HopfieldCost"):
        Technology(cost=ResistiveCost())
