import math
import subprocess
import sys
import tomllib
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware import (
    Converter,
    DiodeClamp,
    IdealClamp,
    NudgeSource,
    Technology,
    Wires,
    default_technology_toml,
    load_technology,
    real_diode,
    technology_from_toml,
    to_toml,
)
from analogeq.hardware.cost_figures import HopfieldCost
from analogeq.hardware.description.hopfield import PARTS
from analogeq.hardware.description.vocabulary import HOPFIELD
from analogeq.hardware.diodes import REAL_DIODES

POSITIVE = st.floats(1e-18, 1e6)
BITS = st.none() | st.integers(1, 32)
SPREAD = (st.just(0.0) | POSITIVE, st.just(0.0) | POSITIVE, st.integers(0, 2**40))
CLAMPS = st.one_of(
    st.builds(IdealClamp, POSITIVE, *SPREAD),
    st.builds(
        DiodeClamp, POSITIVE, POSITIVE, st.just(0.0) | POSITIVE, st.sampled_from(["", "my diode", "1n4148"]), *SPREAD
    ),
    st.builds(
        lambda name, *spread: replace(
            real_diode(name), **dict(zip(("lower_spread", "upper_spread", "seed"), spread, strict=True))
        ),
        st.sampled_from(sorted(REAL_DIODES)),
        *SPREAD,
    ),
)
CONVERTERS = st.builds(
    Converter,
    BITS,
    st.none() | POSITIVE,
    POSITIVE,
    st.floats(-1.0, 1.0),
    st.floats(-0.5, 0.5),
    st.floats(0.0, 1.0),
    st.just(0.0) | POSITIVE,
    st.integers(0, 2**40),
)
NUDGES = st.builds(
    NudgeSource,
    BITS,
    gain=POSITIVE,
    seed=st.integers(0, 2**40),
    conductance_gain=POSITIVE,
    conductance_spread=st.just(0.0) | POSITIVE,
)
OHMS = st.just(0.0) | POSITIVE
WIRES = st.builds(
    Wires, OHMS, OHMS, OHMS, OHMS, st.sampled_from(["left", "right", "both"]), st.sampled_from(["bottom", "top"])
)


@st.composite
def technologies(draw):
    low, high = sorted(draw(st.lists(POSITIVE, min_size=2, max_size=2, unique=True)))
    arrays = draw(st.sampled_from(["shared", "mirrored"]))
    return Technology(
        name=draw(st.sampled_from(["ideal", "Fab 65 nm, no", "x.y+z-1"]).map(lambda name: name.replace(",", ""))),
        unit_conductance=draw(POSITIVE),
        node_capacitance=draw(POSITIVE),
        rail=draw(POSITIVE),
        conductance_low=low,
        conductance_high=high,
        sense_gain=draw(POSITIVE),
        follower_gain=draw(POSITIVE | st.just(math.inf)),
        sense_offset=draw(st.floats(-1.0, 1.0)),
        sense_offset_spread=draw(st.just(0.0) | POSITIVE),
        sense_gain_spread=draw(st.just(0.0) | POSITIVE),
        follower_offset=draw(st.floats(-1.0, 1.0)),
        follower_offset_spread=draw(st.just(0.0) | POSITIVE),
        amplifier_seed=draw(st.integers(0, 2**40)),
        clamp=draw(CLAMPS),
        arrays=arrays,
        mirror_mismatch=draw(st.floats(0.0, 1.0)) if arrays == "mirrored" else 0.0,
        mirror_seed=draw(st.integers(0, 2**40)),
        dac=draw(CONVERTERS),
        adc=draw(CONVERTERS),
        nudge=draw(NUDGES),
        wires=draw(WIRES),
        temperature=draw(st.floats(-273.0, 500.0)),
        # below one over the largest distance from 27 degC, beyond which a conductance would vanish
        device_temperature_coefficient=draw(st.floats(-2e-3, 3e-3)),
        leak_temperature_coefficient=draw(st.floats(-2e-3, 3e-3)),
    )


@settings(deadline=None)  # the first value imports pint
@given(technologies())
def test_a_technology_written_as_toml_reads_back_equal(technology):
    assert technology_from_toml(to_toml(technology)) == technology


def test_the_shipped_file_is_the_default_technology_and_names_every_key():
    text = default_technology_toml()
    assert technology_from_toml(text) == Technology()
    held = tomllib.loads(text)
    assert {section: list(keys) for section, keys in held.items() if section not in HOPFIELD.kinds} == {
        section: list(keys) for section, keys in HOPFIELD.sections.items()
    }
    assert all(part in text for part in REAL_DIODES)


def test_an_empty_file_is_the_default_technology():
    assert technology_from_toml("") == Technology()


def test_every_field_of_the_technology_has_a_key():
    parts = {**PARTS, "cost": HopfieldCost}
    keys = {HOPFIELD.field(name, key) for name, keys in HOPFIELD.sections.items() if name not in parts for key in keys}
    for name, part in parts.items():
        assert set(HOPFIELD.sections[name]) == {field.name for field in fields(part)}
    assert keys | {"clamp", "memory", *parts} == {field.name for field in fields(Technology)} | {"family"}


