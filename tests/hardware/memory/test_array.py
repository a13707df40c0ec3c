import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import (
    PRESETS,
    Branch,
    DeviceArray,
    Drift,
    Faults,
    Levels,
    Memory,
    Noise,
    Programming,
    Pulses,
    Retention,
    Spread,
)

LOW, HIGH = 1e-6, 101e-6
WIDTH = HIGH - LOW


def array_of(memory, n=1000):
    return DeviceArray(memory, LOW, HIGH, n)


def targets(n=1000, seed=0):
    return np.random.default_rng(seed).uniform(LOW, HIGH, n)


def test_an_ideal_array_holds_what_is_written_and_moves_as_told():
    array, target = array_of(Memory()), targets()
    assert array.write(target).pulses.sum() == 1000
    assert np.array_equal(array.held(), target)
    array.update(np.full(1000, 1e-7))
    assert np.array_equal(array.read(), np.clip(target + 1e-7, LOW, HIGH))


def test_a_noisy_write_misses_by_its_spread():
    n, middle = 100_000, 0.5 * (LOW + HIGH)
    array = array_of(Memory(programming=Programming(Noise(absolute=2e-6))), n)
    array.write(np.full(n, middle))
    miss = array.held() - middle
    # Five standard errors, wrong once in two million; the ends of the range are 25 standard deviations off.
    assert abs(miss.mean()) < 5.0 * 2e-6 / np.sqrt(n)
    assert abs(miss.std() - 2e-6) < 5.0 * 2e-6 / np.sqrt(2.0 * n)


@pytest.mark.parametrize("pulses", [None, Pulses(Branch(200.0, 100.0), Branch(200.0, 60.0), of_step=0.5)])
def test_a_verified_write_ends_within_its_tolerance_unless_its_pulses_are_spent(pulses):
    memory = Memory(programming=Programming(Noise(of_range=0.05), budget=2000, tolerance=0.01), pulses=pulses)
    array, target = array_of(memory), targets()
    used = array.write(target).pulses
    off = np.abs(array.held() - target)
    assert (off <= 0.01 * WIDTH).all()
    assert (used > 1).any()
    short = array_of(replace(memory, programming=replace(memory.programming, budget=2)))
    used = short.write(target).pulses
    assert used.max() == 2
    assert (used[np.abs(short.held() - target) > 0.01 * WIDTH] == 2).all()


def test_verified_writes_take_as_many_tries_as_the_chance_of_one_says():
    """A try lands within one standard deviation with probability p = erf(1/sqrt 2), so tries are geometric: 1/p."""
    n, middle = 20_000, 0.5 * (LOW + HIGH)
    array = array_of(Memory(programming=Programming(Noise(of_range=0.02), budget=1000, tolerance=0.02)), n)
    taken = array.write(np.full(n, middle))
    used = taken.pulses
    p = math.erf(1.0 / math.sqrt(2.0))
    assert abs(used.mean() - 1.0 / p) < 5.0 * math.sqrt((1.0 - p) / p**2 / n)  # five standard errors
    assert np.array_equal(taken.reads, used + 1)  # before the first try, and after each


def test_the_noise_of_reading_is_new_every_time_and_changes_nothing():
    array = array_of(Memory(read_noise=Noise(of_value=0.1)))
    array.write(targets())
    held = array.held()
    first, second = array.read(), array.read()
    assert not np.array_equal(first, second)
    assert np.array_equal(array.held(), held)
    assert (first >= 0.0).all()


def test_a_reading_aside_is_the_next_reading_and_changes_nothing_after_it():
    array, again = (array_of(Memory(read_noise=Noise(of_value=0.1))) for _ in range(2))
    aside = array.read(aside=True)
    assert np.array_equal(aside, array.read())
    again.read()
    assert array.state.generator == again.state.generator


def test_steps_below_half_a_pulse_are_lost_by_rounding_and_kept_on_average_by_drawing():
    n = 40_000
    memory = Memory(pulses=Pulses(Branch(100.0), Branch(100.0)))
    for rounding, want in (("nearest", 0.0), ("stochastic", 0.3)):
        array = array_of(replace(memory, rounding=rounding), n)
        array.write(np.full(n, 0.5 * (LOW + HIGH)))
        before = array.held()
        array.update(np.full(n, 0.3 * WIDTH / 100.0))
        moved = (array.held() - before).mean() / (WIDTH / 100.0)
        assert abs(moved - want) <= 5.0 * np.sqrt(0.3 * 0.7 / n)  # five standard errors of a share of 0.3


