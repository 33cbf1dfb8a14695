"""The book, built, and read in Chromium: whole, without a network, by everybody. Screenshots: `artifacts/`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from in_chromium import IN_CHROMIUM, barriers
from PIL import Image

from book import building, exercises
from styletools.book import site

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "artifacts"
pytestmark = [
    *IN_CHROMIUM,
    pytest.mark.skipif(
        not (building.MODULES / "mathjax").exists() and not os.environ.get("CI"), reason="no npm packages: make book"
    ),
]
NO_PAGE = {"genindex", "search", "py-modindex"}
ONE_FILE = "styletools.html"  # it has tests of its own


class Page(HTMLParser):
    """What a page links to, which places it has, and its pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.places: set[str] = set()
        self.pictures: list[dict[str, str | None]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places |= {given.get("id") or "", given.get("name") or ""}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "img":
            self.pictures.append(given)
        if tag in ("img", "script", "link", "source", "iframe"):
            self.sources += [given.get("src") or given.get("href") or ""]


@pytest.fixture(scope="module")
def built():
    """The book in `artifacts/book`, from today's sources; any warning of Sphinx would be an error."""
    done = subprocess.run([sys.executable, "-m", "book"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return building.OUT


@pytest.fixture(scope="module")
def pages(built):
    return {
        path.relative_to(built).as_posix(): Page(path)
        for path in sorted(built.rglob("*.html"))
        if "_static" not in path.parts and path.name != ONE_FILE
    }


@pytest.fixture(scope="module")
def address(built):
    with site(built, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def visit(browser, address):
    """Open a page; whatever it asks of another host is not answered, and fails the test in the end."""
    contexts, foreign, errors = [], [], []

    def only_ours(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            return route.continue_()
        foreign.append(route.request.url)
        return route.abort()

    def opened(path, wide=1280, high=900, mode="light", **options):
        context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=mode, **options)
        contexts.append(context)
        context.route("**/*", only_ours)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: errors.append(f"{path}: {error}"))
        page.on("response", lambda answer: errors.append(answer.url) if answer.status >= 400 else None)
        page.goto(f"{address}/{path}", wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []


def readable(pages) -> list[str]:
    return [name for name in pages if not name.startswith("_modules/") and Path(name).stem not in NO_PAGE]


EVERY = bool(os.environ.get("STYLETOOLS_EVERY"))
ONE_OF_A_KIND = (
    "index.html", "predictions.html", "notebooks/03_gram_matrix.html", "docs/gallery.html", "reference/explorers.html",
)  # fmt: skip


def chosen(pages) -> list[str]:
    """All pages to be read; without STYLETOOLS_EVERY one of each kind, because all take twenty minutes."""
    return [name for name in readable(pages) if EVERY or name in ONE_OF_A_KIND]


def settled(page) -> None:
    """Formulas are drawn, and what is wider than the window can be reached."""
    page.wait_for_function("!window.MathJax || MathJax.startup.promise.then(() => true)")
    page.wait_for_function("document.documentElement.dataset.settled")


def test_every_link_leads_somewhere(built, pages):
    """To a file of the book, and to a place in it."""
    broken = []
    for name, page in pages.items():
        for link in (*page.links, *page.sources):
            there = urlsplit(link)
            if there.scheme or there.netloc or not link:
                continue
            target = (built / name).parent / unquote(there.path) if there.path else built / name
            target = target / "index.html" if target.is_dir() else target
            if not target.resolve().exists():
                broken.append(f"{name}: {link}")
            elif there.fragment and target.suffix == ".html":
                assert target.name != ONE_FILE
                goal = pages[target.resolve().relative_to(built.resolve()).as_posix()]
                if unquote(there.fragment) not in goal.places and not name.startswith("_modules"):
                    broken.append(f"{name}: {link}")
    assert broken == []


def test_nothing_is_taken_from_another_host(pages):
    for name, page in pages.items():
        assert not [source for source in page.sources if source.startswith(("http", "//"))], name


def test_every_lesson_and_every_document_is_there(pages):
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert f"notebooks/{path.stem}.html" in pages
    for name in ("index", "docs/gallery", "docs/controls", "docs/teaching", "install", "CONTRIBUTING", "references"):
        assert f"{name}.html" in pages
    assert sum(name.startswith("_modules/styletools/") for name in pages) > 50  # the sources


def test_pictures_say_what_they_show_and_wait_until_they_are_near(pages):
    for name in readable(pages):
        pictures = pages[name].pictures
        for picture in pictures:
            decorative = picture.get("alt") == "" and name in ("index.html", "lessons.html")  # beside a card's title
            assert decorative or len(picture.get("alt") or "") >= 8, (name, picture)
            assert picture.get("width"), (name, picture)
        assert all(picture.get("loading") == "lazy" for picture in pictures[1:]), name
    assert sum(len(page.pictures) for page in pages.values()) > 300


def test_the_reference_has_every_public_name(built):
    import zlib

    from book import reference

    inventory = (built / "objects.inv").read_bytes().split(b"\n", 4)[4]
    listed = {line.split()[0] for line in zlib.decompress(inventory).decode().splitlines()}
    assert set(reference.objects().values()) <= listed


@pytest.mark.parametrize(("wide", "mode"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_serious_on_any_page(visit, pages, wide, mode):
    """Each page wide and light, narrow and dark, since colours do not depend on the width; of the reference two pages,
    because its others have the same parts a hundred times, which takes axe most of a minute each.
    """
    page = visit("index.html", wide, mode=mode)
    base = page.url.removesuffix("index.html")
    found = {}
    for name in chosen(pages):
        if name.startswith("reference/") and Path(name).stem not in ("index", "explorers"):
            continue
        page.goto(base + name, wait_until="load")
        settled(page)
        if wrong := barriers(page):
            found[name] = wrong
        if name in ("index.html", "notebooks/03_gram_matrix.html", "docs/gallery.html", "reference/explorers.html"):
            ARTIFACTS.mkdir(exist_ok=True)
            page.screenshot(path=ARTIFACTS / f"book_{Path(name).stem}_{wide}_{mode}.png")
    assert found == {}


def test_no_page_scrolls_sideways_on_a_small_phone(visit, pages):
    page = visit("index.html", 360, 740)
    base = page.url.removesuffix("index.html")
    wide = {}
    for name in chosen(pages):
        page.goto(base + name, wait_until="load")
        settled(page)
        if (reach := page.evaluate("document.documentElement.scrollWidth")) > 360:
            wide[name] = reach
        spilt = "[...document.querySelectorAll('div.cell, .picture')].some(e => e.scrollHeight > e.clientHeight + 8)"
        assert not page.evaluate(spilt), f"{name}: what is in a cell lies over what comes after it"
    assert wide == {}


def test_formulas_are_drawn_with_their_numbers(visit):
    page = visit("notebooks/04_style_loss.html")
    page.wait_for_function("document.querySelectorAll('mjx-container[display=true]').length > 2")
    assert page.locator("mjx-labels").count() >= 3
    assert page.locator("mjx-assistive-mml math").count() > 20
    assert page.locator("mjx-merror").count() == 0
    fonts = page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert any("MJX" in font for font in fonts)


def test_the_line_moves_by_keyboard_by_mouse_and_by_touch(visit):
    page = visit("docs/gallery.html", has_touch=True)
    frame = page.locator(".before-after").first
    slider = frame.locator("input")
    cut = "element => parseFloat(element.style.getPropertyValue('--cut'))"
    start = frame.evaluate(cut)
    slider.press("ArrowRight")
    assert frame.evaluate(cut) == start + 1
    box = frame.bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 20)
    assert frame.evaluate(cut) == pytest.approx(80, abs=5)
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + 20)
    assert frame.evaluate(cut) == pytest.approx(20, abs=5)
    assert "photograph" in slider.get_attribute("aria-valuetext")
    before, after = (frame.locator("img").nth(index).bounding_box() for index in (0, 1))
    assert before == pytest.approx(after, abs=1)


def test_the_page_judges_as_the_notebook_does(visit):
    """Each truth, each named mistake and some other answers, by JavaScript and by Python."""
    page = visit("predictions.html")
    judge = "async ([exercise, answers]) => { const { judge } = await import('/_static/predict.mjs');" \
        " return answers.map(answer => judge(exercise, answer)); }"  # fmt: skip
    count = 0
    for number in exercises.LESSONS:
        for name, exercise in exercises._named(number):
            told = exercises.exported(f"{number}.{name}", exercise)
            if told["kind"] == "code":
                continue
            other = {
                "number": [-3.5, 7e9],
                "shape": [[1], [9, 9, 9, 9]],
                "one": told["options"],
                "several": [told["options"][:1]],
            }
            answers = [told["truth"], *(value for value, _ in told["wrong"]), *other[told["kind"]], None]
            found = page.evaluate(judge, [told, answers])
            for answer, verdict in zip(answers, found, strict=True):
                python = exercise.check(tuple(answer) if told["kind"] == "shape" and answer else answer)
                assert (verdict["state"], verdict["message"]) == (python.state, python.message), (told["name"], answer)
                count += 1
    assert count > 60


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("0.25", 0.25), ("0,25", 0.25), ("1/4", 0.25), ("131 328", 131328), ("512 × 513 / 2", 131328), ("-2", -2),
     ("", None), ("four", None), ("1/", None), ("2e3", 2000)],
)  # fmt: skip
def test_numbers_as_people_type_them(visit, typed, wanted):
    read = "async typed => (await import('/_static/predict.mjs')).number(typed)"
    assert visit("predictions.html").evaluate(read, typed) == wanted


def test_a_prediction_is_answered_on_a_phone(visit):
    page = visit("notebooks/03_gram_matrix.html", 390, mode="dark", has_touch=True)
    place = page.locator(".styletools-prediction").first
    verdict = place.locator(".verdict")
    place.get_by_role("button", name="Check").tap()
    assert "Decide first" in verdict.inner_text()
    place.get_by_text("shuffle the positions").tap()
    place.get_by_role("button", name="Check").tap()
    assert "another one that only moves the positions" in verdict.inner_text()
    place.get_by_role("button", name="A hint").tap()
    assert "Hint 1 of 1" in verdict.inner_text()
    place.get_by_text("mirror every map").tap()
    place.get_by_role("button", name="Check").tap()
    assert "Right." in verdict.inner_text()
    number = page.locator(".styletools-prediction").nth(1)
    number.locator("input").fill("512 * 513 / 2")
    number.locator("input").press("Enter")
    assert "Right." in number.locator(".verdict").inner_text()
    assert "2 of 2 right" in page.locator(".styletools-tally").inner_text()
    page.reload()
    assert "2 of 2 right" in page.locator(".styletools-tally").inner_text()
    assert barriers(page) == []
    place.scroll_into_view_if_needed()
    page.screenshot(path=ARTIFACTS / "book_prediction.png")


def put(page, name: str, place: str) -> None:
    """By the keyboard alone."""
    page.locator(".tile", has_text=name).first.press("Enter")
    page.locator(f".place-{place}").press("Enter")


def test_equation_3_by_keyboard_to_the_end(visit):
    page = visit("notebooks/03_gram_matrix.html")
    figure = page.locator(".styletools-equation3")
    verdict = figure.locator(".verdict")
    put(page, "F₁₁ · F₂₁ = 2", "00")
    assert "pairs filter 1 with filter 2" in verdict.inner_text()
    put(page, "F₁₁ · F₂₂", "01")
    assert "only one k" in verdict.inner_text()
    tiles = {"F₁₁ · F₂₁": "01", "F₁₂ · F₂₂": "10", "F₁₃ · F₂₃": "01", "F₁₄ · F₂₄": "01", "F₁₁ · F₂₂": "aside"}
    tiles |= {"F₁₄ · F₂₁": "aside", **{f"F₂{k} · F₂{k}": "11" for k in "₁₂₃₄"}}
    for name, place in tiles.items():
        put(page, name, place)
    assert figure.locator(".tile").count() == 0
    totals = {place: figure.locator(f".place-{place} .total").inner_text() for place in ("00", "01", "10", "11")}
    assert totals == {"00": "14", "01": "8", "10": "8", "11": "9"}  # of [[2, 0, 1, 3], [1, 2, 0, 2]]
    shuffle = figure.get_by_role("button", name="Shuffle the positions")
    shuffle.press("Enter")
    assert "it forgets where" in verdict.inner_text()
    assert totals == {place: figure.locator(f".place-{place} .total").inner_text() for place in totals}
    assert barriers(page) == []
    figure.screenshot(path=ARTIFACTS / "book_equation3.png")


def test_equation_3_by_dragging(visit):
    page = visit("predictions.html", 390, 1800)  # all of it in view
    figure = page.locator(".styletools-equation3")
    figure.scroll_into_view_if_needed()
    count = figure.locator(".tile").count()
    tile, place = figure.locator(".tile", has_text="F₂₄ · F₂₄"), figure.locator(".place-11")
    for target, left in ((figure.locator(".place-01"), count), (place, count - 1)):
        start, end = tile.bounding_box(), target.bounding_box()
        page.mouse.move(start["x"] + 20, start["y"] + 10)
        page.mouse.down()
        page.mouse.move(end["x"] + 40, end["y"] + 20, steps=5)
        page.mouse.up()
        assert figure.locator(".tile").count() == left
    assert place.locator(".total").inner_text() == "4"


def test_without_javascript_a_page_still_teaches(visit):
    page = visit("notebooks/03_gram_matrix.html", java_script_enabled=False)
    asked = page.locator(".styletools-prediction").first
    assert asked.locator("li").count() == 5
    asked.locator("summary").click()
    assert "reorders the sum" in asked.inner_text()
    assert page.locator(".styletools-panel img").count() == 1
    gallery = visit("docs/gallery.html", java_script_enabled=False)
    assert all(picture.is_visible() for picture in gallery.locator(".before-after").first.locator("img").all())


def test_a_panel_has_its_place(visit):
    page = visit("notebooks/03_gram_matrix.html")
    panel = page.locator(".styletools-panel")
    assert panel.get_attribute("data-panel") == "gram"
    assert json.loads(panel.get_attribute("data-given")) == {"pictures": ["starry_night"]}


PANELS = {
    "01_what_vgg_sees": "features",
    "02_content_loss": "content",
    "03_gram_matrix": "gram",
    "04_style_loss": "style",
    "07_studio": "transfer",
    "09_control": "transfer",
}
SYNTHESES = [name for name, kind in PANELS.items() if kind not in ("features", "gram")]


def test_the_lessons_with_a_panel_are_known(pages, built):
    found = {
        Path(name).stem: re.findall(r'class="styletools-panel" data-panel="(\w+)"', (built / name).read_text("utf-8"))
        for name in readable(pages)
    }
    assert {name: kinds for name, kinds in found.items() if kinds} == {name: [kind] for name, kind in PANELS.items()}
    for name in ("04_style_loss", "06_choices", "08_other_statistics"):  # which the page cannot compute
        assert 'class="panel-still"' in (built / "notebooks" / f"{name}.html").read_text("utf-8")


def panel_of(page):
    """The panel of a page, mounted; nothing large is fetched before it is started."""
    panel = page.locator(".styletools-panel")
    panel.scroll_into_view_if_needed()
    panel.get_by_role("button", name="Start").wait_for()
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert not [url for url in loaded if url.endswith((".wasm", ".safetensors", ".onnx", "/worker.js"))]
    return panel


def total(panel) -> float:
    return float(re.search(r"total ([\d.e-]+)", panel.locator(".st-legend").text_content())[1])


@pytest.mark.parametrize("name", [name for name, kind in PANELS.items() if kind in ("features", "gram")])
def test_an_explorer_of_a_lesson_answers(visit, name, tmp_path):
    page = visit(f"notebooks/{name}.html", mode="dark")
    page.set_default_timeout(120_000)
    panel = panel_of(page)
    panel.screenshot(path=ARTIFACTS / f"book_{name}_before.png")
    panel.get_by_role("button", name="Start").click()
    page.locator("[data-shown]").wait_for()
    canvas = page.locator('canvas[aria-label^="picture"]')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    panel.get_by_text(re.compile(r"F at row [1-9]|that of the region")).first.wait_for()
    before = canvas.screenshot()
    Image.effect_noise((90, 60), 60).convert("RGB").save(tmp_path / "own.png")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "own.png")
    panel.get_by_text("own.png was added").wait_for()
    for _ in range(1200):
        if canvas.screenshot() != before:
            break
        page.wait_for_timeout(100)
    assert canvas.screenshot() != before
    panel.screenshot(path=ARTIFACTS / f"book_{name}_after.png")
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert barriers(page) == []


@pytest.mark.parametrize("name", [name for name in SYNTHESES if EVERY or name[:2] in ("04", "07")])
def test_a_synthesis_of_a_lesson_runs_and_stops(visit, name, tmp_path):
    page = visit(f"notebooks/{name}.html", 390 if name.startswith("04") else 1280)
    page.set_default_timeout(120_000)
    panel = panel_of(page)
    panel.screenshot(path=ARTIFACTS / f"book_{name}_before.png")
    Image.effect_noise((90, 60), 60).convert("RGB").save(tmp_path / "own.png")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "own.png")
    panel.get_by_text("own.png was added").wait_for()
    panel.get_by_label("Size", exact=True).select_option("64")
    panel.get_by_label("Steps at each size").fill("300")
    panel.get_by_role("button", name="Start").click()
    panel.locator(".st-legend", has_text="total").wait_for()
    first = total(panel)
    panel.locator(".st-detail", has_text=re.compile(r"Step ([5-9]|\d\d+) of")).wait_for()
    panel.get_by_role("button", name="Stop").click()
    panel.locator(".st-status", has_text="Stopped after").wait_for()
    assert total(panel) < first
    panel.screenshot(path=ARTIFACTS / f"book_{name}_after.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert barriers(page) == []


def test_search_finds_a_lesson_and_a_function(visit):
    page = visit("search.html?q=gram_matrix")
    page.locator("#search-results li a").first.wait_for()
    found = page.locator("#search-results li a").all_inner_texts()
    assert any("gram_matrix" in text for text in found)
    page = visit("search.html?q=whirls")
    page.locator("#search-results li a").first.wait_for()
    assert any(re.match(r"\d\d", text) for text in page.locator("#search-results li a").all_inner_texts())


def test_the_page_is_isolated_and_says_when_it_was_painted(visit):
    page = visit("notebooks/01_what_vgg_sees.html")
    assert page.evaluate("crossOriginIsolated")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"first contentful paint: {paint:.0f} ms")
    assert paint > 0
