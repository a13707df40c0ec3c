import pytest

from analogeq.errors import InputError
from analogeq.report.signed_weights import MappedChips, signed_weights_figure

AMOUNTS = {
    "levels": (4.0, 16.0), "noise": (1.0, 5.0), "ratio": (3.0, 100.0), "gain": (0.1, 3.0), "wires": (0.1, 3.0)
}  # fmt: skip
SEVERAL = dict.fromkeys(AMOUNTS, ((10.0, 12.0), (5.0, 6.0)))


def chips(task="digits", mapping="affine", errors=SEVERAL):
    return MappedChips(task, mapping, AMOUNTS, errors, SEVERAL, (2e-3, 1e-3), 4.0)


def test_every_mapping_of_every_task_is_a_line_in_every_panel():
    shown = [chips(task, mapping) for task in ("digits", "mnist") for mapping in ("differential", "affine")]
    panels = signed_weights_figure(shown, title="Chips").axes
    drawn = [sum(len(line.get_xdata()) == 2 for line in axes.lines if line.get_marker() == "o") for axes in panels]
    assert drawn == [*(5 * [4]), 4, *(5 * [4]), 0]
    assert max(panels[5].lines[0].get_ydata()) == 2.0  # milliwatts
    told = [text.get_text() for text in panels[-1].get_legend().get_texts()]
    assert told[:4] == ["differential", "affine", "digits (ideal devices: 4 %)", "mnist (ideal devices: 4 %)"]


def test_chips_that_cannot_be_drawn_are_refused():
    with pytest.raises(InputError, match="mapping 'rows' is unknown"):
        chips(mapping="rows")
    with pytest.raises(InputError, match="levels: give the chips' numbers for each amount"):
        chips(errors={**SEVERAL, "levels": ((1.0,),)})
    with pytest.raises(InputError, match="no chips to draw"):
        signed_weights_figure([], title="Chips")
