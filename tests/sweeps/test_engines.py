"""Processes that die: the worker's, the driver's, at any moment; through real dask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mocked
import pytest
from kills import check_equal_to_a_serial_run, sweep_with_kills

from styletools.errors import InputError
from styletools.sweeps.engines import TRIES, check_workers, cluster, here, running, spread
from styletools.sweeps.following import follow
from styletools.sweeps.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals"),
    pytest.mark.filterwarnings("ignore"),  # dask's own, of the processes that were killed
]

# A driver as a process of its own; its workers find `mocked` as the tests do.
DRIVER = """
import sys
from pathlib import Path
import mocked
from styletools.sweeps.store import Store
from styletools.sweeps.sweep import finish

if __name__ == "__main__":
    store = Store(Path(sys.argv[1]))
    runs = mocked.runs_of(store.pictures, int(sys.argv[2]))
    count = finish(store.left(runs), store, workers=2, progress=False, work=mocked.work)
    print(count.made, count.found, len(count.failed))
"""


def test_workers_killed_at_random_moments(tmp_path):
    """200 runs, 3 kills; the long form is in tests/soak."""
    counted, killed, _ = sweep_with_kills(tmp_path, 200, 3)
    assert killed == 3
    check_equal_to_a_serial_run(tmp_path, 200, counted)


def test_a_run_that_kills_its_worker_is_tried_three_times_and_then_noted(tmp_path):
    store = Store(tmp_path)
    runs = mocked.runs_of(store.pictures, 7)
    with cluster(2) as client:
        counted = follow(spread(runs, client, mocked.dies), runs, store, progress=False)
    assert list(counted.failed) == ["seed-00005"]
    assert store.failure(runs[5]).startswith("its worker died 3 times, killed or out of memory")
    assert (tmp_path / "tried").read_text().count("once") == TRIES
    assert counted.made + counted.found == 6  # found: its worker died after it was written, before that was told
    assert store.left(runs) == []


def driver(folder: Path, count: int) -> subprocess.Popen[str]:
    script = folder.parent / "driver.py"
    script.write_text(DRIVER)
    here = os.pathsep.join(
        [str(Path(__file__).parent), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    )
    words = [sys.executable, str(script), str(folder), str(count)]
    return subprocess.Popen(words, env={**os.environ, "PYTHONPATH": here}, stdout=subprocess.PIPE, text=True)


def test_a_driver_killed_in_the_middle_is_started_again_and_goes_on(tmp_path):
    folder, count = tmp_path / "out", 150
    with driver(folder, count) as first:
        pictures = folder / "pictures"
        while not pictures.is_dir() or len(list(pictures.iterdir())) < 20:
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.wait()
    time.sleep(2)  # its workers notice
    names = sorted(path.name for path in pictures.iterdir())
    assert 20 <= len(names) < count - 3
    assert all((pictures / name).read_bytes() == mocked.content(int(name[5:10])) for name in names)  # no part files
    time.sleep(0.5)
    assert names == sorted(path.name for path in pictures.iterdir())  # the workers are gone
    with driver(folder, count) as second:
        told, _ = second.communicate()
    made, found, _ = map(int, told.split())
    assert (made, found) == (count - 3 - len(names), 0)
    written = [int(line) for line in (folder / "written").read_text().split()]
    assert len(written) == len(set(written))
    assert len(list(pictures.iterdir())) == count - 3
    assert sorted(path.stem for path in (folder / "failed").iterdir()) == ["seed-00007", "seed-00057", "seed-00107"]
    with driver(folder, count) as third:
        assert third.communicate()[0].split() == ["0", "0", "0"]


def test_a_cluster_that_is_running(tmp_path):
    """By its address, as for Slurm and MPI; a worker that does not see the folder is told at once."""
    store = Store(tmp_path / "out")
    store.begin({})
    runs = mocked.runs_of(store.pictures, 20)
    with cluster(1) as owner, running(owner.scheduler.address) as client:
        check_workers(client, store)
        counted = follow(spread(runs, client, mocked.work), runs, store, progress=False, workers=lambda: 1)
        assert (counted.made, len(counted.failed)) == (19, 1)
        (store.folder / "plan.json").write_text("{}")
        with pytest.raises(InputError, match=r"the worker at tcp://127\.0\.0\.1:\d+ does not see .*all machines share"):
            check_workers(client, store)


def test_a_scheduler_that_is_not_there(monkeypatch):
    with pytest.raises(InputError, match="scheduler: none answers at nowhere"), running("nowhere"):
        pass


def test_without_dask_in_this_process(tmp_path):
    store = Store(tmp_path)
    runs = mocked.runs_of(store.pictures, 9)
    counted = follow(here(runs, mocked.work), runs, store, progress=False)
    assert (counted.made, list(counted.failed)) == (8, ["seed-00007"])
    check_equal_to_a_serial_run(tmp_path, 9, counted)
