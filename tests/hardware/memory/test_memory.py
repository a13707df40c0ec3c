import re
from dataclasses import replace

import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import PRESETS, Drift, Faults, Levels, Memory, Noise, Programming, Spread


def test_a_memory_is_ideal_if_nothing_that_it_does_can_be_seen():
    assert Memory().ideal
    assert Memory(name="mine", seed=3, rounding="nearest", update_period=1.0, read_after=1.0).ideal
    for facet in (
        {"levels": Levels(2**16)},
        {"programming": Programming(Noise(absolute=1e-9))},
        {"read_noise": Noise(of_value=0.01)},
        {"drift": Drift(exponent=0.01)},
        {"faults": Faults(stuck_open=0.01)},
        {"spread": Spread(tolerance=0.01)},
        {"pairs": "balanced"},
    ):
        assert not replace(Memory(), **facet).ideal
    assert not any(preset.memory.ideal for preset in PRESETS.values())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Memory(seed=-1), "seed: -1 is outside the range 0 or more"),
        (lambda: Memory(pairs="two"), "pairs: 'two' is unknown; give 'one-sided' or 'balanced'"),
        (lambda: Memory(rounding="up"), "rounding: 'up' is unknown"),
        (lambda: Memory(read_after=-1.0), "read_after: -1.0 s is below zero"),
        (lambda: Programming(tolerance=0.1), "no pulses to reach it; set verify_pulses"),
        (lambda: Programming(budget=-1), "verify_pulses: -1 is outside the range"),
        (lambda: Faults(0.5, 0.4, 0.2), "of all devices; give up to 1"),
        (lambda: Faults(stuck_low=-0.1), "stuck_low: -0.1 is below zero"),
        (lambda: Spread(tolerance=1.0), "resistance_tolerance: 1.0 leaves no resistance"),
        (lambda: Spread(step=-1.0), "device_sd_of_step: -1.0 is below zero"),
    ],
)
def test_impossible_memories_are_refused_with_the_remedy(make, said):
    with pytest.raises(TechnologyError, match=re.escape(said)):
        make()
