"""Write the page in one file: panels, runtime, graphs, weights and pictures in a single HTML file that needs no server.

    python scripts/one_file.py [PAGE]       artifacts/styletools.html by default, about 18 MB

To hand out on a USB stick or by mail: it works from file://, without a network. Its weights have eight bits and a scale
for each filter, half the size; pictures look the same, but a gradient is off by a few percent, and the page says so.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import export_browser
import numpy as np
from browser.graph import safetensors_header
from browser.node import MODULES, node
from safetensors.numpy import load_file

from styletools.files import write_whole

PAGE = export_browser.ROOT / "artifacts" / "styletools.html"
ENGINE = export_browser.ROOT / export_browser.SCRIPTS
NOTE = "The weights in this file have eight bits: pictures look the same, but losses and gradients are approximate."
CHOSEN = " replicate"  # graphs of both poolings; zeros beyond the border are left to the site
TITLE = "Style transfer in one file"
HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,">
<style>
body {{ margin: 0 auto; max-width: 1000px; padding: 0.5rem; font-family: system-ui, sans-serif; color: #1d2430 }}
@media (prefers-color-scheme: dark) {{ html {{ background: #11151b }} body {{ color: #e8ebf0 }} }}
{css}
</style></head>
<body><main><h1>{title}</h1>
<p>Two explorers and three syntheses after Gatys, Ecker and Bethge (2016). All that they need is in this file.</p>
{panels}
</main>
<script type="application/octet-stream" id="styletools-page">{page}</script>
<script type="application/octet-stream" id="styletools-engine">{engine}</script>
<script type="text/plain" id="styletools-worker">{worker}</script>
<script>{program}</script></body></html>
"""
PANELS = (
    'data-panel="features"',
    'data-panel="gram"',
    'data-panel="transfer"',
    'data-panel="style" data-size="64"',
    'data-panel="content" data-size="64"',
)


def packed_weights(needed: int) -> bytes:
    """The first weights of the package's file, up to `needed` bytes, in eight bits; read by `book/engine/int8.js`."""
    header, start = safetensors_header(export_browser.WEIGHTS)
    tensors, data = [], b""
    for key, values in load_file(export_browser.WEIGHTS).items():
        begin, end = header[key]["data_offsets"]
        if start + end > needed:
            continue
        # A bias is a filter of its own: its scale holds it, nearly exactly.
        rows = values.astype(np.float32).reshape(len(values), -1)
        scales = np.abs(rows).max(1) / 127
        whole = np.round(rows / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
        place: dict[str, int] = {"at": start + begin, "filters": rows.shape[0], "count": rows.shape[1]}
        tensors.append({**place, "scales": len(data), "values": len(data) + 4 * len(rows)})
        data += scales.astype("<f4").tobytes() + whole.tobytes()
    head = json.dumps({"bytes": needed, "tensors": tensors}).encode()
    return struct.pack("<I", len(head)) + head + data


def group(files: dict[str, bytes]) -> str:
    """Files in one gzip stream, in base64."""
    places, data = {}, b""
    for name, content in files.items():
        places[name] = (len(data), len(content))
        data += content
    head = json.dumps(places).encode()
    return base64.b64encode(gzip.compress(struct.pack("<I", len(head)) + head + data, 9, mtime=0)).decode()


def bundle(name: str) -> str:
    """A module with all that it imports, as a plain script."""
    esbuild = node(str(MODULES / "esbuild" / "bin" / "esbuild"))
    command = [
        *esbuild,
        str(export_browser.FOLDER / name),
        "--bundle",
        "--format=iife",
        "--target=es2022",
        "--charset=utf8",
    ]
    done = subprocess.run([*command, "--log-level=error", "--legal-comments=none"], capture_output=True, check=True)
    return done.stdout.decode().replace("</script", "<\\/script")


def one_file() -> bytes:
    """The whole page."""
    folder = export_browser.export()
    index: dict[str, Any] = json.loads((folder / "engine.json").read_text(encoding="utf-8"))
    every: dict[str, Any] = json.loads((folder / "graphs.json").read_text(encoding="utf-8"))
    deeper = f"features {export_browser.FEATURES[-1]}"
    graphs = {
        name: about
        for name, about in every.items()
        if name == "gram" or (name.endswith(CHOSEN) and not name.startswith(deeper))
    }
    needed = max(about["weights"] for about in graphs.values())
    for about in graphs.values():  # they are expanded all at once
        about["weights"] = needed if about["weights"] else 0
    index |= {"note": NOTE, "weights": {"file": export_browser.WEIGHTS.name, "packed": "weights.int8"}}
    read = {about["file"]: (folder / about["file"]).read_bytes() for about in graphs.values()}
    read |= {name: (folder / name).read_bytes() for name in (index["runtime"]["module"], index["runtime"]["wasm"])}
    read |= {"graphs.json": json.dumps(graphs).encode(), "weights.int8": packed_weights(needed)}
    page = {about["file"]: (folder / about["file"]).read_bytes() for about in index["pictures"].values()}
    page["touch/touch.css"] = (folder / "touch" / "touch.css").read_bytes()
    page["engine.json"] = json.dumps(index, ensure_ascii=False).encode()
    html = HTML.format(
        title=TITLE,
        css=(ENGINE / "panels.css").read_text(encoding="utf-8"),
        panels="\n".join(f'<div class="styletools-panel" {attributes}></div>' for attributes in PANELS),
        page=group(page),
        engine=group(read),
        worker=bundle("worker.js"),
        program=bundle("one_file.js"),
    )
    return html.encode()


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    where.parent.mkdir(parents=True, exist_ok=True)
    write_whole(where, one_file())
    print(f"{where}: {where.stat().st_size / 1e6:.1f} MB")
