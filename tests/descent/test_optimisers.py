from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from styletools.descent.optimisers import LBFGS, Adam, Evaluation, NotFinite
from styletools.descent.spectrum import Spectrum


def problem(function):
    """Count the evaluations of a function of a picture."""
    calls = []

    def evaluate(x: torch.Tensor) -> Evaluation:
        assert 0 <= x.min() <= x.max() <= 1, "evaluated outside the box"
        calls.append(x)
        x = x.detach().requires_grad_()
        total = function(x)
        (gradient,) = torch.autograd.grad(total, x)
        return Evaluation(x.detach(), {"f": float(total.detach())}, float(total.detach()), gradient)

    return evaluate, calls


def start(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)


def quadratic(condition: float, centre: float = 0.5, n: int = 30):
    """An ill-conditioned bowl, turned so that no pixel is alone."""
    generator = torch.Generator().manual_seed(0)
    Q, _ = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))
    H = Q @ torch.diag(torch.logspace(0, torch.log10(torch.tensor(condition)).item(), n, dtype=torch.float64)) @ Q.T
    return lambda x: 0.5 * (x.flatten() - centre) @ H @ (x.flatten() - centre)


def quadratic_start(n: int = 30) -> torch.Tensor:
    """A place somewhere between −½ and ½."""
    return torch.rand(1, 1, 1, n, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) - 0.5


