"""All exercises: the solution passes, nothing else does, and typical mistakes are named."""

from __future__ import annotations

import importlib
import inspect
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as nnf

from styletools import exercises
from styletools.exercises.coding import Coding
from styletools.exercises.prediction import Prediction

FILES = sorted(path.stem for path in Path(exercises.__path__[0]).glob("lesson*.py"))
LESSONS = {stem.removeprefix("lesson"): importlib.import_module(f"styletools.exercises.{stem}") for stem in FILES}
EXERCISES = [exercise for lesson in LESSONS.values() for exercise in lesson.EXERCISES]
CODING = [exercise for exercise in EXERCISES if isinstance(exercise, Coding)]
PREDICTIONS = [exercise for exercise in EXERCISES if isinstance(exercise, Prediction)]


def each(exercises):
    return pytest.mark.parametrize("exercise", exercises, ids=lambda exercise: exercise.title)


def G(F):  # noqa: N802  # the paper's name
    F = F.flatten(2)
    return F @ F.transpose(1, 2)


def eq4(F, S, power=2):
    N, M = F.shape[1], F.shape[2] * F.shape[3]
    return ((G(F) - G(S)) ** power).sum() / (4 * N**2 * M**2)


def mutating_content(F, P):
    F -= P
    return 0.5 * (F**2).sum()


def forgotten_return(*arguments):
    arguments[0] + 1


def loop_returns_early(F, S, w):  # noqa: RET503
    total = 0
    for layer in w:
        total = total + w[layer] * eq4(F[layer], S[layer])
        return total  # noqa: RET504  # as a reader has it


def mutating_step(x, gradient, rate):
    x -= rate * gradient
    return x.clamp_(0, 1)


def adaptive(F, S, of_f=(2, 3), correction=0):
    spread, mean = torch.std_mean(F, of_f, correction=correction, keepdim=True)
    target, goal = torch.std_mean(S, (2, 3), correction=correction, keepdim=True)
    return target * (F - mean) / spread + goal


def kernel(x, y):
    return (x.T @ y).square().mean()


def mutating_descent(x, gradient, rate):
    x -= rate * gradient
    return x


def mutating_match(Y, R):
    Y -= Y.mean()
    return (Y * R.std() / Y.std() + R.mean()).clamp(0, 1)


def mutating_gram(F):
    F /= math.sqrt(F.shape[1])
    return G(F)


