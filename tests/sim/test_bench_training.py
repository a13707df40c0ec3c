"""The training benchmark runs from its command line and says what it promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "bench_training.py"


@pytest.fixture(scope="module")
def record() -> dict:
    command = [sys.executable, str(SCRIPT), "--smoke", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SCRIPT.parents[1])
    return json.loads(done.stdout)


def test_every_row_names_its_case_value_unit_target_and_command(record: dict) -> None:
    assert record["rows"]
    for row in record["rows"]:
        assert set(row) == {"case", "value", "unit", "target", "met", "command"}
        assert row["value"] > 0.0
        assert (row["target"] == "") == (row["met"] is None)
        assert row["command"].startswith("env -u OPENBLAS_CORETYPE")


def test_the_targets_are_those_of_the_table(record: dict) -> None:
    asked = [row["target"] for row in record["rows"] if row["target"]]
    assert asked == ["<= 2", "<= 3", "<= 28", "<= 8", "<= 1"]


def test_made_up_samples_are_named_as_such(record: dict) -> None:
    assert "made up" in record["data"]
    assert record["machine"]["cores"] >= 1
    assert record["versions"]["numpy"]
