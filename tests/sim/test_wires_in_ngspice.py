"""The script that puts a crossbar's wires into ngspice finds both solvers at one."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "wires_in_ngspice.py"


@pytest.mark.ngspice
def test_every_current_and_voltage_of_the_mesh_is_the_solvers(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("sim_wires_in_ngspice", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    assert module.main(["--sizes", "3", "24", "--output", str(tmp_path / "wires.json")]) == 0
    rows = json.loads((tmp_path / "wires.json").read_text())["rows"]
    apart = {row["case"].split(",")[0]: row["value"] for row in rows if row["case"].endswith("apart")}
    assert set(apart) == {"3 x 3", "24 x 24"}
    assert max(apart.values()) < module.AGREEMENT
