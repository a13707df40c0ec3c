r"""Published devices by name.

Every number is a source's, or follows from a source's by the arithmetic beside it; what no source gives is left
out, so a preset without a range takes the technology's. Names end in the first author and year, or are a part's.

``rram-gong2018``
    Filamentary HfO2 RRAM pulsed up and down (Gong et al., Nature Commun. 9 (2018) 2102) as fitted by
    ReRamSBPresetDevice of aihwkit [1]_: soft bounds on weights from -0.75 to 1.25 with dw_min 0.002, that is
    steps of 0.002/1.25 and 0.002/0.75 of the way left; dw_min_std 3.75 (additive), dw_min_dtod 0.3,
    up_down_dtod 0.01, bounds_dtod 0.3 in weights; write_noise_std 56, in steps, which stands here as read noise.
``rram-wan2022``
    Filamentary RRAM of the NeuRRAM chip (Wan et al., Nature 608 (2022) 504) one second after it was written and
    verified: ReRamWan2022NoiseModel of aihwkit [1]_, a polynomial in g/40 uS; its note gives read noise of about
    1 % of the largest conductance.
``pcm-nandakumar2019``
    Phase-change memory (Nandakumar et al., ICECS 2019; Joshi et al., Nature Commun. 11 (2020) 2473) as in
    PCMLikeNoiseModel of aihwkit [1]_: 25 uS, programming noise in g/25 uS, drift from t0 = 20 s with nu 0.049 and
    spread 0.008, which that model has for states above a third of the range (lower ones drift up to twice as
    fast, which is left out), and 1/f noise of 0.0088 sqrt(ln((t + t_r)/(2 t_r))) of the largest state at
    t = 20 s, t_r = 250 ns (relatively more of lower ones, which is left out).
``ecram-tang2018``
    Lithium ECRAM (Tang et al., IEDM 2018) as fitted by EcRamPresetDevice of aihwkit [1]_: weights from -0.8276 to
    1.1724, dw_min 0.002, steps that fall in proportion to the weight, gamma_up 0.1153 and gamma_down 0.5085;
    dw_min_std 0.3 (of the step), dw_min_dtod 0.1, up_down_dtod 0.01, bounds_dtod 0.05 of each bound. The paper's
    abstract: pulses "down to 5 ns" (the shortest shown, not those that were fitted), and a switching energy of about
    1 fJ projected for 100 nm x 100 nm (not measured).
``ecram-kim2019``
    Metal-oxide ECRAM (Kim et al., IEDM 2019) as in EcRamMOPresetDevice of aihwkit [1]_: -0.8286 to 1.1714, dw_min
    2.8214e-4, gamma 0.4152 and 0.7342, dw_min_std 2.0; the other spreads as of the lithium device. The paper's
    abstract: switching with pulses "down to 10 ns".
``ad5272-20k``
    Digital potentiometer as a variable resistor (Analog Devices, data sheet AD5272/AD5274): 1024 positions of
    20 kOhm/1024; codes 0x0BE to 0x3FF, where the resistance is within 1 % (2.7 V to 5.5 V). A write of the wiper is
    three bytes with their acknowledge bits over I2C, 27 clocks of at most 400 kHz.

What a pulse takes of the two RRAMs and the phase-change memory was looked for and not found in what could be read of
their sources, so nothing is said of it; the flat figures of the ECRAMs are of their gates, which the conductance of the
channel says nothing about.

References
----------
.. [1] IBM Analog Hardware Acceleration Kit: simulator/presets/devices.py, inference/noise/pcm.py and reram.py.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analogeq.errors import TechnologyError
from analogeq.hardware.memory.ageing import Drift
from analogeq.hardware.memory.levels import Levels
from analogeq.hardware.memory.memory import Memory
from analogeq.hardware.memory.noise import Noise
from analogeq.hardware.memory.programming import Programming
from analogeq.hardware.memory.pulses import Branch, Pulses
from analogeq.hardware.memory.spread import Spread


@dataclass(frozen=True)
class Preset:
    """A published device.

    Attributes
    ----------
    memory : Memory
    kind : str
        What sort of device it is.
    source : str
        Whose numbers these are.
    low, high : float or None
        Its range [S], where the source gives it.
    figures : mapping
        What the source says that writing it takes, by field of `analogeq.hardware.cost_figures.CostFigures`.
    """

    memory: Memory
    kind: str
    source: str
    low: float | None = None
    high: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


def _proportional(step: float, way: float) -> Branch:
    """Branch whose step is ``step`` at the start and falls to zero ``way`` ranges from there (1: soft bounds)."""
    constant = -1.0 / math.log1p(-step / way)
    pulses = math.inf if way == 1.0 else -constant * math.log1p(-1.0 / way)
    return Branch(pulses, constant)


def _linear_step(step: float, bound: float, other: float, slope: float) -> Branch:
    """Branch of aihwkit's LinearStepDevice: from weight -other to bound in steps of ``step (1 - slope w / bound)``."""
    width = bound + other
    zero = bound / slope  # the weight at which the step is zero
    return _proportional(step * (1.0 + slope * other / bound) / width, (zero + other) / width)