def test_an_update_between_levels_is_kept_on_average():
    n, levels = 40_000, Levels(11)
    array = array_of(Memory(levels=levels), n)
    grid = levels.grid(LOW, HIGH)
    array.write(np.full(n, grid[4] + 0.1 * WIDTH / 10.0))
    assert np.array_equal(np.unique(array.held()), [grid[4]])
    array.update(np.full(n, -0.25 * WIDTH / 10.0))
    share = np.mean(array.held() == grid[3])
    assert abs(share - 0.25) < 5.0 * np.sqrt(0.25 * 0.75 / n)  # five standard errors


def test_only_devices_that_change_their_level_are_written_again():
    memory = Memory(levels=Levels(11), programming=Programming(Noise(of_range=0.01)), rounding="nearest")
    array = array_of(memory)
    array.write(np.full(1000, 0.5 * (LOW + HIGH)))
    before = array.held()
    assert array.update(np.full(1000, 0.2 * WIDTH / 10.0)).pulses.sum() == 0
    assert np.array_equal(array.held(), before)
    assert array.update(np.full(1000, 1.2 * WIDTH / 10.0)).pulses.sum() == 1000
    assert (array.held() > before).all()


def test_devices_drift_by_their_own_exponents_from_their_own_last_pulse():
    memory = Memory(
        drift=Drift(exponent=0.05, exponent_sd=0.01, start=10.0), pulses=Pulses(Branch(100.0), Branch(100.0))
    )
    array, target = array_of(memory), targets()
    array.write(target)
    array.wait(1000.0)
    nu = -np.log(array.held() / target) / np.log(100.0)
    assert nu.mean() == pytest.approx(0.05, abs=5.0 * 0.01 / np.sqrt(1000))  # five standard errors
    step = np.where(np.arange(1000) < 500, 0.02 * WIDTH, 0.0)
    before = array.held()
    array.update(step)
    array.wait(5.0)  # not yet the start of a drift that began with the pulse
    moved = array.held() - before
    assert (moved[:500] > 0.0).sum() > 450  # all but those near the high end
    assert (moved[500:] < 0.0).all()


def test_a_leak_brings_every_device_to_rest():
    array = array_of(Memory(retention=Retention(time_constant=2.0, rest=0.25)))
    array.write(targets())
    array.wait(200.0)
    assert np.allclose(array.held(), LOW + 0.25 * WIDTH, rtol=1e-12)


def test_stuck_devices_do_not_move_and_there_are_as_many_as_said():
    n = 20_000
    array = array_of(Memory(faults=Faults(0.05, 0.1, 0.2)), n)
    array.write(np.full(n, 0.5 * (LOW + HIGH)))
    array.update(np.full(n, 1e-6))
    held, counts = array.held(), array.count_stuck()
    for name, at, share in (("low", LOW, 0.05), ("high", HIGH, 0.1), ("open", 0.0, 0.2)):
        assert np.count_nonzero(held == at) == counts[name]
        assert abs(counts[name] / n - share) < 5.0 * np.sqrt(share * (1.0 - share) / n)  # five standard errors


def test_a_verified_write_spends_all_it_has_on_a_stuck_device():
    array = array_of(Memory(programming=Programming(budget=7, tolerance=0.01), faults=Faults(stuck_high=0.5)))
    used = array.write(np.full(1000, LOW)).pulses
    assert np.array_equal(used == 7, array.faults != 0)


def test_a_tolerance_is_a_factor_on_the_resistance_that_stays():
    array, target = array_of(Memory(spread=Spread(tolerance=0.2))), targets()
    array.write(target)
    off = target / array.held() - 1.0
    assert np.abs(off).max() <= 0.2 + 1e-12  # rounding of the quotient
    assert np.abs(off).max() > 0.19  # a thousand devices fill a uniform spread
    array.write(2e-6 + 0.5 * target)
    assert np.allclose((2e-6 + 0.5 * target) / array.held() - 1.0, off, atol=1e-12)


