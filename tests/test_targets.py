from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools.targets import Targets

QUICK = {"size": 64, "steps": 4, "progress": False}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"statistic": "sliced"},
        {"statistic": "histogram"},
        {"statistic": "mmd"},
        {"style": ["dots", "scales"], "style_weights": [3, 1]},
        {"style": ["dots", "scales"], "content_mask": "left"},
        {"beta": 0.37, "units": "literal"},
    ],
    ids=str,
)
def test_shared_targets_change_no_pixel(change):
    if "statistic" in change and change["statistic"] not in st.statistics():
        pytest.skip("no such statistic")
    options = {"style": "dots", **QUICK, **change}
    alone = [st.transfer(content, **options).image for content in ("chelsea", "china")]
    with Targets():
        shared = [st.transfer(content, **options).image for content in ("chelsea", "china")]
    for a, b in zip(alone, shared, strict=True):
        assert torch.equal(a, b)


def test_they_are_found_again_by_painting_size_and_network():
    with Targets() as targets:
        first = st.transfer("chelsea", "dots", **QUICK)
        assert targets.found == 0
        st.transfer("china", "dots", **QUICK)
        again = len({stage["width"] for stage in first.settings["stages"]})
        assert targets.found == again
        st.transfer("china", "scales", **QUICK)
        st.transfer("china", "dots", **QUICK, pooling="avg")
        assert targets.found == again
        st.transfer("china", "dots", **QUICK, beta=1)
        assert targets.found == 2 * again


def test_it_keeps_a_few():
    with Targets(most=1) as targets:
        for _ in range(2):
            st.transfer("china", "dots", **QUICK)
        assert targets.found == 0
