from __future__ import annotations

import json
import signal

import pytest
import torch
from torch.testing import assert_close

import styletools as st
from styletools import VGG, Objective, recipes
from styletools import plan as plans
from styletools.errors import ImageError, InputError, SynthesisError
from styletools.network.device import pick_device
from styletools.network.passes import pick_precision
from styletools.pictures.images import resize
from styletools.recipes import plan
from styletools.stages import look

QUICK = {"size": 64, "steps": 4, "progress": False}


def roughness(image: torch.Tensor) -> float:
    """Energy of what a 3 × 3 average takes away: the finest noise."""
    smooth = torch.nn.functional.avg_pool2d(image, 3, 1, 1, count_include_pad=False)
    return float((image - smooth).pow(2).mean())


@pytest.fixture(scope="module")
def result():
    return st.transfer("chelsea", "starry_night", size=96, steps=40, progress=False)


class TestTransfer:
    """The whole thing, small."""

    def test_shape_and_range(self, result):
        assert result.image.shape == (1, 3, 64, 96)
        assert 0 <= result.image.min() <= result.image.max() <= 1
        assert not result.interrupted

    def test_it_has_the_content_of_the_one_and_the_style_of_the_other(self, result, vgg):
        content, style = st.load_image("chelsea", 96), st.load_image("starry_night", 96)
        terms = st.Objective(
            vgg, content=content, style=style, content_layers="conv4_2", style_layers=recipes.STYLE_LAYERS
        )
        ours, photograph, noise = (terms(x) for x in (result.image, content, st.white_noise(64, 96)))
        assert ours["content conv4_2"] < 0.6 * noise["content conv4_2"]
        for layer in recipes.STYLE_LAYERS:
            assert ours[f"style {layer}"] < 0.4 * photograph[f"style {layer}"]

    def test_it_has_the_colours_of_the_painting(self, result):
        style = st.load_image("starry_night", 96)
        assert_close(result.image.mean((0, 2, 3)), style.mean((0, 2, 3)), atol=0.08, rtol=0)
        assert result.image.std() > 0.1  # not grey

    def test_no_noise_is_left(self, result):
        """From white noise, and yet not rougher than the rougher of the two pictures by more than half."""
        limit = max(roughness(st.load_image(name, 96)) for name in ("chelsea", "starry_night"))
        assert roughness(result.image) < 1.5 * limit
        assert roughness(st.white_noise(64, 96)) > 5 * limit

    def test_history(self, result):
        history = result.history
        assert len(history["total"]) == len(history["style conv3_1"]) == len(history["step"])
        assert history["total"][-1] < history["total"][0]
        assert history["height"] == [32] * 40 + [45] * 40 + [64] * 40

    def test_coarse_to_fine_is_the_default_from_noise_only(self):
        heights = {}
        for init in ("noise", "content"):
            result = st.transfer("chelsea", "dots", size=128, steps=2, init=init, progress=False)
            heights[init] = result.history["height"]
        assert heights == {"noise": [42, 42, 60, 60, 85, 85], "content": [85, 85]}
        large = st.transfer("chelsea", "dots", size=512, steps=1, progress=False)
        assert [round(height / 341, 2) for height in large.history["height"]] == [0.25, 0.35, 0.5, 0.71, 1]
        forced = st.transfer("chelsea", "dots", size=128, steps=2, coarse_to_fine=False, progress=False)
        assert set(forced.history["height"]) == {85}

    @pytest.mark.parametrize("recipe", ["transfer", "reconstruct_style"])
    def test_each_stage_has_the_weights_of_its_settings(self, recipe):
        """The smaller stages of a transfer count style for more; a texture has nothing else to look at."""
        pictures = ("chelsea", "dots") if recipe == "transfer" else ("dots",)
        made = getattr(st, recipe)(*pictures, size=128, steps=0, coarse_to_fine=True, progress=False)
        for stage, settings in zip(made.synthesis.stages, made.settings["stages"], strict=True):
            assert (stage.height, stage.width) == (settings["height"], settings["width"])
            assert stage.objective.factors.get("total variation", 0) == settings["tv"]
        betas = [settings["beta"] / made.settings["stages"][-1]["beta"] for settings in made.settings["stages"]]
        assert betas == pytest.approx([4, 2, 1] if recipe == "transfer" else [1, 1, 1])

    def test_alpha_and_beta_pull(self):
        """More β: nearer to the style, further from the content."""
        losses = []
        for beta in (0.5, 50.0):
            result = st.transfer("chelsea", "starry_night", size=64, steps=30, beta=beta, progress=False)
            last = {name: column[-1] for name, column in result.history.items()}
            style = sum(value for name, value in last.items() if name.startswith("style")) / beta
            losses.append((last["content conv4_2"], style))
        assert losses[0][0] < losses[1][0]
        assert losses[0][1] > losses[1][1]

    def test_only_the_ratio_matters(self):
        one = st.transfer("chelsea", "dots", alpha=1, beta=5, **QUICK)
        other = st.transfer("chelsea", "dots", alpha=8, beta=40, **QUICK)  # a power of two: rounds alike
        assert_close(one.image, other.image, atol=1e-3, rtol=0)

    def test_total_variation_counts_per_unit_of_alpha_and_beta(self, vgg):
        result = st.transfer("chelsea", "dots", alpha=2, beta=6, tv=0.25, **QUICK)
        assert result.synthesis.stages[-1].objective.factors["total variation"] == pytest.approx(
            0.25 * (2 + 6 * look(64))
        )
        texture = st.reconstruct_style("dots", tv=0.25, **QUICK)
        assert texture.synthesis.stages[0].objective.factors["total variation"] == pytest.approx(0.25)

    def test_style_of_another_size(self):
        result = st.transfer("chelsea", "dots", style_size=40, **QUICK)
        assert result.image.shape == (1, 3, 43, 64)

    def test_a_tensor_is_scaled_like_a_file(self):
        result = st.reconstruct_content(torch.rand(1, 3, 30, 300), "conv1_1", size=100, steps=1, progress=False)
        assert result.image.shape == (1, 3, 10, 100)

    def test_very_long_pictures(self):
        result = st.transfer(torch.rand(1, 3, 20, 400), "dots", size=400, steps=1, progress=False)
        assert result.image.shape == (1, 3, 20, 400)


