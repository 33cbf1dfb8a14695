"""Wrong answers, as readers give them: none is accepted, and most are told what is wrong with them.

Each is a small function. A message is a named one if it says more than that the numbers or shapes do not agree.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from styletools.exercises.coding import Coding

LESSONS = [importlib.import_module(f"styletools.exercises.lesson{number:02}") for number in range(1, 7)]
CODING = {
    exercise.title.split()[0]: exercise
    for lesson in LESSONS
    for exercise in lesson.EXERCISES
    if isinstance(exercise, Coding)
}
SOLVE = {number: exercise.solve for number, exercise in CODING.items()}
NUMBERS_ONLY = ("1.3", "3.2", "3.5", "5.4")  # a number or a list is expected: any container will do
GENERIC = ("Expected ", "The numbers do not agree", "Wrong shape", "the numbers do not agree.", "It gives NaN")


def G(F):  # noqa: N802  # the paper's name
    F = F.flatten(2)
    return F @ F.transpose(1, 2)


def eq4(F, S):
    return SOLVE["4.1"](F, S)


def squares(F, S):
    return ((G(F) - G(S)) ** 2).sum()


def field_returns_in_loop(steps):  # noqa: RET503  # as a reader has it
    side, stride = 1, 1
    for kernel, step in steps:
        side += (kernel - 1) * stride
        stride *= step
        return side


def field_begins_anew(steps):
    for kernel, _ in steps:
        side = 1 + (kernel - 1)
    return side


def weights_return_in_loop(N):  # noqa: RET503
    result = []
    for n in N:
        result.append((N[-1] / n) ** 2)
        return result


def weights_return_one(N):  # noqa: RET503
    for n in N:
        return (N[-1] / n) ** 2


def loss_returns_in_loop(F, S, w):  # noqa: RET503
    total = 0
    for layer in w:
        total += w[layer] * eq4(F[layer], S[layer])
        return total


def loss_begins_anew(F, S, w):
    for layer in w:
        total = 0
        total += w[layer] * eq4(F[layer], S[layer])
    return total


def cosines(G):
    length = G.diagonal().sqrt()
    return (G / length[:, None] / length).fill_diagonal_(-1)


def by_autograd(F, S):
    x = F.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(eq4(x[None, :, :, None], S[None, :, :, None]), x)
    return gradient * (F > 0)


def by_backward(F, S):
    F.requires_grad_()
    eq4(F[None, :, :, None], S[None, :, :, None]).backward()
    return F.grad * (F > 0).detach()


def by_func(F, S):
    return torch.func.grad(lambda x: eq4(x[None, :, :, None], S[None, :, :, None]))(F) * (F > 0)


def by_vjp(F, S):
    return torch.func.vjp(lambda x: eq4(x[None, :, :, None], S[None, :, :, None]), F)[1](torch.ones_like(F.sum()))[
        0
    ] * (F > 0)


def luma(x, w):
    return (x * w.view(1, 3, 1, 1)).sum(1, keepdim=True)


MEAN_FOR_SUM = [
    ("1.1", lambda F: F.mean((2, 3))),
    ("2.1", lambda F, P: 0.5 * ((F - P) ** 2).mean()),
    ("2.1", lambda F, P: 0.5 * ((F - P) ** 2).mean(0).sum()),
    ("2.1", lambda F, P: 0.5 * ((F - P) ** 2).flatten(1).mean(1).sum()),
    ("2.2", lambda F, P: (F - P) * (F > 0) / F.numel()),
    ("2.2", lambda F, P: ((F - P) * (F > 0)).sum()),
    ("3.1", lambda F: (F.flatten(2)[:, :, None] * F.flatten(2)[:, None]).mean(-1)),
    ("3.1", lambda F: G(F).mean()),
    ("3.1", lambda F: G(F).sum()),
    ("3.5", lambda N: sum((N[-1] / n) ** 2 for n in N) / len(N)),
    ("4.1", lambda F, S: ((G(F) - G(S)) ** 2).mean() / (4 * F[0].numel() ** 2)),
    ("4.1", lambda F, S: ((G(F) - G(S)) ** 2).mean()),
    ("4.1", lambda F, S: (G(F) - G(S)) ** 2 / (4 * F[0].numel() ** 2)),
    ("4.2", lambda F, S, w: sum(w[n] * eq4(F[n], S[n]) for n in w) / len(w)),
    ("4.2", lambda F, S, w: [w[n] * eq4(F[n], S[n]) for n in w]),
    ("4.4", lambda F, S: ((F @ F.T - S @ S.T) @ F * (F > 0)).mean()),
    ("5.1", lambda c, s, a, b: (a * c + b * s) / 2),
    ("5.3", lambda x, g, r: (x - r * g.mean()).clamp(0, 1)),
    ("6.1", lambda F, P: ((F - P) ** 2).mean()),
    ("6.1", lambda F, P: ((F - P) ** 2).mean() / (P**2).sum()),
    ("6.4", lambda x, p, w: (p + ((x - p) * w.view(1, 3, 1, 1)).mean(1, keepdim=True)).clamp(0, 1)),
    ("6.5", lambda F, m: G(F * m / (m**2).sum().sqrt())),
]
TABLE = {
    "a return inside the loop": [
        ("1.3", field_returns_in_loop),
        ("1.3", field_begins_anew),
        ("3.5", weights_return_in_loop),
        ("3.5", weights_return_one),
        ("4.2", loss_returns_in_loop),
        ("4.2", loss_begins_anew),
    ],
    "arguments exchanged": [
        ("1.5", lambda weight, bias, mean: SOLVE["1.5"](weight, mean, bias)),
        ("2.2", lambda F, P: (P - F) * (P > 0)),
        ("4.4", lambda F, S: SOLVE["4.4"](S, F)),
        ("5.1", lambda c, s, a, b: a * s + b * c),
        ("5.3", lambda x, g, r: (g - r * x).clamp(0, 1)),
        ("6.1", lambda F, P: ((P - F) ** 2).sum() / (F**2).sum()),
        ("6.4", lambda x, p, w: SOLVE["6.4"](p, x, w)),
        ("1.3", lambda steps: SOLVE["1.3"]([(s, k) for k, s in steps])),
    ],
    "flat indices, or counted from 1": [
        ("3.2", lambda G: int(cosines(G).argmax())),
        ("3.2", lambda G: cosines(G).argmax()),
        ("3.2", lambda G: tuple(i + 1 for i in SOLVE["3.2"](G))),
        ("3.2", lambda G: SOLVE["3.2"](G)[::-1]),
        ("3.2", lambda G: divmod(int(cosines(G).argmax()), 6)),
        ("3.2", lambda G: float(cosines(G).max())),
        ("3.2", lambda G: SOLVE["3.2"](G)[0]),
    ],
    "sizes written out": [
        ("1.1", lambda F: F.reshape(1, 64, 4096)),
        ("1.1", lambda F: F.reshape(F.shape[0], F.shape[1], 35)),
        ("2.1", lambda F, P: 0.5 * ((F - P) ** 2).sum() / (64 * 4096)),
        ("3.1", lambda F: F.reshape(1, 64, 4096) @ F.reshape(1, 64, 4096).mT),
        ("3.1", lambda F: G(F) / (64 * 4096)),
        ("3.1", lambda F: G(F) / F.shape[1] / 4096),
        ("3.5", lambda N: [(512 / n) ** 2 for n in N]),
        ("4.1", lambda F, S: squares(F, S) / (4 * 64**2 * 4096**2)),
        ("4.1", lambda F, S: squares(F, S) / (4 * F.shape[1] ** 2 * 4096**2)),
        ("4.4", lambda F, S: (F @ F.T - S @ S.T) @ F * (F > 0) / (64**2 * 4096**2)),
        ("4.4", lambda F, S: (F @ F.T - S @ S.T) @ F * (F > 0) / (F.shape[0] ** 2 * 4096**2)),
        ("5.4", lambda alpha, N, M: alpha * 512 * 4096 / 2),
        ("6.4", lambda x, p, w: SOLVE["6.4"](x, p, w.new_tensor([0.299, 0.587, 0.114]))),
        ("6.4", lambda x, p, w: (p + (luma(x, w) - luma(p, w)).view(1, 1, 32, 32)).clamp(0, 1)),
    ],
    "one argument for both": [
        ("2.1", lambda F, P: 0.5 * ((F - F) ** 2).sum()),
        ("2.2", lambda F, P: (F - F) * (F > 0)),
        ("4.1", lambda F, S: eq4(F, F)),
        ("4.2", lambda F, S, w: sum(w[n] * eq4(F[n], F[n]) for n in w)),
        ("4.4", lambda F, S: SOLVE["4.4"](F, F)),
        ("5.1", lambda c, s, a, b: a * c + b * c),
        ("5.1", lambda c, s, a, b: a * c + a * s),
        ("5.3", lambda x, g, r: (x - r * x).clamp(0, 1)),
        ("5.4", lambda alpha, N, M: alpha * N * N / 2),
        ("6.1", lambda F, P: ((F - P) ** 2).sum() / (F**2).sum()),
        ("6.4", lambda x, p, w: (p + luma(x, w) - luma(x, w)).clamp(0, 1)),
    ],
    "a mean for a sum, or the reverse": MEAN_FOR_SUM,
    "// for /": [
        ("2.1", lambda F, P: 1 // 2 * ((F - P) ** 2).sum()),
        ("3.5", lambda N: [(N[-1] // n) ** 2 for n in N]),
        ("3.5", lambda N: [N[-1] ** 2 // n**2 for n in N]),
        ("4.1", lambda F, S: 1 // (4 * F[0].numel() ** 2) * squares(F, S)),
        ("4.1", lambda F, S: 1 // 4 * squares(F, S) / F[0].numel() ** 2),
        ("4.4", lambda F, S: (F @ F.T - S @ S.T) @ F * (F > 0) * (1 // F.numel() ** 2)),
        ("5.4", lambda alpha, N, M: alpha * (N * M // 2)),
        ("5.4", lambda alpha, N, M: alpha * N * M // 2),
        ("5.4", lambda alpha, N, M: N * (M // 2) * alpha),
    ],
    "weights twice, or not at all": [
        ("1.5", lambda weight, bias, mean: SOLVE["1.5"](weight, bias, mean**2)),
        ("4.2", lambda F, S, w: sum(w[n] ** 2 * eq4(F[n], S[n]) for n in w)),
        ("4.2", lambda F, S, w: sum(eq4(F[n], S[n]) for n in w)),
        ("4.2", lambda F, S, w: sum(eq4(w[n] * F[n], w[n] * S[n]) for n in w)),
        ("5.1", lambda c, s, a, b: a**2 * c + b**2 * s),
        ("5.3", lambda x, g, r: (x - r * r * g).clamp(0, 1)),
        ("5.4", lambda alpha, N, M: alpha * alpha * N * M / 2),
        ("6.4", lambda x, p, w: SOLVE["6.4"](x, p, w**2)),
        ("6.4", lambda x, p, w: (p + (x - p).sum(1, keepdim=True)).clamp(0, 1)),
    ],
    "the mask": [
        ("6.5", lambda F, m: (F * m / (m**2).mean().sqrt()).flatten(2) @ F.flatten(2).mT),
        ("6.5", lambda F, m: (F * m).flatten(2) @ F.flatten(2).mT),
        ("6.5", lambda F, m: G(F * m / m.mean().sqrt())),
        ("6.5", lambda F, m: G(F * (m > 0) / (m > 0).to(F).mean().sqrt())),
        ("6.5", lambda F, m: G(F * m) / m.mean()),
        ("6.5", lambda F, m: G(F[..., m > 0][..., None])),
        ("6.5", lambda F, m: G(F * m) / (m > 0).to(F).mean()),
    ],
    "shapes read from the wrong axis": [
        ("4.1", lambda F, S: squares(F, S) / (4 * F.shape[0] ** 2 * F.shape[1] ** 2)),
        ("4.1", lambda F, S: squares(F, S) / (4 * F.shape[1] ** 2 * F.shape[2] ** 2)),
        ("4.1", lambda F, S: squares(F, S) / (4 * F.shape[0] ** 2 * (F.shape[2] * F.shape[3]) ** 2)),
        ("4.1", lambda F, S: squares(F, S) / (4 * len(F) ** 2 * len(F[0]) ** 2)),
        ("3.1", lambda F: G(F.transpose(1, 2))),
        ("1.1", lambda F: F.flatten(1, 2)),
    ],
    "^ for **": [
        ("2.1", lambda F, P: 0.5 * ((F - P) ^ 2).sum()),
        ("3.5", lambda N: [(N[-1] / n) ^ 2 for n in N]),
        ("4.1", lambda F, S: squares(F, S) / (4 * F.shape[1] ^ 2 * (F.shape[2] * F.shape[3]) ^ 2)),
        ("6.1", lambda F, P: ((F - P) ^ 2).sum() / (P ^ 2).sum()),
    ],
    "autograd, where the text says without": [
        ("4.4", by_autograd),
        ("4.4", by_backward),
        ("4.4", by_func),
        ("4.4", by_vjp),
    ],
    "and others": [
        ("1.1", lambda F: F.reshape(F.shape[0], -1, F.shape[1]).transpose(1, 2)),
        ("1.3", lambda steps: SOLVE["1.3"](steps[::-1])),
        ("1.3", lambda steps: SOLVE["1.3"](steps[:-1])),
        ("1.3", lambda steps: sum(k * s for k, s in steps)),
        ("2.1", lambda F, P: 0.5 * (F - P).norm()),
        ("2.2", lambda F, P: torch.where(F > 0, F - P, 1.0)),
        ("3.1", lambda F: F @ F.transpose(2, 3)),
        ("3.1", lambda F: F.flatten(1) @ F.flatten(1).T),
        ("3.1", lambda F: G(F).sqrt()),
        ("3.2", lambda G: torch.topk(G.flatten(), 2).indices),
        ("3.5", lambda N: [n**2 for n in N]),
        ("3.5", lambda N: [(N[-1] / n) ** 2 for n in N][:-1]),
        ("3.5", lambda N: [(n / sum(N)) ** 2 for n in N]),
        ("3.5", lambda N: {n: (N[-1] / n) ** 2 for n in N}),
        ("3.5", lambda N: [round((N[-1] / n) ** 2) for n in N]),
        ("4.1", lambda F, S: eq4(F, S).sqrt()),
        ("4.1", lambda F, S: squares(F, S) / 4 * (F.shape[1] * F.shape[2]) ** 2),
        ("4.2", lambda F, S, w: sum(w.values()) * sum(eq4(F[n], S[n]) for n in w)),
        ("4.2", lambda F, S, w: max(w[n] * eq4(F[n], S[n]) for n in w)),
        ("5.1", lambda c, s, a, b: (a * c, b * s)),
        ("5.1", lambda c, s, a, b: (a + b) * (c + s)),
        ("5.3", lambda x, g, r: x - (r * g).clamp(-1, 1)),
        ("5.4", lambda alpha, N, M: alpha / 2),
        ("6.1", lambda F, P: ((F / P - 1) ** 2).sum()),
        ("6.4", lambda x, p, w: (p + ((x - p) * w.view(1, 3, 1, 1)).sum()).clamp(0, 1)),
        ("6.5", lambda F, m: G(F * m / m.std())),
        ("6.5", lambda F, m: G(F * m) / m.sum()),
        ("6.5", lambda F, m: F * m / (m**2).mean().sqrt()),
    ],
}  # fmt: skip
CASES = [
    pytest.param(number, answer, id=f"{kind}-{number}-{i}")
    for kind, cases in TABLE.items()
    for i, (number, answer) in enumerate(cases)
]


def named(verdict):
    return verdict.state == "not yet" and not any(part in verdict.message for part in GENERIC)


@pytest.mark.parametrize(("number", "answer"), CASES)
def test_a_wrong_answer_is_not_accepted(number, answer):
    assert CODING[number].check(answer).state == "not yet"


def test_most_wrong_answers_are_named():
    verdicts = {case.id: CODING[case.values[0]].check(case.values[1]) for case in CASES}
    unnamed = {name: verdict.message for name, verdict in verdicts.items() if not named(verdict)}
    assert len(verdicts) >= 40
    assert len(unnamed) <= len(verdicts) / 3, unnamed


def converted(kind):
    """Turn the tensors of a right answer into something else."""

    def turn(value):
        if isinstance(value, torch.Tensor):
            return kind(value)
        return tuple(map(turn, value)) if isinstance(value, tuple) else value

    return turn


KINDS = {"numpy array": lambda x: x.numpy(), "list": lambda x: x.tolist()}


@pytest.mark.parametrize("number", sorted(CODING))
@pytest.mark.parametrize("kind", KINDS)
def test_where_a_tensor_is_expected_nothing_else_will_do(number, kind):
    turn = converted(KINDS[kind])
    verdict = CODING[number].check(lambda *arguments: turn(SOLVE[number](*arguments)))
    if number in NUMBERS_ONLY:
        assert verdict.ok
    else:
        name = "float" if kind == "list" and number in ("2.1", "4.1", "4.2", "5.1", "6.1") else kind
        assert verdict.message == f"The numbers are right, but this is a {name}: return a tensor."


@pytest.mark.parametrize("number", NUMBERS_ONLY)
@pytest.mark.parametrize("make", [torch.tensor, np.array, lambda x: torch.tensor(x, dtype=torch.float64)])
def test_where_numbers_are_expected_any_container_will_do(number, make):
    assert CODING[number].check(lambda *arguments: make(SOLVE[number](*arguments))).ok


def frozen():
    """Of each exercise each argument, and each part of one that has parts."""
    for number, exercise in CODING.items():
        for i, name in enumerate(exercise.names):
            yield pytest.param(number, i, id=f"{number}-{name}")


@pytest.mark.parametrize(("number", "i"), list(frozen()))
def test_no_argument_can_be_written_out(number, i):
    """An answer with the value of the first trial in the place of an argument."""
    exercise = CODING[number]
    value = exercise.trials[0][i]

    def answer(*arguments):
        mine = value.to(arguments[i].dtype) if isinstance(value, torch.Tensor) else value
        return exercise.solve(*arguments[:i], mine, *arguments[i + 1 :])

    assert exercise.check(answer).state == "not yet"


def tensors(value):
    return list(value.values()) if isinstance(value, Mapping) else [value]


@pytest.mark.parametrize(("number", "i"), list(frozen()))
def test_every_size_varies(number, i):
    """But those that the text fixes: three colours, kernels of 3 × 3, one picture."""
    given = [arguments[i] for arguments in CODING[number].trials]
    if isinstance(given[0], list):
        assert len({len(value) for value in given}) > 1
        return
    if isinstance(given[0], Mapping):
        assert len({frozenset(value) for value in given}) > 1
    first = [tensors(value)[0] for value in given]
    if not isinstance(first[0], torch.Tensor):
        assert len(set(first)) > 1
        return
    assert {x.dtype for x in first} == {torch.float32, torch.float64}
    fixed = {"4.1": [0], "4.2": [0], "5.3": [0, 1], "1.5": [2, 3], "6.4": [0, 1]}.get(number, [])
    fixed = [0] if (number, i) == ("6.4", 2) else fixed
    for axis in set(range(first[0].dim())) - set(fixed):
        assert len({x.shape[axis] for x in first}) > 1, axis


def test_batches_odd_products_and_both_types():
    assert max(len(F) for (F,) in CODING["3.1"].trials) > 1
    odd = {N * M % 2 for _, N, M in CODING["5.4"].trials}
    assert odd == {0, 1}
    assert {weight.shape[0] == weight.shape[1] for weight, _, _ in CODING["1.5"].trials} == {True, False}


def test_a_type_written_out_is_told():
    def gram_matrix(F):
        N = F.shape[1]
        return F.flatten(2) @ F.flatten(2).mT + torch.zeros(N, N, dtype=torch.float64) @ F.flatten(2)[:, :, :N].mT * 0

    assert "float64, or float32" in CODING["3.1"].check(gram_matrix).message


def test_the_true_mistake_is_named():
    def message(number, answer):
        return CODING[number].check(answer).message

    assert "read from F.shape[0] and F.shape[1]" in message(
        "4.1", lambda F, S: squares(F, S) / (4 * F.shape[0] ** 2 * F.shape[1] ** 2)
    )
    assert "M² is missing" in message("4.1", lambda F, S: squares(F, S) / (4 * F.shape[1] ** 2))
    assert "N is read from F.shape[0]" in message(
        "4.1", lambda F, S: squares(F, S) / (4 * F.shape[0] ** 2 * (F.shape[2] * F.shape[3]) ** 2)
    )
    assert "N² is missing" in message("4.1", lambda F, S: squares(F, S) / (4 * (F.shape[2] * F.shape[3]) ** 2))
    assert "M² is missing" in message("4.1", lambda F, S: ((G(F) - G(S))[0] ** 2).sum() / (4 * F.shape[1] ** 2))
    for answer in (lambda F: G(F.relu()), lambda F: G(F.clamp(min=0)), lambda F: G(F.abs())):
        assert "its gradient with respect to F is wrong" in message("3.1", answer)
        assert "where F is 0. There relu" in message("3.1", answer)
        assert "detached from" not in message("3.1", answer)
    half = message("3.1", lambda F: F.flatten(2) @ F.detach().flatten(2).mT)
    assert "its gradient with respect to F is wrong" in half
    assert "Is a part of it detached?" in half
    in_place = message("4.2", lambda F, S, w: [F[n].sub_(S[n]) for n in w])
    assert "It changes its argument F[…]. Make a new tensor" in in_place
    assert "for instance dict(w)" in message("4.2", lambda F, S, w: w.clear())


def test_a_graph_that_nobody_uses_is_no_autograd():
    assert CODING["4.4"].check(torch.no_grad()(SOLVE["4.4"])).ok
    assert CODING["4.4"].check(torch.inference_mode()(SOLVE["4.4"])).ok


def test_digits_are_as_many_as_it_takes():
    exercise = CODING["2.1"]
    shown = exercise.check(lambda F, P: exercise.solve(F, P) + 1e-3).message
    expected, got = shown.split("expected ")[1].rstrip(".").split(", got ")
    assert expected != got
    shown = CODING["3.5"].check(lambda N: [x + 1e-3 * i for i, x in enumerate(SOLVE["3.5"](N))]).message
    expected, got = shown.split("expected ")[1].rstrip(".").split(" at [1], got ")
    assert expected != got
    assert CODING["3.5"].check(lambda N: [*SOLVE["3.5"](N), 1.0]).message.endswith("numbers, got 6.")
    assert "Expected a number at [0], got" in CODING["3.5"].check(lambda N: [str(n) for n in N]).message


def test_what_never_fires_is_left_as_it_is():
    """Real filters may be silent on a picture: the solutions that are shown know of it."""
    F = torch.rand(5, 20, dtype=torch.float64)
    F[1] = 0
    i, j = SOLVE["3.2"](F @ F.T)
    assert (i, j) == max(
        ((i, j) for i in range(5) for j in range(i + 1, 5) if 1 not in (i, j)),
        key=lambda pair: float(torch.cosine_similarity(F[pair[0]], F[pair[1]], dim=0)),
    )
    weight, bias = SOLVE["1.5"](torch.ones(2, 2, 3, 3), torch.ones(2), torch.tensor([0.0, 2.0]))
    assert bias.tolist() == [1, 0.5]
    assert weight[:, 0, 0, 0].tolist() == [1, 0.5]


@pytest.mark.parametrize("number", sorted(CODING))
def test_a_check_is_quick(number):

    def never_named(*arguments):
        value = SOLVE[number](*arguments)
        return value * 0 + 7.25 if isinstance(value, torch.Tensor | float) else 7.25

    for answer in (SOLVE[number], never_named):
        start = time.process_time()
        CODING[number].check(answer)
        assert time.process_time() - start < 2


def plain_gram(F):
    return torch.einsum("bihw,bjhw->bij", F, F)


def loop_gram(F):
    result = F.new_zeros(len(F), F.shape[1], F.shape[1])
    for b in range(len(F)):
        for i in range(F.shape[1]):
            for j in range(F.shape[1]):
                result[b, i, j] = (F[b, i] * F[b, j]).sum()
    return result


def masked_step(x, gradient, rate):
    x = x.clone()
    x -= rate * gradient
    x[x < 0], x[x > 1] = 0, 1
    return x


def loop_field(steps):
    side, distance = 1, 1.0
    for k, s in steps:
        side = side + distance * (k - 1)
        distance *= s
    return side


def closest_by_loop(G):
    pairs = [(i, j) for i in range(len(G)) for j in range(i + 1, len(G))]
    return max(pairs, key=lambda pair: G[pair] / (G[pair[0], pair[0]] * G[pair[1], pair[1]]) ** 0.5)


RIGHT = [
    ("1.1", lambda F: F.view(*F.shape[:2], -1)),
    ("1.1", lambda F: torch.stack([f.reshape(len(f), -1) for f in F])),
    ("1.3", loop_field),
    ("1.5", lambda w, b, m: [w / m[:, None, None, None], b / m]),
    ("1.5", lambda w, b, m: (w / m.clamp(min=1e-8).view(-1, 1, 1, 1), b / (m + 1e-9))),
    ("2.1", lambda F, P: (F - P).pow(2).sum() / 2),
    ("2.1", lambda F, P: 0.5 * torch.nn.functional.mse_loss(F, P, reduction="sum")),
    ("2.1", lambda F, P: 0.5 * torch.dot((F - P).flatten(), (F - P).flatten())),
    ("2.2", lambda F, P: torch.where(F > 0, F - P, 0)),
    ("2.2", lambda F, P: (F - P) * F.sign()),
    ("3.1", plain_gram),
    ("3.1", loop_gram),
    ("3.1", lambda F: torch.stack([f.flatten(1) @ f.flatten(1).T for f in F])),
    ("3.2", closest_by_loop),
    ("3.2", lambda G: divmod(int((G / (G.diag() * G.diag()[:, None]) ** 0.5).triu(1).argmax()), len(G))),
    ("3.5", lambda N: (N[-1] / torch.tensor(N)) ** 2),
    ("3.5", lambda N: np.array(N, dtype=float) ** -2 * N[-1] ** 2),
    ("4.1", lambda F, S: 0.25 * ((G(F) - G(S)) / (F.shape[2] * F.shape[3])).square().mean()),
    ("4.1", lambda F, S: ((G(F) - G(S)) ** 2).sum() * (1 / 4 / F.numel() ** 2)),
    ("4.2", lambda F, S, w: sum(w[n] * eq4(F[n], S[n]) for n in w)),
    ("4.4", lambda F, S: torch.where(F > 0, (F @ F.T - S @ S.T) @ F, 0) / F.numel() ** 2),
    ("5.1", lambda c, s, a, b: torch.stack([a * c, b * s]).sum()),
    ("5.3", masked_step),
    ("5.3", lambda x, g, r: torch.clip(x - g * r, 0, 1)),
    ("5.4", lambda alpha, N, M: 0.5 * alpha * N * M),
    ("6.1", lambda F, P: ((F - P).norm() / P.norm()) ** 2),
    ("6.4", lambda x, p, w: (p + torch.einsum("bchw,c->bhw", x - p, w)[:, None]).clamp(0, 1)),
    ("6.5", lambda F, m: torch.einsum("bihw,bjhw,hw->bij", F, F, m**2) / (m**2).mean()),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_a_right_answer_may_be_written_otherwise(number, answer):
    assert CODING[number].check(answer).ok, CODING[number].verdict
