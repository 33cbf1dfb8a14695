"""The benchmark of the statistics: everything is made, scored and written; nothing is timed here."""

from __future__ import annotations

import json

import pytest

import styletools as st
from benchmarks import statistics


@pytest.fixture
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(statistics, "SIZE", 32)
    monkeypatch.setattr(statistics, "SECONDS", 0.1)
    monkeypatch.setattr(statistics, "STORE", tmp_path / "store")
    monkeypatch.setattr(statistics, "RESULTS", tmp_path)
    monkeypatch.setattr(statistics, "seconds_a_step", lambda name: 2.0 if name == "sliced" else 1.0)
    return tmp_path


def test_writes_table_and_sheet(small, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["statistics", "dots"])
    statistics.main()
    record = json.loads((small / "statistics.json").read_text("utf-8"))
    assert {row["made with"] for row in record["rows"]} == st.statistics().keys()
    assert {row["statistic"]: row["× gram"] for row in record["cost"]}["sliced"] == 2.0
    assert all(row["steps"] >= 1 and row["gram"] >= 0 for row in record["rows"])
    assert (small / "statistics_dots.jpg").stat().st_size > 10_000
    assert "| made with |" in capsys.readouterr().out


def test_finished_textures_are_not_made_again(small, monkeypatch):
    statistics.textures("dots")
    monkeypatch.setattr(statistics, "compare_statistics", lambda source, names, **_: [] if not names else 1 / 0)
    images, steps = statistics.textures("dots")
    assert images.keys() == steps.keys() == st.statistics().keys()


def test_places():
    rows = [
        {"source": "a", "made with": "x", "x": 0.1, "y": 0.2},
        {"source": "a", "made with": "y", "x": 0.3, "y": 0.1},
    ]
    assert statistics.ranks(rows) == [
        {"made with": "x", "x": 1, "y": 2, "others": 2},
        {"made with": "y", "x": 2, "y": 1, "others": 2},
    ]