class TestInit:
    """Where it starts."""

    @pytest.mark.parametrize("init", ["content", "style", "coffee", torch.rand(1, 3, 9, 9)])
    def test_starts_there(self, init):
        result = st.transfer("chelsea", "dots", init=init, size=64, steps=0, progress=False)
        where = {"content": "chelsea", "style": "dots"}.get(init, init) if isinstance(init, str) else init
        picture = st.load_image(where, None if init == "coffee" else 64) if isinstance(where, str) else where
        assert_close(result.image, resize(picture, 43, 64))

    def test_noise_is_seeded_and_real(self):
        first, same, other = (
            st.transfer("chelsea", "dots", size=64, steps=0, seed=s, coarse_to_fine=False, progress=False).image
            for s in (1, 1, 2)
        )
        assert_close(first, 0.4 + 0.2 * st.white_noise(43, 64, seed=1))
        assert torch.equal(first, same)
        assert not torch.equal(first, other)

    def test_what_is_not_there(self):
        with pytest.raises(InputError, match="there is no 'content' picture in this recipe"):
            st.reconstruct_style("dots", init="content", **QUICK)


class TestReconstruct:
    """One of the two terms alone."""

    def test_content_of_a_low_layer_is_nearly_the_picture(self):
        result = st.reconstruct_content("chelsea", "conv1_2", size=64, steps=60, progress=False)
        assert (result.image - st.load_image("chelsea", 64)).abs().mean() < 0.03

    def test_content_of_a_high_layer_is_not(self):
        low, high = (
            st.reconstruct_content("chelsea", layer, size=64, steps=40, progress=False).image
            for layer in ("conv2_2", "conv5_1")
        )
        photograph = st.load_image("chelsea", 64)
        assert (low - photograph).pow(2).mean() < 0.3 * (high - photograph).pow(2).mean()

    def test_style_matches_the_layers_asked_for(self, vgg):
        result = st.reconstruct_style("dots", ["conv1_1", "conv2_1"], size=64, steps=40, progress=False)
        assert [name for name in result.history if name.startswith("style")] == ["style conv1_1", "style conv2_1"]
        assert result.history["total"][-1] < 0.02  # of 1, where nothing of the style is there

    def test_layer_weights_are_passed_on(self):
        result = st.reconstruct_style("dots", {"conv1_1": 2, "conv2_1": 0}, **QUICK)
        assert set(result.history["style conv2_1"]) == {0}
        assert result.settings["arguments"]["layers"] == {"conv1_1": 2, "conv2_1": 0}

    def test_from_noise_content_grows_and_a_texture_does_not(self):
        for recipe, sizes in (("reconstruct_content", 3), ("reconstruct_style", 1)):
            stages = getattr(st, recipe)("dots", "conv1_1", size=128, steps=0, progress=False).synthesis.stages
            assert len(stages) == sizes

    def test_a_texture_of_another_size_than_its_source(self, monkeypatch):
        seen = []
        monkeypatch.setattr(
            plans,
            "Objective",
            lambda *args, **options: seen.append(options["style"][0].image.shape) or Objective(*args, **options),
        )
        result = st.reconstruct_style("great_wave", "conv1_1", size=96, style_size=48, steps=1, progress=False)
        assert result.image.shape == (1, 3, 64, 96)
        assert result.settings["arguments"]["style_size"] == 48
        assert seen == [(1, 3, 32, 48)]


