"""The course as pages, as a PDF and as slides: whole without a network, and for everybody."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest
from in_chromium import barriers, in_chromium

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
import export

NOTEBOOKS = sorted(export.NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def course():
    return export.course()


@pytest.fixture(scope="module")
def slides():
    return export.slides()


def shown(browser, text, folder, wide=1280, high=720):
    """A page, opened from a file; a request to anywhere else fails the test."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    sheet = browser.new_page(viewport={"width": wide, "height": high})
    sheet.set_default_timeout(120_000)
    asked = []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.goto(path.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    return sheet


def test_nothing_is_fetched(course, slides):
    for page in (course, slides):
        sources = re.findall(r'\bsrc="([^"]{0,20})', page)
        assert sources
        assert all(source.startswith("data:") for source in sources)
        assert "<link" not in page


def test_every_lesson_is_there_and_every_formula(course):
    assert course.count('<section class="lesson">') == len(NOTEBOOKS)
    formulas = 0
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                formulas += len(re.findall(r"\$\$.+?\$\$|\$[^$]+?\$", cell.source, flags=re.DOTALL))
    assert course.count("<math") >= formulas > 50  # two in one line are two
    assert "$$" not in re.sub(r"<script.*?</script>", "", course, flags=re.DOTALL)


def test_a_live_panel_is_named(course):
    assert "(a live panel: it is in the notebook)" in course


def test_numbers_of_equations_stand_beside_them(course):
    for number in (1, 3, 4, 5, 7):
        assert f'<span class="number">(Eq. {number})</span>' in course


def test_every_picture_says_what_it_shows(course, slides):
    for page in (course, slides):
        texts = re.findall(r"<img([^>]*?)src=", page)
        assert texts
        for attributes in texts:
            alt = re.search(r'alt="([^"]*)"', attributes)
            assert alt, attributes[:200]
            assert len(alt[1]) > 10
            assert "No description" not in alt[1]


def test_a_lecture_of_45_minutes(slides):
    titles = re.findall(r"<h2>(.+?)</h2>", slides)
    assert 24 <= len(titles) <= 36
    assert len(set(titles)) == len(titles)
    assert slides.count("<img") >= 12


@in_chromium
@pytest.mark.parametrize("wide", [1280, 390])
def test_axe_finds_nothing_serious_in_the_course(browser, course, tmp_path, wide):
    sheet = shown(browser, course, tmp_path, wide)
    assert barriers(sheet) == []
    assert sheet.evaluate("document.documentElement.scrollWidth") <= wide


@in_chromium
def test_slides_turn_and_fit(browser, slides, tmp_path):
    sheet = shown(browser, slides, tmp_path)
    count = slides.count('class="slide"')
    for number in range(1, count + 1):
        now = sheet.locator(".slide.now")
        assert now.locator("footer").inner_text() == str(number)
        too_high = now.evaluate("e => [e.scrollHeight - e.clientHeight, e.querySelector('.content').scrollHeight - "
                                "e.querySelector('.content').clientHeight]")  # fmt: skip
        assert max(too_high) <= 1, f"slide {number} is too full"
        if number in (1, count // 2):
            assert barriers(sheet) == []
            sheet.screenshot(path=Path("artifacts") / f"slide-{number}.png")
        sheet.keyboard.press("ArrowRight")
    sheet.keyboard.press("Home")
    assert sheet.locator(".slide.now footer").inner_text() == "1"


@in_chromium
def test_a_pdf_of_one_lesson(browser, tmp_path):
    out = tmp_path / "lesson.pdf"
    export.print_pdf(browser, export.page("one", export.lesson(NOTEBOOKS[0])), out, format="A4")
    pages = len(re.findall(rb"/Type\s*/Page\b", out.read_bytes()))
    assert 3 <= pages <= 40
    assert b"/StructTreeRoot" in out.read_bytes()  # tagged, for screen readers
