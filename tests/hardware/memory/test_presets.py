from dataclasses import fields

import numpy as np
import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.cost_figures import CostFigures
from analogeq.hardware.memory import PRESETS, preset_called


def test_presets_cover_the_kinds_people_build_and_say_where_they_are_from():
    kinds = " ".join(preset.kind for preset in PRESETS.values())
    for kind in ("filamentary RRAM", "phase-change", "ECRAM", "digital potentiometer"):
        assert kind in kinds
    assert all(preset.source for preset in PRESETS.values())
    assert all(preset.memory.name == name for name, preset in PRESETS.items())


def test_steps_of_the_lithium_ecram_are_those_of_its_published_fit():
    """One pulse at weight w moves it by 0.002 (1 - 0.1153 w / 1.1724) up, by 0.002 (1 + 0.5085 w / 0.8276) down."""
    pulses = PRESETS["ecram-tang2018"].memory.pulses
    w = np.linspace(-0.8, 1.15, 9)
    x = (w + 0.8276) / 2.0
    up = 2.0 * (pulses.up.after(x, np.ones(9)) - x)
    down = 2.0 * (pulses.down.after(1.0 - x, np.ones(9)) - (1.0 - x))
    assert np.allclose(up, 0.002 * (1.0 - 0.1153 * w / 1.1724), rtol=1e-10)
    assert np.allclose(down, 0.002 * (1.0 + 0.5085 * w / 0.8276), rtol=1e-10)


def test_steps_of_the_filamentary_rram_are_those_of_its_published_fit():
    """Soft bounds at -0.75 and 1.25: 0.002 (1 - w / 1.25) up, 0.002 (1 + w / 0.75) down."""
    pulses = PRESETS["rram-gong2018"].memory.pulses
    w = np.linspace(-0.7, 1.2, 9)
    x = (w + 0.75) / 2.0
    assert np.allclose(2.0 * (pulses.up.after(x, np.ones(9)) - x), 0.002 * (1.0 - w / 1.25), rtol=1e-10)
    assert np.allclose(2.0 * (pulses.down.after(1 - x, np.ones(9)) - 1 + x), 0.002 * (1.0 + w / 0.75), rtol=1e-10)


def test_programming_noise_of_phase_change_memory_is_the_published_polynomial():
    noise = PRESETS["pcm-nandakumar2019"].memory.programming.noise
    at = np.array([0.0, 0.5, 1.0])
    micro = 1e6 * noise.sd(at * 25e-6, 0.0, 25e-6)
    assert np.allclose(micro, 0.26348 + 1.9650 * at - 1.1731 * at**2, rtol=1e-12)


def test_a_potentiometer_has_the_resistances_of_its_codes():
    preset = PRESETS["ad5272-20k"]
    ohms = 1.0 / preset.memory.levels.grid(preset.low, preset.high)
    assert np.allclose(ohms[::-1], np.arange(0x0BE, 0x400) * 20e3 / 1024.0, rtol=1e-12)


def test_a_misspelt_preset_is_answered_with_the_nearest():
    assert preset_called("ECRAM-Tang2018").memory.name == "ecram-tang2018"
    with pytest.raises(TechnologyError, match="did you mean 'ecram-tang2018'"):
        preset_called("ecram-tang")


def test_what_presets_say_of_writing_are_figures_that_a_chip_is_priced_with():
    known = {field.name for field in fields(CostFigures)}
    stated = {name: preset.figures for name, preset in PRESETS.items() if preset.figures}
    assert set(stated) == {"ecram-tang2018", "ecram-kim2019", "ad5272-20k"}
    assert all(figures.keys() <= known for figures in stated.values())
    assert stated["ad5272-20k"]["pulse_time"] == pytest.approx(67.5e-6, rel=1e-12)  # three bytes, acknowledged
