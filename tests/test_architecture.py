"""The house: imports go one way, importing is cheap, every public name is documented."""

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
# Each file may import the ones before it, and no other.
ORDER = [
    "errors", "files", "procedural", "samples", "images", "variations", "colours", "weights", "vgg", "equations",
    "reading", "regions", "fast", "objective", "spectrum", "optimisers", "synthesis", "stages", "progress",
    "settings", "networks", "recipes", "plots", "exercises", "explorers", "doctor", "cli",
]  # fmt: skip
FOLDERS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
MODULES = sorted(path.relative_to(PACKAGE).as_posix()[:-3] for path in PACKAGE.rglob("*.py"))
MODULES.remove("__init__")


def place(module: str) -> int:
    """A folder's files have the place of the folder."""
    return ORDER.index(module.split("/", maxsplit=1)[0])


def imported(module: str) -> set[str]:
    """Names of the package's files and folders that a file imports, read from its syntax tree."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "styletools":
            rest = (node.module or "").split(".")[1:]
            names |= {rest[0]} if rest else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("styletools.")}
    return names - {"__version__"}


def test_every_file_has_its_place():
    assert set(ORDER) == {module.split("/")[0] for module in MODULES}
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    own = {module.split("/")[0]} & FOLDERS
    assert imported(module) - own <= set(ORDER[: place(module)])


def test_equations_and_synthesis_know_no_network_and_not_each_other():
    for module in ("equations", "optimisers", "synthesis"):
        assert not imported(module) & {"vgg", "weights", "objective", "recipes"}
    assert "synthesis" not in imported("equations")
    assert "equations" not in imported("synthesis")


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
        "bad = new & {'matplotlib', 'ipywidgets', 'IPython', 'torchvision', 'tqdm'}\n"
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
