from __future__ import annotations

import pytest
import torch

from styletools.network.cudnn import exact, has_rectified


def test_exact_convolutions_and_what_was_set_before_comes_back():
    seen, at_first = [], torch.backends.cudnn.allow_tf32

    @exact
    def fails():
        seen.append(torch.backends.cudnn.allow_tf32)
        raise ValueError

    for before in (True, False):
        torch.backends.cudnn.allow_tf32 = before
        with pytest.raises(ValueError, match=r"^$"):
            fails()
        assert torch.backends.cudnn.allow_tf32 is before
    torch.backends.cudnn.allow_tf32 = at_first
    assert seen == [False, False]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_without_a_graphics_card_there_is_no_fused_one():
    assert not has_rectified(torch.bfloat16)
