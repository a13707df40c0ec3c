"""What wires take shows in the transferred circuit, and training in place makes up for some of it."""

import json
from pathlib import Path
from types import ModuleType

SCRIPT = "wire_resistance.py"


def test_wires_cost_a_transferred_circuit_more_than_one_trained_in_place(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--smoke", "--runs", str(tmp_path), "--results", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "wire_resistance.json").read_text())
    found = {row["case"]: row["value"] for row in record["rows"]}
    ideal, moved = (f"64-20-10, {ohms} Ohm a cell, transferred" for ohms in (0, 2000))
    assert found[f"{ideal}: share of the first layer"] == 0.0
    assert found[f"{moved}: share of the first layer"] > 20.0
    assert found[f"{moved}: settled error"] > found[f"{ideal}: settled error"] + 5.0
    assert found["64-20-10, 2000 Ohm a cell, in place: settled error"] < found[f"{moved}: settled error"] - 5.0
    ideal, moved = (f"resistive, 64-12-10, {ohms} Ohm a cell, transferred" for ohms in (0, 2000))
    assert found[f"{ideal}: share of the first layer"] == 0.0
    assert found[f"{moved}: share of the first layer"] > 20.0
    assert found[f"{moved}: settled error"] > found[f"{ideal}: settled error"] + 5.0
    assert (tmp_path / "wire_resistance.png").stat().st_size > 0
