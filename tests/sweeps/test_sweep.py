from __future__ import annotations

import re
import sys

import pandas as pd
import pytest
from PIL import Image

import styletools as st
from styletools.errors import InputError
from styletools.sweeps import sweep as module
from styletools.sweeps.sheet import pages
from styletools.sweeps.sweep import in_lines, survey, sweep

PLAN = {
    "recipe": "transfer",
    "fixed": {"content": "chelsea", "size": 64, "steps": 2},
    "vary": {"style": ["dots", "scales"], "beta": [1, 100]},
    "measures": False,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "out"
    return sweep({**PLAN, "measures": True}, folder, workers=0, progress=False)


def test_what_lies_in_the_folder(made):
    names = {path.name for path in made.folder.iterdir()}
    wanted = {"pictures", "failed", "plan.json", "table.csv", "table.parquet", "contact_sheet.jpg", "sweep.ipynb"}
    assert names == wanted
    assert (made.made, made.found, made.failed) == (4, 0, {})
    assert len(list((made.folder / "pictures").iterdir())) == 4


def test_each_picture_can_be_made_again_from_its_settings(made):
    row = made.table.iloc[1]
    again = st.remake(made.folder / row["file"], progress=False)
    assert (again.image - st.load_image(made.folder / row["file"])).abs().max() < 1 / 255
    assert again.settings["arguments"]["beta"] == 100


def test_the_table_is_read_by_pandas(made):
    csv, parquet = pd.read_csv(made.folder / "table.csv"), pd.read_parquet(made.folder / "table.parquet")
    for table in (csv, parquet):
        assert list(table.columns) == list(made.table.columns)
        assert list(table["state"]) == ["done"] * 4
        assert list(table["vary beta"]) == ["beta 1", "beta 100"] * 2
        assert list(table["beta"]) == [1, 100, 1, 100]
        assert list(table["style"]) == ["dots", "dots", "scales", "scales"]
        assert (table["loss total"] > 0).all()
        assert (table["seconds"] > 0).all()
        assert (table["measure content"] > 0).all()
        assert set(table["size"]) == {64}
    parts = [name for name in parquet if name.startswith("loss ") and name != "loss total"]
    assert parquet[parts].sum(axis=1).tolist() == pytest.approx(parquet["loss total"].tolist(), rel=1e-5)


def test_the_sheet_shows_each_picture_in_its_place(made):
    """Rows are paintings, columns β: of all pictures a cell is nearest to its own."""
    with Image.open(made.folder / "contact_sheet.jpg") as sheet:
        found = sheet.convert("RGB")
    files = list(made.table["file"])
    width, height = 64, 43
    gap, right, bottom = 13, found.width, found.height
    for number in range(len(files)):
        row, column = divmod(number, 2)
        left = right - (2 - column) * (width + gap)
        top = bottom - (2 - row) * (height + gap)
        cell = found.crop((left, top, left + width, top + height))
        far = [(st.load_image(cell) - st.load_image(made.folder / other)).abs().mean() for other in files]
        assert far.index(min(far)) == number
        assert min(far) < 0.1


def test_started_again_it_makes_only_what_is_new(made, monkeypatch):
    plan = {**PLAN, "vary": {"style": ["dots", "scales"], "beta": [1, 100, 10]}}
    asked = []
    real = module.here
    monkeypatch.setattr(module, "here", lambda runs, **work: (asked.extend(runs), real(runs, **work))[1])
    again = sweep(plan, made.folder, workers=0, progress=False)
    assert [run.arguments["beta"] for run in asked] == [10, 10]
    assert (again.made, again.found) == (2, 4)
    assert list(again.table["beta"]) == [1, 100, 10] * 2


def test_one_that_fails_stops_no_other_and_is_left_alone_then(tmp_path):
    """A mask that fits no photograph."""
    Image.new("L", (30, 60)).save(tmp_path / "mask.png")
    plan = {
        "recipe": "transfer",
        "fixed": {"style": "dots", "size": 48, "steps": 1},
        "vary": {"content": ["chelsea", "china"], "content_mask": ["left", str(tmp_path / "mask.png")]},
    }
    found = sweep(plan, tmp_path / "out", workers=0, progress=False)
    assert (found.made, len(found.failed)) == (2, 2)
    assert all("proportions" in line for line in found.failed.values())
    assert sorted(found.table["state"]) == ["done", "done", "failed", "failed"]
    again = sweep(plan, tmp_path / "out", workers=0, progress=False)
    assert (again.made, again.found, len(again.failed)) == (0, 2, 2)
    Image.new("L", (640, 427)).save(tmp_path / "mask.png")  # another mask is another setting
    other = sweep(plan, tmp_path / "out", workers=0, progress=False)
    assert (other.made + len(other.failed), other.found) == (2, 2)


def test_progress_says_how_far_what_failed_and_where(tmp_path, capsys):
    Image.new("L", (30, 60)).save(tmp_path / "mask.png")
    plan = {**PLAN, "vary": {"style": ["dots"], "content_mask": ["left", str(tmp_path / "mask.png")]}}
    sweep(plan, tmp_path / "out", workers=0)
    told = capsys.readouterr().err
    assert "sweep: 100%" in told
    assert "2 of 2, 1 failed" in told
    assert "styletools: failed: dots, content_mask mask: content_mask: expected the proportions" in told
    assert "<00:00" in told


def test_a_survey_makes_nothing(tmp_path):
    found = survey(PLAN, tmp_path / "out", workers=2)
    assert not (tmp_path / "out").exists()
    assert (len(found.runs), len(found.left)) == (4, 4)
    assert found.seconds == found.estimate.seconds / 2 > 0
    text = in_lines(found)
    assert text.splitlines()[0] == "left  dots    beta 1"
    assert re.search(r"4 runs, 4 left: about \d+ s with 2 workers on this machine, \d+ MB of memory each", text)


def test_twice_the_work_is_estimated_at_twice_the_time(tmp_path, monkeypatch):
    """The trial of one evaluation is the same here; what follows from it is in proportion to pixels and steps."""
    ticks = iter(range(1000))
    monkeypatch.setattr("styletools.sweeps.estimate.time.perf_counter", lambda: float(next(ticks)))
    one = survey({**PLAN, "vary": {"style": ["dots"]}}, tmp_path, workers=1).seconds
    two = survey({**PLAN, "vary": {"style": ["dots", "scales"]}}, tmp_path, workers=1).seconds
    fixed = {"content": "chelsea", "size": 64}
    plan = {**PLAN, "fixed": fixed, "vary": {"style": ["dots"], "steps": [2, 6]}}
    steps = survey(plan, tmp_path, workers=1).seconds
    assert (two, steps) == (2 * one, 4 * one)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"workers": -1}, "workers: expected a whole number"),
        ({"threads": 0}, "threads: expected a whole number"),
        ({"workers": 2, "scheduler": "tcp://x:1"}, "workers: the scheduler at 'tcp://x:1' has its own"),
        ({"scheduler": "nowhere"}, "scheduler: none answers at nowhere"),
    ],
)
def test_wrong_options(options, line, tmp_path):
    with pytest.raises(InputError, match=re.escape(line)):
        sweep(PLAN, tmp_path / "out", progress=False, **options)


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "pandas" else name)
    with pytest.raises(InputError, match=r'pandas not installed.*pip install "styletools\[sweep\]"'):
        sweep(PLAN, tmp_path / "out", workers=0)


