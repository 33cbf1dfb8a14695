from __future__ import annotations

import pytest
import torch

from styletools import InputError
from styletools.descent.loss import Autograd, Later, Loss, as_loss


class Half:
    def __call__(self, image):
        return {"light": image.mean()}

    def value_and_gradient(self, image):
        return {"light": image.mean()}, torch.ones_like(image) / image.numel()


def test_a_loss_stays_what_it_is():
    class Whole(Half):
        def release(self):
            pass

    loss = Whole()
    assert as_loss(loss) is loss


def test_half_a_loss_is_not_passed_over_in_silence():
    with pytest.raises(InputError, match=r"objective: Half has value_and_gradient\(\) but no release\(\)"):
        as_loss(Half())


def test_the_gradient_of_the_sum():
    loss = Autograd(lambda x: {"a": (x**2).sum(), "b": 3 * x.sum()})
    image = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    terms, gradient = loss.value_and_gradient(image)
    assert terms == {"a": torch.tensor(14.0), "b": torch.tensor(18.0)}
    assert gradient.flatten().tolist() == [5, 7, 9]
    assert not image.requires_grad


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_whatever_the_caller_has_switched_off(mode):
    with mode():
        _, gradient = Autograd(lambda x: {"a": x.sum()}).value_and_gradient(torch.zeros(1, 3, 2, 2))
    assert torch.equal(gradient, torch.ones(1, 3, 2, 2))


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (3.0, "expected a dict of named scalar terms, got float"),
        ({}, "or none in it"),
        ({"a": torch.zeros(2)}, r"expected a scalar tensor for 'a', got \(2,\)"),
        ({"a": torch.zeros(())}, "no term depends on the picture: a"),
    ],
)
def test_bad_terms(terms, message):
    with pytest.raises(InputError, match=message):
        Autograd(lambda x: terms).value_and_gradient(torch.zeros(1, 3, 2, 2))


def test_later_is_made_when_it_is_used_and_again_after_it_was_released():
    made = []

    def make():
        made.append(1)
        return Autograd(lambda x: {"energy": (x**2).sum()})

    loss = Later(make)
    assert isinstance(loss, Loss)
    assert made == []
    for _ in range(2):
        terms, gradient = loss.value_and_gradient(torch.ones(1, 3, 1, 1))
        assert terms["energy"] == 3
        assert torch.equal(gradient, torch.full((1, 3, 1, 1), 2.0))
    assert made == [1]
    loss.release()
    loss.value_and_gradient(torch.ones(1, 3, 1, 1))
    assert made == [1, 1]


def test_later_releases_what_it_forgets():
    released = []

    class Watched(Autograd):
        def release(self):
            released.append(self)

    kept = Watched(lambda x: {"energy": (x**2).sum()})
    loss = Later(lambda: kept)
    loss.release()
    assert released == []
    loss.value_and_gradient(torch.ones(1, 3, 1, 1))
    loss.release()
    assert released == [kept]
