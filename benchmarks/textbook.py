"""The loop of the tutorials, to compare with: torchvision's VGG in eager mode, autograd, `mm`, Adam or L-BFGS.

Same weights, pictures, layers and loss as `styletools`, and nothing that such a loop does not have: no packed weights,
no gradient by hand, no smaller sizes first. It is written as a beginner would write it, and is not slowed down.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torchvision
from torch import Tensor, nn

from styletools import load_weights

CONTENT, STYLES = "conv4_2", ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


class Textbook:
    """Losses of a picture; the total is a plain sum of content and five Gram terms."""

    def __init__(self, content: Tensor, style: Tensor, factors: dict[str, float], pooling: str = "max") -> None:
        """Compute the targets; `factors` are those of an `Objective`, so that both minimise the same."""
        weights = load_weights()
        self.net, self.names = _torchvision(weights.tensors, pooling)
        self.mean = torch.tensor(weights.mean).view(1, 3, 1, 1)
        self.std = torch.tensor(weights.std).view(1, 3, 1, 1)
        self.factors = factors
        with torch.no_grad():
            self.target = self.features(content)[CONTENT].clone()
            found = self.features(style)
            self.grams = {name: gram(found[name]) for name in STYLES}

    def features(self, x: Tensor) -> dict[str, Tensor]:
        """Run the modules one after the other and keep what is asked for."""
        found: dict[str, Tensor] = {}
        x = (x - self.mean) / self.std
        for index, module in enumerate(self.net):
            x = module(x)
            if self.names.get(index) in (CONTENT, *STYLES):
                found[self.names[index]] = x
            if self.names.get(index) == STYLES[-1]:
                break
        return found

    def loss(self, x: Tensor) -> Tensor:
        """L_total of Eq. 7."""
        found = self.features(x)
        loss = self.factors[f"content {CONTENT}"] * 0.5 * ((found[CONTENT] - self.target) ** 2).sum()
        for name in STYLES:
            loss = loss + self.factors[f"style {name}"] * 0.25 * ((gram(found[name]) - self.grams[name]) ** 2).mean()
        return loss

    def adam(self, start: Tensor, rate: float = 0.02) -> Iterator[tuple[float, Tensor]]:
        """Loss of each picture, and the picture."""
        x = start.clone().requires_grad_()
        optimiser = torch.optim.Adam([x], lr=rate)
        while True:
            optimiser.zero_grad()
            loss = self.loss(x)
            loss.backward()
            yield float(loss.detach()), x.detach()
            optimiser.step()
            with torch.no_grad():
                x.clamp_(0, 1)

    def lbfgs(self, start: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Likewise with torch's L-BFGS as the tutorials call it; a loss for each evaluation."""
        x = start.clone().requires_grad_()
        optimiser = torch.optim.LBFGS([x])
        seen: list[tuple[float, Tensor]] = []

        def closure() -> Tensor:
            with torch.no_grad():
                x.clamp_(0, 1)
            optimiser.zero_grad()
            loss = self.loss(x)
            loss.backward()
            seen.append((float(loss.detach()), x.detach().clone()))
            return loss

        while True:
            optimiser.step(closure)
            yield from seen
            seen.clear()


def gram(features: Tensor) -> Tensor:
    """Ĝ of one picture, as tutorials compute it."""
    _, channels, height, width = features.shape
    flat = features.view(channels, height * width)
    return torch.mm(flat, flat.t()) / (height * width)


def _torchvision(tensors: dict[str, Tensor], pooling: str) -> tuple[nn.Sequential, dict[int, str]]:
    """VGG-16's `features` with the bundled weights, and the paper's names of its ReLUs by place."""
    net = torchvision.models.vgg16(weights=None).features.eval()
    names: dict[int, str] = {}
    state: dict[str, Tensor] = {}
    block, conv = 1, 1
    for index, module in enumerate(net):
        if isinstance(module, nn.Conv2d):
            name = f"conv{block}_{conv}"
            state[f"{index}.weight"], state[f"{index}.bias"] = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
            names[index + 1] = name
            conv += 1
        if isinstance(module, nn.MaxPool2d):
            block, conv = block + 1, 1
            if pooling == "avg":
                net[index] = nn.AvgPool2d(2)
    net.load_state_dict(state)
    return net.requires_grad_(False), names