# As a reader would write them; each with a part of the message that must come.
WRONG = {
    "1.1": [
        (lambda F: F.view(F.size(0) * F.size(1), F.size(2) * F.size(3)), "batch is flattened into the channels"),
        (lambda F: F.permute(0, 2, 3, 1).flatten(1, 2), "transposed"),
        (lambda F: F.reshape(F.size(0), -1, F.size(1)), "different filters are mixed"),
        (lambda F: F.flatten(1), "N must remain an axis"),
        (lambda F: F.permute(0, 1, 3, 2).flatten(2), "column by column"),
        (lambda F: F, "two axes for the positions"),
        (lambda F: F[0].reshape(F.shape[1], -1), "first picture"),
        (lambda F: F.detach().flatten(2), "detached from the graph"),
        (forgotten_return, "a `return` is missing"),
    ],
    "1.3": [
        (lambda steps: 1 + sum(k - 1 for k, _ in steps), "strides are missing"),
        (lambda steps: sum((k - 1) * math.prod(s for _, s in steps[:i]) for i, (k, _) in enumerate(steps)), "at 0"),
        (lambda steps: 1 + sum(k * math.prod(s for _, s in steps[:i]) for i, (k, _) in enumerate(steps)), "k − 1"),
        (
            lambda steps: 1 + sum((k - 1) * math.prod(s for _, s in steps[: i + 1]) for i, (k, _) in enumerate(steps)),
            "own stride",
        ),
        (lambda steps: math.prod(s for _, s in steps), "This is the stride"),
        (lambda steps: math.prod(k for k, _ in steps), "multiplied"),
        (lambda steps: steps.clear(), "Work on a copy, for instance list(steps)"),
        (
            lambda steps: 1 + sum((k - 1) * 2 ** sum(s > 1 for _, s in steps[:i]) for i, (k, _) in enumerate(steps)),
            "do not agree",
        ),
    ],
    "1.5": [
        (lambda w, b, m: (w / m[:, None, None, None], b), "Only the weights"),
        (lambda w, b, m: (w, b / m), "Only the bias"),
        (lambda w, b, m: (w * m[:, None, None, None], b * m), "It multiplies"),
        (lambda w, b, m: (w / m[None, :, None, None], b / m), "second axis"),
        (lambda w, b, m: (w / m.mean(), b / m.mean()), "each has its own mean"),
        (lambda w, b, m: (w.div_(m[:, None, None, None]), b / m), "changes its argument weight"),
        (lambda w, b, m: w / m[:, None, None, None], "Expected (shape"),
        (lambda w, b, m: (w / m, b / m), "It raises"),
    ],
    "2.1": [
        (lambda F, P: torch.sum((F - P) ** 2), "½ is missing"),
        (lambda F, P: 0.5 * torch.sum(F - P), "square is missing"),
        (nnf.mse_loss, "It is a mean"),
        (lambda F, P: 0.5 * nnf.mse_loss(F, P), "half a mean"),
        (lambda F, P: nnf.l1_loss(F, P, reduction="sum"), "absolute differences"),
        (lambda F, P: 0.5 * (F - P) ** 2, "The sum is missing"),
        (lambda F, P: torch.norm(F - P), "takes the root"),
        (lambda F, P: 0.5 * (F - P).sum() ** 2, "squares the sum"),
        (mutating_content, "changes its argument F"),
        (lambda F, P: (0.5 * (F - P) ** 2).sum().item(), "this is a float: return a tensor"),
        (lambda F, P: -0.5 * ((F - P) ** 2).sum(), "sign is wrong"),
        (forgotten_return, "`return` is missing"),
    ],
    "2.2": [
        (lambda F, P: F - P, "second case is missing"),
        (lambda F, P: (P - F) * (F > 0), "sign"),
        (lambda F, P: 2 * (F - P) * (F > 0), "2 too many"),
        (lambda F, P: torch.where(P > 0, F - P, 0.0), "asks whether P"),
        (lambda F, P: nnf.relu(F - P), "Negative differences"),
        (lambda F, P: ((F - P) * (F > 0)).mean(), "It is a mean"),
        (lambda F, P: (F - P) * (F > 0) / F.numel(), "number of entries"),
        (lambda F, P: (F - P) * (F >= 0), "second case is missing"),
    ],
    "3.1": [
        (lambda F: torch.einsum("bchw,bcuv->bhwuv", F, F).flatten(3).flatten(1, 2), "over positions"),
        (lambda F: F.flatten(2).transpose(1, 2).bmm(F.flatten(2)), "over positions"),
        (lambda F: F.view(-1, F.shape[2] * F.shape[3]) @ F.view(-1, F.shape[2] * F.shape[3]).T, "batch is flattened"),
        (lambda F: G(F) / F[0].numel(), "divided by N·M"),
        (lambda F: G(F) / (F.shape[2] * F.shape[3]), "divided by M"),
        (lambda F: F.flatten(2) * F.flatten(2), "no transpose"),
        (lambda F: F.flatten(2) @ F.flatten(2), "It raises RuntimeError"),
        (lambda F: F.square().sum((2, 3)), "Only the diagonal"),
        (lambda F: G(F - F.mean((2, 3), keepdim=True)), "covariance"),
        (lambda F: G(F)[0], "first picture"),
        (lambda F: G(F.detach()), "detached"),
        (mutating_gram, "changes its argument F"),
        (forgotten_return, "`return` is missing"),
    ],
    "3.2": [
        (lambda g: tuple(sorted(divmod(int((g - g.diag().diag()).argmax()), len(g)))), "Strong filters win"),
        (lambda g: divmod(int(g.argmax()), len(g)), "with itself"),
        (lambda g: LESSONS["03"].closest_pair.solve(g)[::-1], "smaller index"),
        (lambda g: LESSONS["03"].closest_pair.solve(1 / g), "fires together least"),
        (lambda g: g.fill_diagonal_(0).argmax(), "changes its argument"),
        (lambda g: (0, 0), "Expected"),
        (
            lambda g: LESSONS["03"]._largest((g / g.diag()[:, None] / g.diag()).fill_diagonal_(0)),
            "root is missing",
        ),
    ],
    "3.5": [
        (lambda N: [N[-1] / n for n in N], "square is missing"),
        (lambda N: [n**2 / N[-1] ** 2 for n in N], "upside down"),
        (lambda N: [N[0] ** 2 / n**2 for n in N], "last one should"),
        (lambda N: [n**-2 for n in N], "Nothing is compared"),
        (lambda N: [(N[-1] / n) ** 4 for n in N], "fourth power"),
        (lambda N: [1 for n in N], "Not all the same"),
        (lambda N: 64, "Expected"),
    ],
    "4.1": [
        (lambda F, S: 4 * eq4(F, S), "¼ is missing"),
        (lambda F, S: ((G(F) - G(S)) ** 2).sum() / (4 * F[0].numel()), "not squared"),
        (lambda F, S: ((G(F) - G(S)) ** 2).sum() / (4 * F.shape[1] ** 2), "M² is missing"),
        (lambda F, S: nnf.mse_loss(G(F), G(S)), "mean of raw Gram"),
        (lambda F, S: nnf.mse_loss(G(F) / F[0].numel(), G(S) / S[0].numel()), "divided by N·M *and* averaged"),
        (lambda F, S: ((G(F) - G(S)) ** 2).sum(), "factor 1 / (4 N² M²) is missing"),
        (lambda F, S: eq4(F, S, power=1), "square is missing"),
        (lambda F, S: ((F - S) ** 2).sum() / (4 * F[0].numel() ** 2), "features themselves"),
        (lambda F, S: eq4(F.detach(), S), "detached"),
    ],
    "4.2": [
        (lambda F, S, w: sum(eq4(F[n], S[n]) for n in w), "weights w_l are missing"),
        (lambda F, S, w: sum(w[n] * eq4(F[n], S[n]) for n in w) / len(w), "number of layers"),
        (lambda F, S, w: sum(w[n] * eq4(F[n], S[n]) for n in w) / sum(w.values()), "sum of the weights"),
        (lambda F, S, w: sum(w[n] ** 2 * eq4(F[n], S[n]) for n in w), "squared"),
        (lambda F, S, w: sum(w.get(n, 1) * eq4(F[n], S[n]) for n in F), "without a weight"),
        (loop_returns_early, "inside the loop"),
        (lambda F, S, w: [w[n] * eq4(F[n], S[n]) for n in w][-1], "Only the last layer"),
        (lambda F, S, w: sum(w[n] * eq4(F[n], S[n]) for n in F), "It raises KeyError"),
        (
            lambda F, S, w: sum(x * eq4(f, s) for f, s, x in zip(F.values(), S.values(), w.values(), strict=False)),
            "paired by their order",
        ),
        (lambda F, S, w: sum(w[n] * eq4(F[n], S[n]).item() for n in w), "this is a float: return a tensor"),
    ],
    "4.4": [
        (lambda F, S: (F @ F.T - S @ S.T) @ F / F.numel() ** 2, "second case is missing"),
        (lambda F, S: F.T @ (F @ F.T - S @ S.T) / F.numel() ** 2, "transposed"),
        (lambda F, S: (F @ F.T - S @ S.T) @ F * (F > 0), "factor 1 / (N² M²)"),
        (lambda F, S: (F @ F.T - S @ S.T) @ F * (F > 0) / F.numel() ** 2 / 4, "still a ¼"),
        (lambda F, S: (S @ S.T - F @ F.T) @ F * (F > 0) / F.numel() ** 2, "sign"),
        (lambda F, S: (F @ F.T - S @ S.T) @ F * (F > 0) / F.numel(), "not squared"),
        (lambda F, S: (F @ F.T - S @ S.T) @ S * (F > 0) / F.numel() ** 2, "multiplied by S"),
    ],
    "5.1": [
        (lambda c, s, a, b: b * c + a * s, "exchanged"),
        (lambda c, s, a, b: c + b * s, "α is missing"),
        (lambda c, s, a, b: a * c + s, "β is missing"),
        (lambda c, s, a, b: c + s, "both missing"),
        (lambda c, s, a, b: (a * c + b * s) / (a + b), "weighted mean"),
        (lambda c, s, a, b: (a / b) * c + s, "Only their ratio"),
        (lambda c, s, a, b: a * c + b * s.detach(), "detached"),
    ],
    "5.3": [
        (lambda x, g, r: (x + r * g).clamp(0, 1), "uphill"),
        (lambda x, g, r: x - r * g, "not kept in [0, 1]"),
        (mutating_step, "changes its argument x"),
        (lambda x, g, r: (x - r * g).clamp(-1, 1), "[−1, 1]"),
        (lambda x, g, r: (x - g).clamp(0, 1), "rate is missing"),
        (lambda x, g, r: torch.relu(x - r * g), "upper end|above 1"),
        (lambda x, g, r: -r * g, "returns the change"),
        (lambda x, g, r: (x - r * g.sign()).clamp(0, 1), "sign of the gradient"),
    ],
    "5.4": [
        (lambda a, N, M: a * N * M, "½ of Eq. 1 is missing"),
        (lambda a, N, M: 2 * a / (N * M), "upside down"),
        (lambda a, N, M: a / N / M, "upside down, and so is"),
        (lambda a, N, M: a * M / 2, "N is missing"),
        (lambda a, N, M: a * N / 2, "M is missing"),
        (lambda a, N, M: a, "Nothing has changed"),
    ],
    "6.1": [
        (lambda F, P: ((F - P) ** 2).sum() / (F**2).sum(), "Divide by P's"),
        (lambda F, P: 0.5 * ((F - P) ** 2).sum() / (P**2).sum(), "not below"),
        (lambda F, P: ((F - P) ** 2).mean(), "It is a mean"),
        (lambda F, P: (F - P).norm() / P.norm(), "takes the root"),
        (lambda F, P: 0.5 * ((F - P) ** 2).sum(), "Eq. 1 itself"),
        (lambda F, P: ((F - P) ** 2 / P**2).sum(), "divided by zero"),
    ],
    "6.4": [
        (lambda x, p, w: LESSONS["06"].keep_colours.solve(p, x, w), "wrong way round"),
        (lambda x, p, w: (p + x.mean(1, keepdim=True) - p.mean(1, keepdim=True)).clamp(0, 1), "plain mean"),
        (lambda x, p, w: p + ((x - p) * w.view(1, 3, 1, 1)).sum(1, keepdim=True), "not kept"),
        (lambda x, p, w: torch.einsum("bchw,c->bhw", x, w)[:, None].repeat(1, 3, 1, 1), "colours are gone"),
        (lambda x, p, w: torch.einsum("bchw,c->bhw", x, w)[:, None], "one channel"),
        (lambda x, p, w: (x + p) / 2, "half and half"),
        (lambda x, p, w: (p + (x * w.view(1, 3, 1, 1)).sum(1, keepdim=True)).clamp(0, 1), "own brightness"),
    ],
    "6.5": [
        (lambda F, m: G(F * m), "not normalised"),
        (lambda F, m: G(F * m / m.mean()), "its mean"),
        (lambda F, m: G(F * m / m.sum()), "its sum"),
        (lambda F, m: G(F * m / m.max()), "largest value"),
        (lambda F, m: G(F * m / m.square().mean()), "root is missing"),
        (lambda F, m: G(F), "mask is not used"),
        (lambda F, m: G(F[..., m > 0]), "only chosen"),
    ],
    "0.2": [
        (lambda x, g, r: torch.add(x, g, alpha=r), "goes uphill"),
        (lambda x, g, r: (x - r * g)[0], "first picture"),
        (lambda x, g, r: x - g, "rate is missing|rate"),
        (lambda x, g, r: (x - r * g).sum(), "added up"),
        (mutating_descent, "changes its argument x"),
        (forgotten_return, "`return` is missing"),
    ],
    "8.1": [
        (lambda F, S: adaptive(F, S, correction=1), "divides by M − 1"),
        (lambda F, S: adaptive(F, S, of_f=(0, 2, 3)), "over the batch"),
        (lambda F, S: adaptive(F, S, of_f=(1, 2, 3)), "over the filters"),
        (lambda F, S: adaptive(S, F), "exchanged"),
        (lambda F, S: nnf.instance_norm(F, eps=0), "only normalised"),
        (lambda F, S: nnf.instance_norm(F, eps=0) + S.mean((2, 3), keepdim=True), "deviation is 1"),
        (lambda F, S: F - F.mean((2, 3), keepdim=True) + S.mean((2, 3), keepdim=True), "Only the mean"),
        (lambda F, S: adaptive(F, S) - S.mean((2, 3), keepdim=True), "painting's mean is missing"),
        (lambda F, S: adaptive(F, S)[0], "first picture of the batch"),
        (lambda F, S: adaptive(F.detach(), S), "detached"),
    ],
    "8.2": [
        (lambda F, S: kernel(F, F) + kernel(S, S) - kernel(F, S), "2 is missing"),
        (lambda F, S: kernel(F, F) + kernel(S, S) + 2 * kernel(F, S), "added instead"),
        (lambda F, S: kernel(F, F) - 2 * kernel(F, S), "within S"),
        (lambda F, S: ((F @ F.T - S @ S.T) ** 2).sum(), "not divided by M"),
        (
            lambda F, S: kernel(F, F) * F.shape[1] ** 2 + kernel(S, S) * S.shape[1] ** 2 - 2 * (F.T @ S).square().sum(),
            "sums over the pairs",
        ),
        (lambda F, S: ((F @ F.T / F.shape[1] - S @ S.T / S.shape[1]) ** 2).mean(), "mean over the N² entries"),
        (lambda F, S: (F.mean(1) - S.mean(1)).square().sum(), "not squared"),
        (lambda F, S: (F @ F.T / F.shape[1] - S @ S.T / S.shape[1]).norm(), "This is the root"),
        (lambda F, S: ((F @ S.T) ** 2).mean(), "It raises"),
        (lambda F, S: 2 * kernel(F, S) - kernel(F, F) - kernel(S, S), "sign is wrong"),
        (lambda F, S: kernel(F, F) + kernel(S, S) - 2 * kernel(F, S).item(), "detached"),
    ],
    "8.3": [
        (lambda F, S, t: (t @ F - t @ S).square().mean(), "Nothing is sorted"),
        (lambda F, S, t: nnf.mse_loss((t @ F).sort().values, t @ S), "S is not sorted"),
        (lambda F, S, t: ((t @ F).sort()[0] - (t @ S).sort()[0]).square().sum(), "sum over the positions"),
        (lambda F, S, t: nnf.l1_loss((t @ F).sort()[0], (t @ S).sort()[0]), "absolute differences"),
        (lambda F, S, t: ((t @ F).sort()[0] - (t @ S).sort()[0]).mean() ** 2, "outside the mean"),
        (lambda F, S, t: (t @ (F.sort().values - S.sort().values)).square().mean(), "sorted by itself"),
        (lambda F, S, t: nnf.mse_loss(F.sort()[0], S.sort()[0], reduction="sum") / F.shape[1], "do not agree"),
        (lambda F, S, t: (t @ F).sort() - (t @ S).sort(), "It raises"),
        (lambda F, S, t: nnf.mse_loss((t @ F).sort()[0].detach(), (t @ S).sort()[0]), "detached"),
    ],
    "9.1": [
        (lambda Y, R: ((R - R.mean()) * Y.std() / R.std() + Y.mean()).clamp(0, 1), "wrong way round"),
        (lambda Y, R: (Y - Y.mean()) / Y.std() * R.std() + R.mean(), "not kept in [0, 1]"),
        (lambda Y, R: ((Y - Y.mean()) * Y.std() / R.std() + R.mean()).clamp(0, 1), "upside down"),
        (lambda Y, R: ((Y - Y.mean()) * R.var() / Y.var() + R.mean()).clamp(0, 1), "ratio of variances"),
        (lambda Y, R: (Y - Y.mean() + R.mean()).clamp(0, 1), "factor σ_r/σ is missing"),
        (lambda Y, R: (R.std() / Y.std() * Y + R.mean()).clamp(0, 1), "not taken away"),
        (lambda Y, R: (R.std() / Y.std() * (Y - Y.mean() + R.mean())).clamp(0, 1), "outside the brackets"),
        (mutating_match, "changes its argument Y"),
        (forgotten_return, "`return` is missing"),
    ],
    "9.3": [
        (lambda F, r: G(F * r) / r.numel(), "divided by all M"),
        (lambda F, r: G(F[:, :, r][:, :, None]), "not divided by |r|"),
        (lambda F, r: G(F) / r.sum(), "only in the divisor"),
        (lambda F, r: G(F[:, :, ~r][:, :, None]) / (~r).sum(), "outside the mask"),
        (lambda F, r: G(F * r / (r.double() ** 2).mean().sqrt()), "guided Gram matrix of lesson 06"),
        (lambda F, r: G(F * r)[0] / r.sum(), "first picture"),
        (lambda F, r: torch.einsum("bik,bil->bkl", F[:, :, r], F[:, :, r]) / r.sum(), "over positions"),
        (lambda F, r: G(F.detach() * r) / r.sum(), "detached"),
        (lambda F, r: F[r], "It raises IndexError"),
    ],
    "9.4": [
        (lambda S, s: sum(w * (F @ F.T) / F.shape[1] for F, w in zip(S, s, strict=True)), "divide by their sum"),
        (lambda S, s: sum(F @ F.T / F.shape[1] for F in S) / len(S), "plain mean"),
        (lambda S, s: sum(w / sum(s) * F @ F.T for F, w in zip(S, s, strict=True)), "not divided by M"),
        (lambda S, s: torch.cat(S, 1) @ torch.cat(S, 1).T / sum(F.shape[1] for F in S), "put into one matrix"),
        (
            lambda S, s: sum((w / sum(s) * F) @ (w / sum(s) * F).T / F.shape[1] for F, w in zip(S, s, strict=True)),
            "they are squared",
        ),
        (lambda S, s: sum(w * F @ F.T / F.numel() for F, w in zip(S, s, strict=True)) / sum(s), "divided by N·M"),
        (lambda S, s: [w * F @ F.T / F.shape[1] / sum(s) for F, w in zip(S, s, strict=True)][-1], "Only the last"),
        (lambda S, s: sum(w * F for F, w in zip(S, s, strict=True)), "It raises RuntimeError"),
    ],
}