class TestLBFGS:
    """Quasi-Newton in a box."""

    def test_minimum_inside(self):
        evaluate, _ = problem(quadratic(1e3))
        optimiser = LBFGS(evaluate, torch.rand(1, 1, 1, 30, dtype=torch.float64), pairs=50)
        for _ in range(100):
            optimiser.step()
        assert_close(optimiser.at.image, torch.full((1, 1, 1, 30), 0.5, dtype=torch.float64), atol=1e-5, rtol=0)

    def test_beats_steepest_descent_by_far(self):
        """Without curvature pairs (history 0) the same budget gets nowhere near."""
        after = {}
        for history in (0, 20):
            evaluate, _ = problem(quadratic(1e3))
            optimiser = LBFGS(
                evaluate,
                torch.rand(1, 1, 1, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(1)),
                history,
            )
            for _ in range(60):
                optimiser.step()
            after[history] = optimiser.at.total
        assert after[20] < 1e-2 * after[0]

    @pytest.mark.parametrize("condition", [1e2, 1e3, 1e4])
    def test_as_good_as_torchs_own_where_no_bound_is_near(self, condition):
        bowl, x = quadratic(condition), 0.5 + 0.05 * quadratic_start()
        evaluate, calls = problem(bowl)
        ours = LBFGS(evaluate, x.clone(), pairs=20)
        while len(calls) < 60:
            ours.step()
        pixels, used = x.clone().requires_grad_(), []
        theirs = torch.optim.LBFGS(
            [pixels], max_iter=60, max_eval=60, history_size=20, line_search_fn="strong_wolfe", tolerance_change=0
        )

        def closure():
            theirs.zero_grad()
            loss = bowl(pixels)
            loss.backward()
            used.append(float(loss.detach()))
            return loss

        theirs.step(closure)
        assert len(used) >= 58
        assert ours.at.total < 2 * min(used)

    def test_what_the_pairs_do_not_know_is_taken_to_be_flatter(self):
        """At right angles to the step and its change of gradient, the usual guess times `FLATTER`."""
        evaluate, _ = problem(quadratic(1e2))
        optimiser = LBFGS(evaluate, 0.5 + 0.05 * quadratic_start(), pairs=1)
        before, after = optimiser.step(), optimiser.step()
        s, y = ((b - a).flatten() for a, b in ((before.image, after.image), (before.gradient, after.gradient)))
        plane, _ = torch.linalg.qr(torch.stack([s, y], 1))
        direction, g = (v.flatten() - plane @ (plane.T @ v.flatten()) for v in (optimiser._direction(), after.gradient))
        assert g.norm() > 0.01 * after.gradient.norm()
        assert_close(direction, -LBFGS.FLATTER * (s @ y) / (y @ y) * g)

    def test_minimum_on_the_bounds(self):
        """Separable: the answer is the projection of the centre into the box."""
        centre = torch.tensor([-0.5, 0.3, 1.7, 0.9], dtype=torch.float64)
        scale = torch.tensor([1.0, 50.0, 3.0, 200.0], dtype=torch.float64)
        evaluate, _ = problem(lambda x: (scale * (x.flatten() - centre) ** 2).sum())
        optimiser = LBFGS(evaluate, start(0.5, 0.5, 0.5, 0.5))
        for _ in range(60):
            optimiser.step()
        assert_close(optimiser.at.image.flatten(), centre.clamp(0, 1), atol=1e-6, rtol=0)

    def test_coupled_minimum_on_the_bounds_meets_the_conditions_of_optimality(self):
        evaluate, _ = problem(quadratic(1e3, centre=1.2))
        optimiser = LBFGS(
            evaluate, torch.rand(1, 1, 1, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        )
        for _ in range(500):
            optimiser.step()
        x, g = optimiser.at.image, optimiser.at.gradient
        assert (x == 1).any()
        assert (x < 1).any()
        assert g[(x > 0) & (x < 1)].abs().max() < 1e-3
        assert (g[x == 1] <= 1e-6).all()

    def test_rosenbrock(self):
        """A curved valley whose lowest point in the box is a corner of it, (1, 1)."""
        evaluate, _ = problem(lambda x: 100 * (x[..., 1] - x[..., 0] ** 2).pow(2).sum() + (1 - x[..., 0]).pow(2).sum())
        optimiser = LBFGS(evaluate, start(0.05, 0.9))
        for _ in range(100):
            optimiser.step()
        assert_close(optimiser.at.image, start(1, 1), atol=1e-4, rtol=0)

    @pytest.mark.parametrize("scale", [1e-8, 1e8])
    def test_the_scale_of_the_loss_does_not_matter(self, scale):
        """Trap 6: an L-BFGS whose first step depends on the scale may not move at all."""
        paths = []
        for factor in (1.0, scale):
            bowl = quadratic(1e3)
            evaluate, _ = problem(lambda x, factor=factor, bowl=bowl: factor * bowl(x))
            optimiser = LBFGS(evaluate, start(*torch.linspace(0, 1, 30).tolist()))
            for _ in range(10):
                optimiser.step()
            paths.append(optimiser.at.image)
        assert_close(*paths, atol=1e-6, rtol=0)

    def test_never_up(self):
        evaluate, _ = problem(lambda x: (20 * x).sin().sum() + quadratic(100)(x))
        optimiser = LBFGS(evaluate, torch.rand(1, 1, 1, 30, dtype=torch.float64))
        totals = [optimiser.at.total] + [optimiser.step().total for _ in range(50)]
        assert totals == sorted(totals, reverse=True)
        assert (optimiser._pairs._products.diagonal() >= 0).all()  # although the function curves both ways

    def test_where_the_function_curves_downwards_nothing_is_remembered(self):
        evaluate, _ = problem(lambda x: -((x - 0.5) ** 2).sum())
        optimiser = LBFGS(evaluate, start(0.42, 0.45, 0.6))
        optimiser.step()
        assert len(optimiser._pairs) == 0
        for _ in range(10):
            optimiser.step()
        assert_close(optimiser.at.image, start(0, 0, 1))

    def test_about_one_evaluation_a_step(self):
        evaluate, calls = problem(quadratic(1e3))
        optimiser = LBFGS(evaluate, torch.rand(1, 1, 1, 30, dtype=torch.float64))
        for _ in range(40):
            optimiser.step()
        assert len(calls) < 60

    def test_curvature_belongs_to_points_of_the_box(self):
        """y = H s holds for every pair, although trial points were projected."""
        bowl = quadratic(1e2, centre=1.1)
        evaluate, _ = problem(bowl)
        optimiser = LBFGS(evaluate, torch.rand(1, 1, 1, 30, dtype=torch.float64))
        for _ in range(15):
            optimiser.step()
        H = torch.autograd.functional.hessian(bowl, torch.zeros(30, dtype=torch.float64))
        assert len(optimiser._pairs) > 5
        for s, y in zip(*(optimiser._pairs.state()[name][0] for name in "SY"), strict=True):
            assert_close(y, H @ s)
            assert s @ y > 0

    def test_stays_where_it_is_when_done(self):
        evaluate, _ = problem(lambda x: (x**2).sum())
        optimiser = LBFGS(evaluate, start(0, 0, 0))
        before = optimiser.at
        assert optimiser.step() is before

    def test_gets_round_a_place_where_the_loss_is_infinite(self):
        evaluate, _ = problem(lambda x: -(0.52 - x).log().sum() * 0.01 + ((x - 0.5) ** 2).sum())
        optimiser = LBFGS(evaluate, start(0.1, 0.2))
        for _ in range(20):
            optimiser.step()
        assert optimiser.at.image.max() < 0.52

    def test_not_finite(self):
        evaluate, _ = problem(lambda x: (x * float("nan")).sum())
        with pytest.raises(NotFinite):
            LBFGS(evaluate, start(0.5))
        evaluate, _ = problem(lambda x: torch.where(x == 0.5, x, x * float("nan")).sum())
        with pytest.raises(NotFinite):
            LBFGS(evaluate, start(0.5)).step()

    def test_history_is_bounded(self):
        evaluate, _ = problem(quadratic(1e3))
        optimiser = LBFGS(evaluate, torch.rand(1, 1, 1, 30, dtype=torch.float64), pairs=4)
        for _ in range(20):
            optimiser.step()
        assert len(optimiser._pairs) == 4


class Started(TorchDispatchMode):
    """Count what a graphics card would be given to do, and how often it would be waited for."""

    def __init__(self):
        super().__init__()
        self.operations, self.waits = 0, 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        views = any(each.alias_info and not each.alias_info.is_write for each in function._schema.returns)
        self.operations += not views
        self.waits += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(options or {}))


