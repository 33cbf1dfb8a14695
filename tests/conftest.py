"""What several test files share."""

from __future__ import annotations

import pytest
import torch
from hypothesis import settings
from in_chromium import chromium

from styletools.network.vgg import VGG

# Machines are shared: how long an example takes says nothing.
settings.register_profile("styletools", deadline=None)
settings.load_profile("styletools")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Targets of large paintings are kept on the disk: not in the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLETOOLS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def vgg() -> VGG:
    """The bundled network, loaded once."""
    return VGG()


@pytest.fixture(scope="module")
def browser():
    """One Chromium for the tests of a file."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def random_vgg() -> VGG:
    """A network that needs no file."""
    return VGG("random")


@pytest.fixture
def picture() -> torch.Tensor:
    """A small picture that is not symmetric in anything."""
    return torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(7))