@each(CODING)
def test_the_solution_passes(exercise):
    verdict = exercise.check(exercise.solve)
    assert verdict.ok, verdict
    assert exercise.why.split()[0] in repr(verdict)


@each(CODING)
def test_the_solution_that_is_shown_runs_and_passes(exercise):
    """What is shown is enough, given what the text names: torch, and the equations before it."""
    import styletools as st

    shown = exercise.solution().removesuffix(exercise.solution().split("\n\n")[-1])
    names = {"torch": torch, "Tensor": torch.Tensor, "gram_matrix": st.gram_matrix}
    names["style_layer_loss"] = st.style_layer_loss
    exec(shown, names)
    assert exercise.check(names[exercise.solve.__name__]).ok


@each(CODING)
def test_a_stub_is_not_attempted(exercise):
    for stub in (None, lambda *arguments: None):
        assert exercise.check(stub).state == "not attempted yet"


@pytest.mark.parametrize(
    ("number", "answer", "message"),
    [
        pytest.param(number, *case, id=f"{number}-{i}")
        for number, cases in WRONG.items()
        for i, case in enumerate(cases)
    ],
)
def test_typical_mistakes_are_named(number, answer, message):
    (exercise,) = (exercise for exercise in CODING if exercise.title.startswith(number + " "))
    verdict = exercise.check(answer)
    assert verdict.state == "not yet", verdict
    assert any(part in verdict.message for part in message.split("|")), verdict.message


