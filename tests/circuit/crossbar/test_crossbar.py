"""Closed forms, then laws that any network of resistors obeys, on arrays of any shape and wire."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.circuit.crossbar import Crossbar
from analogeq.errors import InputError
from analogeq.hardware.wires import Line, Wires

ENDS = ("first", "last", "both")

# A grid of up to 6 x 6 cells is eliminated in some tens of roundings of 1e-16 a node; what is compared
# are sums of positive terms, so hardly anything cancels.
ROUNDING = 1e-12

OHMS = st.just(0.0) | st.floats(1e-3, 1e6)
LINES = st.builds(Line, OHMS, OHMS, st.sampled_from(ENDS))
RESISTING = st.builds(Line, st.floats(1e-1, 1e4), OHMS, st.sampled_from(ENDS))
EXAMPLES = settings(max_examples=40)


@st.composite
def crossbars(draw, lines=LINES):
    """Devices of 1e-9 to 1e-1 S, log-uniform, and some that are not there."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    g = 10.0 ** rng.uniform(-9.0, -1.0, shape) * (rng.random(shape) >= draw(st.sampled_from([0.0, 0.2, 1.0])))
    return Crossbar(g, draw(lines), draw(lines))


def volts(array, axis, batch=2):
    return np.random.default_rng(axis).normal(size=(batch, array.g.shape[axis]))


def line_currents(array, ends, found, axis):
    """Current through each piece of the lines of one direction [A], from first to last, its drop [V], and where."""
    line = (array.word, array.bit)[axis]
    cells = found.word if axis == 0 else found.bit.transpose(0, 2, 1)
    pieces = []
    if line.ends != "last":
        pieces.append((ends - cells[:, :, 0], line.lead))
    pieces += [(cells[:, :, k - 1] - cells[:, :, k], line.segment) for k in range(1, cells.shape[2])]
    if line.ends != "first":
        pieces.append((cells[:, :, -1] - ends, line.lead))
    return pieces


def test_one_cell_is_a_series_of_resistances():
    array = Crossbar.forward(np.array([[1e-3]]), Wires(2.0, 3.0, 5.0, 7.0))
    assert array.equivalent[0, 0] == pytest.approx(1.0 / (5.0 + 2.0 + 1000.0 + 3.0 + 7.0), rel=1e-15)


def test_a_word_line_driven_from_both_sides_has_its_two_ends_in_parallel():
    array = Crossbar.forward(np.array([[1e-3]]), Wires(2.0, 3.0, 5.0, 7.0, driven_from="both"))
    assert array.equivalent[0, 0] == pytest.approx(1.0 / ((5.0 + 2.0) / 2 + 1000.0 + 3.0 + 7.0), rel=1e-15)


def test_ideal_wires_make_the_matrix_product():
    g = np.random.default_rng(0).uniform(1e-6, 1e-4, (5, 3))
    array = Crossbar.forward(g, Wires())
    words = volts(array, 0)
    assert np.array_equal(array.equivalent, g)
    assert np.array_equal(array.currents(words), words @ g)
    assert np.array_equal(array.voltages(words).drop, np.repeat(words[:, :, None], 3, axis=2))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_single_word_line_is_a_ladder(side):
    g, r, driver = np.array([3e-4, 1e-3, 2e-3, 5e-4]), 40.0, 15.0
    along = g if side == "left" else g[::-1]
    # resistance of what is beyond each cell, from the far end; then the voltage from the driver on
    beyond = [np.inf]
    for siemens in along[:0:-1]:
        beyond.append(r + 1.0 / (siemens + 1.0 / beyond[-1]))
    at, feed, expected = 1.0, r + driver, []
    for siemens, further in zip(along, beyond[::-1], strict=True):
        load = 1.0 / (siemens + 1.0 / further)
        at *= load / (feed + load)
        expected.append(at * siemens)
        feed = r
    found = Crossbar.forward(g[None], Wires(word_line_resistance=r, driver_resistance=driver, driven_from=side))
    assert found.equivalent[0, :: 1 if side == "left" else -1] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("side", ["top", "bottom"])
def test_a_single_bit_line_adds_up_along_its_ladder(side):
    # two cells: the far one's current divides between its neighbour's device and the wire
    r, sense, near, far = 30.0, 12.0, 1e-3, 4e-3
    to_ground = 1.0 / (near + 1.0 / (r + sense))
    from_far = to_ground / (1.0 / far + r + to_ground) / (r + sense)
    to_ground = 1.0 / (1.0 / (1.0 / far + r) + 1.0 / (r + sense))
    from_near = to_ground / (1.0 / near + to_ground) / (r + sense)
    g = np.array([[far], [near]])
    array = Crossbar.forward(
        g if side == "bottom" else g[::-1],
        Wires(bit_line_resistance=r, sense_resistance=sense, sensed_at=side),
    )
    expected = [from_far, from_near]
    assert array.equivalent[:, 0] == pytest.approx(expected if side == "bottom" else expected[::-1], rel=1e-14)