def test_device_to_device_spread_of_steps_and_ends_is_as_said():
    n = 50_000
    memory = Memory(pulses=Pulses(Branch(1000.0), Branch(1000.0)), spread=Spread(step=0.1, asymmetry=0.05))
    devices = array_of(memory, n).devices
    assert devices.step_up.std() == pytest.approx(np.hypot(0.1, 0.05), rel=0.03)  # 4 standard errors and second order
    lean = (devices.step_up - devices.step_down) / (devices.step_up + devices.step_down)
    assert lean.std() == pytest.approx(0.05, rel=0.03)  # likewise
    ends = array_of(Memory(spread=Spread(low_end=0.1, high_end=0.1)), n).devices
    assert ((ends.low >= LOW) & (ends.high <= HIGH) & (ends.low <= ends.high)).all()
    assert np.mean(ends.high < HIGH) == pytest.approx(0.5, abs=5.0 * 0.5 / np.sqrt(n))  # half of them inwards


EVERYTHING = Memory(
    levels=Levels(16),
    programming=Programming(Noise(of_range=0.05), budget=5, tolerance=0.02),
    pulses=Pulses(Branch(50.0, 30.0), Branch(60.0, -40.0), of_range=0.02, of_step=0.5),
    spread=Spread(0.2, 0.1, 0.1, 0.1, 0.05),
    read_noise=Noise(of_value=0.02),
    drift=Drift(0.05, 0.01, 1.0),
    faults=Faults(0.02, 0.02, 0.02),
)


def worked(array, goes=3):
    seen = [array.write(targets(len(array))).pulses]
    for go in range(goes):
        array.update(1e-6 * np.random.default_rng(go).standard_normal(len(array)))
        array.wait(2.0)
        seen.append(array.read())
    return seen


def test_one_seed_is_one_chip_and_another_seed_another():
    first, again = worked(array_of(EVERYTHING)), worked(array_of(EVERYTHING))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = worked(array_of(replace(EVERYTHING, seed=1)))
    assert not np.array_equal(first[-1], other[-1])


def test_a_chip_goes_on_from_its_state_bit_for_bit():
    array, again = array_of(EVERYTHING), array_of(EVERYTHING)
    worked(array)
    again.restore(array.state)
    assert np.array_equal(worked(array)[-1], worked(again)[-1])
    with pytest.raises(TechnologyError, match="a state of 1000, the chip has 10"):
        array_of(EVERYTHING, 10).restore(array.state)


NOISES = st.builds(Noise, st.floats(0.0, 1e-4), st.floats(0.0, 2.0), st.floats(0.0, 2.0))
BRANCHES = st.builds(Branch, st.floats(1.0, 500.0)) | st.builds(Branch, st.just(math.inf), st.floats(1.0, 500.0))


@settings(deadline=None)
@given(
    st.builds(
        Memory,
        levels=st.none() | st.builds(Levels, st.integers(2, 64)),
        programming=st.builds(Programming, NOISES, st.just(0)) | st.builds(Programming, NOISES, st.integers(1, 9)),
        pulses=st.none() | st.builds(Pulses, BRANCHES, BRANCHES, st.floats(0.0, 1.0), st.floats(0.0, 2.0)),
        spread=st.builds(Spread, st.floats(0.0, 1.0), st.floats(0.0, 2.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
        faults=st.builds(Faults, st.floats(0.0, 0.3), st.floats(0.0, 0.3)),
        rounding=st.sampled_from(["stochastic", "nearest"]),
    ),
    st.floats(1e-12, 1e-4),
)
def test_no_device_ever_leaves_the_range(memory, step):
    array = array_of(memory, 50)
    array.write(np.linspace(0.0, 2.0 * HIGH, 50))
    for go in range(3):
        array.update(step * np.random.default_rng(go).standard_normal(50))
        held = array.held()
        assert ((held >= LOW) & (held <= HIGH)).all()


def test_a_range_of_one_with_one_bit_and_all_the_noise_there_is_holds_its_one_value():
    memory = Memory(levels=Levels(2), programming=Programming(Noise(of_value=1.0)))
    array = DeviceArray(memory, LOW, LOW, 100)
    array.write(np.linspace(0.0, HIGH, 100))
    array.update(np.linspace(-HIGH, HIGH, 100))
    assert np.array_equal(array.held(), np.full(100, LOW))


def test_a_range_without_end_is_refused():
    with pytest.raises(TechnologyError, match="conductance_high: inf S"):
        DeviceArray(Memory(), LOW, math.inf, 3)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_published_device_can_be_written_moved_and_read(name):
    array = array_of(PRESETS[name].memory)
    array.write(targets())
    before = array.held()
    array.update(np.full(1000, 0.05 * WIDTH))
    moved = array.held() - before
    assert moved.mean() == pytest.approx(0.05 * WIDTH, rel=0.5)  # about: bounds, spreads and bends take their part
    assert np.isfinite(array.read()).all()