def test_what_a_file_says_is_what_the_chip_is(tmp_path):
    path = tmp_path / "chip.toml"
    path.write_text(
        """
        [chip]
        name = "mine"
        rail = "1.8 V"
        temperature = "350 K"
        [neuron]
        unit_conductance = "50 kOhm"
        node_capacitance = "200 fF"
        temperature_coefficient = "-1500 ppm/degC"
        [crossbar]
        conductance_low = "2 MOhm"
        conductance_high = "10 kOhm"
        arrays = "mirrored"
        mapping = "differential"
        mirror_mismatch = 0.02
        mirror_seed = 7
        temperature_coefficient = "0.0025 1/K"
        [amplifiers]
        sense_gain = 2
        follower_gain = 1000.0
        sense_offset = "-500 uV"
        sense_offset_spread = "2 mV"
        sense_gain_spread = 0.01
        follower_offset_spread = "1 mV"
        amplifier_seed = 4
        [clamp]
        kind = "diode"
        saturation_current = "1 pA"
        ideality = 1.1
        series_resistance = "2 Ohm"
        [dac]
        bits = 8
        offset = "-2 mV"
        [adc]
        bits = inf
        full_scale = "1.2 V"
        gain_spread = 0.01
        [nudge]
        offset_spread = "3 mV"
        conductance_gain = 0.98
        conductance_spread = 0.05
        [wires]
        word_line_resistance = "2.5 Ohm"
        bit_line_resistance = "800 mOhm"
        driver_resistance = "1 kOhm"
        driven_from = "both"
        """,
        encoding="utf-8",
    )
    assert load_technology(path) == Technology(
        name="mine",
        unit_conductance=20e-6,
        node_capacitance=200e-15,
        rail=1.8,
        conductance_low=0.5e-6,
        conductance_high=100e-6,
        sense_gain=2.0,
        follower_gain=1000.0,
        sense_offset=-500e-6,
        sense_offset_spread=2e-3,
        sense_gain_spread=0.01,
        follower_offset_spread=1e-3,
        amplifier_seed=4,
        clamp=DiodeClamp(1e-12, 1.1, 2.0),
        arrays="mirrored",
        mirror_mismatch=0.02,
        mirror_seed=7,
        dac=Converter(8, offset=-0.002),
        adc=Converter(None, 1.2, gain_spread=0.01),
        nudge=NudgeSource(offset_spread=3e-3, conductance_gain=0.98, conductance_spread=0.05),
        wires=Wires(2.5, 0.8, 1000.0, driven_from="both"),
        temperature=76.85,
        device_temperature_coefficient=2.5e-3,
        leak_temperature_coefficient=-1.5e-3,
    )


@pytest.mark.parametrize("part", ["1n4148", "1N4148"])
def test_a_real_diode_is_named_in_any_case(part):
    clamp = technology_from_toml(f'[clamp]\nkind = "{part}"').clamp
    assert clamp == DiodeClamp(2.52e-9, 1.752, 0.568, "1n4148")


def test_a_real_diode_s_levels_may_differ_among_neurons():
    clamp = technology_from_toml('[clamp]\nkind = "bat54"\nupper_spread = "5 mV"\nseed = 3').clamp
    assert clamp == replace(real_diode("bat54"), upper_spread=5e-3, seed=3)


def test_every_real_diode_has_a_source_and_conducts_a_milliampere_below_a_volt():
    for part in REAL_DIODES.values():
        drop = part.ideality * 0.025865 * math.log(1e-3 / part.saturation_current + 1) + part.series_resistance * 1e-3
        assert 0.05 < drop < 1.0
        assert len(part.source) > 10