def test_every_coding_exercise_has_at_least_five_wrong_answers():
    assert sorted(WRONG) == sorted(exercise.title.split()[0] for exercise in CODING)
    assert all(len(cases) >= 5 for cases in WRONG.values())


@pytest.mark.parametrize(
    ("exercise", "message"),
    [pytest.param(exercise, message, id=message[:40]) for exercise in CODING for message in exercise.mistakes],
)
def test_every_mistake_is_told_apart_from_the_solution_and_the_others(exercise, message):
    verdict = exercise.check(exercise.mistakes[message])
    assert verdict.state == "not yet"
    assert verdict.message == message


@each(PREDICTIONS)
def test_what_is_measured_is_the_answer_and_nothing_else(exercise):
    truth = exercise.measure()
    assert exercise.check(truth).ok
    assert exercise.check().state == "not attempted yet"
    for option in exercise.options:
        if isinstance(truth, str) and option != truth:
            assert exercise.check(option).state == "not yet"
    for value, message in exercise.wrong.items():
        verdict = exercise.check(value)
        assert verdict.state == "not yet"
        assert verdict.message == message
    assert exercise.why.split()[0] in exercise.solution()


def test_measured_answers_are_those_that_the_texts_explain():
    answers = {exercise.title.split()[0]: exercise.measure() for exercise in PREDICTIONS}
    assert answers == {
        "0.1": (2, 3, 32, 48),
        "0.3": 1.0,
        "1.2": (1, 256, 40, 56),
        "1.4": "conv3_1",
        "2.4": 4,
        "2.3": "mirrored",
        "3.3": frozenset({"shuffle the positions", "mirror every map"}),
        "3.4": 131328,
        "4.3": 0.25,
        "4.5": "conv5_1",
        "5.2": "the same picture",
        "5.5": 0.25,
        "6.3": "random",
        "6.2": "the Gram matrices",
        "8.4": frozenset({"mean", "gram", "sliced"}),
        "8.5": "shifted-gram",
        "9.2": "photograph",
        "9.5": "192",
    }


@pytest.mark.parametrize("number", LESSONS)
def test_each_lesson_has_enough_and_reports(number):
    lesson = LESSONS[number]
    assert len(lesson.EXERCISES) >= 3
    titles = [exercise.title for exercise in lesson.EXERCISES]
    assert [title.split()[0] for title in titles] == [f"{int(number[:2])}.{i + 1}" for i in range(len(titles))]
    for exercise in lesson.EXERCISES:
        assert getattr(lesson, next(name for name in lesson.__all__ if getattr(lesson, name) is exercise)) is exercise
        assert exercise.hints
    assert repr(lesson.report()).endswith(f"of {len(titles)} right")


@each(CODING)
def test_solutions_are_short(exercise):
    assert len(inspect.getsource(exercise.solve).splitlines()) <= 8
