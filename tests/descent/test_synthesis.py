from __future__ import annotations

import signal
import threading
from itertools import pairwise

import pytest
import torch
from torch.testing import assert_close

from styletools.descent.synthesis import Stage, Synthesis, synthesise
from styletools.errors import InputError, SynthesisError
from styletools.losses.equations import content_loss
from styletools.pictures.images import white_noise

GOAL = white_noise(6, 8, seed=9) * 0.8 + 0.1


def distance(goal: torch.Tensor = GOAL):
    """Two named terms, uneven, so that one step is not enough."""
    weights = torch.linspace(1, 30, goal.numel()).view_as(goal)
    return lambda x: {
        "near": (weights * (x - goal) ** 2).sum(),
        "smooth": 1e-3 * (x[..., 1:] - x[..., :-1]).pow(2).sum(),
    }


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
class TestEitherOptimiser:
    """What holds for both."""

    def test_finds_the_picture(self, optimiser):
        synthesis = synthesise(distance(), white_noise(6, 8), steps=150, optimiser=optimiser)
        for _ in synthesis:
            pass
        assert_close(synthesis.image, GOAL, atol=0.01, rtol=0)
        assert synthesis.finished

    def test_the_start_is_cloned(self, optimiser):
        """Trap 9: optimising the photograph's own tensor would destroy the target."""
        start = white_noise(6, 8)
        before = start.clone()
        list(synthesise(distance(), start, steps=3, optimiser=optimiser))
        assert torch.equal(start, before)

    def test_a_later_change_of_the_start_does_not_matter(self, optimiser):
        start = white_noise(6, 8)
        synthesis = synthesise(distance(), start, steps=3, optimiser=optimiser)
        start.zero_()
        expected = list(synthesise(distance(), white_noise(6, 8), steps=3, optimiser=optimiser))[-1].image
        assert torch.equal(list(synthesis)[-1].image, expected)

    def test_a_start_that_is_also_the_target(self, optimiser):
        goal = GOAL.clone()
        list(synthesise(lambda x: {"a": content_loss(x, goal), "b": x.mean()}, goal, steps=5, optimiser=optimiser))
        assert torch.equal(goal, GOAL)

    def test_stop_and_go_on_is_the_same_as_going_on(self, optimiser):
        whole = synthesise(distance(), white_noise(6, 8), steps=20, optimiser=optimiser)
        steps = list(whole)
        parts = synthesise(distance(), white_noise(6, 8), steps=20, optimiser=optimiser)
        seen = []
        while not parts.finished:
            for step in parts:
                seen.append(step)
                if step.number in (1, 5, 6, 13):
                    break
            else:
                break
        assert [step.number for step in seen] == [step.number for step in steps]
        assert torch.equal(seen[-1].image, steps[-1].image)
        assert parts.history["total"] == whole.history["total"]

    def test_same_seed_same_picture(self, optimiser):
        first, second = (
            list(synthesise(distance(), white_noise(6, 8, seed=4), steps=10, optimiser=optimiser))[-1].image
            for _ in range(2)
        )
        assert torch.equal(first, second)

    def test_pixels_stay_in_range(self, optimiser):
        beyond = GOAL * 3 - 1  # wants −0.7 … 1.7
        for step in synthesise(distance(beyond), white_noise(6, 8), steps=150, optimiser=optimiser):
            assert 0 <= step.image.min() <= step.image.max() <= 1
        assert_close(step.image, beyond.clamp(0, 1), atol=0.05, rtol=0)

    def test_any_memory_layout_of_the_start(self, optimiser):
        """Trap 6: a gradient that arrives channels-last must not raise."""
        start = white_noise(6, 8).contiguous(memory_format=torch.channels_last)
        expected = list(synthesise(distance(), white_noise(6, 8), steps=4, optimiser=optimiser))[-1].image
        assert_close(list(synthesise(distance(), start, steps=4, optimiser=optimiser))[-1].image, expected)

    def test_a_batch_at_once(self, optimiser):
        starts = torch.cat([white_noise(6, 8, seed=seed) for seed in (1, 2)])
        synthesis = synthesise(distance(), starts, steps=150, optimiser=optimiser)
        list(synthesis)
        assert_close(synthesis.image, GOAL.expand(2, -1, -1, -1), atol=0.02, rtol=0)

    def test_nan_keeps_the_best_picture(self, optimiser):
        evaluations = []

        def breaks(x):
            evaluations.append(1)
            factor = float("nan") if len(evaluations) > 6 else 1.0
            return {"fine": distance()(x)["near"], "broken": factor * x.sum()}

        synthesis = synthesise(breaks, white_noise(6, 8), steps=50, optimiser=optimiser)
        with pytest.raises(SynthesisError, match=r"step \d+: broken became NaN or infinite; .*Try smaller") as caught:
            list(synthesis)
        assert caught.value.step == len(synthesis.history["step"]) + 1
        assert torch.equal(caught.value.image, synthesis.image)
        image = caught.value.image
        best = min(synthesis.history["total"])
        assert float(distance()(image)["near"] + image.sum()) == pytest.approx(best, rel=1e-4)

    def test_nan_at_the_start(self, optimiser):
        start = white_noise(6, 8)
        with pytest.raises(
            SynthesisError, match=r"step 1: bad became NaN.*Is it defined for a picture of \d+ × \d+ pixels"
        ) as caught:
            list(synthesise(lambda x: {"bad": (x * float("inf")).sum()}, start, optimiser=optimiser))
        assert torch.equal(caught.value.image, start)


