r"""Make pulses.csv, the example of `docs/your_device.md`: `python docs/your_device/make_pulses.py`.

It is nobody's device: three runs up and three down of 200 pulses each, on the curve

.. math:: G_{up}(n) = G_{low} + (G_{high} - G_{low}) \frac{1 - e^{-k n/P}}{1 - e^{-k}}

and its mirror image down, with the bend k its own in each direction, and every reading off by a normal error.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

LOW, HIGH = 4.0, 40.0  # uS
PULSES = 200
BEND_UP, BEND_DOWN = 0.8, 1.2
READING = 0.004  # standard deviation of a reading, of the range
RUNS = 3
SEED = 0


def table() -> str:
    """Every row, as CSV."""
    rng = np.random.default_rng(SEED)
    pulse = np.arange(PULSES + 1)
    lines = ["pulse,conductance [uS],direction"]
    for _ in range(RUNS):
        for direction, bend in (("up", BEND_UP), ("down", BEND_DOWN)):
            way = np.expm1(-bend * pulse / PULSES) / np.expm1(-bend)
            g = LOW + (HIGH - LOW) * (way if direction == "up" else 1.0 - way)
            g = g + READING * (HIGH - LOW) * rng.standard_normal(len(pulse))
            lines += [f"{n},{value:.3f},{direction}" for n, value in zip(pulse, g, strict=True)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("pulses.csv").write_text(table(), encoding="utf-8")