def test_a_line_without_wire_but_with_a_driver_is_one_node():
    # every cell of the word line at v = g_d / (g_d + sum g)
    g, driver = np.array([[1e-3, 2e-3, 5e-3]]), 100.0
    array = Crossbar.forward(g, Wires(driver_resistance=driver))
    assert array.equivalent == pytest.approx(g / (1.0 + driver * g.sum()), rel=1e-14)


def test_a_manufactured_solution_is_found():
    # Drops are chosen, conductances follow from Kirchhoff's laws: word voltages fall and bit voltages rise towards
    # the held ends by what the cells' chosen currents make of the segments.
    rng = np.random.default_rng(5)
    cell = rng.uniform(1e-6, 1e-4, (6, 4))
    r_word, r_bit, driver, sense = 20.0, 30.0, 50.0, 70.0
    along = np.cumsum(cell[:, ::-1], axis=1)[:, ::-1]
    down = np.cumsum(cell, axis=0)
    applied = rng.uniform(1.0, 2.0, 6)
    word = applied[:, None] - driver * along[:, :1] - r_word * np.cumsum(along, axis=1)
    bit = sense * down[-1] + r_bit * np.cumsum(down[::-1], axis=0)[::-1]
    assert (word - bit).min() > 0.5
    array = Crossbar.forward(cell / (word - bit), Wires(r_word, r_bit, driver, sense))
    found = array.voltages(applied[None])
    assert found.word[0] == pytest.approx(word, rel=1e-13)
    assert found.bit[0] == pytest.approx(bit, rel=1e-12)
    assert array.currents(applied[None])[0] == pytest.approx(cell.sum(axis=0), rel=1e-13)


@EXAMPLES
@given(array=crossbars(RESISTING))
def test_it_is_what_nodal_analysis_says(nodal, array):
    words, bits = volts(array, 0), volts(array, 1)
    expected = nodal(array).voltages(words, bits)
    found = array.voltages(words, bits)
    # the matrix is worse conditioned than the recursion: segments of 0.1 Ohm beside ends of 1 MOhm lose 1e-9
    assert found.word == pytest.approx(expected[:, 0], abs=1e-8)
    assert found.bit == pytest.approx(expected[:, 1], abs=1e-8)


@pytest.mark.parametrize("terminal", [0.0, 3.0, 2e4])
@pytest.mark.parametrize("shape", [(170, 70), (70, 170), (100, 100), (20, 150)])
def test_large_arrays_are_what_nodal_analysis_says(nodal, shape, terminal):
    """Matrices inverted in halves, rows in several runs, and ends that resist ten thousand times a segment."""
    g = np.random.default_rng(8).uniform(1e-6, 1e-4, shape)
    array = Crossbar.forward(g, Wires(2.0, 1.0, 2.0 * terminal, terminal))
    words, bits = volts(array, 0), volts(array, 1)
    expected, found = nodal(array).voltages(words, bits), array.voltages(words, bits)
    # rounding of the sparse factors: some 1e4 nodes, ends of 2e4 Ohm behind segments of 1 Ohm
    assert np.abs(found.word - expected[:, 0]).max() < 1e-9
    assert np.abs(found.bit - expected[:, 1]).max() < 1e-9
    read = array.voltages(words)
    carried = (read.drop * g).sum(axis=1)
    assert array.currents(words) == pytest.approx(carried, rel=1e-10, abs=1e-12 * np.abs(carried).max())
    assert Crossbar(array.g, array.word, array.bit).equivalent == pytest.approx(array.equivalent, rel=1e-11)


@EXAMPLES
@given(crossbars())
def test_reading_it_the_other_way_is_the_transposed_array(array):
    other = Crossbar(array.g.T, array.bit, array.word)
    scale = array.g.max(initial=0.0)
    assert array.equivalent == pytest.approx(other.equivalent.T, rel=1e-9, abs=ROUNDING * scale)


@EXAMPLES
@given(crossbars())
def test_the_equivalent_carries_what_the_devices_carry(array):
    words = volts(array, 0)
    through = (array.voltages(words).drop * array.g).sum(axis=1)
    scale = np.abs(words) @ array.equivalent
    # A drop is a difference of voltages: its rounding is of the voltages, times the devices; in the equivalent of
    # bit lines sensed at both ends, which is found from the word lines' currents, times those of all columns.
    rounding = 1e-14 * np.abs(words).max() * array.g.sum()
    assert (np.abs(array.currents(words) - through) <= ROUNDING * scale + rounding).all()


