"""Tables of measurements from CSV, as laboratories and spreadsheets write them.

Columns are separated by commas, semicolons or tabs; between the latter two a decimal comma is one. Lines that begin
with ``#`` and lines without content are left aside. The text may be UTF-8, UTF-16 or what spreadsheets write on
Windows.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path

from analogeq.errors import TechnologyError

LARGEST_FILE = 10_000_000
"""Bytes of a file."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    line : int
        Of the file, counted from 1.
    cells : tuple of str
        Without the blanks around them; decimal commas are points.
    text : str
        As it stands in the file.
    """

    line: int
    cells: tuple[str, ...]
    text: str


def read_rows(path: Path) -> list[Row]:
    """Read every row that says anything.

    Raises
    ------
    TechnologyError
        If the file cannot be read, is too large, is no text or is no CSV.
    """
    kept = [(at, line) for at, line in enumerate(_text(path).splitlines(), start=1) if _told(line)]
    if not kept:
        return []
    numbers, lines = zip(*kept, strict=True)
    delimiter = max(",;\t", key=lines[0].count)
    try:
        cells = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TechnologyError(f"{path.name}: cannot be read as CSV ({error}); check the file") from error
    if len(cells) != len(lines):
        raise TechnologyError(f"{path.name}: a quoted cell goes over several lines; write one row a line")
    decimal = "." if delimiter == "," else ","
    return [
        Row(at, tuple(cell.strip().replace(decimal, ".") for cell in row), line.strip())
        for at, row, line in zip(numbers, cells, lines, strict=True)
    ]


def _text(path: Path) -> str:
    """Decode a file: what its byte order mark says, else UTF-8, else what spreadsheets write on Windows."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise TechnologyError(f"{path.name}: cannot be read ({error.strerror}); check the path") from error
    if len(raw) > LARGEST_FILE:
        raise TechnologyError(f"{path.name}: more than {LARGEST_FILE} bytes; some thousand rows are enough")
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TechnologyError(f"{path.name}: is no text; save the table as CSV")


def _told(line: str) -> bool:
    """Whether a line says anything: not one of blanks and separators, nor a comment."""
    return bool(line.strip(" ,;\t")) and not line.lstrip().startswith("#")
