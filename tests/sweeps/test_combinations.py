from __future__ import annotations

from pathlib import Path

import pytest

import styletools as st
from styletools.errors import ImageError, InputError
from styletools.sweeps.combinations import read_plan

PLAN = {"recipe": "transfer", "fixed": {"content": "chelsea", "style": "dots", "size": 48, "steps": 1}}


def labels(vary, name="x"):
    return [value.label for axis in read_plan({**PLAN, "vary": vary}).axes for value in axis.values]


def test_every_combination_once_and_the_last_varies_fastest():
    plan = read_plan({**PLAN, "vary": {"beta": [1, 2], "seed": {"from": 0, "to": 2}, "tv": [0.5]}})
    runs = plan.runs(Path("out"))
    assert [(run.arguments["beta"], run.arguments["seed"]) for run in runs] == [
        (b, s) for b in (1, 2) for s in (0, 1, 2)
    ]
    assert len({run.target for run in runs}) == 6
    assert runs[0].arguments["content"] == "chelsea"


def test_two_that_ask_for_the_same_picture_are_one():
    assert len(read_plan({**PLAN, "vary": {"beta": [1, 1.0, 2]}}).runs(Path("out"))) == 2


def test_ranges():
    assert labels({"seed": {"from": 3, "to": 5}}) == ["seed 3", "seed 4", "seed 5"]
    assert labels({"beta": {"from": 0, "to": 1, "step": 0.25}})[-1] == "beta 1"
    assert labels({"beta": {"from": 0, "to": 1, "count": 3}}) == ["beta 0", "beta 0.5", "beta 1"]
    assert labels({"beta": {"from": 0.1, "to": 10, "count": 3, "scale": "log"}}) == ["beta 0.1", "beta 1", "beta 10"]


def test_several_arguments_together():
    plan = read_plan({**PLAN, "vary": {"look": [{"beta": 2, "tv": 0.5}, {"beta": 8}]}})
    assert [value.label for value in plan.axes[0].values] == ["beta 2, tv 0.5", "beta 8"]
    assert [run.arguments.get("tv") for run in plan.runs(Path("out"))] == [0.5, None]