_GONG = Memory(
    pulses=Pulses(_proportional(0.002 / 1.25, 1.0), _proportional(0.002 / 0.75, 1.0), of_range=3.75 * 0.002 / 2.0),
    spread=Spread(step=0.3, asymmetry=0.01, low_end=0.3 / 2.0, high_end=0.3 / 2.0),
    read_noise=Noise(of_range=56 * 0.002 / 2.0),
)
_WAN = Memory(
    programming=Programming(
        Noise(polynomial=(0.348 / 40.0, 16.030 / 40.0, -43.853 / 40.0, 45.393 / 40.0, -16.815 / 40.0))
    ),
    read_noise=Noise(polynomial=(0.01,)),
)
_PCM = Memory(
    programming=Programming(Noise(polynomial=(0.26348 / 25.0, 1.9650 / 25.0, -1.1731 / 25.0))),
    drift=Drift(exponent=0.049, exponent_sd=0.008, start=20.0),
    read_noise=Noise(of_value=0.0088 * math.sqrt(math.log((20.0 + 250e-9) / (2.0 * 250e-9)))),
)
_TANG = Memory(
    pulses=Pulses(
        _linear_step(0.002, 1.1724, 0.8276, 0.1153), _linear_step(0.002, 0.8276, 1.1724, 0.5085), of_step=0.3
    ),
    spread=Spread(step=0.1, asymmetry=0.01, low_end=0.05 * 0.8276 / 2.0, high_end=0.05 * 1.1724 / 2.0),
)
_KIM = Memory(
    pulses=Pulses(
        _linear_step(2.8214e-4, 1.1714, 0.8286, 0.4152), _linear_step(2.8214e-4, 0.8286, 1.1714, 0.7342), of_step=2.0
    ),
    spread=Spread(step=0.1, asymmetry=0.01, low_end=0.05 * 0.8286 / 2.0, high_end=0.05 * 1.1714 / 2.0),
)
_AD5272 = Memory(levels=Levels(0x3FF - 0x0BE + 1, "resistance"), spread=Spread(tolerance=0.01))

_AIHWKIT = "as in IBM's aihwkit"

PRESETS: Mapping[str, Preset] = {
    name: replace(preset, memory=replace(preset.memory, name=name))
    for name, preset in {
        "rram-gong2018": Preset(_GONG, "filamentary RRAM, pulsed", f"Gong et al., Nature Commun. 2018, {_AIHWKIT}"),
        "rram-wan2022": Preset(
            _WAN, "filamentary RRAM, written and verified", f"Wan et al., Nature 2022, {_AIHWKIT}", high=40e-6
        ),
        "pcm-nandakumar2019": Preset(
            _PCM, "phase-change memory", f"Nandakumar et al., ICECS 2019, {_AIHWKIT}", high=25e-6
        ),
        "ecram-tang2018": Preset(
            _TANG,
            "lithium ECRAM, pulsed",
            f"Tang et al., IEDM 2018, {_AIHWKIT}",
            figures={"pulse_energy": 1e-15, "pulse_time": 5e-9},
        ),
        "ecram-kim2019": Preset(
            _KIM,
            "metal-oxide ECRAM, pulsed",
            f"Kim et al., IEDM 2019, {_AIHWKIT}",
            figures={"pulse_time": 10e-9},
        ),
        "ad5272-20k": Preset(
            _AD5272,
            "digital potentiometer as a rheostat",
            "Analog Devices data sheet AD5272/AD5274",
            low=1024.0 / (0x3FF * 20e3),
            high=1024.0 / (0x0BE * 20e3),
            figures={"pulse_time": 27 / 400e3},
        ),
    }.items()
}
"""Devices that ``[memory] kind`` may name."""


def preset_called(name: str) -> Preset:
    """Look up a published device, in any case.

    Raises
    ------
    TechnologyError
        If there is none of that name.
    """
    preset = PRESETS.get(name.lower())
    if preset is None:
        close = difflib.get_close_matches(name.lower(), PRESETS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(PRESETS)}"
        raise TechnologyError(f"memory {name[:60]!r}: no published device of that name; {hint}")
    return preset
