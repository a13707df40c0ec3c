"""Coarse converters cost the gradient, fine ones do not."""

import json
from types import ModuleType

import pytest

SCRIPT = "converter_bits.py"


@pytest.fixture(scope="module")
def found(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("converter_bits")
    assert script.main(["--smoke", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "converter_bits.png").stat().st_size > 0
    record = json.loads((folder / "converter_bits.json").read_text())
    assert all("data_dir" not in point["settings"] for point in record["points"])
    return {row["case"]: row["value"] for row in record["rows"]}


def test_ideal_converters_measure_the_gradient_and_coarse_ones_lose_some_of_it(found: dict[str, float]) -> None:
    # 12 bits are steps of 2.4e-4 of the rail, which the mean over 100 samples does not see.
    assert found["DAC ideal, ADC 12: gradient cosine"] > 0.999
    for dac in ("2", "ideal"):
        assert found[f"DAC {dac}, ADC 2: gradient cosine"] < found[f"DAC {dac}, ADC 12: gradient cosine"] - 0.01
    assert found["DAC 2, ADC 12: gradient cosine"] < 0.99


def test_what_fine_converters_teach_is_learned(found: dict[str, float]) -> None:
    assert found["DAC ideal, ADC 12: settled error"] < 45.0  # guessing is 90 % wrong


def test_bits_are_written_as_a_technology_file_has_them(script: ModuleType) -> None:
    from analogeq.hardware import technology_from_toml

    chip = technology_from_toml(script.technology(3, script.IDEAL))
    assert (chip.dac.bits, chip.adc.bits) == (3, None)
