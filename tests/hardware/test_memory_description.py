import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware import (
    ResistiveTechnology,
    Technology,
    default_technology_toml,
    load_technology,
    technology_from_toml,
    to_toml,
)
from analogeq.hardware.description.memory_keys import MEMORY_KEYS
from analogeq.hardware.memory import (
    PRESETS,
    Branch,
    Drift,
    Faults,
    Levels,
    Memory,
    Noise,
    Programming,
    Pulses,
    Retention,
    Spread,
)

SHARE = st.floats(0.0, 0.3)
COUNT = st.floats(1.0, 1e4)
NOISES = st.builds(Noise, SHARE, SHARE, SHARE, st.lists(st.floats(-1.0, 1.0), max_size=4).map(tuple))
BRANCHES = (
    st.builds(Branch, COUNT)
    | st.builds(Branch, st.just(math.inf), COUNT)
    | st.builds(lambda p, bend: Branch(p, p / bend), COUNT, st.floats(0.1, 9.0) | st.floats(-9.0, -0.1))
)
MEMORIES = st.builds(
    Memory,
    name=st.sampled_from(["", "mine", "pcm-nandakumar2019", "ecram-tang2018"]),
    levels=st.none() | st.builds(Levels, st.integers(2, 4096), st.sampled_from(["conductance", "resistance"])),
    programming=st.builds(Programming, NOISES, st.just(0)) | st.builds(Programming, NOISES, st.integers(1, 99), SHARE),
    pulses=st.none() | st.builds(Pulses, BRANCHES, BRANCHES, SHARE, SHARE),
    rounding=st.sampled_from(["stochastic", "nearest"]),
    spread=st.builds(Spread, SHARE, SHARE, SHARE, SHARE, SHARE),
    read_noise=NOISES,
    drift=st.builds(Drift, SHARE, SHARE, st.floats(1e-9, 1e9)),
    retention=st.builds(Retention, st.floats(1e-9, 1e9) | st.just(math.inf), SHARE),
    faults=st.builds(Faults, SHARE, SHARE, SHARE),
    update_period=st.just(0.0) | st.floats(1e-9, 1e9),
    read_after=st.just(0.0) | st.floats(1e-9, 1e9),
    seed=st.integers(0, 2**40),
)


@settings(deadline=None)  # the first value imports pint
@given(MEMORIES, st.sampled_from(["one-sided", "balanced"]))
def test_a_memory_written_as_toml_reads_back_equal_in_both_families(memory, pairs):
    hopfield = Technology(memory=replace(memory, pairs=pairs))
    assert technology_from_toml(to_toml(hopfield)) == hopfield
    resistive = ResistiveTechnology(conductance_low=1e-6, conductance_high=1e-3, memory=memory)
    assert technology_from_toml(to_toml(resistive)) == resistive


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_brings_its_range_unless_the_file_has_its_own(name):
    preset = PRESETS[name]
    found = technology_from_toml(f'[memory]\nkind = "{name.upper()}"\nseed = 4\n')
    assert found.memory == replace(preset.memory, seed=4)
    assert found.conductance_low == (preset.low or Technology().conductance_low)
    assert found.conductance_high == (preset.high or Technology().conductance_high)
    crossbar = '[crossbar]\nconductance_low = "3 uS"\nconductance_high = "6 uS"\n'
    for text in (f'{crossbar}[memory]\nkind = "{name}"\n', f'[memory]\nkind = "{name}"\n{crossbar}'):
        own = technology_from_toml(text)
        assert (own.conductance_low, own.conductance_high) == (3e-6, 6e-6)
    assert f'kind = "{name}"' in to_toml(found)


def test_a_preset_with_a_change_is_written_as_the_preset_and_the_change():
    changed = replace(PRESETS["ecram-tang2018"].memory, faults=Faults(stuck_open=0.1), seed=2)
    text = to_toml(Technology(memory=changed))
    assert text.endswith('[memory]\nkind = "ecram-tang2018"\nstuck_open = 0.1\nseed = 2\n')


def test_pulses_of_one_direction_alone_are_those_of_both():
    found = technology_from_toml("[memory]\npulses_up = 100\nconstant_up = 50\n").memory
    assert found.pulses == Pulses(Branch(100.0, 50.0), Branch(100.0, 50.0))