class TestPlan:
    """What a recipe would do, without doing it."""

    @pytest.mark.parametrize(
        ("recipe", "pictures", "arguments"),
        [
            ("transfer", ("chelsea", "dots"), {"beta": 3, "content_layers": ["conv2_2"], "style_size": 40}),
            ("reconstruct_style", ("dots", "conv1_1"), {"seed": 4}),
            ("reconstruct_content", ("chelsea",), {"coarse_to_fine": False, "padding": "zeros"}),
        ],
    )
    def test_is_what_it_then_does(self, recipe, pictures, arguments):
        planned = plan(recipe, *pictures, **arguments, **QUICK)
        done = getattr(st, recipe)(*pictures, **arguments, **QUICK).settings
        assert planned["arguments"].pop("precision") == "auto"
        assert done["arguments"].pop("precision") != "auto"
        assert planned == done
        assert len(done["stages"]) == (3 if recipe == "transfer" else 1)

    def test_computes_nothing(self, monkeypatch):
        monkeypatch.setattr(VGG, "forward", lambda *_: pytest.fail("computed"))
        assert plan("transfer", "chelsea", "dots", size=1024)["stages"][-1]["width"] == 1024

    def test_unknown_recipe(self):
        with pytest.raises(InputError, match=r"recipe: expected one of transfer, .* got 'paint'"):
            plan("paint", "chelsea")


class TestSettings:
    """Everything needed to make it again."""

    def test_again_from_the_file(self, tmp_path):
        first = st.transfer("chelsea", "dots", seed=5, beta=7, content_layers=["conv2_2", "conv3_1"], **QUICK)
        first.save(tmp_path / "a.png")
        settings = st.load_settings(tmp_path / "a.png")
        assert settings == first.settings
        again = getattr(st, settings["recipe"])(**settings["arguments"], progress=False)
        assert torch.equal(again.image, first.image)

    def test_layers_from_a_generator(self):
        result = st.transfer("chelsea", "dots", style_layers=(f"conv{n}_1" for n in (1, 2)), **QUICK)
        assert result.settings["arguments"]["style_layers"] == {"conv1_1": 0.5, "conv2_1": 0.5}

    def test_pictures_without_a_name_are_known_by_their_hash(self, tmp_path, vgg):
        tensor = st.load_image("chelsea", 64)
        (tmp_path / "style.png").write_bytes(b"")
        st.save_image(st.load_image("dots", 64), tmp_path / "style.png")
        result = st.transfer(tensor, tmp_path / "style.png", weights=vgg, size=None, steps=1, progress=False)
        arguments = result.settings["arguments"]
        assert arguments["content"].startswith("tensor (1, 3, 43, 64), sha256 ")
        assert arguments["style"] == str(tmp_path / "style.png")
        assert "bundled" in arguments["weights"]
        for source in (st.sample("chelsea"), (tmp_path / "style.png").read_bytes()):
            result = st.reconstruct_content(source, "conv1_1", **QUICK)
            assert "sha256" in result.settings["arguments"]["image"]
        with (tmp_path / "style.png").open("rb") as file:
            assert "file object" in st.reconstruct_content(file, "conv1_1", **QUICK).settings["arguments"]["image"]
        json.dumps(result.settings)

    def test_pictures_of_another_dtype(self):
        result = st.reconstruct_style(torch.rand(1, 3, 64, 64).bfloat16(), "conv1_1", **QUICK)
        assert "sha256" in result.settings["arguments"]["image"]

    def test_says_with_what(self):
        settings = st.reconstruct_style("dots", "conv1_1", **QUICK).settings
        assert settings["recipe"] == "reconstruct_style"
        assert settings["torch"] == torch.__version__
        assert settings["threads"] == torch.get_num_threads()
        assert settings["arguments"]["device"] == str(pick_device())
        assert settings["arguments"]["precision"] == "full"  # a loss that can fall towards 0
        settings = st.transfer("chelsea", "dots", **QUICK).settings
        assert settings["arguments"]["precision"] == pick_precision("auto", VGG("random"))  # never just "auto"

    @pytest.mark.parametrize("precision", ["full", "bfloat16"])
    def test_precision_arrives(self, precision):
        result = st.transfer("chelsea", "dots", precision=precision, **QUICK)
        assert result.settings["arguments"]["precision"] == precision
        dtype = {"full": torch.float32, "bfloat16": torch.bfloat16}[precision]
        assert result.synthesis.stages[-1].objective._passes.dtype == dtype
        with pytest.raises(InputError, match="precision"):
            st.transfer("chelsea", "dots", precision="float16", **QUICK)

    def test_jpeg(self, tmp_path):
        result = st.reconstruct_style("dots", "conv1_1", **QUICK)
        result.save(tmp_path / "a.jpg")
        assert st.load_settings(tmp_path / "a.jpg") == result.settings