class TestStep:
    """What a step gives."""

    def test_numbers(self):
        steps = list(synthesise(distance(), white_noise(6, 8), steps=7))
        assert [step.number for step in steps] == list(range(1, 8))
        assert [step.progress for step in steps] == pytest.approx([n / 7 for n in range(1, 8)])
        assert all(a.evaluations < b.evaluations for a, b in pairwise(steps))
        assert all(0 < a.seconds < b.seconds for a, b in pairwise(steps))

    def test_losses_are_those_of_its_picture(self):
        for step in synthesise(distance(), white_noise(6, 8), steps=5):
            terms = distance()(step.image)
            assert step.losses["near"] == pytest.approx(float(terms["near"]), rel=1e-5)
            assert step.losses["total"] == pytest.approx(step.losses["near"] + step.losses["smooth"], rel=1e-5)

    def test_its_picture_is_not_written_to_later(self):
        steps = list(synthesise(distance(), white_noise(6, 8), steps=5, optimiser="adam"))
        assert len({step.image.sum().item() for step in steps}) == 5

    def test_history(self):
        synthesis = synthesise(distance(), white_noise(6, 8), steps=5)
        steps = list(synthesis)
        history = synthesis.history
        assert history["step"] == [1, 2, 3, 4, 5]
        assert history["near"] == [step.losses["near"] for step in steps]
        assert history["total"] == [step.losses["total"] for step in steps]
        assert set(history["height"]) == {6}
        assert list(history) == ["step", "height", "evaluations", "seconds", "near", "smooth", "total"]

    def test_waiting_between_steps_does_not_count(self, monkeypatch):
        clock = iter(range(0, 10_000, 1))
        monkeypatch.setattr("styletools.descent.synthesis.time.perf_counter", lambda: next(clock))
        synthesis = synthesise(distance(), white_noise(6, 8), steps=3)
        for _ in synthesis:
            [next(clock) for _ in range(500)]
        assert synthesis.history["seconds"] == [1, 2, 3]

    def test_a_converged_stage_ends_early(self):
        synthesis = synthesise(lambda x: {"sum": x.sum()}, torch.zeros(1, 3, 2, 2), steps=50)
        assert [step.progress for step in synthesis] == [1.0]
        assert synthesis.finished

    def test_the_best_picture_is_kept(self):
        """Adam with a large rate goes up and down; what is returned is its lowest point."""

        def run(steps):
            synthesis = synthesise(distance(), white_noise(6, 8), steps=steps, optimiser="adam", learning_rate=0.3)
            return synthesis, list(synthesis)

        totals = run(40)[0].history["total"]
        worse = next(n for n in range(1, 40) if totals[n] > min(totals[:n]))
        synthesis, steps = run(worse + 1)
        best = min(steps, key=lambda step: step.losses["total"])
        assert best is not steps[-1]
        assert torch.equal(synthesis.image, best.image)


