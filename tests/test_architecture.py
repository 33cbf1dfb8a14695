"""The architecture: imports go one way, importing is cheap, every public name is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import styletools

PACKAGE = Path(styletools.__file__).parent
# Each file may import the ones before it, and no other. A folder without its files listed counts as one place.
# fmt: off
ORDER = [
    "errors", "door", "memory", "files", "surroundings",
    "pictures/__init__", "pictures/procedural", "pictures/samples", "pictures/foreign", "pictures/decoding",
    "pictures/modes", "pictures/images", "pictures/embedded", "pictures/saving",
    "pictures/variations", "pictures/colours", "pictures/masks",
    "network/__init__", "network/device", "network/network", "network/weights", "network/vgg", "network/hooked",
    "network/onednn", "network/cudnn", "network/captured", "network/passes", "network/find",
    "reading",
    "descent/__init__", "descent/loss", "descent/spectrum", "descent/pairs", "descent/optimisers", "descent/synthesis",
    "descent/progress", "mp4", "film", "stopping",
    "losses/__init__", "losses/equations", "losses/parts", "losses/positions", "losses/term", "losses/regions",
    "losses/gram", "losses/STATISTIC", "losses/blocks", "losses/statistics", "losses/targets", "losses/sources",
    "losses/objective",
    "stages", "measures", "footprint", "keeping", "names", "settings", "palette", "paintings", "ingredients", "result",
    "running", "plan", "recipes", "remake",
    "sweeps/__init__", "sweeps/run", "sweeps/combinations", "sweeps/store", "sweeps/make", "sweeps/engines",
    "sweeps/following", "sweeps/estimate", "sweeps/table", "sweeps/sheet", "sweeps/notebook", "sweeps/sweep",
    "folder", "laboratory", "transforms", "charts", "plots", "exercises", "explorers", "doctor", "output", "options",
    "course/__init__", "course/wire", "course/limits", "course/reading_cells", "course/answering", "course/remote",
    "course/lessons", "course/solved", "course/cells", "course/forms", "course/questions", "course/exams",
    "course/copying", "course/build", "course/submissions", "course/grading", "course/results", "course/commands",
    "book", "servers", "cli",
]
# fmt: on
MODULES = sorted(path.relative_to(PACKAGE).as_posix()[:-3] for path in PACKAGE.rglob("*.py"))
MODULES.remove("__init__")


def place(module: str) -> int:
    """Where a file stands; every statistic of `losses/` has the same place."""
    folder, _, _ = module.partition("/")
    if module in ORDER or folder in ORDER:
        return ORDER.index(module if module in ORDER else folder)
    if folder == "losses":
        return ORDER.index("losses/STATISTIC")
    raise ValueError(f"{module} has no place in the order of imports")


def imported(module: str) -> set[str]:
    """The package's files that a file imports, read from its syntax tree."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "styletools":
            folder = "/".join((node.module or "").split(".")[1:])
            inside = [f"{folder}/{alias.name}".lstrip("/") for alias in node.names]
            names |= {name for name in inside if name in MODULES} or {folder or "__init__"}
        if isinstance(node, ast.Import):
            names |= {
                "/".join(alias.name.split(".")[1:]) for alias in node.names if alias.name.startswith("styletools.")
            }
    return {f"{name}/__init__" if f"{name}/__init__" in MODULES else name for name in names}


def test_every_file_has_its_place():
    assert {place(module) for module in MODULES} == set(range(len(ORDER)))
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    for other in imported(module) - {"__init__"}:  # `__version__` alone comes from there
        same_folder = place(other) == place(module) and module.split("/")[0] in ("exercises", "explorers")
        assert place(other) < place(module) or same_folder, other


def test_the_rule_sees_a_forbidden_import(monkeypatch, tmp_path):
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "gram.py").write_text("from styletools.losses import objective\n", encoding="utf-8")
    monkeypatch.setattr("test_architecture.PACKAGE", tmp_path)
    with pytest.raises(AssertionError, match="losses/objective"):
        test_imports_go_one_way("losses/gram")


def test_equations_and_synthesis_know_no_network_and_not_each_other():
    for module in MODULES:
        if module.startswith("descent/") or module == "losses/equations":
            assert not any(name.startswith(("network/", "losses/", "recipes", "plan")) for name in imported(module))


@pytest.mark.parametrize("module", MODULES)
def test_files_stay_short(module):
    code = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(code)
    words = sum(
        (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
    assert len(code.splitlines()) - words <= 300, "split it: more than 300 lines besides docstrings"


def test_importing_is_cheap():
    """No matplotlib, no widgets, no torchvision, no weights, no folder, nothing printed."""
    program = (
        "import sys, torch; before = set(sys.modules); opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ('open', 'os.mkdir') else None)\n"
        "import styletools\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "big = {'matplotlib', 'ipywidgets', 'IPython', 'torchvision', 'tqdm', 'png', 'tifffile', 'imageio_ffmpeg'}\n"
        "big |= {'dask', 'distributed', 'pandas', 'pyarrow', 'bokeh'}\n"
        "bad = new & big\n"
        "print(sorted(bad), [path for path in opened if path.endswith(('.safetensors', '.jpg')) or 'cache/' in path])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
    assert done.stderr == ""


def test_the_table_of_contents_is_true():
    assert len(set(styletools.__all__)) == len(styletools.__all__)
    for name in styletools.__all__:
        assert hasattr(styletools, name)


def public():
    for info in pkgutil.walk_packages([str(PACKAGE)], "styletools."):
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", []):
            value = getattr(module, name)
            if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__:
                yield pytest.param(value, id=f"{info.name}.{name}")


@pytest.mark.parametrize("value", list(public()))
def test_every_public_name_is_documented(value):
    text = inspect.getdoc(value) or ""
    assert text
    if inspect.isfunction(value) and len(inspect.signature(value).parameters) and value.__module__ != "styletools.cli":
        assert "Example:" in text or "Raises:" in text


@pytest.mark.parametrize("name", ["content_loss", "gram_matrix", "style_layer_loss", "style_loss", "total_loss"])
def test_every_equation_has_its_number_its_example_and_its_source(name):
    text = inspect.getdoc(getattr(styletools, name)) or ""
    for part in ("(Eq. ", "Args:", "Returns:", "Raises:", "Example:", "Reference:"):
        assert part in text
