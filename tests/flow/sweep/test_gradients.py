"""What flaws cost the measured gradient, apart from what a finite nudge costs it."""

from pathlib import Path

import pytest

from analogeq.flow.sweep.work import work

CHIPS = {
    "no flaws": "",
    "mismatch": '[crossbar]\narrays = "mirrored"\nmirror_mismatch = 0.5\n',
    "coarse": "[adc]\nbits = 4\n",
    "fine": "[adc]\nbits = 12\n",
    "resistive": '[chip]\nfamily = "resistive"\n[inputs]\ngain = 8.0\n',
}


@pytest.fixture(scope="module")
def cosines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """Of chips that all hold what one training without flaws learned."""
    return {name: measured(chip, tmp_path_factory.mktemp("run")) for name, chip in CHIPS.items()}


def measured(technology: str, folder: Path) -> dict[str, float]:
    settings = {
        "technology": technology, "training": {"epochs": 2, "transferred": True}, "layers": [4, 6, 5, 3], "seed": 0,
        "data": "iris", "samples": 30, "train": None, "test": None, "engine": "native",
        "metrics": ["phase_cosine", "gradient_cosine"],
    }  # fmt: skip
    if "resistive" in technology:
        settings["layers"] = [4, 6, 3]
    found: dict[str, float] = work(settings, folder)["metrics"]
    return found


def test_a_chip_without_flaws_measures_what_its_counterpart_does_however_biased_its_nudge(cosines) -> None:
    for name in ("no flaws", "resistive"):
        assert cosines[name]["phase_cosine"] == pytest.approx(1.0, abs=1e-12)  # the same arithmetic twice
    assert cosines["no flaws"]["gradient_cosine"] < 1.0 - 1e-6  # a nudge of 0.5 is not small


def test_mismatch_and_coarse_codes_cost_cosine(cosines) -> None:
    assert cosines["mismatch"]["phase_cosine"] < 1.0 - 1e-4
    assert cosines["coarse"]["phase_cosine"] < cosines["fine"]["phase_cosine"] - 1e-3
    assert cosines["fine"]["phase_cosine"] > 0.99