class TestStages:
    """Coarse to fine."""

    @staticmethod
    def stages(steps=(5, 5)):
        small = torch.nn.functional.avg_pool2d(GOAL, 2)
        return [Stage(distance(small), 3, 4, steps[0]), Stage(distance(), 6, 8, steps[1])]

    def test_the_picture_grows(self):
        synthesis = Synthesis(self.stages(), white_noise(3, 4))
        sizes = [tuple(step.image.shape[2:]) for step in synthesis]
        assert sizes == [(3, 4)] * 5 + [(6, 8)] * 5
        assert synthesis.history["height"] == [3] * 5 + [6] * 5

    def test_progress_counts_pixels(self):
        steps = list(Synthesis(self.stages(), white_noise(3, 4)))
        assert steps[4].progress == pytest.approx(5 * 12 / (5 * 12 + 5 * 48))
        assert steps[-1].progress == 1

    def test_the_second_stage_starts_from_the_first(self):
        """After a coarse stage the first fine step is nearer than from the start itself."""
        coarse = list(Synthesis(self.stages((40, 1)), white_noise(3, 4)))[-1].losses["total"]
        fine = next(iter(synthesise(distance(), white_noise(6, 8)))).losses["total"]
        assert coarse < fine

    def test_left_in_the_coarse_stage_the_picture_has_its_final_size(self):
        synthesis = Synthesis(self.stages(), white_noise(3, 4))
        next(iter(synthesis))
        assert synthesis.image.shape == (1, 3, 6, 8)

    def test_steps_are_numbered_through_when_a_stage_converges_early(self):
        flat = Stage(lambda x: {"near": (x - 0.5).abs().sum()}, 3, 4, 50)
        start = torch.full((1, 3, 3, 4), 0.5)
        synthesis = Synthesis([flat, Stage(lambda x: {"near": distance()(x)["near"]}, 6, 8, 3)], start)
        steps = list(synthesis)
        assert [step.number for step in steps] == [1, 2, 3, 4]
        assert steps[0].progress == pytest.approx(50 * 12 / (50 * 12 + 3 * 48))

    def test_a_stage_without_steps_is_passed_over(self):
        assert [step.image.shape[2] for step in Synthesis(self.stages((0, 2)), white_noise(3, 4))] == [6, 6]

    def test_extend(self):
        synthesis = Synthesis(self.stages((2, 3)), white_noise(3, 4))
        list(synthesis)
        best = synthesis.history["total"][-1]
        assert synthesis.finished
        synthesis.extend(4)
        assert not synthesis.finished
        assert [step.number for step in synthesis] == [6, 7, 8, 9]
        assert synthesis.history["total"][-1] < best

    def test_extend_before_the_end(self):
        synthesis = Synthesis(self.stages((2, 3)), white_noise(3, 4))
        next(iter(synthesis))
        synthesis.extend(2)
        assert [step.number for step in synthesis] == [2, 3, 4, 5, 6, 7]
        with pytest.raises(InputError, match="steps: expected a whole number, at least 0, got -5"):
            synthesis.extend(-5)

    def test_a_finished_synthesis_lets_go_of_its_memory(self):
        synthesis = synthesise(distance(), white_noise(6, 8), steps=5)
        for step in synthesis:
            assert synthesis._optimiser is not None
            if step.number == 3:
                break
        assert synthesis._optimiser is not None  # needed to go on
        list(synthesis)
        assert synthesis._optimiser is None

    def test_left_at_its_very_last_step_it_is_finished(self):
        synthesis = synthesise(distance(), white_noise(6, 8), steps=2)
        for step in synthesis:
            if step.number == 2:
                break
        assert synthesis.finished


class TestValueAndGradient:
    """An objective that knows its gradient is asked for it, and autograd is left out."""

    def test_is_used(self):
        class Known:
            def __call__(self, image):
                raise AssertionError("asked without need")

            def release(self):
                pass

            def value_and_gradient(self, image):
                assert not image.requires_grad
                return {"near": ((image - GOAL) ** 2).sum()}, 2 * (image - GOAL)

        synthesis = synthesise(Known(), white_noise(6, 8), steps=30)
        list(synthesis)
        assert_close(synthesis.image, GOAL, atol=1e-3, rtol=0)

    def test_makes_the_same_path(self):
        plain = distance()

        class Known:
            def __call__(self, image):
                return plain(image)

            def release(self):
                pass

            def value_and_gradient(self, image):
                image = image.clone().requires_grad_()
                terms = plain(image)
                (gradient,) = torch.autograd.grad(sum(terms.values()), image)
                return {name: term.detach() for name, term in terms.items()}, gradient

        paths = []
        for objective in (plain, Known()):
            synthesis = synthesise(objective, white_noise(6, 8), steps=8)
            list(synthesis)
            paths.append(synthesis)
        assert torch.equal(paths[0].image, paths[1].image)
        assert paths[0].history["near"] == paths[1].history["near"]

    def test_a_gradient_that_is_not_finite_is_said(self):
        class Broken:
            def __call__(self, image):
                return {}

            def release(self):
                pass

            def value_and_gradient(self, image):
                return {"near": image.sum()}, image * float("nan")

        with pytest.raises(SynthesisError, match="the gradient became NaN"):
            list(synthesise(Broken(), white_noise(6, 8), steps=3))

    def test_is_released_after_its_stage(self):
        class Known:
            released = 0

            def release(self):
                self.released += 1

            def value_and_gradient(self, image):
                return {"near": ((image - GOAL) ** 2).sum()}, 2 * (image - GOAL)

        known = Known()
        list(synthesise(known, white_noise(6, 8), steps=3))
        assert known.released == 1