def test_a_diode_that_is_not_known_gets_a_suggestion():
    with pytest.raises(TechnologyError, match="did you mean 'bat54'"):
        real_diode("BAT45")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[chip]\nrial = "1 V"', "[chip] rial: unknown key; did you mean 'rail'?"),
        ('[neuron]\nrail = "1 V"', "[neuron] rail: unknown key; it belongs in [chip]"),
        ("[chip]\nsense_gian = 1", "[chip] sense_gian: unknown key; did you mean 'sense_gain' in [amplifiers]?"),
        (
            '[amplifiers]\nsense_ofset = "1 mV"',
            "[amplifiers] sense_ofset: unknown key; did you mean 'sense_offset'?",
        ),
        ("[amplifiers]\nsense_offset = 0.001", "[amplifiers] sense_offset: 0.001 has no unit"),
        (
            '[amplifiers]\nsense_offset_spread = "-1 mV"',
            "[amplifiers] sense_offset_spread: -0.001 V is below zero",
        ),
        ("[neurons]\n", "neurons: unknown table; did you mean 'neuron'?"),
        ("[zzz]\n", "zzz: unknown table; there are chip, neuron,"),
        ("rail = 1", "rail: unknown table; did you mean 'rail' in [chip]?"),
        ("chip = 3", "chip: is a table; begin it with a line [chip]"),
        ('[clamp]\nkind = "1n4149"', "[clamp] 1n4149: unknown kind; did you mean '1n4148'?"),
        ('[clamp]\nkind = "bat54"\nideality = 1', "[clamp] ideality: the part bat54 brings its own values"),
        ('[clamp]\nkind = "bat54"\nupper_spraed = "1 V"', "[clamp] upper_spraed: the part bat54 brings its own"),
        ('[clamp]\nlower_spread = "-1 mV"', "[clamp] lower_spread: -0.001 V is below zero"),
        ("[clamp]\nideality = 1", "[clamp] ideality: unknown key; it belongs to kind 'diode'"),
        ("[clamp]\nzzz = 1", "[clamp] zzz: unknown key; there are stiffness"),
        ("[device]\n", "device: unknown table; it belongs to family 'resistive'; set [chip] family = \"resistive\""),
        ("[amplifier]\n", "amplifier: unknown table; it belongs to family 'resistive'; set [chip] family = "),
        ("[chip]\nvoltage_gain = 1", "[chip] voltage_gain: unknown key; it belongs to family 'resistive'"),
        ('[chip]\nfamily = "hopfeild"', "[chip] family: 'hopfeild' is unknown; did you mean 'hopfield'?"),
        ("[chip]\nfamily = 1", "[chip] family: 1 is not a string"),
        ("[clamp]\nkind = 1", "[clamp] kind: 1 is not a string"),
        ('[clamp]\nkind = "diode"\nsaturation_current = 1e-9', "[clamp] saturation_current: 1e-09 has no unit"),
        ('[neuron]\nunit_conductance = "1M"', "[neuron] unit_conductance: '1M' could mean two things"),
        ("[neuron]\nunit_conductance = 1e-5", "[neuron] unit_conductance: 1e-05 has no unit; write a string with one"),
        ('[neuron]\nunit_conductance = "0 S"', "[neuron] unit_conductance: 0.0 S is not above zero"),
        ('[amplifiers]\nsense_gain = "2 V"', "[amplifiers] sense_gain: '2 V' is not a plain number"),
        ("[amplifiers]\nsense_gain = true", "[amplifiers] sense_gain: True is not a plain number"),
        ("[amplifiers]\nsense_gain = nan", "[amplifiers] sense_gain: nan is not finite"),
        ("[amplifiers]\nsense_gain = 1" + "0" * 400, "[amplifiers] sense_gain: a number of 401 digits is too large"),
        ("[crossbar]\nmirror_seed = 1.5", "[crossbar] mirror_seed: 1.5 is not a whole number"),
        ("[dac]\nbits = 8.5", "[dac] bits: 8.5 is not a resolution"),
        ("[adc]\nbits = -inf", "[adc] bits: -inf is not a resolution"),
        ("[dac]\nbits = 64", "[dac] bits: 64 is outside the range 1 to 32"),
        ("[clamp]\nstiffness = 0", "[clamp] stiffness: 0.0 is not above zero"),
        ('[clamp]\nkind = "diode"\nideality = 0', "[clamp] ideality: 0.0 is not above zero"),
        ("[chip", "is not TOML"),
        ('[chip]\nrail = "1 V"\nrail = "2 V"', "is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_source_key_value_and_remedy(text, message):
    with pytest.raises(TechnologyError) as caught:
        technology_from_toml(text, source="chip.toml")
    assert str(caught.value).startswith(f"chip.toml: {message}")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(TechnologyError, match=r"none\.toml: cannot be read"):
        load_technology(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TechnologyError, match=r"binary\.toml: cannot be read"):
        load_technology(tmp_path / "binary.toml")


def test_pint_is_imported_only_by_a_value_with_a_unit():
    code = (
        "import sys; from analogeq.hardware import Technology, technology_from_toml, to_toml; to_toml(Technology()); "
        "technology_from_toml('[dac]\\nbits = 8'); assert 'pint' not in sys.modules; "
        "technology_from_toml('[chip]\\nrail = \"2 V\"'); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # our own interpreter and text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('word_line_resistance = "-1 Ohm"', r"\[wires\] word_line_resistance: -1.0 Ohm is below zero"),
        ("word_line_resistance = 1.0", r"\[wires\] word_line_resistance: 1.0 has no unit"),
        ('word_line_resistance = "1 S"', r"\[wires\] word_line_resistance: '1 S' is not in Ohm"),
        ('driven_from = "top"', r"\[wires\] driven_from: 'top' is no side"),
        ('word_line_resistence = "1 Ohm"', r"did you mean 'word_line_resistance'"),
    ],
)
def test_wires_that_cannot_be_are_named_with_their_table(line, said):
    with pytest.raises(TechnologyError, match=said):
        technology_from_toml(f"[wires]\n{line}")


@pytest.mark.parametrize("mapping", ["differential", "offset-column", "affine"])
def test_a_mapping_is_read_and_written(mapping):
    technology = technology_from_toml(f'[chip]\nfamily = "hopfield"\n[crossbar]\nmapping = "{mapping}"\n')
    assert technology.mapping == mapping
    assert technology_from_toml(to_toml(technology)) == technology
