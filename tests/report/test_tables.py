"""What a table says is what was measured, to the last digit."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report import (
    LearningCurve,
    PhaseVoltages,
    save_agreement_csv,
    save_convergence_csv,
    save_learning_csv,
    save_settling_csv,
    save_table_csv,
)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True)
class Epoch:
    epoch: int
    copy_test_error: float
    settled_test_error: float | None
    gap: float


def test_waveforms_come_back_to_the_last_digit(synthetic, tmp_path: Path) -> None:
    names = synthetic.network.node_names
    rows = rows_of(save_settling_csv(synthetic.traces, names, tmp_path / "waveforms.csv"))
    native = [row for row in rows if row["trace"] == "native"]
    trace = synthetic.traces[1]
    np.testing.assert_array_equal([float(r["time_s"]) for r in native], trace.times)
    np.testing.assert_array_equal([float(r["y3_V"]) for r in native], trace.voltages[:, -1])
    assert len(rows) == sum(len(t.times) for t in synthetic.traces)


def test_a_name_for_each_node_is_asked_for(synthetic, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="24 nodes for 2 names"):
        save_settling_csv(synthetic.traces, ("a", "b"), tmp_path / "waveforms.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_was_not_measured_is_an_empty_cell(tmp_path: Path) -> None:
    curve = LearningCurve.of("native", [Epoch(1, 10.5, None, 0.2), Epoch(2, 2.5, 3.25, 0.1)])
    rows = rows_of(save_learning_csv([curve], tmp_path / "learning.csv"))
    assert [r["settled_test_error_percent"] for r in rows] == ["", "3.25"]
    assert [r["epoch"] for r in rows] == ["1", "2"]
    assert rows[0]["gap"] == "0.2"


def test_distances_are_summed_up_by_quantiles(synthetic, tmp_path: Path) -> None:
    rows = rows_of(save_convergence_csv(synthetic.distances, tmp_path / "distances.csv"))
    assert len(rows) == sum(len(c.times) for c in synthetic.distances)
    first = synthetic.distances[0]
    assert float(rows[5]["median"]) == np.median(first.distances[:, 5])
    assert all(float(r["tenth"]) <= float(r["median"]) <= float(r["ninetieth"]) for r in rows)


def test_two_engines_stand_side_by_side(tmp_path: Path) -> None:
    phase = PhaseVoltages("free phase", np.array([[0.1, 0.2]]), np.array([[0.1, 0.2 + 1e-16]]))
    rows = rows_of(save_agreement_csv([phase], ("h0", "y0"), tmp_path / "agreement.csv"))
    assert rows == [
        {"phase": "free phase", "sample": "0", "node": "h0", "native_V": "0.1", "ngspice_V": "0.1"},
        {"phase": "free phase", "sample": "0", "node": "y0", "native_V": "0.2", "ngspice_V": repr(0.2 + 1e-16)},
    ]


def test_any_rows_with_the_same_keys_are_a_table(tmp_path: Path) -> None:
    rows = [{"method": "Euler 0.5, from zero", "steps": 12.0}, {"method": 'the "circuit"', "steps": None}]
    found = rows_of(save_table_csv(rows, tmp_path / "deep" / "table.csv"))
    assert found == [{"method": "Euler 0.5, from zero", "steps": "12.0"}, {"method": 'the "circuit"', "steps": ""}]


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without rows"):
        save_table_csv([], tmp_path / "table.csv")
