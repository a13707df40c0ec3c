import math
import os
import re
import tomllib
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware import NudgeConductance, default_technology_toml, load_technology, technology_from_toml, to_toml
from analogeq.hardware.cost_figures import ResistiveCost
from analogeq.hardware.description.devices import KINDS
from analogeq.hardware.description.vocabulary import PAIR, RESISTIVE
from analogeq.hardware.diodes import REAL_DIODES
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    NoDevice,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.hardware.wires import Wires

HEAD = '[chip]\nfamily = "resistive"\n'
POSITIVE = st.floats(1e-15, 1e6)
SMALL = st.floats(1e-3, 0.2)  # thermal voltages: biases of a volt are some hundred of them
KELVIN = st.floats(-270.0, 300.0)
GAINS = st.floats(1e-3, 1e3)
OHMS = st.just(0.0) | POSITIVE


@st.composite
def curves(draw):
    volts = sorted(draw(st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=6, unique_by=lambda v: round(v, 3))))
    amperes = sorted(draw(st.lists(st.floats(-1.0, 1.0), min_size=len(volts), max_size=len(volts))))
    return MeasuredCurve(np.array(volts), np.array(amperes), draw(st.booleans()))


DEVICES = st.one_of(
    st.builds(IdealDiode, POSITIVE),
    st.builds(ShockleyDiode, POSITIVE, SMALL),
    st.builds(DoubleShockley, POSITIVE, SMALL, st.floats(-0.5, 0.5)),
    st.builds(DiodePair, POSITIVE, SMALL, upper=st.floats(0.01, 0.5), lower=st.floats(-0.5, 0.0)),
    curves(),
    st.just(NoDevice()),
    st.builds(JunctionDiode, POSITIVE, POSITIVE, st.just(0.0) | POSITIVE, KELVIN, st.sampled_from(["", "1n4148"])),
    st.builds(JunctionPair, POSITIVE, POSITIVE, POSITIVE, KELVIN, upper=st.floats(0.01, 0.5), lower=st.floats(-1, 0)),
    st.builds(JunctionDiode.of_part, st.sampled_from(sorted(REAL_DIODES)), temperature=KELVIN),
    st.builds(JunctionPair.of_part, st.sampled_from(sorted(REAL_DIODES)), temperature=KELVIN, upper=st.floats(0.1, 5)),
)
AMPLIFIERS = st.none() | st.builds(Amplifier, GAINS | st.tuples(GAINS, GAINS), GAINS | st.tuples(GAINS))


@st.composite
def technologies(draw):
    low = draw(st.just(0.0) | POSITIVE)
    return ResistiveTechnology(
        name=draw(st.sampled_from(["mine", "x.y+z-1"])),
        conductance_low=low,
        conductance_high=draw(st.just(math.inf) | st.floats(1.1, 2.0).map(lambda factor: factor * (low + 1e-9))),
        input_gain=draw(POSITIVE),
        inputs=draw(st.sampled_from(["doubled", "single"])),
        bias_voltage=draw(st.none() | st.floats(-10.0, 10.0)),
        bias_currents=draw(st.sampled_from(["programmed", "none"])),
        device=draw(DEVICES),
        amplifier=draw(AMPLIFIERS),
        outputs=draw(st.sampled_from(["single", "pairs"])),
        wires=draw(st.just(Wires()) | st.builds(Wires, OHMS, OHMS, OHMS, OHMS, st.sampled_from(["right", "both"]))),
        nudge=draw(st.builds(NudgeConductance, POSITIVE, st.just(0.0) | POSITIVE, st.integers(0, 2**40))),
    )


@settings(deadline=None)  # the first value imports pint
@given(technologies())
def test_a_technology_written_as_toml_reads_back_equal(technology):
    again = technology_from_toml(to_toml(technology))
    assert again == technology
    assert hash(again) == hash(technology)


def test_the_shipped_file_is_the_default_technology_and_names_every_key():
    text = default_technology_toml("resistive")
    assert technology_from_toml(text) == ResistiveTechnology()
    assert technology_from_toml(HEAD) == ResistiveTechnology()
    amplified = re.sub(r"^# (?=\[amplifier\]|\w+_gain = )", "", text, flags=re.MULTILINE)
    held = tomllib.loads(amplified)
    named = {section: set(keys) for section, keys in held.items() if section not in RESISTIVE.kinds}
    assert named == {section: set(keys) for section, keys in RESISTIVE.sections.items()}
    assert technology_from_toml(amplified).amplifier == Amplifier()
    assert all(f'"{part}"' in text for part in REAL_DIODES)
    for kind, keys in RESISTIVE.kinds["device"].items():
        assert f'"{kind}"' in text or kind.removesuffix(PAIR) in REAL_DIODES
        assert all(key in text for key in keys)