def test_pictures_by_file_folder_or_name_beside_the_plan(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    for name in ("coffee", "china"):
        st.sample(name).save(tmp_path / "photos" / f"{name}.jpg")
    (tmp_path / "photos" / "broken.png").write_bytes(b"\x89PNG")
    (tmp_path / "plan.toml").write_text(
        'recipe = "transfer"\n[vary]\ncontent = ["photos", "chelsea"]\nstyle = ["dots"]\n'
    )
    monkeypatch.chdir("/")
    plan = read_plan(tmp_path / "plan.toml")
    assert [value.label for value in plan.axes[0].values] == ["china", "coffee", "chelsea"]
    assert plan.axes[0].values[0].arguments == {"content": str(tmp_path / "photos" / "china.jpg")}
    (line,) = plan.left_out
    assert "broken.png" in line


def test_rows_and_columns():
    vary = {"style": ["dots"], "seed": [0], "beta": [1]}
    fixed = {"content": "chelsea"}
    asked = {"recipe": "transfer", "fixed": fixed, "vary": vary}
    assert (read_plan(asked).rows, read_plan(asked).columns) == (("seed",), ("beta",))
    plan = read_plan({**asked, "sheet": {"columns": ["style", "seed"]}})
    assert (plan.rows, plan.columns) == (("beta",), ("style", "seed"))
    assert read_plan({**asked, "sheet": {"rows": "beta"}}).columns == ("seed",)


WRONG = {
    "recipe: expected one of transfer": {"recipe": "paint"},
    "fixd: the plan has no such table; did you mean 'fixed'": {**PLAN, "fixd": {}},
    "fixed: expected a table": {"recipe": "transfer", "fixed": 3},
    "fixed.betta: transfer has no such argument; did you mean 'beta'": {"recipe": "transfer", "fixed": {"betta": 1}},
    "vary.betta: transfer has no such argument; did you mean 'beta'": {**PLAN, "vary": {"betta": [1]}},
    "vary.progress": {**PLAN, "vary": {"progress": [True]}},
    "vary.beta: expected a list": {**PLAN, "vary": {"beta": 3}},
    "vary.beta: expected at least one value": {**PLAN, "vary": {"beta": []}},
    "beta: expected it in one place, got it in vary.beta and in vary.look": {
        **PLAN, "vary": {"beta": [1], "look": [{"beta": 2}]},
    },
    "size: expected it in one place, got it in fixed and in vary.size": {**PLAN, "vary": {"size": [1]}},
    "content: transfer needs it": {"recipe": "transfer", "fixed": {"style": "dots"}},
    "vary.beta.to: expected a number, got None": {**PLAN, "vary": {"beta": {"from": 0}}},
    "vary.beta: expected a range from small to large": {**PLAN, "vary": {"beta": {"from": 2, "to": 1}}},
    "vary.beta: expected a count or a step": {**PLAN, "vary": {"beta": {"from": 0.5, "to": 1}}},
    "vary.beta.scale: expected 'linear', or 'log'": {
        **PLAN, "vary": {"beta": {"from": 0, "to": 1, "count": 3, "scale": "log"}},
    },
    "vary.beta: expected a step above 0": {**PLAN, "vary": {"beta": {"from": 0, "to": 1, "step": 0}}},
    "vary.beta: expected a count of at least 2": {**PLAN, "vary": {"beta": {"from": 0, "to": 1, "count": 1}}},
    "vary.beta.counts: vary.beta has no such key": {**PLAN, "vary": {"beta": {"from": 0, "to": 1, "counts": 1}}},
    "1002001 combinations are more than 1000000": {
        **PLAN, "vary": {"seed": {"from": 0, "to": 1000}, "beta": {"from": 0, "to": 1000}},
    },
    "sheet.rows: seeds: vary has no such axis": {**PLAN, "vary": {"seed": [1]}, "sheet": {"rows": "seeds"}},
    "sheet: expected each name once": {**PLAN, "vary": {"seed": [1]}, "sheet": {"rows": "seed", "columns": "seed"}},
    "measures: expected true or false": {**PLAN, "measures": 3},
}  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_each_kind_of_error_is_one_clear_line(line):
    with pytest.raises(InputError) as error:
        read_plan(WRONG[line])
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_errors_of_the_file(tmp_path):
    with pytest.raises(InputError, match="expected a plan, a TOML file: No such file"):
        read_plan(tmp_path / "plan.toml")
    (tmp_path / "plan.toml").write_text("recipe = transfer")
    with pytest.raises(InputError, match=r"expected a plan, a TOML file: .*line 1"):
        read_plan(tmp_path / "plan.toml")
    (tmp_path / "in").mkdir()
    with pytest.raises(ImageError, match="holds no pictures"):
        read_plan({"recipe": "transfer", "vary": {"content": [str(tmp_path / "in")], "style": ["dots"]}})
    (tmp_path / "in" / "a.png").write_bytes(b"no")
    with pytest.raises(ImageError, match=r"holds no picture that can be read: .*a\.png"):
        read_plan({"recipe": "transfer", "vary": {"content": [str(tmp_path / "in")], "style": ["dots"]}})


def test_a_value_that_no_run_can_have_is_said_before_the_work():
    read_plan({**PLAN, "vary": {"beta": [1, 2]}}).check()
    with pytest.raises(InputError, match=r"vary\.beta, beta -1: beta: expected a finite number"):
        read_plan({**PLAN, "vary": {"beta": [1, -1]}}).check()
    with pytest.raises(InputError, match=r"vary\.pooling, pooling mean: .*pooling"):
        read_plan({**PLAN, "vary": {"pooling": ["max", "mean"]}}).check()
    with pytest.raises(InputError, match=r"the first combination: .*dost"):
        read_plan({"recipe": "transfer", "fixed": {"content": "chelsea", "style": "dost"}}).check()