@EXAMPLES
@given(crossbars())
def test_no_device_carries_more_than_with_ideal_wires_and_no_row_gives_more_than_it_has(array):
    assert (array.equivalent >= -1e-15 * array.g.max()).all()
    rounding = 1.0 + ROUNDING
    assert (array.equivalent.sum(axis=1) <= rounding * array.g.sum(axis=1)).all()
    assert (array.equivalent.sum(axis=0) <= rounding * array.g.sum(axis=0)).all()


@EXAMPLES
@given(crossbars(RESISTING))
def test_every_node_obeys_kirchhoffs_current_law(array):
    words, bits = volts(array, 0), volts(array, 1)
    found = array.voltages(words, bits)
    device = found.drop * array.g
    for axis, ends, drawn in ((0, words, device), (1, bits, -device.transpose(0, 2, 1))):
        pieces = line_currents(array, ends, found, axis)
        line = (array.word, array.bit)[axis]
        flow = [drop / ohms for drop, ohms in pieces]
        zero = np.zeros_like(ends)
        flow = [*([zero] if line.ends == "last" else []), *flow, *([zero] if line.ends == "first" else [])]
        left_over = np.stack([flow[k] - flow[k + 1] for k in range(len(flow) - 1)], axis=2) - drawn
        # voltages of about 3 V rounded to 1e-15, through the best conductor at the node
        conductor = 1.0 / line.segment + 1.0 / line.lead + array.g.max()
        assert np.abs(left_over).max() <= 1e-13 * conductor


@EXAMPLES
@given(crossbars(RESISTING))
def test_what_the_ends_supply_is_what_wires_and_devices_dissipate(array):
    # Tellegen: P of the sources = sum of g (drop)^2 over every branch
    words, bits = volts(array, 0), volts(array, 1)
    found = array.voltages(words, bits)
    burnt = (array.g * found.drop**2).sum()
    supplied = 0.0
    for axis, ends in ((0, words), (1, bits)):
        line = (array.word, array.bit)[axis]
        pieces = line_currents(array, ends, found, axis)
        burnt += sum((drop**2).sum() / ohms for drop, ohms in pieces)
        into = pieces[0][0] / line.lead if line.ends != "last" else 0.0
        into = into - (pieces[-1][0] / line.lead if line.ends != "first" else 0.0)
        supplied += (ends * into).sum()
    loose = sum(1.0 / line.lead + 1.0 / line.segment for line in (array.word, array.bit)) + array.g.sum()
    assert supplied == pytest.approx(burnt, rel=1e-9, abs=1e-12 * loose)


@EXAMPLES
@given(crossbars())
def test_the_loading_of_the_drivers_is_the_heat_of_the_array(array):
    loading, words = array.loading, volts(array, 0)
    assert loading == pytest.approx(loading.T, rel=1e-9, abs=ROUNDING * np.abs(loading).max())
    found = array.voltages(words)
    heat = (array.g * found.drop**2).sum(axis=(1, 2))
    for axis, ends in ((0, words), (1, np.zeros((len(words), array.g.shape[1])))):
        pieces = line_currents(array, ends, found, axis)
        heat = heat + sum((drop**2).sum(axis=1) / ohms for drop, ohms in pieces if ohms > 0.0)
    # drops of wires are differences of voltages of some volts: their squares are good to 1e-15 of those over the wire
    loose = sum(1e-15 / ohms for line in (array.word, array.bit) for ohms in (line.segment, line.lead) if ohms > 0.0)
    assert np.einsum("bi,ij,bj->b", words, loading, words) == pytest.approx(
        heat, rel=1e-9, abs=1e-14 * array.g.sum() + loose
    )


@EXAMPLES
@given(crossbars())
def test_lines_see_of_each_other_what_their_loading_says_off_its_diagonal(array):
    for coupling, loading in ((array.bit_coupling, array.bit_loading), (array.word_coupling, array.loading)):
        assert (coupling >= 0.0).all()
        assert not np.diag(coupling).any()
        expected = np.diag(np.diag(loading)) - loading
        # The loading's own entries are differences of voltages of a volt, times devices.
        limit = ROUNDING * np.abs(loading).max() + 1e-14 * array.g.sum()
        assert np.abs(coupling - expected).max() <= limit