def test_every_field_of_the_technology_and_of_its_devices_has_a_key():
    own = {table: keys for table, keys in RESISTIVE.sections.items() if table not in ("cost", "wires")}
    keys = {RESISTIVE.field(table, key) for table, keys in own.items() for key in keys}
    technology = {field.name for field in fields(ResistiveTechnology)} - {
        "amplifier",
        "nudge",
        "device",
        "memory",
        "wires",
        "cost",
    }
    assert set(RESISTIVE.sections["wires"]) == {field.name for field in fields(Wires)}
    assert set(RESISTIVE.sections["cost"]) == {field.name for field in fields(ResistiveCost)}
    nudge = {field.name for field in fields(NudgeConductance)}
    assert keys - {"voltage_gain", "current_gain"} - nudge == technology | {"family"}
    for kind, made in KINDS.items():
        of_device = {field.name for field in fields(made)}
        derived = {"offset"} if made is DiodePair else set()
        assert set(RESISTIVE.kinds["device"][kind]) == of_device - derived


def test_a_family_without_a_default_file_is_refused():
    with pytest.raises(TechnologyError, match="family: 'resistiv' is unknown; did you mean 'resistive'"):
        default_technology_toml("resistiv")


def test_what_a_file_says_is_what_the_chip_is(tmp_path):
    path = tmp_path / "chip.toml"
    path.write_text(
        HEAD
        + """
        name = "published"
        [crossbar]
        conductance_low = "10 MOhm"
        conductance_high = "100 S"
        [inputs]
        gain = 50
        kind = "single"
        bias_voltage = "500 mV"
        [outputs]
        kind = "pairs"
        [biases]
        currents = "none"
        [amplifier]
        voltage_gain = [4, 4.5]
        current_gain = 0.25
        [device]
        kind = "double-shockley"
        saturation_current = "1 uA"
        thermal_voltage = "50 mV"
        offset = "0.8 V"
        """,
        encoding="utf-8",
    )
    assert load_technology(path) == ResistiveTechnology(
        name="published",
        conductance_low=1e-7,
        conductance_high=100.0,
        input_gain=50.0,
        inputs="single",
        bias_voltage=0.5,
        outputs="pairs",
        bias_currents="none",
        amplifier=Amplifier((4.0, 4.5), 0.25),
        device=DoubleShockley(1e-6, 0.05, 0.8),
    )


@pytest.mark.parametrize("kind", ["1n4148", "BAT54", "bat54-Pair"])
def test_a_real_diode_is_named_in_any_case(kind):
    technology = technology_from_toml(HEAD + f'[device]\nkind = "{kind}"\ntemperature = "60 degC"')
    part = kind.lower().removesuffix("-pair")
    made = JunctionPair if kind.endswith("-Pair") else JunctionDiode
    assert technology.device == made.of_part(part, temperature=60.0)
    assert f'kind = "{kind.lower()}"\ntemperature = "60 degC"' in to_toml(technology)


def test_a_curve_is_read_from_below_the_files_folder_and_written_without_it(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "diode.csv").write_text("volts,amperes\n-0.5,-1e-3\n0,0\n0.5,2e-3\n")
    path = tmp_path / "chip.toml"
    path.write_text(HEAD + '[device]\nkind = "curve"\nfile = "parts/diode.csv"\nhalf = true\n')
    technology = load_technology(path)
    assert technology.device == MeasuredCurve(np.array([-0.5, 0.0, 0.5]), np.array([-1e-3, 0.0, 2e-3]), half=True)
    (tmp_path / "parts" / "diode.csv").unlink()
    assert technology_from_toml(to_toml(technology)) == technology


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/etc/passwd", "is no path below the technology's folder"),
        ("../curve.csv", "goes up with '..', out of the technology's folder"),
        ("parts/../../curve.csv", "goes up with '..'"),
        ("C:/curve.csv", "is no path below"),
        ("..\\\\curve.csv", "is no path below"),
        ("nul\\u0000.csv", "is no path below"),
        ("link.csv", "is a link to outside the technology's folder"),
        ("loop", "file: 'loop'"),
        ("a" * 5000, "file: 'aaa"),
        ("pipe", "is no file in"),
        ("", "is no file in"),
        ("none.csv", "is no file in"),
    ],
)
def test_a_curve_outside_the_files_folder_is_refused(tmp_path, name, says):
    (tmp_path / "outside.csv").write_text("0,0\n1,1\n")
    folder = tmp_path / "chip"
    folder.mkdir()
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    path = folder / "chip.toml"
    path.write_text(HEAD + f'[device]\nkind = "curve"\nfile = "{name}"\n')
    with pytest.raises(TechnologyError) as caught:
        load_technology(path)
    assert str(caught.value).startswith(f"{path}: [device] file: ")
    assert says in str(caught.value)
    assert "put the file beside the technology" in str(caught.value)