def test_a_measured_device_is_fitted_and_brings_its_range(tmp_path):
    up = [2.0 + 40.0 * (1.0 - np.exp(-n / 20.0)) / (1.0 - np.exp(-2.5)) for n in range(51)]
    rows = [f"{n},{g!r},up" for n, g in enumerate(map(float, up))]
    rows += [f"{n},{42.0 - 0.8 * n!r},down" for n in range(51)]
    (tmp_path / "pulses.csv").write_text("pulse,conductance [uS],direction\n" + "\n".join(rows) + "\n")
    (tmp_path / "mine.toml").write_text('[memory]\nkind = "measured"\nfile = "pulses.csv"\nread_sd_of_value = 0.01\n')
    found = load_technology(tmp_path / "mine.toml")
    assert found.conductance_low == pytest.approx(2e-6, rel=1e-4)
    assert found.conductance_high == pytest.approx(42e-6, rel=1e-4)
    assert found.memory.pulses.up.constant == pytest.approx(20.0, rel=1e-3)
    assert found.memory.read_noise == Noise(of_value=0.01)
    assert technology_from_toml(to_toml(found)) == found


def test_every_key_and_preset_is_explained_in_the_shipped_files():
    for family in ("hopfield", "resistive"):
        text = default_technology_toml(family)
        assert all(name in text for name in PRESETS)
        known = [key for key in MEMORY_KEYS if not key.startswith("read_sd") and key != "name"]
        missing = [key for key in known if not re.search(rf"\b{key}\b", text)]
        assert missing == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("levles = 4", "[memory] levles: unknown key; did you mean 'levels'?"),
        ('kind = "ecram-tang"', "[memory] ecram-tang: unknown kind; did you mean 'ecram-tang2018'?"),
        ('kind = "ideal"\nlevels = 4', "[memory] levels: unknown key; it belongs to kind 'described'"),
        ("levels = 1", "[memory] levels: 1 is outside the range 2"),
        ("levels = 2.5", "[memory] levels: 2.5 is not a whole number"),
        ("write_sd = 1e-6", "[memory] write_sd: 1e-06 has no unit"),
        ("write_sd_of_range = -1.0", "[memory] write_sd_of_range: -1.0 is below zero"),
        ("read_sd_of_value = -1.0", "[memory] read_sd_of_value: -1.0 is below zero"),
        ("pulses_down = 0.0", "[memory] pulses_up: 0.0 is not above zero"),
        ("pulses_up = 10\nconstant_down = 0.0", "[memory] constant_up: 0 pulses"),
        ("pulses_up = inf", "[memory] constant_up: inf with infinitely many pulses"),
        ("cycle_sd_of_step = 0.1", "[memory] cycle_sd_of_step: 0.1 and no pulses; set pulses_up"),
        ("verify_tolerance = 0.1", "[memory] verify_tolerance: 0.1 and no pulses to reach it"),
        ("stuck_low = 2.0", "[memory] stuck_low: with stuck_high and stuck_open 2.0 of all devices"),
        ('drift_start = "0 s"', "[memory] drift_start: 0.0 s is not above zero"),
        ('kind = "measured"', "[memory] file: a measured device has one"),
        ('kind = "measured"\nfile = "x.csv"', "[memory] file: 'x.csv' is looked for beside the technology's file"),
        ('pairs = "three"', "[memory] pairs: 'three' is unknown"),
    ],
)
def test_what_is_wrong_with_a_memory_is_said_with_its_key(text, said):
    with pytest.raises(TechnologyError, match=re.escape(said)):
        technology_from_toml(f"[memory]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[memory]\nlevels = 4", "[crossbar] conductance_high: inf S, and the memory's levels"),
        (
            '[crossbar]\nconductance_high = "1 mS"\n[memory]\nlevels = 4\nspacing = "resistance"',
            "conductance_low: 0.0 S",
        ),
        ('[memory]\npairs = "balanced"', "[memory] pairs: unknown key"),
    ],
)
def test_what_the_resistive_family_cannot_count_in_or_has_not_is_refused(text, said):
    with pytest.raises(TechnologyError, match=re.escape(said)):
        technology_from_toml(f'[chip]\nfamily = "resistive"\n{text}\n')


def test_a_range_of_one_is_for_memories_that_are_not_ideal():
    crossbar = '[crossbar]\nconductance_low = "1 uS"\nconductance_high = "1 uS"\n'
    assert technology_from_toml(crossbar + "[memory]\nlevels = 2\n").weight_limit == 0.0
    with pytest.raises(TechnologyError, match="is not below conductance_high"):
        technology_from_toml(crossbar)


def test_balanced_pairs_are_refused_where_there_are_none():
    with pytest.raises(TechnologyError, match="a conductance of this family is one device"):
        ResistiveTechnology(conductance_high=1.0, memory=Memory(pairs="balanced"))
