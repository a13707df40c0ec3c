"""The depth experiment runs small, and its fits find the growth that is there."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "depth.py"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("sim_depth", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_a_smoke_run_measures_both_starts_and_writes_its_files(script: ModuleType, tmp_path: Path) -> None:
    record = script.run(script.SMOKE)
    assert [(m.depth, m.start) for m in record.measured] == [(1, "zero"), (1, "copy"), (2, "zero"), (2, "copy")]
    for zero, copy in zip(record.measured[::2], record.measured[1::2], strict=True):
        assert copy.start_distance < zero.start_distance
        assert 0.0 <= copy.time_1_percent <= copy.time_01_percent <= copy.time_1e_6
    script.save(record, tmp_path / "depth.json")
    assert json.loads((tmp_path / "depth.json").read_text())["config"]["width"] == script.SMOKE.width
    assert len((tmp_path / "depth.csv").read_text().splitlines()) == 1 + len(record.measured)
    assert (tmp_path / "depth.png").read_bytes().startswith(b"\x89PNG")


def test_a_power_law_and_a_line_are_told_apart(script: ModuleType) -> None:
    depths = np.arange(1.0, 9.0)
    power = script.fit("time_1e_6", "zero", depths, 3.0 * depths**2)
    assert (power.better, power.exponent) == ("power law", pytest.approx(2.0))
    line = script.fit("time_1e_6", "zero", depths, 10.0 + 2.0 * depths)
    assert (line.better, line.slope, line.offset) == ("line", pytest.approx(2.0), pytest.approx(10.0))
