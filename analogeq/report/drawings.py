"""Schematics of one cell and of a tile of each circuit family, as SVG."""

from __future__ import annotations

import schemdraw
from schemdraw import elements as elm

schemdraw.use("svg")

MARGIN = 0.8
"""Round each drawing, in its own units: the widths of labels are estimates."""


def neuron_drawing(*, referenced: bool = False) -> bytes:
    """One neuron of the ``hopfield`` family: what its node equation has a term for.

    With one pair of devices, or, ``referenced``, with one device and the reference of its word line.
    """
    own, other, sensed = ("$G^+_{ij}$", "$G^-_{ij}$", "$A (i^+ - i^-)$")
    if referenced:
        own, other, sensed = ("$G_{ij}$", "$G^{ref}_i$", "$A (i - i_{ref})$")
    d = schemdraw.Drawing(show=False, fontsize=12, unit=2.2, margin=MARGIN)
    line = d.add(elm.Dot(open=True).label("word line $v_i$", "top"))
    d.add(elm.Line().right(1.4).at(line.center))
    fork = d.add(elm.Dot())
    d.add(elm.Resistor().right().at(fork.center).label(own))
    plus = d.here
    d.add(elm.Line().down(1.8).at(fork.center))
    d.add(elm.Resistor().right().label(other))
    minus = d.here
    pins = [
        elm.IcPin(name="−", side="left", anchorname="minus", slot="1/2"),
        elm.IcPin(name="+", side="left", anchorname="plus", slot="2/2"),
        elm.IcPin(side="right", anchorname="out"),
    ]
    box = d.add(elm.Ic(size=(3.6, 2.6), pins=pins).at((plus[0] + 0.8, plus[1] - 2.2)))
    d.add(elm.Label().at(box.center).label(f"virtual grounds\nand conveyor\n{sensed}", fontsize=10))
    d.add(elm.Wire("-|").at(plus).to(box.plus))
    d.add(elm.Wire("-|").at(minus).to(box.minus))
    d.add(elm.Line().right(0.8).at(box.out))
    d.add(elm.Dot().label("$v_j$", "top"))
    for part, name in ((elm.Capacitor(), "$C$"), (elm.Resistor(), "$G_0$"), (elm.Diode().reverse(), "to 0 V")):
        _tap(d, 1.5)
        _hang(d, part.down().label(name, "bottom", fontsize=10), elm.Ground())
    for part, name, end in (
        (elm.Diode(), "", "$V_u$"),
        (elm.Resistor(), "$\\lambda G_0$", "DAC: $s^f_j$"),
        (elm.Resistor(), "$2\\beta G_0$", "target $y_j$"),
    ):
        _tap(d, 2.1)
        _hang(d, part.up().label(name, "top", fontsize=10), elm.Dot(open=True).label(end, "top", fontsize=10))
    return bytes(d.get_imagedata("svg"))


def _tap(drawing: schemdraw.Drawing, length: float) -> None:
    """Go on along the node's wire and put a dot."""
    drawing.add(elm.Line().right(length))
    drawing.add(elm.Dot())


def _hang(drawing: schemdraw.Drawing, part: schemdraw.elements.Element, end: schemdraw.elements.Element) -> None:
    """Hang a part with its end on the last dot, and stay there."""
    drawing.push()
    drawing.add(part)
    drawing.add(end)
    drawing.pop()


def resistive_cell_drawing() -> bytes:
    """One hidden node of the ``resistive`` family: doubled input, bias, device, conductance onward."""
    d = schemdraw.Drawing(show=False, fontsize=12, unit=2.4, margin=MARGIN)
    high = d.add(elm.Dot(open=True).label("$+a x_i$", "left"))
    d.add(elm.Resistor().right().at(high.center).label("$g^+_{ij}$"))
    node = d.add(elm.Dot().label("$v_j$", "top"))
    low = d.add(elm.Dot(open=True).at((high.center[0], high.center[1] - 1.8)).label("$-a x_i$", "left"))
    d.add(elm.Resistor().right().at(low.center).label("$g^-_{ij}$"))
    d.add(elm.Line().up().to(node.center))
    for part, name in ((elm.Diode(), "device"), (elm.SourceI().reverse(), "bias")):
        _tap(d, 2.2)
        _hang(d, part.down().label(name, "bottom", fontsize=10), elm.Ground())
    d.add(elm.Line().right(1.0))
    d.add(elm.Resistor().right().label("$g_{jk}$"))
    d.add(elm.Dot(open=True).label("$v_k$", "right"))
    return bytes(d.get_imagedata("svg"))


def tile_drawing(*, doubled: bool, referenced: bool = False) -> bytes:
    """Three word lines by three columns of devices, one or a pair at each crossing; the last one may be references."""
    columns = ["column 1", "column 2", "reference" if referenced else "column 3"]
    device = "$g$" if doubled else "$G$" if referenced else "$G^±$"
    d = schemdraw.Drawing(show=False, fontsize=11, unit=1.6, margin=MARGIN)
    names = ("$+x_1$", "$-x_1$", "$+x_2$") if doubled else ("$v_1$", "$v_2$", "$v_3$")
    for row, name in enumerate(names):
        y = -2.4 * row
        d.add(elm.Dot(open=True).at((0.0, y)).label(name, "left"))
        d.add(elm.Line().right(8.6).at((0.0, y)))
    for column, named in enumerate(columns):
        x = 1.2 + 2.8 * column
        bottom = -2.4 * 2 - 2.6
        d.add(elm.Line().at((x + 1.1, -1.1)).to((x + 1.1, bottom)))
        d.add(elm.Dot(open=True).at((x + 1.1, bottom)).label(named, "bottom"))
        for row in range(3):
            y = -2.4 * row
            d.add(elm.Dot().at((x, y)))
            d.add(
                elm.Resistor()
                .at((x, y))
                .to((x + 1.1, y - 1.4))
                .label("$G^{ref}$" if named == "reference" else device, "bottom", fontsize=9)
            )
            d.add(elm.Dot().at((x + 1.1, y - 1.4)))
    return bytes(d.get_imagedata("svg"))
