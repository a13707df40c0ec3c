"""Metrics over what a study varied."""

from analogeq.report.sweep import MOST_LINES, MOST_PANELS, MetricMap, MetricSeries, sweep_figure

LABEL = "median free phase to within 1 % of the rail of its end [s]"


def test_small_numbers_are_written_with_prefixes_and_long_labels_in_lines() -> None:
    lines = {"nominal": [(0, 4e-7, 3e-7, 5e-7), (1, 6e-7, 5e-7, 7e-7)]}
    figure = sweep_figure(MetricSeries(LABEL, "wires", ("1", "2"), (1.0, 2.0), lines))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert "\n" in axes.get_ylabel()
    assert all(text.get_text().endswith("n") for text in axes.get_yticklabels())


def test_a_map_writes_its_cells_with_prefixes_and_says_where_there_is_no_number() -> None:
    figure = sweep_figure(MetricMap(LABEL, "x", "y", ("1", "2"), ("a",), {"": [[4e-7, None]]}))
    assert [text.get_text() for text in figure.axes[0].texts] == ["400.0 n", "none"]


def test_percentages_are_written_as_they_are() -> None:
    figure = sweep_figure(MetricMap("error [%]", "x", "y", ("1",), ("a",), {"": [[5.25]]}))
    assert [text.get_text() for text in figure.axes[0].texts] == ["5.25"]


def test_what_is_zero_at_every_point_lies_on_the_axis_of_a_plain_scale() -> None:
    lines = {"nominal": [(0, 0.0, 0.0, 0.0), (1, 0.0, 0.0, 0.0)]}
    figure = sweep_figure(MetricSeries("devices at the high end [%]", "noise", ("1", "2"), (1.0, 2.0), lines))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert axes.get_ylim() == (0.0, 1.0)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


def test_every_map_of_a_figure_has_its_title_and_one_scale_of_colours() -> None:
    panels = {"bits 4": [[5.0, 10.0]], "bits 8": [[1.0, 2.0]]}
    figure = sweep_figure(MetricMap("error [%]", "x", "y", ("1", "2"), ("a",), panels))
    maps = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title(loc="left") for axes in maps] == ["bits 4", "bits 8"]
    assert [[text.get_text() for text in axes.texts] for axes in maps] == [["5", "10"], ["1", "2"]]
    assert {axes.images[0].get_clim() for axes in maps} == {(1.0, 10.0)}


def test_a_figure_that_holds_not_all_maps_says_so() -> None:
    panels = {f"draw {k}": [[float(k)]] for k in range(MOST_PANELS + 3)}
    figure = sweep_figure(MetricMap("error [%]", "x", "y", ("1",), ("a",), panels, limit=2.0))
    assert sum(bool(axes.images) for axes in figure.axes) == MOST_PANELS
    said = figure.get_supxlabel()
    assert f"the first {MOST_PANELS} of {MOST_PANELS + 3} maps" in said
    assert "italic: above the specified 2" in said


def test_a_figure_of_more_corners_than_it_can_tell_apart_draws_the_first_and_says_so() -> None:
    lines = {f"corner {k}": [(0, float(k), float(k), float(k)), (1, 1.0, 1.0, 1.0)] for k in range(MOST_LINES + 2)}
    figure = sweep_figure(MetricSeries("error [%]", "noise", ("1", "2"), (1.0, 2.0), lines))
    figure.canvas.draw()
    drawn = [(line.get_color(), line.get_marker()) for line in figure.axes[0].lines]
    assert len(set(drawn)) == MOST_LINES
    assert f"the first {MOST_LINES} of {MOST_LINES + 2} corners" in figure.get_supxlabel()


def test_the_smallest_map_has_room_for_the_longest_labels() -> None:
    panels = {f"temperature_coefficient 0.1 ppm/K, mirror_mismatch {k}": [[float(k)]] for k in (1, 2)}
    keys = ("technology.crossbar.conductance_high", "technology.crossbar.temperature_coefficient")
    figure = sweep_figure(MetricMap(LABEL, *keys, ("100 uS",), ("0.1 ppm/K",), panels))
    figure.draw_without_rendering()  # a layout that collapses warns
    inside = figure.get_window_extent()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    half = 0.5  # pixels, of rounding
    assert min(box.x0 for box in boxes) >= inside.x0 - half
    assert min(box.y0 for box in boxes) >= inside.y0 - half
    assert max(box.x1 for box in boxes) <= inside.x1 + half
    assert max(box.y1 for box in boxes) <= inside.y1 + half
