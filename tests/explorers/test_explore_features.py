from __future__ import annotations

import torch
from driving import SMALL, done, held, pixels

import styletools as st


class TestFeatures:
    """Maps, and where a filter fires."""

    def test_another_layer_changes_every_picture(self, make):
        panel = make("features", **SMALL["features"])
        done(panel)
        before = [pixels(picture) for picture in (panel.grid, panel.other, panel.one, panel.place)]
        panel.layer.value = "conv2_1"
        done(panel)
        after = [pixels(picture) for picture in (panel.grid, panel.other, panel.one, panel.place)]
        for old, new in zip(before, after, strict=True):
            assert old.shape != new.shape or abs(old - new).mean() > 1
        assert "N = 128 filters" in panel.status.value

    def test_the_filters_are_listed_strongest_first_and_one_can_be_chosen(self, make):
        panel = make("features", "coffee", "conv1_1", **SMALL["features"])
        done(panel)
        F = st.VGG()(st.load_image("coffee", 64), "conv1_1")["conv1_1"]
        assert list(panel.filter.options) == F[0].mean((1, 2)).argsort(descending=True)[:24].tolist()
        before = pixels(panel.one)
        panel.filter.value = panel.filter.options[3]
        assert abs(before - pixels(panel.one)).mean() > 1
        assert f"filter {panel.filter.value} of conv1_1" in panel.one.caption.value

    def test_features_are_computed_once_and_kept_within_a_bound(self, make):
        panel = make("features", **SMALL["features"])
        done(panel)
        F = panel.features("average pooling", "conv3_1", torch.zeros(1, 3, 8, 8), "chelsea")
        assert F.shape == (1, 256, 10, 16)  # not of the zeros: what is kept under that name
        for layer in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1"):
            panel.layer.value = layer
            done(panel)
        assert len(panel.features) == 12


def test_a_filter_chosen_while_it_computes_is_kept(make, monkeypatch):
    """The view answers before the lists are there: what the reader has chosen by then is not replaced."""
    panel = make("features", **SMALL["features"])
    done(panel)
    weak = next(i for i in range(64) if i not in panel.filter.options)
    with held(monkeypatch):
        panel.picker.choice.value = "coffee"
        panel.touch.filter = weak
    done(panel)
    assert panel.touch.filter == panel.filter.value == weak
    assert f"filter {weak} of" in panel.one.caption.value
    panel.picker.choice.value = "china"  # nothing is chosen meanwhile: its strongest again
    done(panel)
    F = st.VGG()(st.load_image("china", SMALL["features"]["size"]), panel.layer.value)[panel.layer.value]
    assert panel.touch.filter == panel.filter.value == int(F[0].mean((1, 2)).argmax())
