"""The report of a study: what was required, what was found, and the study itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analogeq.errors import InputError
from analogeq.flow.sweep.metrics import METRICS
from analogeq.report.html import Facts, Listing, Note, Page, Section, Stored, Table
from analogeq.report.style import shown

Group = Mapping[str, Any]
"""Of a study's record: a corner, the values that are varied, what was measured there."""


def study_page(folder: Path) -> Page:
    """Lay out what ``analogeq sweep`` wrote into ``folder``.

    Raises
    ------
    InputError
        If its record is damaged.
    """
    try:
        return _page(folder, json.loads((folder / "study.json").read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as damage:
        raise InputError(
            f"{folder / 'study.json'}: is not as analogeq sweep writes it ({type(damage).__name__}: {damage}); run the "
            "sweep's command again, which keeps finished points"
        ) from damage


def _page(folder: Path, record: Mapping[str, Any]) -> Page:
    subject = record["study"]["study"]
    sections = [
        Section("Study", _study(record)),
        Section("Specifications", _specifications(record["groups"])),
        *_hopeless(record["groups"]),
        Section("Figures", _figures(folder, subject["metrics"])),
        Section("Points", [_points(record["groups"])]),
    ]
    subtitle = f"{'-'.join(map(str, subject['layers']))} on {subject['data']}"
    return Page(f"Study {subject['name']}", subtitle, str(record["command"]) or "a program of its own", sections)


def _study(record: Mapping[str, Any]) -> list[Facts | Note | Listing]:
    versions = ", ".join(f"{name} {value}" for name, value in record["surroundings"].items())
    counts = f"{record['points']} measured, {record['failed']} failed, {record['missing']} missing"
    reasons = dict.fromkeys(reason for group in record["groups"] for reason in group["failures"])
    return [
        Facts({"points": counts, "varied": ", ".join(record["study"]["vary"]) or "nothing", "versions": versions}),
        *(Note(f"Failed: {reason}") for reason in reasons),
        Listing(json.dumps(record["study"], indent=2), "The study as it was read", folded=True),
    ]


def _figures(folder: Path, metrics: Sequence[str]) -> list[Stored] | list[Note]:
    captions = {name: f"{METRICS[name].about}: median, and lowest to highest." for name in metrics}
    captions["sensitivity"] = "Which parameter moves the metric most."
    files = {folder / f"{name}.png": caption for name, caption in captions.items()}
    pictures = [Stored(path.read_bytes(), caption) for path, caption in files.items() if path.is_file()]
    return pictures or [Note("The study varies nothing that can be drawn.")]


def _specifications(groups: Sequence[Group]) -> list[Note] | list[Table]:
    rows = [
        (
            _place(group),
            ", ".join(name for name, kept in group["verdicts"].items() if not kept) or "none",
            f"{group['chips']['passed']} of {group['chips']['chips']}",
            f"{100 * group['chips']['low']:.0f} … {100 * group['chips']['high']:.0f} %",
        )
        for group in groups
        if group["chips"] is not None
    ]
    if not rows:
        return [Note("Nothing is specified.")]
    return [Table(("place", "not kept", "chips that keep all", "yield, 95 % interval"), rows)]


def _hopeless(groups: Sequence[Group]) -> list[Section]:
    """What no training can mend, by place; no section where nothing is."""
    rows = [(_place(group), " ".join(said)) for group in groups if (said := group.get("hopeless"))]
    return [Section("What is hopeless", [Table(("place", "why"), rows)])] if rows else []


def _place(group: Group) -> str:
    varied = ", ".join(f"{key.rsplit('.', 1)[-1]} {value}" for key, value in group["varied"].items())
    return f"{group['corner']}: {varied}" if varied else str(group["corner"])


def _points(groups: Sequence[Group]) -> Table:
    """One row a place, one column a metric."""
    varied = list(dict.fromkeys(key for group in groups for key in group["varied"]))
    metrics = list(dict.fromkeys(name for group in groups for name in group["spreads"]))
    head = ("corner", *(key.removeprefix("technology.") for key in varied), *(m.replace("_", " ") for m in metrics))
    rows = [
        (
            group["corner"],
            *(str(group["varied"].get(key, "")) for key in varied),
            *(_spread(group["spreads"].get(name), METRICS[name].unit) for name in metrics),
        )
        for group in groups
    ]
    return Table(head, rows, "Medians over draws and seeds, with the lowest and highest where they differ.")


def _spread(spread: Mapping[str, float] | None, unit: str) -> str | None:
    if spread is None:
        return None
    median, low, high = (shown(spread[name], unit) for name in ("median", "low", "high"))
    told = median if low == high else f"{median} ({low} … {high})"
    lacking = spread.get("without", 0)
    return f"{told}, {lacking:g} without a number" if lacking else told