def test_a_page_for_each_value_of_an_axis_that_has_no_other_place(tmp_path):
    plan = module.read_plan({**PLAN, "vary": {"content": ["china", "coffee"], **PLAN["vary"]}, "fixed": {"size": 64}})
    found = pages(plan, plan.runs(tmp_path))
    assert [page.title for page in found] == ["china", "coffee"]
    assert found[1].runs["scales", "beta 1"].arguments["content"] == "coffee"


@pytest.mark.slow
def test_the_notebook_runs(made, tmp_path):
    import nbformat
    from nbclient import NotebookClient

    sweep({**PLAN, "measures": True}, made.folder, workers=0, progress=False)
    book = nbformat.read(made.folder / "sweep.ipynb", as_version=4)
    nbformat.validate(book)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(made.folder)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    text = "".join(output.get("text", "") for output in outputs)
    assert "done    4" in text
    assert "nothing failed" in text
    assert not [output for output in outputs if output.output_type == "error"]
    nbformat.write(book, tmp_path / "run.ipynb")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are started in another way")
@pytest.mark.filterwarnings("ignore")
def test_on_workers_the_same_pictures_as_in_this_process(made, tmp_path, capsys):
    found = sweep({**PLAN, "measures": True}, tmp_path / "out", workers=2, threads=1)
    assert found.made == 4
    told = capsys.readouterr().err
    assert re.search(r"the dashboard is at http://127\.0\.0\.1:\d+/status", told)
    assert re.search(r"4 of 4, 0 failed, [12] workers", told)
    for name in found.table["file"]:
        here, there = (st.load_image(folder / name) for folder in (made.folder, found.folder))
        assert (here - there).abs().max() < 0.02