def test_a_step_with_all_pairs_starts_few_operations():
    """On a graphics card starting each takes some ten microseconds, and a wait lets it run dry."""
    weights = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0)) + 0.1

    def evaluate(x):
        g = weights * (x - 0.4)
        return Evaluation(x, {}, float((g * g / weights).sum() / 2), g)

    optimiser = LBFGS(evaluate, torch.full((1, 3, 16, 24), 0.6), 20, Spectrum(weights))
    for _ in range(22):
        optimiser.step()
    started = Started()
    with started:
        optimiser.step()
    assert len(optimiser._pairs) == 20
    assert started.operations < 160  # 450 by two loops over the pairs
    assert started.waits <= 6


class TestAdam:
    """Adam, projected."""

    def test_minimum_inside_and_on_the_bounds(self):
        centre = torch.tensor([-0.5, 0.3, 1.7], dtype=torch.float64)
        evaluate, _ = problem(lambda x: ((x.flatten() - centre) ** 2).sum())
        optimiser = Adam(evaluate, start(0.5, 0.5, 0.5), learning_rate=0.05)
        for _ in range(300):
            optimiser.step()
        assert_close(optimiser.at.image.flatten(), centre.clamp(0, 1), atol=1e-3, rtol=0)

    def test_is_torchs_adam_where_no_bound_is_near(self):
        bowl, x = quadratic(1e2), 0.5 + 0.05 * quadratic_start()
        evaluate, _ = problem(bowl)
        ours, pixels = Adam(evaluate, x.clone(), learning_rate=0.002), x.clone().requires_grad_()
        theirs = torch.optim.Adam([pixels], lr=0.002)
        for _ in range(30):
            ours.step()
            theirs.zero_grad()
            bowl(pixels).backward()
            theirs.step()
        assert_close(ours.at.image, pixels.detach())

    def test_the_first_step_is_the_learning_rate(self):
        evaluate, _ = problem(lambda x: 1e-3 * x.sum())
        optimiser = Adam(evaluate, start(0.5), learning_rate=0.07)
        assert optimiser.step().image.item() == pytest.approx(0.43, abs=1e-4)

    def test_pictures_already_given_out_do_not_change(self):
        evaluate, _ = problem(lambda x: x.sum())
        optimiser = Adam(evaluate, start(0.5))
        first = optimiser.step().image
        kept = first.clone()
        optimiser.step()
        assert torch.equal(first, kept)

    def test_not_finite(self):
        evaluate, _ = problem(lambda x: torch.where(x == 0.5, x, x * float("nan")).sum())
        with pytest.raises(NotFinite):
            Adam(evaluate, start(0.5)).step()


class TestCompact:
    """Curvature pairs in half the memory."""

    def run(self, compact, steps=25):
        weights = torch.logspace(-6, 2, 3 * 8 * 8).view(1, 3, 8, 8)  # both ends far from what float16 holds by itself
        evaluate, _ = problem(lambda x: (weights * (x - 0.3) ** 2).sum() * 1e-6)
        optimiser = LBFGS(evaluate, torch.full((1, 3, 8, 8), 0.9), 6, compact=compact)
        for _ in range(steps):
            optimiser.step()
        return optimiser

    def test_goes_down_as_far(self):
        full, half = self.run(False), self.run(True)
        first = self.run(False, steps=1).at.total
        assert half.at.total < first / 100
        assert half.at.total < 3 * full.at.total

    def test_takes_half(self):
        state = self.run(True)._pairs.state()
        for rows, units in (state["S"], state["Y"]):
            assert rows.dtype == torch.float16
            assert (rows.abs().amax(1) == 1).all()
            assert ((units > 0) & (units < 1)).all()

    def test_any_memory_layout(self):
        evaluate, _ = problem(lambda x: ((x - 0.3) ** 2).sum())
        start = torch.rand(1, 3, 8, 6).contiguous(memory_format=torch.channels_last)
        optimiser = LBFGS(evaluate, start, compact=True)
        for _ in range(4):
            optimiser.step()
        assert optimiser.at.total < 1e-6