@EXAMPLES
@given(crossbars(RESISTING))
def test_relabelling_lines_from_the_other_side_changes_nothing(array):
    flipped = {"first": "last", "last": "first", "both": "both"}
    word = Line(array.word.segment, array.word.terminal, flipped[array.word.ends])
    other = Crossbar(array.g[:, ::-1], word, array.bit)
    assert other.equivalent[:, ::-1] == pytest.approx(array.equivalent, rel=1e-12)


@pytest.mark.parametrize(("word", "bit"), list(itertools.product(ENDS, repeat=2)))
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 3), (3, 1)])
def test_resistances_of_zero_are_the_limit_of_small_ones(word, bit, shape):
    g = np.random.default_rng(1).uniform(1e-3, 1e-2, shape)
    for ohms in itertools.product((0.0, 3.0), repeat=4):
        almost = [value or 1e-11 for value in ohms]
        exact = Crossbar(g, Line(ohms[0], ohms[1], word), Line(ohms[2], ohms[3], bit))
        near = Crossbar(g, Line(almost[0], almost[1], word), Line(almost[2], almost[3], bit))
        # 1e-11 Ohm against devices of 100 Ohm and more
        assert exact.equivalent == pytest.approx(near.equivalent, rel=1e-11)
        words, bits = volts(exact, 0), volts(exact, 1)
        assert exact.voltages(words, bits).drop == pytest.approx(near.voltages(words, bits).drop, abs=1e-11)


@EXAMPLES
@given(crossbars())
def test_the_gradient_by_devices_has_the_slope_of_the_currents(array):
    # dI = sum of gradient * dg: a central difference of the exact currents, devices that are there moved by 1e-4
    words, slopes = volts(array, 0), volts(array, 1)
    step = 1e-4 * array.g * np.random.default_rng(2).uniform(-1.0, 1.0, array.g.shape)
    ahead, behind = (
        (Crossbar(array.g + side * step, array.word, array.bit).currents(words) * slopes).sum() for side in (1, -1)
    )
    moved = 2.0 * (array.gradient(words, slopes) * step).sum()
    # third order in a relative step of 1e-4, and the rounding of what is subtracted
    scale = (np.abs(words) @ array.equivalent * np.abs(slopes)).sum()
    assert ahead - behind == pytest.approx(moved, abs=1e-10 * scale + 1e-15 * array.g.sum())


def test_the_gradient_with_ideal_wires_is_the_outer_product():
    array = Crossbar.forward(np.full((3, 2), 1e-4), Wires())
    words, slopes = volts(array, 0), volts(array, 1)
    assert array.gradient(words, slopes) == pytest.approx(words.T @ slopes, rel=1e-15)


def test_read_back_with_like_ends_it_is_its_own_transpose_and_with_others_it_is_not():
    g = np.random.default_rng(3).uniform(1e-4, 1e-3, (4, 6))
    alike, unlike = Wires(1.0, 2.0, 50.0, 50.0), Wires(1.0, 2.0, 50.0, 5.0)
    for wires, same in ((alike, True), (unlike, False)):
        there, back = Crossbar.forward(g, wires).equivalent, Crossbar.backward(g, wires).equivalent
        assert np.allclose(there, back.T, rtol=1e-12, atol=0.0) == same


def test_wire_resistance_costs_the_far_corner_most():
    far = Crossbar.forward(np.full((8, 8), 1e-3), Wires(1.0, 1.0)).equivalent
    # far from the driver on the left and from the virtual grounds at the bottom
    assert np.unravel_index(far.argmin(), far.shape) == (0, 7)
    assert np.unravel_index(far.argmax(), far.shape) == (7, 0)


def test_shapes_and_values_that_are_no_array_are_refused():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        Crossbar.forward(np.ones(3), Wires())
    with pytest.raises(InputError, match=r"cell \(0, 1\): conductance -1.0 S"):
        Crossbar.forward(np.array([[1.0, -1.0]]), Wires())
    with pytest.raises(InputError, match=r"cell \(0, 0\): conductance nan S"):
        Crossbar.forward(np.array([[np.nan]]), Wires())
    with pytest.raises(InputError, match=r"shape \(1, 3\) for 2 word lines"):
        Crossbar.forward(np.ones((2, 2)), Wires(1.0, 1.0)).currents(np.ones((1, 3)))


def test_what_it_says_cannot_be_written_to():
    array = Crossbar.forward(np.ones((2, 2)), Wires(1.0, 1.0))
    found = array.voltages(np.ones((1, 2)))
    for held in (array.g, array.equivalent, found.word, found.bit):
        with pytest.raises(ValueError, match="read-only"):
            held[...] = 0.0
