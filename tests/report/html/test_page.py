"""One HTML file: everything in it, nothing outside it, text escaped, readable at any width."""

import os
import re
import shutil
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from analogeq.errors import InputError
from analogeq.report.drawings import neuron_drawing, resistive_cell_drawing, tile_drawing
from analogeq.report.html import Facts, Listing, Note, Page, Picture, Section, Stored, Table, render

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
WIDTHS = (390, 1280)
"""Of a phone and of a desk, in CSS pixels."""


WORDS = "half selected neighbours, wires and the controller are not counted " * 3


def figure() -> Figure:
    drawn = Figure(figsize=(9.0, 3.0))
    drawn.subplots().plot([1, 2, 4])
    return drawn


def page() -> Page:
    return Page(
        "A <b>title</b>",
        "& subtitle",
        "analogeq report 'a & b'",
        [
            Section("First part", [Note("x < y"), Facts({"name": "value", "long": "word" * 60})]),
            Section("Numbers", [Table(("a", "b"), [(1.23456, True), (None, False)], "caption")]),
            Section(
                "Costs", [Table(("what", "value", "formula", "given"), [("much in " * 5, "1 nJ", "all " * 9, WORDS)])]
            ),
            Section("Text", [Listing("R1 a b 1k <script>alert(1)</script>\n" + "x" * 400, "netlist")]),
            Section("Pictures", [Picture(figure(), "drawn"), *(Stored(svg, "cell") for svg in drawings())]),
        ],
    )


def drawings() -> list[bytes]:
    return [neuron_drawing(), resistive_cell_drawing(), tile_drawing(doubled=True), tile_drawing(doubled=False)]


def test_text_is_escaped_and_nothing_is_fetched_from_elsewhere() -> None:
    html = render(page())
    assert "<script" not in html
    assert "A &lt;b&gt;title&lt;/b&gt;" in html
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", html)
    assert not re.search(r"url\(", html)
    assert html.count('src="data:image/svg+xml;base64,') == 5


def test_cells_show_four_digits_verdicts_and_dashes() -> None:
    html = render(page())
    assert "<td>1.235</td><td>yes</td>" in html
    assert '<td>–</td><td class="no">NO</td>' in html


def test_a_row_that_does_not_fit_its_head_is_refused() -> None:
    with pytest.raises(InputError, match="2 heads"):
        Table(("a", "b"), [(1,)])


def test_drawings_are_svg_with_their_symbols() -> None:
    for svg in drawings():
        assert svg.lstrip().startswith((b"<?xml", b"<svg"))
    assert b"DAC" in neuron_drawing()


def open_in_browser(path: Path) -> list[tuple[int, bool, int, list[str]]]:
    """Width of the document and its cells, whether every picture is there, how many, what went wrong, at each width."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright (extra 'dev')")
    found = []
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for width in WIDTHS:
            trouble: list[str] = []
            tab = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=True)
            tab.on("console", lambda message, trouble=trouble: trouble.append(message.text))
            tab.on("pageerror", lambda error, trouble=trouble: trouble.append(str(error)))
            tab.on("requestfailed", lambda request, trouble=trouble: trouble.append(request.url[:80]))
            tab.goto(path.as_uri())
            cells = "[...document.querySelectorAll('td')].map(cell => cell.getBoundingClientRect().right)"
            across = tab.evaluate(f"Math.max(document.documentElement.scrollWidth, ...{cells})")
            there = tab.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 50)")
            found.append((across, there, tab.evaluate("document.images.length"), trouble))
        browser.close()
    return found


needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("ANALOGEQ_REQUIRE_BROWSER"), reason="no Chromium here; apt install chromium"
)


@needs_browser
def test_a_browser_shows_every_figure_without_complaint_on_a_phone_and_on_a_desk(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render(page()), encoding="utf-8")
    for width, (across, there, pictures, trouble) in zip(WIDTHS, open_in_browser(tmp_path / "page.html"), strict=True):
        assert across <= width
        assert there
        assert pictures == 5
        assert trouble == []
