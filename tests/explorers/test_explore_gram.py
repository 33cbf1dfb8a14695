from __future__ import annotations

import threading

from driving import SMALL, done, held, pixels

import styletools as st
from styletools.explorers.picker import Chosen


class TestGram:
    """The matrix, its entries, and changes of the picture."""

    def test_unchanged_is_zero_and_a_change_is_answered_in_numbers(self, make):
        panel = make("gram", **SMALL["gram"])
        done(panel)
        assert "<b>0</b> at conv2_1" in panel.numbers.value
        for change in ("mirror", "crop", "scatter pixels", "recolour"):
            before = panel.numbers.value
            panel.change.value = change
            done(panel)
            assert panel.numbers.value != before
        assert "<b>0</b>" not in panel.numbers.value

    def test_pointing_at_an_entry(self, make):
        panel = make("gram", "starry_night", "conv1_1", **SMALL["gram"])
        done(panel)
        panel.i.value, panel.j.value = 3, 8
        F = st.VGG()(st.load_image("starry_night", 64), "conv1_1")["conv1_1"]
        assert f"G_ij = {float(st.gram_matrix(F)[0, 3, 8]):.4g}" in panel.product.caption.value
        panel.pair.value = panel.pair.options[2][1]
        assert (panel.i.value, panel.j.value) == panel.pair.options[2][1]

    def test_two_pictures(self, make):
        panel = make("gram", **SMALL["gram"])
        done(panel)
        panel.other.choice.value = "the_kiss"
        done(panel)
        assert "sizes differ" in panel.numbers.value
        assert abs(pixels(panel.matrix) - pixels(panel.matrix_other)).mean() > 1


def test_two_changes_within_milliseconds(make, monkeypatch):
    """A held arrow key: the worker begins with the first picture when the second is chosen already."""
    panel = make("gram", **SMALL["gram"])
    done(panel)
    begun, go_on = threading.Event(), threading.Event()
    image = Chosen.image

    def slow(chosen, size):
        if not begun.is_set():
            begun.set()
            go_on.wait(60)
        return image(chosen, size)

    monkeypatch.setattr(Chosen, "image", slow)
    panel.picker.choice.value = "coffee"
    assert begun.wait(60)
    threading.Timer(0.2, go_on.set).start()
    panel.picker.choice.value = "china"
    done(panel)
    monkeypatch.undo()
    assert "G of china" in panel.matrix.caption.value
    fresh = make("gram", "china", size=SMALL["gram"]["size"])
    done(fresh)
    assert panel.matrix.image.value == fresh.matrix.image.value
    for name in ("coffee", "china"):  # nor is one kept under the other's name
        panel.picker.choice.value = name
        done(panel)
        fresh = make("gram", name, size=SMALL["gram"]["size"])
        done(fresh)
        assert panel.matrix.image.value == fresh.matrix.image.value


def test_an_entry_chosen_while_it_computes_is_kept(make, monkeypatch):
    """The view answers before the lists are there: what the reader has chosen by then is not replaced."""
    panel = make("gram", **SMALL["gram"])
    done(panel)
    strongest = panel.pair.options[0][1]
    with held(monkeypatch):
        panel.picker.choice.value = "coffee"
        panel.touch.i, panel.touch.j = 3, 8
    done(panel)
    assert (panel.touch.i, panel.touch.j) == panel.pair.value == (3, 8) != strongest
    assert "filter i = 3" in panel.map_i.caption.value
    panel.picker.choice.value = "china"  # nothing is chosen meanwhile: its closest pair again
    done(panel)
    assert (panel.i.value, panel.j.value) == panel.pair.options[0][1] != (3, 8)
    values = [value for _, value in panel.pair.options]
    assert len(values) == len(set(values)) == 12