class TestWatched:
    """Stopped, gone on with, interrupted, shown."""

    def test_on_step_can_stop_it_and_it_can_be_gone_on_with(self):
        seen = []
        result = st.transfer(
            "chelsea",
            "dots",
            size=64,
            steps=6,
            progress=False,
            on_step=lambda step: seen.append(step) or len(seen) == 3,
        )
        assert result.interrupted
        assert len(result.history["step"]) == 3
        for step in result.synthesis:
            seen.append(step)
        assert [step.number for step in seen] == list(range(1, 19))  # 6 at each of three sizes
        whole = st.transfer("chelsea", "dots", size=64, steps=6, progress=False)
        assert torch.equal(result.synthesis.image, whole.image)

    def test_what_on_step_returns_otherwise_does_not_matter(self):
        assert not st.transfer("chelsea", "dots", on_step=lambda step: "go on", **QUICK).interrupted

    def test_interrupted_between_steps(self):
        def interrupt(step):
            if step.number == 2:
                signal.raise_signal(signal.SIGINT)

        result = st.transfer("chelsea", "dots", on_step=interrupt, **QUICK)
        assert result.interrupted
        assert len(result.history["step"]) == 2
        assert result.image.shape == (1, 3, 43, 64)

    def test_interrupted_at_a_small_size_gives_the_full_size(self):
        result = st.transfer("chelsea", "dots", size=128, steps=3, progress=False, on_step=lambda step: True)
        assert result.history["height"] == [42]  # of 85
        assert result.image.shape == (1, 3, 85, 128)

    def test_the_bar(self, capsys):
        st.transfer("chelsea", "dots", size=64, steps=2)
        out, err = capsys.readouterr()
        assert out == ""
        assert "transfer: 100%" in err
        assert "64 × 43, content " in err
        assert "total variation" in err
        st.transfer("chelsea", "dots", **QUICK)
        assert capsys.readouterr() == ("", "")

    def test_nan_comes_with_the_best_picture(self):
        with pytest.raises(SynthesisError) as caught:
            st.transfer("chelsea", "dots", size=64, steps=3, beta=1e38, units="literal", progress=False)
        assert caught.value.image.shape == (1, 3, 43, 64)


class TestBadInput:
    """Errors pass through as they are."""

    def test_pictures(self):
        with pytest.raises(ImageError, match=r"no such file: chelsae \(did you mean chelsea\?\)"):
            st.transfer("chelsae", "dots", **QUICK)
        with pytest.raises(InputError, match=r"content: expected one picture \(1, 3, H, W\), got a batch of 2"):
            st.transfer(torch.rand(2, 3, 64, 64), "dots", **QUICK)
        with pytest.raises(InputError, match=r"style: expected values in \[0, 1\]"):
            st.transfer("chelsea", torch.rand(1, 3, 64, 64) * 255, **QUICK)

    @pytest.mark.parametrize("size", [0, -5, 2.5, True, "64"])
    def test_size(self, size):
        for options in ({"size": size}, {"size": 64, "style_size": size}):
            with pytest.raises(InputError, match="size: expected a whole number of pixels"):
                st.transfer(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64), steps=1, progress=False, **options)

    def test_weights(self):
        for options, words in (
            ({"tv": -1}, "tv: expected a finite number ≥ 0, got -1"),
            ({"alpha": "1"}, "alpha: expected a finite number ≥ 0, got '1'"),
            ({"content_layers": (), "style_layers": ()}, "layers: expected at least one"),
        ):
            with pytest.raises(InputError, match=words):
                st.transfer("chelsea", "dots", **options, **QUICK)

    def test_a_high_layer_at_a_size_that_is_just_enough(self):
        result = st.reconstruct_content("chelsea", "pool5", size=60, steps=1, progress=False)
        assert result.image.shape == (1, 3, 40, 60)

    def test_too_small(self):
        with pytest.raises(InputError, match="too few for conv4_2, which needs at least 8 × 8"):
            st.transfer("chelsea", "dots", size=8, steps=1, progress=False)

    def test_unknown_layer(self):
        with pytest.raises(InputError, match="unknown layer 'conv9_9'"):
            st.reconstruct_content("chelsea", "conv9_9", **QUICK)
