"""Many runs in one kernel, as a course has them: memory stays flat."""

from __future__ import annotations

import gc

import ipywidgets
import psutil
import pytest
from amount import FULL, report

import styletools as st
from styletools import explorers

pytestmark = pytest.mark.usefixtures("one_thread")
RUNS = 100 if FULL else 6
SETTLED = RUNS // 3  # by then every buffer, cache and thread is there


def resident() -> int:
    """Bytes of this process, after what is not needed any more was given back."""
    gc.collect()
    return psutil.Process().memory_info().rss


def transfer(number):
    st.transfer("chelsea", "dots", size=32 + 16 * (number % 3), steps=2, seed=number, progress=False)


def texture(number):
    statistic = ("gram", "wasserstein", "mean")[number % 3]
    st.reconstruct_style("starry_night", size=48, steps=2, statistic=statistic, seed=number, progress=False)


def panel(number):
    name = ("features", "gram", "studio")[number % 3]
    made = getattr(explorers, f"explore_{name}")(size=64)
    if name == "studio":
        made.steps.value = made.steps.min
        made.start_button.click()
    assert made.wait(60)
    assert made.error is None
    made.close()
    ipywidgets.Widget.close_all()


def middle_and_end(run):
    """The most memory after the runs of the middle third, and after those of the last."""
    sizes = []
    for number in range(RUNS):
        run(number)
        sizes.append(resident())
    return max(sizes[SETTLED : 2 * SETTLED]), max(sizes[2 * SETTLED :])


@pytest.mark.parametrize("run", [transfer, texture, panel])
def test_memory_is_flat(run):
    middle, end = middle_and_end(run)
    if end > 1.02 * middle:  # pages that the system had taken away came back, or it grows: then it grows again
        middle, end = middle_and_end(run)
    assert end <= 1.02 * middle, f"{middle / 1e6:.0f} MB → {end / 1e6:.0f} MB"
    report(f"memory, {RUNS} × {run.__name__}: {middle / 1e6:.0f} MB in the middle, {end / 1e6:.0f} MB at the end")