class TestInterrupted:
    """^C gives the best picture so far, not a traceback."""

    @pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
    def test_goes_on_as_if_nothing_had_happened(self, optimiser):
        interrupted_at = [5]

        def objective(x):
            if synthesis._evaluations == interrupted_at[0]:
                interrupted_at[0] = -1
                signal.raise_signal(signal.SIGINT)
            return distance()(x)

        synthesis = synthesise(objective, white_noise(6, 8), steps=12, optimiser=optimiser)
        list(synthesis)
        assert synthesis.interrupted
        last = list(synthesis)[-1]
        undisturbed = list(synthesise(distance(), white_noise(6, 8), steps=12, optimiser=optimiser))[-1]
        assert torch.equal(last.image, undisturbed.image)

    def test_during_a_step(self):
        evaluations = []

        def objective(x):
            evaluations.append(1)
            if len(evaluations) == 8:
                signal.raise_signal(signal.SIGINT)
            return distance()(x)

        synthesis = synthesise(objective, white_noise(6, 8), steps=50)
        steps = list(synthesis)
        assert synthesis.interrupted
        assert 4 <= len(steps) < 10
        assert torch.equal(synthesis.image, steps[-1].image)
        before = len(steps)
        list(synthesis)  # and it can be resumed
        assert not synthesis.interrupted
        assert synthesis.finished
        assert len(synthesis.history["step"]) > before

    def test_in_another_thread_a_flag_does(self):
        """How a panel stops: it leaves the loop."""
        stop, seen = threading.Event(), []

        def work():
            for step in synthesise(distance(), white_noise(6, 8), steps=10_000, optimiser="adam"):
                seen.append(step.number)
                if stop.is_set():
                    break

        thread = threading.Thread(target=work)
        thread.start()
        while len(seen) < 3:
            pass
        stop.set()
        thread.join(timeout=10)
        assert not thread.is_alive()
        assert len(seen) < 10_000


class TestBadInput:
    """One line: what, expected, got."""

    def test_arguments(self):
        start = white_noise(6, 8)
        for words, options in (
            ("optimiser: expected 'lbfgs' or 'adam', got 'sgd'", {"optimiser": "sgd"}),
            ("steps: expected a whole number, at least 0, got -1", {"steps": -1}),
            ("steps: expected a whole number, at least 0, got 1.5", {"steps": 1.5}),
            ("learning_rate: expected a number > 0, got 0", {"learning_rate": 0}),
        ):
            with pytest.raises(InputError, match=words):
                synthesise(distance(), start, **options)
        with pytest.raises(InputError, match="stages: expected at least one"):
            Synthesis([], start)
        with pytest.raises(InputError, match=r"start: expected values in \[0, 1\]"):
            synthesise(distance(), start * 255)

    @pytest.mark.parametrize(
        ("objective", "words"),
        [
            (lambda x: {"a": x}, r"expected a scalar tensor for 'a', got \(1, 3, 6, 8\)"),
            (lambda x: {"a": 1.0}, "expected a scalar tensor for 'a', got float"),
            (lambda x: {"a": x.detach().sum()}, "no term depends on the picture: a; was the graph cut"),
            (lambda x: {}, "expected a dict of named scalar terms"),
            (lambda x: x.mean(), "expected a dict of named scalar terms, got Tensor"),
            (lambda x: {"step": x.mean()}, "a term cannot be called 'step'"),
        ],
    )
    def test_objective(self, objective, words):
        with pytest.raises(InputError, match=f"objective: {words}"):
            list(synthesise(objective, white_noise(6, 8)))

    def test_gradients_switched_off_by_the_caller(self):
        with torch.no_grad():
            steps = list(synthesise(distance(), white_noise(6, 8), steps=3))
        assert steps[-1].losses["total"] < steps[0].losses["total"]

    def test_terms_that_change_their_names(self):
        names = iter("abcdefgh")
        with pytest.raises(InputError, match="its terms changed their names"):
            list(synthesise(lambda x: {next(names): (x - 0.3).pow(4).sum()}, white_noise(6, 8)))
