"""Two thousand runs through real dask while workers are killed: the long form of tests/sweeps/test_engines.py."""

from __future__ import annotations

import sys

import pytest
from amount import FULL, report
from kills import check_equal_to_a_serial_run, sweep_with_kills


@pytest.mark.skipif(not FULL, reason="its short form is in tests/sweeps")
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [0, 1])
def test_two_thousand_runs(seed, tmp_path):
    counted, killed, seconds = sweep_with_kills(tmp_path, 2000, 20, seed)
    assert killed == 20
    check_equal_to_a_serial_run(tmp_path, 2000, counted)
    told = f"{counted.made} made, {counted.found} found by a second try, {len(counted.failed)} failed as they should"
    report(f"2000 runs of 10 ms, {killed} workers killed, {seconds:.0f} s: {told}")
