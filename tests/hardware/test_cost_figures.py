"""What parts are said to cost: read, written, refused, and a conversion by its figure of merit."""

from dataclasses import fields

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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('pulse_enery = "1 pJ"', "[cost] pulse_enery: unknown key; did you mean 'pulse_energy'?"),
        ('phase_time = "1 us"', "[cost] phase_time: unknown key; it belongs to family 'resistive'"),
        ("cell_area = 4", "[cost] cell_area: 4 has no unit; write a string with one, '100 um2' say"),
        ('cell_area = "1 um"', "[cost] cell_area: '1 um' is not in m2"),
        ('cell_area = "-1 um2"', "[cost] cell_area: -1e-12 m2 is below zero"),
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
