from __future__ import annotations

import io

import torch
from driving import SMALL, done, file
from PIL import Image

import styletools as st
from styletools.explorers import picker as picker_module


class TestUploads:
    """Files of one's own."""

    def test_two_files_of_one_name_are_two_pictures(self, make):
        files = []
        for colour in ("red", "blue"):
            buffer = io.BytesIO()
            Image.new("RGB", (48, 32), colour).save(buffer, "PNG")
            files.append(buffer.getvalue())
        panel = make("gram", "dots", "conv1_1", **SMALL["gram"])
        done(panel)
        panel.picker.upload.value = file("a.png", files[0])
        panel.other.upload.value = file("a.png", files[1])
        done(panel)
        assert "<b>0</b> at" not in panel.numbers.value
        panel.other.upload.value = file("a.png", files[0])
        done(panel)
        assert panel.other.name == "a.png (2)"
        assert "<b>0</b> at" in panel.numbers.value

    def test_an_open_file_and_a_double_tensor(self, make, picture):
        buffer = io.BytesIO()
        st.to_pil(picture).save(buffer, "PNG")
        buffer.seek(0)
        for source in (buffer, picture.double()):
            panel = make("features", source, "conv1_1", **SMALL["features"])
            done(panel)
            panel.layer.value = "conv1_2"
            done(panel)

    def test_a_picture_is_added_chosen_and_used(self, make, picture):
        buffer = io.BytesIO()
        st.to_pil(picture).save(buffer, "PNG")
        panel = make("content", **SMALL["content"])
        panel.picker.upload.value = file("mine.png", buffer.getvalue())
        assert panel.error is None
        assert panel.picker.name == "mine.png"
        torch.testing.assert_close(panel.picker.image(40), picture, atol=1 / 255, rtol=0)
        panel.start_button.click()
        done(panel)
        assert panel.result.image.shape == (1, 3, 51, 64)

    def test_what_is_no_picture_is_a_line_in_the_panel(self, make):
        panel = make("content", **SMALL["content"])
        panel.picker.upload.value = file("broken.png", b"not a picture")
        assert isinstance(panel.error, st.ImageError)
        assert "broken.png" in panel.status.value
        assert panel.picker.name == "chelsea"

    def test_a_name_is_escaped_wherever_it_is_shown(self, make, picture):
        buffer = io.BytesIO()
        st.to_pil(picture).save(buffer, "PNG")
        name = "<img src=x onerror=alert(1)>.png"
        for content in (buffer.getvalue(), b"broken"):
            panel = make("studio", **SMALL["studio"])
            panel.content.upload.value = file(name, content)
            shown = panel.status.value + "".join(p.caption.value for p in panel.originals)
            assert "<img" not in shown
            assert "&lt;img" in shown

    def test_a_file_that_is_too_large(self, make, monkeypatch):
        monkeypatch.setattr(picker_module, "LARGEST_UPLOAD", 1_000_000)
        panel = make("content", **SMALL["content"])
        panel.picker.upload.value = file("large.png", b"x" * 2_000_000)
        assert "2 MB; expected at most 1 MB" in panel.status.value
