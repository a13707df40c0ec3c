"""Sentences about a chip say what it is described as, and change with it."""

import pytest

from analogeq.flow.assumptions import assumptions
from analogeq.hardware import Converter, IdealClamp, Technology

IDEAL = assumptions(Technology())


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
        ({"nudge": Converter(offset=5e-3)}, "The converters behind the nudge have no end of bits, a gain of 1"),
        ({"device_temperature_coefficient": 1e-3, "temperature": 127.0}, "conduct 1.1 of that (1000 ppm/K), leaks 1 "),
    ],
)
def test_a_flaw_is_told_and_the_rest_stays(changes: dict, said: str) -> None:
    found = assumptions(Technology(**changes))
    assert len(found) == len(IDEAL)
    told = [sentence for sentence in found if sentence not in IDEAL]
    assert len(told) == 1
    assert said in told[0]
