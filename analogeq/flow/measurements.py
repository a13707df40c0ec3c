"""Measured rows beside their targets, with all it takes to measure them again."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from analogeq.files import write_text_atomically

PACKAGES = ("analogeq", "numpy", "scipy", "numba", "PySpice")


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes
    ----------
    case : str
    value : float
    unit : str
    target : str
        What was to be reached, in words; empty where the number is only recorded.
    met : bool or None
        None where there is no target.
    command : str
        What makes the row again.
    """

    case: str
    value: float
    unit: str
    target: str
    met: bool | None
    command: str


def at_most(case: str, value: float, unit: str, limit: float, command: str) -> Row:
    """Row whose value should not exceed ``limit``."""
    return Row(case, value, unit, f"<= {limit:g}", value <= limit, command)


def at_least(case: str, value: float, unit: str, limit: float, command: str) -> Row:
    """Row whose value should reach ``limit``."""
    return Row(case, value, unit, f">= {limit:g}", value >= limit, command)


def recorded(case: str, value: float, unit: str, command: str) -> Row:
    """Row without a target."""
    return Row(case, value, unit, "", None, command)


def surroundings() -> dict[str, str]:
    """Versions and machine."""
    found = {"python": platform.python_version(), "machine": processor_name(), "system": platform.system()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def processor_name() -> str:
    """Model of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def save_rows(path: Path, rows: Sequence[Row], about: dict[str, object]) -> None:
    """Write ``path`` (.json) and the rows again as CSV beside it.

    Parameters
    ----------
    path : Path
    rows : sequence of Row
    about : dict
        Seed, options and whatever else belongs to the run; versions and machine are added.
    """
    record = {**about, "surroundings": surroundings(), "rows": [asdict(row) for row in rows]}
    write_text_atomically(path, json.dumps(record, indent=2) + "\n")
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(asdict(rows[0])) if rows else ["case"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text_atomically(path.with_suffix(".csv"), text.getvalue())
