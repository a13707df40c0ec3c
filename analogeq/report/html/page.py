"""What a page is made of, and its one rendering.

The file needs no network and no other file: figures stand in it as SVG or PNG data, each in an image of its own so
that the names inside one drawing cannot meet those of another; there is no script.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from analogeq.errors import InputError


@dataclass(frozen=True)
class Note:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names and values, side by side."""

    rows: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """Rows of cells below a head; numbers are written with four digits.

    Attributes
    ----------
    head : sequence of str
    rows : sequence of sequences
        A bool is shown as yes or NO, None as a dash.
    caption : str
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise InputError(f"table: a row of {len(row)} cells below {len(self.head)} heads; give one for each")


@dataclass(frozen=True)
class Listing:
    """Text as it stands, such as a netlist; ``folded`` shows its caption alone until it is opened."""

    text: str
    caption: str = ""
    folded: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, drawn into the page."""

    figure: Figure
    caption: str

    @property
    def source(self) -> str:
        """Its data."""
        stream = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": "analogeq", "svg.fonttype": "path"}):
            self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        return _data("image/svg+xml", stream.getvalue())


@dataclass(frozen=True)
class Stored:
    """A picture that is there already: SVG text, or the bytes of a PNG."""

    content: bytes
    caption: str

    @property
    def source(self) -> str:
        """Its data."""
        png = self.content.startswith(b"\x89PNG")
        return _data("image/png" if png else "image/svg+xml", self.content)


Part = Note | Facts | Table | Listing | Picture | Stored


@dataclass(frozen=True)
class Section:
    """A headed part of a page."""

    title: str
    parts: Sequence[Part]

    @property
    def anchor(self) -> str:
        """Its place in links."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes
    ----------
    title, subtitle : str
    command : str
        What makes it again.
    sections : sequence of Section
    """

    title: str
    subtitle: str
    command: str
    sections: Sequence[Section]


def render(page: Page) -> str:
    """Return a page as one HTML document; text in it is escaped."""
    environment = Environment(
        loader=PackageLoader("analogeq.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = _cell
    environment.filters["kind"] = lambda part: type(part).__name__
    return environment.get_template("page.html").render(page=page)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if value is None or value == "":
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def stored(path: Path, caption: str) -> Stored:
    """Read a picture from a file."""
    return Stored(path.read_bytes(), caption)
