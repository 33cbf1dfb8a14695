from __future__ import annotations

import random

import pytest
import torch

import styletools as st
from styletools.losses import sources, targets
from styletools.losses.gram import Gram
from styletools.losses.sources import Source, terms_of
from styletools.losses.statistics import statistics
from styletools.losses.targets import Targets

LAYERS = {"conv1_1": 0.25, "conv2_1": 0.75}


def picture(seed, height=40, width=48):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def counted(monkeypatch, tmp_path):
    """An empty cache, and how often a network has computed features."""
    calls = []
    forward = st.VGG.forward

    def counting(self, image, layers):
        calls.append(tuple(image.shape))
        return forward(self, image, layers)

    monkeypatch.setattr(st.VGG, "forward", counting)
    monkeypatch.setattr(sources, "_targets", Targets())
    monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path))
    return calls


def values(terms, F):
    return [float(term.value(F[term.layer])) for term in terms]


@pytest.mark.parametrize("name", sorted(set(statistics()) - {"pixel-spectrum"}))
def test_the_second_time_nothing_is_computed(name, counted, random_vgg):
    F = random_vgg(picture(1), list(LAYERS))
    counted.clear()
    first = terms_of(random_vgg, [Source(picture(0), LAYERS)], name, "style", 2.0)
    assert len(counted) == 1
    second = terms_of(random_vgg, [Source(picture(0), {"conv2_1": 1.0, "conv1_1": 3.0})], name, "style", 1.0)
    assert len(counted) == 1
    by_name = {term.name: term for term in second}
    assert values(first, F) == values([by_name[term.name] for term in first], F)
    assert [term.weight for term in first] == [0.5, 1.5]  # each has its own
    assert [by_name[term.name].weight for term in first] == [3.0, 1.0]


def test_what_changes_a_target_makes_a_new_one(counted, random_vgg):
    def made(vgg, image, **options):
        counted.clear()
        terms_of(vgg, [Source(image, LAYERS, **options)], "gram", "style")
        return len(counted)

    network = st.VGG("random", padding="zeros")
    assert made(random_vgg, picture(0)) == 1
    assert made(random_vgg, picture(0)) == 0
    assert made(random_vgg, picture(2)) == 1
    assert made(random_vgg, picture(0).flip(3)) == 1
    assert made(network, picture(0)) == 1
    assert made(st.VGG("random", pooling="avg", padding="zeros"), picture(0)) == 1
    assert made(network, picture(0)) == 0
    network.conv1_1_weight.mul_(2)
    assert made(network, picture(0)) == 1
    assert made(network.double(), picture(0).double()) == 1


def test_blended_paintings_leave_the_cache_alone(counted, random_vgg):
    several = [Source(picture(0), LAYERS, 1.0), Source(picture(1), LAYERS, 3.0)]
    first = terms_of(random_vgg, several, "gram", "style")
    alone = terms_of(random_vgg, several[:1], "gram", "style")
    again = terms_of(random_vgg, several, "gram", "style")
    assert len(counted) == 2
    for a, b, c in zip(first, again, alone, strict=True):
        assert torch.equal(a.target, b.target)
        assert not torch.equal(a.target, c.target)


def test_a_reader_s_own_statistic_and_regions_are_made_each_time(counted, random_vgg):
    class Own(Gram):
        pass

    for _ in range(2):
        terms_of(random_vgg, [Source(picture(0), LAYERS)], Own, "style")
    assert len(counted) == 2
    left = torch.zeros(40, 48, dtype=torch.bool)
    left[:, :24] = True
    whole = terms_of(random_vgg, [Source(picture(0), LAYERS)], "gram", "style")
    part = terms_of(random_vgg, [Source(picture(0), LAYERS, 1.0, {"left": left})], "gram", "style", 1.0, {"left": left})
    assert not torch.equal(whole[0].target, part[0].inner.target)


def test_another_process_finds_those_of_a_large_painting(counted, random_vgg, monkeypatch, tmp_path):
    monkeypatch.setattr(targets, "PAYS", 1000)
    monkeypatch.setattr(sources, "LARGEST", 32)
    for name in ("gram", "wasserstein", "mmd-gaussian"):
        first = terms_of(random_vgg, [Source(picture(0), LAYERS)], name, "style", side=32)
        counted.clear()
        monkeypatch.setattr(sources, "_targets", Targets())
        second = terms_of(random_vgg, [Source(picture(0), LAYERS)], name, "style", side=32)
        assert counted == []
        F = random_vgg(picture(1), list(LAYERS))
        assert values(first, F) == values(second, F)
    files = sorted((tmp_path / "targets").iterdir())
    assert len(files) == 6
    generator = random.Random(0)
    for file in files:  # a damaged file is no target
        content = bytearray(file.read_bytes())
        content[generator.randrange(len(content))] ^= 0x20
        file.write_bytes(content)
    monkeypatch.setattr(sources, "_targets", Targets())
    third = terms_of(random_vgg, [Source(picture(0), LAYERS)], "gram", "style", side=32)
    again = terms_of(random_vgg, [Source(picture(0), LAYERS)], "gram", "style")  # whole: other rounding, another key
    for a, b in zip(third, again, strict=True):
        assert torch.allclose(a.target, b.target, rtol=1e-4)


def test_both_caches_are_bounded(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path))
    monkeypatch.setattr(targets, "PAYS", 0)
    monkeypatch.setattr(targets, "IN_MEMORY", 5000)
    monkeypatch.setattr(targets, "ON_DISK", 12000)
    kept, made = Targets(), []

    def ask(number):
        def make():
            made.append(number)
            return Gram("conv1_1", torch.full((1, 16, 2, 2), float(number)))

        return kept.term(str(number), Gram, "conv1_1", make, 1)

    for number in range(9):
        assert float(ask(number).target[0, 0, 0]) == number**2
    assert len(kept._terms) < 5
    assert sum(path.stat().st_size for path in (tmp_path / "targets").iterdir()) <= 12000
    ask(8)
    assert made.count(8) == 1
    ask(0)
    assert made.count(0) == 2


def test_a_cache_that_cannot_be_written_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(targets, "PAYS", 0)
    term = Targets().term("a", Gram, "conv1_1", lambda: Gram("conv1_1", torch.ones(1, 2, 3, 3)), 1)
    assert float(term.target[0, 0, 0]) == 1.0
