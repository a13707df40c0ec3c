"""The page of experiments holds the records' numbers and no others."""

import re
import sys
from pathlib import Path

import pytest

from analogeq.errors import InputError

SIM = Path(__file__).parents[2] / "sim"
sys.path.insert(0, str(SIM))
import findings  # noqa: E402  a script of a folder that is no package

RECORD = {
    "rows": [{"case": "depth 3: settled", "value": 1.23456, "unit": "%", "met": None, "target": "", "command": "c"}]
}


def test_the_page_is_what_records_and_findings_say() -> None:
    assert findings.main(["--check"]) == 0, "run: python sim/findings.py"


def test_numbers_come_from_the_record_with_their_unit_or_in_the_format_asked_for() -> None:
    assert findings.filled("at {depth 3: settled}", RECORD) == "at 1.23 %"
    assert findings.filled("at {depth 3: settled|.1f}", RECORD) == "at 1.2"


def test_a_case_that_is_not_recorded_is_an_error() -> None:
    with pytest.raises(InputError, match="depth 4"):
        findings.filled("{depth 4: settled}", RECORD)


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)h][^)]*)\)|src=\"([^\"]+)\"", (SIM / "README.md").read_text()))
def test_a_link_leads_to_a_file(path: tuple[str, str]) -> None:
    assert (SIM / (path[0] or path[1])).exists()
