"""Write sim/README.md: figure, finding and command of every experiment, numbers taken from the records.

    python sim/findings.py            # rewrite the page
    python sim/findings.py --check    # exit 5 if it is not what records and findings.toml say

A finding in ``findings.toml`` holds no number that was measured: ``{case}`` stands for the value and unit of that row
of the record, ``{case|.3g}`` for the value in that format, without its unit. A case the record lacks is an error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogeq.errors import InputError
from analogeq.files import write_text_atomically

HERE = Path(__file__).parent
PAGE, SOURCE, RESULTS = HERE / "README.md", HERE / "findings.toml", HERE / "results"
_NUMBER = re.compile(r"\{([^{}|]+)(?:\|([^{}|]+))?\}")


@dataclass(frozen=True)
class Finding:
    """One experiment on the page.

    Attributes
    ----------
    title, source : str
        What it is, and whose experiment.
    record : str
        Name of the record under ``results/``, without suffix; its figure is the same with ``.png``.
    finding, differs : str
        What was found, and where that differs from its source; with places for numbers.
    """

    title: str
    source: str
    record: str
    finding: str
    differs: str = ""


def page() -> str:
    """Render the page."""
    content = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    findings = [Finding(**one) for one in content["experiment"]]
    head = "| figure | finding | command |\n| --- | --- | --- |"
    return "\n".join([content["preface"].rstrip(), "", head, *(row(one) for one in findings), "", content["close"]])


def row(finding: Finding) -> str:
    """Render one experiment as a row of the table."""
    record = json.loads((RESULTS / f"{finding.record}.json").read_text(encoding="utf-8"))
    told = filled(finding.finding, record)
    if finding.differs:
        told += f"<br><br>*Differs:* {filled(finding.differs, record)}"
    missed = [one for one in record["rows"] if one["met"] is False]
    if missed:
        told += "<br><br>*Missed:* " + "; ".join(f"{r['case']}: {_told(r)} ({r['target']} asked)" for r in missed)
    picture = f"results/{finding.record}.png"
    figure = f'<a href="{picture}"><img src="{picture}" width="420" alt="{finding.title}"></a>'
    text = f"**{finding.title}** ({finding.source}). {told}"
    return f"| {figure} | {_one_line(text)} | {_commands(record, finding.record)} |"


def filled(text: str, record: Mapping[str, Any]) -> str:
    """Put the record's numbers where the text names their cases."""
    rows = {one["case"]: one for one in record["rows"]}

    def number(match: re.Match[str]) -> str:
        case, style = match.group(1).strip(), match.group(2)
        if case not in rows:
            raise InputError(f"findings: no row {case!r} in the record; it has {', '.join(rows)}")
        return format(rows[case]["value"], style) if style else _told(rows[case])

    return _NUMBER.sub(number, text)


def _told(row: Mapping[str, Any]) -> str:
    unit = "" if row["unit"] in ("1", "") else f" {row['unit']}"
    return f"{row['value']:.3g}{unit}"


def _commands(record: Mapping[str, Any], name: str) -> str:
    commands = dict.fromkeys(one["command"] for one in record["rows"])
    return (
        "<br>".join(f"`{command}`" for command in commands)
        + f"<br><br>[record](results/{name}.json), [rows](results/{name}.csv)"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 5 if the page is out of date")
    options = parser.parse_args(arguments)
    new = page()
    if options.check:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == new else 5
    write_text_atomically(PAGE, new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
