from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.losses.equations import gram_matrix
from styletools.reading import cosines, field, order, pairs, patches, peak, strongest, together


@pytest.fixture
def features():
    return torch.rand(1, 6, 5, 7, generator=torch.Generator().manual_seed(0))


def test_strongest_sorts_by_the_mean(features):
    means = features[0].mean((1, 2))
    found = strongest(features, 4)
    assert found[0] == means.argmax()
    assert [float(means[i]) for i in found] == sorted(means.tolist(), reverse=True)[:4]
    assert sorted(strongest(features, 100)) == list(range(6))


def test_peak_is_where_the_map_is_largest(features):
    row, column = peak(features, 3)
    assert features[0, 3, row, column] == features[0, 3].max()


@pytest.mark.parametrize("layer", ["conv1_1", "conv1_2", "pool1", "conv2_1", "conv3_2", "conv4_1"])
def test_field_is_the_square_whose_pixels_matter(random_vgg, layer):
    """Measured: the pixels that have a gradient, away from the border."""
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)).requires_grad_()
    values = random_vgg(image, layer)[layer]
    row, column = values.shape[2] // 2, values.shape[3] // 2 - 1
    values[0, :, row, column].sum().backward()
    seen = image.grad[0].abs().sum(0) > 0
    rows, columns = seen.any(1).nonzero().flatten(), seen.any(0).nonzero().flatten()
    top, left, side = field(random_vgg, layer, row, column)
    assert (int(rows[0]), int(rows[-1])) == (top, top + side - 1)
    assert (int(columns[0]), int(columns[-1])) == (left, left + side - 1)


def test_patches_are_what_the_filter_answers_to_most(vgg):
    """A patch alone, away from borders, excites the filter at least nearly as much as it did within its picture."""
    images = [torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(i)) for i in range(4)]
    found = patches(vgg, "conv2_1", 5, images, 3)
    assert [patch.shape for patch in found] == [(1, 3, 10, 10)] * 3
    best = max(images, key=lambda image: float(vgg(image, "conv2_1")["conv2_1"][0, 5].max()))
    F = vgg(best, "conv2_1")["conv2_1"]
    top, left, side = field(vgg, "conv2_1", *peak(F, 5))
    inside = best[:, :, max(top, 0) : top + side, max(left, 0) : left + side]
    height, width = inside.shape[2:]
    cut = found[0][:, :, max(-top, 0) : max(-top, 0) + height, max(-left, 0) : max(-left, 0) + width]
    assert torch.equal(cut, inside)
    with pytest.raises(InputError, match="images: expected at least one"):
        patches(vgg, "conv2_1", 5, [])


def test_cosines_do_not_depend_on_strength(features):
    strong = features * torch.tensor([1.0, 2, 3, 4, 5, 6]).view(1, 6, 1, 1)
    C = cosines(gram_matrix(features))
    torch.testing.assert_close(C, cosines(gram_matrix(strong)))
    torch.testing.assert_close(C.diagonal(), torch.ones(6))
    assert 0 <= C.min() <= C.max() <= 1 + 1e-6


def test_a_silent_filter_is_like_no_other(features):
    features[:, 2] = 0
    C = cosines(gram_matrix(features))
    assert torch.equal(C[2], torch.zeros(6))
    assert C.isfinite().all()


def test_pairs_finds_a_copy(features):
    features[:, 4] = 2.5 * features[:, 1]
    assert pairs(gram_matrix(features), 1)[0][:2] == (1, 4)
    found = pairs(gram_matrix(features), 100)
    assert len(found) == 15
    assert [c for *_, c in found] == sorted((c for *_, c in found), reverse=True)
    assert all(i < j for i, j, _ in found)


def test_together_adds_up_to_the_gram_matrix(features):
    torch.testing.assert_close(together(features, 2, 5).sum(), gram_matrix(features)[0, 2, 5])


def test_order_brings_groups_together():
    groups = torch.tensor([0, 1, 0, 1, 1, 0])
    G = torch.where(groups[:, None] == groups[None], 0.8, 0.1).fill_diagonal_(1)
    ordered = groups[order(G)]
    assert (ordered.diff() != 0).sum() == 1
    assert torch.equal(order(G), order(G.clone()))


def test_order_puts_silent_filters_last():
    groups = torch.tensor([0, 1, 2, 0, 1, 2, 1, 0])
    G = torch.where(groups[:, None] == groups[None], 0.8, 0.1).fill_diagonal_(1)
    silent = groups == 2
    G[silent], G[:, silent] = 0, 0
    ordered = groups[order(G)]
    assert ordered[-2:].tolist() == [2, 2]
    assert (ordered.diff() != 0).sum() == 2
    assert order(torch.ones(1, 1)).tolist() == [0]
    assert sorted(order(torch.zeros(4, 4)).tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda F: strongest(F[0]), r"features: expected those of one picture, \(1, C, H, W\), got \(6, 5, 7\)"),
        (lambda F: strongest(F, 0), "count: expected at least 1, got 0"),
        (lambda F: peak(F, 6), r"filter: expected 0 … 5, got 6"),
        (lambda F: together(F, 0, -1), r"filter: expected 0 … 5, got -1"),
        (cosines, r"gram: expected one Gram matrix, \(C, C\) or \(1, C, C\), got shape \(1, 6, 5, 7\)"),
        (lambda F: pairs(gram_matrix(F), 0), "count: expected at least 1"),
        (lambda F: order(F[0]), "gram: expected one Gram matrix"),
    ],
)
def test_bad_input(features, call, message):
    with pytest.raises(InputError, match=message):
        call(features)