def test_a_curve_file_needs_a_folder():
    with pytest.raises(TechnologyError, match="load the technology from a file, or give volts and amperes"):
        technology_from_toml(HEAD + '[device]\nkind = "curve"\nfile = "curve.csv"')


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe", "two points or more"),
        (b"V,I (mS)\n0,0\n1,1\n", "unit of I: '1 mS' is not in A"),
        (b"time [s],current [A]\n0,0\n1,1\n", "write voltage [V],current [mA]"),
        (b"0,0\n1,nan\n", "point 1: current nan A is not finite"),
        (b"0,0\n1,1,1\n", "line 2: '1,1,1' is no voltage and current"),
        (b"0,0\n", "two points or more"),
        (b"", "two points or more"),
        (b"0,0\n1,1\n\n2,0.5\n", "point 2: current 0.5 A is below the one before"),
        (b'0,0\n"' + b"x" * 200_000 + b'",1\n', "cannot be read as CSV"),
    ],
)
def test_a_damaged_curve_is_told_by_its_name_and_point(tmp_path, content, says):
    (tmp_path / "curve.csv").write_bytes(content)
    path = tmp_path / "chip.toml"
    path.write_text(HEAD + '[device]\nkind = "curve"\nfile = "curve.csv"\n')
    with pytest.raises(TechnologyError) as caught:
        load_technology(path)
    assert str(caught.value).startswith(f"{path}: [device] curve.csv")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[neuron]", "neuron: unknown table; it belongs to family 'hopfield'; set [chip] family = \"hopfield\", or"),
        ("[amplifiers]", "amplifiers: unknown table; it belongs to family 'hopfield'; set [chip] family = \"hopfield\""
         ", or take it out (or did you mean 'amplifier'?)"),
        ("[inptus]", "inptus: unknown table; did you mean 'inputs'?"),
        ("[zzz]", "zzz: unknown table; there are chip, crossbar, inputs,"),
        (
            '[wires]\ndriver_resistance = "-1 Ohm"',
            "[wires] driver_resistance: -1.0 Ohm is below zero; give zero or more",
        ),
        ("[wires]\nword_resistance = 1", "[wires] word_resistance: unknown key; did you mean 'word_line_resistance'?"),
        (
            '[crossbar]\nmapping = "affine"',
            "[crossbar] mapping: unknown key; it belongs to family 'hopfield'; a weight of a resistive network is one",
        ),
        ('[crossbar]\narrays = "shared"', "[crossbar] arrays: unknown key; it belongs to family 'hopfield'"),
        ("[crossbar]\ngain = 2", "[crossbar] gain: unknown key; it belongs in [inputs]"),
        ('[chip]\nkind = "single"', "[chip] kind: unknown key; it belongs in [inputs] or [outputs]"),
        ("[inputs]\nbias_volts = 1", "[inputs] bias_volts: unknown key; did you mean 'bias_voltage'?"),
        ("[inputs]\nbias_voltage = 1", "[inputs] bias_voltage: 1 has no unit; write a string with one, '0.5 V' say"),
        ('[inputs]\nkind = "tripled"', "[inputs] kind: 'tripled' is unknown; give 'doubled' or 'single'"),
        ("[inputs]\ngain = 0", "[inputs] gain: 0.0 is not above zero"),
        ('[outputs]\nkind = "double"', "[outputs] kind: 'double' is unknown; give 'single' or 'pairs'"),
        ('[biases]\ncurrents = "some"', "[biases] currents: 'some' is unknown"),
        ("[crossbar]\nconductance_high = inf", "[crossbar] conductance_high: inf has no unit"),
        ('[crossbar]\nconductance_high = "1 uA"', "[crossbar] conductance_high: '1 uA' is not in S or Ohm"),
        ('[crossbar]\nconductance_low = "inf S"', "[crossbar] conductance_low: 'inf S' is not a number and a unit"),
        ('[crossbar]\nconductance_low = "-1 uS"', "[crossbar] conductance_low: -1e-06 S is below zero"),
        ('[crossbar]\nconductance_low = "1 S"\nconductance_high = "1 mS"', "[crossbar] conductance_low: 1.0 S is not"),
        ("[amplifier]\nvoltage_gain = [1, 0]", "[amplifier] voltage_gain[1]: 0.0 is not above zero"),
        ("[amplifier]\nvoltage_gain = []", "[amplifier] voltage_gain: no gains; give one number, or one for each"),
        ('[amplifier]\ncurrent_gain = ["1"]', "[amplifier] current_gain[0]: '1' is not a plain number"),
        ("[amplifier]\ngain = 1", "[amplifier] gain: unknown key; it belongs in [inputs]"),
        ('[device]\nkind = "shokley"', "[device] shokley: unknown kind; did you mean 'shockley'?"),
        ("[device]\nkind = 1", "[device] kind: 1 is not a string"),
        ('[device]\nkind = "shockley"\nupper = "1 V"', "[device] upper: unknown key; it belongs to kind 'diode"),
        ('[device]\nkind = "shockley"\nscaled_thermal_voltage = "0 V"', "[device] scaled_thermal_voltage: 0.0 V is"),
        ('[device]\nkind = "diode-pair"\nupper = "-2 V"', "[device] upper: -2.0 V is not above lower, -1.0 V"),
        ('[device]\nkind = "double-shockley"\noffset = "50 V"', "[device] offset: 50.0 V"),
        ('[device]\nkind = "1n4149"', "[device] 1n4149: unknown kind; did you mean '1n4148'?"),
        ('[device]\nkind = "1n4148"\nideality = 1', "[device] ideality: unknown key; it belongs to kind 'junction"),
        ('[device]\nkind = "1n4148-pair"\nupper = "-2 V"', "[device] upper: -2.0 V is not above lower, -1.0 V"),
        ('[device]\nkind = "bat54"\ntemperature = "0 K"', "[device] temperature: -273.15 degC is not above absolute"),
        ('[chip]\ntemperature = "1 K"', "[chip] temperature: unknown key; it belongs in [device]"),
        ('[device]\nkind = "none"\nzzz = 1', "[device] zzz: unknown key; there is none"),
        ('[device]\nkind = "curve"', "[device] curve: has no points; give file, or volts and amperes"),
        ('[device]\nkind = "curve"\nvolts = [0, 1]', "[device] curve: has volts; give file, or volts and amperes"),
        ('[device]\nkind = "curve"\nvolts = 0\namperes = [1]', "[device] volts: 0.0 is no list"),
        ('[device]\nkind = "curve"\nvolts = [0]\namperes = [1]', "[device] curve: voltages of shape (1,)"),
        ('[device]\nkind = "curve"\nvolts = [0, 1]\namperes = [1]', "[device] curve: voltages of shape (2,)"),
        ('[device]\nkind = "curve"\nvolts = [0, 1]\namperes = [0, inf]', "[device] curve: point 1: current inf A"),
        ('[device]\nkind = "curve"\nvolts = [0, 1]\namperes = [1, 0]', "[device] curve: point 1: current 0.0 A"),
        ('[device]\nkind = "curve"\nvolts = [0, 1e-300]\namperes = [0, 1e300]', "[device] curve: point 1: the step"),
        ('[device]\nkind = "curve"\nvolts = [0, 1]\namperes = [0, 1]\nhalf = 1', "[device] half: 1 is neither true"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_source_key_value_and_remedy(text, message):
    with pytest.raises(TechnologyError) as caught:
        head = HEAD if not text.startswith("[chip]\n") else ""
        text = text.replace("[chip]\n", HEAD) if not head else head + text
        technology_from_toml(text, source="chip.toml")
    assert str(caught.value).startswith(f"chip.toml: {message}")


@pytest.mark.parametrize("name", ["", "x\n.control", "a" * 100, "$(touch x)", "-x", "é"])
def test_a_hostile_name_of_a_technology_is_refused(name):
    with pytest.raises(TechnologyError, match=r"name: .* is not a plain name"):
        ResistiveTechnology(name=name)
