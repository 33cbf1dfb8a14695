"""How Sphinx makes the book. Sources are written by `book.sources`; nothing is executed and nothing is fetched."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import styletools  # noqa: E402
from book import building, reference  # noqa: E402

project = "styletools"
author = "The styletools authors"
copyright = "The styletools authors. Code: BSD 3-Clause; text: CC BY 4.0"
version = release = styletools.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 4
myst_dmath_double_inline = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
add_module_names = False
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Reference"]

nitpick_ignore_regex = [
    # Names of other libraries: their indexes would have to be fetched, and the book is made without a network.
    (
        "py:class",
        r"(torch|torchvision|numpy|np|PIL|ipywidgets|matplotlib|argparse|abc|anywidget|collections|http|os|pathlib|threading|traitlets)\..*",
    ),
    ("py:class", r"(ast|traitlets|pd)\.[\w.]+"),
    ("py:class", r"Tensor|Axes|Figure|t\.Any|Client|Path|dict\[str"),  # as others write them, in what is inherited
    ("py:class", r"(styletools\.[\w.]+\.)?[PT]"),  # type variables
]

html_theme = "pydata_sphinx_theme"
html_title = "styletools"
html_static_path = ["static", str(building.STATIC)]
html_css_files = ["book.css"]
html_js_files = [("book.mjs", {"type": "module"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_favicon = "static/favicon.svg"
html_theme_options = {
    "logo": {"text": "styletools"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "icon_links": [{"name": "Repository", "url": building.repository(), "icon": "fa-brands fa-github"}],
}
html_sidebars = {"docs/gallery": [], "docs/controls": [], "predictions": [], "references": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

mathjax_path = "mathjax/tex-chtml.js"
mathjax4_config = building.MATHJAX


def setup(app):  # noqa: ANN001, ANN201  # Sphinx's
    """Docstrings and pictures on their way into the pages."""
    known = reference.objects()
    values: dict[str, list[str]] = {}

    def before(app, what, name, obj, options, lines):  # noqa: ANN001, ANN202
        module = name if what == "module" else getattr(obj, "__module__", None) or name
        lines[:] = reference.restructured(reference.said(obj, lines), known, module)
        if what in {"attribute", "data", "property"}:
            values[name] = list(lines)

    def after(app, what, name, obj, options, lines):  # noqa: ANN001, ANN202
        """Undo what Napoleon does: it takes what stands before a colon for a type, and we write no types there."""
        lines[:] = values.pop(name, lines)

    def with_source(app):  # noqa: ANN001, ANN202
        """Constants count as part of `builtins`, which has no source: give them no page and no link."""
        modules = getattr(app.env, "_viewcode_modules", {})
        for name in [name for name, found in modules.items() if not found]:
            del modules[name]
        return ()

    app.connect("html-collect-pages", with_source, priority=400)
    app.connect("autodoc-process-docstring", before, priority=400)
    app.connect("autodoc-process-docstring", after, priority=600)
    app.connect("html-page-context", building.finish)
