"""Sentences about a chip say what it is described as, and change with it."""

import pytest

from analogeq.flow.assumptions import assumptions
from analogeq.hardware import (
    IdealClamp,
    NudgeSource,
    ResistiveTechnology,
    Technology,
    Wires,
    technology_from_toml,
)

IDEAL = assumptions(Technology())


def test_an_affine_chip_says_for_which_weights_its_gains_are_made() -> None:
    found = assumptions(Technology(mapping="affine", affine_headroom=4.0))
    assert any("Gains are made for the weights first written, with room for 4 times" in sentence for sentence in found)


def test_wires_are_told_with_what_shares_them() -> None:
    pairs, lines = (
        " ".join(assumptions(Technology(mapping=mapping, wires=Wires(1.0)))) for mapping in ("differential", "affine")
    )
    assert "two arrays of a layer's pairs have wires of their own; biases have no wire." in pairs
    assert "References are the last cell of every word line" in lines
    assert "pairs have wires" not in lines


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sense_offset_spread": 2e-3}, "Virtual grounds stand at 0 ± 0.002 V"),
        ({"follower_offset": 1e-3}, "followers add 0.001 ± 0 V"),
        ({"sense_gain_spread": 0.01, "amplifier_seed": 7}, "±1 % apart (standard deviations of chip 7)"),
        (
            {"clamp": IdealClamp(upper_spread=5e-3)},
            "no knee. Among neurons their lower level differs by ±0 V, the upper",
        ),
        ({"nudge": NudgeSource(offset=5e-3)}, "The converters behind the nudge have no end of bits, a gain of 1"),
        (
            {"nudge": NudgeSource(conductance_gain=0.9, conductance_spread=0.05, seed=2)},
            "nudged 0.9 times as hard as is asked for (±5 % among them, a standard deviation of chip 2)",
        ),
        ({"device_temperature_coefficient": 1e-3, "temperature": 127.0}, "conduct 1.1 of that (1000 ppm/K), leaks 1 "),
    ],
)
def test_a_flaw_is_told_and_the_rest_stays(changes: dict, said: str) -> None:
    found = assumptions(Technology(**changes))
    assert len(found) == len(IDEAL)
    told = [sentence for sentence in found if sentence not in IDEAL]
    assert len(told) == 1
    assert said in told[0]


def test_wires_between_nodes_are_told() -> None:
    ideal = assumptions(ResistiveTechnology())
    found = assumptions(ResistiveTechnology(wires=Wires(2.0, 3.0, 50.0, 0.0, driven_from="both")))
    assert "Crossbars have ideal wires." in ideal
    (told,) = (sentence for sentence in found if sentence not in ideal)
    assert told.startswith("For each cell a word line resists 2 Ω and a bit line 3 Ω. Between a word line (both) and")
    assert "50 Ω" in told


@pytest.mark.parametrize("kind", ["ideal", "none", "1n4148", "1n4148-pair"])
def test_a_resistive_chip_s_nodes_are_told_in_words(kind: str) -> None:
    levels = 'upper = "0.5 V"\nlower = "-0.5 V"\n' if kind.endswith("pair") else ""
    text = f'[chip]\nfamily = "resistive"\n[device]\nkind = "{kind}"\n{levels}'
    (said,) = (one for one in assumptions(technology_from_toml(text)) if one.startswith("Hidden nodes carry"))
    words = {"ideal": "one perfect diode", "none": "no device", "1n4148": "one real diode", "1n4148-pair": "two real"}
    assert words[kind] in said
