"""What docs/scaling.md shows is run: the plan, the job script of Slurm, the command of MPI."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import styletools as st
from styletools.sweeps.combinations import read_plan

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")


def test_the_plan(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "photos").mkdir()
    st.sample("coffee").save(tmp_path / "photos" / "mine.jpg")
    (tmp_path / "plan.toml").write_text(block, encoding="utf-8")
    plan = read_plan(tmp_path / "plan.toml")
    assert len(plan.runs(tmp_path)) == 2 * 3 * 3 * 2
    assert plan.rows == tuple(tomllib.loads(block)["sheet"]["rows"])
    plan.check()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_job_script_of_slurm(tmp_path):
    """Made by dask-jobqueue without a Slurm: what would be submitted."""
    pytest.importorskip("dask_jobqueue")
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "cluster.py").write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "cluster.py", "--job-script"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for line in ("#SBATCH -p compute", "#SBATCH --cpus-per-task=32", "#SBATCH -t 04:00:00"):
        assert line in done.stdout
    assert re.search(r"dask.worker tcp://\S+ .*--nthreads 1 .*--nworkers 32 .*--lifetime 230m", done.stdout)


def test_the_commands_exist():
    from styletools.cli import _parser

    for line in re.findall(r"^styletools (.+?)(?: +#.*)?$", PAGE, re.MULTILINE):
        words = [word.replace("photos/*.jpg", "a.jpg") for word in line.split()]
        assert _parser().parse_args(words).output
